// Schema migrations of a checkout: what the release adds, and what was there before.
#ifndef CLIENTS_GATECTL_MIGRATIONS_H_
#define CLIENTS_GATECTL_MIGRATIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "clients/gatectl/collect.h"

namespace gate::ctl {

// Fills change.schema_change where the folders of .gate.yaml have files that are new or changed
// since change.base_revision: these in the order in which the tools run them, the earlier ones as
// the schema before. Leaves it unset where there are none.
Or<bool> AddMigrations(const Git& git, const config::v1::Project& project, Collected& collected);

struct ReadStatements {
  std::vector<v1::WorkloadStatement> statements;
  std::optional<v1::WorkloadCoverage> coverage;
};

// What a version executes, from a file or from those in a folder that look like one
// (checks/migration/workload_files.h). `path` is read, `shown` printed.
Or<ReadStatements> ReadWorkload(const std::string& path, const std::string& shown);

}  // namespace gate::ctl

#endif  // CLIENTS_GATECTL_MIGRATIONS_H_
