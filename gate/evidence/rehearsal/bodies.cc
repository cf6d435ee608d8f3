#include "gate/evidence/rehearsal/bodies.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/sql/lexer.h"
#include "checks/migration/witness.h"
#include "gate/evidence/rehearsal/result.h"

namespace gate {
namespace {

using migration::IsKeyword;
using migration::Lexer;
using migration::Token;

constexpr size_t kMaxStatementBytes = 200;

// In pg_catalog, so that no name of the SQL of others is taken.
constexpr char kInstall[] = "CREATE EXTENSION plpgsql_check SCHEMA pg_catalog";
constexpr char kRemove[] = "DROP EXTENSION plpgsql_check CASCADE";

// The settings that CREATE FUNCTION keeps with a function hold while its body is looked through.
// plpgsql_check sees to that itself. %s: what keeps BEGIN ATOMIC out, which PostgreSQL keeps in
// step by itself.
constexpr char kRoutines[] =
    "SELECT p.oid, format('%s.%s(%s)', n.nspname, p.proname,"
    " pg_get_function_identity_arguments(p.oid)), p.proname, l.lanname, p.prosrc,"
    " p.proconfig::text, p.prorettype = 'trigger'::regtype,"
    " EXISTS (SELECT FROM unnest(p.proargtypes::oid[]) a JOIN pg_type t ON t.oid = a"
    "  WHERE t.typtype = 'p' AND t.typname LIKE 'any%'),"
    " (SELECT string_agg(format('pg_catalog.set_config(%L, %L, true), ', split_part(c, '=', 1),"
    "  substr(c, strpos(c, '=') + 1)), '') FROM unnest(p.proconfig) c)"
    " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    " JOIN pg_language l ON l.oid = p.prolang"
    " WHERE l.lanname NOT IN ('internal', 'c')"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass"
    " AND d.objid = p.oid AND d.deptype = 'e')";
constexpr char kOnlyText[] = " AND p.prosqlbody IS NULL";  // PostgreSQL 14

// Those of partitions are copies of their table's.
constexpr char kTriggers[] =
    "SELECT t.tgfoid, t.tgrelid, n.nspname, c.relname, t.tgname, t.tgtype,"
    " format('oldtable => %L, newtable => %L', t.tgoldtable, t.tgnewtable)"
    " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'";
constexpr char kOnlyOwn[] = " AND t.tgparentid = 0";  // PostgreSQL 13

int NumberOf(const std::string& text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Oid OidOf(const std::string& text) {
  Oid oid = 0;
  std::from_chars(text.data(), text.data() + text.size(), oid);
  return oid;
}

int LineAt(std::string_view text, size_t offset) {
  return 1 + static_cast<int>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::string LineOf(std::string_view text, int line) {
  for (; line > 1; --line) {
    const size_t end = text.find('\n');
    if (end == text.npos) return "";
    text.remove_prefix(end + 1);
  }
  return std::string(absl::StripAsciiWhitespace(std::string(text.substr(0, text.find('\n')))));
}

std::string StatementAt(const Body& body, int line, const std::string& query) {
  std::string statement =
      migration::OnOneLine(query.empty() && line > 0 ? LineOf(body.text, line) : query);
  if (statement.size() <= kMaxStatementBytes) return statement;
  size_t end = kMaxStatementBytes - 3;
  while (end > 0 && (statement[end] & 0xC0) == 0x80) --end;  // not within a character
  return statement.substr(0, end) + "...";
}

// The line of the first EXECUTE of a text that is not there to be read; 0 where there is none.
int LineOfHiddenText(std::string_view body) {
  Lexer lexer(body);
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    if (token.kind != Token::Kind::kWord || !IsKeyword(Slice(body, token.span), "EXECUTE")) {
      continue;
    }
    const Token next = lexer.Next();
    const std::string_view word = Slice(body, next.span);
    // CREATE TRIGGER ... EXECUTE FUNCTION, GRANT EXECUTE ON.
    if (IsKeyword(word, "FUNCTION") || IsKeyword(word, "PROCEDURE") || IsKeyword(word, "ON")) {
      continue;
    }
    const Token behind = lexer.Next();
    const bool alone = behind.kind == Token::Kind::kWord || behind.kind == Token::Kind::kEnd ||
                       Slice(body, behind.span) == ";";
    if (next.kind != Token::Kind::kLiteral || !alone) return LineAt(body, token.span.begin);
  }
  return 0;
}

// Tables that come and go with a session look like tables that are not there, and what a text that
// is made when it runs returns is not known.
bool MayOnlySeemToFail(std::string_view body) {
  Lexer lexer(body);
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    const std::string_view word = Slice(body, token.span);
    if (IsKeyword(word, "TEMP") || IsKeyword(word, "TEMPORARY")) return true;
  }
  return LineOfHiddenText(body) > 0;
}

// Its settings, or a pragma in its text, may switch plpgsql_check off.
bool TellsChecker(const std::string& text, const std::string& settings) {
  const std::string lower = absl::AsciiStrToLower(text);
  return lower.find("plpgsql_check") != lower.npos || lower.find("pragma:") != lower.npos ||
         settings.find("plpgsql") != settings.npos;
}

std::set<std::string> WordsOf(std::string_view text) {
  std::set<std::string> words;
  Lexer lexer(text);
  for (Token token = lexer.Next(); token.kind != Token::Kind::kEnd; token = lexer.Next()) {
    std::string word(Slice(text, token.span));
    if (token.kind == Token::Kind::kWord) words.insert(absl::AsciiStrToLower(word));
    if (token.kind == Token::Kind::kQuotedName && word.size() > 2) {
      words.insert(word.substr(1, word.size() - 2));
    }
  }
  return words;
}

// Reads what there is, and what is to be asked about each.
class Reader {
 public:
  Reader(Session& admin, Session& session) : admin_(admin), session_(session) {}

  absl::StatusOr<Bodies> Run() {
    if (absl::Status read = ReadRoutines(); !read.ok()) return read;
    if (absl::Status read = ReadTriggers(); !read.ok()) return read;
    for (auto& [oid, routine] : routines_) Prepare(oid, routine);
    if (!sql_.empty()) LookThroughSql();
    if (!plpgsql_.empty()) LookThroughPlpgsql();
    for (auto& [oid, routine] : routines_) {
      // Nothing runs a trigger's function without a trigger.
      if (routine.of_trigger && routine.body.triggers.empty()) continue;
      bodies_.by_signature.emplace(routine.signature, std::move(routine.body));
    }
    return std::move(bodies_);
  }

 private:
  struct Routine {
    std::string signature;
    bool of_trigger = false, of_any_type = false;
    std::string settings;  // calls, each with a comma behind it
    bool tells_checker = false;
    std::set<std::pair<Oid, std::string>> fired;  // by table; with its transition tables
    Body body;
  };
  struct Question {
    Routine* routine;
    Oid table;
  };

  absl::Status ReadRoutines() {
    const SqlResult result =
        admin_.Query(absl::StrCat(kRoutines, admin_.server_version() >= 140000 ? kOnlyText : ""));
    if (!result.ok()) return absl::InternalError(result.error->message);
    for (const auto& row : result.rows) {
      Routine& routine = routines_[OidOf(row[0])];
      routine.signature = row[1];
      routine.body.name = row[2];
      routine.body.language = row[3];
      routine.body.text = row[4];
      routine.tells_checker = TellsChecker(row[4], row[5]);
      routine.of_trigger = row[6] == "t";
      routine.of_any_type = row[7] == "t";
      routine.settings = row[8];
    }
    return absl::OkStatus();
  }

  absl::Status ReadTriggers() {
    const SqlResult result =
        admin_.Query(absl::StrCat(kTriggers, admin_.server_version() >= 130000 ? kOnlyOwn : ""));
    if (!result.ok()) return absl::InternalError(result.error->message);
    for (const auto& row : result.rows) {
      const auto found = routines_.find(OidOf(row[0]));
      if (found == routines_.end()) continue;
      // pg_trigger.h: TRIGGER_TYPE_INSERT and those that follow.
      const int type = NumberOf(row[5]);
      found->second.body.triggers.push_back({OidOf(row[1]), absl::StrCat(row[2], ".", row[3]),
                                             row[4], (type & 4) != 0, (type & 16) != 0,
                                             (type & 8) != 0});
      found->second.fired.insert({OidOf(row[1]), row[6]});
    }
    return absl::OkStatus();
  }

  void Prepare(Oid oid, Routine& routine) {
    Body& body = routine.body;
    if (body.language == "sql") {
      if (routine.of_any_type) {
        body.lost =
            "its body, in SQL, is for types of any kind, and is looked at when it is called";
        return;
      }
      sql_.push_back({&routine, 0});
      sql_checks_.push_back(absl::StrCat("SELECT ", routine.settings,
                                         "pg_catalog.set_config('check_function_bodies', 'on',"
                                         " true), pg_catalog.fmgr_sql_validator(",
                                         oid, ")"));
      return;
    }
    if (body.language != "plpgsql") {
      body.lost = absl::StrCat("bodies in ", body.language, " are not checked");
      return;
    }
    const int hidden = LineOfHiddenText(body.text);
    if (routine.tells_checker) {
      body.lost = "it tells plpgsql_check what to look at";
    } else if (hidden > 0) {
      body.lost = absl::StrCat("line ", hidden, " runs a text that is made when it runs");
    }
    if (!routine.of_trigger) routine.fired = {{0, "oldtable => NULL"}};
    for (const auto& [table, transition] : routine.fired) {
      plpgsql_.push_back({&routine, table});
      // In place of operators, which the SQL of others could have made anew, the columns.
      plpgsql_checks_.push_back(absl::StrCat(
          "SELECT lineno, sqlstate, message, query, level FROM"
          " pg_catalog.plpgsql_check_function_tb(",
          oid, ", ", table,
          ", fatal_errors => false, other_warnings => false, extra_warnings => false, ", transition,
          ")"));
    }
  }

  void LookThroughSql() {
    std::vector<std::optional<SqlError>> errors = session_.RunAll(sql_checks_);
    for (size_t i = 0; i < sql_.size(); ++i) {
      if (errors[i]) sql_[i].routine->body.flaws.push_back({.error = *std::move(errors[i])});
    }
  }

  void LookThroughPlpgsql() {
    if (const SqlResult installed = admin_.Run(kInstall); !installed.ok()) {
      const int major = admin_.server_version() / 10000;
      const std::string& code = installed.error->sqlstate;
      const bool missing = code == "58P01" || code == "0A000";  // by the server's version
      bodies_.no_plpgsql = absl::StrCat("the scratch server, PostgreSQL ", major,
                                        ", has no extension plpgsql_check (Debian: postgresql-",
                                        major, "-plpgsql-check)", missing ? "" : ": ",
                                        missing ? "" : Describe(*installed.error));
      return;
    }
    const std::vector<SqlResult> results = session_.QueryAll(plpgsql_checks_);
    for (size_t i = 0; i < plpgsql_.size(); ++i) {
      Body& body = plpgsql_[i].routine->body;
      if (!results[i].ok()) {
        body.flaws.push_back({.table = plpgsql_[i].table, .error = *results[i].error});
      }
      for (const auto& row : results[i].rows) {
        if (row[4] != "error") continue;
        const int line = NumberOf(row[0]);
        body.flaws.push_back(
            {plpgsql_[i].table, line, StatementAt(body, line, row[3]), SqlError{row[1], row[2]}});
      }
    }
    admin_.Run(kRemove);
  }

  Session& admin_;
  Session& session_;
  std::map<Oid, Routine> routines_;
  std::vector<Question> sql_, plpgsql_;                   // with
  std::vector<std::string> sql_checks_, plpgsql_checks_;  // what asks them, in the same order
  Bodies bodies_;
};

bool IsKnown(const BodyFlaw& flaw, const std::vector<BodyFlaw>& known, bool same_text) {
  return std::ranges::any_of(known, [&](const BodyFlaw& one) {
    return one.table == flaw.table && one.error.sqlstate == flaw.error.sqlstate &&
           one.error.message == flaw.error.message && (!same_text || one.line == flaw.line);
  });
}

// Time, memory, and connections that end: these say nothing of the body.
bool IsOfOurLimits(const BodyFlaw& flaw) {
  const std::string& code = flaw.error.sqlstate;
  return code.empty() || code == "57014" || code.starts_with("53");
}

// The flaws that the running version meets from now on.
std::vector<BodyFlaw> NewFlaws(const Body* was, const Body& is, const Snapshot& tables) {
  std::vector<BodyFlaw> flaws;
  for (const BodyFlaw& flaw : is.flaws) {
    // What is new altogether runs where it is the trigger of a table that was there.
    if (was == nullptr && flaw.table == 0) continue;
    const auto on_it = [&](const BodyTrigger& trigger) { return trigger.table == flaw.table; };
    const auto trigger = std::ranges::find_if(is.triggers, on_it);
    const bool there = trigger == is.triggers.end() || tables.tables.contains(flaw.table) ||
                       std::ranges::any_of(tables.tables, [&](const auto& table) {
                         return table.second.FullName() == trigger->table_name;
                       });
    if (!there) continue;
    if (was == nullptr || !IsKnown(flaw, was->flaws, was->text == is.text)) flaws.push_back(flaw);
  }
  return flaws;
}

// Who runs it: by name, since a body that calls it is no more than a text.
void FindCallers(const std::map<std::string, Body>& bodies,
                 const std::map<std::string, std::set<std::string>>& words, BrokenBody& broken) {
  std::set<std::string> seen{broken.signature};
  const Body& body = bodies.at(broken.signature);
  broken.called_as.insert(body.name);
  broken.triggers = body.triggers;
  for (bool found = true; std::exchange(found, false);) {
    for (const auto& [signature, other] : bodies) {
      const bool calls = std::ranges::any_of(broken.called_as, [&](const std::string& name) {
        return words.at(signature).contains(name);
      });
      if (!calls || !seen.insert(signature).second) continue;
      found = true;
      broken.called_as.insert(other.name);
      broken.triggers.insert(broken.triggers.end(), other.triggers.begin(), other.triggers.end());
    }
  }
}

std::string Describe(const std::vector<BodyFlaw>& flaws) {
  const BodyFlaw& first = flaws.front();
  return absl::StrCat(first.line > 0 ? absl::StrCat("line ", first.line, ": ") : "",
                      Describe(first.error),
                      flaws.size() > 1 ? absl::StrCat(", and ", flaws.size() - 1, " more") : "");
}

// What of the bodies of before was not looked through, and how many are.
void TellCoverage(const Bodies& before, const Bodies& after, v1::Rehearsal& rehearsal) {
  const std::string& no_plpgsql = before.no_plpgsql.empty() ? after.no_plpgsql : before.no_plpgsql;
  int bodies = 0, covered = 0;
  std::vector<std::string> unchecked;
  const auto lose = [&](const std::string& signature, const std::string& reason) {
    AddLost(v1::COVERAGE_KIND_FUNCTION, reason, signature, "", 0, rehearsal);
  };
  for (const auto& [signature, body] : before.by_signature) {
    const bool plpgsql = body.language == "plpgsql";
    if (plpgsql || body.language == "sql") ++bodies;
    if (plpgsql && !no_plpgsql.empty()) {
      unchecked.push_back(signature);
    } else if (!body.flaws.empty()) {
      lose(signature, absl::StrCat("on the schema before: ", Describe(body.flaws)));
    } else if (!body.lost.empty()) {
      lose(signature, body.lost);
    } else {
      ++covered;
    }
  }
  if (!unchecked.empty()) {
    lose(absl::StrJoin(unchecked, ", "),
         absl::StrCat(unchecked.size(), unchecked.size() == 1 ? " body" : " bodies",
                      " in PL/pgSQL not checked, since ", no_plpgsql));
  }
  rehearsal.set_bodies(bodies);
  rehearsal.set_covered_bodies(covered);
}

}  // namespace

absl::StatusOr<Bodies> ReadBodies(Session& admin, Session& session) {
  return Reader(admin, session).Run();
}

std::vector<BrokenBody> CompareBodies(const Bodies& before, const Bodies& after,
                                      const Snapshot& tables, v1::Rehearsal& rehearsal) {
  TellCoverage(before, after, rehearsal);
  std::vector<BrokenBody> all;
  std::map<std::string, std::set<std::string>> words;
  for (const auto& [signature, is] : after.by_signature) {
    const auto found = before.by_signature.find(signature);
    const Body* was = found == before.by_signature.end() ? nullptr : &found->second;
    BrokenBody broken{.signature = signature, .flaws = NewFlaws(was, is, tables)};
    broken.replaced = was == nullptr || was->text != is.text;
    if (broken.flaws.empty()) continue;
    const bool limited = std::ranges::all_of(broken.flaws, IsOfOurLimits);
    if (limited || (broken.replaced && MayOnlySeemToFail(is.text))) {
      AddLost(v1::COVERAGE_KIND_FUNCTION,
              absl::StrCat(
                  limited ? "on the schema after: " : "as the migration makes it, it may fail: ",
                  Describe(broken.flaws)),
              signature, "", 0, rehearsal);
      continue;
    }
    std::erase_if(broken.flaws, IsOfOurLimits);
    if (words.empty()) {
      for (const auto& [other, body] : after.by_signature) words[other] = WordsOf(body.text);
    }
    FindCallers(after.by_signature, words, broken);
    all.push_back(std::move(broken));
  }
  return all;
}

}  // namespace gate
