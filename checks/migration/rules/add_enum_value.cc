// ALTER TYPE ... ADD VALUE changes the catalogue alone: no table is locked or read. Old nodes do
// not know the label; they meet it as soon as new ones have written it, and what decodes it there
// may fail. Before PostgreSQL 12 it is refused inside a transaction (25001); since then the label
// cannot be used before the commit (55P04).
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> Examine(const Scene& scene) {
  const auto* add = As<AddEnumValue>(scene.action);
  if (add == nullptr) return std::nullopt;
  if (const EnumType* type = scene.before.FindEnum(add->type)) {
    const bool there =
        std::ranges::find(type->labels, add->label, &EnumLabel::text) != type->labels.end();
    if (!type->existed || there) return std::nullopt;
  }
  const std::string type = Quoted(add->type), label = QuotedText(add->label);
  return Remark{
      .subject = absl::StrCat(type, ".", add->label),
      .message = absl::StrCat("Nodes of the running version do not know ", label, " of ", type,
                              ": what decodes it there may fail, once new nodes write it."),
      .instead = {.between = absl::StrCat("Release code that can read ", label,
                                          "; wait until no older node runs."),
                  .later = absl::StrCat("Release code that writes ", label, ".")}};
}

}  // namespace

extern constinit const Rule kRule_add_enum_value = {
    .id = "migration.add_enum_value",
    .severity = v1::SEVERITY_INFO,
    .summary = "Adds an enum value that the running version does not know",
    .why =
        "Nothing fails by itself: old nodes meet the label only when new ones write it, and may "
        "fail to decode it. No table is locked. Before PostgreSQL 12 not inside a transaction.",
    .instead = "Two releases: first code that can read the label, then code that writes it.",
    .examine = Examine,
};

}  // namespace gate::migration
