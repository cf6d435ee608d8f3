#include "gate/evidence/rehearsal/release.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// To end a server and remove its files.
constexpr milliseconds kToEnd{250};

// `told` is a SchemaChange or a Database, which say the same things.
void Tell(const auto& told, v1::SchemaChange& database) {
  database.set_schema_before(told.schema_before());
  *database.mutable_running_workload() = told.running_workload();
  database.set_postgres_major_version(told.postgres_major_version());
}

// What the release is to each database, by its name.
std::map<std::string, v1::SchemaChange> DatabasesOf(const v1::SchemaChange& change) {
  std::map<std::string, v1::SchemaChange> databases;
  for (const v1::MigrationFile& file : change.files()) {
    *databases[file.database()].add_files() = file;
  }
  for (auto& [name, database] : databases) {
    if (name.empty()) Tell(change, database);
    for (const v1::Database& told : change.databases()) {
      if (told.name() == name) Tell(told, database);
    }
  }
  return databases;
}

}  // namespace

absl::Status Rehearser::Prepare() { return ClustersFor(std::nullopt).status(); }

absl::StatusOr<const ScratchClusters*> Rehearser::ClustersFor(std::optional<int> major) {
  MutexLock lock(mu_);
  if (programs_.empty()) {
    auto found = FindAllPostgres(options_);
    if (!found.ok()) return found.status();
    programs_ = *std::move(found);
  }
  const ScratchClusters* last = nullptr;
  for (const PostgresPrograms& programs : programs_) {
    if (major && programs.folder != ProgramsFor(*major, programs_).folder) continue;
    std::unique_ptr<ScratchClusters>& clusters = clusters_[programs.folder];
    if (clusters == nullptr) {
      ScratchOptions options = options_;
      options.programs = {programs.folder};
      auto opened = ScratchClusters::Open(options);
      if (!opened.ok()) return opened.status();
      clusters = *std::move(opened);
    }
    last = clusters.get();
  }
  return last;
}

absl::StatusOr<v1::Rehearsal> Rehearser::RehearseOne(const v1::SchemaChange& database,
                                                     steady_clock::time_point deadline) {
  const auto clusters = ClustersFor(database.postgres_major_version());
  if (!clusters.ok()) return clusters.status();
  const auto late = [&] {
    v1::Rehearsal rehearsal;
    rehearsal.set_end(v1::REHEARSAL_END_TIMED_OUT);
    rehearsal.mutable_failure()->set_message("there was no time to begin");
    return rehearsal;
  };
  const auto end = std::min(deadline - kToEnd, steady_clock::now() + limits_.total);
  if (steady_clock::now() >= end) return late();
  const auto cluster = (*clusters)->Start(end, database.schema_before());
  if (absl::IsDeadlineExceeded(cluster.status())) return late();
  if (!cluster.ok()) return cluster.status();
  RehearsalLimits limits = limits_;
  limits.total = std::chrono::duration_cast<milliseconds>(end - steady_clock::now());
  limits.statement = std::min(limits.statement, limits.total);
  if (limits.total <= milliseconds(0)) return late();
  return gate::Rehearse(**cluster, database, limits);
}

absl::StatusOr<v1::Rehearsals> Rehearser::Rehearse(const v1::SchemaChange& change,
                                                   steady_clock::time_point deadline) {
  v1::Rehearsals rehearsals;
  for (const auto& [name, database] : DatabasesOf(change)) {
    auto rehearsal = RehearseOne(database, deadline);
    if (absl::IsNotFound(rehearsal.status()) || absl::IsFailedPrecondition(rehearsal.status())) {
      return rehearsal.status();
    }
    v1::Rehearsal& added = *rehearsals.add_rehearsals();
    if (rehearsal.ok()) {
      added = *std::move(rehearsal);
    } else {
      added.set_end(v1::REHEARSAL_END_SERVER_LOST);
      added.mutable_failure()->set_message(
          std::string(rehearsal.status().message().substr(0, 1024)));
    }
    added.set_database(name);
  }
  return rehearsals;
}

}  // namespace gate
