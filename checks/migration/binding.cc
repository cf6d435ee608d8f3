#include "checks/migration/binding.h"

#include <algorithm>

namespace gate::migration {

const AddConstraint* AddedConstraint(const Scene& scene, ConstraintKind kind) {
  if (const auto* add = As<AddConstraint>(scene.action)) {
    return add->kind == kind && scene.before.Existed(add->table) ? add : nullptr;
  }
  const auto* add = As<AddColumn>(scene.action);
  if (add == nullptr || !scene.before.Existed(add->table)) return nullptr;
  const KnownColumn* known = scene.before.Find(add->table, add->column.name);
  if (add->if_not_exists && known != nullptr && !known->assumed)
    return nullptr;  // Nothing is done.
  const auto found = std::ranges::find(add->constraints, kind, &AddConstraint::kind);
  return found == add->constraints.end() ? nullptr : &*found;
}

std::vector<const AddConstraint*> ObeyedBefore(const Scene& scene, const Name& table) {
  std::vector<const AddConstraint*> obeyed;
  const Relation* relation = scene.before.Find(table);
  if (relation == nullptr) return obeyed;
  for (const auto* constraints : {&relation->constraints, &relation->lost_constraints}) {
    for (const KnownConstraint& constraint : *constraints) {
      if (constraint.existed) obeyed.push_back(&constraint.definition);
    }
  }
  return obeyed;
}

bool NeverNull(const Scene& scene, const Name& table, std::string_view column) {
  const KnownColumn* known = scene.before.Find(table, column);
  if (known != nullptr && known->existed && !known->unsure && known->definition.not_null) {
    return true;
  }
  for (const AddConstraint* check : ObeyedBefore(scene, table)) {
    const std::vector<std::string>& proven = check->not_null_checks;
    if (std::ranges::find(proven, column) != proven.end()) return true;
  }
  const Left left = LeftIn(scene, table, column);
  return left == Left::kDistinct || left == Left::kSame;
}

bool IsProvenNotNull(const Scene& scene, const Name& table, std::string_view column) {
  const Relation* relation = scene.before.Find(table);
  if (relation == nullptr || !scene.Since(12)) return false;
  return std::ranges::any_of(relation->constraints, [column](const KnownConstraint& check) {
    const std::vector<std::string>& proven = check.definition.not_null_checks;
    return check.valid && std::ranges::find(proven, column) != proven.end();
  });
}

Left LeftIn(const Scene& scene, const Name& table, std::string_view column) {
  const KnownColumn* then = scene.AtCommit().Find(table, column);
  if (then == nullptr || then->existed) return Left::kAnything;
  if (!then->definition.filled) return Left::kNull;
  return then->definition.distinct ? Left::kDistinct : Left::kSame;
}

}  // namespace gate::migration
