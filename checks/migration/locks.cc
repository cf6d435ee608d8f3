#include "checks/migration/locks.h"

namespace gate::migration {
namespace {

using Locks = std::vector<TableLock>;

// A foreign key locks the table that it refers to as well.
void AddKeys(const std::vector<AddConstraint>& constraints, Locks& locks) {
  for (const AddConstraint& constraint : constraints) {
    if (constraint.kind != ConstraintKind::kForeignKey) continue;
    locks.push_back({constraint.references, LockMode::kShareRowExclusive});
  }
}

LockMode ModeOf(std::string_view words) {
  for (const LockMode mode :
       {LockMode::kShare, LockMode::kShareRowExclusive, LockMode::kExclusive}) {
    if (Words(mode) == words) return mode;
  }
  return LockMode::kAccessExclusive;
}

struct Taken {
  const Catalog& before;

  Locks operator()(const CreateRelation& create) const {
    Locks locks;
    AddKeys(create.constraints, locks);
    return locks;
  }
  Locks operator()(const DropRelation& drop) const {
    if (drop.kind != RelationKind::kIndex) return OfTable(drop.kind, drop.name);
    if (!before.Existed(drop.name)) return {};
    const Relation* table = before.TableOf(drop.name);
    return drop.concurrently || table == nullptr ? Locks() : Locks{{table->name}};
  }
  Locks operator()(const AddColumn& add) const {
    Locks locks = {{add.table}};
    AddKeys(add.constraints, locks);
    return locks;
  }
  Locks operator()(const AddConstraint& add) const {
    if (add.kind != ConstraintKind::kForeignKey) return {{add.table}};
    return {{add.table, LockMode::kShareRowExclusive},
            {add.references, LockMode::kShareRowExclusive}};
  }
  Locks operator()(const CreateIndex& create) const {
    if (create.concurrently) return {};
    return {{create.table, LockMode::kShare}};
  }
  Locks operator()(const CreateTrigger& create) const {
    return {{create.table, LockMode::kShareRowExclusive}};
  }
  Locks operator()(const SwitchTrigger& turn) const {
    return {{turn.table, LockMode::kShareRowExclusive}};
  }
  Locks operator()(const TakeRights& take) const {
    return take.table && take.what != "REVOKE" ? Locks{{*take.table}} : Locks();
  }
  Locks operator()(const RewriteTable& rewrite) const {
    return rewrite.table ? Locks{{*rewrite.table}} : Locks();
  }
  Locks operator()(const Reindex& reindex) const {
    return reindex.name && !reindex.index ? Locks{{*reindex.name, LockMode::kShare}} : Locks();
  }
  Locks operator()(const LockTable& lock) const { return {{lock.table, ModeOf(lock.mode)}}; }
  Locks operator()(const AttachPartition& attach) const { return {{attach.partition}}; }
  Locks operator()(const DetachPartition& detach) const {
    return detach.concurrently ? Locks() : Locks{{detach.table}, {detach.partition}};
  }
  Locks operator()(const Truncate& truncate) const { return {{truncate.table}}; }
  Locks operator()(const DropColumn& drop) const { return {{drop.table}}; }
  Locks operator()(const RenameColumn& rename) const { return {{rename.table}}; }
  Locks operator()(const RenameConstraint& rename) const { return {{rename.table}}; }
  Locks operator()(const RenameRelation& rename) const { return OfTable(rename.kind, rename.name); }
  Locks operator()(const MoveRelation& move) const { return OfTable(move.kind, move.name); }
  Locks operator()(const ChangeType& change) const { return {{change.table}}; }
  Locks operator()(const SetNotNull& set) const { return {{set.table}}; }
  Locks operator()(const DropNotNull& drop) const { return {{drop.table}}; }
  Locks operator()(const SetDefault& set) const { return {{set.table}}; }
  Locks operator()(const DropDefault& drop) const { return {{drop.table}}; }
  Locks operator()(const DropConstraint& drop) const { return {{drop.table}}; }
  Locks operator()(const DropTrigger& drop) const { return {{drop.table}}; }
  template <typename Other>
  Locks operator()(const Other&) const {
    return {};
  }

  static Locks OfTable(RelationKind kind, const Name& name) {
    return kind == RelationKind::kTable ? Locks{{name}} : Locks();
  }
};

}  // namespace

std::string_view Words(LockMode mode) {
  switch (mode) {
    case LockMode::kShare:
      return "SHARE";
    case LockMode::kShareRowExclusive:
      return "SHARE ROW EXCLUSIVE";
    case LockMode::kExclusive:
      return "EXCLUSIVE";
    case LockMode::kAccessExclusive:
      return "ACCESS EXCLUSIVE";
  }
  return "";
}

std::vector<TableLock> LocksOf(const Action& action, const Catalog& before) {
  std::vector<TableLock> locks = std::visit(Taken{before}, action.what);
  std::erase_if(locks, [&before](const TableLock& lock) { return !before.Existed(lock.table); });
  return locks;
}

void HeldLocks::Take(const Action& action, const Catalog& before) {
  for (TableLock& lock : LocksOf(action, before)) {
    if (Strongest() == nullptr || lock.mode > strongest_.mode) strongest_ = lock;
    const Name name = before.Resolve(lock.table);
    const auto [at, is_new] = held_.try_emplace({name.schema, name.name}, lock);
    const bool was_closed = !is_new && StopsReads(at->second.mode);
    if (StopsReads(lock.mode) && !was_closed) ++closed_;
    if (lock.mode > at->second.mode) at->second = std::move(lock);
  }
}

const TableLock* HeldLocks::On(const Catalog& catalog, const Name& table) const {
  const Name name = catalog.Resolve(table);
  const auto found = held_.find({name.schema, name.name});
  return found == held_.end() ? nullptr : &found->second;
}

}  // namespace gate::migration
