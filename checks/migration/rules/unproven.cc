// What cannot be judged: text that PostgreSQL's parser does not understand, code that only runs
// there (DO blocks, EXECUTE, functions), and statements that are known to be able to break running
// code but that no rule judges. Silence would be a pass, so each is named; the check is
// inconclusive by it.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"

namespace gate::migration {
namespace {

std::optional<Remark> OnUnjudged(const Scene& scene, const Unjudged& unjudged) {
  if (unjudged.table && !scene.before.Existed(*unjudged.table)) return std::nullopt;
  const std::string where = unjudged.table ? absl::StrCat(" (", Quoted(*unjudged.table), ")") : "";
  return Remark{
      .subject = unjudged.table ? Quoted(*unjudged.table) : "",
      .effects = {v1::EFFECT_UNPROVEN},
      .message = absl::StrCat(unjudged.what, where, " ", unjudged.danger,
                              ". No rule can tell whether it does here."),
      .instead = {.now = "Have someone who knows the running version's statements look at it, "
                         "and override this finding."}};
}

// Functions, types and what else the model does not hold may be in it, too.
std::optional<Remark> OnSchema(const Scene& scene, const DropSchema& drop) {
  if (scene.before.MadeSchema(drop.name)) return std::nullopt;
  return OnUnjudged(
      scene, {absl::StrCat("Dropping schema ", Quoted(drop.name)),
              "may take away tables, types and functions that are not known here", std::nullopt});
}

bool Concerns(const std::vector<std::string>& columns, const std::string& column) {
  return columns.empty() || std::ranges::find(columns, column) != columns.end();
}

// Constraints on a column of this release are judged by what old nodes leave in it when they are
// added. Another default, be it in a later transaction, leaves something else.
std::optional<Remark> OnDefault(const Scene& scene, const Name& table, const std::string& column) {
  const KnownColumn* then = scene.AtCommit().Find(table, column);
  const Relation* relation = scene.before.Find(table);
  if (then == nullptr || then->existed || relation == nullptr || !relation->existed) return {};
  const bool filled = then->definition.filled;
  const auto may_collide = [&](const UniqueKey& key) {
    if (key.existed || !Concerns(key.columns, column)) return false;
    return filled ? !then->definition.distinct : key.nulls_equal;
  };
  const auto may_refuse = [&](const KnownConstraint& known) {
    const AddConstraint& constraint = known.definition;
    if (known.existed || !Concerns(constraint.columns, column)) return false;
    return constraint.kind == ConstraintKind::kCheck ||
           (filled && (constraint.kind == ConstraintKind::kForeignKey ||
                       constraint.kind == ConstraintKind::kExclusion));
  };
  if (std::ranges::none_of(scene.before.UniqueKeysOf(table, false), may_collide) &&
      std::ranges::none_of(relation->constraints, may_refuse)) {
    return {};
  }
  return OnUnjudged(scene,
                    {absl::StrCat("Changing the default of the new column ", Quoted(column)),
                     "changes what the running version leaves in it, under constraints that this "
                     "release has put on it",
                     table});
}

std::optional<Remark> Examine(const Scene& scene) {
  if (const auto* set = As<SetDefault>(scene.action)) {
    return OnDefault(scene, set->table, set->column);
  }
  if (const auto* drop = As<DropDefault>(scene.action)) {
    return OnDefault(scene, drop->table, drop->column);
  }
  if (const auto* opaque = As<Opaque>(scene.action)) {
    return Remark{.effects = {v1::EFFECT_UNPROVEN},
                  .message = opaque->message,
                  .instead = {.now = opaque->instead}};
  }
  if (const auto* transaction = As<Transaction>(scene.action)) {
    if (transaction->verb != TransactionVerb::kRollback) return std::nullopt;
    return Remark{
        .effects = {v1::EFFECT_UNPROVEN},
        .message = "ROLLBACK undoes statements above it; what then holds is not followed.",
        .instead = {.now = "Leave out what is rolled back anyway."}};
  }
  if (const auto* drop = As<DropSchema>(scene.action)) return OnSchema(scene, *drop);
  if (const auto* unjudged = As<Unjudged>(scene.action)) return OnUnjudged(scene, *unjudged);
  return std::nullopt;
}

}  // namespace

extern constinit const Rule kRule_unproven = {
    .id = "migration.unproven",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Could not be shown to be safe",
    .why =
        "The statement does not parse, runs code that cannot be followed, or may break running "
        "code in "
        "a way that no rule judges. It is never taken for harmless.",
    .instead =
        "Write plain statements where that is possible; else have the change reviewed, and "
        "override this finding.",
    .examine = Examine,
};

}  // namespace gate::migration
