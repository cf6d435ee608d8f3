#include "checks/migration/types.h"

#include <algorithm>
#include <string_view>

namespace gate::migration {
namespace {

struct Cast {
  std::string_view from, to;
};

// Casts without a function, PostgreSQL 15 (citext: its extension).
constexpr Cast kBinaryCoercible[] = {
    {"varchar", "text"}, {"text", "varchar"}, {"xml", "text"},       {"xml", "varchar"},
    {"citext", "text"},  {"text", "citext"},  {"citext", "varchar"}, {"varchar", "citext"},
    {"int4", "oid"},     {"oid", "int4"},     {"int4", "regclass"},  {"regclass", "int4"},
    {"oid", "regclass"}, {"regclass", "oid"}, {"bit", "varbit"},     {"cidr", "inet"},
};

bool IsBinaryCoercible(std::string_view from, std::string_view to) {
  return std::ranges::any_of(kBinaryCoercible,
                             [&](const Cast& cast) { return cast.from == from && cast.to == to; });
}

bool IsTimestamp(std::string_view name) { return name == "timestamp" || name == "timestamptz"; }

// Whether every value with the old modifiers fits the new ones as it is stored.
bool KeepsValues(std::string_view type, const std::vector<int>& from, const std::vector<int>& to) {
  if (from == to || to.empty()) return type != "bpchar" && type != "bit" ? true : from == to;
  if (type == "numeric") {
    const auto scale = [](const std::vector<int>& m) { return m.size() > 1 ? m[1] : 0; };
    return !from.empty() && scale(from) == scale(to) && from[0] <= to[0];
  }
  if (type == "varchar" || type == "varbit") return !from.empty() && from[0] <= to[0];
  if (IsTimestamp(type) || type == "time" || type == "timetz") {
    constexpr int kFull = 6;  // microseconds
    return to[0] >= kFull || (!from.empty() && from[0] <= to[0]);
  }
  return false;  // char(n), bit(n), interval and types that are not known
}

}  // namespace

TypeChange Compare(const Type& from, const Type& to) {
  if (from.name == to.name && from.dimensions == to.dimensions && from.modifiers == to.modifiers) {
    return TypeChange::kNone;
  }
  if ((from.dimensions > 0) != (to.dimensions > 0)) return TypeChange::kRewrite;
  if (from.name == to.name) {
    const bool keeps = KeepsValues(to.name, from.modifiers, to.modifiers);
    if (from.dimensions > 0)
      return keeps && to.modifiers.empty() ? TypeChange::kRelabel : TypeChange::kRewrite;
    return keeps ? TypeChange::kRelabel : TypeChange::kRewrite;
  }
  if (from.dimensions > 0) return TypeChange::kRewrite;
  if (IsTimestamp(from.name) && IsTimestamp(to.name)) {
    return KeepsValues(to.name, from.modifiers, to.modifiers) ? TypeChange::kUtcOnly
                                                              : TypeChange::kRewrite;
  }
  if (!IsBinaryCoercible(from.name, to.name)) return TypeChange::kRewrite;
  // A length on the new side is checked row by row, unless the old side is at most as long.
  const bool fits = to.modifiers.empty() || (from.name == "varchar" &&
                                             KeepsValues("varchar", from.modifiers, to.modifiers));
  return fits ? TypeChange::kRelabel : TypeChange::kRewrite;
}

}  // namespace gate::migration
