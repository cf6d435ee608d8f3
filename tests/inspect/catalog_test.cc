// The model of the schema against PostgreSQL's own: both are given the same statements, and then
// tell the same schema. The statements are those of the rules' goldens; GATE_REPLAY=FOLDER takes
// the migrations of a repository as well, file by file.
#include "checks/migration/catalog.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/formats.h"
#include "checks/migration/order.h"
#include "checks/migration/release.h"
#include "gate/evidence/inspect/inspect.h"
#include "tests/fakes/postgres_server.h"

namespace gate {
namespace {

namespace fs = std::filesystem;
using migration::Catalog;
using migration::ConstraintKind;
using migration::KnownColumn;
using migration::KnownConstraint;
using migration::Relation;
using migration::RelationKind;

PostgresServer& Server() {
  static PostgresServer server({"fsync = off"});
  return server;
}

// As both write it: tables of the search path without their schema.
std::string Plain(std::string name) {
  constexpr std::string_view kPublic = "public.";
  return name.starts_with(kPublic) ? name.substr(kPublic.size()) : name;
}

std::string ToText(const migration::Name& name) {
  return Plain(name.schema.empty() ? name.name : absl::StrCat(name.schema, ".", name.name));
}

std::string ToText(const KnownColumn& column) {
  const migration::Column& definition = column.definition;
  std::string text = absl::StrCat("  ", definition.name);
  if (definition.type) {
    const migration::Type& type = *definition.type;
    absl::StrAppend(
        &text, " ", Plain(type.name),
        type.modifiers.empty() ? "" : absl::StrCat("(", absl::StrJoin(type.modifiers, ","), ")"),
        type.dimensions > 0 ? "[]" : "");
  }
  return absl::StrCat(text, definition.not_null ? " not null" : "",
                      definition.filled ? " filled" : "");
}

std::string ToText(const KnownConstraint& known) {
  const migration::AddConstraint& constraint = known.definition;
  constexpr const char* kKinds[] = {"check", "foreign key", "unique", "primary key", "exclude"};
  std::string text =
      absl::StrCat("  ", constraint.name, " ", kKinds[static_cast<int>(constraint.kind)],
                   known.valid ? "" : " not valid");
  const bool key = constraint.kind == ConstraintKind::kForeignKey ||
                   constraint.kind == ConstraintKind::kUnique ||
                   constraint.kind == ConstraintKind::kPrimaryKey;
  if (key) absl::StrAppend(&text, " (", absl::StrJoin(constraint.columns, ", "), ")");
  if (constraint.kind == ConstraintKind::kForeignKey) {
    absl::StrAppend(&text, " references ", ToText(constraint.references), " ",
                    std::string(1, constraint.on_delete == 0 ? 'a' : constraint.on_delete));
  }
  return text;
}

constexpr char kUnknown[] = " of unknown columns";

// One line for each thing, in an order that both have.
std::vector<std::string> ToLines(const Catalog& catalog) {
  std::vector<std::string> lines;
  for (const Relation* relation : catalog.Relations()) {
    constexpr const char* kKinds[] = {"table",         "view",     "materialized view",
                                      "foreign table", "sequence", "index"};
    if (relation->kind == RelationKind::kSequence) continue;  // of columns: both say so there
    const std::string name = ToText(relation->name);
    const std::string head = absl::StrCat(kKinds[static_cast<int>(relation->kind)], " ", name);
    lines.push_back(absl::StrCat(head, relation->unique ? " unique" : ""));
    if (relation->kind == RelationKind::kIndex) continue;
    if (!relation->all_columns_known) {
      lines.push_back(head + kUnknown);
      continue;
    }
    std::vector<std::string> parts;
    for (const KnownColumn& column : relation->columns) lines.push_back(head + ToText(column));
    for (const KnownConstraint& known : relation->constraints)
      parts.push_back(head + ToText(known));
    for (const auto& trigger : relation->triggers) {
      parts.push_back(absl::StrCat(head, "  trigger ", trigger.name));
    }
    for (const migration::UniqueKey& key : catalog.UniqueKeysOf(relation->name, false)) {
      parts.push_back(
          absl::StrCat(head, "  key ", key.name, " (", absl::StrJoin(key.columns, ", "), ")"));
    }
    std::ranges::sort(parts);
    std::ranges::move(parts, std::back_inserter(lines));
  }
  return lines;
}

// What stands in one and not in the other, but for the parts of what the model says it does not
// know.
std::vector<std::string> Differences(const std::vector<std::string>& model,
                                     const std::vector<std::string>& postgres) {
  std::vector<std::string> differences;
  std::vector<std::string> unknown;
  for (const std::string& line : model) {
    if (line.ends_with(kUnknown)) {
      unknown.push_back(line.substr(0, line.size() - std::string_view(kUnknown).size()) + "  ");
      continue;
    }
    if (std::ranges::find(postgres, line) == postgres.end())
      differences.push_back("model:      " + line);
  }
  for (const std::string& line : postgres) {
    if (std::ranges::any_of(unknown, [&](const auto& head) { return line.starts_with(head); }))
      continue;
    if (std::ranges::find(model, line) == model.end()) differences.push_back("postgresql: " + line);
  }
  return differences;
}

std::vector<std::string> PostgresLines(const std::string& url) {
  const auto inspection = Inspect(url, std::chrono::steady_clock::now() + std::chrono::seconds(60));
  EXPECT_TRUE(inspection.ok()) << inspection.status();
  Catalog catalog;
  if (inspection.ok()) migration::LoadSchema(inspection->database.schema_before(), catalog);
  EXPECT_TRUE(catalog.complete());
  return ToLines(catalog);
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Directive(const std::string& text, const std::string& name) {
  const std::string head = absl::StrCat("-- ", name, ": ");
  const size_t at = text.find(head);
  if (at == std::string::npos) return "";
  return text.substr(at + head.size(), text.find('\n', at) - at - head.size());
}

// Runs SQL, in one transaction where that is possible; whether it ran. `said` is what went wrong.
bool Ran(const std::string& database, const std::string& sql, std::string* said = nullptr) {
  const TempFolder folder;
  std::ofstream(folder.File("a.sql")) << sql;
  for (const char* transaction : {"-1", "-q"}) {
    const RunResult run =
        RunProgram({.arguments = {"/usr/bin/psql", "-X", "-q", transaction, "-v", "ON_ERROR_STOP=1",
                                  "-d", Server().Url(database), "-f", folder.File("a.sql")}});
    if (run.exit == 0) return true;
    if (said != nullptr) *said = run.output;
    if (!absl::StrContains(run.output, "cannot run inside a transaction") &&
        !absl::StrContains(run.output, "cannot be executed within a")) {
      return false;
    }
  }
  return false;
}

void Judge(const std::string& path, const std::string& sql, Catalog& catalog) {
  v1::MigrationFile file;
  file.set_path(path);
  file.set_sql(sql);
  const v1::MigrationFile* files[] = {&file};
  const migration::Workloads none;
  migration::Release(files, 15, 0, none, catalog).Judge();
}

// Statements whose effect the model does not claim to follow.
bool IsOpaque(const std::string& sql) {
  for (const char* word : {"DO $$", "EXECUTE", "CALL ", "SELECT ", "\\"}) {
    if (absl::StrContains(sql, word)) return true;
  }
  return false;
}

constexpr char kEmpty[] =
    "DO $$ DECLARE name text; BEGIN FOR name IN SELECT nspname FROM pg_namespace"
    " WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP"
    " EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP; END $$; CREATE SCHEMA public;";

TEST(CatalogTest, TellsTheSameSchemaAsPostgres) {
  int compared = 0;
  std::string database;
  const std::string url = Server().CreateDatabase(&database);
  for (const auto& entry : fs::recursive_directory_iterator("golden/migration")) {
    const std::string path = entry.path().string();
    if (!absl::EndsWith(path, ".sql") || absl::EndsWith(path, ".workload.sql")) continue;
    const std::string text = ReadFile(path), schema = Directive(text, "schema");
    if (IsOpaque(text)) continue;
    ASSERT_TRUE(Ran(database, kEmpty));
    if (!schema.empty() && !Ran(database, schema)) continue;
    if (!Ran(database, text)) continue;  // about tables that are not there
    Catalog catalog;
    migration::LoadSchema(schema, catalog);
    catalog.set_complete(true);
    Judge(path, text, catalog);
    EXPECT_THAT(Differences(ToLines(catalog), PostgresLines(url)), ::testing::IsEmpty()) << path;
    ++compared;
  }
  EXPECT_GT(compared, 45);
}

TEST(CatalogTest, ReplaysARepository) {
  const char* folder = std::getenv("GATE_REPLAY");
  if (folder == nullptr) GTEST_SKIP() << "GATE_REPLAY=FOLDER names a folder of migrations";
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".sql") paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths, migration::RunsBefore);
  std::string database;
  const std::string url = Server().CreateDatabase(&database);
  Catalog catalog;
  catalog.set_complete(true);
  int files = 0, failed = 0;
  std::vector<std::string> known;
  for (const std::string& path : paths) {
    v1::MigrationFile file;
    file.set_path(path);
    const std::string text = ReadFile(path);
    std::string up;
    for (const auto& section : migration::UpSections(file, text)) {
      absl::StrAppend(&up, std::string(migration::Slice(text, section.span)), "\n");
    }
    if (up.empty()) continue;
    ++files;
    if (std::string said; !Ran(database, up, &said)) {
      ++failed;
      std::printf("%s: refused: %s", path.c_str(), said.c_str());
      continue;
    }
    Judge(path, text, catalog);
    // What is different already is told once.
    std::vector<std::string> differences = Differences(ToLines(catalog), PostgresLines(url));
    for (const std::string& difference : differences) {
      if (std::ranges::find(known, difference) == known.end()) {
        std::printf("%s: %s\n", path.c_str(), difference.c_str());
      }
    }
    known = std::move(differences);
  }
  std::printf("%d files, %d of which PostgreSQL refuses; %zu lines, %zu differences at the end\n",
              files, failed, ToLines(catalog).size(), known.size());
}

}  // namespace
}  // namespace gate
