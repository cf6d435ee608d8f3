#include "clients/gatectl/migrations.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "checks/migration/formats.h"
#include "checks/migration/order.h"
#include "checks/migration/workload_files.h"
#include "clients/gatectl/database.h"
#include "clients/gatectl/files.h"

namespace gate::ctl {
namespace {

namespace fs = std::filesystem;
using config::v1::MigrationFolder;

struct File {
  std::string path;
  std::string text;
  const MigrationFolder* folder = nullptr;
  // What undoes it, where that is a file of its own.
  std::string down_path;
  std::string down_text;
};

v1::MigrationFile ToProto(const File& file) {
  v1::MigrationFile proto;
  proto.set_path(file.path);
  proto.set_sql(file.text);
  proto.set_format(file.folder->format());
  proto.set_transaction_mode(file.folder->transaction_mode());
  proto.set_down_path(file.down_path);
  proto.set_down_sql(file.down_text);
  return proto;
}

bool IsSql(const std::string& path) { return absl::EndsWithIgnoreCase(path, ".sql"); }

// What the file does on its way up, without the markers and the way down.
std::string UpText(const File& file) {
  const v1::MigrationFile proto = ToProto(file);
  std::string up;
  for (const auto& section : migration::UpSections(proto, file.text)) {
    up += migration::Slice(file.text, section.span);
    up += "\n";
  }
  return up;
}

bool GoesUp(const File& file) { return !migration::UpSections(ToProto(file), file.text).empty(); }

void Sort(std::vector<File>& files) {
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return migration::RunsBefore(a.path, b.path); });
}

Or<bool> IsText(const std::string& path, const std::string& text) {
  const auto flaw = migration::FindFlaw(text);
  if (!flaw) return true;
  return Problem{"E0203",
                 absl::StrCat(path, " cannot be sent"),
                 {flaw->message},
                 "",
                 "",
                 {"save it as UTF-8"}};
}

Or<bool> ReadInto(const Git& git, const std::string& revision, const MigrationFolder& folder,
                  const std::vector<std::string>& paths, std::vector<File>& files) {
  Or<std::vector<std::string>> texts = git.Read(revision, paths);
  if (!texts) return texts.problem();
  for (size_t i = 0; i < paths.size(); ++i) {
    File file{paths[i], std::move((*texts)[i]), &folder, "", ""};
    if (const Or<bool> readable = IsText(file.path, file.text); !readable) return readable;
    if (GoesUp(file)) files.push_back(std::move(file));
  }
  return true;
}

// Gives each file the text that undoes it, where that is another file of `paths`.
Or<bool> AddDownParts(const Git& git, const std::string& revision,
                      const std::vector<std::string>& paths, std::vector<File>& files) {
  std::vector<File*> undone;
  std::vector<std::string> down_paths;
  for (File& file : files) {
    const auto down = std::find_if(paths.begin(), paths.end(), [&](const std::string& path) {
      return migration::Undoes(path, file.path);
    });
    if (down == paths.end()) continue;
    undone.push_back(&file);
    down_paths.push_back(*down);
  }
  Or<std::vector<std::string>> texts = git.Read(revision, down_paths);
  if (!texts) return texts.problem();
  for (size_t i = 0; i < undone.size(); ++i) {
    if (const Or<bool> readable = IsText(down_paths[i], (*texts)[i]); !readable) return readable;
    undone[i]->down_path = std::move(down_paths[i]);
    undone[i]->down_text = std::move((*texts)[i]);
  }
  return true;
}

// Trailing slashes and a leading "./" mean nothing to git's trees.
std::string FolderPath(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  while (path.substr(0, 2) == "./") path = path.substr(2);
  return path;
}

struct Release {
  std::vector<File> added;
  std::vector<File> before;
};

Or<bool> AddFolder(const Git& git, const MigrationFolder& folder, Collected& collected,
                   Release& release) {
  const v1::Change& change = collected.change;
  const std::string path = FolderPath(folder.path());
  const Or<std::vector<std::string>> at_head = git.Files(change.head_revision(), path + "/");
  if (!at_head) return at_head.problem();
  if (at_head->empty()) {
    return Problem{
        "E0203",
        absl::StrCat(".gate.yaml: there are no migrations in ", path),
        {absl::StrCat("the folder is empty or missing in ", change.head_revision().substr(0, 12))},
        "",
        "",
        {"set migrations[].path, from the repository's root"}};
  }
  const Or<std::vector<GitChange>> changes =
      git.Changes(change.base_revision(), change.head_revision(), path);
  if (!changes) return changes.problem();
  std::vector<std::string> added;
  for (const GitChange& entry : *changes) {
    if (!IsSql(entry.path)) continue;
    if (entry.kind == 'D') {
      collected.notes.push_back(absl::StrCat(entry.path, " was deleted since it was deployed"));
      continue;
    }
    if (entry.kind != 'A') {
      collected.notes.push_back(absl::StrCat(
          entry.path, " was changed since it was deployed: judged as if it ran again"));
    }
    added.push_back(entry.path);
  }
  std::vector<std::string> before;
  if (!change.base_revision().empty()) {
    const Or<std::vector<std::string>> files = git.Files(change.base_revision(), path + "/");
    if (!files) return files.problem();
    std::copy_if(files->begin(), files->end(), std::back_inserter(before), IsSql);
    before = migration::WithoutDownParts(std::move(before), *files);
  }
  added = migration::WithoutDownParts(std::move(added), *at_head);
  if (const Or<bool> read = ReadInto(git, change.base_revision(), folder, before, release.before);
      !read) {
    return read;
  }
  std::vector<File> files;
  if (const Or<bool> read = ReadInto(git, change.head_revision(), folder, added, files); !read) {
    return read;
  }
  if (const Or<bool> read = AddDownParts(git, change.head_revision(), *at_head, files); !read) {
    return read;
  }
  std::move(files.begin(), files.end(), std::back_inserter(release.added));
  return true;
}

Or<bool> NoteUncommitted(const Git& git, const MigrationFolder& folder, Collected& collected) {
  const Or<std::vector<std::string>> paths = git.Uncommitted(FolderPath(folder.path()));
  if (!paths) return paths.problem();
  for (const std::string& path : *paths) {
    if (IsSql(path)) {
      collected.notes.push_back(absl::StrCat(path, " is not committed: not part of the question"));
    }
  }
  return true;
}

template <typename Field>
Or<bool> AddWorkload(const Git& git, const std::string& path, Field* workload,
                     v1::WorkloadCoverage* coverage = nullptr) {
  if (path.empty()) return true;
  Or<ReadStatements> read = ReadWorkload(RelativeTo(git.root(), path), path);
  if (!read) return read.problem();
  for (v1::WorkloadStatement& statement : read->statements) {
    *workload->Add() = std::move(statement);
  }
  if (coverage != nullptr && read->coverage) *coverage = *std::move(read->coverage);
  return true;
}

// What the database says, once for all of its folders.
Or<bool> AddLive(const Git& git, const std::string& where, Collected& collected,
                 v1::Database& about) {
  if (where.empty() || !about.schema_before().empty()) return true;
  const bool file = where[0] != '$' && where.find("://") == std::string::npos;
  Or<ReadDatabase> read = InspectDatabase(file ? RelativeTo(git.root(), where) : where);
  if (!read) return read.problem();
  for (const std::string& note : read->notes) collected.notes.push_back(note);
  about.MergeFrom(read->database);
  return true;
}

absl::Time WrittenAt(const std::string& path) {
  struct stat about;
  return stat(path.c_str(), &about) == 0 ? absl::TimeFromTimespec(about.st_mtim)
                                         : absl::InfinitePast();
}

// The path itself, or the files of the folder that it is.
Or<std::vector<std::string>> WorkloadPaths(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> paths;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored) && IsWorkloadFile(at->path().string())) {
      paths.push_back(at->path().string());
    }
  }
  if (error) {
    return Problem{"E0202", absl::StrCat("cannot read ", path), {error.message()}, "", "", {}};
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Of several folders, those without a name are databases of their own: to take two for one could
// hide what a release does to either.
std::string DatabaseOf(const MigrationFolder& folder, const config::v1::Project& project) {
  if (!folder.database().empty() || project.migrations_size() == 1) return folder.database();
  return FolderPath(folder.path());
}

void AddDatabase(v1::Database database, v1::SchemaChange& schema) {
  if (!database.name().empty()) {
    *schema.add_databases() = std::move(database);
    return;
  }
  schema.set_schema_before(std::move(*database.mutable_schema_before()));
  *schema.mutable_running_workload() = std::move(*database.mutable_running_workload());
  *schema.mutable_new_workload() = std::move(*database.mutable_new_workload());
  schema.set_postgres_major_version(database.postgres_major_version());
  *schema.mutable_tables() = std::move(*database.mutable_tables());
  if (database.has_coverage()) *schema.mutable_coverage() = std::move(*database.mutable_coverage());
}

}  // namespace

Or<ReadStatements> ReadWorkload(const std::string& path, const std::string& shown) {
  const Or<std::vector<std::string>> paths = WorkloadPaths(path);
  if (!paths) return paths.problem();
  std::vector<WorkloadFile> files;
  for (const std::string& each : *paths) {
    Or<std::string> text = ReadFile(each);
    if (!text) return text.problem();
    files.push_back({shown + each.substr(path.size()), *std::move(text), WrittenAt(each)});
  }
  ParsedWorkload parsed = ParseWorkload(files);
  if (!parsed.issue) {
    return ReadStatements{std::move(parsed.statements), std::move(parsed.coverage)};
  }
  const std::string place = parsed.issue->path.empty() ? shown : parsed.issue->path;
  return Problem{"E0203",
                 absl::StrCat(place, ":", parsed.issue->line, " is no workload"),
                 {parsed.issue->what},
                 "",
                 "",
                 {parsed.issue->help}};
}

Or<bool> AddMigrations(const Git& git, const config::v1::Project& project, Collected& collected) {
  struct OneDatabase {
    Release release;
    v1::Database about;
  };
  std::map<std::string, OneDatabase> databases;
  for (const MigrationFolder& folder : project.migrations()) {
    OneDatabase& database = databases[DatabaseOf(folder, project)];
    if (const Or<bool> added = AddFolder(git, folder, collected, database.release); !added) {
      return added;
    }
    if (const Or<bool> noted = NoteUncommitted(git, folder, collected); !noted) return noted;
    if (const Or<bool> added = AddLive(git, folder.live_database(), collected, database.about);
        !added) {
      return added;
    }
    v1::WorkloadCoverage coverage;
    if (const Or<bool> added =
            AddWorkload(git, folder.workload(), database.about.mutable_running_workload(),
                        database.about.has_coverage() ? nullptr : &coverage);
        !added) {
      return added;
    }
    if (coverage.has_recorded_until()) *database.about.mutable_coverage() = std::move(coverage);
    if (const Or<bool> added =
            AddWorkload(git, folder.new_workload(), database.about.mutable_new_workload());
        !added) {
      return added;
    }
    if (folder.postgres_major_version() != 0) {
      database.about.set_postgres_major_version(folder.postgres_major_version());
    }
  }
  v1::SchemaChange schema;
  for (auto& [name, database] : databases) {
    if (database.release.added.empty()) continue;
    Sort(database.release.added);
    Sort(database.release.before);
    for (const File& file : database.release.added) {
      v1::MigrationFile& added = *schema.add_files();
      added = ToProto(file);
      added.set_database(name);
      collected.sources[file.path] = file.text;
    }
    // The database knows better than its history.
    if (!database.about.schema_before().empty()) database.release.before.clear();
    for (const File& file : database.release.before) {
      absl::StrAppend(database.about.mutable_schema_before(), "-- ", file.path, "\n", UpText(file));
    }
    database.about.set_name(name);
    AddDatabase(std::move(database.about), schema);
  }
  if (schema.files().empty()) return true;
  *collected.change.mutable_schema_change() = std::move(schema);
  return true;
}

}  // namespace gate::ctl
