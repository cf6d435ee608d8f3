// PostgreSQL's headers, for the files of this folder that read the raw tree. They define macros
// like Min, foreach and snprintf: no other header includes them, and this one comes last.
#ifndef CHECKS_MIGRATION_SQL_RAW_TREE_H_
#define CHECKS_MIGRATION_SQL_RAW_TREE_H_

#include <span>

#include "absl/strings/str_cat.h"  // Does not survive those macros: before them.

// The order counts.
// clang-format off
extern "C" {
#include <pg_query.h>
// Both headers define the version.
#undef PG_MAJORVERSION
#undef PG_VERSION
#undef PG_VERSION_NUM
#include "postgres.h"
#include "common/keywords.h"
#include "nodes/parsenodes.h"
#include "pg_query/pg_query_internal.h"
#include "storage/lockdefs.h"
}
// clang-format on

namespace gate::migration {

// The elements of a list; empty for NIL.
inline std::span<const ListCell> Elements(const List* list) {
  if (list == nullptr) return {};
  return {list->elements, static_cast<size_t>(list->length)};
}

// The node as that type, or nullptr: Cast<T_ColumnRef, ColumnRef>(node).
template <NodeTag kTag, typename T>
const T* Cast(const void* node) {
  return node != nullptr && nodeTag(node) == kTag ? static_cast<const T*>(node) : nullptr;
}

}  // namespace gate::migration

#define GATE_NODE(Type, node) ::gate::migration::Cast<T_##Type, Type>(node)

#endif  // CHECKS_MIGRATION_SQL_RAW_TREE_H_
