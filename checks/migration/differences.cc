#include "checks/migration/differences.h"

namespace gate::migration {

const Break& BreakOf(std::string_view sqlstate) {
  static const std::vector<Break>& breaks = *new std::vector<Break>{
      {"42703", "drop_column", {"drop_column", "rename_column"}},
      {"42P01", "drop_table", {"drop_table", "rename_table"}},
      {"42883", "drop_function", {"drop_function", "change_type"}},
      {"42P10", "drop_unique", {"drop_unique"}},
      {"42704", "rehearsed_break", {"drop_unique"}},
      {"42501", "revoke", {"revoke"}},
      {"42804", "change_type", {"change_type"}},
  };
  static const Break& other = *new Break{"", "rehearsed_break", {}};
  for (const Break& one : breaks) {
    if (one.sqlstate == sqlstate) return one;
  }
  return other;
}

const Difference* DifferenceOf(v1::SchemaEffectKind kind) {
  static const std::vector<Difference>& all = *new std::vector<Difference>{
      {.kind = v1::SCHEMA_EFFECT_KIND_REQUIRED_COLUMN,
       .rule = "required_column",
       .rules = {"required_column", "drop_default", "set_not_null"},
       .sqlstate = "23502",
       .what = "has to have a value and gets none by itself: INSERTs that leave it out fail",
       .certain = true,
       .definite = true},
      {.kind = v1::SCHEMA_EFFECT_KIND_DEFAULT_LOST,
       .rule = "drop_default",
       .rules = {"drop_default"},
       .what = "has no default any more: INSERTs that leave it out store NULL"},
      {.kind = v1::SCHEMA_EFFECT_KIND_NOT_NULL,
       .rule = "set_not_null",
       .rules = {"set_not_null", "required_column"},
       .sqlstate = "23502",
       .what = "refuses NULL"},
      {.kind = v1::SCHEMA_EFFECT_KIND_CHECK,
       .rule = "new_check",
       .rules = {"new_check"},
       .sqlstate = "23514",
       .what = "is a CHECK that was not there: writes that do not satisfy it fail"},
      {.kind = v1::SCHEMA_EFFECT_KIND_FOREIGN_KEY,
       .rule = "new_foreign_key",
       .rules = {"new_foreign_key"},
       .sqlstate = "23503",
       .what = "is a foreign key that was not there: writes in another order fail"},
      {.kind = v1::SCHEMA_EFFECT_KIND_UNIQUE,
       .rule = "new_unique",
       .rules = {"new_unique"},
       .sqlstate = "23505",
       .what = "is a unique key that was not there: duplicates fail"},
      {.kind = v1::SCHEMA_EFFECT_KIND_EXCLUSION,
       .rule = "new_exclusion",
       .rules = {"new_exclusion"},
       .sqlstate = "23P01",
       .what = "is an exclusion constraint that was not there: what conflicts fails"},
      {.kind = v1::SCHEMA_EFFECT_KIND_UNIQUE_LOST,
       .rule = "drop_unique",
       .rules = {"drop_unique"},
       .what = "is gone: duplicates come in"},
      {.kind = v1::SCHEMA_EFFECT_KIND_ENUM_LABEL_LOST,
       .rule = "remove_enum_value",
       .rules = {"remove_enum_value", "rename_enum_value", "change_type"},
       .sqlstate = "22P02",
       .what = "lost a label: what writes it or compares with it fails",
       .definite = true},
      {.kind = v1::SCHEMA_EFFECT_KIND_ENUM_LABEL_ADDED,
       .rule = "add_enum_value",
       .rules = {"add_enum_value"},
       .what = "has a label that the running version does not know"},
      {.kind = v1::SCHEMA_EFFECT_KIND_GRANT_LOST,
       .rule = "revoke",
       .rules = {"revoke"},
       .sqlstate = "42501",
       .what = "lets a role do less"},
      {.kind = v1::SCHEMA_EFFECT_KIND_ROW_SECURITY,
       .rule = "revoke",
       .rules = {"revoke"},
       .sqlstate = "42501",
       .what = "shows and takes other rows than before"},
      {.kind = v1::SCHEMA_EFFECT_KIND_TRIGGER_LOST,
       .rule = "drop_trigger",
       .rules = {"drop_trigger", "drop_function"},
       .what = "is gone: what it kept up is kept up no more"},
      {.kind = v1::SCHEMA_EFFECT_KIND_FUNCTION_LOST,
       .rule = "drop_function",
       .rules = {"drop_function"},
       .sqlstate = "42883",
       .what = "is gone, or takes other arguments"},
      {.kind = v1::SCHEMA_EFFECT_KIND_FUNCTION_BROKEN,
       .rule = "rehearsed_break",
       .what = "worked before and fails now",
       .definite = true},
      {.kind = v1::SCHEMA_EFFECT_KIND_TRIGGER_ADDED,
       .rule = "unproven",
       .what = "is a trigger or rule that was not there: what it does is not known",
       .effect = v1::EFFECT_UNPROVEN},
      {.kind = v1::SCHEMA_EFFECT_KIND_COLUMN_ORDER,
       .rule = "rehearsed_break",
       .rules = {"drop_column", "rename_column"},
       .what =
           "has another column in its place: INSERTs without a list of columns put their values "
           "there",
       .definite = true},
  };
  for (const Difference& one : all) {
    if (one.kind == kind) return &one;
  }
  return nullptr;
}

}  // namespace gate::migration
