// Judges migrations offline, without a server: `gatectl lint migrations`. Pure: the caller reads
// the files. The same rules as the check's, on the same code.
#ifndef CHECKS_MIGRATION_LINT_H_
#define CHECKS_MIGRATION_LINT_H_

#include <span>
#include <string>
#include <vector>

#include "gate/v1/change.pb.h"
#include "gate/v1/rehearsal.pb.h"
#include "gate/v1/report.pb.h"

namespace gate {

struct LintFile {
  std::string path;  // as findings should print it
  std::string text;
};

struct LintOptions {
  // SQL of the schema before the first migration: a dump. Empty: not known, unless the files go
  // back to the first migration.
  std::string schema;
  // What the running version executes, and what the new one does. Empty: not known.
  std::vector<v1::WorkloadStatement> workload, new_workload;
  // What is known of the tables themselves. Findings of nothing but locks on small ones are INFO,
  // by the default limit of the policy.
  std::vector<v1::TableState> tables;
  // Major version of the server; 0: not known, the oldest is assumed.
  int postgres_version = 0;
  // Whether all files go out together as one release. Otherwise each is a release of its own, and
  // the earlier ones are its schema.
  bool release_unit = false;
  // What was seen when the change of RehearsalOf was run; null: nothing was.
  const v1::Rehearsal* rehearsal = nullptr;
};

// The release whose rehearsal says something of these files: all of them where they are a release
// unit; else the newest one, on the schema that is given and the earlier files make.
v1::SchemaChange RehearsalOf(std::span<const LintFile> files, const LintOptions& options);

// Files are judged in the order in which the tools run them (order.h): folder by folder, in each by
// version. Files that undo migrations are left out of the judgement; their inputs have no items.
//
// The earlier files of a folder are the schema of the later ones. Where no schema is given, each
// folder is taken for a database of its own; where there is only one and its first file names
// itself the first migration (version 0 or 1, or "init"), nothing is taken to have been there
// before it. With a schema all folders are migrations of that database.
v1::LintReport LintMigrations(std::span<const LintFile> files, const LintOptions& options);

}  // namespace gate

#endif  // CHECKS_MIGRATION_LINT_H_
