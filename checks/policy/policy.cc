#include "checks/policy/policy.h"

#include <algorithm>
#include <string>

namespace gate {
namespace {

// Whether the YAML has an issue with this very field, so that one more would only repeat it: a
// field whose value could not be read is not missing.
bool IsTold(const std::string& field, const FieldPlaces& places,
            const std::vector<FileIssue>& issues) {
  const auto own = places.places.find(field);
  return std::any_of(issues.begin(), issues.end(), [&](const FileIssue& issue) {
    return issue.field == field || (own != places.places.end() && own->second.line == issue.line &&
                                    own->second.column == issue.column);
  });
}

}  // namespace

std::vector<FileIssue> ParsePolicy(std::string_view path, std::string_view text, v1::Policy& policy,
                                   FieldPlaces* places) {
  FieldPlaces own;
  if (places == nullptr) places = &own;
  std::vector<FileIssue> issues = ParseYaml(path, text, policy, places);
  // Nothing could be read: all else would follow from that.
  for (const FileIssue& issue : issues) {
    if (issue.field.empty()) return issues;
  }
  AddIssues(path, ValidatePolicy(policy, places), *places, issues);
  return issues;
}

void AddIssues(std::string_view path, std::vector<ParameterIssue> found, const FieldPlaces& places,
               std::vector<FileIssue>& issues) {
  const std::vector<FileIssue> of_yaml = issues;
  for (ParameterIssue& issue : found) {
    if (IsTold(issue.field, places, of_yaml)) continue;
    const FieldPlaces::Place place = places.Find(issue.field);
    issues.push_back({std::string(path), place.line, place.column, std::move(issue.field),
                      std::move(issue.message)});
  }
  ArrangeIssues(issues);
}

}  // namespace gate
