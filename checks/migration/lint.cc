#include "checks/migration/lint.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "checks/migration/formats.h"
#include "checks/migration/order.h"
#include "checks/migration/proof.h"
#include "checks/migration/release.h"

namespace gate {
namespace {

using migration::Catalog;
using migration::Judgement;
using migration::Release;

bool IsUnproven(const v1::Finding& finding) {
  return std::ranges::find(finding.effects(), v1::EFFECT_UNPROVEN) != finding.effects().end();
}

auto SortKey(const v1::Finding& finding) {
  const v1::Location& at = finding.location();
  return std::tuple(-finding.severity(), std::string_view(at.path()), at.line(), at.column(),
                    std::string_view(finding.rule()), std::string_view(finding.subject()),
                    std::string_view(finding.fingerprint()));
}

std::vector<size_t> RunOrder(std::span<const LintFile> files) {
  std::vector<size_t> order(files.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::vector<migration::RunKey> keys;
  for (const LintFile& file : files) keys.push_back(migration::RunKeyOf(file.path));
  std::ranges::sort(order, [&](size_t a, size_t b) {
    if (keys[a].path == keys[b].path) return a < b;
    return keys[a] < keys[b];
  });
  return order;
}

// Adds what one release came to; `inputs` are those of its files.
void Add(const Judgement& judgement, std::span<v1::LintInput*> inputs, v1::LintReport& report) {
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i]->set_items(judgement.statements[i]);
  for (const v1::Finding& finding : judgement.findings) {
    *report.add_findings() = finding;
    if (!IsUnproven(finding) || !finding.covered_by().empty()) continue;
    const auto input = std::ranges::find(inputs, finding.location().path(),
                                         [](const v1::LintInput* each) { return each->path(); });
    if (input == inputs.end()) continue;
    v1::Unjudged& unjudged = *(*input)->add_not_judged();
    *unjudged.mutable_location() = finding.location();
    unjudged.set_reason(finding.message());
  }
}

v1::Decision Decide(const v1::LintReport& report) {
  v1::Decision decision = v1::DECISION_ALLOW;
  for (const v1::Finding& finding : report.findings()) {
    if (!finding.covered_by().empty()) continue;
    if (IsUnproven(finding)) {
      decision = std::max(decision, v1::DECISION_HOLD);
    } else if (finding.severity() == v1::SEVERITY_BLOCK) {
      decision = v1::DECISION_BLOCK;
    }
  }
  return decision;
}

bool SameFolder(const v1::MigrationFile& a, const v1::MigrationFile& b) {
  return migration::FolderOf(a.path()) == migration::FolderOf(b.path());
}

// The schema before the first file.
Catalog Before(std::span<const v1::MigrationFile* const> ordered, const LintOptions& options) {
  Catalog catalog;
  migration::LoadSchema(options.schema, catalog);
  migration::LoadTables({options.tables.begin(), options.tables.end()}, catalog);
  if (!options.schema.empty() || options.release_unit || ordered.empty()) return catalog;
  const v1::MigrationFile& first = *ordered.front();
  catalog.set_complete(migration::IsFirst(first.path()) && SameFolder(first, *ordered.back()));
  return catalog;
}

// What of the file goes up.
std::string UpText(const v1::MigrationFile& file) {
  const std::string_view text = migration::WithoutByteOrderMark(file.sql());
  std::string up;
  for (const migration::Section& section : migration::UpSections(file, text)) {
    up += Slice(text, section.span);
    up += "\n;\n";
  }
  return up;
}

}  // namespace

v1::SchemaChange RehearsalOf(std::span<const LintFile> files, const LintOptions& options) {
  v1::SchemaChange change;
  std::string& schema = *change.mutable_schema_before();
  schema = options.schema;
  const std::vector<size_t> order = RunOrder(files);
  for (size_t i = 0; i < order.size(); ++i) {
    v1::MigrationFile file;
    file.set_path(files[order[i]].path);
    file.set_sql(files[order[i]].text);
    if (options.release_unit || i + 1 == order.size()) {
      *change.add_files() = std::move(file);
    } else if (!options.schema.empty() ||
               migration::FolderOf(file.path()) == migration::FolderOf(files[order.back()].path)) {
      absl::StrAppend(&schema, schema.empty() ? "" : "\n;\n", UpText(file));
    }
  }
  change.mutable_running_workload()->Assign(options.workload.begin(), options.workload.end());
  change.set_postgres_major_version(options.postgres_version);
  return change;
}

v1::LintReport LintMigrations(std::span<const LintFile> files, const LintOptions& options) {
  v1::LintReport report;
  std::vector<v1::MigrationFile> migrations(files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    migrations[i].set_path(files[i].path);
    migrations[i].set_sql(files[i].text);
    report.add_inputs()->set_path(files[i].path);
  }
  std::vector<const v1::MigrationFile*> ordered;
  std::vector<v1::LintInput*> inputs;
  for (const size_t i : RunOrder(files)) {
    ordered.push_back(&migrations[i]);
    inputs.push_back(report.mutable_inputs(static_cast<int>(i)));
  }

  const size_t unit = options.release_unit ? ordered.size() : 1;
  const std::span<v1::LintInput*> all = inputs;
  const migration::Workloads workloads{migration::Workload(options.workload),
                                       migration::Workload(options.new_workload)};
  Catalog catalog = Before(ordered, options);
  for (size_t first = 0; first < ordered.size(); first += unit) {
    if (first > 0 && options.schema.empty() && !SameFolder(*ordered[first - 1], *ordered[first])) {
      catalog = Catalog();
    }
    Release release(std::span<const v1::MigrationFile* const>(ordered).subspan(first, unit),
                    options.postgres_version, migration::kSmallTableBytes, workloads, catalog);
    Judgement judgement = release.Judge();
    if (options.rehearsal != nullptr && first + unit >= ordered.size()) {
      const std::span<const v1::MigrationFile* const> rehearsed =
          std::span<const v1::MigrationFile* const>(ordered).subspan(first, unit);
      const bool schema_given = !options.schema.empty() ||
                                (first > 0 && SameFolder(*ordered[first - 1], *ordered[first]));
      migration::ApplyRehearsal(
          *options.rehearsal,
          {rehearsed, schema_given, options.postgres_version, /*required=*/true},
          judgement.findings);
    }
    Add(judgement, all.subspan(first, unit), report);
  }
  std::ranges::sort(*report.mutable_findings(), {}, SortKey);
  report.set_decision(Decide(report));
  return report;
}

}  // namespace gate
