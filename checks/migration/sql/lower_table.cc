// CREATE TABLE and ALTER TABLE.
#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "checks/migration/sql/lexer.h"
#include "checks/migration/sql/lower.h"

namespace gate::migration {
namespace {

constexpr char kTemporary = 't';  // RELPERSISTENCE_TEMP

ConstraintKind KindOf(ConstrType type) {
  switch (type) {
    case CONSTR_FOREIGN:
      return ConstraintKind::kForeignKey;
    case CONSTR_UNIQUE:
      return ConstraintKind::kUnique;
    case CONSTR_PRIMARY:
      return ConstraintKind::kPrimaryKey;
    case CONSTR_EXCLUSION:
      return ConstraintKind::kExclusion;
    default:
      return ConstraintKind::kCheck;
  }
}

bool Binds(ConstrType type) {
  return type == CONSTR_CHECK || type == CONSTR_FOREIGN || type == CONSTR_UNIQUE ||
         type == CONSTR_PRIMARY;
}

// Both CHECKs as one.
void Join(const AddConstraint& check, AddConstraint& to) {
  std::ranges::copy(check.not_null_checks, std::back_inserter(to.not_null_checks));
  std::ranges::copy(check.satisfied_by_null, std::back_inserter(to.satisfied_by_null));
  to.allowed.clear();
  absl::StrAppend(&to.condition, " ", check.condition);
  to.says_more = to.says_more || check.says_more;
  to.satisfied_by_default = to.satisfied_by_default && check.satisfied_by_default;
}

// From CHECK to the end of its parentheses.
std::string ConditionOf(const Constraint& constraint, std::string_view source) {
  if (constraint.location < 0) return "";
  Lexer lexer(source, static_cast<uint32_t>(constraint.location));
  Token token = lexer.Next();
  while (token.kind != Token::Kind::kEnd && !IsKeyword(Slice(source, token.span), "CHECK")) {
    token = lexer.Next();
  }
  Span span = token.span;
  int depth = 0;
  do {
    token = lexer.Next();
    if (Slice(source, token.span) == "(") ++depth;
    if (Slice(source, token.span) == ")") --depth;
    span.end = token.span.end;
  } while (depth > 0 && token.kind != Token::Kind::kEnd);
  return std::string(Slice(source, span));
}

AddConstraint ConstraintOf(const Name& table, const Constraint& constraint,
                           std::string_view source) {
  AddConstraint add;
  add.table = table;
  add.kind = KindOf(constraint.contype);
  add.name = constraint.conname == nullptr ? "" : constraint.conname;
  add.not_valid = constraint.skip_validation;
  add.index = constraint.indexname == nullptr ? "" : constraint.indexname;
  add.columns = Texts(constraint.contype == CONSTR_FOREIGN ? constraint.fk_attrs : constraint.keys);
  add.nulls_equal = constraint.nulls_not_distinct;
  if (constraint.contype == CONSTR_CHECK) {
    add.not_null_checks = NotNullProofs(constraint.raw_expr, add.says_more);
    add.columns = ColumnsIn(constraint.raw_expr);
    add.allowed = AllowedIn(constraint.raw_expr);
    add.condition = ConditionOf(constraint, source);
    add.satisfied_by_null = SatisfiedByNull(constraint.raw_expr);
  } else if (constraint.contype == CONSTR_FOREIGN) {
    add.references = NameOf(*constraint.pktable);
    add.referenced = Texts(constraint.pk_attrs);
    add.on_delete = constraint.fk_del_action;
    add.on_update = constraint.fk_upd_action;
    add.match_full = constraint.fk_matchtype == FKCONSTR_MATCH_FULL;
  }
  for (const ListCell& cell : Elements(constraint.exclusions)) {
    const auto* pair = GATE_NODE(List, cell.ptr_value);
    const auto* element =
        pair == nullptr ? nullptr : GATE_NODE(IndexElem, Elements(pair).front().ptr_value);
    if (element && element->name) add.columns.emplace_back(element->name);
  }
  return add;
}

// What lies behind a column: UNIQUE, PRIMARY KEY, REFERENCES, and its CHECKs as one.
std::vector<AddConstraint> ConstraintsOf(const Name& table, const ColumnDef& column,
                                         std::string_view source) {
  std::vector<AddConstraint> constraints;
  const std::string name = column.colname == nullptr ? "" : column.colname;
  const Node* value = nullptr;
  for (const ListCell& cell : Elements(column.constraints)) {
    const auto* constraint = GATE_NODE(Constraint, cell.ptr_value);
    if (constraint && constraint->contype == CONSTR_DEFAULT) value = constraint->raw_expr;
  }
  AddConstraint* check = nullptr;
  for (const ListCell& cell : Elements(column.constraints)) {
    const auto* constraint = GATE_NODE(Constraint, cell.ptr_value);
    if (constraint == nullptr || !Binds(constraint->contype)) continue;
    AddConstraint add = ConstraintOf(table, *constraint, source);
    if (add.kind == ConstraintKind::kCheck) {
      add.satisfied_by_default = IsSatisfiedBy(constraint->raw_expr, name, value);
    } else {
      add.columns = {name};
    }
    if (check != nullptr && add.kind == ConstraintKind::kCheck) {
      Join(add, *check);
      continue;
    }
    constraints.push_back(std::move(add));
    if (constraints.back().kind == ConstraintKind::kCheck) check = &constraints.back();
  }
  return constraints;
}

// Where each command of ALTER TABLE stands: the tree has no places for them, so the source is cut
// at the commas outside of parentheses.
class CommandSpans {
 public:
  CommandSpans(const Lowering& to, const RangeVar& table)
      : source_(to.source), base_(to.base), statement_(to.span), lexer_(to.source) {
    if (table.location < 0) return;
    lexer_.Seek(static_cast<uint32_t>(table.location));
    ahead_ = lexer_.Next();
    SkipName();
  }

  Span Next() {
    if (ahead_.kind == Token::Kind::kEnd) return statement_;
    Span span = ahead_.span;
    int depth = 0;
    for (; ahead_.kind != Token::Kind::kEnd; ahead_ = lexer_.Next()) {
      const std::string_view token = Slice(source_, ahead_.span);
      if (token == "(") ++depth;
      if (token == ")") --depth;
      if (token == "," && depth <= 0) {
        ahead_ = lexer_.Next();
        break;
      }
      span.end = ahead_.span.end;
    }
    return {span.begin + base_, span.end + base_};
  }

 private:
  void SkipName() {
    for (bool dot = true; dot;) {  // name . name . name
      ahead_ = lexer_.Next();
      dot = Slice(source_, ahead_.span) == ".";
      if (dot) ahead_ = lexer_.Next();
    }
    while (Slice(source_, ahead_.span) == "*" || Slice(source_, ahead_.span) == ")") {
      ahead_ = lexer_.Next();
    }
  }

  const std::string_view source_;
  const uint32_t base_;
  const Span statement_;
  Lexer lexer_;
  Token ahead_;
};

void LowerAddColumn(const Name& table, const AlterTableCmd& command, Span at, Lowering& to) {
  const auto* definition = GATE_NODE(ColumnDef, command.def);
  if (definition == nullptr) return;
  to.AddAt(at, AddColumn{table, ColumnOf(*definition, to.source), command.missing_ok,
                         ConstraintsOf(table, *definition, to.source)});
}

void LowerChangeType(const Name& table, const AlterTableCmd& command, Span at, Lowering& to) {
  const auto* definition = GATE_NODE(ColumnDef, command.def);
  if (definition == nullptr || definition->typeName == nullptr) return;
  const std::string name = command.name == nullptr ? "" : command.name;
  ChangeType change{table, name, TypeOf(*definition->typeName, to.source)};
  const Node* expression = definition->raw_default;  // USING
  if (const auto* cast = GATE_NODE(TypeCast, expression)) {
    if (TypeOf(*cast->typeName, to.source).name == change.type.name) expression = cast->arg;
  }
  const auto* column = GATE_NODE(ColumnRef, expression);
  change.computed =
      expression != nullptr && (column == nullptr || NameOf(column->fields).name != change.column);
  to.AddAt(at, std::move(change));
}

void LowerPartition(const Name& table, const AlterTableCmd& command, Span at, Lowering& to) {
  const auto* partition = GATE_NODE(PartitionCmd, command.def);
  if (partition == nullptr || partition->name == nullptr) return;
  const Name name = NameOf(*partition->name);
  if (command.subtype == AT_AttachPartition) {
    const bool of_default = partition->bound != nullptr && partition->bound->is_default;
    return to.AddAt(at, AttachPartition{table, name, of_default});
  }
  if (partition->concurrent) to.Add(OutsideTransaction{"DETACH PARTITION CONCURRENTLY"});
  to.AddAt(at, DetachPartition{table, name, partition->concurrent});
}

// What an AlterTableCmd does to triggers: those that fire only on replicas are as good as off.
std::optional<bool> SwitchesTriggers(AlterTableType command) {
  switch (command) {
    case AT_EnableTrig:
    case AT_EnableAlwaysTrig:
    case AT_EnableTrigAll:
    case AT_EnableTrigUser:
      return true;
    case AT_DisableTrig:
    case AT_DisableTrigAll:
    case AT_DisableTrigUser:
    case AT_EnableReplicaTrig:
      return false;
    default:
      return std::nullopt;
  }
}

std::string_view Rewriting(AlterTableType command) {
  switch (command) {
    case AT_SetLogged:
      return "SET LOGGED";
    case AT_SetUnLogged:
      return "SET UNLOGGED";
    case AT_SetAccessMethod:
      return "SET ACCESS METHOD";
    case AT_SetTableSpace:
      return "SET TABLESPACE";
    default:
      return "";
  }
}

// A check that comes later, or that is asked for by name, refuses nothing that passes today.
bool IsMilder(const Node* node) {
  const auto* constraint = GATE_NODE(Constraint, node);
  return constraint != nullptr && constraint->initdeferred;
}

bool TakesIdentityAway(const Node* node) {
  const auto* identity = GATE_NODE(ReplicaIdentityStmt, node);
  constexpr char kNothing = 'n';
  return identity != nullptr && identity->identity_type == kNothing;
}

struct Danger {
  AlterTableType command;
  std::string_view what, danger;
};
constexpr std::string_view kFires = "changes what the running version's writes set off";
constexpr std::string_view kAccess = "may take rows or rights away from the running version";
constexpr std::string_view kRows = "changes which rows the running version finds";
constexpr std::array<Danger, 11> kDangers = {{
    {AT_EnableRule, "Enabling a rule", kFires},
    {AT_EnableAlwaysRule, "Enabling a rule", kFires},
    {AT_EnableReplicaRule, "Enabling a rule", kFires},
    {AT_DisableRule, "Disabling a rule", kFires},
    {AT_AddInherit, "Changing inheritance", kRows},
    {AT_DropInherit, "Changing inheritance", kRows},
    {AT_AddOf, "Binding a table to a type", "takes strong locks, and may scan the table"},
    {AT_AlterConstraint, "Altering a constraint",
     "changes when the running version's writes are checked"},
    {AT_ReplicaIdentity, "REPLICA IDENTITY NOTHING",
     "fails the running version's UPDATE and DELETE where the table is published"},
    {AT_AlterColumnGenericOptions, "Changing a column's options", kAccess},
    {AT_GenericOptions, "Changing a foreign table's options", kAccess},
}};

bool IsHarmless(const AlterTableCmd& command) {
  return (command.subtype == AT_AlterConstraint && IsMilder(command.def)) ||
         (command.subtype == AT_ReplicaIdentity && !TakesIdentityAway(command.def));
}

// What LowerCommand leaves over: commands on the table as a whole.
void LowerRest(const Name& table, const AlterTableCmd& command, Span at, Lowering& to) {
  const std::string name = command.name == nullptr ? "" : command.name;
  if (const std::optional<bool> on = SwitchesTriggers(command.subtype)) {
    return to.AddAt(at, SwitchTrigger{table, name, *on});
  }
  if (const std::string_view what = Rewriting(command.subtype); !what.empty()) {
    return to.AddAt(at, RewriteTable{std::string(what), table, command.subtype == AT_SetUnLogged});
  }
  if (command.subtype == AT_AttachPartition || command.subtype == AT_DetachPartition) {
    return LowerPartition(table, command, at, to);
  }
  for (const Danger& danger : kDangers) {
    if (danger.command != command.subtype || IsHarmless(command)) continue;
    to.AddAt(at, Unjudged{std::string(danger.what), std::string(danger.danger), table});
  }
}

void LowerCommand(const Name& table, const AlterTableCmd& command, Span at, Lowering& to) {
  const std::string name = command.name == nullptr ? "" : command.name;
  switch (command.subtype) {
    case AT_AddColumn:
      return LowerAddColumn(table, command, at, to);
    case AT_DropColumn:
      return to.AddAt(
          at, DropColumn{table, name, command.missing_ok, command.behavior == DROP_CASCADE});
    case AT_AlterColumnType:
      return LowerChangeType(table, command, at, to);
    case AT_SetNotNull:
      return to.AddAt(at, SetNotNull{table, name});
    case AT_DropNotNull:
      return to.AddAt(at, DropNotNull{table, name});
    case AT_ColumnDefault:
      if (command.def != nullptr && !IsNullConstant(command.def)) {
        return to.AddAt(at, SetDefault{table, name, IsDistinct(command.def)});
      }
      return to.AddAt(at, DropDefault{table, name});
    case AT_AddIdentity:
      return to.AddAt(at, SetDefault{table, name, true});
    case AT_DropIdentity:
    case AT_DropExpression:
      return to.AddAt(at, DropDefault{table, name});
    case AT_AddConstraint:
      if (const auto* constraint = GATE_NODE(Constraint, command.def)) {
        to.AddAt(at, ConstraintOf(table, *constraint, to.source));
      }
      return;
    case AT_ChangeOwner:
      return to.AddAt(at, TakeRights{"OWNER TO", table});
    case AT_EnableRowSecurity:
      return to.AddAt(at, TakeRights{"ENABLE ROW LEVEL SECURITY", table});
    case AT_ForceRowSecurity:
      return to.AddAt(at, TakeRights{"FORCE ROW LEVEL SECURITY", table});
    case AT_ValidateConstraint:
      return to.AddAt(at, ValidateConstraint{table, name});
    case AT_DropConstraint:
      return to.AddAt(at, DropConstraint{table, name, command.missing_ok});
    default:
      return LowerRest(table, command, at, to);
  }
}

}  // namespace

void LowerCreateTable(const CreateStmt& create, RelationKind kind, Lowering& to) {
  CreateRelation relation{NameOf(*create.relation), kind};
  relation.temporary = create.relation->relpersistence == kTemporary;
  relation.if_not_exists = create.if_not_exists;
  relation.all_columns_known = create.inhRelations == nullptr && create.ofTypename == nullptr;
  const auto add_constraint = [&relation, &to](const Constraint& constraint) {
    relation.constraints.push_back(ConstraintOf(relation.name, constraint, to.source));
  };
  for (const ListCell& cell : Elements(create.tableElts)) {
    if (const auto* column = GATE_NODE(ColumnDef, cell.ptr_value)) {
      relation.columns.push_back(ColumnOf(*column, to.source));
      std::ranges::move(ConstraintsOf(relation.name, *column, to.source),
                        std::back_inserter(relation.constraints));
    } else if (const auto* constraint = GATE_NODE(Constraint, cell.ptr_value)) {
      add_constraint(*constraint);
    } else {
      relation.all_columns_known = false;  // LIKE
    }
  }
  to.Add(std::move(relation));
}

void LowerAlterTable(const AlterTableStmt& alter, Lowering& to) {
  const Name table = NameOf(*alter.relation);
  if (alter.objtype == OBJECT_TYPE) return to.Add(ChangeComposite{table});
  CommandSpans spans(to, *alter.relation);
  for (const ListCell& cell : Elements(alter.cmds)) {
    const Span at = spans.Next();
    const auto* command = GATE_NODE(AlterTableCmd, cell.ptr_value);
    if (command == nullptr) continue;
    // An index of a partition becomes a part of its table's: the catalogue alone.
    if (alter.objtype == OBJECT_INDEX && command->subtype == AT_AttachPartition) continue;
    LowerCommand(table, *command, at, to);
  }
  for (Action& action : to.statement.actions) action.if_table_exists = alter.missing_ok;
}

}  // namespace gate::migration
