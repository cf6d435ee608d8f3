#include "checks/migration/workload_files.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "checks/migration/sql/lexer.h"
#include "checks/migration/sql/split.h"
#include "checks/migration/sql/text.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

using Json = nlohmann::json;
using migration::Lexer;
using migration::Piece;
using migration::Slice;
using migration::Token;

constexpr std::string_view kExport =
    "psql --csv -c 'SELECT query, calls, toplevel FROM pg_stat_statements' > FILE.csv";

// One file on its way to statements.
class Reader {
 public:
  Reader(const WorkloadFile& file, ParsedWorkload& parsed)
      : file_(file),
        text_(migration::WithoutByteOrderMark(file.text)),
        parsed_(parsed),
        statements_(parsed.statements) {}

  // The issue, where there is one.
  std::optional<WorkloadIssue> Read() {
    if (const auto flaw = migration::FindFlaw(text_)) {
      return Issue(LineAt(flaw->offset), flaw->message, "save it as UTF-8 text");
    }
    const size_t first = text_.find_first_not_of(" \t\r\n");
    if (first == text_.npos) return std::nullopt;
    if (text_[first] == '{' || text_[first] == '[') return ReadJson();
    if (absl::EndsWithIgnoreCase(file_.path, ".csv") || HasCsvHeader()) return ReadCsv();
    return ReadSql();
  }

 private:
  // A row of pg_stat_statements, or what is known of a statement besides its text.
  struct Row {
    std::string query, calls, calls_per_hour, stats_since, toplevel, last_seen;
  };

  int LineAt(size_t offset) const {
    return 1 + static_cast<int>(std::count(text_.begin(), text_.begin() + offset, '\n'));
  }

  WorkloadIssue Issue(int line, std::string what, std::string help) const {
    return {file_.path, line, std::move(what), std::move(help)};
  }

  void Add(std::string_view sql, std::string origin) {
    v1::WorkloadStatement& statement = statements_.emplace_back();
    statement.set_sql(std::string(sql));
    statement.set_origin(std::move(origin));
  }

  // ---- pg_stat_statements

  // The issue with the row's numbers, in words.
  std::optional<std::string> AddRow(const Row& row) {
    double rate = 0, calls = 0;
    const auto read = [](const std::string& field, double& number) {
      return field.empty() || (absl::SimpleAtod(field, &number) && number >= 0 && number < 1e18);
    };
    if (!read(row.calls, calls)) return absl::StrCat("calls is no number: ", row.calls);
    if (!read(row.calls_per_hour, rate)) {
      return absl::StrCat("calls_per_hour is no number: ", row.calls_per_hour);
    }
    if (row.calls_per_hour.empty()) rate = Rate(calls, row.stats_since);
    const std::optional<absl::Time> seen = ReadTime(row.last_seen);
    if (!row.last_seen.empty() && !seen) {
      return absl::StrCat("last_seen is no time: ", row.last_seen);
    }
    const bool inside = absl::StartsWithIgnoreCase(row.toplevel, "f");
    const std::string origin =
        inside ? "pg_stat_statements, inside of a function" : "pg_stat_statements";
    const auto [known, is_new] = rows_.emplace(std::pair(row.query, inside), statements_.size());
    if (is_new) Add(row.query, origin);
    v1::WorkloadStatement& statement = statements_[known->second];
    statement.set_calls_per_hour(statement.calls_per_hour() + rate);
    // Where one of several rows does not say when, nobody knows.
    if (!seen) {
      statement.clear_last_seen();
    } else if (is_new || (statement.has_last_seen() && FromProto(statement.last_seen()) < *seen)) {
      *statement.mutable_last_seen() = ToProto(*seen);
    }
    return std::nullopt;
  }

  // As PostgreSQL writes it: 2026-11-21 12:00:00.5+00.
  static std::optional<absl::Time> ReadTime(const std::string& text) {
    absl::Time time;
    if (absl::ParseTime("%Y-%m-%d%ET%H:%M:%E*S%Ez", text, &time, nullptr) ||
        absl::ParseTime("%Y-%m-%d %H:%M:%E*S%Ez", text, &time, nullptr)) {
      return time;
    }
    return std::nullopt;
  }

  double Rate(double calls, const std::string& since) const {
    const absl::Time start = ReadTime(since).value_or(recorded_since_);
    const absl::Time end =
        recorded_until_ == absl::InfinitePast() ? file_.written : recorded_until_;
    const absl::Duration counted = end - start;
    const bool unknown = start == absl::InfinitePast() || end == absl::InfinitePast();
    if (unknown || counted < absl::Minutes(1)) return 0;
    return calls / absl::ToDoubleHours(counted);
  }

  // ---- CSV

  // A line of plain names, one of them "query".
  bool HasCsvHeader() const {
    std::vector<std::string> names;
    size_t at = 0;
    if (!ReadRecord(at, names) || names.size() < 2) return false;
    return std::ranges::find(names, "query") != names.end() &&
           std::ranges::all_of(names, [](const std::string& name) {
             return std::ranges::all_of(
                 name, [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
           });
  }

  // The next record from `at` on; false where a quote is never closed.
  bool ReadRecord(size_t& at, std::vector<std::string>& fields) const {
    fields.assign(1, "");
    while (at < text_.size()) {
      const char c = text_[at++];
      if (c == '"') {
        for (;; ++at) {
          if (at >= text_.size()) return false;
          if (text_[at] != '"') {
            fields.back() += text_[at];
          } else if (at + 1 < text_.size() && text_[at + 1] == '"') {
            fields.back() += text_[at++];
          } else {
            break;
          }
        }
        ++at;
      } else if (c == ',') {
        fields.emplace_back();
      } else if (c == '\n') {
        return true;
      } else if (c != '\r') {
        fields.back() += c;
      }
    }
    return true;
  }

  std::optional<WorkloadIssue> ReadCsv() {
    std::vector<std::string> header, fields;
    size_t at = 0;
    if (!ReadRecord(at, header) || std::ranges::find(header, "query") == header.end()) {
      return Issue(1, "the first line names no column \"query\"",
                   absl::StrCat("write it with ", std::string(kExport)));
    }
    while (at < text_.size()) {
      const int line = LineAt(at);
      if (!ReadRecord(at, fields)) {
        return Issue(line, "a quote that opens here is never closed", "write the file again");
      }
      if (fields.size() == 1 && fields[0].empty()) continue;
      if (fields.size() != header.size()) {
        return Issue(
            line, absl::StrCat(fields.size(), " fields, but the first line names ", header.size()),
            absl::StrCat("write it with ", std::string(kExport)));
      }
      Row row;
      for (size_t i = 0; i < header.size(); ++i) {
        if (std::string* field = FieldOf(header[i], row)) *field = std::move(fields[i]);
      }
      if (std::optional<std::string> what = AddRow(row)) {
        return Issue(line, *std::move(what), "write calls as a number");
      }
    }
    return std::nullopt;
  }

  static std::string* FieldOf(std::string_view name, Row& row) {
    if (name == "query") return &row.query;
    if (name == "calls") return &row.calls;
    if (name == "calls_per_hour") return &row.calls_per_hour;
    if (name == "stats_since") return &row.stats_since;
    if (name == "toplevel") return &row.toplevel;
    if (name == "last_seen") return &row.last_seen;
    return nullptr;
  }

  // ---- JSON

  static const std::string* TextOf(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get_ptr<const std::string*>()
                                                       : nullptr;
  }

  std::optional<WorkloadIssue> ReadJson() {
    try {
      return ReadValue(Json::parse(text_), 1);
    } catch (const Json::parse_error& error) {
      if (error.id == 101 && IsJsonLines()) return ReadJsonLines();
      return NotJson(LineAt(std::min(error.byte, text_.size())), error);
    }
  }

  WorkloadIssue NotJson(int line, const Json::exception& error) const {
    const std::string_view what = error.what();
    return Issue(line, absl::StrCat("not JSON: ", std::string(what.substr(what.find("] ") + 2))),
                 "write the file again");
  }

  // Whether the first line is an object of its own.
  bool IsJsonLines() const {
    const std::string_view all = text_.substr(text_.find_first_not_of(" \t\r\n"));
    const std::string_view line = all.substr(0, all.find('\n'));
    return line.starts_with('{') && Json::accept(line);
  }

  std::optional<WorkloadIssue> ReadJsonLines() {
    int number = 0;
    for (size_t begin = 0; begin < text_.size();) {
      const size_t end = std::min(text_.find('\n', begin), text_.size());
      const std::string_view line = text_.substr(begin, end - begin);
      begin = end + 1;
      ++number;
      if (line.find_first_not_of(" \t\r") == line.npos) continue;
      try {
        if (auto issue = ReadValue(Json::parse(line), number)) return issue;
      } catch (const Json::parse_error& error) {
        return NotJson(number, error);
      }
    }
    return std::nullopt;
  }

  std::optional<WorkloadIssue> ReadValue(const Json& value, int line) {
    if (value.is_array()) {
      for (const Json& each : value) {
        if (auto issue = ReadObject(each, line)) return issue;
      }
      return std::nullopt;
    }
    return ReadObject(value, line);
  }

  std::optional<WorkloadIssue> ReadObject(const Json& object, int line) {
    const WorkloadIssue unknown =
        Issue(line, "an object without \"query\"",
              "pg_stat_statements as JSON, a file of .sqlx, or a manifest of sqlc is expected");
    if (!object.is_object()) return unknown;
    if (const auto queries = object.find("queries"); queries != object.end()) {
      return ReadSqlcManifest(*queries, line);
    }
    if (object.contains("recorded_since") || object.contains("recorded_until")) {
      return ReadRecording(object, line);
    }
    // sqlx before 0.7: all in one file, by their hash.
    if (object.contains("db") && !object.contains("query")) {
      for (const auto& [hash, entry] : object.items()) {
        const std::string* query = entry.is_object() ? TextOf(entry, "query") : nullptr;
        if (query != nullptr) Add(*query, absl::StrCat(file_.path, "#", hash));
      }
      return std::nullopt;
    }
    const std::string* query = TextOf(object, "query");
    if (query == nullptr) return unknown;
    if (object.contains("db_name")) {  // .sqlx/query-*.json
      Add(*query, file_.path);
      return std::nullopt;
    }
    return ReadJsonRow(object, line);
  }

  std::optional<WorkloadIssue> ReadRecording(const Json& object, int line) {
    const auto moment = [&object](const char* key) {
      const std::string* text = TextOf(object, key);
      return text == nullptr ? std::optional<absl::Time>() : ReadTime(*text);
    };
    const std::optional<absl::Time> since = moment("recorded_since"),
                                    until = moment("recorded_until");
    const auto statements = object.find("statements");
    if (!since || !until || *since > *until || statements == object.end() ||
        !(statements->is_array() || statements->is_null())) {
      return Issue(line, "a recording says from when to when, and has statements",
                   "write recorded_since and recorded_until as 2026-11-21T12:00:00Z, and "
                   "statements as an array");
    }
    recorded_since_ = *since;
    recorded_until_ = *until;
    v1::WorkloadCoverage coverage;
    *coverage.mutable_recorded_since() = ToProto(*since);
    *coverage.mutable_recorded_until() = ToProto(*until);
    const auto complete = object.find("complete");
    coverage.set_complete(complete != object.end() && complete->is_boolean() &&
                          complete->get<bool>());
    if (const auto versions = object.find("versions");
        versions != object.end() && versions->is_array()) {
      for (const Json& version : *versions) {
        if (version.is_string()) coverage.add_versions(version.get<std::string>());
      }
    }
    Cover(coverage);
    for (const Json& statement : *statements) {
      if (!statement.is_object() || TextOf(statement, "query") == nullptr) {
        return Issue(line, "a statement without \"query\"", "write the recording again");
      }
      if (auto issue = ReadJsonRow(statement, line)) return issue;
    }
    return std::nullopt;
  }

  // Of several recordings what holds for all.
  void Cover(const v1::WorkloadCoverage& coverage) {
    if (!parsed_.coverage) {
      parsed_.coverage = coverage;
      return;
    }
    v1::WorkloadCoverage& all = *parsed_.coverage;
    *all.mutable_recorded_since() =
        ToProto(std::max(FromProto(all.recorded_since()), FromProto(coverage.recorded_since())));
    *all.mutable_recorded_until() =
        ToProto(std::min(FromProto(all.recorded_until()), FromProto(coverage.recorded_until())));
    all.set_complete(all.complete() && coverage.complete());
    all.mutable_versions()->MergeFrom(coverage.versions());
  }

  std::optional<WorkloadIssue> ReadJsonRow(const Json& object, int line) {
    Row row;
    for (const auto& [key, value] : object.items()) {
      std::string* field = FieldOf(key, row);
      if (field == nullptr || value.is_null()) continue;
      *field = value.is_string() ? value.get<std::string>() : value.dump();
    }
    if (std::optional<std::string> what = AddRow(row)) {
      return Issue(line, *std::move(what), "write calls as a number");
    }
    return std::nullopt;
  }

  std::optional<WorkloadIssue> ReadSqlcManifest(const Json& queries, int line) {
    for (const Json& query : queries) {
      const std::string* text = query.is_object() ? TextOf(query, "text") : nullptr;
      if (text == nullptr) {
        return Issue(line, "a query without \"text\"", "write the manifest again with sqlc");
      }
      const std::string* name = TextOf(query, "name");
      Add(*text, name != nullptr ? absl::StrCat(file_.path, ": ", *name) : file_.path);
    }
    return std::nullopt;
  }

  // ---- SQL

  std::optional<WorkloadIssue> ReadSql() {
    migration::Splitter splitter(text_, {0, static_cast<uint32_t>(text_.size())});
    uint32_t end = 0;
    for (Piece piece = splitter.Next(); piece.kind != Piece::Kind::kEnd; piece = splitter.Next()) {
      const std::string name = SqlcName(Slice(text_, {end, piece.span.begin}));
      end = piece.span.end;
      if (piece.kind == Piece::Kind::kCopyData) continue;
      const std::string_view sql = Slice(text_, piece.span);
      if (name.empty()) {
        Add(sql, file_.path);
      } else {
        Add(WithParameters(sql), absl::StrCat(file_.path, ": ", name));
      }
    }
    return std::nullopt;
  }

  // "ListOrders" where the text before a statement has the line "-- name: ListOrders :many".
  static std::string SqlcName(std::string_view before) {
    constexpr std::string_view kMark = "-- name: ";
    const size_t at = before.rfind(kMark);
    if (at == before.npos) return "";
    const std::string_view rest = before.substr(at + kMark.size());
    return std::string(rest.substr(0, rest.find_first_of(" \r\n")));
  }

  // sqlc's own ways to write a parameter, @name and sqlc.arg(name), as PostgreSQL writes it.
  static std::string WithParameters(std::string_view sql) {
    std::string out;
    Lexer lexer(sql);
    uint32_t copied = 0;
    int parameters = 0;
    std::vector<Token> last;  // the three before
    const auto is = [&](const Token& token, std::string_view text) {
      return Slice(sql, token.span) == text;
    };
    for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
      uint32_t from = token.span.end;
      const bool word = token.kind == Token::Kind::kWord;
      if (word && !last.empty() && is(last.back(), "@") &&
          last.back().span.end == token.span.begin) {
        from = last.back().span.begin;
      } else if (is(token, "(") && last.size() == 3 && is(last[0], "sqlc") && is(last[1], ".") &&
                 (is(last[2], "arg") || is(last[2], "narg") || is(last[2], "slice"))) {
        from = last[0].span.begin;
        while (token.kind != Token::Kind::kEnd && !is(token, ")")) token = lexer.Next();
      }
      if (from < token.span.end) {
        out += sql.substr(copied, from - copied);
        out += absl::StrCat("$", ++parameters);
        copied = token.span.end;
      }
      last.push_back(token);
      if (last.size() > 3) last.erase(last.begin());
    }
    return out + std::string(sql.substr(std::min<size_t>(copied, sql.size())));
  }

  const WorkloadFile& file_;
  const std::string_view text_;
  ParsedWorkload& parsed_;
  std::vector<v1::WorkloadStatement>& statements_;
  absl::Time recorded_since_ = absl::InfinitePast(), recorded_until_ = absl::InfinitePast();
  std::map<std::pair<std::string, bool>, size_t> rows_;
};

}  // namespace

ParsedWorkload ParseWorkload(std::span<const WorkloadFile> files) {
  ParsedWorkload parsed;
  for (const WorkloadFile& file : files) {
    parsed.issue = Reader(file, parsed).Read();
    if (parsed.issue) break;
  }
  if (!parsed.issue && parsed.statements.empty()) {
    parsed.issue =
        WorkloadIssue{files.empty() ? "" : files.front().path, 1, "there is no statement in it",
                      absl::StrCat("write the running version's statements there, as "
                                   "SQL or with ",
                                   std::string(kExport))};
  }
  if (parsed.issue) {
    parsed.statements.clear();
    parsed.coverage.reset();
  }
  return parsed;
}

bool IsWorkloadFile(const std::string& path) {
  const auto ends = [&path](const char* end) { return absl::EndsWithIgnoreCase(path, end); };
  return ends(".sql") || ends(".csv") || ends(".json") || ends(".jsonl");
}

}  // namespace gate
