// What each action does to the model of the schema.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/migration/catalog.h"

namespace gate::migration {
namespace {

constexpr std::string_view kTemporary = "pg_temp";
// PostgreSQL's own limit; what goes beyond fails there.
constexpr size_t kMaxColumns = 1600;

KnownColumn* FindIn(Relation& relation, std::string_view column) {
  return const_cast<KnownColumn*>(relation.Find(column));
}

void AddColumnTo(Relation& relation, KnownColumn column) {
  if (relation.columns.size() < kMaxColumns) {
    relation.columns.push_back(std::move(column));
  } else {
    relation.all_columns_known = false;
  }
}

// The column to change; where it is not known, a new entry that says no more than "existed".
Column& ChangeIn(Relation& relation, std::string_view column) {
  if (KnownColumn* known = FindIn(relation, column)) return known->definition;
  KnownColumn& known = relation.columns.emplace_back();
  known.definition.name = column;
  known.existed = relation.existed;
  return known.definition;
}

void EraseColumn(Relation& relation, std::string_view column) {
  std::erase_if(relation.columns,
                [&](const KnownColumn& known) { return known.definition.name == column; });
}

void AddTo(Relation& relation, const AddConstraint& add) {
  for (const std::string& column : add.columns) {
    if (add.kind == ConstraintKind::kPrimaryKey) ChangeIn(relation, column).not_null = true;
  }
  if (!add.not_null_checks.empty()) {
    relation.checks.push_back({add.name, add.not_null_checks, add.says_more, !add.not_valid});
  }
}

// What IF NOT EXISTS or OR REPLACE may have found there: as old as it can be, and as little known.
void Doubt(Relation& relation) {
  relation.existed = relation.assumed = true;
  relation.all_columns_known = false;
  relation.checks.clear();
  relation.unique = relation.kind == RelationKind::kIndex;
  for (KnownColumn& column : relation.columns) column.existed = column.unsure = true;
}

std::string TypeName(const Name& type) {
  const bool built_in = type.schema.empty() || type.schema == "pg_catalog";
  return built_in ? type.name : absl::StrCat(type.schema, ".", type.name);
}

}  // namespace

struct Catalog::Applier {
  Catalog& catalog;

  void operator()(const CreateRelation& create) {
    Name name = create.name;
    if (create.temporary) name.schema = kTemporary;
    if (name.schema.empty()) name.schema = catalog.CreationSchema();
    const Key key{name.schema, name.name};
    const bool keeps = create.if_not_exists || create.or_replace;
    const bool doubtful = keeps && !create.temporary && !catalog.IsAbsentAt(key);
    if (keeps && catalog.At(key) != nullptr) return Connect(catalog.names_.at(key), create);
    Relation relation{std::move(name), create.kind};
    relation.all_columns_known = create.all_columns_known;
    for (const Column& column : create.columns) AddColumnTo(relation, {column});
    for (const AddConstraint& constraint : create.constraints) AddTo(relation, constraint);
    if (doubtful) Doubt(relation);
    Connect(catalog.Put(std::move(relation)), create);
  }
  void Connect(Id id, const CreateRelation& create) {
    for (const Name& read : create.reads) {
      const auto named = catalog.names_.find(catalog.KeyOf(read));
      if (named != catalog.names_.end() && named->second != kGone && named->second != id) {
        catalog.dependants_.emplace(named->second, id);
      }
    }
  }
  void operator()(const DropRelation& drop) { catalog.Remove(drop.name, drop.cascade); }
  void operator()(const CreateSchema& create) {
    if (!create.if_not_exists) catalog.made_schemas_.insert(create.name);
  }
  void operator()(const DropSchema& drop) {
    for (const Id id : catalog.In(drop.name)) catalog.RemoveById(id, drop.cascade);
  }
  void operator()(const DropType& drop) {
    if (!drop.cascade) return;
    const std::string type = TypeName(drop.name);
    for (const auto& [id, relation] : catalog.relations_) {
      const auto has_type = [&](const KnownColumn& column) {
        return column.definition.type && column.definition.type->name == type;
      };
      if (std::ranges::none_of(relation->columns, has_type)) continue;
      std::erase_if(catalog.ChangeById(id).columns, has_type);
    }
  }
  // What may not be there at all is not known to be there under its new name.
  void operator()(const RenameRelation& rename) {
    if (rename.if_exists && catalog.Find(rename.name) == nullptr) return;
    catalog.Rename(rename.name, {catalog.KeyOf(rename.name).first, rename.new_name});
  }
  void operator()(const MoveRelation& move) {
    if (move.if_exists && catalog.Find(move.name) == nullptr) return;
    catalog.Rename(move.name, {move.new_schema, catalog.KeyOf(move.name).second});
  }

  void operator()(const AddColumn& add) {
    const bool absent = catalog.IsAbsent(add.table, add.column.name);
    Relation& table = catalog.Change(add.table);
    if (add.if_not_exists && table.Find(add.column.name) != nullptr) return;
    EraseColumn(table, add.column.name);
    KnownColumn column{add.column};
    column.assumed = column.unsure = add.if_not_exists && !absent && table.existed;
    column.existed = column.assumed || table.lost.contains(add.column.name);
    AddColumnTo(table, std::move(column));
  }
  void operator()(const DropColumn& drop) {
    if (drop.if_exists && catalog.IsAbsent(drop.table, drop.column)) return;
    const bool existed = catalog.Existed(drop.table, drop.column);
    catalog.RemoveIndexesOn(drop.table, drop.column);
    Relation& table = catalog.Change(drop.table);
    if (existed) table.lost.insert(drop.column);
    EraseColumn(table, drop.column);
    std::erase_if(table.checks, [&](const NotNullCheck& check) {
      return check.says_more ||
             std::ranges::find(check.columns, drop.column) != check.columns.end();
    });
  }
  void operator()(const RenameColumn& rename) {
    Relation& table = catalog.Change(rename.table);
    ChangeIn(table, rename.column).name = rename.new_name;
    KnownColumn& renamed = *FindIn(table, rename.new_name);
    if (renamed.was.empty()) renamed.was = rename.column;
    for (NotNullCheck& check : table.checks) {
      std::ranges::replace(check.columns, rename.column, rename.new_name);
    }
    for (const Id id : catalog.DependantsOf(catalog.names_.at(catalog.KeyOf(rename.table)))) {
      const bool index = catalog.relations_.at(id)->kind == RelationKind::kIndex;
      if (!index || !catalog.relations_.at(id)->Find(rename.column)) continue;
      FindIn(catalog.ChangeById(id), rename.column)->definition.name = rename.new_name;
    }
  }
  void operator()(const ChangeType& change) {
    ChangeIn(catalog.Change(change.table), change.column).type = change.type;
  }
  void operator()(const SetNotNull& set) {
    ChangeIn(catalog.Change(set.table), set.column).not_null = true;
  }
  void operator()(const DropNotNull& drop) {
    ChangeIn(catalog.Change(drop.table), drop.column).not_null = false;
  }
  void operator()(const SetDefault& set) {
    ChangeIn(catalog.Change(set.table), set.column).filled = true;
  }
  void operator()(const DropDefault& drop) {
    ChangeIn(catalog.Change(drop.table), drop.column).filled = false;
  }

  void operator()(const AddConstraint& add) { AddTo(catalog.Change(add.table), add); }
  void operator()(const ValidateConstraint& validate) {
    for (NotNullCheck& check : catalog.Change(validate.table).checks) {
      check.valid = check.valid || check.name == validate.name;
    }
  }
  // A name that nothing is known to have may be one that PostgreSQL has chosen, or a new one.
  void operator()(const DropConstraint& drop) {
    std::vector<NotNullCheck>& checks = catalog.Change(drop.table).checks;
    const auto named = [&](const NotNullCheck& check) { return check.name == drop.name; };
    if (std::erase_if(checks, named) == 0) checks.clear();
  }
  void operator()(const CreateIndex& create) {
    if (create.name.empty()) return;
    // An index lives in its table's schema.
    const Key on = catalog.KeyOf(create.table);
    const Key key{on.first, create.name};
    if (create.if_not_exists && catalog.At(key) != nullptr) return;
    const bool doubtful =
        create.if_not_exists && !catalog.IsAbsentAt(key) && catalog.Existed(create.table);
    Relation index{{key.first, key.second}, RelationKind::kIndex};
    index.unique = create.unique;
    for (const std::string& column : create.columns) ChangeIn(index, column);
    if (doubtful) Doubt(index);
    const Id id = catalog.Put(std::move(index));
    if (const auto table = catalog.names_.find(on);
        table != catalog.names_.end() && table->second != kGone && !doubtful) {
      catalog.dependants_.emplace(table->second, id);
    }
  }

  void operator()(const SetSearchPath& set) {
    catalog.search_path_ = set.schemas;
    std::erase(catalog.search_path_, "$user");
    if (catalog.search_path_.empty()) catalog.search_path_ = {"public"};
  }
  // It may have made anything again.
  void operator()(const Opaque&) {
    catalog.followed_ = false;
    std::erase_if(catalog.names_, [](const auto& named) { return named.second == kGone; });
  }
  void operator()(const Unjudged&) {}
  void operator()(const Transaction&) {}
  void operator()(const OutsideTransaction&) {}
};

void Catalog::Apply(const Action& action) { std::visit(Applier{*this}, action.what); }

// The views on it, and the views on those.
void Catalog::AddViews(Id id, std::set<Id>& views) const {
  std::vector<Id> reached = {id};
  while (!reached.empty()) {
    const Id at = reached.back();
    reached.pop_back();
    for (const Id dependant : DependantsOf(at)) {
      if (relations_.at(dependant)->kind == RelationKind::kIndex) continue;
      if (views.insert(dependant).second) reached.push_back(dependant);
    }
  }
}

std::vector<Action> Catalog::TakenAlong(const Action& action) const {
  std::vector<Action> taken;
  std::set<Id> relations;
  if (const auto* drop = As<DropRelation>(action); drop && drop->cascade) {
    const auto named = names_.find(KeyOf(drop->name));
    if (named != names_.end()) AddViews(named->second, relations);
  } else if (const auto* schema = As<DropSchema>(action); schema && schema->cascade) {
    for (const Id id : In(schema->name)) {
      if (relations_.at(id)->kind != RelationKind::kIndex) relations.insert(id);
      AddViews(id, relations);
    }
  } else if (const auto* type = As<DropType>(action); type && type->cascade) {
    const std::string name = TypeName(type->name);
    for (const auto& [id, relation] : relations_) {
      for (const KnownColumn& column : relation->columns) {
        if (!column.definition.type || column.definition.type->name != name) continue;
        taken.push_back({DropColumn{relation->name, column.definition.name}, action.span});
      }
    }
  }
  for (const Id id : relations) {
    const Relation& relation = *relations_.at(id);
    // As people would write it.
    Name name = {"", relation.name.name};
    if (KeyOf(name).first != relation.name.schema) name.schema = relation.name.schema;
    taken.push_back({DropRelation{std::move(name), relation.kind}, action.span});
  }
  return taken;
}

}  // namespace gate::migration
