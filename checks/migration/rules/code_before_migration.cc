// New code names what the migration makes: a node of it that starts before the migration has run
// fails on its first statement that does (42P01, 42703, 42883, 42P10, 22P02). An expansion has an
// order that works, migrate and then roll out, and this says which statements need it. Where the
// same release breaks the running version, neither order works; where nothing makes what new code
// names, no migration helps.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/ledger.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

constexpr size_t kMaxMissing = 20;

// SELECT * is content with the columns that there are, and a parameter may never have the value.
std::vector<Failing> OnlyCertain(std::vector<Failing> failing) {
  std::erase_if(failing, [](const Failing& each) { return !each.certain; });
  return failing;
}

bool HasKey(const Catalog& schema, const Name& table, std::vector<std::string> columns) {
  std::ranges::sort(columns);
  return std::ranges::any_of(schema.UniqueKeysOf(table, false), [&](UniqueKey key) {
    std::ranges::sort(key.columns);
    return key.columns == columns;
  });
}

// Something that the deed makes, and the statements of the new version that fail without it.
struct Needed {
  std::string subject;
  std::vector<Failing> failing;
};

Needed NeededOf(const Ledger& ledger, const Deed& deed) {
  const Workload& next = ledger.workloads.next;
  const Action& action = *deed.action;
  const auto named = [](const Name& name, std::string_view part) {
    return absl::StrCat(Quoted(name), ".", Quoted(part));
  };
  if (const auto* create = As<CreateRelation>(action); create && !deed.existed) {
    return {Quoted(create->name), next.WithoutTable(create->name, ledger.end)};
  }
  if (const auto* add = As<AddColumn>(action)) {
    if (ledger.start.Find(*deed.table, add->column.name) != nullptr) return {};
    return {named(add->table, add->column.name),
            OnlyCertain(next.WithoutColumnName(add->table, add->column.name, ledger.end))};
  }
  if (const auto* create = As<CreateFunction>(action)) {
    if (!ledger.start.FindFunctions(create->name).empty()) return {};
    return {Quoted(create->name), next.WithoutFunction(create->name)};
  }
  if (const auto* add = As<AddEnumValue>(action)) {
    return {absl::StrCat(Quoted(add->type), ".", add->label),
            OnlyCertain(next.WithoutLabels(add->type, {add->label}, ledger.end))};
  }
  if (const auto* create = As<CreateIndex>(action)) {
    const bool key = create->unique && create->whole;
    if (!key || HasKey(ledger.start, create->table, create->key)) return {};
    return {named(create->table, create->name),
            OnlyCertain(next.WithoutUniqueKey(create->table, create->key, ledger.end))};
  }
  if (const auto* add = As<AddConstraint>(action)) {
    const bool key =
        add->kind == ConstraintKind::kUnique || add->kind == ConstraintKind::kPrimaryKey;
    if (!key || HasKey(ledger.start, add->table, add->columns)) return {};
    return {named(add->table, add->name),
            OnlyCertain(next.WithoutUniqueKey(add->table, add->columns, ledger.end))};
  }
  return {};
}

std::string Statements(size_t count) {
  return absl::StrCat(count, count == 1 ? " statement" : " statements",
                      " that the new version executes ", count == 1 ? "fails" : "fail");
}

std::vector<Conclusion> WhatIsMade(const Ledger& ledger) {
  const auto breaks = std::ranges::find_if(ledger.deeds, Breaks);
  std::vector<Conclusion> conclusions;
  for (size_t i = 0; i < ledger.deeds.size(); ++i) {
    const Deed& deed = ledger.deeds[i];
    if (!deed.action) continue;
    Needed needed = NeededOf(ledger, deed);
    if (needed.failing.empty()) continue;
    Remark remark{.subject = needed.subject,
                  .effects = {v1::EFFECT_BREAKS_NEW_VERSION},
                  .message = absl::StrCat(Statements(needed.failing.size()), " without ",
                                          needed.subject, ", which this makes.")};
    if (conclusions.empty() && breaks != ledger.deeds.end()) {
      absl::StrAppend(&remark.message, " But ", PlaceOf(ledger, *breaks),
                      " breaks the running version: after the migration old nodes fail, before it "
                      "new ones do. There is no order that works.");
      remark.instead.now = "Two releases: what adds goes out with this one, what breaks later.";
    } else {
      absl::StrAppend(&remark.message, " The order matters: migrate first.");
      remark.instead.now = "Run the migration before any node of the new version starts.";
      remark.severity = v1::SEVERITY_INFO;
    }
    AddWitnesses(std::move(needed.failing), remark);
    conclusions.push_back({i, std::move(remark)});
  }
  return conclusions;
}

// What running code names as well is there, whatever the model says.
void AddWhatIsMissing(const Ledger& ledger, std::vector<Conclusion>& conclusions) {
  const Workloads& workloads = ledger.workloads;
  if (!ledger.end.whole() || ledger.deeds.empty()) return;
  std::set<std::string> known;
  for (const MissingObject& missing : workloads.running.MissingFrom(ledger.start)) {
    known.insert(missing.name);
  }
  std::vector<MissingObject> objects = workloads.next.MissingFrom(ledger.end);
  std::erase_if(objects, [&](const MissingObject& object) { return known.contains(object.name); });
  if (objects.size() > kMaxMissing) objects.resize(kMaxMissing);
  for (MissingObject& object : objects) {
    Remark remark{
        .subject = object.name,
        .effects = {v1::EFFECT_BREAKS_NEW_VERSION},
        .message = absl::StrCat(Statements(object.failing.size()), " for want of ", object.name,
                                ": neither the schema nor this release makes it."),
        .instead = {.now = absl::StrCat("Make ", object.name,
                                        " in this release, or give the schema that has it.")}};
    // Without the running version's statements an extension may have made it.
    if (workloads.running.empty()) remark.severity = v1::SEVERITY_WARN;
    AddWitnesses(std::move(object.failing), remark);
    conclusions.push_back({ledger.deeds.size() - 1, std::move(remark)});
  }
}

std::vector<Conclusion> Conclude(const Ledger& ledger) {
  if (ledger.workloads.next.empty() || ledger.cut) return {};
  std::vector<Conclusion> conclusions = WhatIsMade(ledger);
  AddWhatIsMissing(ledger, conclusions);
  return conclusions;
}

}  // namespace

extern constinit const Rule kRule_code_before_migration = {
    .id = "migration.code_before_migration",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "New code needs what the migration makes, or what nothing makes",
    .why =
        "Nodes of the new version that start before the migration fail on what it makes: for an "
        "expansion that is the order to keep (INFO). Where the release also breaks the running "
        "version no order works, and what nothing makes is missing in every order.",
    .instead = "Migrate first, then roll out; what breaks the running version goes out later.",
    .conclude = Conclude,
};

}  // namespace gate::migration
