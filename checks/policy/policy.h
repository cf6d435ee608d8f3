// A policy file: parsed, and held to every rule that a policy has to keep.
#ifndef CHECKS_POLICY_POLICY_H_
#define CHECKS_POLICY_POLICY_H_

#include <string_view>
#include <vector>

#include "checks/check.h"
#include "checks/policy/yaml.h"
#include "gate/v1/policy.pb.h"

namespace gate {

// Parses and validates. Every issue is reported, in the text's order: those of the YAML, and those
// of ValidatePolicy. `places`, where given, is filled for those who find more. Calendars are not
// read here; that needs I/O.
std::vector<FileIssue> ParsePolicy(std::string_view path, std::string_view text, v1::Policy& policy,
                                   FieldPlaces* places = nullptr);

// What holds for every policy, wherever it comes from: unique rule names, selectors that are never
// ambiguous, limits of durations, exemptions with owner, reason, end and a known rule; and what
// each enabled check asks of its parameters. Fields are relative to the policy. Where `places` is
// given, messages about two rules say in which line the other one is.
std::vector<ParameterIssue> ValidatePolicy(const v1::Policy& policy,
                                           const FieldPlaces* places = nullptr);

// Adds to `issues` of the YAML what was found in the message, each at the place of its field, and
// arranges them. Left out is what only repeats an issue of the YAML: a field whose value could not
// be read is not missing.
void AddIssues(std::string_view path, std::vector<ParameterIssue> found, const FieldPlaces& places,
               std::vector<FileIssue>& issues);

}  // namespace gate

#endif  // CHECKS_POLICY_POLICY_H_
