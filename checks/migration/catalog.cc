// What the catalogue answers, and how relations come, change and go. What each action does to it
// lies in catalog_apply.cc.
#include "checks/migration/catalog.h"

#include <algorithm>

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

std::string Catalog::CreationSchema() const {
  return search_path_.empty() ? "public" : search_path_.front();
}

const Relation* Catalog::At(const Key& key) const {
  const auto named = names_.find(key);
  if (named == names_.end() || named->second == kGone) return nullptr;
  return relations_.at(named->second).get();
}

bool Catalog::IsAbsentAt(const Key& key) const {
  const auto named = names_.find(key);
  if (named != names_.end()) return named->second == kGone;
  return complete_ && followed_;
}

// Where the name leads; where it leads nowhere, what it would mean if it existed.
Catalog::Key Catalog::KeyOf(const Name& name) const {
  if (!name.schema.empty()) return {name.schema, name.name};
  if (Key key{kTemporary, name.name}; At(key) != nullptr) return key;
  for (const std::string& schema : search_path_) {
    if (Key key{schema, name.name}; At(key) != nullptr) return key;
  }
  return {CreationSchema(), name.name};
}

const Relation* Catalog::Find(const Name& name) const { return At(KeyOf(name)); }

const KnownColumn* Catalog::Find(const Name& table, std::string_view column) const {
  const Relation* relation = Find(table);
  return relation == nullptr ? nullptr : relation->Find(column);
}

std::vector<const Relation*> Catalog::Relations() const {
  std::vector<const Relation*> relations;
  for (const auto& [key, id] : names_) {
    if (id != kGone) relations.push_back(relations_.at(id).get());
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
  if (At({std::string(kTemporary), name.name}) != nullptr) return false;
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
  for (const auto& [table, dependant] : dependants_) {
    if (dependant == index && relations_.contains(table)) return table;
  }
  return kGone;
}

const Relation* Catalog::TableOf(const Name& index) const {
  const auto named = names_.find(KeyOf(index));
  if (named == names_.end() || named->second == kGone) return nullptr;
  const Id table = TableOf(named->second);
  return table == kGone ? nullptr : relations_.at(table).get();
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

Catalog::Key Catalog::FunctionKeyOf(const Name& name) const {
  if (!name.schema.empty()) return {name.schema, name.name};
  for (const std::string& schema : search_path_) {
    if (Key key{schema, name.name}; functions_.contains(key)) return key;
  }
  return {CreationSchema(), name.name};
}

std::vector<KnownFunction> Catalog::FindFunctions(const Name& name) const {
  const auto found = functions_.find(FunctionKeyOf(name));
  return found == functions_.end() ? std::vector<KnownFunction>() : found->second;
}

bool Catalog::IsAbsentFunction(const Name& name) const {
  return complete_ && followed_ && FindFunctions(name).empty();
}

bool Catalog::IsCalledByATrigger(const Name& function) const {
  const Key key = FunctionKeyOf(function);
  return std::ranges::any_of(relations_, [&](const auto& relation) {
    return std::ranges::any_of(relation.second->triggers, [&](const KnownTrigger& trigger) {
      return FunctionKeyOf(trigger.function) == key;
    });
  });
}

std::string Catalog::FunctionThatSays(std::string_view word, const Name& except) const {
  for (const auto& [key, functions] : functions_) {
    if (!except.name.empty() && key == FunctionKeyOf(except)) continue;
    for (const KnownFunction& function : functions) {
      if (function.definition.body && Says(*function.definition.body, word)) return key.second;
    }
  }
  return "";
}

Catalog::Key Catalog::EnumKeyOf(const Name& name) const {
  if (!name.schema.empty()) return {name.schema, name.name};
  for (const std::string& schema : search_path_) {
    if (Key key{schema, name.name}; enums_.contains(key)) return key;
  }
  return {CreationSchema(), name.name};
}

const EnumType* Catalog::FindEnum(const Name& name) const {
  const auto found = enums_.find(EnumKeyOf(name));
  return found == enums_.end() ? nullptr : &found->second;
}

const EnumType* Catalog::FindEnum(const Type& type) const { return FindEnum(NameOf(type)); }

Catalog::Key Catalog::TypeKeyOf(const Name& name) const {
  if (!name.schema.empty()) return {name.schema, name.name};
  for (const std::string& schema : search_path_) {
    if (Key key{schema, name.name}; types_.contains(key)) return key;
  }
  return {CreationSchema(), name.name};
}

const KnownType* Catalog::FindType(const Name& name) const {
  const auto found = types_.find(TypeKeyOf(name));
  return found == types_.end() ? nullptr : &found->second;
}

const KnownType* Catalog::FindType(const Type& type) const { return FindType(NameOf(type)); }

std::vector<std::string> Catalog::LostLabels(const Name& name) const {
  const auto found = lost_enums_.find(EnumKeyOf(name));
  return found == lost_enums_.end() ? std::vector<std::string>() : found->second;
}

bool Catalog::IsAbsentConstraint(const Name& table, std::string_view constraint) const {
  if (IsAbsent(table)) return true;
  const Relation* relation = Find(table);
  return relation != nullptr && complete_ && followed_ && relation->all_columns_known &&
         relation->FindConstraint(constraint) == nullptr;
}

Name Catalog::Resolve(const Name& name) const {
  Key key = KeyOf(name);
  return {std::move(key.first), std::move(key.second)};
}

std::vector<UniqueKey> Catalog::UniqueKeysOf(const Name& table, bool lost) const {
  std::vector<UniqueKey> keys;
  const auto named = names_.find(KeyOf(table));
  if (named == names_.end() || named->second == kGone) return keys;
  const Relation& relation = *relations_.at(named->second);
  for (const KnownConstraint& constraint : relation.constraints) {
    if (IsUnique(constraint)) keys.push_back(KeyBehind(constraint));
  }
  for (const Id id : DependantsOf(named->second)) {
    const Relation& index = *relations_.at(id);
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
  const auto named = names_.find(KeyOf(table));
  if (named == names_.end() || named->second == kGone) return indexes;
  for (const Id id : DependantsOf(named->second)) {
    const Relation& index = *relations_.at(id);
    if (std::ranges::find(index.computed, column) != index.computed.end()) {
      indexes.push_back(index.name);
    }
  }
  return indexes;
}

bool Catalog::HasIndexFrom(const Name& table, std::string_view column) const {
  const auto named = names_.find(KeyOf(table));
  if (named == names_.end() || named->second == kGone) return false;
  const auto begins = [column](const KnownConstraint& known) {
    return IsUnique(known) && known.definition.columns.front() == column;
  };
  if (std::ranges::any_of(relations_.at(named->second)->constraints, begins)) return true;
  return std::ranges::any_of(DependantsOf(named->second), [&](Id id) {
    const Relation& index = *relations_.at(id);
    return index.kind == RelationKind::kIndex && !index.columns.empty() &&
           index.columns.front().definition.name == column;
  });
}

std::vector<Name> Catalog::TiedBy(const Name& table, std::string_view column) const {
  constexpr size_t kFew = 5;
  std::vector<Name> tied;
  const auto named = names_.find(KeyOf(table));
  if (named == names_.end() || named->second == kGone) return tied;
  const Relation& relation = *relations_.at(named->second);
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
  for (auto at = referring_.lower_bound({named->second, kGone}); at != referring_.end(); ++at) {
    if (at->first != named->second || tied.size() == kFew) break;
    const auto found = relations_.find(at->second);
    if (found == relations_.end() || at->second == named->second) continue;
    add(*found->second, [&](const AddConstraint& key) {
      if (key.references != relation.name) return false;
      return key.referenced.empty() ? IsInPrimaryKey(relation, column) : has(key.referenced);
    });
  }
  return tied;
}

// Remembers to whom the foreign keys of a table lead.
void Catalog::Tie(Id id) {
  for (const KnownConstraint& constraint : relations_.at(id)->constraints) {
    if (constraint.definition.kind != ConstraintKind::kForeignKey) continue;
    const auto named = names_.find(KeyOf(constraint.definition.references));
    if (named != names_.end() && named->second != kGone) referring_.emplace(named->second, id);
  }
}

Relation& Catalog::Change(const Name& name) {
  const Key key = KeyOf(name);
  const auto named = names_.find(key);
  if (named != names_.end() && named->second != kGone) return ChangeById(named->second);
  // Something is used that the model does not hold: it was not the whole schema, after all.
  complete_ = false;
  Relation relation{{key.first, key.second}};
  relation.existed = true;
  return ChangeById(Put(std::move(relation)));
}

// Copies only what another catalogue shares; the objects were not made const.
Relation& Catalog::ChangeById(Id id) {
  std::shared_ptr<const Relation>& slot = relations_.at(id);
  if (slot.use_count() > 1) slot = std::make_shared<Relation>(*slot);
  if (changed_.empty() || changed_.back() != id) changed_.push_back(id);
  return const_cast<Relation&>(*slot);
}

Catalog::Id Catalog::Put(Relation relation) {
  const Id id = ++last_id_;
  names_[{relation.name.schema, relation.name.name}] = id;
  relations_[id] = std::make_shared<Relation>(std::move(relation));
  changed_.push_back(id);
  return id;
}

void Catalog::Rename(const Name& name, Name new_name) {
  Relation& relation = Change(name);
  const Key from{relation.name.schema, relation.name.name};
  const Id id = names_.at(from);
  names_[from] = kGone;
  names_[{new_name.schema, new_name.name}] = id;
  if (!relation.was) relation.was = std::move(relation.name);
  if (!relation.key.name.empty()) relation.key.name = new_name.name;
  relation.name = std::move(new_name);
}

std::vector<Catalog::Id> Catalog::DependantsOf(Id id) const {
  std::vector<Id> dependants;
  for (auto at = dependants_.lower_bound({id, kGone}); at != dependants_.end(); ++at) {
    if (at->first != id) break;
    if (relations_.contains(at->second)) dependants.push_back(at->second);
  }
  return dependants;
}

std::vector<Catalog::Id> Catalog::In(const std::string& schema) const {
  std::vector<Id> inside;
  for (auto at = names_.lower_bound({schema, ""}); at != names_.end(); ++at) {
    if (at->first.first != schema) break;
    if (at->second != kGone) inside.push_back(at->second);
  }
  return inside;
}

void Catalog::Remove(const Name& name, bool cascade) {
  const Key key = KeyOf(name);
  const auto named = names_.find(key);
  if (named == names_.end()) {
    names_[key] = kGone;
  } else if (named->second != kGone) {
    RemoveById(named->second, cascade);
  }
}

// Indexes always go along, views where CASCADE says so.
void Catalog::RemoveById(Id first, bool cascade) {
  std::vector<Id> going = {first};
  while (!going.empty()) {
    const Id id = going.back();
    going.pop_back();
    const auto found = relations_.find(id);
    if (found == relations_.end()) continue;
    for (const Id dependant : DependantsOf(id)) {
      const bool index = relations_.at(dependant)->kind == RelationKind::kIndex;
      if (index || cascade) going.push_back(dependant);
    }
    const Name& name = found->second->name;
    names_[{name.schema, name.name}] = kGone;
    relations_.erase(found);
    dependants_.erase(dependants_.lower_bound({id, kGone}),
                      dependants_.lower_bound({id + 1, kGone}));
  }
}

// Remembers, at its table, a unique index that goes by itself.
void Catalog::Lose(Id index) {
  const UniqueKey key = relations_.at(index)->key;
  if (!key.existed || key.columns.empty()) return;
  if (const Id table = TableOf(index); table != kGone) ChangeById(table).lost_keys.push_back(key);
}

void Catalog::RemoveIndexesOn(const Name& table, std::string_view column) {
  const auto named = names_.find(KeyOf(table));
  if (named == names_.end()) return;
  for (const Id id : DependantsOf(named->second)) {
    const Relation& index = *relations_.at(id);
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
  for (const Id id : In(std::string(kTemporary))) RemoveById(id, true);
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
  for (auto& [key, type] : types_) type.existed = true;
  for (auto& [key, functions] : functions_) {
    for (KnownFunction& function : functions) function.existed = true;
  }
  lost_enums_.clear();
  for (auto& [key, type] : enums_) {
    type.existed = true;
    type.was = {key.first, key.second};
    for (EnumLabel& label : type.labels) label.existed = true;
  }
}

}  // namespace gate::migration
