// What each action does to the model of the schema.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/catalog.h"

namespace gate::migration {
namespace {

constexpr std::string_view kTemporary = "pg_temp";
// PostgreSQL's own limit; what goes beyond fails there.
constexpr size_t kMaxColumns = 1600;
// Of one table: more than any has.
constexpr size_t kMaxConstraints = 200;
constexpr size_t kMaxOverloads = 200;
constexpr size_t kMaxCondition = 1000;  // kept to be compared

KnownColumn* FindIn(Relation& relation, std::string_view column) {
  return const_cast<KnownColumn*>(relation.Find(column));
}

void AddColumnTo(Relation& relation, KnownColumn column) {
  // Only said of the moment in which it comes.
  column.definition.filler.clear();
  column.definition.calls.clear();
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

// PostgreSQL's makeObjectName: table and column give up bytes, the longer one first.
std::string JoinedName(std::string table, std::string columns, const std::string& label) {
  constexpr size_t kMaxName = 63;
  const size_t rest = label.size() + (columns.empty() ? 1 : 2);
  while (table.size() + columns.size() + rest > kMaxName) {
    std::string& longer = table.size() > columns.size() ? table : columns;
    longer.pop_back();
  }
  return columns.empty() ? absl::StrCat(table, "_", label)
                         : absl::StrCat(table, "_", columns, "_", label);
}

std::string_view Label(ConstraintKind kind) {
  switch (kind) {
    case ConstraintKind::kCheck:
      return "check";
    case ConstraintKind::kForeignKey:
      return "fkey";
    case ConstraintKind::kUnique:
      return "key";
    case ConstraintKind::kPrimaryKey:
      return "pkey";
    case ConstraintKind::kExclusion:
      return "excl";
  }
  return "";
}

// The name that PostgreSQL gives to a constraint without one.
std::string ChosenName(const Relation& relation, const AddConstraint& add) {
  if (!add.index.empty()) return add.index;
  std::string columns;
  const bool none = add.kind == ConstraintKind::kPrimaryKey ||
                    (add.kind == ConstraintKind::kCheck && add.columns.size() > 1);
  if (!none) columns = absl::StrJoin(add.columns, "_");
  for (int twin = 0;; ++twin) {
    std::string label(Label(add.kind));
    if (twin > 0) absl::StrAppend(&label, twin);
    std::string name = JoinedName(relation.name.name, columns, label);
    const bool taken = std::ranges::any_of(relation.constraints, [&](const KnownConstraint& each) {
      return each.definition.name == name;
    });
    if (!taken) return name;
  }
}

void AddTo(Relation& relation, AddConstraint add) {
  for (const std::string& column : add.columns) {
    if (add.kind == ConstraintKind::kPrimaryKey) ChangeIn(relation, column).not_null = true;
  }
  if (relation.constraints.size() == kMaxConstraints) return;
  if (add.name.empty()) add.name = ChosenName(relation, add);
  const bool valid = !add.not_valid;
  add.satisfied_by_null.clear();  // Only said of the moment in which it comes.
  if (add.condition.size() > kMaxCondition) add.condition.clear();
  relation.constraints.push_back({std::move(add), valid});
}

bool Names(const AddConstraint& constraint, const std::string& column) {
  const auto has = [&column](const std::vector<std::string>& columns) {
    return std::ranges::find(columns, column) != columns.end();
  };
  return constraint.says_more || has(constraint.columns) || has(constraint.not_null_checks);
}

// What IF NOT EXISTS or OR REPLACE may have found there: as old as it can be, and as little known.
void Doubt(Relation& relation) {
  relation.existed = relation.assumed = true;
  relation.all_columns_known = false;
  relation.constraints.clear();
  relation.key = {};
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
    const Key key(KeyView{name.schema, name.name});
    const bool keeps = create.if_not_exists || create.or_replace;
    const bool doubtful = keeps && !create.temporary && !catalog.IsAbsentAt(key);
    if (keeps && catalog.At(key) != nullptr) return Connect(*catalog.names_.Find(key), create);
    Relation relation{std::move(name), create.kind};
    relation.all_columns_known = create.all_columns_known;
    for (const Column& column : create.columns) AddColumnTo(relation, {column});
    for (AddConstraint constraint : create.constraints) {
      if (!constraint.references.name.empty()) {
        constraint.references = catalog.Resolve(constraint.references);
      }
      AddTo(relation, std::move(constraint));
    }
    if (doubtful) Doubt(relation);
    const Id id = catalog.Put(std::move(relation));
    catalog.Tie(id);
    Connect(id, create);
  }
  void Connect(Id id, const CreateRelation& create) {
    for (const Name& read : create.reads) {
      const Id on = catalog.IdOf(read);
      if (on == kGone || on == id) continue;
      catalog.AddDependant(on, id);
    }
  }
  void operator()(const DropRelation& drop) {
    const Id id = catalog.IdOf(drop.name);
    if (id != kGone && drop.kind == RelationKind::kIndex) catalog.Lose(id);
    catalog.Remove(drop.name, drop.cascade);
  }
  void operator()(const CreateSchema& create) {
    if (!create.if_not_exists) catalog.made_schemas_.insert(create.name);
  }
  void operator()(const DropSchema& drop) {
    for (const Id id : catalog.In(drop.name)) catalog.RemoveById(id, drop.cascade);
  }
  // What was in it keeps its old name here, and under the new one nothing is known.
  void operator()(const RenameSchema& rename) {
    catalog.followed_ = false;
    if (catalog.made_schemas_.erase(rename.name) > 0) catalog.made_schemas_.insert(rename.new_name);
  }
  void operator()(const CreateFunction& create) {
    std::vector<KnownFunction>& functions =
        catalog.functions_.Edit(catalog.FunctionKeyOf(create.name));
    const bool maybe = create.or_replace && !(catalog.complete_ && catalog.followed_);
    for (KnownFunction& function : functions) {
      if (function.definition.arguments != create.arguments) continue;
      function.definition = create;
      return;
    }
    if (functions.size() < kMaxOverloads) functions.push_back({create, maybe});
  }
  void operator()(const DropFunction& drop) {
    const Key key(catalog.FunctionKeyOf(drop.name));
    if (!catalog.functions_.contains(key)) return;
    std::vector<KnownFunction>& functions = catalog.functions_.Edit(key);
    std::erase_if(functions, [&drop](const KnownFunction& function) {
      return !drop.arguments || function.definition.arguments == *drop.arguments;
    });
    if (functions.empty()) catalog.functions_.erase(key);
  }
  void operator()(const RenameFunction& rename) {
    const Key key(catalog.FunctionKeyOf(rename.name));
    if (!catalog.functions_.contains(key)) return;
    const Name& to = rename.new_name;
    const Key new_key(KeyView{to.schema.empty() ? key.schema : to.schema, to.name});
    std::vector<KnownFunction> stay, go;
    std::vector<KnownFunction>& here = catalog.functions_.Edit(key);
    for (KnownFunction& function : here) {
      const bool meant = !rename.arguments || function.definition.arguments == *rename.arguments;
      (meant ? go : stay).push_back(std::move(function));
    }
    here = std::move(stay);
    if (here.empty()) catalog.functions_.erase(key);
    std::vector<KnownFunction>& there = catalog.functions_.Edit(new_key);
    for (KnownFunction& function : go) {
      if (there.size() < kMaxOverloads) there.push_back(std::move(function));
    }
  }
  void operator()(const CreateTrigger& create) {
    if (catalog.FindTrigger(create.table, create.name) != nullptr) return;
    std::vector<KnownTrigger>& triggers = catalog.Change(create.table).triggers;
    if (triggers.size() < kMaxConstraints)
      triggers.push_back({create.name, false, create.function});
  }
  void operator()(const DropTrigger& drop) {
    const KnownTrigger* known = catalog.FindTrigger(drop.table, drop.name);
    if (known == nullptr) return;
    const bool existed = known->existed;
    Relation& table = catalog.Change(drop.table);
    if (existed) table.lost_triggers.insert(drop.name);
    std::erase_if(table.triggers,
                  [&drop](const KnownTrigger& trigger) { return trigger.name == drop.name; });
  }
  void operator()(const SwitchTrigger& turn) {
    if (turn.on && catalog.Find(turn.table) == nullptr) return;
    auto& off = catalog.Change(turn.table).switched_off;
    if (!turn.on) {
      if (off.size() < kMaxConstraints) off.insert(turn.name);
    } else if (turn.name.empty()) {
      off.clear();
    } else {
      off.erase(turn.name);
    }
  }
  void operator()(const TakeRights&) {}
  void operator()(const CreateEnum& create) {
    EnumType type;
    for (const std::string& label : create.labels) type.labels.push_back({label});
    Name name = create.name;
    if (name.schema.empty()) name.schema = catalog.CreationSchema();
    catalog.enums_.Edit(KeyView{name.schema, name.name}) = std::move(type);
  }
  void operator()(const AddEnumValue& add) {
    const KeyView key = catalog.EnumKeyOf(add.type);
    if (!catalog.enums_.contains(key)) return;
    std::vector<EnumLabel>& labels = catalog.enums_.Edit(key).labels;
    const bool there = std::ranges::find(labels, add.label, &EnumLabel::text) != labels.end();
    if (!there) labels.push_back({add.label});
  }
  void operator()(const RenameEnumValue& rename) {
    const KeyView key = catalog.EnumKeyOf(rename.type);
    if (!catalog.enums_.contains(key)) return;
    for (EnumLabel& label : catalog.enums_.Edit(key).labels) {
      if (label.text == rename.label) label = {rename.new_label};
    }
  }
  // The columns of the type go along.
  void operator()(const RenameType& rename) {
    const Key from(catalog.EnumKeyOf(rename.type)), to(KeyView{from.schema, rename.new_name});
    const auto has_type = [&](const KnownColumn& column) {
      return column.definition.type && LeadsTo(*column.definition.type, from);
    };
    for (const Id id : RelationsWith(has_type)) {
      for (KnownColumn& column : catalog.ChangeById(id).columns) {
        if (has_type(column)) column.definition.type->name = TypeName({to.schema, to.name});
      }
    }
    Move(catalog.types_, Key(catalog.TypeKeyOf(rename.type)), rename.new_name);
    Move(catalog.enums_, from, rename.new_name);
  }
  template <typename Value>
  static void Move(SharedMap<Key, Value>& map, const Key& from, const std::string& new_name) {
    const Value* found = map.Find(from);
    if (found == nullptr || from.name == new_name) return;
    map.Edit(KeyView{from.schema, new_name}) = *found;
    map.erase(from);
  }
  // Those with a column that is meant.
  template <typename Means>
  std::vector<Id> RelationsWith(Means means) const {
    std::vector<Id> ids;
    for (const auto& [id, relation] : catalog.relations_) {
      if (std::ranges::any_of(relation->columns, means)) ids.push_back(id);
    }
    return ids;
  }
  bool LeadsTo(const Type& type, const Key& key) const {
    const size_t dot = type.name.find('.');
    const Name name = dot == std::string::npos
                          ? Name{"", type.name}
                          : Name{type.name.substr(0, dot), type.name.substr(dot + 1)};
    return name.name == key.name && catalog.EnumKeyOf(name) == KeyView(key);
  }
  void operator()(const CreateType& create) {
    Name name = create.name;
    if (name.schema.empty()) name.schema = catalog.CreationSchema();
    catalog.types_.Edit(KeyView{name.schema, name.name}) = {create.kind, create.constrained};
  }
  void operator()(const ChangeDomain& change) {
    const KeyView key = catalog.TypeKeyOf(change.name);
    if (catalog.types_.contains(key)) catalog.types_.Edit(key).constrained = true;
  }
  void operator()(const DropType& drop) {
    catalog.types_.erase(catalog.TypeKeyOf(drop.name));
    const KeyView key = catalog.EnumKeyOf(drop.name);
    if (const EnumType* found = catalog.enums_.Find(key)) {
      if (found->existed) {
        std::vector<std::string>& labels =
            catalog.lost_enums_.Edit(KeyView{found->was.schema, found->was.name});
        labels.clear();
        for (const EnumLabel& label : found->labels) {
          if (label.existed) labels.push_back(label.text);
        }
      }
      catalog.enums_.erase(key);
    }
    if (!drop.cascade) return;
    const std::string type = TypeName(drop.name);
    const auto has_type = [&](const KnownColumn& column) {
      return column.definition.type && column.definition.type->name == type;
    };
    for (const Id id : RelationsWith(has_type)) {
      std::erase_if(catalog.ChangeById(id).columns, has_type);
    }
  }
  // What may not be there at all is not known to be there under its new name.
  void operator()(const RenameRelation& rename) {
    if (rename.if_exists && catalog.Find(rename.name) == nullptr) return;
    catalog.Rename(rename.name, {std::string(catalog.KeyOf(rename.name).schema), rename.new_name});
  }
  void operator()(const MoveRelation& move) {
    if (move.if_exists && catalog.Find(move.name) == nullptr) return;
    catalog.Rename(move.name, {move.new_schema, std::string(catalog.KeyOf(move.name).name)});
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
    for (const AddConstraint& constraint : add.constraints) Bind(table, constraint);
  }
  void operator()(const DropColumn& drop) {
    if (drop.if_exists && catalog.IsAbsent(drop.table, drop.column)) return;
    const bool existed = catalog.Existed(drop.table, drop.column);
    catalog.RemoveIndexesOn(drop.table, drop.column);
    Relation& table = catalog.Change(drop.table);
    if (existed) table.lost.insert(drop.column);
    EraseColumn(table, drop.column);
    std::erase_if(table.constraints, [&](const KnownConstraint& constraint) {
      return Names(constraint.definition, drop.column);
    });
  }
  void operator()(const RenameColumn& rename) {
    Relation& table = catalog.Change(rename.table);
    ChangeIn(table, rename.column).name = rename.new_name;
    KnownColumn& renamed = *FindIn(table, rename.new_name);
    if (renamed.was.empty()) renamed.was = rename.column;
    const auto follow = [&rename](std::vector<std::string>& columns) {
      std::ranges::replace(columns, rename.column, rename.new_name);
    };
    for (auto* constraints : {&table.constraints, &table.lost_constraints}) {
      for (KnownConstraint& constraint : *constraints) {
        follow(constraint.definition.columns);
        follow(constraint.definition.not_null_checks);
      }
    }
    for (UniqueKey& key : table.lost_keys) follow(key.columns);
    for (const Id id : catalog.DependantsOf(catalog.IdOf(rename.table))) {
      const Relation& index = catalog.Get(id);
      if (index.kind != RelationKind::kIndex || !index.Find(rename.column)) continue;
      Relation& changed = catalog.ChangeById(id);
      FindIn(changed, rename.column)->definition.name = rename.new_name;
      follow(changed.key.columns);
      follow(changed.computed);
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
    Column& column = ChangeIn(catalog.Change(set.table), set.column);
    column.filled = true;
    column.distinct = set.distinct;
  }
  void operator()(const DropDefault& drop) {
    ChangeIn(catalog.Change(drop.table), drop.column).filled = false;
  }

  void operator()(const AddConstraint& add) { Bind(catalog.Change(add.table), add); }
  // USING INDEX makes a constraint of an index that is as old as it was.
  void Bind(Relation& table, AddConstraint add) {
    if (!add.references.name.empty()) add.references = catalog.Resolve(add.references);
    if (add.index.empty()) {
      const bool ties = add.kind == ConstraintKind::kForeignKey;
      AddTo(table, std::move(add));
      if (ties) catalog.Tie(catalog.IdOf(table.name));
      return;
    }
    const Name name{table.name.schema, add.index};
    const Relation* index = catalog.At({name.schema, name.name});
    const bool existed = index == nullptr ? table.existed : index->existed;
    if (index != nullptr) add.columns = index->key.columns;
    AddTo(table, std::move(add));
    if (!table.constraints.empty()) table.constraints.back().existed = existed;
    catalog.Remove(name, false);
  }
  void operator()(const ValidateConstraint& validate) {
    for (KnownConstraint& constraint : catalog.Change(validate.table).constraints) {
      constraint.valid = constraint.valid || constraint.definition.name == validate.name;
    }
  }
  // A name that nothing is known to have may be one that PostgreSQL has chosen for any of them.
  void operator()(const DropConstraint& drop) {
    Relation& table = catalog.Change(drop.table);
    const KnownConstraint* dropped = table.FindConstraint(drop.name);
    if (dropped == nullptr) {
      if (!drop.if_exists || !catalog.IsAbsentConstraint(drop.table, drop.name)) {
        table.constraints.clear();
      }
      return;
    }
    if (dropped->existed) table.lost_constraints.push_back(*dropped);
    table.constraints.erase(table.constraints.begin() + (dropped - table.constraints.data()));
  }
  void operator()(const RenameConstraint& rename) {
    for (KnownConstraint& constraint : catalog.Change(rename.table).constraints) {
      if (constraint.definition.name == rename.name) constraint.definition.name = rename.new_name;
    }
  }

  // The name that PostgreSQL gives to an index without one; "" where that is not known: an
  // expression has its function's name, or another.
  std::string ChosenName(KeyView on, const CreateIndex& create) const {
    if (!create.whole || create.key.empty()) return "";
    for (int twin = 0;; ++twin) {
      const std::string label = twin == 0 ? "idx" : absl::StrCat("idx", twin);
      std::string name = JoinedName(std::string(on.name), absl::StrJoin(create.key, "_"), label);
      if (catalog.At({on.schema, name}) == nullptr) return name;
    }
  }

  void operator()(const CreateIndex& create) {
    // An index lives in its table's schema.
    const KeyView on = catalog.KeyOf(create.table);
    const Name name{std::string(on.schema),
                    create.name.empty() ? ChosenName(on, create) : create.name};
    if (name.name.empty()) return;
    const KeyView key{name.schema, name.name};
    if (create.if_not_exists && catalog.At(key) != nullptr) return;
    const bool doubtful =
        create.if_not_exists && !catalog.IsAbsentAt(key) && catalog.Existed(create.table);
    Relation index{name, RelationKind::kIndex};
    index.unique = create.unique;
    if (create.unique && create.whole) {
      index.key = {name.name, create.key, create.nulls_equal, false};
    }
    for (const std::string& column : create.columns) ChangeIn(index, column);
    index.computed = create.computed;
    if (doubtful) Doubt(index);
    const Id id = catalog.Put(std::move(index)), table = catalog.IdOf(create.table);
    if (table == kGone || doubtful) return;
    catalog.AddDependant(table, id);
    catalog.tables_.Edit(id) = table;
  }

  void operator()(const CreateExtension& create) {
    if (!create.if_not_exists) catalog.made_extensions_.insert(create.name);
  }
  void operator()(const DropExtension& drop) { catalog.made_extensions_.erase(drop.name); }

  void operator()(const SetSearchPath& set) {
    catalog.search_path_ = set.schemas;
    std::erase(catalog.search_path_, "$user");
    if (catalog.search_path_.empty()) catalog.search_path_ = {"public"};
  }
  // It may have made anything again.
  void operator()(const Opaque&) {
    catalog.followed_ = false;
    std::vector<Key> gone;
    for (const auto& [key, id] : catalog.names_) {
      if (id == kGone) gone.push_back(key);
    }
    for (const Key& key : gone) catalog.names_.erase(key);
  }
  // What leaves the schema as it is.
  void operator()(const ChangeComposite&) {}
  void operator()(const RewriteTable&) {}
  void operator()(const Reindex&) {}
  void operator()(const RefreshView&) {}
  void operator()(const Truncate&) {}
  void operator()(const LockTable&) {}
  void operator()(const AttachPartition&) {}
  void operator()(const DetachPartition&) {}
  void operator()(const WriteRows&) {}
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
      if (Get(dependant).kind == RelationKind::kIndex) continue;
      if (views.insert(dependant).second) reached.push_back(dependant);
    }
  }
}

std::vector<Action> Catalog::TakenAlong(const Action& action) const {
  std::vector<Action> taken;
  std::set<Id> relations;
  if (const auto* drop = As<DropRelation>(action); drop && drop->cascade) {
    AddViews(IdOf(drop->name), relations);
  } else if (const auto* schema = As<DropSchema>(action); schema && schema->cascade) {
    for (const Id id : In(schema->name)) {
      if (Get(id).kind != RelationKind::kIndex) relations.insert(id);
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
    const Relation& relation = Get(id);
    // As people would write it.
    Name name = {"", relation.name.name};
    if (KeyOf(name).schema != relation.name.schema) name.schema = relation.name.schema;
    taken.push_back({DropRelation{std::move(name), relation.kind}, action.span});
  }
  return taken;
}

}  // namespace gate::migration
