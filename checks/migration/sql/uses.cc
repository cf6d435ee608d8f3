// The walk over the raw tree, query by query: each has a scope with the sources of its FROM, and
// what a subquery or WITH makes is a source with columns of its own. Depth is bounded; what is not
// followed is said, since a use that is missed would look like proof that there is none.
#include "checks/migration/sql/uses.h"

#include <algorithm>
#include <utility>

#include "checks/migration/sql/lower.h"

namespace gate::migration {
namespace {

constexpr int kMaxDepth = 200;
// Sources that are looked at for columns, all in all: a short WITH can make many of few.
constexpr size_t kMaxLooks = 1'000'000;

// Statements that use nothing of the schema which running code could miss: sessions, transactions,
// maintenance, and changes of the schema that somebody has run.
constexpr NodeTag kUsesNothing[] = {
    T_TransactionStmt, T_VariableShowStmt,    T_DiscardStmt,      T_DeallocateStmt,
    T_ListenStmt,      T_NotifyStmt,          T_UnlistenStmt,     T_FetchStmt,
    T_ClosePortalStmt, T_ConstraintsSetStmt,  T_CheckPointStmt,   T_VacuumStmt,
    T_ReindexStmt,     T_ClusterStmt,         T_CommentStmt,      T_GrantStmt,
    T_CreateStmt,      T_AlterTableStmt,      T_IndexStmt,        T_DropStmt,
    T_RenameStmt,      T_CreateSchemaStmt,    T_CreateEnumStmt,   T_AlterEnumStmt,
    T_CreateSeqStmt,   T_AlterSeqStmt,        T_CreateRoleStmt,   T_AlterRoleStmt,
    T_CreateTrigStmt,  T_CreateExtensionStmt, T_CreateDomainStmt, T_CreateFunctionStmt,
    T_AlterSystemStmt, T_CreatedbStmt,        T_CreateStatsStmt};

// What is between the FROM of a query and its columns.
struct Source {
  std::string alias;
  std::string schema;              // of a relation without an alias, where it is written
  std::vector<std::string> names;  // columns that are known by name and have been read already
  std::vector<int> relations;      // whose columns are among its own
  bool unknown = false;            // it has, or may have, columns of which nothing is known
  bool qualified_only = false;     // "excluded": its columns have to be named with it
};

// The columns that a query returns.
struct Result {
  std::vector<std::string> names;
  std::vector<int> relations;
  bool unknown = false;

  void Add(const Source& source) {
    names.insert(names.end(), source.names.begin(), source.names.end());
    relations.insert(relations.end(), source.relations.begin(), source.relations.end());
    unknown = unknown || source.unknown;
  }
};

struct Scope {
  const Scope* outer = nullptr;
  std::vector<std::pair<std::string, Result>> queries = {};  // of WITH
  std::vector<Source> sources = {};
};

template <typename T>
const Node* AsNode(const T* node) {
  return reinterpret_cast<const Node*>(node);
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

class Reader {
 public:
  explicit Reader(Uses& uses) : uses_(uses) {}

  void ReadTop(const Node* node) {
    if (const auto* explain = GATE_NODE(ExplainStmt, node)) return ReadTop(explain->query);
    if (const auto* prepare = GATE_NODE(PrepareStmt, node)) return ReadTop(prepare->query);
    if (const auto* cursor = GATE_NODE(DeclareCursorStmt, node)) return ReadTop(cursor->query);
    if (const auto* create = GATE_NODE(CreateTableAsStmt, node)) return ReadTop(create->query);
    if (const auto* view = GATE_NODE(ViewStmt, node)) return ReadTop(view->query);
    if (const auto* copy = GATE_NODE(CopyStmt, node)) return ReadCopy(*copy);
    if (const auto* truncate = GATE_NODE(TruncateStmt, node)) return Mention(truncate->relations);
    if (const auto* lock = GATE_NODE(LockStmt, node)) return Mention(lock->relations);
    if (const auto* refresh = GATE_NODE(RefreshMatViewStmt, node)) {
      Mention(*refresh->relation);
      return;
    }
    const Scope nothing;
    if (const auto* call = GATE_NODE(CallStmt, node)) return Read(AsNode(call->funccall), nothing);
    if (const auto* set = GATE_NODE(VariableSetStmt, node)) return ReadSet(*set);
    if (std::ranges::find(kUsesNothing, nodeTag(node)) != std::end(kUsesNothing)) return;
    for (const int relation : ReadQuery(node, nothing).relations) {
      uses_.whole_rows.push_back({relation, false});
    }
    for (const size_t column : returned_) uses_.columns[column].returned = true;
  }

  const std::optional<std::string>& lost() const { return lost_; }

 private:
  // One level deeper while it lives.
  struct Deeper {
    explicit Deeper(Reader& reader) : reader(reader) {
      if (++reader.depth_ > kMaxDepth) reader.Lose("it is nested too deeply");
    }
    ~Deeper() { --reader.depth_; }
    Reader& reader;
  };

  void Lose(std::string why) {
    if (!lost_) lost_ = std::move(why);
  }

  // Counts work that is not bounded by the length of the text.
  void Look(size_t parts) {
    looks_ += parts;
    if (looks_ > kMaxLooks) Lose("it is too large");
  }
  void Look(const Source& source) { Look(1 + source.names.size() + source.relations.size()); }

  int Mention(const RangeVar& relation) {
    uses_.relations.push_back(NameOf(relation));
    return static_cast<int>(uses_.relations.size()) - 1;
  }
  void Mention(const List* relations) {
    for (const ListCell& cell : Elements(relations)) {
      if (const auto* relation = GATE_NODE(RangeVar, cell.ptr_value)) Mention(*relation);
    }
  }

  void ReadSet(const VariableSetStmt& set) {
    if (set.name == nullptr || std::string_view(set.name) != "search_path") return;
    uses_.search_path.emplace();
    for (const ListCell& cell : Elements(set.args)) {
      const auto* constant = GATE_NODE(A_Const, cell.ptr_value);
      if (constant && !constant->isnull) {
        uses_.search_path->emplace_back(Text(&constant->val.node));
      }
    }
  }

  void ReadCopy(const CopyStmt& copy) {
    if (copy.query != nullptr) return ReadTop(copy.query);
    const int relation = Mention(*copy.relation);
    Write write{relation, true, copy.attlist == nullptr, copy.attlist != nullptr};
    for (std::string& column : Texts(copy.attlist)) {
      NameColumn(column, relation);
      write.assignments.push_back({std::move(column), false, false, true});
    }
    if (copy.attlist == nullptr) uses_.whole_rows.push_back({relation, true});
    if (copy.is_from) uses_.writes.push_back(std::move(write));
  }

  // ---- queries

  Result ReadQuery(const Node* node, const Scope& outer) {
    const Deeper deeper(*this);
    if (lost_ || node == nullptr) return {};
    if (const auto* select = GATE_NODE(SelectStmt, node)) return ReadSelect(*select, outer);
    if (const auto* insert = GATE_NODE(InsertStmt, node)) return ReadInsert(*insert, outer);
    if (const auto* update = GATE_NODE(UpdateStmt, node)) return ReadUpdate(*update, outer);
    if (const auto* remove = GATE_NODE(DeleteStmt, node)) return ReadDelete(*remove, outer);
    if (const auto* merge = GATE_NODE(MergeStmt, node)) return ReadMerge(*merge, outer);
    Lose("what this kind of statement uses is not followed");
    return {};
  }

  void ReadWith(const WithClause* with, Scope& scope) {
    if (with == nullptr) return;
    const auto bind = [&scope](const char* name, Result result) {
      for (auto& [known, old] : scope.queries) {
        if (known != name) continue;
        old = std::move(result);
        return;
      }
      scope.queries.emplace_back(name, std::move(result));
    };
    for (const ListCell& cell : Elements(with->recursive ? with->ctes : nullptr)) {
      const auto* query = GATE_NODE(CommonTableExpr, cell.ptr_value);
      if (query) bind(query->ctename, {.names = Texts(query->aliascolnames), .unknown = true});
    }
    for (const ListCell& cell : Elements(with->ctes)) {
      const auto* query = GATE_NODE(CommonTableExpr, cell.ptr_value);
      if (query == nullptr) continue;
      Result result = ReadQuery(query->ctequery, scope);
      for (std::string& name : Texts(query->aliascolnames)) result.names.push_back(std::move(name));
      if (query->search_clause != nullptr || query->cycle_clause != nullptr) result.unknown = true;
      bind(query->ctename, std::move(result));
    }
  }

  Result ReadSelect(const SelectStmt& select, const Scope& outer) {
    Scope scope{&outer};
    ReadWith(select.withClause, scope);
    Result result;
    if (select.op != SETOP_NONE) {
      result = ReadArms(select, scope);
      // ORDER BY can only name columns of the result here.
    } else if (select.valuesLists != nullptr) {
      for (const ListCell& row : Elements(select.valuesLists)) ReadAll(Row(row), scope);
      const List* first = Row(Elements(select.valuesLists).front());
      for (size_t i = 1; i <= Elements(first).size(); ++i) {
        result.names.push_back(absl::StrCat("column", i));
      }
    } else {
      ReadAll(select.fromClause, scope, [&](const Node* item) { ReadFrom(item, scope); });
      result = ReadTargets(select.targetList, scope);
      Read(select.whereClause, scope);
      ReadAll(select.groupClause, scope);
      Read(select.havingClause, scope);
      ReadAll(select.windowClause, scope);
      ReadSorted(select.sortClause, select.targetList, scope);
      ReadSorted(select.distinctClause, select.targetList, scope);
    }
    Read(select.limitOffset, scope);
    Read(select.limitCount, scope);
    return result;
  }

  static const List* Row(const ListCell& cell) { return GATE_NODE(List, cell.ptr_value); }

  // A chain of UNIONs leans to the left, however long it is.
  Result ReadArms(const SelectStmt& select, const Scope& scope) {
    std::vector<const SelectStmt*> arms;
    const SelectStmt* at = &select;
    const auto is_plain = [](const SelectStmt& arm) {
      return arm.withClause == nullptr && arm.limitOffset == nullptr && arm.limitCount == nullptr;
    };
    for (; at->op != SETOP_NONE && (at == &select || is_plain(*at)); at = at->larg) {
      arms.push_back(at->rarg);
    }
    arms.push_back(at);
    Result result;
    for (auto arm = arms.rbegin(); arm != arms.rend(); ++arm) {
      const Result read = ReadQuery(AsNode(*arm), scope);
      for (const int relation : read.relations) uses_.whole_rows.push_back({relation, true});
      result.unknown = result.unknown || read.unknown;
      result.relations.insert(result.relations.end(), read.relations.begin(), read.relations.end());
      if (arm == arms.rbegin()) result.names = read.names;
    }
    return result;
  }

  // ORDER BY and DISTINCT ON: a name of the result stands before a column.
  void ReadSorted(const List* sorted, const List* targets, const Scope& scope) {
    for (const ListCell& cell : Elements(sorted)) {
      const auto* node = static_cast<const Node*>(cell.ptr_value);
      if (const auto* by = GATE_NODE(SortBy, node)) node = by->node;
      const std::string_view name = BareName(node);
      const bool of_result =
          !name.empty() && std::ranges::any_of(Elements(targets), [&](const ListCell& each) {
            const auto* target = GATE_NODE(ResTarget, each.ptr_value);
            return target && target->name != nullptr && name == target->name;
          });
      if (!of_result) Read(node, scope);
    }
  }

  static std::string_view BareName(const Node* node) {
    const auto* reference = GATE_NODE(ColumnRef, node);
    if (reference == nullptr || Elements(reference->fields).size() != 1) return "";
    return Text(static_cast<const Node*>(Elements(reference->fields).front().ptr_value));
  }

  Result ReadTargets(const List* targets, const Scope& scope) {
    Result result;
    for (const ListCell& cell : Elements(targets)) {
      const auto* target = GATE_NODE(ResTarget, cell.ptr_value);
      if (target == nullptr) continue;
      const auto* reference = GATE_NODE(ColumnRef, target->val);
      if (reference && IsStar(*reference)) {
        for (const Source* source : StarOf(*reference, scope)) {
          Look(*source);
          if (!lost_) result.Add(*source);
        }
        continue;
      }
      const size_t first = uses_.columns.size();
      Read(target->val, scope);
      // Only the outermost targets are read at the end; an inner one is overwritten by then.
      if (reference && depth_ == 1 && uses_.columns.size() > first) returned_.push_back(first);
      if (target->name != nullptr) {
        result.names.emplace_back(target->name);
      } else if (reference) {
        result.names.emplace_back(Last(*reference));
      } else if (const auto* call = GATE_NODE(FuncCall, target->val)) {
        result.names.push_back(NameOf(call->funcname).name);
      } else {
        result.unknown = true;  // PostgreSQL chooses the name.
      }
    }
    return result;
  }

  static const Node* LastField(const ColumnRef& reference) {
    return static_cast<const Node*>(Elements(reference.fields).back().ptr_value);
  }
  static std::string_view Last(const ColumnRef& reference) { return Text(LastField(reference)); }
  static bool IsStar(const ColumnRef& reference) {
    return nodeTag(LastField(reference)) == T_A_Star;
  }

  // ---- FROM

  void ReadFrom(const Node* item, Scope& scope) {
    const Deeper deeper(*this);
    if (lost_ || item == nullptr) return;
    if (const auto* relation = GATE_NODE(RangeVar, item)) {
      AddRelation(*relation, scope);
    } else if (const auto* join = GATE_NODE(JoinExpr, item)) {
      ReadJoin(*join, scope);
    } else if (const auto* from = GATE_NODE(RangeSubselect, item)) {
      // Without LATERAL it does not see the sources beside it.
      const Result result = from->lateral ? ReadQuery(from->subquery, scope)
                                          : ReadQuery(from->subquery, Around(scope));
      AddSource(from->alias, "", result, scope);
    } else if (const auto* function = GATE_NODE(RangeFunction, item)) {
      ReadFunction(*function, scope);
    } else if (const auto* sample = GATE_NODE(RangeTableSample, item)) {
      ReadFrom(sample->relation, scope);
      ReadAll(sample->args, scope);
      Read(sample->repeatable, scope);
    } else if (const auto* xml = GATE_NODE(RangeTableFunc, item)) {
      Read(xml->docexpr, scope);
      Read(xml->rowexpr, scope);
      Result result;
      for (const ListCell& cell : Elements(xml->columns)) {
        const auto* column = GATE_NODE(RangeTableFuncCol, cell.ptr_value);
        if (column == nullptr) continue;
        result.names.emplace_back(column->colname);
        Read(column->colexpr, scope);
        Read(column->coldefexpr, scope);
      }
      AddSource(xml->alias, "", result, scope);
    } else {
      Lose("a part of its FROM is not followed");
    }
  }

  // The scope without its sources: what a subquery in FROM sees.
  static Scope Around(const Scope& scope) { return {scope.outer, scope.queries, {}}; }

  const Result* FindQuery(const char* name, const Scope* scope) {
    for (; scope != nullptr; scope = scope->outer) {
      Look(scope->queries.size());
      for (const auto& [known, result] : scope->queries) {
        if (known == name) return &result;
      }
    }
    return nullptr;
  }

  void AddRelation(const RangeVar& relation, Scope& scope) {
    if (relation.schemaname == nullptr) {
      if (const Result* query = FindQuery(relation.relname, &scope)) {
        const Result copy = *query;
        return AddSource(relation.alias, relation.relname, copy, scope);
      }
    }
    AddTarget(relation, Mention(relation), scope);
  }

  // A relation itself, be it read or written.
  void AddTarget(const RangeVar& relation, int index, Scope& scope) {
    AddSource(relation.alias, relation.relname, {.relations = {index}}, scope);
    if (!lost_ && relation.alias == nullptr && relation.schemaname != nullptr) {
      scope.sources.back().schema = relation.schemaname;
    }
  }

  void AddSource(const Alias* alias, std::string_view name, const Result& result, Scope& scope) {
    Source source;
    source.alias = alias != nullptr && alias->aliasname != nullptr ? std::string(alias->aliasname)
                                                                   : std::string(name);
    source.names = result.names;
    source.relations = result.relations;
    source.unknown = result.unknown;
    if (alias != nullptr && alias->colnames != nullptr) {
      // Columns have other names here, the first ones at least.
      source.unknown = source.unknown || !source.relations.empty();
      for (std::string& column : Texts(alias->colnames)) source.names.push_back(std::move(column));
    }
    Look(source);
    if (!lost_) scope.sources.push_back(std::move(source));
  }

  void ReadFunction(const RangeFunction& function, Scope& scope) {
    Result result;
    std::string name;
    for (const ListCell& cell : Elements(function.functions)) {
      const auto* pair = GATE_NODE(List, cell.ptr_value);
      if (pair == nullptr || pair->length == 0) continue;
      const auto* call = static_cast<const Node*>(pair->elements[0].ptr_value);
      Read(call, scope);
      if (const auto* named = GATE_NODE(FuncCall, call)) name = NameOf(named->funcname).name;
    }
    for (const ListCell& cell : Elements(function.coldeflist)) {
      const auto* column = GATE_NODE(ColumnDef, cell.ptr_value);
      if (column && column->colname) result.names.emplace_back(column->colname);
    }
    const Alias* alias = function.alias;
    if (alias != nullptr) name = alias->aliasname;
    result.names.push_back(name);  // of a function that returns one value
    result.unknown =
        function.coldeflist == nullptr && (alias == nullptr || alias->colnames == nullptr);
    AddSource(alias, name, result, scope);
  }

  void ReadJoin(const JoinExpr& join, Scope& scope) {
    const size_t left = scope.sources.size();
    ReadFrom(join.larg, scope);
    const size_t right = scope.sources.size();
    ReadFrom(join.rarg, scope);
    if (lost_) return;
    const std::vector<Source>& sources = scope.sources;
    for (const std::string& column : Texts(join.usingClause)) {
      AddUse(column, {sources.begin() + left, sources.begin() + right});
      AddUse(column, {sources.begin() + right, sources.end()});
    }
    if (join.isNatural) {
      for (size_t i = left; i < sources.size(); ++i) AddWhole(sources[i]);
    }
    Read(join.quals, scope);
    if (join.alias == nullptr) return;
    Result all;
    for (size_t i = left; i < sources.size(); ++i) all.Add(sources[i]);
    scope.sources.resize(left);
    AddSource(join.alias, "", all, scope);
  }

  // ---- columns

  void AddWhole(const Source& source) {
    for (const int relation : source.relations) uses_.whole_rows.push_back({relation, false});
  }

  // Adds what a source may have to do with the column; whether it is certain to have it.
  bool Collect(const Source& source, int level, ColumnUse& use) {
    Look(source);
    if (lost_) return true;
    if (Contains(source.names, use.column) && !source.unknown) return true;
    for (const int relation : source.relations) use.candidates.push_back({relation, level});
    if (source.unknown) use.unknown_level = std::min(use.unknown_level, level);
    return false;
  }

  void AddUse(std::string column, const std::vector<Source>& sources) {
    ColumnUse use{std::move(column)};
    for (const Source& source : sources) {
      if (Collect(source, 0, use)) return;
    }
    if (!use.candidates.empty()) uses_.columns.push_back(std::move(use));
  }

  // A column of this relation.
  void NameColumn(const std::string& column, int relation) {
    uses_.columns.push_back({column, {{relation, 0}}});
  }

  void UseBare(std::string_view column, const Scope& scope) {
    ColumnUse use{std::string(column)};
    int level = 0;
    for (const Scope* at = &scope; at != nullptr; at = at->outer, ++level) {
      bool found = false;
      for (const Source& source : at->sources) {
        if (source.qualified_only) continue;
        found = Collect(source, level, use) || found;
      }
      // What another source on this level has is not a column of these.
      if (found) {
        std::erase_if(use.candidates, [level](const auto& one) { return one.level == level; });
        break;
      }
    }
    if (!use.candidates.empty()) uses_.columns.push_back(std::move(use));
    // It may also be a source's name: the row as a value.
    if (const Source* source = FindSource("", column, scope)) AddWhole(*source);
  }

  const Source* FindSource(std::string_view schema, std::string_view alias, const Scope& scope) {
    for (const Scope* at = &scope; at != nullptr; at = at->outer) {
      Look(at->sources.size());
      for (const Source& source : at->sources) {
        if (source.alias == alias && (schema.empty() || source.schema == schema)) return &source;
      }
    }
    return nullptr;
  }

  // The source before the last field: "o", "public.orders".
  const Source* Qualifier(const ColumnRef& reference, const Scope& scope) {
    const auto fields = Elements(reference.fields);
    const auto text = [&](size_t from_end) {
      return from_end > fields.size()
                 ? std::string_view()
                 : Text(static_cast<const Node*>(fields[fields.size() - from_end].ptr_value));
    };
    const Source* source = FindSource(text(3), text(2), scope);
    if (source == nullptr) Lose("it names a table that is not in its FROM");
    return source;
  }

  std::vector<const Source*> StarOf(const ColumnRef& reference, const Scope& scope) {
    std::vector<const Source*> sources;
    if (Elements(reference.fields).size() > 1) {
      if (const Source* source = Qualifier(reference, scope)) sources.push_back(source);
      return sources;
    }
    for (const Source& source : scope.sources) {
      if (!source.qualified_only) sources.push_back(&source);
    }
    return sources;
  }

  void ReadReference(const ColumnRef& reference, const Scope& scope) {
    if (IsStar(reference)) {
      for (const Source* source : StarOf(reference, scope)) AddWhole(*source);
    } else if (Elements(reference.fields).size() == 1) {
      UseBare(Last(reference), scope);
    } else if (const Source* source = Qualifier(reference, scope)) {
      AddUse(std::string(Last(reference)), {*source});
    }
  }

  // (o).note is a column of o; what else is selected from is an expression.
  void ReadIndirection(const A_Indirection& from, const Scope& scope) {
    const std::string_view name = BareName(from.arg);
    const auto parts = Elements(from.indirection);
    const auto* first = static_cast<const Node*>(parts.empty() ? nullptr : parts[0].ptr_value);
    const Source* source = name.empty() ? nullptr : FindSource("", name, scope);
    if (source != nullptr && GATE_NODE(String, first)) {
      AddUse(std::string(Text(first)), {*source});
    } else {
      Read(from.arg, scope);
    }
    ReadAll(from.indirection, scope);
  }

  // ---- writes

  static Assignment ValueOf(const Node* value) {
    Assignment assignment;
    if (GATE_NODE(SetToDefault, value)) {
      assignment.by_default = true;
    } else if (IsNullConstant(value)) {
      assignment.null = true;
    } else {
      while (const auto* cast = GATE_NODE(TypeCast, value)) value = cast->arg;
      assignment.unknown = !GATE_NODE(A_Const, value);
    }
    return assignment;
  }

  static void Merge(const Assignment& value, Assignment& to) {
    to.null = to.null || value.null;
    to.by_default = to.by_default || value.by_default;
    to.unknown = to.unknown || value.unknown;
  }

  // The values of an INSERT, by position.
  static bool ValuesOf(const SelectStmt* select, std::vector<Assignment>& values) {
    if (select == nullptr) return true;  // DEFAULT VALUES
    if (select->op != SETOP_NONE) return false;
    const auto add = [&values](size_t i, const Node* value) {
      if (values.size() <= i) values.resize(i + 1);
      Merge(ValueOf(value), values[i]);
    };
    for (const ListCell& row : Elements(select->valuesLists)) {
      size_t i = 0;
      for (const ListCell& cell : Elements(Row(row))) {
        add(i++, static_cast<const Node*>(cell.ptr_value));
      }
    }
    size_t i = 0;
    for (const ListCell& cell : Elements(select->targetList)) {
      const auto* target = GATE_NODE(ResTarget, cell.ptr_value);
      const auto* reference = target ? GATE_NODE(ColumnRef, target->val) : nullptr;
      if (target == nullptr || (reference && IsStar(*reference))) return false;
      add(i++, target->val);
    }
    return true;
  }

  static Write InsertOf(int relation, const List* columns, std::vector<Assignment> values,
                        bool complete) {
    Write write{relation, true, columns == nullptr, true};
    if (columns == nullptr) {
      write.complete = complete;
      write.assignments = std::move(values);
      return write;
    }
    size_t i = 0;
    for (const ListCell& cell : Elements(columns)) {
      const auto* target = GATE_NODE(ResTarget, cell.ptr_value);
      if (target == nullptr || target->name == nullptr) continue;
      Assignment assignment;
      if (complete && i < values.size()) {
        assignment = values[i];
      } else {
        assignment.unknown = true;
      }
      assignment.column = target->name;
      write.assignments.push_back(std::move(assignment));
      ++i;
    }
    return write;
  }

  void NameTargets(const List* targets, int relation, const Scope& scope) {
    for (const ListCell& cell : Elements(targets)) {
      const auto* target = GATE_NODE(ResTarget, cell.ptr_value);
      if (target == nullptr || target->name == nullptr) continue;
      NameColumn(target->name, relation);
      ReadAll(target->indirection, scope);
    }
  }

  // SET: what is named, and what is written there.
  void ReadAssignments(const List* targets, int relation, const Scope& scope) {
    Write write{relation};
    NameTargets(targets, relation, scope);
    for (const ListCell& cell : Elements(targets)) {
      const auto* target = GATE_NODE(ResTarget, cell.ptr_value);
      if (target == nullptr || target->name == nullptr) continue;
      const Node* value = target->val;
      if (const auto* several = GATE_NODE(MultiAssignRef, value)) {
        if (several->colno == 1) Read(several->source, scope);
        const auto* row = GATE_NODE(RowExpr, several->source);
        const auto elements = Elements(row ? row->args : nullptr);
        const size_t at = static_cast<size_t>(several->colno) - 1;
        value = at < elements.size() ? static_cast<const Node*>(elements[at].ptr_value) : nullptr;
      } else {
        Read(value, scope);
      }
      Assignment assignment = ValueOf(value);
      if (value == nullptr) assignment.unknown = true;
      if (target->indirection != nullptr) assignment = {};  // a part of it: the rest stays
      assignment.column = target->name;
      write.assignments.push_back(std::move(assignment));
    }
    uses_.writes.push_back(std::move(write));
  }

  Result ReadInsert(const InsertStmt& insert, const Scope& outer) {
    Scope around{&outer};
    ReadWith(insert.withClause, around);
    const int relation = Mention(*insert.relation);
    const auto* select = GATE_NODE(SelectStmt, insert.selectStmt);
    std::vector<Assignment> values;
    const bool complete = ValuesOf(select, values);
    uses_.writes.push_back(InsertOf(relation, insert.cols, std::move(values), complete));
    NameTargets(insert.cols, relation, around);
    if (select != nullptr) {
      for (const int read : ReadQuery(insert.selectStmt, around).relations) {
        uses_.whole_rows.push_back({read, true});
      }
    }
    Scope scope{&around};
    AddTarget(*insert.relation, relation, scope);
    if (insert.onConflictClause != nullptr) ReadConflict(*insert.onConflictClause, relation, scope);
    return ReadTargets(insert.returningList, scope);
  }

  void ReadConflict(const OnConflictClause& conflict, int relation, const Scope& scope) {
    if (const InferClause* infer = conflict.infer) {
      Inference inference{relation};
      if (infer->conname != nullptr) inference.constraint = infer->conname;
      inference.says_more = infer->whereClause != nullptr;
      for (const ListCell& cell : Elements(infer->indexElems)) {
        const auto* element = GATE_NODE(IndexElem, cell.ptr_value);
        if (element == nullptr) continue;
        if (element->name != nullptr) {
          inference.columns.emplace_back(element->name);
          NameColumn(element->name, relation);
        } else {
          inference.says_more = true;
          Read(element->expr, scope);
        }
      }
      Read(infer->whereClause, scope);
      uses_.inferences.push_back(std::move(inference));
    }
    if (conflict.action != ONCONFLICT_UPDATE) return;
    Scope updating = scope;
    updating.sources.push_back(
        {.alias = "excluded", .relations = {relation}, .qualified_only = true});
    ReadAssignments(conflict.targetList, relation, updating);
    Read(conflict.whereClause, updating);
  }

  Result ReadUpdate(const UpdateStmt& update, const Scope& outer) {
    Scope scope{&outer};
    ReadWith(update.withClause, scope);
    const int relation = Mention(*update.relation);
    AddTarget(*update.relation, relation, scope);
    ReadAll(update.fromClause, scope, [&](const Node* item) { ReadFrom(item, scope); });
    ReadAssignments(update.targetList, relation, scope);
    Read(update.whereClause, scope);
    return ReadTargets(update.returningList, scope);
  }

  Result ReadDelete(const DeleteStmt& remove, const Scope& outer) {
    Scope scope{&outer};
    ReadWith(remove.withClause, scope);
    const int relation = Mention(*remove.relation);
    AddTarget(*remove.relation, relation, scope);
    uses_.deletes.push_back(relation);
    ReadAll(remove.usingClause, scope, [&](const Node* item) { ReadFrom(item, scope); });
    Read(remove.whereClause, scope);
    return ReadTargets(remove.returningList, scope);
  }

  Result ReadMerge(const MergeStmt& merge, const Scope& outer) {
    Scope scope{&outer};
    ReadWith(merge.withClause, scope);
    const int relation = Mention(*merge.relation);
    AddTarget(*merge.relation, relation, scope);
    ReadFrom(merge.sourceRelation, scope);
    Read(merge.joinCondition, scope);
    for (const ListCell& cell : Elements(merge.mergeWhenClauses)) {
      const auto* when = GATE_NODE(MergeWhenClause, cell.ptr_value);
      if (when == nullptr) continue;
      Read(when->condition, scope);
      if (when->commandType == CMD_UPDATE) ReadAssignments(when->targetList, relation, scope);
      if (when->commandType == CMD_DELETE) uses_.deletes.push_back(relation);
      if (when->commandType != CMD_INSERT) continue;
      std::vector<Assignment> values;
      for (const ListCell& value : Elements(when->values)) {
        values.push_back(ValueOf(static_cast<const Node*>(value.ptr_value)));
      }
      uses_.writes.push_back(InsertOf(relation, when->targetList, std::move(values), true));
      NameTargets(when->targetList, relation, scope);
      ReadAll(when->values, scope);
    }
    return {};
  }

  // ---- expressions

  void ReadAll(const List* list, const Scope& scope) {
    ReadAll(list, scope, [&](const Node* node) { Read(node, scope); });
  }
  template <typename F>
  void ReadAll(const List* list, const Scope&, F read) {
    for (const ListCell& cell : Elements(list)) {
      if (lost_) return;
      read(static_cast<const Node*>(cell.ptr_value));
    }
  }

  void Read(const Node* node, const Scope& scope) {
    const Deeper deeper(*this);
    if (lost_ || node == nullptr) return;
    // a + b + c + ... leans to the left, however long it is.
    while (const auto* operation = GATE_NODE(A_Expr, node)) {
      Read(operation->rexpr, scope);
      if (operation->lexpr == nullptr || lost_) return;
      node = operation->lexpr;
    }
    ReadOne(node, scope);
  }

  void ReadCall(const FuncCall& call, const Scope& scope) {
    uses_.functions.push_back(NameOf(call.funcname));
    ReadAll(call.args, scope);
    ReadAll(call.agg_order, scope);
    Read(call.agg_filter, scope);
    Read(AsNode(call.over), scope);
  }

  void ReadCast(const TypeCast& cast, const Scope& scope) {
    Read(cast.arg, scope);
    const Name type = NameOf(cast.typeName->names);
    if (type.schema == "pg_catalog") return;
    const auto* constant = GATE_NODE(A_Const, cast.arg);
    TypeUse use{type, {}};
    if (constant && !constant->isnull && nodeTag(&constant->val) == T_String) {
      use.label = std::string(Text(&constant->val.node));
    }
    uses_.casts.push_back(std::move(use));
  }

  void ReadLink(const SubLink& link, const Scope& scope) {
    Read(link.testexpr, scope);
    const Result result = ReadQuery(link.subselect, scope);
    if (link.subLinkType == EXISTS_SUBLINK) return;
    for (const int relation : result.relations) uses_.whole_rows.push_back({relation, true});
  }

  void ReadCase(const CaseExpr& expression, const Scope& scope) {
    Read(AsNode(expression.arg), scope);
    for (const ListCell& cell : Elements(expression.args)) {
      const auto* when = GATE_NODE(CaseWhen, cell.ptr_value);
      if (when == nullptr) continue;
      Read(AsNode(when->expr), scope);
      Read(AsNode(when->result), scope);
    }
    Read(AsNode(expression.defresult), scope);
  }

  void ReadWindow(const WindowDef& window, const Scope& scope) {
    ReadAll(window.partitionClause, scope);
    ReadAll(window.orderClause, scope);
    Read(window.startOffset, scope);
    Read(window.endOffset, scope);
  }

  void ReadOne(const Node* node, const Scope& scope) {
    switch (nodeTag(node)) {
      case T_ColumnRef:
        return ReadReference(*GATE_NODE(ColumnRef, node), scope);
      case T_FuncCall:
        return ReadCall(*GATE_NODE(FuncCall, node), scope);
      case T_TypeCast:
        return ReadCast(*GATE_NODE(TypeCast, node), scope);
      case T_SubLink:
        return ReadLink(*GATE_NODE(SubLink, node), scope);
      case T_CaseExpr:
        return ReadCase(*GATE_NODE(CaseExpr, node), scope);
      case T_WindowDef:
        return ReadWindow(*GATE_NODE(WindowDef, node), scope);
      case T_A_Indirection:
        return ReadIndirection(*GATE_NODE(A_Indirection, node), scope);
      case T_BoolExpr:
        return ReadAll(GATE_NODE(BoolExpr, node)->args, scope);
      case T_CoalesceExpr:
        return ReadAll(GATE_NODE(CoalesceExpr, node)->args, scope);
      case T_MinMaxExpr:
        return ReadAll(GATE_NODE(MinMaxExpr, node)->args, scope);
      case T_RowExpr:
        return ReadAll(GATE_NODE(RowExpr, node)->args, scope);
      case T_A_ArrayExpr:
        return ReadAll(GATE_NODE(A_ArrayExpr, node)->elements, scope);
      case T_GroupingSet:
        return ReadAll(GATE_NODE(GroupingSet, node)->content, scope);
      case T_GroupingFunc:
        return ReadAll(GATE_NODE(GroupingFunc, node)->args, scope);
      case T_List:
        return ReadAll(GATE_NODE(List, node), scope);
      default:
        return ReadSimple(node, scope);
    }
  }

  // What has one or two parts, or none.
  void ReadSimple(const Node* node, const Scope& scope) {
    switch (nodeTag(node)) {
      case T_NullTest:
        return Read(AsNode(GATE_NODE(NullTest, node)->arg), scope);
      case T_BooleanTest:
        return Read(AsNode(GATE_NODE(BooleanTest, node)->arg), scope);
      case T_CollateClause:
        return Read(GATE_NODE(CollateClause, node)->arg, scope);
      case T_NamedArgExpr:
        return Read(AsNode(GATE_NODE(NamedArgExpr, node)->arg), scope);
      case T_SortBy:
        return Read(GATE_NODE(SortBy, node)->node, scope);
      case T_ResTarget:
        return Read(GATE_NODE(ResTarget, node)->val, scope);
      case T_A_Indices:
        Read(GATE_NODE(A_Indices, node)->lidx, scope);
        return Read(GATE_NODE(A_Indices, node)->uidx, scope);
      case T_XmlExpr:
        ReadAll(GATE_NODE(XmlExpr, node)->named_args, scope);
        return ReadAll(GATE_NODE(XmlExpr, node)->args, scope);
      case T_XmlSerialize:
        return Read(GATE_NODE(XmlSerialize, node)->expr, scope);
      case T_A_Const:
      case T_A_Star:
      case T_ParamRef:
      case T_SQLValueFunction:
      case T_SetToDefault:
      case T_CurrentOfExpr:
      case T_String:
      case T_Integer:
      case T_Float:
        return;
      default:
        return Lose("a part of it is not followed");
    }
  }

  Uses& uses_;
  std::vector<size_t> returned_;  // columns of the outermost result
  std::optional<std::string> lost_;
  int depth_ = 0;
  size_t looks_ = 0;
};

}  // namespace

std::optional<std::string> AddUses(const Node* statement, Uses& uses) {
  Reader reader(uses);
  reader.ReadTop(statement);
  return reader.lost();
}

}  // namespace gate::migration
