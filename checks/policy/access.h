// Who may do what, as the policy has it (Policy.access).
//
// Subjects are proven names: "spiffe://…" of a client certificate, "dns:…" of one, "token:…". A
// member is such a name, or the beginning of some with a "*" behind it. A name is never matched
// before it was taken apart (gate/identity), so that "spiffe://example.com/ci/*" cannot be reached
// by way of "..", another case or an escape: no valid SPIFFE ID holds one.
#ifndef CHECKS_POLICY_ACCESS_H_
#define CHECKS_POLICY_ACCESS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/check.h"
#include "gate/v1/access.pb.h"
#include "gate/v1/policy.pb.h"
#include "google/protobuf/repeated_field.h"

namespace gate {

// Names of services or environments; a trailing "*" matches any ending.
using NamePatterns = google::protobuf::RepeatedPtrField<std::string>;

// What every access rule has to keep: a role, members of a known form that cannot match more than
// they seem to, names that can match something. Fields are relative to the policy.
std::vector<ParameterIssue> ValidateAccess(const v1::Policy& policy);

// What is no mistake and yet seldom meant, a sentence each: that nobody is an admin.
std::vector<std::string> AccessWarnings(const v1::Policy& policy);

// What is wrong with the form of a name, or "": 1 to 128 characters of [A-Za-z0-9._-], with a "*"
// behind them or alone.
std::string NamePatternProblem(std::string_view pattern);

// What is wrong with the part of a SPIFFE ID that follows "spiffe://", or "": trust domain and path
// as the standard has them, both not empty.
std::string SpiffeProblem(std::string_view id);

// Bearer tokens' secrets: "gate_" and 52 characters of base 32 (a-z, 2-7), 256 random bits.
// Scanners of code find them by /\bgate_[a-z2-7]{52}\b/.
inline constexpr std::string_view kSecretPrefix = "gate_";
inline constexpr std::string_view kSecretAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
inline constexpr size_t kSecretCharacters = 52;
bool HasSecretForm(std::string_view text);

// What is wrong with the name of a token, or "": 1 to 64 characters of [a-z0-9-].
std::string TokenNameProblem(std::string_view name);

// Whether a member stands for the subject.
bool IsMember(std::string_view member, std::string_view subject);

// The rules that are for any of the names, each with those of its members that say so.
std::vector<v1::AccessRule> AccessOf(const v1::Policy& policy, std::span<const std::string> names);

// Whether all that `wanted` matches is matched by one of `patterns`; none of them match all. A name
// is a pattern that matches itself.
bool Covers(const NamePatterns& patterns, std::string_view wanted);

// Whether something is matched by both.
bool Overlaps(const NamePatterns& patterns, std::string_view wanted);

// What both match. Empty means all, so `nothing` says where it is nothing at all.
NamePatterns Intersect(const NamePatterns& a, const NamePatterns& b, bool& nothing);

}  // namespace gate

#endif  // CHECKS_POLICY_ACCESS_H_
