// DROP FUNCTION changes the catalogue alone. From the commit on what calls it fails (42883), be it
// statements of old nodes, views' and defaults' aside, which PostgreSQL protects, or the bodies of
// other functions, which it does not look into. With CASCADE triggers, views and defaults go too.
//
// A function of the same name that takes the same calls by then is not missed, be it that new
// arguments have defaults; what it returns counts as well. CREATE OR REPLACE with other arguments
// makes an overload and takes nothing away. All versions.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/migration/rule.h"
#include "checks/migration/sql/parse.h"
#include "checks/migration/witness.h"

namespace gate::migration {
namespace {

// The function that goes, where it is known; of several by that name the drop tells them apart.
std::optional<KnownFunction> Known(const Scene& scene, const DropFunction& drop) {
  const std::vector<KnownFunction> functions = scene.before.FindFunctions(drop.name);
  for (const KnownFunction& function : functions) {
    if (!drop.arguments || function.definition.arguments == *drop.arguments) return function;
  }
  return std::nullopt;
}

bool TakesCallsOf(const CreateFunction& function, const std::vector<std::string>& arguments) {
  return function.required <= arguments.size() && function.arguments.size() >= arguments.size() &&
         std::equal(arguments.begin(), arguments.end(), function.arguments.begin());
}

enum class Replaced { kNo, kMaybe, kYes };

Replaced IsReplaced(const Scene& scene, const DropFunction& drop,
                    const std::optional<KnownFunction>& known) {
  const std::vector<KnownFunction> then = scene.AtCommit().FindFunctions(drop.name);
  if (then.empty()) return Replaced::kNo;
  if (!known && !drop.arguments) return Replaced::kMaybe;
  const std::vector<std::string>& arguments = known ? known->definition.arguments : *drop.arguments;
  for (const KnownFunction& function : then) {
    if (!TakesCallsOf(function.definition, arguments)) continue;
    const bool same = !known || known->definition.returns == function.definition.returns;
    return same ? Replaced::kYes : Replaced::kMaybe;
  }
  return Replaced::kNo;
}

std::optional<Remark> Examine(const Scene& scene) {
  const auto* drop = As<DropFunction>(scene.action);
  if (drop == nullptr) return std::nullopt;
  const std::optional<KnownFunction> known = Known(scene, *drop);
  if (known && !known->existed) return std::nullopt;
  if (drop->if_exists && scene.before.IsAbsentFunction(drop->name)) return std::nullopt;
  const Replaced replaced = IsReplaced(scene, *drop, known);
  if (replaced == Replaced::kYes) return std::nullopt;

  // No statement can call it, and no trigger does.
  const bool trigger = known && known->definition.returns == "trigger";
  if (trigger && !drop->cascade && scene.before.whole() &&
      !scene.before.IsCalledByATrigger(drop->name)) {
    return std::nullopt;
  }

  const std::string name = Quoted(drop->name);
  const bool maybe = replaced == Replaced::kMaybe;
  const std::string what =
      drop->arguments ? absl::StrCat(name, "(", absl::StrJoin(*drop->arguments, ", "), ")") : name;
  Remark remark{.subject = what,
                .effects = {maybe ? v1::EFFECT_UNPROVEN : v1::EFFECT_BREAKS_RUNNING_VERSION}};
  if (maybe) {
    remark.message = absl::StrCat(
        "Function ", what,
        " is replaced in the same transaction; whether the new one takes the same arguments and "
        "returns the same cannot be told from here, and else nodes of the running version that "
        "call it fail.");
  } else if (trigger) {
    remark.message = absl::StrCat("Triggers that call ", what,
                                  " are gone from the moment this commits: what it did for the "
                                  "writes of the running version is not done any more.");
  } else {
    remark.message =
        absl::StrCat("Nodes of the running version fail on every statement that calls ", what,
                     " from the moment this commits, and so do functions that "
                     "call it.");
  }
  if (drop->cascade) remark.message += " CASCADE takes everything that depends on it along.";
  remark.instead = {
      .now = maybe ? absl::StrCat("CREATE OR REPLACE FUNCTION ", name,
                                  " ...;  -- which keeps arguments and result")
                   : absl::StrCat("Keep ", name, "; give what is new another name."),
      .between = absl::StrCat("Release code that no longer ", trigger ? "needs " : "calls ", name,
                              "; wait until no older node runs."),
      .later = absl::StrCat("DROP ROUTINE ", what, ";")};
  if (trigger) return remark;  // No statement calls it.
  const Answer without = WithoutFunction(scene, drop->name);
  Prove(scene, without, absl::StrCat("calls ", name), remark);
  if (known && !maybe && !drop->cascade) Clear(scene, without, drop->name.name, remark);
  return remark;
}

}  // namespace

extern constinit const Rule kRule_drop_function = {
    .id = "migration.drop_function",
    .severity = v1::SEVERITY_BLOCK,
    .summary = "Drops a function that the running version may still call",
    .why =
        "Statements of old nodes that call it fail with 42883 from the commit on, and so do other "
        "functions that do, since PostgreSQL does not look into their bodies. No table is locked. "
        "All versions.",
    .instead =
        "Two releases: make the new function under another name; once no node calls the old one, "
        "the next release drops it.",
    .examine = Examine,
};

}  // namespace gate::migration
