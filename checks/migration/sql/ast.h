// What a statement does to the schema, as rules and the catalogue read it: a few plain values made
// from PostgreSQL's raw tree, free of its headers. A statement is a list of actions, one for each
// object or clause: ALTER TABLE with three commands has three.
//
// What has an effect on running code that no rule judges is an action as well (Unjudged, Opaque),
// so that silence always means "known to be harmless".
#ifndef CHECKS_MIGRATION_SQL_AST_H_
#define CHECKS_MIGRATION_SQL_AST_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "checks/migration/sql/text.h"

namespace gate::migration {

// A name as it was written; an empty schema is found by the search path.
struct Name {
  std::string schema;
  std::string name;
  friend bool operator==(const Name&, const Name&) = default;
};

// A type by its internal name, whatever alias was written: integer is int4.
struct Type {
  std::string name;  // "int4"; with the schema where it is not PostgreSQL's own: "shop.color"
  std::vector<int> modifiers;  // varchar(20): {20}
  int dimensions = 0;          // int4[]: 1
  std::string written;         // as the user wrote it: "character varying(20)"
};

// Whether what fills a column differs between rows that come in one statement.
enum class Variation { kNone, kUnknown, kEachRow };

struct Column {
  std::string name;
  std::optional<Type> type;  // nullopt: not known
  bool not_null = false;
  // Whether an INSERT that leaves the column out gets a value: DEFAULT, serial, identity,
  // GENERATED.
  bool filled = false;
  // Whether what fills it is another value in each row: serial, identity, a random UUID.
  bool distinct = false;
  bool stored_generated = false;

  std::string filler;  // what fills it, as it is written: "serial", "IDENTITY", "DEFAULT now()"
  Variation variation = Variation::kNone;  // of that, apart from what `calls` return
  std::vector<Name> calls;                 // functions in its DEFAULT that are not PostgreSQL's own
};

enum class RelationKind { kTable, kView, kMaterializedView, kForeignTable, kSequence, kIndex };

enum class ConstraintKind { kCheck, kForeignKey, kUnique, kPrimaryKey, kExclusion };

struct AddConstraint {
  Name table;
  ConstraintKind kind = ConstraintKind::kCheck;
  std::string name;  // empty: PostgreSQL chooses
  bool not_valid = false;
  std::string index;  // USING INDEX
  // Of a key all, where they are not its index's; of EXCLUDE and CHECK those that are known.
  std::vector<std::string> columns;
  bool nulls_equal = false;  // NULLS NOT DISTINCT

  std::vector<std::string> not_null_checks;  // columns that this CHECK proves to be not null
  bool says_more = false;                    // the CHECK, of columns that are not told here
  // Of a CHECK, for each condition that AND joins: the columns of which one NULL satisfies it.
  std::vector<std::vector<std::string>> satisfied_by_null;
  // Of a CHECK that lists what one column may hold: these constants, ascending. Else empty.
  std::vector<std::string> allowed;
  std::string condition;              // of a CHECK, as it is written: "CHECK (total > 0)"
  bool satisfied_by_default = false;  // of a CHECK behind a column: its constant DEFAULT passes

  Name references;                      // of a foreign key: the table
  std::vector<std::string> referenced;  // and its columns; empty: the primary key
  char on_delete = 0, on_update = 0;    // as PostgreSQL's catalogue has them
  bool match_full = false;
};
struct CreateRelation {
  Name name;
  RelationKind kind = RelationKind::kTable;
  bool temporary = false;
  bool if_not_exists = false;
  bool or_replace = false;
  std::vector<Column> columns;
  bool all_columns_known = true;  // not behind CREATE TABLE AS, LIKE or INHERITS
  std::vector<AddConstraint> constraints;
  std::vector<Name> reads;  // relations that a view is made of, as far as its text was followed
};
struct DropRelation {
  Name name;
  RelationKind kind = RelationKind::kTable;
  bool if_exists = false;
  bool cascade = false;
  bool concurrently = false;
};
struct CreateSchema {
  std::string name;
  bool if_not_exists = false;
};
struct DropSchema {
  std::string name;
  bool cascade = false;
};
struct DropType {  // and DOMAIN
  Name name;
  bool cascade = false;
  bool if_exists = false;
};
struct CreateEnum {
  Name name;
  std::vector<std::string> labels;
};
struct AddEnumValue {
  Name type;
  std::string label;
  bool if_not_exists = false;
};
struct RenameEnumValue {
  Name type;
  std::string label;
  std::string new_label;
};
struct RenameType {
  Name type;
  std::string new_name;
};
// All but enums.
enum class TypeKind { kComposite, kDomain, kOther };
struct CreateType {
  Name name;
  TypeKind kind = TypeKind::kOther;
  bool constrained = false;  // of a domain: NOT NULL or CHECK
};
struct ChangeDomain {  // where it asks something of values, or shows that they satisfy it
  Name name;
  bool validates = false;  // VALIDATE CONSTRAINT
  bool not_valid = false;
};
struct ChangeComposite {  // ALTER TYPE ... ADD, DROP, ALTER, RENAME ATTRIBUTE
  Name name;
};
struct CreateExtension {
  std::string name;
  bool if_not_exists = false;
};
struct DropExtension {
  std::string name;
  bool if_exists = false;
};
struct RenameSchema {
  std::string name;
  std::string new_name;
};
struct RenameRelation {
  Name name;
  RelationKind kind = RelationKind::kTable;
  std::string new_name;
  bool if_exists = false;
};
struct MoveRelation {  // ALTER ... SET SCHEMA
  Name name;
  RelationKind kind = RelationKind::kTable;
  std::string new_schema;
  bool if_exists = false;
};

struct CreateFunction {  // and PROCEDURE
  Name name;
  std::vector<std::string> arguments;  // types of what is put in
  size_t required = 0;                 // of these, without a default
  std::string returns;                 // what comes out, to be compared
  bool or_replace = false;
  bool is_volatile = true;  // neither STABLE nor IMMUTABLE
  // Its body as text, which PostgreSQL does not look into; nullptr where it does.
  std::shared_ptr<const std::string> body = nullptr;
};
struct DropFunction {  // and PROCEDURE, AGGREGATE, ROUTINE
  Name name;
  std::optional<std::vector<std::string>> arguments;  // nullopt: the only one of that name
  bool if_exists = false;
  bool cascade = false;
};
struct RenameFunction {  // also SET SCHEMA
  Name name;
  std::optional<std::vector<std::string>> arguments;  // nullopt: the only one of that name
  Name new_name;
};
struct CreateTrigger {
  Name table;
  std::string name;
  Name function;
};
struct DropTrigger {
  Name table;
  std::string name;
  bool if_exists = false;
};
struct SwitchTrigger {  // ENABLE and DISABLE TRIGGER
  Name table;
  std::string name;  // empty: all
  bool on = false;   // for the writes of applications; not by ENABLE REPLICA
};
// What may take rows or rights away from a role.
struct TakeRights {
  std::string what;              // "REVOKE"
  std::optional<Name> table;     // where it is of one
  std::optional<Name> function;  // likewise
  bool few_need_it = false;      // a right that applications hardly use
};

struct AddColumn {
  Name table;
  Column column;
  bool if_not_exists = false;
  std::vector<AddConstraint> constraints;  // at most one of a kind: its CHECKs are joined
};
struct DropColumn {
  Name table;
  std::string column;
  bool if_exists = false;
  bool cascade = false;
};
struct RenameColumn {
  Name table;
  std::string column;
  std::string new_name;
};
struct ChangeType {
  Name table;
  std::string column;
  Type type;
  bool computed = false;  // USING something other than the column itself or its cast
};
struct SetNotNull {
  Name table;
  std::string column;
};
struct DropNotNull {
  Name table;
  std::string column;
};
struct SetDefault {  // also ADD GENERATED ... AS IDENTITY
  Name table;
  std::string column;
  bool distinct = false;  // another value in each row
};
struct DropDefault {  // also DROP IDENTITY, DROP EXPRESSION, SET DEFAULT NULL
  Name table;
  std::string column;
};

struct ValidateConstraint {
  Name table;
  std::string name;
};
struct DropConstraint {
  Name table;
  std::string name;
  bool if_exists = false;
};

struct CreateIndex {
  Name table;
  std::string name;  // empty: PostgreSQL chooses
  bool unique = false;
  bool concurrently = false;
  bool if_not_exists = false;
  bool only = false;                  // ON ONLY a partitioned table: nothing is built
  std::vector<std::string> columns;   // the plain ones, INCLUDE's as well
  std::vector<std::string> key;       // the plain ones, without INCLUDE's
  bool whole = true;                  // its key has nothing else, and there is no WHERE
  std::vector<std::string> computed;  // columns in its expressions and its WHERE
  bool nulls_equal = false;           // NULLS NOT DISTINCT
};

struct RenameConstraint {
  Name table;
  std::string name;
  std::string new_name;
};

// What writes a table anew as a whole: CLUSTER, VACUUM FULL, SET LOGGED and their kin.
struct RewriteTable {
  std::string what;
  std::optional<Name> table;  // nullopt: any that it finds
  bool unlogged = false;
};
struct Reindex {
  std::string what;          // "REINDEX TABLE"
  std::optional<Name> name;  // of one table or index
  bool index = false;
};
struct RefreshView {  // without CONCURRENTLY
  Name view;
};
struct Truncate {
  Name table;
  bool cascade = false;
};
struct LockTable {
  Name table;
  std::string mode;  // "ACCESS EXCLUSIVE"
};
struct AttachPartition {
  Name table;
  Name partition;
  bool of_default = false;
};
struct DetachPartition {
  Name table;
  Name partition;
  bool concurrently = false;
};

// INSERT ... SELECT, UPDATE, DELETE, MERGE; also in WITH. INSERT of constants has no action.
enum class RowVerb { kInsert, kUpdate, kDelete, kMerge };
struct WriteRows {
  Name table;
  RowVerb verb = RowVerb::kUpdate;
  bool all = false;         // of UPDATE and DELETE: no WHERE
  bool narrow = false;      // WHERE, or one of its conditions, compares with constants by = or IN
  std::vector<Name> reads;  // other relations that it reads, as far as its text was followed
};

struct SetSearchPath {
  std::vector<std::string> schemas;  // empty: the default
  bool local = false;
};

enum class TransactionVerb { kBegin, kCommit, kRollback };
struct Transaction {
  TransactionVerb verb = TransactionVerb::kBegin;
};

// What PostgreSQL refuses to run inside a transaction.
struct OutsideTransaction {
  std::string command;  // "CREATE INDEX CONCURRENTLY"
};

// Understood, and known to be able to break running code or to lose data, but not by a rule.
struct Unjudged {
  std::string what;           // "Adding a foreign key"
  std::string danger;         // "binds the running version's writes at once"
  std::optional<Name> table;  // harmless where this release has made it
};

// What it does cannot be seen at all.
struct Opaque {
  std::string message;  // "A DO block runs code that a static check cannot follow."
  std::string instead;
};

struct Action {
  std::variant<CreateRelation, DropRelation, CreateSchema, DropSchema, RenameSchema, DropType,
               CreateEnum, AddEnumValue, RenameEnumValue, RenameType, CreateType, ChangeDomain,
               ChangeComposite, CreateExtension, DropExtension, CreateFunction, DropFunction,
               RenameFunction, CreateTrigger, DropTrigger, SwitchTrigger, TakeRights,
               RenameRelation, MoveRelation, AddColumn, DropColumn, RenameColumn, ChangeType,
               SetNotNull, DropNotNull, SetDefault, DropDefault, AddConstraint, ValidateConstraint,
               DropConstraint, RenameConstraint, CreateIndex, RewriteTable, Reindex, RefreshView,
               Truncate, LockTable, AttachPartition, DetachPartition, WriteRows, SetSearchPath,
               Transaction, OutsideTransaction, Unjudged, Opaque>
      what;
  Span span;  // the clause, or the whole statement where there is only one
  // ALTER TABLE IF EXISTS: nothing is done where there is no such table.
  bool if_table_exists = false;
};

// The action as that kind, or nullptr.
template <typename Kind>
const Kind* As(const Action& action) {
  return std::get_if<Kind>(&action.what);
}

struct Statement {
  Span span;
  std::vector<Action> actions;
};

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_SQL_AST_H_
