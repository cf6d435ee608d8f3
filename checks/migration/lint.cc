#include "checks/migration/lint.h"

#include <algorithm>
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

// A file's place among those that were named, and in the order in which they run.
struct Place {
  size_t index = 0;
  migration::RunKey key;
};

std::vector<Place> RunOrder(std::span<const LintFile> files) {
  std::vector<Place> order;
  for (size_t i = 0; i < files.size(); ++i) {
    order.push_back({i, migration::RunKeyOf(files[i].path)});
  }
  std::ranges::sort(order, [](const Place& a, const Place& b) {
    return a.key.path == b.key.path ? a.index < b.index : a.key < b.key;
  });
  return order;
}

// Adds what one release came to; `inputs` are those of its files.
void Add(Judgement judgement, std::span<v1::LintInput*> inputs, v1::LintReport& report) {
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i]->set_items(judgement.statements[i]);
  for (v1::Finding& judged : judgement.findings) {
    v1::Finding& finding = *report.add_findings();
    finding = std::move(judged);
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

// The schema before the first file.
Catalog Before(std::span<const Place> order, const LintOptions& options) {
  Catalog catalog;
  migration::LoadSchema(options.schema, catalog);
  migration::LoadTables({options.tables.begin(), options.tables.end()}, catalog);
  if (!options.schema.empty() || options.release_unit || order.empty()) return catalog;
  const migration::RunKey &first = order.front().key, &last = order.back().key;
  catalog.set_complete(migration::IsFirst(first.path) && first.folder == last.folder);
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
  const std::vector<Place> order = RunOrder(files);
  for (size_t i = 0; i < order.size(); ++i) {
    v1::MigrationFile file;
    file.set_path(files[order[i].index].path);
    file.set_sql(files[order[i].index].text);
    if (options.release_unit || i + 1 == order.size()) {
      *change.add_files() = std::move(file);
    } else if (!options.schema.empty() || order[i].key.folder == order.back().key.folder) {
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
  const std::vector<Place> order = RunOrder(files);
  for (const Place& place : order) {
    ordered.push_back(&migrations[place.index]);
    inputs.push_back(report.mutable_inputs(static_cast<int>(place.index)));
  }

  const size_t unit = options.release_unit ? ordered.size() : 1;
  const std::span<v1::LintInput*> all = inputs;
  const migration::Workloads workloads{migration::Workload(options.workload),
                                       migration::Workload(options.new_workload)};
  Catalog catalog = Before(order, options);
  for (size_t first = 0; first < ordered.size(); first += unit) {
    const bool follows = first > 0 && order[first - 1].key.folder == order[first].key.folder;
    if (first > 0 && options.schema.empty() && !follows) catalog = Catalog();
    Release release(std::span<const v1::MigrationFile* const>(ordered).subspan(first, unit),
                    options.postgres_version, migration::kSmallTableBytes, workloads, catalog);
    Judgement judgement = release.Judge();
    if (options.rehearsal != nullptr && first + unit >= ordered.size()) {
      const std::span<const v1::MigrationFile* const> rehearsed =
          std::span<const v1::MigrationFile* const>(ordered).subspan(first, unit);
      const bool schema_given = !options.schema.empty() || follows;
      migration::ApplyRehearsal(
          *options.rehearsal,
          {rehearsed, schema_given, options.postgres_version, /*required=*/true},
          judgement.findings);
    }
    Add(std::move(judgement), all.subspan(first, unit), report);
  }
  std::ranges::sort(*report.mutable_findings(), {}, SortKey);
  report.set_decision(Decide(report));
  return report;
}

}  // namespace gate
