// Files that say what a version of a service executes, as its tools write them:
//
//   pg_stat_statements, as CSV with a header (psql --csv) or as JSON, an object a line or an array:
//     query, and of calls_per_hour, calls, stats_since, toplevel what there is
//   statements in SQL, each with its semicolon; sqlc's queries (-- name: ListOrders :many)
//   sqlx: .sqlx/query-*.json, and the older sqlx-data.json; sqlc's JSON manifest
//   a recording, as JSON: an object with recorded_since, recorded_until, complete, versions, and
//     statements, which are rows of pg_stat_statements with last_seen where it is known
//
// Pure: the caller reads the files. Which of these a file is, its text tells.
#ifndef CHECKS_MIGRATION_WORKLOAD_FILES_H_
#define CHECKS_MIGRATION_WORKLOAD_FILES_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gate/v1/change.pb.h"

namespace gate {

struct WorkloadFile {
  std::string path;  // as errors and origins should print it
  std::string text;  // any bytes
  // When it was written: calls counted since stats_since are counted up to then. InfinitePast: not
  // known, and so is how often they run.
  absl::Time written = absl::InfinitePast();
};

// Why a file cannot be used, and what to do.
struct WorkloadIssue {
  std::string path;
  int line = 1;
  std::string what;
  std::string help;
};

struct ParsedWorkload {
  // In the order of the files. What pg_stat_statements counts several times, for each user and
  // database, is one statement.
  std::vector<v1::WorkloadStatement> statements;
  // Of the recordings among the files: the time that all of them cover.
  std::optional<v1::WorkloadCoverage> coverage;
  std::optional<WorkloadIssue> issue;  // the first; there are no statements then
};

// Without any statement there is an issue: an empty workload is none.
ParsedWorkload ParseWorkload(std::span<const WorkloadFile> files);

// Whether a file that is found in a folder is taken for one of these, by its name.
bool IsWorkloadFile(const std::string& path);

}  // namespace gate

#endif  // CHECKS_MIGRATION_WORKLOAD_FILES_H_
