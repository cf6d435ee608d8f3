// PostgreSQL cannot drop a label of an enum: a new type without it takes the old one's place, by
// ALTER COLUMN TYPE, or by DROP TYPE and CREATE TYPE. From the commit on the label is unknown:
// statements that hold it as a constant fail (22P02) unless they were prepared before, and so does
// each execution that binds it, which no PREPARE shows. Rows that hold it make the change itself
// fail. ALTER COLUMN TYPE writes the table anew as well; that is another finding. All versions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

// What the running version knows, without what there is from now on.
std::vector<std::string> Missing(const std::vector<std::string>& known,
                                 const std::vector<std::string>& labels) {
  std::vector<std::string> missing = known;
  std::erase_if(missing, [&labels](const std::string& label) {
    return std::ranges::find(labels, label) != labels.end();
  });
  return missing;
}

std::vector<std::string> LabelsOf(const EnumType& type, bool existed) {
  std::vector<std::string> labels;
  for (const EnumLabel& label : type.labels) {
    if (label.existed || !existed) labels.push_back(label.text);
  }
  return labels;
}

Remark RemarkOn(const std::string& subject, const std::string& type,
                const std::vector<std::string>& labels) {
  const std::string missing = absl::StrJoin(labels, ", ", [](std::string* to, const auto& label) {
    absl::StrAppend(to, QuotedText(label));
  });
  return {
      .subject = subject,
      .effects = {v1::EFFECT_BREAKS_RUNNING_VERSION},
      .message = absl::StrCat("Nodes of the running version that write or compare ", subject,
                              " with ", missing,
                              ", which the new type leaves out, fail from the moment this "
                              "commits."),
      .instead = {.now = absl::StrCat("Keep ", missing, " in ", type, "."),
                  .between = absl::StrCat(
                      "Release code that neither writes nor compares with ", missing,
                      "; wait until no older node runs; change the rows that hold it in batches."),
                  .later = "Put the new type in its place."}};
}

std::optional<Remark> OnColumn(const Scene& scene, const ChangeType& change) {
  if (!scene.before.Existed(change.table, change.column)) return std::nullopt;
  const KnownColumn* known = scene.before.Find(change.table, change.column);
  if (known == nullptr || !known->definition.type) return std::nullopt;
  const EnumType* from = scene.before.FindEnum(*known->definition.type);
  const EnumType* to = scene.before.FindEnum(change.type);
  if (from == nullptr || to == nullptr || from == to) return std::nullopt;
  const std::vector<std::string> missing = Missing(LabelsOf(*from, true), LabelsOf(*to, false));
  if (missing.empty()) return std::nullopt;
  Remark remark = RemarkOn(absl::StrCat(Quoted(change.table), ".", Quoted(change.column)),
                           change.type.written, missing);
  Prove(scene, WithoutLabelsIn(scene, change.table, change.column, missing),
        absl::StrCat("writes or compares ", remark.subject), remark);
  return remark;
}

std::optional<Remark> Examine(const Scene& scene) {
  if (const auto* change = As<ChangeType>(scene.action)) return OnColumn(scene, *change);
  const auto* create = As<CreateEnum>(scene.action);
  if (create == nullptr) return std::nullopt;
  const std::vector<std::string> missing =
      Missing(scene.before.LostLabels(create->name), create->labels);
  if (missing.empty()) return std::nullopt;
  const std::string type = Quoted(create->name);
  Remark remark = RemarkOn(type, type, missing);
  Prove(scene, WithoutLabels(scene, create->name, missing),
        absl::StrCat("writes or compares ", type), remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_remove_enum_value = {
    .id = "migration.remove_enum_value",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Takes away an enum value that the running version may still use",
    .why =
        "Old nodes that write the label or compare with it fail with 22P02 from the commit on, and "
        "only when they execute, not when they prepare. All versions.",
    .instead =
        "Two releases: first the code stops using the label and the rows are changed; once no "
        "older node runs, the new type takes the old one's place.",
    .examine = Examine,
};

}  // namespace gate::migration
