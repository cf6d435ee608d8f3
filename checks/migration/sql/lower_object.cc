// DROP, RENAME, SET SCHEMA and CREATE INDEX.
#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/strings/str_cat.h"
#include "checks/migration/sql/lower.h"

namespace gate::migration {
namespace {

std::optional<RelationKind> KindOf(ObjectType type) {
  switch (type) {
    case OBJECT_TABLE:
      return RelationKind::kTable;
    case OBJECT_VIEW:
      return RelationKind::kView;
    case OBJECT_MATVIEW:
      return RelationKind::kMaterializedView;
    case OBJECT_FOREIGN_TABLE:
      return RelationKind::kForeignTable;
    case OBJECT_SEQUENCE:
      return RelationKind::kSequence;
    case OBJECT_INDEX:
      return RelationKind::kIndex;
    default:
      return std::nullopt;
  }
}

bool BelongsToTable(ObjectType type) {
  return type == OBJECT_TRIGGER || type == OBJECT_POLICY || type == OBJECT_RULE;
}

// DROP TRIGGER name ON schema.table: a list that ends with the object's own name.
Name TableOf(const List* object) {
  const auto parts = Elements(object);
  Name table;
  if (parts.size() >= 2)
    table.name = Text(static_cast<const Node*>(parts[parts.size() - 2].ptr_value));
  if (parts.size() >= 3)
    table.schema = Text(static_cast<const Node*>(parts[parts.size() - 3].ptr_value));
  return table;
}

std::vector<std::string> PlainColumns(const List* elements) {
  std::vector<std::string> columns;
  for (const ListCell& cell : Elements(elements)) {
    const auto* element = GATE_NODE(IndexElem, cell.ptr_value);
    if (element && element->name) columns.emplace_back(element->name);
  }
  return columns;
}

bool IsFunction(ObjectType type) {
  return type == OBJECT_FUNCTION || type == OBJECT_PROCEDURE || type == OBJECT_ROUTINE ||
         type == OBJECT_AGGREGATE;
}

// The type as signatures are compared.
std::string SignatureType(const TypeName* written, const Lowering& to) {
  if (written == nullptr) return "";
  const Type type = TypeOf(*written, to.source);
  const std::string_view name = type.name;
  constexpr std::string_view kPublic = "public.";
  return absl::StrCat(std::string(name.starts_with(kPublic) ? name.substr(kPublic.size()) : name),
                      type.dimensions > 0 ? "[]" : "", written->setof ? " setof" : "");
}

std::optional<std::vector<std::string>> ArgumentsOf(const ObjectWithArgs& object,
                                                    const Lowering& to) {
  if (object.args_unspecified) return std::nullopt;
  std::vector<std::string> arguments;
  for (const ListCell& argument : Elements(object.objargs)) {
    arguments.push_back(SignatureType(GATE_NODE(TypeName, argument.ptr_value), to));
  }
  return arguments;
}

void LowerDropFunctions(const DropStmt& drop, Lowering& to) {
  for (const ListCell& cell : Elements(drop.objects)) {
    const auto* object = GATE_NODE(ObjectWithArgs, cell.ptr_value);
    if (object == nullptr) continue;
    to.Add(DropFunction{NameOf(object->objname), ArgumentsOf(*object, to), drop.missing_ok,
                        drop.behavior == DROP_CASCADE});
  }
}

// What no statement of an application names.
bool IsNeverNamed(ObjectType type) {
  return type == OBJECT_DOMCONSTRAINT || type == OBJECT_STATISTIC_EXT ||
         type == OBJECT_EVENT_TRIGGER || type == OBJECT_OPCLASS || type == OBJECT_OPFAMILY ||
         type == OBJECT_CONVERSION || type == OBJECT_LANGUAGE;
}

}  // namespace

void LowerFunction(const CreateFunctionStmt& create, Lowering& to) {
  CreateFunction action{NameOf(create.funcname)};
  action.or_replace = create.replace;
  action.returns = SignatureType(create.returnType, to);
  for (const ListCell& cell : Elements(create.options)) {
    const auto* option = GATE_NODE(DefElem, cell.ptr_value);
    if (option == nullptr || std::string_view(option->defname) != "volatility") continue;
    action.is_volatile = Text(option->arg) == "volatile";
  }
  for (const ListCell& cell : Elements(create.parameters)) {
    const auto* parameter = GATE_NODE(FunctionParameter, cell.ptr_value);
    if (parameter == nullptr) continue;
    std::string type = SignatureType(parameter->argType, to);
    const FunctionParameterMode mode = parameter->mode;
    const bool in = mode != FUNC_PARAM_OUT && mode != FUNC_PARAM_TABLE;
    if (!in || mode == FUNC_PARAM_INOUT) {
      absl::StrAppend(&action.returns, ", ", parameter->name == nullptr ? "" : parameter->name, " ",
                      type);
    }
    if (!in) continue;
    if (parameter->defexpr == nullptr) ++action.required;
    action.arguments.push_back(std::move(type));
  }
  for (const ListCell& cell : Elements(create.options)) {
    const auto* option = GATE_NODE(DefElem, cell.ptr_value);
    if (option == nullptr || std::string_view(option->defname) != "as") continue;
    const auto* texts = GATE_NODE(List, option->arg);
    if (texts == nullptr || texts->length == 0) continue;
    const auto* body = static_cast<const Node*>(texts->elements[0].ptr_value);
    action.body = std::make_shared<const std::string>(Text(body));
  }
  to.Add(std::move(action));
}

void LowerDrop(const DropStmt& drop, Lowering& to) {
  if (drop.concurrent) to.Add(OutsideTransaction{"DROP INDEX CONCURRENTLY"});
  const std::optional<RelationKind> kind = KindOf(drop.removeType);
  const bool cascade = drop.behavior == DROP_CASCADE;
  if (!kind && !BelongsToTable(drop.removeType)) {
    for (const ListCell& cell : Elements(drop.objects)) {
      if (drop.removeType == OBJECT_SCHEMA) {
        to.Add(DropSchema{std::string(Text(static_cast<const Node*>(cell.ptr_value))), cascade});
      } else if (drop.removeType == OBJECT_EXTENSION) {
        to.Add(DropExtension{std::string(Text(static_cast<const Node*>(cell.ptr_value))),
                             drop.missing_ok});
      } else if (const auto* type = GATE_NODE(TypeName, cell.ptr_value)) {
        to.Add(DropType{NameOf(type->names), cascade, drop.missing_ok});
      }
    }
    if (drop.removeType == OBJECT_SCHEMA || drop.removeType == OBJECT_TYPE ||
        drop.removeType == OBJECT_DOMAIN || drop.removeType == OBJECT_EXTENSION ||
        drop.removeType == OBJECT_STATISTIC_EXT) {
      return;
    }
    if (IsFunction(drop.removeType)) return LowerDropFunctions(drop, to);
    return to.Add(
        Unjudged{CommandName(to.source), "may take away what the running version uses", {}});
  }
  for (const ListCell& cell : Elements(drop.objects)) {
    const auto* object = GATE_NODE(List, cell.ptr_value);
    if (object == nullptr) continue;
    if (kind) {
      to.Add(DropRelation{NameOf(object), *kind, drop.missing_ok, cascade, drop.concurrent});
    } else if (drop.removeType == OBJECT_TRIGGER) {
      to.Add(DropTrigger{TableOf(object), NameOf(object).name, drop.missing_ok});
    } else if (drop.removeType == OBJECT_POLICY) {
      to.Add(TakeRights{"DROP POLICY", TableOf(object)});
    } else {
      to.Add(Unjudged{CommandName(to.source), "may take away what the running version relies on",
                      TableOf(object)});
    }
  }
}

void LowerRename(const RenameStmt& rename, Lowering& to) {
  if (rename.renameType == OBJECT_COLUMN && rename.relation != nullptr) {
    to.Add(RenameColumn{NameOf(*rename.relation), rename.subname, rename.newname});
    to.statement.actions.back().if_table_exists = rename.missing_ok;
    return;
  }
  const std::optional<RelationKind> kind = KindOf(rename.renameType);
  if (kind && rename.relation != nullptr) {
    return to.Add(
        RenameRelation{NameOf(*rename.relation), *kind, rename.newname, rename.missing_ok});
  }
  if (BelongsToTable(rename.renameType)) return;
  if (rename.renameType == OBJECT_TYPE || rename.renameType == OBJECT_DOMAIN) {
    return to.Add(RenameType{NameOf(GATE_NODE(List, rename.object)), rename.newname});
  }
  if (rename.renameType == OBJECT_ATTRIBUTE && rename.relation != nullptr) {
    return to.Add(ChangeComposite{NameOf(*rename.relation)});
  }
  if (rename.renameType == OBJECT_TABCONSTRAINT && rename.relation != nullptr) {
    return to.Add(RenameConstraint{NameOf(*rename.relation), rename.subname, rename.newname});
  }
  if (rename.renameType == OBJECT_SCHEMA) {
    return to.Add(RenameSchema{rename.subname, rename.newname});
  }
  if (const auto* function = GATE_NODE(ObjectWithArgs, rename.object);
      function != nullptr && IsFunction(rename.renameType)) {
    const Name name = NameOf(function->objname);
    return to.Add(RenameFunction{name, ArgumentsOf(*function, to), {name.schema, rename.newname}});
  }
  if (IsNeverNamed(rename.renameType)) return;
  std::optional<Name> table;
  if (rename.relation != nullptr) table = NameOf(*rename.relation);
  to.Add(Unjudged{"A rename", "fails what uses the old name, from that moment", table});
}

void LowerMove(const AlterObjectSchemaStmt& move, Lowering& to) {
  const std::optional<RelationKind> kind = KindOf(move.objectType);
  if (kind && move.relation != nullptr) {
    return to.Add(MoveRelation{NameOf(*move.relation), *kind, move.newschema, move.missing_ok});
  }
  if (const auto* function = GATE_NODE(ObjectWithArgs, move.object);
      function != nullptr && IsFunction(move.objectType)) {
    const Name name = NameOf(function->objname);
    return to.Add(RenameFunction{name, ArgumentsOf(*function, to), {move.newschema, name.name}});
  }
  if (IsNeverNamed(move.objectType)) return;
  to.Add(Unjudged{"Moving an object to another schema", "fails what uses the old name", {}});
}

void LowerIndex(const IndexStmt& index, Lowering& to) {
  CreateIndex create{NameOf(*index.relation)};
  create.name = index.idxname == nullptr ? "" : index.idxname;
  create.unique = index.unique;
  create.concurrently = index.concurrent;
  create.if_not_exists = index.if_not_exists;
  create.only = !index.relation->inh;
  create.key = PlainColumns(index.indexParams);
  create.columns = create.key;
  std::ranges::copy(PlainColumns(index.indexIncludingParams), std::back_inserter(create.columns));
  create.whole =
      index.whereClause == nullptr && create.key.size() == Elements(index.indexParams).size();
  create.nulls_equal = index.nulls_not_distinct;
  create.computed = ColumnsIn(index.whereClause);
  for (const ListCell& cell : Elements(index.indexParams)) {
    const auto* element = GATE_NODE(IndexElem, cell.ptr_value);
    if (element == nullptr || element->expr == nullptr) continue;
    std::ranges::copy(ColumnsIn(element->expr), std::back_inserter(create.computed));
  }
  if (create.concurrently) to.Add(OutsideTransaction{"CREATE INDEX CONCURRENTLY"});
  to.Add(std::move(create));
}

}  // namespace gate::migration
