// What PostgreSQL's codes and differences of catalogues are to the rules.
#ifndef CHECKS_MIGRATION_DIFFERENCES_H_
#define CHECKS_MIGRATION_DIFFERENCES_H_

#include <string_view>
#include <vector>

#include "gate/v1/rehearsal.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::migration {

// A statement of the running version that fails. Rules are named by their stems.
struct Break {
  std::string_view sqlstate;
  std::string_view rule;                // of a finding of its own
  std::vector<std::string_view> rules;  // that see it coming
};
const Break& BreakOf(std::string_view sqlstate);

struct Difference {
  v1::SchemaEffectKind kind;
  std::string_view rule;                // of a finding of its own
  std::vector<std::string_view> rules;  // that see it coming
  std::string_view sqlstate;            // what statements that it concerns fail with
  std::string_view what;                // behind the object's name
  // Whether each of these statements fails; else it may.
  bool certain = false;
  // Whether it is a finding even where a rule has read the statement and kept silent: the catalogue
  // leaves no doubt.
  bool definite = false;
  v1::Effect effect = v1::EFFECT_BREAKS_RUNNING_VERSION;
};
// nullptr for a kind that is not known here.
const Difference* DifferenceOf(v1::SchemaEffectKind kind);

}  // namespace gate::migration

#endif  // CHECKS_MIGRATION_DIFFERENCES_H_
