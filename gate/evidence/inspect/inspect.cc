#include "gate/evidence/inspect/inspect.h"

#include <libpq-fe.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "checks/proto_time.h"
#include "gate/evidence/inspect/queries.h"
#include "gate/evidence/rehearsal/session.h"

namespace gate {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr int kOldestVersion = 110000;

// A table whose oldest user began less than this ago is in everyday use.
constexpr absl::Duration kLongTransaction = absl::Minutes(1);

int64_t Number(const std::string& text) {
  int64_t number = 0;
  return absl::SimpleAtoi(text, &number) ? number : 0;
}

// libpq may repeat parts of an URL that it does not understand.
std::string WithoutPassword(const std::string& url, std::string message) {
  PQconninfoOption* options = PQconninfoParse(url.c_str(), nullptr);
  const absl::Cleanup free = [&] { PQconninfoFree(options); };
  if (options == nullptr) return "the connection string cannot be read";
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    const bool secret = keyword == "password" || keyword == "sslpassword";
    if (secret && option->val != nullptr && *option->val != '\0') {
      message = absl::StrReplaceAll(message, {{option->val, "***"}});
    }
  }
  return message;
}

// Reads it all in one transaction. Not thread-safe; used once.
class Inspector {
 public:
  explicit Inspector(Session& session) : session_(session) {}

  absl::StatusOr<Inspection> Run() {
    if (session_.server_version() < kOldestVersion) {
      return absl::FailedPreconditionError("PostgreSQL 11 or newer is needed");
    }
    // Names come out with their schema; whoever holds a table closed makes us give up, not wait.
    for (const char* sql :
         {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL search_path = pg_catalog",
          "SET LOCAL lock_timeout = '1s'", "SET LOCAL statement_timeout = '20s'"}) {
      if (const SqlResult begun = session_.Run(sql); !begun.ok()) return Failed(begun);
    }
    database().set_postgres_major_version(session_.server_version() / 10000);
    if (absl::Status told = TellSchema(); !told.ok()) return told;
    if (absl::Status told = TellTables(); !told.ok()) return told;
    session_.Run("COMMIT");
    TellWorkload();
    return std::move(inspection_);
  }

 private:
  v1::Database& database() { return inspection_.database; }

  static absl::Status Failed(const SqlResult& result) {
    const SqlError& error = *result.error;
    return absl::UnavailableError(absl::StrCat(
        error.message, error.sqlstate.empty() ? "" : absl::StrCat(" (", error.sqlstate, ")")));
  }

  absl::StatusOr<Rows> Read(const char* sql) {
    SqlResult result = session_.Query(sql);
    if (!result.ok()) return Failed(result);
    return std::move(result.rows);
  }

  absl::Status Append(const char* sql) {
    const absl::StatusOr<Rows> rows = Read(sql);
    if (!rows.ok()) return rows.status();
    for (const auto& row : *rows) absl::StrAppend(database().mutable_schema_before(), row[0], "\n");
    return absl::OkStatus();
  }

  absl::Status TellSchema() {
    using namespace inspect;
    // What a body of a function names may be made later.
    database().set_schema_before("SET check_function_bodies = off;\n");
    for (const char* family : {kSchemas, kExtensions, kTypes, kSequences, kFunctions, kTables,
                               kOwnedSequences, kChildren, kFunctionsOfTables, kConstraints}) {
      if (absl::Status told = Append(family); !told.ok()) return told;
    }
    if (absl::Status told = TellViews(); !told.ok()) return told;
    for (const char* family :
         {kIndexes, kTriggers, kRules, kRowSecurity, kPolicies, kGrants, kReplicaIdentities}) {
      if (absl::Status told = Append(family); !told.ok()) return told;
    }
    if (absl::Status noted = Note(kInvalidIndexes,
                                  "Left out, since it is invalid (drop it, and "
                                  "build it again): index ");
        !noted.ok()) {
      return noted;
    }
    return Note(kLeftOut, "Not told: ");
  }

  absl::Status Note(const char* sql, std::string_view head) {
    const absl::StatusOr<Rows> rows = Read(sql);
    if (!rows.ok()) return rows.status();
    for (const auto& row : *rows) {
      inspection_.notes.push_back(absl::StrCat(std::string(head), row[0]));
    }
    return absl::OkStatus();
  }

  // Each view behind those that it reads.
  absl::Status TellViews() {
    const absl::StatusOr<Rows> views = Read(inspect::kViews);
    if (!views.ok()) return views.status();
    const absl::StatusOr<Rows> edges = Read(inspect::kViewsOfViews);
    if (!edges.ok()) return edges.status();
    std::map<std::string, std::string> statements;
    std::multimap<std::string, std::string> reads;
    for (const auto& row : *views) statements[row[0]] = row[1];
    for (const auto& row : *edges) reads.emplace(row[0], row[1]);
    std::set<std::string> told;
    for (const auto& row : *views) {
      // Depth first, without recursion: a view is told when all that it reads is.
      std::vector<std::string> path = {row[0]};
      while (!path.empty()) {
        const std::string view = path.back();
        const auto [first, last] = reads.equal_range(view);
        const auto open = std::find_if(first, last, [&](const auto& edge) {
          return statements.contains(edge.second) && !told.contains(edge.second) &&
                 std::ranges::find(path, edge.second) == path.end();
        });
        if (open != last) {
          path.push_back(open->second);
          continue;
        }
        path.pop_back();
        if (told.insert(view).second) {
          absl::StrAppend(database().mutable_schema_before(), statements[view], "\n");
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status TellTables() {
    const absl::StatusOr<Rows> states = Read(inspect::kTableStates);
    if (!states.ok()) return states.status();
    const absl::StatusOr<Rows> inherits = Read(inspect::kInherits);
    if (!inherits.ok()) return inherits.status();
    struct Own {
      int64_t bytes = 0, rows = 0, used_since = 0;
      std::vector<int64_t> children;
    };
    std::map<int64_t, Own> tables;
    for (const auto& row : *states) {
      Own& own = tables[Number(row[0])];
      own.bytes = Number(row[2]);
      own.rows = Number(row[3]);
      own.used_since = Number(row[4]);
    }
    for (const auto& row : *inherits) {
      if (const auto parent = tables.find(Number(row[0])); parent != tables.end()) {
        parent->second.children.push_back(Number(row[1]));
      }
    }
    const absl::Time now = absl::Now();
    for (const auto& row : *states) {
      v1::TableState& state = *database().add_tables();
      state.set_name(row[1]);
      int64_t rows = 0, used_since = 0;
      bool rows_known = false;
      std::vector<int64_t> parts = {Number(row[0])};
      for (size_t i = 0; i < parts.size(); ++i) {  // Parts are trees: none comes twice for long.
        const auto part = tables.find(parts[i]);
        if (part == tables.end()) continue;
        const Own& own = part->second;
        state.set_bytes(state.bytes() + own.bytes);
        if (own.rows >= 0) {
          rows += own.rows;
          rows_known = true;
        }
        if (own.used_since != 0 && (used_since == 0 || own.used_since < used_since)) {
          used_since = own.used_since;
        }
        parts.insert(parts.end(), own.children.begin(), own.children.end());
      }
      state.set_rows(rows_known ? rows : -1);
      const absl::Time since = absl::FromUnixMicros(used_since);
      if (used_since != 0 && now - since >= kLongTransaction)
        *state.mutable_used_since() = ToProto(since);
    }
    return absl::OkStatus();
  }

  // Outside of the transaction: an error here is no reason to give up what is known.
  void TellWorkload() {
    const SqlResult found = session_.Query(inspect::kStatementsSchema);
    if (!found.ok() || found.rows.empty()) {
      inspection_.notes.push_back(
          "The statements that run are not known: there is no pg_stat_statements in this "
          "database.");
      return;
    }
    const std::string& schema = found.rows[0][0];
    double hours = 0;
    const SqlResult info = session_.Query(absl::StrFormat(inspect::kStatementsInfo, schema));
    if (info.ok() && info.rows.size() == 1) {
      hours = static_cast<double>(Number(info.rows[0][1])) / 3600;
    }
    const absl::Time now = absl::Now();
    const SqlResult statements = session_.Query(absl::StrFormat(inspect::kStatements, schema));
    if (!statements.ok()) {
      inspection_.notes.push_back(absl::StrCat(
          "The statements that run are not known: ", Failed(statements).message(), "."));
      return;
    }
    size_t hidden = 0;
    for (const auto& row : statements.rows) {
      if (row[0].empty()) {
        ++hidden;
        continue;
      }
      v1::WorkloadStatement& statement = *database().add_running_workload();
      statement.set_sql(row[0]);
      statement.set_origin("pg_stat_statements");
      if (hours > 0) statement.set_calls_per_hour(static_cast<double>(Number(row[1])) / hours);
    }
    if (hidden > 0) {
      inspection_.notes.push_back(
          absl::StrCat("The texts of ", hidden,
                       " statements of other roles may not be read: grant pg_read_all_stats."));
    }
    if (!info.ok() || info.rows.size() != 1) return;
    // What is read on a standby is in the statistics of that one.
    const bool standbys = Number(info.rows[0][2]) > 0;
    v1::WorkloadCoverage& coverage = *database().mutable_coverage();
    *coverage.mutable_recorded_until() = ToProto(now);
    *coverage.mutable_recorded_since() = ToProto(now - absl::Seconds(Number(info.rows[0][1])));
    coverage.set_complete(Number(info.rows[0][0]) == 0 && hidden == 0 && !standbys);
    if (standbys) {
      inspection_.notes.push_back(
          "The database has standbys, and what runs on them is not known: no statement counts as "
          "unused.");
    }
  }

  Session& session_;
  Inspection inspection_;
};

}  // namespace

absl::StatusOr<Inspection> Inspect(const std::string& url,
                                   std::chrono::steady_clock::time_point deadline) {
  auto session = Session::Open(url, {deadline, nullptr});
  if (!session.ok()) {
    return absl::UnavailableError(WithoutPassword(url, std::string(session.status().message())));
  }
  return Inspector(**session).Run();
}

}  // namespace gate
