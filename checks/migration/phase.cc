#include "checks/migration/phase.h"

#include <optional>

namespace gate::migration {
namespace {

const Name* Address(const Name& name) { return &name; }
const Name* Address(const std::optional<Name>& name) { return name ? &*name : nullptr; }

struct PhaseFinder {
  Phase operator()(const CreateRelation&) const { return Phase::kExpand; }
  Phase operator()(const CreateSchema&) const { return Phase::kExpand; }
  Phase operator()(const CreateEnum&) const { return Phase::kExpand; }
  Phase operator()(const AddEnumValue&) const { return Phase::kExpand; }
  Phase operator()(const CreateFunction&) const { return Phase::kExpand; }
  Phase operator()(const CreateTrigger&) const { return Phase::kExpand; }
  Phase operator()(const CreateIndex&) const { return Phase::kExpand; }
  Phase operator()(const AddColumn&) const { return Phase::kExpand; }
  Phase operator()(const SetDefault&) const { return Phase::kExpand; }
  Phase operator()(const DropNotNull&) const { return Phase::kExpand; }

  Phase operator()(const DropRelation&) const { return Phase::kContract; }
  Phase operator()(const DropSchema&) const { return Phase::kContract; }
  Phase operator()(const DropType&) const { return Phase::kContract; }
  Phase operator()(const DropFunction&) const { return Phase::kContract; }
  Phase operator()(const DropTrigger&) const { return Phase::kContract; }
  Phase operator()(const DropColumn&) const { return Phase::kContract; }
  Phase operator()(const DropDefault&) const { return Phase::kContract; }
  Phase operator()(const DropConstraint&) const { return Phase::kContract; }
  Phase operator()(const RenameRelation&) const { return Phase::kContract; }
  Phase operator()(const MoveRelation&) const { return Phase::kContract; }
  Phase operator()(const RenameColumn&) const { return Phase::kContract; }
  Phase operator()(const RenameType&) const { return Phase::kContract; }
  Phase operator()(const RenameEnumValue&) const { return Phase::kContract; }
  Phase operator()(const ChangeType&) const { return Phase::kContract; }

  template <typename Other>
  Phase operator()(const Other&) const {
    return Phase::kNeutral;
  }
};

}  // namespace

Phase PhaseOf(const Action& action) { return std::visit(PhaseFinder(), action.what); }

const Name* TableOf(const Action& action) {
  return std::visit(
      [](const auto& what) -> const Name* {
        using Kind = std::decay_t<decltype(what)>;
        constexpr bool is_relation =
            std::is_same_v<Kind, CreateRelation> || std::is_same_v<Kind, DropRelation> ||
            std::is_same_v<Kind, RenameRelation> || std::is_same_v<Kind, MoveRelation>;
        if constexpr (requires { Address(what.table); }) {
          return Address(what.table);
        } else if constexpr (is_relation) {
          return &what.name;
        } else {
          return nullptr;
        }
      },
      action.what);
}

}  // namespace gate::migration
