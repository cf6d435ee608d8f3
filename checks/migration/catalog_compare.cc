// How one model of a schema differs from an earlier one. What either does not hold is no
// difference: only what is known of both can be told apart.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/catalog.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

constexpr size_t kMaxDifferences = 20;

std::string Shown(const Name& name) {
  return Quoted(Name{name.schema == "public" ? "" : name.schema, name.name});
}

bool SameType(const Type& a, const Type& b) {
  return a.name == b.name && a.modifiers == b.modifiers && a.dimensions == b.dimensions;
}

// The key or condition, without its name.
std::string Meaning(const AddConstraint& constraint) {
  return absl::StrCat(static_cast<int>(constraint.kind), "|",
                      absl::StrJoin(constraint.columns, ","), "|", constraint.condition, "|",
                      constraint.references.name, "|", absl::StrJoin(constraint.referenced, ","));
}

bool Has(const std::vector<KnownConstraint>& constraints, const AddConstraint& constraint) {
  return std::ranges::any_of(constraints, [&](const KnownConstraint& known) {
    return known.definition.name == constraint.name &&
           Meaning(known.definition) == Meaning(constraint);
  });
}

void CompareColumn(const std::string& what, const KnownColumn& before, const KnownColumn& after,
                   std::vector<std::string>& differences) {
  const Column &a = before.definition, &b = after.definition;
  if (!a.type || !b.type || before.unsure || after.unsure) return;
  if (!SameType(*a.type, *b.type)) {
    differences.push_back(absl::StrCat(what, " is ", b.type->written, ", not ", a.type->written));
  }
  if (a.not_null != b.not_null) {
    differences.push_back(absl::StrCat(what, b.not_null ? " is NOT NULL" : " may be null"));
  }
  if (a.filled != b.filled) {
    differences.push_back(absl::StrCat(what, b.filled ? " has a default" : " has no default"));
  }
}

void CompareColumns(const Relation& before, const Relation& after,
                    std::vector<std::string>& differences) {
  const std::string table = Shown(before.name);
  for (const KnownColumn& column : after.columns) {
    const std::string what = absl::StrCat(table, ".", Quoted(column.definition.name));
    const KnownColumn* was = before.Find(column.definition.name);
    if (was != nullptr) {
      CompareColumn(what, *was, column, differences);
    } else if (before.all_columns_known || (!column.existed && !column.assumed) ||
               (!column.was.empty() && column.was != column.definition.name)) {
      differences.push_back(absl::StrCat(what, " is left over"));
    }
  }
  for (const KnownColumn& column : before.columns) {
    if (after.Find(column.definition.name) != nullptr) continue;
    differences.push_back(absl::StrCat(table, ".", Quoted(column.definition.name), " is missing"));
  }
  for (const std::string& column : after.lost) {
    if (after.Find(column) != nullptr || before.Find(column) != nullptr) continue;
    differences.push_back(absl::StrCat(table, ".", Quoted(column), " is missing"));
  }
}

void CompareConstraints(const Relation& before, const Relation& after,
                        std::vector<std::string>& differences) {
  const std::string table = Shown(before.name);
  for (const KnownConstraint& constraint : after.constraints) {
    if (constraint.existed || Has(before.constraints, constraint.definition)) continue;
    differences.push_back(
        absl::StrCat("constraint ", constraint.definition.name, " of ", table, " is left over"));
  }
  for (const KnownConstraint& constraint : before.constraints) {
    if (Has(after.constraints, constraint.definition)) continue;
    // One whose columns are not known is dropped from the model with any column.
    const bool sure =
        !constraint.definition.says_more || Has(after.lost_constraints, constraint.definition);
    if (!sure) continue;
    differences.push_back(
        absl::StrCat("constraint ", constraint.definition.name, " of ", table, " is missing"));
  }
}

void CompareTriggers(const Relation& before, const Relation& after,
                     std::vector<std::string>& differences) {
  const auto without = [&](const Relation& a, const Relation& b, std::string_view how) {
    for (const KnownTrigger& trigger : a.triggers) {
      if (std::ranges::find(b.triggers, trigger.name, &KnownTrigger::name) != b.triggers.end()) {
        continue;
      }
      differences.push_back(absl::StrCat("trigger ", trigger.name, " of ", Shown(before.name), " ",
                                         std::string(how)));
    }
  };
  without(before, after, "is missing");
  without(after, before, "is left over");
}

bool SameIndex(const Relation& a, const Relation& b) {
  return a.unique == b.unique && a.key.columns == b.key.columns &&
         std::ranges::equal(
             a.columns, b.columns, {},
             [](const KnownColumn& column) { return column.definition.name; },
             [](const KnownColumn& column) { return column.definition.name; });
}

}  // namespace

std::vector<std::string> Catalog::DifferencesFrom(const Catalog& before) const {
  std::vector<std::string> differences;
  for (const auto& [key, id] : names_) {
    if (id == kGone || key.schema == "pg_temp") continue;
    const Relation& after = Get(id);
    const Relation* was = before.At(key);
    const std::string name = Shown(after.name);
    if (was == nullptr) {
      const bool made = !after.existed && !after.assumed;
      if (made || before.IsAbsentAt(key) || after.was) {
        differences.push_back(absl::StrCat(name, " is left over"));
        continue;
      }
      // Something of before that the model did not hold: what was done to it is all that is known.
      Relation unknown{after.name};
      CompareColumns(unknown, after, differences);
      CompareTriggers(unknown, after, differences);
    } else if (was->kind != after.kind) {
      differences.push_back(absl::StrCat(name, " is something else"));
    } else if (after.kind == RelationKind::kIndex) {
      if (!SameIndex(*was, after)) differences.push_back(absl::StrCat(name, " is another index"));
    } else {
      CompareColumns(*was, after, differences);
      CompareConstraints(*was, after, differences);
      CompareTriggers(*was, after, differences);
    }
  }
  for (const auto& [key, id] : before.names_) {
    if (id == kGone || key.schema == "pg_temp" || At(key) != nullptr) continue;
    differences.push_back(absl::StrCat(Shown({key.schema, key.name}), " is missing"));
  }
  const auto labels = [](const EnumType& type) {
    return absl::StrJoin(type.labels, ", ", [](std::string* to, const EnumLabel& label) {
      absl::StrAppend(to, QuotedText(label.text));
    });
  };
  for (const auto& [key, type] : enums_) {
    const EnumType* was = before.enums_.Find(key);
    const std::string name = Shown({key.schema, key.name});
    if (was == nullptr) {
      if (!type.existed) differences.push_back(absl::StrCat("type ", name, " is left over"));
    } else if (labels(*was) != labels(type)) {
      differences.push_back(
          absl::StrCat("type ", name, " has the labels ", labels(type), ", not ", labels(*was)));
    }
  }
  for (const auto& [key, type] : before.enums_) {
    if (enums_.contains(key)) continue;
    differences.push_back(absl::StrCat("type ", Shown({key.schema, key.name}), " is missing"));
  }
  const auto functions = [&](const Catalog& a, const Catalog& b, std::string_view how) {
    for (const auto& [key, overloads] : a.functions_) {
      const auto* others = b.functions_.Find(key);
      for (const KnownFunction& function : overloads) {
        const auto& arguments = function.definition.arguments;
        const bool there =
            others != nullptr && std::ranges::any_of(*others, [&](const KnownFunction& other) {
              return other.definition.arguments == arguments;
            });
        if (there || (&a == this && function.existed)) continue;
        differences.push_back(absl::StrCat("function ", Shown({key.schema, key.name}), "(",
                                           absl::StrJoin(arguments, ", "), ") ", std::string(how)));
      }
    }
  };
  functions(before, *this, "is missing");
  functions(*this, before, "is left over");
  if (differences.size() > kMaxDifferences) {
    differences.resize(kMaxDifferences);
    differences.push_back("and more");
  }
  return differences;
}

}  // namespace gate::migration
