#include "gate/evidence/rehearsal/rehearse.h"

#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/migration/sql/text.h"
#include "checks/migration/sql/uses.h"
#include "gate/evidence/rehearsal/bodies.h"
#include "gate/evidence/rehearsal/compare.h"
#include "gate/evidence/rehearsal/inventory.h"
#include "gate/evidence/rehearsal/migrate.h"
#include "gate/evidence/rehearsal/repair.h"
#include "gate/evidence/rehearsal/result.h"
#include "gate/evidence/rehearsal/roles.h"
#include "gate/evidence/rehearsal/script.h"
#include "gate/evidence/rehearsal/session.h"
#include "gate/evidence/rehearsal/snapshot.h"
#include "gate/evidence/rehearsal/trial.h"
#include "gate/evidence/rehearsal/undo.h"

namespace gate {
namespace {

using std::chrono::steady_clock;

// Of what breaks: ways to break, statements of each, and bytes of all beyond one of each.
constexpr size_t kMaxWays = 1000;
constexpr int kMaxAlike = 100;
constexpr size_t kMaxBrokenBytes = 4 << 20;
constexpr size_t kMaxResultBytes = 4 << 20;
constexpr int kMaxRepairs = 200;

// One rehearsal, in the order of its functions.
class OneRehearsal {
 public:
  OneRehearsal(ScratchCluster& cluster, const v1::SchemaChange& change,
               const RehearsalLimits& limits)
      : cluster_(cluster),
        change_(change),
        limits_(limits),
        downs_(change.files()),
        session_limits_{std::chrono::steady_clock::now() + limits.total,
                        [this] { return DiskIsFull(); }} {}

  absl::StatusOr<v1::Rehearsal> Run() {
    // Its own search path: the database's can be changed by the SQL of others.
    auto admin = Open(ScratchCluster::kAdmin, "-c search_path=pg_catalog");
    if (!admin.ok()) return admin.status();
    admin_ = *std::move(admin);
    rehearsal_.set_postgres_major_version(admin_->server_version() / 10000);
    if (!LoadSchema() || !TryBefore() || !Migrate() || !TryAfter()) return std::move(rehearsal_);
    rehearsal_.set_end(v1::REHEARSAL_END_COMPLETED);
    if (inventory_before_) {
      *rehearsal_.mutable_undo() = RehearseUndo(
          {[this] { return OpenAsOthers(); }, *admin_, *roles_}, *inventory_before_, ups_, downs_);
    }
    return std::move(rehearsal_);
  }

 private:
  // Asked by each session ten times a second. Where there are many files a look takes long: then
  // it is made a quarter of the time, and twice a second.
  bool DiskIsFull() {
    const auto begin = steady_clock::now();
    if (begin < next_look_) return false;
    const bool full = cluster_.DiskBytes() > cluster_.disk_limit();
    const auto end = steady_clock::now();
    next_look_ =
        end + std::min<steady_clock::duration>(3 * (end - begin), std::chrono::milliseconds(500));
    return full;
  }

  absl::StatusOr<std::unique_ptr<Session>> Open(std::string_view role, std::string_view options) {
    return Session::Open(
        absl::StrCat(cluster_.ConnectionInfo(role), " options='", std::string(options), "'"),
        session_limits_);
  }

  // As the SQL of others is run.
  absl::StatusOr<std::unique_ptr<Session>> OpenAsOthers() {
    return Open(ScratchCluster::kRole,
                absl::StrCat("-c statement_timeout=", limits_.statement.count()));
  }

  // The same, or the rehearsal's end.
  std::unique_ptr<Session> OpenForSql() {
    auto session = OpenAsOthers();
    if (session.ok()) return *std::move(session);
    SetFailure({"", std::string(session.status().message())}, SessionEnd::kLost, "", 0, rehearsal_);
    return nullptr;
  }

  // False, with the rehearsal's end, where one of the sessions came to its own.
  bool GoesOn(const Session& session) {
    const Session& ended = session.end() != SessionEnd::kNone ? session : *admin_;
    if (ended.end() == SessionEnd::kNone) return true;
    SetFailure(ended.how_it_ended(), ended.end(), "", 0, rehearsal_);
    return false;
  }

  bool ReadCatalogue(Snapshot& snapshot) {
    auto read = ReadSnapshot(*admin_);
    if (read.ok()) snapshot = *std::move(read);
    if (read.ok() || !GoesOn(*admin_)) return read.ok();
    SetFailure({"", std::string(read.status().message())}, SessionEnd::kLost, "", 0, rehearsal_);
    return false;
  }

  bool LoadSchema() {
    roles_ = std::make_unique<Roles>(*admin_);
    if (const LoadedSchema* loaded = cluster_.loaded()) {
      *rehearsal_.mutable_lost_coverage() = loaded->lost;
      roles_->Know(loaded->roles);
    } else if (const auto flaw = migration::FindFlaw(change_.schema_before())) {
      AddLost(v1::COVERAGE_KIND_SCHEMA, flaw->message, "", "", 0, rehearsal_);
    } else {
      const auto began = steady_clock::now();
      if (!LoadText()) return false;
      KeepSchema(steady_clock::now() - began);
    }
    return ReadCatalogue(before_);
  }

  // For the next rehearsal that begins with it, in about the time that loading it `took`.
  void KeepSchema(steady_clock::duration took) {
    if (!cluster_.MayKeep() || steady_clock::now() + took > session_limits_.deadline) return;
    // Others may still be about to leave.
    constexpr int kLooks = 100;
    for (int looks = 0;; ++looks) {
      const SqlResult others = admin_->Query(
          "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend'"
          " AND pid <> pg_backend_pid()");
      if (others.ok() && others.rows.empty()) break;
      if (!others.ok() || looks == kLooks) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    // What was not shut down comes up with its unlogged tables empty.
    const SqlResult unlogged =
        admin_->Query("SELECT FROM pg_class WHERE relpersistence = 'u' LIMIT 1");
    if (!unlogged.ok() || !unlogged.rows.empty() || !admin_->Run("CHECKPOINT").ok()) return;
    const SqlResult wal = admin_->Query("SELECT pg_walfile_name(pg_current_wal_insert_lsn())");
    if (!wal.ok() || wal.rows.empty()) return;
    cluster_.Keep({rehearsal_.lost_coverage(), roles_->made()}, wal.rows[0][0]);
  }

  bool LoadText() {
    const std::unique_ptr<Session> session = OpenForSql();
    if (session == nullptr) return false;
    const ScriptSection schema = ReadSql(change_.schema_before());
    for (const ScriptStep& step : schema.steps) {
      if (!LoadStep(*session, step)) return false;
    }
    if (session->transaction() != PQTRANS_IDLE) {
      AddLost(v1::COVERAGE_KIND_SCHEMA, "its last transaction is not committed", "", "", 0,
              rehearsal_);
    }
    return true;
  }

  bool LoadStep(Session& session, const ScriptStep& step) {
    constexpr int kTries = 20;
    SqlResult result;
    if (step.meta_command) {
      // What pg_dump puts around its own output.
      if (step.sql.starts_with("\\restrict") || step.sql.starts_with("\\unrestrict")) return true;
      result.error = {"", "only psql understands this line; it was not run"};
    }
    for (int tries = 0; !step.meta_command && tries < kTries; ++tries) {
      result = session.Run(std::string(step.sql), step.copy_data);
      if (result.ok()) return true;
      if (result.error->sqlstate == "42501" && roles_->Make(step)) return true;
      if (!roles_->Repair(*result.error)) break;
    }
    if (!GoesOn(session)) return false;
    AddLost(v1::COVERAGE_KIND_SCHEMA, Describe(*result.error), step.sql, "", step.line, rehearsal_);
    return true;
  }

  void LoseStatement(const v1::WorkloadStatement& statement, std::string_view reason) {
    gate::LoseStatement(statement, reason, rehearsal_);
  }

  // Which statements can be tried at all.
  void ReadWorkload() {
    for (const v1::WorkloadStatement& statement : change_.running_workload()) {
      const auto flaw = migration::FindFlaw(statement.sql());
      const TextKind kind = flaw ? TextKind::kUtility : KindOf(statement.sql());
      if (kind == TextKind::kHarmless) continue;
      rehearsal_.set_workload_statements(rehearsal_.workload_statements() + 1);
      if (flaw) {
        LoseStatement(statement, flaw->message);
      } else if (kind == TextKind::kUtility) {
        LoseStatement(statement, "statements of this kind cannot be prepared");
      } else if (static_cast<int>(texts_.size()) >= limits_.workload_statements) {
        LoseStatement(statement, "the workload has more statements than a rehearsal tries");
      } else {
        running_.push_back({.statement = &statement});
        texts_.push_back(statement.sql());
      }
    }
  }

  bool TryBefore() {
    ReadWorkload();
    const std::unique_ptr<Session> session = OpenForSql();
    if (session == nullptr) return false;
    for (const auto& row :
         session->Query("SELECT unnest(pg_catalog.current_schemas(false))").rows) {
      search_path_.push_back(row[0]);
    }
    std::vector<Trial> trials = TryAll(*session, texts_, limits_.column_bytes);
    RepairTexts(*session, trials);
    types_before_ = NameTypes(*admin_, trials);
    if (!GoesOn(*session) || !LookThroughBodies(*session, bodies_before_)) return false;
    std::vector<Running> kept;
    std::vector<std::string> kept_texts;
    for (size_t i = 0; i < trials.size(); ++i) {
      if (!trials[i].ok()) {
        LoseStatement(*running_[i].statement,
                      absl::StrCat("on the schema before: ", Describe(trials[i].error())));
        continue;
      }
      kept.push_back({running_[i].statement, std::move(trials[i].described), {}});
      kept_texts.push_back(std::move(texts_[i]));
      if (const auto lost = migration::ReadUses(kept_texts.back(), kept.back().uses)) {
        kept.back().uses = {};
        LoseStatement(*kept.back().statement,
                      absl::StrCat("it is tried, but what it writes is not known: ", *lost));
      }
    }
    running_ = std::move(kept);
    texts_ = std::move(kept_texts);
    rehearsal_.set_covered_statements(static_cast<int>(running_.size()));
    return true;
  }

  // Texts that do not prepare as they were recorded are tried again as such that may.
  void RepairTexts(Session& session, std::vector<Trial>& trials) {
    constexpr int kTries = 8;
    std::vector<Repair> repairs(trials.size());
    std::vector<size_t> open;
    for (size_t i = 0; i < trials.size(); ++i) {
      if (!trials[i].ok()) open.push_back(i);
    }
    std::vector<SqlError> errors(trials.size());
    for (const size_t i : open) errors[i] = trials[i].error();
    for (int tries = 0; tries < kTries && !open.empty(); ++tries) {
      std::vector<size_t> tried;
      std::vector<std::string> texts;
      for (const size_t i : open) {
        Repair& made = repairs[i];
        const std::string& text = made.sql.empty() ? texts_[i] : made.sql;
        std::optional<Repair> repair = RepairOf(text, errors[i]);
        if (!repair) continue;
        if (made.how.find(repair->how) != std::string::npos) {
          repair->how = made.how;
        } else if (!made.how.empty()) {
          repair->how = absl::StrCat(made.how, ", ", repair->how);
        }
        made = *std::move(repair);
        tried.push_back(i);
        texts.push_back(made.sql);
      }
      std::vector<Trial> again = TryAll(session, texts, limits_.column_bytes);
      open.clear();
      for (size_t k = 0; k < tried.size(); ++k) {
        if (again[k].ok()) {
          trials[tried[k]] = std::move(again[k]);
        } else {
          errors[tried[k]] = again[k].error();
          open.push_back(tried[k]);
        }
      }
    }
    for (size_t i = 0; i < trials.size(); ++i) {
      if (repairs[i].sql.empty() || !trials[i].ok()) continue;
      TellRepair(*running_[i].statement, repairs[i]);
      texts_[i] = std::move(repairs[i].sql);
    }
  }

  void TellRepair(const v1::WorkloadStatement& statement, const Repair& repair) {
    if (rehearsal_.repaired_statements_size() == kMaxRepairs) {
      v1::LeftOut& left_out = *rehearsal_.mutable_left_out();
      return left_out.set_repaired_statements(left_out.repaired_statements() + 1);
    }
    v1::RepairedStatement& repaired = *rehearsal_.add_repaired_statements();
    *repaired.mutable_statement() = Told(statement);
    repaired.set_sql(Shortened(repair.sql));
    repaired.set_how(repair.how);
  }

  bool Migrate() {
    const std::unique_ptr<Session> runner = OpenForSql();
    if (runner == nullptr) return false;
    for (const v1::MigrationFile& file : change_.files()) {
      if (const auto flaw = migration::FindFlaw(file.sql())) {
        SetFailure({"", flaw->message}, SessionEnd::kNone, file.path(), 1, rehearsal_);
        return false;
      }
      ups_.push_back({file.path(), ReadMigration(file)});
    }
    if (!downs_.all().empty()) {
      auto inventory = ReadInventory(*admin_);
      if (inventory.ok()) inventory_before_ = *std::move(inventory);
      if (!GoesOn(*admin_)) return false;
    }
    RunMigrations(*runner, *admin_, *roles_, &before_, ups_, rehearsal_);
    return rehearsal_.end() == v1::REHEARSAL_END_UNSPECIFIED && GoesOn(*runner);
  }

  bool TryAfter() {
    Snapshot after;
    if (!ReadCatalogue(after)) return false;
    const std::unique_ptr<Session> session = OpenForSql();
    if (session == nullptr) return false;
    const std::vector<Trial> trials = TryAll(*session, texts_, limits_.column_bytes);
    const TypeNames types = NameTypes(*admin_, trials);
    Bodies bodies;
    if (!GoesOn(*session) || !LookThroughBodies(*session, bodies)) return false;
    int covered = rehearsal_.covered_statements();
    for (size_t i = 0; i < trials.size(); ++i) {
      if (trials[i].ok()) {
        CompareResults(running_[i], trials[i].described, types);
      } else if (IsOurLimit(trials[i].error())) {
        --covered;
        LoseStatement(*running_[i].statement,
                      absl::StrCat("on the schema after: ", Describe(trials[i].error())));
      } else {
        AddBroken(*running_[i].statement, trials[i]);
      }
    }
    rehearsal_.set_covered_statements(covered);
    const std::vector<BrokenBody> broken =
        CompareBodies(bodies_before_, bodies, before_, rehearsal_);
    CompareSchemas(before_, after, search_path_, running_, broken, rehearsal_);
    SetTook(bodies_took_, *rehearsal_.mutable_bodies_took());
    return true;
  }

  void AddBroken(const v1::WorkloadStatement& statement, const Trial& trial) {
    const auto way = std::pair(trial.error().sqlstate, trial.error().message);
    const auto known = ways_.find(way);
    if (known == ways_.end() && ways_.size() == kMaxWays) {
      v1::LeftOut& left_out = *rehearsal_.mutable_left_out();
      return left_out.set_broken_statements(left_out.broken_statements() + 1);
    }
    if (known != ways_.end() && (known->second.listed == kMaxAlike || broken_room_.IsFull())) {
      v1::BrokenStatement& first = *rehearsal_.mutable_broken_statements(known->second.first);
      return first.set_more_alike(first.more_alike() + 1);
    }
    Way& alike = ways_.try_emplace(way, Way{rehearsal_.broken_statements_size()}).first->second;
    ++alike.listed;
    v1::BrokenStatement& broken = *rehearsal_.add_broken_statements();
    *broken.mutable_statement() = Told(statement);
    broken_room_.Take(broken.statement().ByteSizeLong());
    broken.set_sqlstate(trial.error().sqlstate);
    broken.set_message(trial.error().message);
    broken.set_fails_in_planning(trial.plan_error.has_value());
  }

  void CompareResults(const Running& running, const Described& now, const TypeNames& types) {
    const Described& was = running.described;
    if (was.columns == now.columns && was.parameters == now.parameters) return;
    if (result_room_.IsFull()) {
      v1::LeftOut& left_out = *rehearsal_.mutable_left_out();
      return left_out.set_result_changes(left_out.result_changes() + 1);
    }
    v1::ResultChange& change = *rehearsal_.add_result_changes();
    *change.mutable_statement() = Told(*running.statement);
    const auto add_columns = [](const Described& described, const TypeNames& names, auto& to) {
      for (const auto& column : described.columns) {
        v1::ResultColumn& added = *to.Add();
        added.set_name(column.name);
        added.set_type(names.at({column.type, column.modifier}));
      }
    };
    add_columns(was, types_before_, *change.mutable_before());
    add_columns(now, types, *change.mutable_after());
    for (const Oid type : was.parameters)
      change.add_parameters_before(types_before_.at({type, -1}));
    for (const Oid type : now.parameters) change.add_parameters_after(types.at({type, -1}));
    result_room_.Take(change.ByteSizeLong());
  }

  bool LookThroughBodies(Session& session, Bodies& bodies) {
    const auto began = std::chrono::steady_clock::now();
    auto read = ReadBodies(*admin_, session);
    bodies_took_ += std::chrono::steady_clock::now() - began;
    if (read.ok()) bodies = *std::move(read);
    if (!GoesOn(session)) return false;
    if (read.ok()) return true;
    SetFailure({"", std::string(read.status().message())}, SessionEnd::kLost, "", 0, rehearsal_);
    return false;
  }

  ScratchCluster& cluster_;
  const v1::SchemaChange& change_;
  const RehearsalLimits limits_;
  const DownScripts downs_;
  steady_clock::time_point next_look_{};  // at the disk
  const SessionLimits session_limits_;
  v1::Rehearsal rehearsal_;
  std::unique_ptr<Session> admin_;
  std::unique_ptr<Roles> roles_;

  Snapshot before_;
  std::vector<std::string> search_path_;
  std::vector<Running> running_;    // with
  std::vector<std::string> texts_;  // their texts, in the same order
  TypeNames types_before_;
  Bodies bodies_before_;
  std::chrono::nanoseconds bodies_took_{0};

  // Statements of the workload that fail alike.
  struct Way {
    int first = 0;  // of them, in the list
    int listed = 0;
  };
  std::map<std::pair<std::string, std::string>, Way> ways_;  // by code and message
  ListRoom broken_room_{kMaxBrokenBytes}, result_room_{kMaxResultBytes};

  std::vector<MigrationScript> ups_;
  std::optional<Inventory> inventory_before_;  // where going back is tried
};

}  // namespace

absl::StatusOr<v1::Rehearsal> Rehearse(ScratchCluster& cluster, const v1::SchemaChange& change,
                                       const RehearsalLimits& limits) {
  return OneRehearsal(cluster, change, limits).Run();
}

}  // namespace gate
