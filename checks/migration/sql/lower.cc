// Everything but CREATE TABLE and ALTER TABLE, and the table of what is known to be harmless.
#include "checks/migration/sql/lower.h"

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/str_cat.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

// Statements that neither change what the running version relies on nor lock what it uses for long.
constexpr NodeTag kHarmless[] = {T_CommentStmt,
                                 T_AlterFunctionStmt,
                                 T_CreateSeqStmt,
                                 T_AlterSeqStmt,
                                 T_DefineStmt,
                                 T_AlterDefaultPrivilegesStmt,
                                 T_CreateRoleStmt,
                                 T_ExplainStmt,
                                 T_VariableShowStmt,
                                 T_NotifyStmt,
                                 T_ListenStmt,
                                 T_UnlistenStmt,
                                 T_ConstraintsSetStmt,
                                 T_CheckPointStmt,
                                 T_CreateStatsStmt,
                                 T_AlterStatsStmt,
                                 T_CreateCastStmt,
                                 T_CreateOpClassStmt,
                                 T_CreateOpFamilyStmt,
                                 T_CreateConversionStmt,
                                 T_CreatePLangStmt,
                                 T_CreateTransformStmt,
                                 T_CreateAmStmt,
                                 T_CreateFdwStmt,
                                 T_CreateForeignServerStmt,
                                 T_CreateUserMappingStmt,
                                 T_ImportForeignSchemaStmt,
                                 T_CreatePublicationStmt,
                                 T_CreateTableSpaceStmt,
                                 T_CreatedbStmt,
                                 T_PrepareStmt,
                                 T_DeallocateStmt,
                                 T_DiscardStmt,
                                 T_FetchStmt,
                                 T_ClosePortalStmt,
                                 T_DeclareCursorStmt,
                                 T_SecLabelStmt,
                                 T_LoadStmt,
                                 T_AlterObjectDependsStmt};

// Functions that a SELECT may call without an effect that outlives it, and those on sequences.
constexpr std::string_view kKnownFunctions[] = {"array_agg",
                                                "avg",
                                                "bool_and",
                                                "bool_or",
                                                "coalesce",
                                                "count",
                                                "currval",
                                                "format",
                                                "greatest",
                                                "json_agg",
                                                "jsonb_agg",
                                                "lastval",
                                                "least",
                                                "length",
                                                "lower",
                                                "max",
                                                "md5",
                                                "min",
                                                "nextval",
                                                "now",
                                                "setval",
                                                "set_config",
                                                "string_agg",
                                                "sum",
                                                "to_char",
                                                "to_regclass",
                                                "unnest",
                                                "upper",
                                                "version",
                                                "current_setting",
                                                "generate_series",
                                                "pg_get_serial_sequence",
                                                "row_number",
                                                "date_trunc"};

void LowerTransaction(const TransactionStmt& transaction, Lowering& to) {
  switch (transaction.kind) {
    case TRANS_STMT_BEGIN:
    case TRANS_STMT_START:
      return to.Add(Transaction{TransactionVerb::kBegin});
    case TRANS_STMT_COMMIT:
    case TRANS_STMT_PREPARE:
      to.Add(Transaction{TransactionVerb::kCommit});
      if (transaction.chain) to.Add(Transaction{TransactionVerb::kBegin});
      return;
    case TRANS_STMT_ROLLBACK:
      to.Add(Transaction{TransactionVerb::kRollback});
      if (transaction.chain) to.Add(Transaction{TransactionVerb::kBegin});
      return;
    default:
      return;  // savepoints, and the second half of two-phase commit
  }
}

void LowerSet(const VariableSetStmt& set, Lowering& to) {
  const bool path = set.kind == VAR_RESET_ALL ||
                    (set.name != nullptr && std::string_view(set.name) == "search_path");
  if (!path) return;
  SetSearchPath action{{}, set.is_local};
  for (const ListCell& cell : Elements(set.args)) {
    const auto* constant = GATE_NODE(A_Const, cell.ptr_value);
    if (constant && !constant->isnull) action.schemas.emplace_back(Text(&constant->val.node));
  }
  to.Add(std::move(action));
}

void LowerCreateAs(const CreateTableAsStmt& create, Lowering& to) {
  CreateRelation relation{NameOf(*create.into->rel)};
  relation.kind =
      create.objtype == OBJECT_MATVIEW ? RelationKind::kMaterializedView : RelationKind::kTable;
  relation.temporary = create.into->rel->relpersistence == 't';
  relation.if_not_exists = create.if_not_exists;
  relation.all_columns_known = false;
  if (relation.kind == RelationKind::kMaterializedView) relation.reads = RelationsOf(create.query);
  to.Add(std::move(relation));
}

void LowerView(const ViewStmt& view, Lowering& to) {
  CreateRelation relation{NameOf(*view.view), RelationKind::kView};
  relation.temporary = view.view->relpersistence == 't';
  relation.or_replace = view.replace;
  relation.reads = RelationsOf(view.query);
  relation.all_columns_known = false;
  to.Add(std::move(relation));
}

void LowerSchema(const CreateSchemaStmt& schema, Lowering& to) {
  if (schema.schemaname != nullptr) to.Add(CreateSchema{schema.schemaname, schema.if_not_exists});
  const size_t first = to.statement.actions.size();
  for (const ListCell& cell : Elements(schema.schemaElts)) {
    Lower(static_cast<const Node*>(cell.ptr_value), to);
  }
  if (schema.schemaname == nullptr) return;
  for (size_t i = first; i < to.statement.actions.size(); ++i) {
    auto* relation = std::get_if<CreateRelation>(&to.statement.actions[i].what);
    if (relation && relation->name.schema.empty()) relation->name.schema = schema.schemaname;
  }
}

void LowerTruncate(const TruncateStmt& truncate, Lowering& to) {
  for (const ListCell& cell : Elements(truncate.relations)) {
    const auto* relation = GATE_NODE(RangeVar, cell.ptr_value);
    if (relation == nullptr) continue;
    to.Add(Truncate{NameOf(*relation), truncate.behavior == DROP_CASCADE});
  }
}

void LowerLock(const LockStmt& lock, Lowering& to) {
  std::string_view mode;
  switch (lock.mode) {
    case ShareLock:
      mode = "SHARE";
      break;
    case ShareRowExclusiveLock:
      mode = "SHARE ROW EXCLUSIVE";
      break;
    case ExclusiveLock:
      mode = "EXCLUSIVE";
      break;
    case AccessExclusiveLock:
      mode = "ACCESS EXCLUSIVE";
      break;
    default:
      return;  // stops no reads and no writes
  }
  for (const ListCell& cell : Elements(lock.relations)) {
    const auto* relation = GATE_NODE(RangeVar, cell.ptr_value);
    if (relation != nullptr) to.Add(LockTable{NameOf(*relation), std::string(mode)});
  }
}

void LowerCopy(const CopyStmt& copy, Lowering& to) {
  if (!copy.is_program) return;
  to.Add(Opaque{"COPY ... PROGRAM runs a program on the database server.",
                "Move the data outside of the migration."});
}

bool HasOption(const List* options, std::string_view name) {
  return std::ranges::any_of(Elements(options), [name](const ListCell& cell) {
    const auto* option = GATE_NODE(DefElem, cell.ptr_value);
    return option != nullptr && option->defname == name;
  });
}

void LowerReindex(const ReindexStmt& reindex, Lowering& to) {
  if (HasOption(reindex.params, "concurrently")) {
    return to.Add(OutsideTransaction{"REINDEX CONCURRENTLY"});
  }
  Reindex action{"REINDEX", std::nullopt, reindex.kind == REINDEX_OBJECT_INDEX};
  switch (reindex.kind) {
    case REINDEX_OBJECT_INDEX:
      action.what = "REINDEX INDEX";
      break;
    case REINDEX_OBJECT_TABLE:
      action.what = "REINDEX TABLE";
      break;
    default:
      action.what = CommandName(to.source);
      to.Add(OutsideTransaction{action.what});
  }
  if (reindex.relation != nullptr) action.name = NameOf(*reindex.relation);
  to.Add(std::move(action));
}

void LowerVacuum(const VacuumStmt& vacuum, Lowering& to) {
  if (vacuum.is_vacuumcmd) to.Add(OutsideTransaction{"VACUUM"});
  if (!HasOption(vacuum.options, "full")) return;
  if (vacuum.rels == nullptr) to.Add(RewriteTable{"VACUUM FULL", std::nullopt});
  for (const ListCell& cell : Elements(vacuum.rels)) {
    const auto* table = GATE_NODE(VacuumRelation, cell.ptr_value);
    if (table != nullptr && table->relation != nullptr) {
      to.Add(RewriteTable{"VACUUM FULL", NameOf(*table->relation)});
    }
  }
}

void LowerCluster(const ClusterStmt& cluster, Lowering& to) {
  if (cluster.relation != nullptr)
    return to.Add(RewriteTable{"CLUSTER", NameOf(*cluster.relation)});
  to.Add(OutsideTransaction{"CLUSTER of all tables"});
  to.Add(RewriteTable{"CLUSTER", std::nullopt});
}

void LowerDomain(const CreateDomainStmt& domain, Lowering& to) {
  CreateType action{NameOf(domain.domainname), TypeKind::kDomain};
  for (const ListCell& cell : Elements(domain.constraints)) {
    const auto* constraint = GATE_NODE(Constraint, cell.ptr_value);
    if (constraint == nullptr) continue;
    action.constrained = action.constrained || constraint->contype == CONSTR_CHECK ||
                         constraint->contype == CONSTR_NOTNULL;
  }
  to.Add(std::move(action));
}

// What takes something back binds nobody.
void LowerAlterDomain(const AlterDomainStmt& alter, Lowering& to) {
  constexpr char kSetNotNull = 'O', kAddConstraint = 'C', kValidate = 'V', kDefault = 'T';
  ChangeDomain action{NameOf(alter.typeName), alter.subtype == kValidate};
  const auto* constraint = GATE_NODE(Constraint, alter.def);
  action.not_valid = constraint != nullptr && constraint->skip_validation;
  if (alter.subtype == kSetNotNull || alter.subtype == kAddConstraint ||
      alter.subtype == kValidate) {
    return to.Add(std::move(action));
  }
  if (alter.subtype == kDefault && (alter.def == nullptr || IsNullConstant(alter.def))) {
    to.Add(Unjudged{"Dropping a domain's default",
                    "fails INSERTs of the running version that count on it, where a column of the "
                    "domain is NOT NULL",
                    {}});
  }
}

void LowerAlterEnum(const AlterEnumStmt& alter, Lowering& to) {
  const Name type = NameOf(alter.typeName);
  if (alter.oldVal == nullptr) {
    to.Add(AddEnumValue{type, alter.newVal, alter.skipIfNewValExists});
  } else {
    to.Add(RenameEnumValue{type, alter.oldVal, alter.newVal});
  }
}

void LowerCall(Lowering& to, std::string_view what) {
  to.Add(Opaque{absl::StrCat(std::string(what), " runs code that cannot be followed from here."),
                "Write the statements that it executes into the migration, or have the change "
                "reviewed and overridden."});
}

// A SELECT changes nothing unless a function in it does.
void FollowCalls(const Node* expression, int depth, Lowering& to) {
  constexpr int kMaxDepth = 32;
  while (const auto* cast = GATE_NODE(TypeCast, expression)) expression = cast->arg;
  const auto* call = GATE_NODE(FuncCall, expression);
  if (call == nullptr) return;
  const Name called = NameOf(call->funcname);
  const bool built_in = called.schema.empty() || called.schema == "pg_catalog";
  if (!built_in || depth == kMaxDepth ||
      std::ranges::find(kKnownFunctions, called.name) == std::end(kKnownFunctions)) {
    return LowerCall(to, absl::StrCat("Function ", called.name));
  }
  for (const ListCell& cell : Elements(call->args)) {
    FollowCalls(static_cast<const Node*>(cell.ptr_value), depth + 1, to);
  }
}

// column = constant or column IN (constants), by itself or joined with others by AND.
bool IsNarrow(const Node* condition, int depth = 0) {
  constexpr int kMaxDepth = 20;
  const auto is_constant = [](const Node* node) {
    while (const auto* cast = GATE_NODE(TypeCast, node)) node = cast->arg;
    return GATE_NODE(A_Const, node) != nullptr;
  };
  if (const auto* both = GATE_NODE(BoolExpr, condition)) {
    return both->boolop == AND_EXPR && depth < kMaxDepth &&
           std::ranges::any_of(Elements(both->args), [depth](const ListCell& cell) {
             return IsNarrow(static_cast<const Node*>(cell.ptr_value), depth + 1);
           });
  }
  const auto* test = GATE_NODE(A_Expr, condition);
  if (test == nullptr || !GATE_NODE(ColumnRef, test->lexpr)) return false;
  const bool equal = test->name != nullptr && NameOf(test->name).name == "=";
  if (test->kind == AEXPR_OP) return equal && is_constant(test->rexpr);
  return test->kind == AEXPR_IN && equal && GATE_NODE(List, test->rexpr) != nullptr;
}

// What WITH, INSERT, UPDATE, DELETE and MERGE do to rows.
void LowerRows(const Node* node, Lowering& to, int depth = 0);

void LowerWith(const WithClause* with, Lowering& to, int depth) {
  constexpr int kMaxDepth = 20;
  if (with == nullptr) return;
  for (const ListCell& cell : Elements(with->ctes)) {
    const auto* query = GATE_NODE(CommonTableExpr, cell.ptr_value);
    if (query != nullptr && depth < kMaxDepth) LowerRows(query->ctequery, to, depth + 1);
  }
}

void LowerRows(const Node* node, Lowering& to, int depth) {
  if (const auto* select = GATE_NODE(SelectStmt, node)) {
    LowerWith(select->withClause, to, depth);
  } else if (const auto* insert = GATE_NODE(InsertStmt, node)) {
    LowerWith(insert->withClause, to, depth);
    // VALUES, or SELECT of constants, be it WHERE NOT EXISTS (...)
    const auto* select = GATE_NODE(SelectStmt, insert->selectStmt);
    if (select == nullptr || (select->op == SETOP_NONE && select->fromClause == nullptr)) return;
    std::vector<Name> reads = RelationsOf(insert->selectStmt);
    if (reads.empty()) return;
    const bool narrow = select->op == SETOP_NONE && IsNarrow(select->whereClause);
    to.Add(WriteRows{NameOf(*insert->relation), RowVerb::kInsert, false, narrow, std::move(reads)});
  } else if (const auto* update = GATE_NODE(UpdateStmt, node)) {
    LowerWith(update->withClause, to, depth);
    to.Add(WriteRows{NameOf(*update->relation), RowVerb::kUpdate,
                     update->whereClause == nullptr && update->fromClause == nullptr,
                     IsNarrow(update->whereClause)});
  } else if (const auto* gone = GATE_NODE(DeleteStmt, node)) {
    LowerWith(gone->withClause, to, depth);
    to.Add(WriteRows{NameOf(*gone->relation), RowVerb::kDelete,
                     gone->whereClause == nullptr && gone->usingClause == nullptr,
                     IsNarrow(gone->whereClause)});
  } else if (const auto* merge = GATE_NODE(MergeStmt, node)) {
    LowerWith(merge->withClause, to, depth);
    to.Add(WriteRows{NameOf(*merge->relation), RowVerb::kMerge});
  }
}

void LowerGrant(const GrantStmt& grant, Lowering& to) {
  if (grant.is_grant) return;
  TakeRights take{"REVOKE"};
  const auto is_create = [](const ListCell& cell) {
    const auto* right = GATE_NODE(AccessPriv, cell.ptr_value);
    return right && right->priv_name && std::string_view(right->priv_name) == "create";
  };
  const auto rights = Elements(grant.privileges);
  take.few_need_it =
      grant.objtype == OBJECT_SCHEMA && !rights.empty() && std::ranges::all_of(rights, is_create);
  const bool named = grant.targtype == ACL_TARGET_OBJECT &&
                     (grant.objtype == OBJECT_TABLE || grant.objtype == OBJECT_SEQUENCE ||
                      grant.objtype == OBJECT_FUNCTION || grant.objtype == OBJECT_PROCEDURE ||
                      grant.objtype == OBJECT_ROUTINE);
  if (!named) return to.Add(std::move(take));
  for (const ListCell& cell : Elements(grant.objects)) {
    if (const auto* table = GATE_NODE(RangeVar, cell.ptr_value)) {
      take.table = NameOf(*table);
    } else if (const auto* function = GATE_NODE(ObjectWithArgs, cell.ptr_value)) {
      take.function = NameOf(function->objname);
    }
    to.Add(take);
  }
}

// Of what has no rights of its own that applications need, the owner does not matter to them.
bool OwnerMatters(ObjectType type) {
  switch (type) {
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
    case OBJECT_COLLATION:
    case OBJECT_CONVERSION:
    case OBJECT_OPERATOR:
    case OBJECT_OPCLASS:
    case OBJECT_OPFAMILY:
    case OBJECT_STATISTIC_EXT:
    case OBJECT_TSCONFIGURATION:
    case OBJECT_TSDICTIONARY:
    case OBJECT_LANGUAGE:
    case OBJECT_AGGREGATE:
      return false;
    default:
      return true;
  }
}

void LowerOwner(const AlterOwnerStmt& owner, Lowering& to) {
  if (!OwnerMatters(owner.objectType)) return;
  TakeRights take{"OWNER TO"};
  if (owner.relation != nullptr) take.table = NameOf(*owner.relation);
  if (const auto* function = GATE_NODE(ObjectWithArgs, owner.object)) {
    take.function = NameOf(function->objname);
    take.few_need_it = true;  // EXECUTE is everybody's, unless it was taken away.
  }
  to.Add(std::move(take));
}

// What is left over: a clause per statement that takes no more than a sentence.
void LowerOther(const Node* node, Lowering& to) {
  const auto watch = [&to](const RangeVar* table) {
    std::optional<Name> name;
    if (table != nullptr) name = NameOf(*table);
    to.Add(Unjudged{CommandName(to.source), "may break the running version", name});
  };
  const auto take = [&to](std::string what, const RangeVar* table) {
    std::optional<Name> name;
    if (table != nullptr) name = NameOf(*table);
    to.Add(TakeRights{std::move(what), name});
  };
  switch (nodeTag(node)) {
    case T_CreatePolicyStmt: {
      // One that permits takes nothing away.
      const auto* policy = reinterpret_cast<const CreatePolicyStmt*>(node);
      return policy->permissive ? void() : take("CREATE POLICY ... AS RESTRICTIVE", policy->table);
    }
    case T_AlterPolicyStmt:
      return take("ALTER POLICY", reinterpret_cast<const AlterPolicyStmt*>(node)->table);
    case T_RuleStmt:
      return watch(reinterpret_cast<const RuleStmt*>(node)->relation);
    case T_AlterOwnerStmt:
      return LowerOwner(*reinterpret_cast<const AlterOwnerStmt*>(node), to);
    case T_DoStmt:
      LowerCall(to, "A DO block");
      return;
    case T_ExecuteStmt:
      LowerCall(to, "EXECUTE");
      return;
    case T_CallStmt:
      LowerCall(to, "A procedure");
      return;
    case T_GrantStmt:
      return LowerGrant(*reinterpret_cast<const GrantStmt*>(node), to);
    case T_GrantRoleStmt:
      if (reinterpret_cast<const GrantRoleStmt*>(node)->is_grant) return;
      return take("REVOKE", nullptr);
    case T_RefreshMatViewStmt:
      if (reinterpret_cast<const RefreshMatViewStmt*>(node)->concurrent) return;
      return to.Add(
          RefreshView{NameOf(*reinterpret_cast<const RefreshMatViewStmt*>(node)->relation)});
    case T_LockStmt:
      return LowerLock(*reinterpret_cast<const LockStmt*>(node), to);
    case T_ClusterStmt:
      return LowerCluster(*reinterpret_cast<const ClusterStmt*>(node), to);
    case T_CreateDomainStmt:
      return LowerDomain(*reinterpret_cast<const CreateDomainStmt*>(node), to);
    case T_AlterDomainStmt:
      return LowerAlterDomain(*reinterpret_cast<const AlterDomainStmt*>(node), to);
    case T_CompositeTypeStmt:
      return to.Add(CreateType{NameOf(*reinterpret_cast<const CompositeTypeStmt*>(node)->typevar),
                               TypeKind::kComposite});
    case T_CreateRangeStmt:
      return to.Add(CreateType{NameOf(reinterpret_cast<const CreateRangeStmt*>(node)->typeName)});
    case T_CreateExtensionStmt: {
      const auto* extension = reinterpret_cast<const CreateExtensionStmt*>(node);
      return to.Add(CreateExtension{extension->extname, extension->if_not_exists});
    }
    default:
      if (std::ranges::find(kHarmless, nodeTag(node)) != std::end(kHarmless)) return;
  }
  watch(nullptr);
}

}  // namespace

void LowerSelect(const SelectStmt& select, Lowering& to) {
  LowerWith(select.withClause, to, 0);
  if (select.intoClause != nullptr) {
    CreateRelation relation{NameOf(*select.intoClause->rel)};
    relation.temporary = select.intoClause->rel->relpersistence == 't';
    relation.all_columns_known = false;
    to.Add(std::move(relation));
  }
  const auto follow = [&to](const Node* expression) { FollowCalls(expression, 0, to); };
  for (const ListCell& cell : Elements(select.targetList)) {
    if (const auto* target = GATE_NODE(ResTarget, cell.ptr_value)) follow(target->val);
  }
  for (const ListCell& cell : Elements(select.fromClause)) {
    const auto* functions = GATE_NODE(RangeFunction, cell.ptr_value);
    if (functions == nullptr) continue;
    for (const ListCell& inner : Elements(functions->functions)) {
      const auto* pair = GATE_NODE(List, inner.ptr_value);
      if (pair && pair->length > 0) follow(static_cast<const Node*>(pair->elements[0].ptr_value));
    }
  }
}

void Lower(const Node* node, Lowering& to) {
  if (const auto* create = GATE_NODE(CreateStmt, node)) {
    return LowerCreateTable(*create, RelationKind::kTable, to);
  }
  if (const auto* foreign = GATE_NODE(CreateForeignTableStmt, node)) {
    return LowerCreateTable(foreign->base, RelationKind::kForeignTable, to);
  }
  if (const auto* alter = GATE_NODE(AlterTableStmt, node)) return LowerAlterTable(*alter, to);
  if (const auto* create = GATE_NODE(CreateTableAsStmt, node)) return LowerCreateAs(*create, to);
  if (const auto* view = GATE_NODE(ViewStmt, node)) return LowerView(*view, to);
  if (const auto* schema = GATE_NODE(CreateSchemaStmt, node)) return LowerSchema(*schema, to);
  if (const auto* index = GATE_NODE(IndexStmt, node)) return LowerIndex(*index, to);
  if (const auto* drop = GATE_NODE(DropStmt, node)) return LowerDrop(*drop, to);
  if (const auto* rename = GATE_NODE(RenameStmt, node)) return LowerRename(*rename, to);
  if (const auto* move = GATE_NODE(AlterObjectSchemaStmt, node)) return LowerMove(*move, to);
  if (const auto* verb = GATE_NODE(TransactionStmt, node)) return LowerTransaction(*verb, to);
  if (const auto* set = GATE_NODE(VariableSetStmt, node)) return LowerSet(*set, to);
  if (const auto* select = GATE_NODE(SelectStmt, node)) return LowerSelect(*select, to);
  if (GATE_NODE(InsertStmt, node) || GATE_NODE(UpdateStmt, node) || GATE_NODE(DeleteStmt, node) ||
      GATE_NODE(MergeStmt, node)) {
    return LowerRows(node, to);
  }
  if (const auto* truncate = GATE_NODE(TruncateStmt, node)) return LowerTruncate(*truncate, to);
  if (const auto* copy = GATE_NODE(CopyStmt, node)) return LowerCopy(*copy, to);
  if (const auto* reindex = GATE_NODE(ReindexStmt, node)) return LowerReindex(*reindex, to);
  if (const auto* vacuum = GATE_NODE(VacuumStmt, node)) return LowerVacuum(*vacuum, to);
  if (const auto* create = GATE_NODE(CreateEnumStmt, node)) {
    return to.Add(CreateEnum{NameOf(create->typeName), Texts(create->vals)});
  }
  if (const auto* alter = GATE_NODE(AlterEnumStmt, node)) return LowerAlterEnum(*alter, to);
  if (const auto* create = GATE_NODE(CreateFunctionStmt, node)) return LowerFunction(*create, to);
  if (const auto* create = GATE_NODE(CreateTrigStmt, node)) {
    return to.Add(
        CreateTrigger{NameOf(*create->relation), create->trigname, NameOf(create->funcname)});
  }
  LowerOther(node, to);
}

}  // namespace gate::migration
