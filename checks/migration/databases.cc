#include "checks/migration/databases.h"

#include <map>
#include <utility>

#include "checks/proto_time.h"

namespace gate::migration {
namespace {

constexpr absl::Duration kMaxWorkloadAge = absl::Minutes(15);

int64_t SmallTableBytes(const v1::MigrationPolicy& policy) {
  return policy.has_small_table_bytes() ? policy.small_table_bytes() : kSmallTableBytes;
}

// `told` is a SchemaChange or a Database, which say the same things.
void Tell(const auto& told, OneDatabase& database) {
  database.schema_before = told.schema_before();
  database.running_workload = &told.running_workload();
  database.new_workload = &told.new_workload();
  database.tables = &told.tables();
  if (told.has_coverage()) database.coverage = &told.coverage();
  database.postgres_version = told.postgres_major_version();
}

}  // namespace

std::vector<OneDatabase> DatabasesOf(const v1::SchemaChange& schema) {
  std::map<std::string_view, OneDatabase> databases;
  for (const v1::MigrationFile& file : schema.files()) {
    databases[file.database()].files.push_back(&file);
  }
  std::vector<OneDatabase> found;
  for (auto& [name, database] : databases) {
    database.name = name;
    if (name.empty()) Tell(schema, database);
    for (const v1::Database& told : schema.databases()) {
      if (told.name() == name) Tell(told, database);
    }
    found.push_back(std::move(database));
  }
  return found;
}

Judgement JudgeOn(const OneDatabase& database, const v1::MigrationPolicy& policy, absl::Time now) {
  Catalog catalog;
  LoadSchema(database.schema_before, catalog);
  LoadTables(*database.tables, catalog);
  Workloads workloads{Workload(*database.running_workload), Workload(*database.new_workload)};
  if (policy.has_unused_for() && database.coverage != nullptr) {
    workloads.recording = RecordingOf(
        *database.coverage, FromProto(policy.unused_for()),
        policy.has_max_workload_age() ? FromProto(policy.max_workload_age()) : kMaxWorkloadAge, now,
        workloads.running);
  }
  Release release(database.files, database.postgres_version, SmallTableBytes(policy), workloads,
                  catalog);
  Judgement judgement = release.Judge();
  judgement.recording = std::move(workloads.recording);
  return judgement;
}

}  // namespace gate::migration
