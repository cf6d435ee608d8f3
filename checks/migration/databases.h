// A schema change, database by database. Each is judged by itself: a table of the release in one is
// not the table of that name in another.
#ifndef CHECKS_MIGRATION_DATABASES_H_
#define CHECKS_MIGRATION_DATABASES_H_

#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "checks/migration/release.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/policy.pb.h"

namespace gate::migration {

// A database, and what the release runs on it. Points into the SchemaChange.
struct OneDatabase {
  std::string_view name;
  std::vector<const v1::MigrationFile*> files;
  std::string_view schema_before;
  const google::protobuf::RepeatedPtrField<v1::WorkloadStatement>* running_workload =
      &v1::Database::default_instance().running_workload();
  const google::protobuf::RepeatedPtrField<v1::WorkloadStatement>* new_workload = running_workload;
  const google::protobuf::RepeatedPtrField<v1::TableState>* tables =
      &v1::Database::default_instance().tables();
  const v1::WorkloadCoverage* coverage = nullptr;
  int postgres_version = 0;
};

// The databases that files run on, by name; one without a name comes first.
std::vector<OneDatabase> DatabasesOf(const v1::SchemaChange& schema);

// What the release comes to on that database, as the policy weighs it, at that moment.
Judgement JudgeOn(const OneDatabase& database, const v1::MigrationPolicy& policy, absl::Time now);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_DATABASES_H_
