#include "checks/migration/sql/uses_scope.h"

#include <algorithm>

namespace gate::migration {
namespace {

// Sources that are looked at for columns, all in all: a short WITH can make many of few.
constexpr size_t kMaxLooks = 1'000'000;

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

void Names::Lose(std::string why) {
  if (!lost_) lost_ = std::move(why);
}

void Names::Look(size_t parts) {
  looks_ += parts;
  if (looks_ > kMaxLooks) Lose("it is too large");
}

void Names::Look(const Source& source) { Look(1 + source.names.size() + source.relations.size()); }

int Names::Mention(const RangeVar& relation) {
  uses_.relations.push_back(NameOf(relation));
  return static_cast<int>(uses_.relations.size()) - 1;
}

void Names::Mention(const List* relations) {
  for (const ListCell& cell : Elements(relations)) {
    if (const auto* relation = GATE_NODE(RangeVar, cell.ptr_value)) Mention(*relation);
  }
}

const Result* Names::FindQuery(const char* name, const Scope* scope) {
  for (; scope != nullptr; scope = scope->outer) {
    Look(scope->queries.size());
    for (const auto& [known, result] : scope->queries) {
      if (known == name) return &result;
    }
  }
  return nullptr;
}

void Names::AddRelation(const RangeVar& relation, Scope& scope) {
  if (relation.schemaname == nullptr) {
    if (const Result* query = FindQuery(relation.relname, &scope)) {
      const Result copy = *query;
      return AddSource(relation.alias, relation.relname, copy, scope);
    }
  }
  AddTarget(relation, Mention(relation), scope);
}

void Names::AddTarget(const RangeVar& relation, int index, Scope& scope) {
  AddSource(relation.alias, relation.relname, {.relations = {index}}, scope);
  if (!lost_ && relation.alias == nullptr && relation.schemaname != nullptr) {
    scope.sources.back().schema = relation.schemaname;
  }
}

void Names::AddSource(const Alias* alias, std::string_view name, const Result& result,
                      Scope& scope) {
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

void Names::AddWhole(const Source& source) {
  for (const int relation : source.relations) uses_.whole_rows.push_back({relation, false});
}

bool Names::Collect(const Source& source, int level, ColumnUse& use) {
  Look(source);
  if (lost_) return true;
  if (Contains(source.names, use.column) && !source.unknown) return true;
  for (const int relation : source.relations) use.candidates.push_back({relation, level});
  if (source.unknown) use.unknown_level = std::min(use.unknown_level, level);
  return false;
}

void Names::AddUse(std::string column, const std::vector<Source>& sources) {
  ColumnUse use{std::move(column)};
  for (const Source& source : sources) {
    if (Collect(source, 0, use)) return;
  }
  if (!use.candidates.empty()) uses_.columns.push_back(std::move(use));
}

void Names::NameColumn(const std::string& column, int relation) {
  uses_.columns.push_back({column, {{relation, 0}}});
}

void Names::UseBare(std::string_view column, const Scope& scope) {
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

const Source* Names::FindSource(std::string_view schema, std::string_view alias,
                                const Scope& scope) {
  for (const Scope* at = &scope; at != nullptr; at = at->outer) {
    Look(at->sources.size());
    for (const Source& source : at->sources) {
      if (source.alias == alias && (schema.empty() || source.schema == schema)) return &source;
    }
  }
  return nullptr;
}

const Source* Names::Qualifier(const ColumnRef& reference, const Scope& scope) {
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

std::vector<const Source*> Names::StarOf(const ColumnRef& reference, const Scope& scope) {
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

}  // namespace gate::migration
