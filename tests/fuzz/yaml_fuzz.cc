// Policies from anywhere: whatever the bytes are, ParsePolicy ends, says where each issue is within
// the text, says the same twice, and gives a policy without issues only when it keeps all rules.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "checks/policy/policy.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  gate::v1::Policy policy;
  gate::FieldPlaces places;
  const auto issues = gate::ParsePolicy("fuzz.yaml", text, policy, &places);
  for (const gate::FileIssue& issue : issues) {
    Require(issue.line >= 1 && issue.line <= lines && issue.column >= 1);
    Require(!issue.message.empty());
  }
  gate::v1::Policy again;
  const auto said_again = gate::ParsePolicy("fuzz.yaml", text, again);
  Require(said_again.size() == issues.size());
  for (size_t i = 0; i < issues.size(); ++i) {
    Require(issues[i].ToString() == said_again[i].ToString());
  }
  if (issues.empty()) Require(gate::ValidatePolicy(policy).empty());
  return 0;
}
