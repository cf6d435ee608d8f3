// A model of the schema: what this release has made, and what is known to have been there before.
// Rules ask it whether running code can know an object; text alone cannot tell a new table from an
// old one. What it has not seen it takes to have existed, which is the careful answer; so it does
// with what is made IF NOT EXISTS where nobody knows whether it was there.
//
// A value: copies are cheap (they share what is alike in both until one of them changes it).
#ifndef CHECKS_MIGRATION_CATALOG_H_
#define CHECKS_MIGRATION_CATALOG_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checks/migration/shared_map.h"
#include "checks/migration/sql/ast.h"

namespace gate::migration {

struct KnownColumn {
  Column definition;
  bool existed = false;  // before this release, or may have
  bool assumed = false;  // made IF NOT EXISTS by this release, and may have been there already
  // Whether the definition may be another one than the text says: it was there, maybe.
  bool unsure = false;
  std::string was;  // its name before this release, where that was another
};

// Enforced on new rows from the start; `valid` once it holds for all rows.
struct KnownConstraint {
  AddConstraint definition;  // with the name that PostgreSQL has chosen where none was given
  bool valid = true;
  bool existed = false;
};

// Of a unique index or constraint: no two rows are equal in all these columns.
struct UniqueKey {
  std::string name;
  std::vector<std::string> columns;
  bool nulls_equal = false;  // NULLS NOT DISTINCT
  bool existed = false;
};

struct KnownTrigger {
  std::string name;
  bool existed = false;
  Name function;
};

struct KnownFunction {
  CreateFunction definition;
  bool existed = false;
};

struct EnumLabel {
  std::string text;
  bool existed = false;
};

struct EnumType {
  std::vector<EnumLabel> labels;
  bool existed = false;
  Name was;  // its name before this release, with the schema
};

struct TableState {
  int64_t bytes = 0;       // with its indexes
  int64_t rows = -1;       // estimated; -1: not known
  std::string used_since;  // when the oldest transaction began that uses it; empty: none is known
};

// All but enums.
struct KnownType {
  TypeKind kind = TypeKind::kOther;
  bool constrained = false;  // of a domain: NOT NULL or CHECK
  bool existed = false;
};

struct Relation {
  Name name;  // with its schema
  RelationKind kind = RelationKind::kTable;
  bool existed = false;  // before this release, maybe by another name, or may have
  bool assumed = false;  // made IF NOT EXISTS by this release, and may have been there already
  bool unique = false;   // of an index, or may be
  UniqueKey key;         // of a unique index over all rows whose key is plain columns: these
  std::vector<KnownColumn> columns;   // of an index: the plain ones, by name
  std::vector<std::string> computed;  // of an index: those in its expressions and its WHERE
  bool all_columns_known = false;
  std::vector<KnownConstraint> constraints;
  std::vector<KnownTrigger> triggers;
  // Those that this release has switched off; an empty name stands for all.
  std::set<std::string, std::less<>> switched_off;
  // What was there before, and this release has dropped: columns, constraints, unique indexes.
  std::set<std::string, std::less<>> lost;
  std::vector<KnownConstraint> lost_constraints;
  std::vector<UniqueKey> lost_keys;
  std::set<std::string, std::less<>> lost_triggers;
  std::optional<Name> was;  // its name before this release, where that was another
  std::optional<TableState> state;

  const KnownColumn* Find(std::string_view column) const;
  const KnownConstraint* FindConstraint(std::string_view constraint) const;
};

// The type's name, with the schema where it is not PostgreSQL's own.
Name NameOf(const Type& type);

class Catalog {
 public:
  // The relation that this name finds, or nullptr where it is not known.
  const Relation* Find(const Name& name) const;
  const KnownColumn* Find(const Name& table, std::string_view column) const;

  // All relations that are known to be there, by schema and name.
  std::vector<const Relation*> Relations() const;

  // Whether running code can know it: it was there before the release, or may have been.
  bool Existed(const Name& name) const;
  bool Existed(const Name& table, std::string_view column) const;
  // The table of an index, or nullptr where it is not known.
  const Relation* TableOf(const Name& index) const;
  // The name with its schema: where it leads.
  Name Resolve(const Name& name) const;
  // The unique keys of a table, by index or constraint, as far as they are known; with `lost`,
  // those that this release has dropped as well.
  std::vector<UniqueKey> UniqueKeysOf(const Name& table, bool lost) const;
  // Indexes of the table with an expression or a WHERE over the column.
  std::vector<Name> IndexesOver(const Name& table, std::string_view column) const;
  // Whether an index or key of the table begins with the column.
  bool HasIndexFrom(const Name& table, std::string_view column) const;
  // Tables with a foreign key that the column is a part of, on either side; a few of them.
  std::vector<Name> TiedBy(const Name& table, std::string_view column) const;
  const KnownTrigger* FindTrigger(const Name& table, std::string_view trigger) const;
  bool IsAbsentTrigger(const Name& table, std::string_view trigger) const;
  // The functions of that name that are known.
  std::vector<KnownFunction> FindFunctions(const Name& name) const;
  // Whether it is certain that there is no function of that name.
  bool IsAbsentFunction(const Name& name) const;

  // The enum that this name finds, or nullptr where it is not known.
  const EnumType* FindEnum(const Name& name) const;
  const EnumType* FindEnum(const Type& type) const;
  // The domain, composite or other type that this name finds, or nullptr where it is not known.
  const KnownType* FindType(const Name& name) const;
  const KnownType* FindType(const Type& type) const;

  // The labels of an enum of before that this release has dropped; empty where there is none.
  std::vector<std::string> LostLabels(const Name& name) const;

  // Whether this release has made the schema.
  bool MadeSchema(std::string_view schema) const { return made_schemas_.contains(schema); }
  bool MadeExtension(std::string_view extension) const {
    return made_extensions_.contains(extension);
  }

  // Whether it is certain that there is no such thing. Never after code that cannot be followed,
  // unless the release itself has dropped it since.
  bool IsAbsent(const Name& name) const;
  bool IsAbsent(const Name& table, std::string_view column) const;
  bool IsAbsentConstraint(const Name& table, std::string_view constraint) const;

  // A function whose body has the word, be it as a name or in a text that it executes; "" where
  // none of those that are known does, but for the one that is excepted.
  std::string FunctionThatSays(std::string_view word, const Name& except = {}) const;
  // Whether a trigger that is known calls the function.
  bool IsCalledByATrigger(const Name& function) const;
  // How it differs from that one, which is settled and from which it was made by Apply, as
  // sentences: "orders.note is left over" (catalog_compare.cc).
  std::vector<std::string> DifferencesFrom(const Catalog& before) const;
  // Whether the model holds all that there is.
  bool whole() const { return complete_ && followed_; }

  // Whether the model holds the whole schema; else what is not in it may exist.
  bool complete() const { return complete_; }
  void set_complete(bool complete) { complete_ = complete; }
  // Whether the database itself has told what is in it: migrations of a repository may have begun
  // when it had tables already.
  bool told_by_database() const { return told_by_database_; }

  void Apply(const Action& action);
  // What a table of before is like, as the database says.
  void SetState(const Name& table, TableState state);

  // What else goes when this action drops something with CASCADE, as far as it is known: views on
  // a table, tables of a schema, columns of a type. Not the indexes and constraints.
  std::vector<Action> TakenAlong(const Action& action) const;

  // A session of its own begins: its search path is the default, temporary tables are gone.
  void StartSession();
  // The release is out: everything in here existed before the next one.
  void Settle();

 private:
  struct Applier;
  struct KeyView {
    std::string_view schema, name;
    friend auto operator<=>(KeyView, KeyView) = default;
  };
  struct Key {
    std::string schema, name;
    explicit Key(KeyView key) : schema(key.schema), name(key.name) {}
    KeyView View() const { return {schema, name}; }
    operator KeyView() const { return View(); }
    friend auto operator<=>(const Key& a, const Key& b) { return a.View() <=> b.View(); }
  };
  using Id = int;
  static constexpr Id kGone = 0;  // known not to exist

  const std::string& CreationSchema() const { return search_path_.front(); }
  // Where the name leads; where it leads nowhere, what it would mean if it existed. Views of the
  // name and of the search path.
  KeyView KeyOf(const Name& name) const;
  template <typename Value>
  KeyView KeyIn(const SharedMap<Key, Value>& map, const Name& name) const {
    if (!name.schema.empty()) return {name.schema, name.name};
    for (const std::string& schema : search_path_) {
      if (map.contains(KeyView{schema, name.name})) return {schema, name.name};
    }
    return {CreationSchema(), name.name};
  }
  KeyView EnumKeyOf(const Name& name) const { return KeyIn(enums_, name); }
  KeyView TypeKeyOf(const Name& name) const { return KeyIn(types_, name); }
  KeyView FunctionKeyOf(const Name& name) const { return KeyIn(functions_, name); }
  const Relation& Get(Id id) const { return **relations_.Find(id); }
  const Relation* At(KeyView key) const;
  // kGone where it is not known, too.
  Id IdAt(KeyView key) const;
  Id IdOf(const Name& name) const;
  bool IsAbsentAt(KeyView key) const;
  // The relation to change; where it is not known, a new entry that says no more than "existed".
  Relation& Change(const Name& name);
  Relation& ChangeById(Id id);
  Id Put(Relation relation);
  void Rename(const Name& name, Name new_name);
  void Remove(const Name& name, bool cascade);
  void RemoveById(Id id, bool cascade);
  Id TableOf(Id index) const;
  void Tie(Id id);
  void AddDependant(Id on, Id id);
  void Lose(Id index);
  void RemoveIndexesOn(const Name& table, std::string_view column);
  std::vector<Id> DependantsOf(Id id) const;
  std::vector<Id> In(std::string_view schema) const;
  void AddViews(Id id, std::set<Id>& views) const;

  SharedMap<Key, Id> names_;
  SharedMap<Id, std::shared_ptr<Relation>> relations_;
  SharedMap<Key, std::vector<KnownFunction>> functions_;
  SharedMap<Key, EnumType> enums_;
  SharedMap<Key, KnownType> types_;
  SharedMap<Key, std::vector<std::string>> lost_enums_;
  SharedMap<Id, std::vector<Id>> dependants_;  // of each: its indexes, the views on it
  SharedMap<Id, Id> tables_;                   // of indexes
  SharedMap<Id, std::vector<Id>> referring_;   // to each, by a foreign key, or they have been
  Id last_id_ = kGone;
  std::vector<Id> changed_;  // since the last Settle
  std::set<std::string, std::less<>> made_schemas_, made_extensions_;
  std::vector<std::string> search_path_ = {"public"};
  bool has_temporary_ = false;  // or has had in this session
  bool complete_ = false;
  bool told_by_database_ = false;
  bool followed_ = true;  // whether all that ran could be followed
};

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_CATALOG_H_
