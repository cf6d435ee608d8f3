// What the catalogue answers, and how relations come, change and go. What each action does to it
// lies in catalog_apply.cc.
#include "checks/migration/catalog.h"

#include <algorithm>
#include <functional>

#include "absl/strings/ascii.h"

namespace gate::migration {
namespace {

constexpr std::string_view kTemporary = "pg_temp";

bool IsUnique(const KnownConstraint& constraint) {
  const ConstraintKind kind = constraint.definition.kind;
  return (kind == ConstraintKind::kUnique || kind == ConstraintKind::kPrimaryKey) &&
         !constraint.definition.columns.empty();
}

bool IsInPrimaryKey(const Relation& relation, std::string_view column) {
  return std::ranges::any_of(relation.constraints, [column](const KnownConstraint& known) {
    const std::vector<std::string>& columns = known.definition.columns;
    return known.definition.kind == ConstraintKind::kPrimaryKey &&
           std::ranges::find(columns, column) != columns.end();
  });
}

// Whether the text has the word, by itself and in either case.
bool Says(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) {
    return absl::ascii_tolower(static_cast<unsigned char>(a)) ==
           absl::ascii_tolower(static_cast<unsigned char>(b));
  };
  const auto in_word = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
  };
  for (auto at = text.begin();; ++at) {
    at = std::search(at, text.end(), word.begin(), word.end(), same);
    if (at == text.end()) return false;
    const auto end = at + static_cast<std::ptrdiff_t>(word.size());
    const bool begins = at == text.begin() || !in_word(at[-1]);
    if (begins && (end == text.end() || !in_word(*end))) return true;
  }
}

// Ids stay in order, each once.
void AddTo(std::vector<int>& ids, int id) {
  const auto at = std::ranges::lower_bound(ids, id);
  if (at == ids.end() || *at != id) ids.insert(at, id);
}

// The keys whose values are meant, to change them one by one.
template <typename Key, typename Value, typename Means>
std::vector<Key> KeysOf(const SharedMap<Key, Value>& map, Means means) {
  std::vector<Key> keys;
  for (const auto& [key, value] : map) {
    if (means(value)) keys.push_back(key);
  }
  return keys;
}

UniqueKey KeyBehind(const KnownConstraint& constraint) {
  const AddConstraint& definition = constraint.definition;
  return {definition.name, definition.columns, definition.nulls_equal, constraint.existed};
}

}  // namespace

Name NameOf(const Type& type) {
  const size_t dot = type.name.find('.');
  if (dot == std::string::npos) return {"", type.name};
  return {type.name.substr(0, dot), type.name.substr(dot + 1)};
}

const KnownColumn* Relation::Find(std::string_view column) const {
  const auto found = std::ranges::find(columns, column, [](const KnownColumn& known) {
    return std::string_view(known.definition.name);
  });
  return found == columns.end() ? nullptr : &*found;
}

const KnownConstraint* Relation::FindConstraint(std::string_view constraint) const {
  const auto found = std::ranges::find(constraints, constraint, [](const KnownConstraint& known) {
    return std::string_view(known.definition.name);
  });
  return found == constraints.end() ? nullptr : &*found;
}

const Relation* Catalog::At(KeyView key) const {
  const Id* id = names_.Find(key);
  return id == nullptr || *id == kGone ? nullptr : &Get(*id);
}

Catalog::Id Catalog::IdAt(KeyView key) const {
  const Id* id = names_.Find(key);
  return id == nullptr ? kGone : *id;
}

Catalog::Id Catalog::IdOf(const Name& name) const {
  if (!name.schema.empty()) return IdAt({name.schema, name.name});
  Id id = has_temporary_ ? IdAt({kTemporary, name.name}) : kGone;
  for (size_t i = 0; id == kGone && i < search_path_.size(); ++i) {
    id = IdAt({search_path_[i], name.name});
  }
  return id;
}

bool Catalog::IsAbsentAt(KeyView key) const {
  if (const Id* id = names_.Find(key)) return *id == kGone;
  return complete_ && followed_;
}

Catalog::KeyView Catalog::KeyOf(const Name& name) const {
  if (!name.schema.empty()) return {name.schema, name.name};
  if (has_temporary_ && At({kTemporary, name.name}) != nullptr) return {kTemporary, name.name};
  for (const std::string& schema : search_path_) {
    if (At({schema, name.name}) != nullptr) return {schema, name.name};
  }
  return {CreationSchema(), name.name};
}

const Relation* Catalog::Find(const Name& name) const {
  const Id id = IdOf(name);
  return id == kGone ? nullptr : &Get(id);
}

const KnownColumn* Catalog::Find(const Name& table, std::string_view column) const {
  const Relation* relation = Find(table);
  return relation == nullptr ? nullptr : relation->Find(column);
}

std::vector<const Relation*> Catalog::Relations() const {
  std::vector<const Relation*> relations;
  for (const auto& [key, id] : names_) {
    if (id != kGone) relations.push_back(&Get(id));
  }
  return relations;
}

bool Catalog::Existed(const Name& name) const {
  const Relation* relation = Find(name);
  return relation == nullptr || relation->existed;
}

bool Catalog::Existed(const Name& table, std::string_view column) const {
  if (!Existed(table)) return false;
  const KnownColumn* known = Find(table, column);
  return known == nullptr || known->existed;
}

bool Catalog::IsAbsent(const Name& name) const {
  if (!name.schema.empty()) return IsAbsentAt({name.schema, name.name});
  if (At({kTemporary, name.name}) != nullptr) return false;
  return std::ranges::all_of(search_path_, [&](const std::string& schema) {
    return IsAbsentAt({schema, name.name});
  });
}

bool Catalog::IsAbsent(const Name& table, std::string_view column) const {
  if (IsAbsent(table)) return true;
  const Relation* relation = Find(table);
  if (relation == nullptr || relation->Find(column) != nullptr) return false;
  return relation->lost.contains(column) || (followed_ && relation->all_columns_known);
}

Catalog::Id Catalog::TableOf(Id index) const {
  const Id* table = tables_.Find(index);
  return table != nullptr && relations_.contains(*table) ? *table : kGone;
}

const Relation* Catalog::TableOf(const Name& index) const {
  const Id table = TableOf(IdOf(index));
  return table == kGone ? nullptr : &Get(table);
}

const KnownTrigger* Catalog::FindTrigger(const Name& table, std::string_view trigger) const {
  const Relation* relation = Find(table);
  if (relation == nullptr) return nullptr;
  const auto found = std::ranges::find(relation->triggers, trigger, [](const KnownTrigger& known) {
    return std::string_view(known.name);
  });
  return found == relation->triggers.end() ? nullptr : &*found;
}

bool Catalog::IsAbsentTrigger(const Name& table, std::string_view trigger) const {
  if (IsAbsent(table)) return true;
  return complete_ && followed_ && Find(table) != nullptr && FindTrigger(table, trigger) == nullptr;
}

std::vector<KnownFunction> Catalog::FindFunctions(const Name& name) const {
  const auto* found = functions_.Find(FunctionKeyOf(name));
  return found == nullptr ? std::vector<KnownFunction>() : *found;
}

bool Catalog::IsAbsentFunction(const Name& name) const {
  return complete_ && followed_ && FindFunctions(name).empty();
}

bool Catalog::IsCalledByATrigger(const Name& function) const {
  const KeyView key = FunctionKeyOf(function);
  return std::ranges::any_of(relations_, [&](const auto& relation) {
    return std::ranges::any_of(relation.second->triggers, [&](const KnownTrigger& trigger) {
      return FunctionKeyOf(trigger.function) == key;
    });
  });
}

std::string Catalog::FunctionThatSays(std::string_view word, const Name& except) const {
  for (const auto& [key, functions] : functions_) {
    if (!except.name.empty() && KeyView(key) == FunctionKeyOf(except)) continue;
    for (const KnownFunction& function : functions) {
      if (function.definition.body && Says(*function.definition.body, word)) return key.name;
    }
  }
  return "";
}

const EnumType* Catalog::FindEnum(const Name& name) const { return enums_.Find(EnumKeyOf(name)); }

const EnumType* Catalog::FindEnum(const Type& type) const { return FindEnum(NameOf(type)); }

const KnownType* Catalog::FindType(const Name& name) const { return types_.Find(TypeKeyOf(name)); }

const KnownType* Catalog::FindType(const Type& type) const { return FindType(NameOf(type)); }

std::vector<std::string> Catalog::LostLabels(const Name& name) const {
  const auto* found = lost_enums_.Find(EnumKeyOf(name));
  return found == nullptr ? std::vector<std::string>() : *found;
}

bool Catalog::IsAbsentConstraint(const Name& table, std::string_view constraint) const {
  if (IsAbsent(table)) return true;
  const Relation* relation = Find(table);
  return relation != nullptr && complete_ && followed_ && relation->all_columns_known &&
         relation->FindConstraint(constraint) == nullptr;
}

Name Catalog::Resolve(const Name& name) const {
  const KeyView key = KeyOf(name);
  return {std::string(key.schema), std::string(key.name)};
}

std::vector<UniqueKey> Catalog::UniqueKeysOf(const Name& table, bool lost) const {
  std::vector<UniqueKey> keys;
  const Id id = IdOf(table);
  if (id == kGone) return keys;
  const Relation& relation = Get(id);
  for (const KnownConstraint& constraint : relation.constraints) {
    if (IsUnique(constraint)) keys.push_back(KeyBehind(constraint));
  }
  for (const Id dependant : DependantsOf(id)) {
    const Relation& index = Get(dependant);
    if (index.kind == RelationKind::kIndex && !index.key.columns.empty()) keys.push_back(index.key);
  }
  if (!lost) return keys;
  for (const KnownConstraint& constraint : relation.lost_constraints) {
    if (IsUnique(constraint)) keys.push_back(KeyBehind(constraint));
  }
  keys.insert(keys.end(), relation.lost_keys.begin(), relation.lost_keys.end());
  return keys;
}

std::vector<Name> Catalog::IndexesOver(const Name& table, std::string_view column) const {
  std::vector<Name> indexes;
  const Id id = IdOf(table);
  if (id == kGone) return indexes;
  for (const Id dependant : DependantsOf(id)) {
    const Relation& index = Get(dependant);
    if (std::ranges::find(index.computed, column) != index.computed.end()) {
      indexes.push_back(index.name);
    }
  }
  return indexes;
}

bool Catalog::HasIndexFrom(const Name& table, std::string_view column) const {
  const Id id = IdOf(table);
  if (id == kGone) return false;
  const auto begins = [column](const KnownConstraint& known) {
    return IsUnique(known) && known.definition.columns.front() == column;
  };
  if (std::ranges::any_of(Get(id).constraints, begins)) return true;
  return std::ranges::any_of(DependantsOf(id), [&](Id dependant) {
    const Relation& index = Get(dependant);
    return index.kind == RelationKind::kIndex && !index.columns.empty() &&
           index.columns.front().definition.name == column;
  });
}

std::vector<Name> Catalog::TiedBy(const Name& table, std::string_view column) const {
  constexpr size_t kFew = 5;
  std::vector<Name> tied;
  const Id id = IdOf(table);
  if (id == kGone) return tied;
  const Relation& relation = Get(id);
  const auto has = [column](const std::vector<std::string>& columns) {
    return std::ranges::find(columns, column) != columns.end();
  };
  const auto add = [&](const Relation& other, auto&& is_tied) {
    const bool any = std::ranges::any_of(other.constraints, [&](const KnownConstraint& known) {
      return known.definition.kind == ConstraintKind::kForeignKey && is_tied(known.definition);
    });
    if (any) tied.push_back(other.name);
  };
  add(relation, [&has](const AddConstraint& key) { return has(key.columns); });
  const std::vector<Id>* referring = referring_.Find(id);
  if (referring == nullptr) return tied;
  for (const Id other : *referring) {
    if (tied.size() == kFew) break;
    if (other == id || !relations_.contains(other)) continue;
    add(Get(other), [&](const AddConstraint& key) {
      if (key.references != relation.name) return false;
      return key.referenced.empty() ? IsInPrimaryKey(relation, column) : has(key.referenced);
    });
  }
  return tied;
}

// Remembers to whom the foreign keys of a table lead.
void Catalog::Tie(Id id) {
  for (const KnownConstraint& constraint : Get(id).constraints) {
    if (constraint.definition.kind != ConstraintKind::kForeignKey) continue;
    const Id to = IdOf(constraint.definition.references);
    if (to != kGone) AddTo(referring_.Edit(to), id);
  }
}

void Catalog::AddDependant(Id on, Id id) { AddTo(dependants_.Edit(on), id); }

Relation& Catalog::Change(const Name& name) {
  const KeyView key = KeyOf(name);
  if (const Id id = IdOf(name); id != kGone) return ChangeById(id);
  // Something is used that the model does not hold: it was not the whole schema, after all.
  complete_ = false;
  Relation relation{{std::string(key.schema), std::string(key.name)}};
  relation.existed = true;
  return ChangeById(Put(std::move(relation)));
}

// Copies only what another catalogue shares.
Relation& Catalog::ChangeById(Id id) {
  std::shared_ptr<Relation>& slot = relations_.Edit(id);
  if (slot.use_count() > 1) slot = std::make_shared<Relation>(*slot);
  if (changed_.empty() || changed_.back() != id) changed_.push_back(id);
  return *slot;
}

Catalog::Id Catalog::Put(Relation relation) {
  const Id id = ++last_id_;
  has_temporary_ = has_temporary_ || relation.name.schema == kTemporary;
  names_.Edit(KeyView{relation.name.schema, relation.name.name}) = id;
  relations_.Edit(id) = std::make_shared<Relation>(std::move(relation));
  changed_.push_back(id);
  return id;
}

void Catalog::Rename(const Name& name, Name new_name) {
  Relation& relation = Change(name);
  const Id id =
      std::exchange(names_.Edit(KeyView{relation.name.schema, relation.name.name}), kGone);
  names_.Edit(KeyView{new_name.schema, new_name.name}) = id;
  if (!relation.was) relation.was = std::move(relation.name);
  if (!relation.key.name.empty()) relation.key.name = new_name.name;
  relation.name = std::move(new_name);
}

std::vector<Catalog::Id> Catalog::DependantsOf(Id id) const {
  const std::vector<Id>* known = dependants_.Find(id);
  if (known == nullptr) return {};
  std::vector<Id> dependants = *known;
  std::erase_if(dependants, [this](Id dependant) { return !relations_.contains(dependant); });
  return dependants;
}

std::vector<Catalog::Id> Catalog::In(std::string_view schema) const {
  std::vector<Id> inside;
  for (auto at = names_.lower_bound(KeyView{schema, ""}); at != names_.end(); ++at) {
    if (at->first.schema != schema) break;
    if (at->second != kGone) inside.push_back(at->second);
  }
  return inside;
}

void Catalog::Remove(const Name& name, bool cascade) {
  const KeyView key = KeyOf(name);
  const Id* id = names_.Find(key);
  if (id == nullptr) {
    names_.Edit(key) = kGone;
  } else if (*id != kGone) {
    RemoveById(*id, cascade);
  }
}

// Indexes always go along, views where CASCADE says so.
void Catalog::RemoveById(Id first, bool cascade) {
  std::vector<Id> going = {first};
  while (!going.empty()) {
    const Id id = going.back();
    going.pop_back();
    if (!relations_.contains(id)) continue;
    for (const Id dependant : DependantsOf(id)) {
      const bool index = Get(dependant).kind == RelationKind::kIndex;
      if (index || cascade) going.push_back(dependant);
    }
    const Name& name = Get(id).name;
    names_.Edit(KeyView{name.schema, name.name}) = kGone;
    relations_.erase(id);
    dependants_.erase(id);
    tables_.erase(id);
  }
}

// Remembers, at its table, a unique index that goes by itself.
void Catalog::Lose(Id index) {
  const UniqueKey key = Get(index).key;
  if (!key.existed || key.columns.empty()) return;
  if (const Id table = TableOf(index); table != kGone) ChangeById(table).lost_keys.push_back(key);
}

void Catalog::RemoveIndexesOn(const Name& table, std::string_view column) {
  for (const Id id : DependantsOf(IdOf(table))) {
    const Relation& index = Get(id);
    const bool over = std::ranges::find(index.computed, column) != index.computed.end();
    if (index.kind == RelationKind::kIndex && (over || index.Find(column))) RemoveById(id, false);
  }
}

void Catalog::SetState(const Name& table, TableState state) {
  Change(table).state = std::move(state);
  told_by_database_ = true;
}

void Catalog::StartSession() {
  search_path_ = {"public"};
  if (!std::exchange(has_temporary_, false)) return;
  for (const Id id : In(kTemporary)) RemoveById(id, true);
}

void Catalog::Settle() {
  StartSession();
  for (const Id id : std::exchange(changed_, {})) {
    if (!relations_.contains(id)) continue;
    Relation& settled = ChangeById(id);
    settled.existed = true;
    settled.assumed = false;
    settled.lost.clear();
    settled.was.reset();
    settled.switched_off.clear();
    settled.lost_triggers.clear();
    settled.lost_constraints.clear();
    settled.lost_keys.clear();
    for (KnownColumn& column : settled.columns) {
      column.existed = true;
      column.assumed = false;
      column.was.clear();
    }
    for (KnownConstraint& constraint : settled.constraints) constraint.existed = true;
    for (KnownTrigger& trigger : settled.triggers) trigger.existed = true;
    settled.key.existed = true;
  }
  changed_.clear();
  made_schemas_.clear();
  made_extensions_.clear();
  lost_enums_ = {};
  for (const Key& key : KeysOf(types_, [](const KnownType& type) { return !type.existed; })) {
    types_.Edit(key).existed = true;
  }
  const auto is_new = [](const std::vector<KnownFunction>& overloads) {
    return std::ranges::any_of(overloads, std::not_fn(&KnownFunction::existed));
  };
  for (const Key& key : KeysOf(functions_, is_new)) {
    for (KnownFunction& function : functions_.Edit(key)) function.existed = true;
  }
  const auto has_changed = [](const EnumType& type) {
    return !type.existed || std::ranges::any_of(type.labels, std::not_fn(&EnumLabel::existed));
  };
  for (const Key& key : KeysOf(enums_, has_changed)) {
    EnumType& type = enums_.Edit(key);
    type.existed = true;
    type.was = {key.schema, key.name};
    for (EnumLabel& label : type.labels) label.existed = true;
  }
}

}  // namespace gate::migration
