#include "checks/policy/access.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "checks/policy/suggest.h"

namespace gate {
namespace {

constexpr int kMaxRules = 500;
constexpr int kMaxMembers = 1000;
constexpr int kMaxNames = 200;
constexpr size_t kMaxName = 128;
constexpr size_t kMaxDns = 253;
constexpr size_t kMaxSpiffeId = 2048;
constexpr size_t kMaxTrustDomain = 255;
constexpr std::string_view kSpiffe = "spiffe://";
constexpr std::string_view kDns = "dns:";
constexpr std::string_view kToken = "token:";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";

bool HasOnly(std::string_view text, std::string_view more, bool capitals) {
  return std::ranges::all_of(text, [&](char c) {
    return kLower.find(c) != kLower.npos || more.find(c) != more.npos ||
           (capitals && c >= 'A' && c <= 'Z');
  });
}

std::string SegmentProblem(std::string_view segment) {
  if (segment.empty()) return "its path has an empty segment";
  if (segment == "." || segment == "..") return "its path has a relative segment";
  if (!HasOnly(segment, "._-", /*capitals=*/true)) {
    return "a segment of its path has other characters than A-Z, a-z, 0-9, \".\", \"_\" and \"-\"";
  }
  return "";
}

// Of a member "spiffe://…*": all but what stands before the "*" is as in any other.
std::string SpiffeMemberProblem(std::string_view id) {
  if (!id.ends_with('*')) return SpiffeProblem(id);
  id.remove_suffix(1);
  const size_t slash = id.find('/');
  if (slash == id.npos) {
    return "its \"*\" would stand for other trust domains as well; write \"spiffe://DOMAIN/*\"";
  }
  // Anything may follow, so that one more character makes it whole.
  return SpiffeProblem(absl::StrCat(std::string(id), "x"));
}

std::string DnsProblem(std::string_view name) {
  if (name.find('*') != name.npos) {
    return "DNS names are owned from their right: \"ci.*\" would be \"ci.example.org\" as well as "
           "\"ci.example.com\"; name each";
  }
  if (name.empty() || name.size() > kMaxDns || !HasOnly(name, ".-", /*capitals=*/false)) {
    return "it is no DNS name in lower case";
  }
  return "";
}

std::string TokenMemberProblem(std::string_view name) {
  if (name == "*") return "";
  if (name.ends_with('*')) name.remove_suffix(1);
  return TokenNameProblem(name);
}

std::string MemberProblem(std::string_view member) {
  if (member.starts_with(kSpiffe)) return SpiffeMemberProblem(member.substr(kSpiffe.size()));
  if (member.starts_with(kDns)) return DnsProblem(member.substr(kDns.size()));
  if (member.starts_with(kToken)) return TokenMemberProblem(member.substr(kToken.size()));
  if (member.starts_with("open:")) {
    return "such a name is proven by nobody; a server that runs open does not ask for access";
  }
  return "write \"spiffe://example.com/ci/*\", \"dns:ci.example.com\" or \"token:deploy\"";
}

void CheckNames(const NamePatterns& names, const std::string& at,
                std::vector<ParameterIssue>& issues) {
  if (names.size() > kMaxNames) {
    issues.push_back({at, absl::StrCat("at most ", kMaxNames, " names, has ", names.size())});
    return;
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < names.size(); ++i) {
    const std::string field = absl::StrCat(at, "[", i, "]");
    if (!seen.insert(names[i]).second) issues.push_back({field, Quoted(names[i]) + " twice"});
    if (std::string problem = NamePatternProblem(names[i]); !problem.empty()) {
      issues.push_back({field, Quoted(names[i]) + " " + problem});
    }
  }
}

void CheckMembers(const v1::AccessRule& rule, const std::string& at,
                  std::vector<ParameterIssue>& issues) {
  if (rule.members().empty()) {
    issues.push_back({at, "\"members\" is required: members: [\"spiffe://example.com/ci/*\"]"});
  }
  if (rule.members_size() > kMaxMembers) {
    issues.push_back(
        {at, absl::StrCat("at most ", kMaxMembers, " members, has ", rule.members_size())});
    return;
  }
  std::set<std::string_view> seen;
  for (int i = 0; i < rule.members_size(); ++i) {
    const std::string field = absl::StrCat(at, "[", i, "]");
    const std::string& member = rule.members(i);
    if (!seen.insert(member).second) issues.push_back({field, Quoted(member) + " is named twice"});
    if (std::string problem = MemberProblem(member); !problem.empty()) {
      issues.push_back({field, absl::StrCat(Quoted(member), " is no member: ", problem)});
    }
  }
}

// What `pattern` matches begins with it.
struct Prefix {
  explicit Prefix(std::string_view pattern) : open(pattern.ends_with('*')), text(pattern) {
    if (open) text.remove_suffix(1);
  }
  bool Covers(const Prefix& other) const {
    return open ? other.text.starts_with(text) : !other.open && other.text == text;
  }

  bool open;
  std::string_view text;
};

}  // namespace

std::vector<ParameterIssue> ValidateAccess(const v1::Policy& policy) {
  std::vector<ParameterIssue> issues;
  if (policy.access_size() > kMaxRules) {
    issues.push_back({"access", absl::StrCat("at most ", kMaxRules, " rules of access, has ",
                                             policy.access_size())});
    return issues;
  }
  for (int i = 0; i < policy.access_size(); ++i) {
    const v1::AccessRule& rule = policy.access(i);
    const std::string at = absl::StrCat("access[", i, "]");
    if (rule.role() == v1::ROLE_UNSPECIFIED || !v1::Role_IsValid(rule.role())) {
      issues.push_back(
          {at + ".role", "\"role\" is required: VIEWER, PIPELINE, RELEASE_MANAGER or ADMIN"});
    }
    CheckMembers(rule, at + ".members", issues);
    CheckNames(rule.services(), at + ".services", issues);
    CheckNames(rule.environments(), at + ".environments", issues);
  }
  return issues;
}

std::vector<std::string> AccessWarnings(const v1::Policy& policy) {
  if (policy.access().empty()) {
    return {"the policy has no \"access\": whoever proves who they are may do nothing"};
  }
  const bool admin = std::ranges::any_of(policy.access(), [](const v1::AccessRule& rule) {
    return rule.role() == v1::ROLE_ADMIN && rule.services().empty() && rule.environments().empty();
  });
  if (admin) return {};
  return {"nobody is ROLE_ADMIN for all services: nobody can read the whole audit log"};
}

std::string NamePatternProblem(std::string_view pattern) {
  std::string_view name = pattern;
  if (name.ends_with('*')) name.remove_suffix(1);
  if (pattern.empty()) return "is empty";
  if (name.find('*') != name.npos) {
    return "has a \"*\" before its end; only a last one is a pattern";
  }
  if (!HasOnly(name, "._-", /*capitals=*/true)) {
    return "can match nothing: names have letters, digits, \".\", \"_\" and \"-\"";
  }
  return name.size() > kMaxName ? absl::StrCat("has more than ", kMaxName, " characters") : "";
}

std::string SpiffeProblem(std::string_view id) {
  if (id.size() + kSpiffe.size() > kMaxSpiffeId) {
    return absl::StrCat("a SPIFFE ID has at most ", kMaxSpiffeId, " bytes");
  }
  const size_t slash = id.find('/');
  const std::string_view domain = id.substr(0, slash);
  if (domain.empty()) return "it has no trust domain";
  if (domain.size() > kMaxTrustDomain || !HasOnly(domain, "._-", /*capitals=*/false)) {
    return "a trust domain has at most 255 characters of a-z, 0-9, \".\", \"_\" and \"-\"";
  }
  if (slash == id.npos) return "it has no path, which names the workload";
  for (std::string_view path = id.substr(slash);;) {
    path.remove_prefix(1);
    const size_t end = path.find('/');
    if (std::string problem = SegmentProblem(path.substr(0, end)); !problem.empty()) return problem;
    if (end == path.npos) return "";
    path.remove_prefix(end);
  }
}

bool HasSecretForm(std::string_view text) {
  if (!text.starts_with(kSecretPrefix)) return false;
  text.remove_prefix(kSecretPrefix.size());
  return text.size() == kSecretCharacters && text.find_first_not_of(kSecretAlphabet) == text.npos;
}

std::string TokenNameProblem(std::string_view name) {
  if (name.empty() || name.size() > 64 || !HasOnly(name, "-", /*capitals=*/false)) {
    return "the name of a token has 1 to 64 characters of a-z, 0-9 and \"-\"";
  }
  return "";
}

bool IsMember(std::string_view member, std::string_view subject) {
  return Prefix(member).Covers(Prefix(subject)) && !subject.ends_with('*');
}

std::vector<v1::AccessRule> AccessOf(const v1::Policy& policy, std::span<const std::string> names) {
  std::vector<v1::AccessRule> access;
  for (const v1::AccessRule& rule : policy.access()) {
    v1::AccessRule own = rule;
    own.clear_members();
    for (const std::string& member : rule.members()) {
      const auto stands_for = [&](const std::string& name) { return IsMember(member, name); };
      if (std::ranges::any_of(names, stands_for)) own.add_members(member);
    }
    if (!own.members().empty()) access.push_back(std::move(own));
  }
  return access;
}

bool Covers(const NamePatterns& patterns, std::string_view wanted) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& pattern) {
           return Prefix(pattern).Covers(Prefix(wanted));
         });
}

bool Overlaps(const NamePatterns& patterns, std::string_view wanted) {
  return patterns.empty() || std::ranges::any_of(patterns, [&](const std::string& pattern) {
           return Prefix(pattern).Covers(Prefix(wanted)) || Prefix(wanted).Covers(Prefix(pattern));
         });
}

NamePatterns Intersect(const NamePatterns& a, const NamePatterns& b, bool& nothing) {
  nothing = false;
  if (a.empty()) return b;
  if (b.empty()) return a;
  std::set<std::string> both;
  for (const std::string& one : a) {
    for (const std::string& other : b) {
      if (Prefix(one).Covers(Prefix(other))) both.insert(other);
      if (Prefix(other).Covers(Prefix(one))) both.insert(one);
    }
  }
  nothing = both.empty();
  return {both.begin(), both.end()};
}

}  // namespace gate
