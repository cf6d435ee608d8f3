#include "gate/evidence/rehearsal/migrate.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gate/evidence/rehearsal/result.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

constexpr size_t kMaxStatementBytes = 8 << 20;  // of all of them

// What cannot run inside a transaction, or ends the one that it runs in.
constexpr std::string_view kActiveTransaction = "25001";
constexpr std::string_view kInvalidTermination = "2D000";

v1::LockMode ModeOf(const std::string& name) {
  static const std::map<std::string, v1::LockMode> modes = {
      {"AccessShareLock", v1::LOCK_MODE_ACCESS_SHARE},
      {"RowShareLock", v1::LOCK_MODE_ROW_SHARE},
      {"RowExclusiveLock", v1::LOCK_MODE_ROW_EXCLUSIVE},
      {"ShareUpdateExclusiveLock", v1::LOCK_MODE_SHARE_UPDATE_EXCLUSIVE},
      {"ShareLock", v1::LOCK_MODE_SHARE},
      {"ShareRowExclusiveLock", v1::LOCK_MODE_SHARE_ROW_EXCLUSIVE},
      {"ExclusiveLock", v1::LOCK_MODE_EXCLUSIVE},
      {"AccessExclusiveLock", v1::LOCK_MODE_ACCESS_EXCLUSIVE}};
  const auto found = modes.find(name);
  return found == modes.end() ? v1::LOCK_MODE_UNSPECIFIED : found->second;
}

bool ControlsTransaction(const ScriptStep& step) {
  const std::string word = step.FirstWord();
  for (const std::string_view verb : {"ABORT", "BEGIN", "COMMIT", "END", "PREPARE", "RELEASE",
                                      "ROLLBACK", "SAVEPOINT", "START"}) {
    if (word == verb) return true;
  }
  return false;
}

// Statements that may name a role.
bool MayNameRole(const ScriptStep& step) {
  const std::string word = step.FirstWord();
  return word == "ALTER" || word == "CREATE" || word == "GRANT" || word == "REVOKE";
}

// The text between the first `left` and the next '"' behind it: names in debug messages.
std::string NameAfter(const std::string& message, std::string_view left) {
  const size_t begin = message.find(left);
  if (begin == std::string::npos) return "";
  const size_t name = begin + left.size();
  return message.substr(name, message.find('"', name) - name);
}

Oid OidOf(const std::string& text) {
  Oid oid = 0;
  std::from_chars(text.data(), text.data() + text.size(), oid);
  return oid;
}

class Migrator {
 public:
  Migrator(Session& runner, Session& admin, Roles& roles, const Snapshot* watched,
           v1::Rehearsal& rehearsal)
      : runner_(runner), admin_(admin), roles_(roles), before_(watched), rehearsal_(rehearsal) {
    locks_query_ = absl::StrCat(
        "SELECT relation, mode FROM pg_locks WHERE locktype = 'relation' AND granted AND pid = ",
        runner.backend());
  }

  void Run(std::span<const MigrationScript> scripts) {
    if (before_ != nullptr) relations_ = ReadRelations("");
    for (const MigrationScript& script : scripts) {
      path_ = script.path;
      runner_.Run("DISCARD ALL");
      for (const ScriptSection& section : script.sections) {
        if (!RunSection(section)) return;
      }
    }
  }

 private:
  using Locks = std::map<Oid, v1::LockMode>;  // strongest, of tables of before
  struct Relation {
    std::string name;
    std::string file;
  };

  bool Fail(const SqlError& error, int line) {
    SetFailure(error, runner_.end() != SessionEnd::kNone ? runner_.end() : admin_.end(), path_,
               line, rehearsal_);
    return false;
  }

  bool RunSection(const ScriptSection& section) {
    if (section.steps.empty()) return true;
    if (section.wrapped) {
      ++transaction_;
      runner_.Run("BEGIN");
    }
    for (const ScriptStep& step : section.steps) {
      if (!RunStep(step)) return false;
    }
    return Commit(section.steps.back().line);  // also what a file has opened and left open
  }

  bool Commit(int line) {
    if (runner_.transaction() == PQTRANS_IDLE) return true;
    // PostgreSQL answers COMMIT with ROLLBACK then, and no error.
    if (runner_.transaction() == PQTRANS_INERROR) {
      return Fail({"25P02", "the transaction was aborted before its end"}, line);
    }
    const SqlResult ended = runner_.Run("COMMIT");
    return ended.ok() || Fail(*ended.error, line);
  }

  bool RunStep(const ScriptStep& step) {
    if (step.meta_command) {
      AddLost(v1::COVERAGE_KIND_MIGRATION, "only psql understands this line; it was not run",
              step.sql, path_, step.line, rehearsal_);
      return true;
    }
    if (statement_ != nullptr && statement_ != &no_room_) room_.Take(statement_->ByteSizeLong());
    if (room_.IsFull()) {
      rehearsal_.mutable_left_out()->set_statements(rehearsal_.left_out().statements() + 1);
      no_room_.Clear();
      statement_ = &no_room_;
    } else {
      statement_ = rehearsal_.add_statements();
    }
    statement_->set_path(path_);
    statement_->set_line(step.line);
    statement_->set_sql(Shortened(step.sql));
    const auto began = steady_clock::now();
    const bool ran = ControlsTransaction(step) ? RunVerb(step) : RunObserved(step);
    SetTook(steady_clock::now() - began, *statement_->mutable_took());
    statement_->set_transaction(transaction_);
    return ran;
  }

  bool RunVerb(const ScriptStep& step) {
    const bool idle = runner_.transaction() == PQTRANS_IDLE;
    const SqlResult result = runner_.Run(std::string(step.sql));
    if (idle && runner_.transaction() != PQTRANS_IDLE) ++transaction_;
    return result.ok() || Fail(*result.error, step.line);
  }

  bool RunObserved(const ScriptStep& step) {
    const bool alone = runner_.transaction() == PQTRANS_IDLE;
    if (alone) {
      ++transaction_;
      runner_.Run("BEGIN");
    }
    const SqlResult result = RunWithRoles(step);
    if (!result.ok()) {
      const std::string& code = result.error->sqlstate;
      const bool outside = code == kActiveTransaction || code == kInvalidTermination;
      if (!alone || !outside) return Fail(*result.error, step.line);
      runner_.Run("ROLLBACK");
      return RunOutside(step);
    }
    return !alone || Commit(step.line);
  }

  // Inside a transaction, where all locks that it took are still to be seen.
  SqlResult RunWithRoles(const ScriptStep& step) {
    constexpr int kTries = 20;
    const Locks held = HeldLocks();
    const bool may_name_role = MayNameRole(step);
    if (before_ != nullptr) runner_.Run("SET client_min_messages = debug1");
    if (may_name_role) runner_.Run("SAVEPOINT gate_rehearsal");
    SqlResult result;
    for (int tries = 0;; ++tries) {
      runner_.TakeMessages();
      result = runner_.Run(std::string(step.sql), step.copy_data);
      if (result.ok() || !may_name_role || tries == kTries) break;
      const SqlError error = *result.error;
      runner_.Run("ROLLBACK TO gate_rehearsal");
      if (error.sqlstate == "42501" && roles_.Make(step)) {
        result = {};
        break;
      }
      if (!roles_.Repair(error)) break;
      // A session learns of roles that others made when it takes a lock.
      runner_.Run("SELECT FROM pg_catalog.pg_auth_members LIMIT 0");
      runner_.Run("ROLLBACK TO gate_rehearsal");
    }
    const std::vector<std::string> messages = runner_.TakeMessages();
    if (may_name_role && result.ok()) runner_.Run("RELEASE gate_rehearsal");
    if (result.ok() && before_ != nullptr) Observe(step, held, HeldLocks(), messages);
    return result;
  }

  // Each look takes part of a millisecond: what is locked for a shorter time may go unseen.
  bool RunOutside(const ScriptStep& step) {
    if (before_ == nullptr) {
      const SqlResult result = runner_.Run(std::string(step.sql));
      return result.ok() || Fail(*result.error, step.line);
    }
    statement_->set_locks_sampled(true);
    runner_.Run("SET client_min_messages = debug1");
    runner_.TakeMessages();
    Locks seen;
    const SqlResult result = runner_.RunWatched(std::string(step.sql), [&] {
      for (const auto& [table, mode] : HeldLocks()) seen[table] = std::max(seen[table], mode);
    });
    if (!result.ok()) return Fail(*result.error, step.line);
    Observe(step, {}, seen, runner_.TakeMessages());
    return true;
  }

  Locks HeldLocks() {
    Locks locks;
    if (before_ == nullptr) return locks;
    for (const auto& row : admin_.Query(locks_query_).rows) {
      const Oid oid = OidOf(row[0]);
      if (!before_->tables.contains(oid)) continue;
      v1::LockMode& mode = locks[oid];
      mode = std::max(mode, ModeOf(row[1]));
    }
    return locks;
  }

  void Observe(const ScriptStep& step, const Locks& held, const Locks& now,
               const std::vector<std::string>& messages) {
    exclusive_.clear();
    for (const auto& [oid, mode] : now) {
      if (mode == v1::LOCK_MODE_ACCESS_EXCLUSIVE) exclusive_.insert(oid);
      const auto was = held.find(oid);
      if (was != held.end() && was->second >= mode) continue;
      v1::TableLock* lock = statement_->add_locks();
      lock->set_table(before_->tables.at(oid).FullName());
      lock->set_mode(mode);
      lock->set_partitioned(before_->tables.at(oid).kind == 'p');
    }
    std::ranges::sort(*statement_->mutable_locks(), [](const auto& a, const auto& b) {
      return a.mode() != b.mode() ? a.mode() > b.mode() : a.table() < b.table();
    });
    // Only those can have given a table another file or name.
    const bool truncates = step.FirstWord() == "TRUNCATE";
    if (statement_->locks_sampled()) {
      FindNewFiles(ReadRelations(""), truncates);
    } else if (!exclusive_.empty()) {
      FindNewFiles(
          ReadRelations(absl::StrCat(" WHERE oid OPERATOR(pg_catalog.=) ANY ('{",
                                     absl::StrJoin(exclusive_, ","), "}'::pg_catalog.oid[])")),
          truncates);
    }
    if (truncates) return;  // Indexes of nothing are built, too.
    for (const std::string& message : messages) ReadMessage(message);
  }

  void FindNewFiles(const std::map<Oid, Relation>& now, bool truncates) {
    // Those that were asked for and are gone.
    std::erase_if(relations_, [&](const auto& relation) {
      const bool asked = statement_->locks_sampled() || exclusive_.contains(relation.first);
      return asked && !now.contains(relation.first);
    });
    for (const auto& [oid, relation] : now) {
      const std::string file = std::exchange(relations_[oid], relation).file;
      const auto table = before_->tables.find(oid);
      if (file.empty() || file == relation.file) continue;
      if (truncates) {
        statement_->add_emptied_tables(table->second.FullName());
      } else {
        statement_->add_rewritten_tables(table->second.FullName());
      }
    }
  }

  // Tables of before, as the transaction sees them. Without operators and functions that the SQL of
  // others could have replaced.
  std::map<Oid, Relation> ReadRelations(const std::string& where) {
    std::map<Oid, Relation> relations;
    const SqlResult result = runner_.Query(
        absl::StrCat("SELECT oid, relname, relfilenode FROM pg_catalog.pg_class", where));
    for (const auto& row : result.rows) {
      const Oid oid = OidOf(row[0]);
      if (before_->tables.contains(oid)) relations[oid] = {row[1], row[2]};
    }
    return relations;
  }

  void ReadMessage(const std::string& message) {
    if (message.find("are sufficient to prove") != std::string::npos ||
        message.find("is implied by existing constraints") != std::string::npos) {
      statement_->set_scan_spared(true);
    } else if (message.starts_with("verifying table \"")) {
      AddScan(NameAfter(message, "verifying table \""), v1::SCAN_KIND_VERIFY, "");
    } else if (message.starts_with("building index \"")) {
      AddScan(NameAfter(message, "\" on table \""), v1::SCAN_KIND_BUILD_INDEX,
              NameAfter(message, "building index \""));
    } else if (message.starts_with("validating foreign key constraint \"")) {
      AddForeignKeyScan(NameAfter(message, "validating foreign key constraint \""));
    }
  }

  // Messages name tables without their schema: all of that name that there were.
  void AddScan(const std::string& table, v1::ScanKind kind, const std::string& object) {
    for (const auto& [oid, relation] : relations_) {
      if (relation.name == table) AddScan(oid, kind, object);
    }
  }

  void AddScan(Oid oid, v1::ScanKind kind, const std::string& object) {
    v1::TableScan* scan = statement_->add_scans();
    scan->set_table(before_->tables.at(oid).FullName());
    scan->set_kind(kind);
    scan->set_object(object);
  }

  void AddForeignKeyScan(const std::string& name) {
    for (const auto& row :
         runner_.Query("SELECT conname, conrelid FROM pg_catalog.pg_constraint").rows) {
      const Oid table = OidOf(row[1]);
      if (row[0] == name && before_->tables.contains(table)) {
        AddScan(table, v1::SCAN_KIND_FOREIGN_KEY, name);
      }
    }
  }

  Session& runner_;
  Session& admin_;
  Roles& roles_;
  const Snapshot* const before_;  // nullptr: nothing is looked at
  v1::Rehearsal& rehearsal_;
  std::string locks_query_;
  std::set<Oid> exclusive_;            // tables that the transaction has locked against everybody
  std::map<Oid, Relation> relations_;  // of before, as they were last seen
  std::string path_;
  ListRoom room_{kMaxStatementBytes};
  v1::RehearsedStatement* statement_ = nullptr;  // the one that runs
  v1::RehearsedStatement no_room_;
  int transaction_ = 0;
};

}  // namespace

void RunMigrations(Session& runner, Session& admin, Roles& roles, const Snapshot* watched,
                   std::span<const MigrationScript> scripts, v1::Rehearsal& rehearsal) {
  Migrator(runner, admin, roles, watched, rehearsal).Run(scripts);
}

}  // namespace gate
