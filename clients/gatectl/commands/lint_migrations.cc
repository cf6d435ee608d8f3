// gatectl lint migrations: judges schema migrations offline, by the rules of the migration check.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "checks/migration/formats.h"
#include "checks/migration/lint.h"
#include "clients/gatectl/commands/commands.h"
#include "clients/gatectl/database.h"
#include "clients/gatectl/files.h"
#include "clients/gatectl/migrations.h"
#include "clients/gatectl/rehearse.h"
#include "clients/gatectl/results.h"

namespace gate::ctl {
namespace {

namespace fs = std::filesystem;

struct LintFlags {
  std::vector<std::string> paths;
  std::string schema, database, workload, new_workload;
  LintOptions options;
  bool rehearse = false;
};

// A folder stands for the SQL files in it and in the folders under it, but for those that undo
// another of them.
Or<std::vector<std::string>> Expand(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (path == "-" || !fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> found;
    for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
         at.increment(error)) {
      std::error_code ignored;
      const std::string name = at->path().lexically_normal().string();
      if (absl::EndsWithIgnoreCase(name, ".sql") && !at->is_directory(ignored)) {
        found.push_back(name);
      }
    }
    if (error)
      return Problem{"E0202", absl::StrCat("cannot read ", path), {error.message()}, "", "", {}};
    if (found.empty()) {
      return Problem{"E0202", absl::StrCat("there are no .sql files in ", path),
                     {},      "",
                     "",      {"name the folder with the migrations"}};
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> up = migration::WithoutDownParts(found, found);
    std::move(up.begin(), up.end(), std::back_inserter(files));
  }
  return files;
}

// What the command line says comes first.
void Use(const v1::Database& database, LintOptions& options) {
  if (options.schema.empty()) options.schema = database.schema_before();
  options.tables.assign(database.tables().begin(), database.tables().end());
  options.workload.assign(database.running_workload().begin(), database.running_workload().end());
  if (options.postgres_version == 0) {
    options.postgres_version = database.postgres_major_version();
  }
}

int Run(const Session& session, LintFlags flags) {
  const auto targets = session.Outputs();
  if (!targets) return session.Fail(targets.problem());
  const Or<std::vector<std::string>> paths = Expand(flags.paths);
  if (!paths) return session.Fail(paths.problem());
  std::vector<LintFile> files;
  render::Sources sources;
  for (const std::string& path : *paths) {
    const Or<std::string> text = ReadFile(path);
    if (!text) return session.Fail(text.problem());
    if (!sources.emplace(path, *text).second) continue;  // named twice, judged once
    files.push_back({path, *text});
  }
  if (!flags.schema.empty()) {
    Or<std::string> schema = ReadFile(flags.schema);
    if (!schema) return session.Fail(schema.problem());
    flags.options.schema = *std::move(schema);
  }
  if (!flags.database.empty()) {
    const Or<ReadDatabase> read = InspectDatabase(flags.database);
    if (!read) return session.Fail(read.problem());
    for (const std::string& note : read->notes) session.Note(note);
    Use(read->database, flags.options);
  }
  for (const auto& [path, statements] :
       {std::pair(&flags.workload, &flags.options.workload),
        std::pair(&flags.new_workload, &flags.options.new_workload)}) {
    if (path->empty()) continue;
    Or<ReadStatements> workload = ReadWorkload(*path, *path);
    if (!workload) return session.Fail(workload.problem());
    *statements = std::move(workload->statements);
  }
  v1::Rehearsal rehearsal;
  if (flags.rehearse) {
    Or<v1::Rehearsal> rehearsed = Rehearse(session, RehearsalOf(files, flags.options));
    if (!rehearsed) return session.Fail(rehearsed.problem());
    rehearsal = *std::move(rehearsed);
    flags.options.rehearsal = &rehearsal;
  }
  const v1::LintReport report = LintMigrations(files, flags.options);
  const int code = ExitCodeOf(report);
  const Or<bool> printed = PrintReport(session, *targets, report, sources, code);
  if (!printed) return session.Fail(printed.problem());
  return session.End(code);
}

}  // namespace

void AddLintMigrations(CLI::App& lint, Session& session) {
  CLI::App& command = *lint.add_subcommand("migrations", "Schema migrations, as SQL");
  auto flags = std::make_shared<LintFlags>();
  command
      .add_option("PATH", flags->paths, "Files, or folders with .sql files (- is standard input)")
      ->required();
  command.add_option("--schema", flags->schema, "The schema before the first of them, as SQL");
  command.add_option("--database", flags->database,
                     "The database that they are for: postgresql://..., $VARIABLE with that, or a "
                     "file from gate-inspect; tells schema, sizes and workload");
  command.add_option("--workload", flags->workload,
                     "What the running version executes: pg_stat_statements as CSV or JSON, SQL, "
                     ".sqlx, sqlc; a file or a folder");
  command.add_option("--new-workload", flags->new_workload,
                     "The same of the version that goes out with them: says what it needs that "
                     "they do not make");
  command
      .add_option("--postgres-version", flags->options.postgres_version, "Major version, 11 to 18")
      ->check(CLI::Range(11, 18));
  command.add_flag("--release-unit", flags->options.release_unit,
                   "All that is named goes out as one release");
  command.add_flag(
      "--rehearse", flags->rehearse,
      "Run it on a scratch PostgreSQL of this machine: the release unit, or the newest "
      "migration with the earlier ones as its schema");
  command.callback(
      [&session, flags] { session.run = [&session, flags] { return Run(session, *flags); }; });
}

}  // namespace gate::ctl
