// A release that adds to a table and takes from it in one go has no moment at which two versions
// work. Before the migration new nodes miss what it adds, afterwards old nodes miss what it takes;
// during a rollout both run. A canary does not see it: new code on new columns is well. Whether the
// two lie in one statement or in several files makes no difference, as long as they go out
// together; nor whether the data moves to another column, another table or nowhere.
//
// The plan is the release written out in two, from its own statements. What would go out first is
// judged by these same rules before it is proposed; what does not pass goes to the second half.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/dual_write.h"
#include "checks/migration/ledger.h"
#include "checks/migration/release.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

constexpr size_t kMaxParts = 30;  // of a plan: each is judged with those before it
constexpr size_t kMaxPlans = 10;
constexpr size_t kMaxPlaces = 10;

// The statement, or the clause of one that has several, by itself.
std::string TextOf(const Deed& deed) {
  const std::string statement(Slice(deed.text, deed.statement));
  const bool is_clause = deed.action && (deed.action->span.begin != deed.statement.begin ||
                                         deed.action->span.end != deed.statement.end);
  const Name* table = deed.action ? TableOf(*deed.action) : nullptr;
  if (!is_clause || table == nullptr) return statement + ";";
  return absl::StrCat("ALTER TABLE ", Quoted(*table), " ",
                      std::string(Slice(deed.text, deed.action->span)), ";");
}

// The same, or what a rule would have instead of it.
std::string SafeTextOf(const Deed& deed) {
  for (const Deed::Found& found : deed.found) {
    const bool weighs = found.remark.severity.value_or(found.rule->severity) != v1::SEVERITY_INFO;
    if (weighs && !found.remark.instead.now.empty()) return found.remark.instead.now;
  }
  return TextOf(deed);
}

bool Passes(const Ledger& ledger, const std::string& sql) {
  v1::MigrationFile file;
  file.set_path("expand.sql");
  file.set_sql(sql);
  const v1::MigrationFile* const files[] = {&file};
  Catalog catalog = ledger.start;
  const Workloads none;
  Release release(files, ledger.postgres_version, kSmallTableBytes, none, catalog);
  return std::ranges::none_of(release.Judge().findings, [](const v1::Finding& finding) {
    return finding.severity() == v1::SEVERITY_BLOCK;
  });
}

// An integer column that is the table's primary key; "" where none is known.
std::string IntegerKey(const Ledger& ledger, const Name& table) {
  const Relation* known = ledger.start.Find(table);
  if (known == nullptr) return "";
  for (const KnownConstraint& constraint : known->constraints) {
    const AddConstraint& key = constraint.definition;
    if (key.kind != ConstraintKind::kPrimaryKey || key.columns.size() != 1) continue;
    const KnownColumn* column = known->Find(key.columns.front());
    if (column == nullptr || !column->definition.type) continue;
    const std::string& type = column->definition.type->name;
    if (type == "int4" || type == "int8" || type == "int2") return key.columns.front();
  }
  return "";
}

// Columns that the contraction takes away, renames or retypes.
std::set<std::string> ContractedColumns(const Ledger& ledger, const Expansion& expansion) {
  std::set<std::string> columns;
  for (const size_t i : expansion.contracts) {
    columns.insert(ColumnOf(*ledger.deeds[i].action));
  }
  return columns;
}

// Whether old code leaves the columns that the copy fills empty.
bool FillsEmpty(const Ledger& ledger, const Expansion& expansion, const CopyingUpdate& copy) {
  return std::ranges::all_of(copy.sets, [&](const CopyingUpdate::Set& set) {
    return std::ranges::any_of(expansion.adds, [&](size_t i) {
      const auto* add = As<AddColumn>(*ledger.deeds[i].action);
      return add != nullptr && add->column.name == set.column && !add->column.filled;
    });
  });
}

// The two releases, as they are put together.
struct Halves {
  std::vector<std::string> first, between, second;
  bool dual_write = false;
  bool judged = true;  // whether each part of the first was judged with those before it
};

bool IsSql(const std::string& plan) {
  return plan.starts_with("ALTER ") || plan.starts_with("CREATE ") || plan.starts_with("BEGIN;");
}

// Adds it to the first release, if it may go out with what is there.
bool AddFirst(const Ledger& ledger, const std::string& sql, Halves& halves) {
  if (halves.first.size() >= kMaxParts) return false;
  halves.first.push_back(sql);
  if (!halves.judged || Passes(ledger, absl::StrJoin(halves.first, "\n"))) return true;
  halves.first.pop_back();
  return false;
}

// A contraction that has a first half of its own (a column by another name, a view for the old
// name, a column that may be left out) goes by that plan.
void AddContraction(const Ledger& ledger, const Deed& deed, Halves& halves) {
  const bool drops = As<DropColumn>(*deed.action) != nullptr;
  for (const Deed::Found& found : deed.found) {
    const Plan& plan = found.remark.instead;
    if (!IsSql(plan.now) || (!drops && plan.later.empty())) continue;
    if (!AddFirst(ledger, plan.now, halves)) continue;
    if (drops) break;
    halves.between.push_back(plan.between);
    halves.second.push_back(plan.later);
    return;
  }
  halves.second.push_back(TextOf(deed));
}

void AddCopy(const Ledger& ledger, const Expansion& expansion, const Name& table, const Deed& deed,
             Halves& halves) {
  const std::string_view sql = Slice(deed.text, deed.statement);
  const std::optional<CopyingUpdate> copy = ReadCopy(sql);
  if (!copy) {
    const std::string whole = absl::StrCat(std::string(sql), ";  -- in batches");
    if (!AddFirst(ledger, whole, halves)) halves.between.push_back(whole);
    return;
  }
  std::vector<std::string> reads;
  std::set<std::string> contracted = ContractedColumns(ledger, expansion);
  for (const ColumnUse& use : deed.uses->columns) {
    if (contracted.erase(use.column) > 0) reads.push_back(use.column);
  }
  if (!reads.empty() && FillsEmpty(ledger, expansion, *copy)) {
    // As people write it: what lies in the default schema stays without it.
    const Name on{table.schema == "public" ? "" : table.schema, table.name};
    DualWrite trigger = TriggerFor(*copy, on, reads);
    if (AddFirst(ledger, trigger.make, halves)) {
      halves.second.insert(halves.second.begin(), std::move(trigger.drop));
      halves.dual_write = true;
    }
  }
  const std::string batch = InBatches(*copy, IntegerKey(ledger, table));
  if (!AddFirst(ledger, batch, halves)) halves.between.push_back(batch);
}

// What of the release belongs to the table: its deeds on it, on the tables that take its data, and
// the types that new columns may have.
Halves Split(const Ledger& ledger, const Expansion& expansion, const Name& table, bool judged) {
  std::set<std::pair<std::string, std::string>> tables = {{table.schema, table.name}};
  for (const size_t i : expansion.adds) {
    tables.insert({ledger.deeds[i].table->schema, ledger.deeds[i].table->name});
  }
  Halves halves{.judged = judged};
  std::set<std::pair<size_t, uint32_t>> written;  // statements as a whole
  for (size_t i = 0; i < ledger.deeds.size(); ++i) {
    const Deed& deed = ledger.deeds[i];
    if (std::ranges::find(expansion.copies, i) != expansion.copies.end()) {
      AddCopy(ledger, expansion, table, deed, halves);
      continue;
    }
    if (!deed.action) continue;
    const bool type = As<CreateEnum>(*deed.action) != nullptr;
    const bool here = deed.table && tables.contains({deed.table->schema, deed.table->name});
    if (!type && !here) continue;
    const bool whole = deed.action->span.begin == deed.statement.begin;
    if (whole && !written.insert({deed.file, deed.statement.begin}).second) continue;
    const bool requires_all = As<SetNotNull>(*deed.action) != nullptr;
    if (deed.phase == Phase::kContract) {
      AddContraction(ledger, deed, halves);
    } else if (requires_all || !AddFirst(ledger, SafeTextOf(deed), halves)) {
      halves.second.push_back(TextOf(deed));
    }
  }
  return halves;
}

std::string PlacesOf(const Ledger& ledger, const std::vector<size_t>& deeds) {
  std::vector<std::string> places;
  for (const size_t i : deeds) {
    std::string place = PlaceOf(ledger, ledger.deeds[i]);
    if (places.empty() || places.back() != place) places.push_back(std::move(place));
  }
  if (places.size() > kMaxPlaces) {
    places.resize(kMaxPlaces);
    places.push_back("...");
  }
  return absl::StrJoin(places, ", ");
}

// Most first halves pass as they are; only where one does not, it is put together part by part.
Plan PlanOf(const Ledger& ledger, const Expansion& expansion, const Name& table) {
  Halves halves = Split(ledger, expansion, table, /*judged=*/false);
  if (!Passes(ledger, absl::StrJoin(halves.first, "\n"))) {
    halves = Split(ledger, expansion, table, /*judged=*/true);
  }
  std::string between = absl::StrCat(
      halves.dual_write ? "The trigger carries over what old nodes write. " : "",
      "Release code that works with what is new and ",
      halves.dual_write ? "" : "keeps what is old up to date, then code that ",
      "no longer uses what is taken; wait until no older node runs, and no rollback needs one.");
  for (const std::string& each : halves.between) absl::StrAppend(&between, "\n", each);
  return {.now = absl::StrJoin(halves.first, "\n"),
          .between = std::move(between),
          .later = absl::StrJoin(halves.second, "\n")};
}

// The witnesses of the first contraction that breaks go along.
Remark RemarkOn(const Ledger& ledger, const Expansion& expansion, const Name& table,
                const Deed& contract, bool with_plan) {
  const Name shown{table.schema == "public" ? "" : table.schema, table.name};
  const std::string name = Quoted(shown);
  Remark remark{.subject = name, .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION}};
  const bool beside = std::ranges::none_of(
      expansion.adds, [&](size_t i) { return ledger.deeds[i].table == table; });
  remark.message = absl::StrCat(
      "This release adds ", beside ? "beside " : "to ", name, " (",
      PlacesOf(ledger, expansion.adds), ")",
      expansion.copies.empty()
          ? ""
          : absl::StrCat(", copies its data (", PlacesOf(ledger, expansion.copies), ")"),
      " and takes from it (", PlacesOf(ledger, expansion.contracts),
      "): while it rolls out, nodes of the running version need what is taken and nodes of the new "
      "one what is added, and there is no moment at which both work.");
  if (with_plan) remark.instead = PlanOf(ledger, expansion, table);
  for (const Deed::Found& found : contract.found) {
    if (found.remark.witnesses.empty()) continue;
    remark.witnesses = found.remark.witnesses;
    remark.witness_count = found.remark.witness_count;
    break;
  }
  return remark;
}

std::vector<Conclusion> Conclude(const Ledger& ledger) {
  std::vector<Conclusion> conclusions;
  std::set<std::pair<std::string, std::string>> said;
  for (size_t i = 0; i < ledger.deeds.size(); ++i) {
    const Deed& deed = ledger.deeds[i];
    if (deed.phase != Phase::kContract || !deed.table || !Breaks(deed)) continue;
    const std::pair key(deed.table->schema, deed.table->name);
    if (said.contains(key)) continue;
    const std::optional<Expansion> expansion = ExpansionOf(ledger, *deed.table);
    if (!expansion || std::ranges::find(expansion->contracts, i) == expansion->contracts.end()) {
      continue;
    }
    said.insert(key);
    conclusions.push_back(
        {i, RemarkOn(ledger, *expansion, *deed.table, deed, said.size() <= kMaxPlans)});
  }
  return conclusions;
}

}  // namespace

extern constinit const Rule kRule_expand_and_contract = {
    .id = "migration.expand_and_contract",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Adds to a table and takes from it in one release",
    .why =
        "Nodes of the running version need what is taken, nodes of the new one what is added: "
        "while "
        "the release rolls out one of them fails, and rolling the code back fails as well. A "
        "canary "
        "does not show it. Files that go out together are one release.",
    .instead =
        "Two releases: first add, keep both up to date and copy in batches; release code that no "
        "longer needs the old; once no older node runs, take it away.",
    .conclude = Conclude,
};

}  // namespace gate::migration
