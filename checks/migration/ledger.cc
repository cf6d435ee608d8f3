#include "checks/migration/ledger.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/migration/sql/text.h"
#include "checks/migration/sql/uses.h"

namespace gate::migration {

std::string ColumnOf(const Action& action) {
  if (const auto* drop = As<DropColumn>(action)) return drop->column;
  if (const auto* rename = As<RenameColumn>(action)) return rename->column;
  if (const auto* change = As<ChangeType>(action)) return change->column;
  return "";
}

namespace {

// Whether it takes away, renames or retypes the table or a column of it.
bool TakesShape(const Deed& deed) {
  if (deed.phase != Phase::kContract || !deed.existed) return false;
  if (!ColumnOf(*deed.action).empty()) return true;
  if (const auto* drop = As<DropRelation>(*deed.action)) return drop->kind != RelationKind::kIndex;
  return As<RenameRelation>(*deed.action) != nullptr || As<MoveRelation>(*deed.action) != nullptr;
}

bool Same(const Name& used, const Name& table) {
  return used.name == table.name && (used.schema.empty() || used.schema == table.schema);
}

// The column that the deed adds to a table of before, under a name that was free.
const AddColumn* AddsColumn(const Ledger& ledger, const Deed& deed) {
  const auto* add = deed.action ? As<AddColumn>(*deed.action) : nullptr;
  if (add == nullptr || !deed.existed) return nullptr;
  if (ledger.start.Find(*deed.table, add->column.name) != nullptr) return nullptr;
  const bool goes_again = std::ranges::any_of(ledger.deeds, [&](const Deed& other) {
    return other.phase == Phase::kContract && other.table == deed.table &&
           ColumnOf(*other.action) == add->column.name;
  });
  return goes_again ? nullptr : add;
}

// What a release adds, by where it is.
struct Added {
  std::map<std::pair<std::string, std::string>, std::vector<size_t>> deeds;  // by table
  std::set<std::string, std::less<>> columns;  // of the table that is asked about
};

// Whether the statement carries data from the table to something that was added; then the deeds
// that added it.
std::vector<size_t> CarriesTo(const Deed& deed, const Name& table, const Added& added) {
  if (!deed.uses) return {};
  const Uses& uses = *deed.uses;
  for (const Write& write : uses.writes) {
    const Name& written = uses.relations[write.relation];
    if (Same(written, table)) {
      const bool fills = std::ranges::any_of(write.assignments, [&](const Assignment& assignment) {
        return added.columns.contains(assignment.column);
      });
      if (fills && !write.inserts) return added.deeds.at({table.schema, table.name});
      continue;
    }
    const bool reads = std::ranges::any_of(
        uses.relations, [&table](const Name& used) { return Same(used, table); });
    if (!reads) continue;
    for (const auto& [key, deeds] : added.deeds) {
      if (Same(written, {key.first, key.second})) return deeds;
    }
  }
  return {};
}

}  // namespace

std::optional<Expansion> ExpansionOf(const Ledger& ledger, const Name& table) {
  Expansion expansion;
  Added added;
  for (size_t i = 0; i < ledger.deeds.size(); ++i) {
    const Deed& deed = ledger.deeds[i];
    if (!deed.table) continue;
    if (deed.table == table && TakesShape(deed)) expansion.contracts.push_back(i);
    const AddColumn* column = AddsColumn(ledger, deed);
    const bool makes = As<CreateRelation>(*deed.action) != nullptr && !deed.existed;
    if (column == nullptr && !makes) continue;
    added.deeds[{deed.table->schema, deed.table->name}].push_back(i);
    if (column == nullptr || deed.table != table) continue;
    added.columns.insert(column->column.name);
    expansion.adds.push_back(i);
  }
  for (size_t i = 0; i < ledger.deeds.size(); ++i) {
    const std::vector<size_t> to = CarriesTo(ledger.deeds[i], table, added);
    if (to.empty()) continue;
    expansion.copies.push_back(i);
    expansion.adds.insert(expansion.adds.end(), to.begin(), to.end());
  }
  std::ranges::sort(expansion.adds);
  expansion.adds.erase(std::unique(expansion.adds.begin(), expansion.adds.end()),
                       expansion.adds.end());
  const bool goes = std::ranges::any_of(expansion.contracts, [&ledger](size_t i) {
    return As<DropRelation>(*ledger.deeds[i].action) != nullptr;
  });
  if (goes && expansion.copies.empty()) return std::nullopt;
  if (expansion.adds.empty() || expansion.contracts.empty() || ledger.cut) return std::nullopt;
  return expansion;
}

bool Breaks(const Deed& deed) {
  return std::ranges::any_of(deed.found, [](const Deed::Found& found) {
    const auto& effects = found.remark.effects;
    return found.remark.severity.value_or(found.rule->severity) == v1::SEVERITY_BLOCK &&
           std::ranges::find(effects, v1::EFFECT_BREAKS_RUNNING_VERSION) != effects.end();
  });
}

std::string PlaceOf(const Ledger& ledger, const Deed& deed) {
  const uint32_t at = deed.action ? deed.action->span.begin : deed.statement.begin;
  return absl::StrCat(ledger.paths[deed.file], ":", Places(deed.text).At(at).line);
}

}  // namespace gate::migration
