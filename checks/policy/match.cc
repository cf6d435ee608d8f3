#include "checks/policy/match.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <string_view>

#include "google/protobuf/repeated_field.h"

namespace gate {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;
using Kinds = google::protobuf::RepeatedField<int>;

constexpr int kExact = std::numeric_limits<int>::max();

bool IsPattern(std::string_view name) { return name.ends_with('*'); }

std::string_view Prefix(std::string_view pattern) { return pattern.substr(0, pattern.size() - 1); }

// How specifically the names pick `name`: the length of the longest pattern before its "*", kExact
// for the name itself, 0 where none are given.
std::optional<int> NameSpecificity(const Names& names, std::string_view name) {
  if (names.empty()) return 0;
  std::optional<int> best;
  for (const std::string& candidate : names) {
    if (!IsPattern(candidate)) {
      if (candidate == name) return kExact;
    } else if (name.starts_with(Prefix(candidate))) {
      best = std::max(best.value_or(0), static_cast<int>(candidate.size()) - 1);
    }
  }
  return best;
}

// The names of both selectors: in `exact` those in full, in `prefixes` the patterns without "*".
struct NameSets {
  std::set<std::string, std::less<>> exact;
  std::set<std::string, std::less<>> prefixes;

  void Add(const Names& names) {
    for (const std::string& name : names) {
      IsPattern(name) ? prefixes.emplace(Prefix(name)) : exact.emplace(name);
    }
    if (names.empty()) prefixes.insert("");
  }
};

// A name that begins with `prefix`, but with no longer prefix of `all`, and is none of its exact
// names. Goes deeper only below an exact name, so it ends.
std::optional<std::string> FreeName(const std::string& prefix, const NameSets& all) {
  static constexpr std::string_view kAlphabet =
      "xabcdefghijklmnopqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  if (!prefix.empty() && !all.exact.contains(prefix)) return prefix;
  for (char c : kAlphabet) {
    if (all.prefixes.contains(prefix + c)) continue;
    if (auto name = FreeName(prefix + c, all)) return name;
  }
  return std::nullopt;
}

// A name that both pick equally specifically: by its full name, or by one and the same pattern.
std::optional<std::string> CommonName(const Names& a, const Names& b) {
  NameSets of_a, of_b;
  of_a.Add(a);
  of_b.Add(b);
  for (const std::string& name : of_a.exact) {
    if (of_b.exact.contains(name)) return name;
  }
  NameSets all = of_a;
  all.Add(b);
  for (const std::string& prefix : of_a.prefixes) {
    if (!of_b.prefixes.contains(prefix)) continue;
    if (auto name = FreeName(prefix, all)) return name;
  }
  return std::nullopt;
}

// A kind that both pick equally specifically.
std::optional<v1::ChangeKind> CommonKind(const Kinds& a, const Kinds& b) {
  if (a.empty() && b.empty()) return v1::CHANGE_KIND_CODE;
  for (int kind : a) {
    if (std::find(b.begin(), b.end(), kind) != b.end()) return static_cast<v1::ChangeKind>(kind);
  }
  return std::nullopt;
}

bool HasLabels(const v1::Change& change, const v1::Selector& selector) {
  return std::all_of(selector.labels().begin(), selector.labels().end(), [&](const auto& label) {
    const auto found = change.labels().find(label.first);
    return found != change.labels().end() && found->second == label.second;
  });
}

}  // namespace

std::optional<Specificity> SpecificityFor(const v1::Selector& selector, const v1::Change& change) {
  const auto service = NameSpecificity(selector.services(), change.service());
  const auto environment = NameSpecificity(selector.environments(), change.environment());
  const Kinds& kinds = selector.change_kinds();
  const bool kind =
      kinds.empty() || std::find(kinds.begin(), kinds.end(), change.kind()) != kinds.end();
  if (!service || !environment || !kind || !HasLabels(change, selector)) return std::nullopt;
  return Specificity{*service, *environment, kinds.empty() ? 0 : 1,
                     static_cast<int>(selector.labels_size())};
}

bool Matches(const v1::Selector& selector, const v1::Change& change) {
  return SpecificityFor(selector, change).has_value();
}

const v1::PolicyRule* MatchRule(const v1::Policy& policy, const v1::Change& change) {
  const v1::PolicyRule* best_rule = nullptr;
  std::optional<Specificity> best;
  for (const v1::PolicyRule& rule : policy.rules()) {
    const auto specificity = SpecificityFor(rule.match(), change);
    if (!specificity || (best && *specificity <= *best)) continue;
    best = specificity;
    best_rule = &rule;
  }
  return best_rule;
}

std::optional<v1::Change> FindClash(const v1::Selector& a, const v1::Selector& b) {
  if (a.labels_size() != b.labels_size()) return std::nullopt;
  const auto kind = CommonKind(a.change_kinds(), b.change_kinds());
  if (!kind) return std::nullopt;
  v1::Change change;
  change.set_kind(*kind);
  *change.mutable_labels() = a.labels();
  for (const auto& [key, value] : b.labels()) {
    if (change.mutable_labels()->insert({key, value}).first->second != value) return std::nullopt;
  }
  const auto service = CommonName(a.services(), b.services());
  if (!service) return std::nullopt;
  const auto environment = CommonName(a.environments(), b.environments());
  if (!environment) return std::nullopt;
  change.set_service(*service);
  change.set_environment(*environment);
  return change;
}

bool Ambiguous(const v1::Selector& a, const v1::Selector& b) { return FindClash(a, b).has_value(); }

}  // namespace gate
