// Rules of access: what a policy may say, and whom a member stands for.
#include "checks/policy/access.h"

#include "checks/policy/policy.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The messages about a policy with these lines under `access:`.
std::vector<std::string> Issues(const std::string& access) {
  v1::Policy policy;
  const std::string text = "rules:\n  - name: all\n    checks: {migration: {}}\naccess:\n" + access;
  std::vector<std::string> messages;
  for (const FileIssue& issue : ParsePolicy("policy.yaml", text, policy)) {
    messages.push_back(issue.ToString());
  }
  return messages;
}

std::string Member(const std::string& member) {
  const auto issues = Issues("  - {role: VIEWER, members: [\"" + member + "\"]}\n");
  return issues.empty() ? "" : issues.front();
}

TEST(Access, MembersHaveOneOfThreeForms) {
  for (const char* good : {"spiffe://example.com/ci/deploy", "spiffe://example.com/*",
                           "spiffe://example.com/ci/*", "spiffe://example.com/ci/web-*",
                           "dns:ci.example.com", "token:deploy", "token:deploy-*", "token:*"}) {
    EXPECT_EQ(Member(good), "") << good;
  }
}

TEST(Access, AMemberThatWouldMatchMoreThanItSeemsToIsRefused) {
  EXPECT_THAT(Member("spiffe://example.com*"), HasSubstr("other trust domains"));
  EXPECT_THAT(Member("spiffe://*"), HasSubstr("other trust domains"));
  EXPECT_THAT(Member("dns:*"), HasSubstr("owned from their right"));
  EXPECT_THAT(Member("dns:ci.*"), HasSubstr("owned from their right"));
  EXPECT_THAT(Member("dns:*.example.com"), HasSubstr("owned from their right"));
  EXPECT_THAT(Member("*"), HasSubstr("is no member"));
}

TEST(Access, AMemberThatCanMatchNobodyIsRefused) {
  EXPECT_THAT(Member("spiffe://Example.com/ci"), HasSubstr("trust domain"));
  EXPECT_THAT(Member("SPIFFE://example.com/ci"), HasSubstr("is no member"));
  EXPECT_THAT(Member("spiffe://example.com/ci/../x"), HasSubstr("relative segment"));
  EXPECT_THAT(Member("spiffe://example.com/ci//x"), HasSubstr("empty segment"));
  EXPECT_THAT(Member("spiffe://example.com/"), HasSubstr("empty segment"));
  EXPECT_THAT(Member("spiffe://example.com"), HasSubstr("no path"));
  EXPECT_THAT(Member("spiffe://example.com/%63i"), HasSubstr("other characters"));
  EXPECT_THAT(Member("dns:CI.example.com"), HasSubstr("lower case"));
  EXPECT_THAT(Member("token:Deploy"), HasSubstr("a-z"));
  EXPECT_THAT(Member("open:alice"), HasSubstr("proven by nobody"));
  EXPECT_THAT(Member("alice"), HasSubstr("token:deploy"));
}

TEST(Access, ARuleNeedsARoleAndMembersEachOnce) {
  EXPECT_THAT(Issues("  - {members: [\"token:a\"]}\n"),
              ElementsAre(HasSubstr("\"role\" is required")));
  EXPECT_THAT(Issues("  - {role: ADMIN}\n"), ElementsAre(HasSubstr("\"members\" is required")));
  EXPECT_THAT(Issues("  - {role: ADMIN, members: [\"token:a\", \"token:a\"]}\n"),
              ElementsAre(HasSubstr("policy.yaml:5:")));
  EXPECT_THAT(Issues("  - {role: ADMIN, members: [\"token:a\"], services: [\"a*b\"]}\n"),
              ElementsAre(HasSubstr("only a last one is a pattern")));
  EXPECT_THAT(Issues("  - {role: OWNER, members: [\"token:a\"]}\n"),
              ElementsAre(HasSubstr("OWNER")));
}

TEST(Access, ThatNobodyIsAdminIsWorthAWord) {
  v1::Policy policy;
  EXPECT_THAT(AccessWarnings(policy), ElementsAre(HasSubstr("no \"access\"")));
  v1::AccessRule& rule = *policy.add_access();
  rule.set_role(v1::ROLE_ADMIN);
  EXPECT_THAT(AccessWarnings(policy), IsEmpty());
  rule.add_services("web");
  EXPECT_THAT(AccessWarnings(policy), ElementsAre(HasSubstr("nobody is ROLE_ADMIN")));
}

TEST(Access, AMemberStandsForItselfOrForWhatBeginsWithIt) {
  EXPECT_TRUE(IsMember("spiffe://example.com/ci/*", "spiffe://example.com/ci/deploy"));
  EXPECT_TRUE(IsMember("spiffe://example.com/ci/*", "spiffe://example.com/ci/a/b"));
  EXPECT_FALSE(IsMember("spiffe://example.com/ci/*", "spiffe://example.com/cicd/deploy"));
  EXPECT_FALSE(IsMember("spiffe://example.com/ci/*", "spiffe://example.org/ci/deploy"));
  EXPECT_FALSE(IsMember("spiffe://example.com/ci", "spiffe://example.com/ci/deploy"));
  EXPECT_TRUE(IsMember("token:deploy", "token:deploy"));
  EXPECT_FALSE(IsMember("token:deploy", "token:deploy-2"));
  EXPECT_FALSE(IsMember("token:deploy", "dns:deploy"));
  // No subject ends so; it would be one that matches as a pattern does.
  EXPECT_FALSE(IsMember("token:*", "token:*"));
}

TEST(Access, AllSpiffeIdsThatAreNoneAreRefused) {
  struct Case {
    const char* id;
    const char* problem;
  };
  for (const Case& c :
       {Case{"example.com/ci", ""}, Case{"example.com/ci/Deploy_1.x-y", ""},
        Case{"td_1.example-2/a", ""}, Case{"", "no trust domain"}, Case{"/ci", "no trust domain"},
        Case{"EXAMPLE.com/ci", "trust domain"}, Case{"example.com:8443/ci", "trust domain"},
        Case{"user@example.com/ci", "trust domain"}, Case{"example.com", "no path"},
        Case{"example.com/", "empty segment"}, Case{"example.com/ci/", "empty segment"},
        Case{"example.com/ci/.", "relative segment"},
        Case{"example.com/ci/../admin", "relative segment"},
        Case{"example.com/ci/%2e%2e/admin", "other characters"},
        Case{"example.com/ci?x=1", "other characters"},
        Case{"example.com/ci#x", "other characters"}, Case{"example.com/ci/*", "other characters"},
        Case{"example.com/ci/\xc3\xa9", "other characters"}}) {
    EXPECT_THAT(SpiffeProblem(c.id), HasSubstr(c.problem)) << c.id;
    EXPECT_EQ(SpiffeProblem(c.id).empty(), *c.problem == '\0') << c.id;
  }
  EXPECT_THAT(SpiffeProblem("example.com/" + std::string(3000, 'a')), HasSubstr("2048"));
  EXPECT_THAT(SpiffeProblem(std::string("example.com/ci\0/x", 17)), HasSubstr("other characters"));
}

NamePatterns Patterns(std::initializer_list<const char*> names) {
  NamePatterns patterns;
  for (const char* name : names) *patterns.Add() = name;
  return patterns;
}

TEST(Access, APatternCoversWhatItMatchesWhole) {
  EXPECT_TRUE(Covers(Patterns({}), "web"));
  EXPECT_TRUE(Covers(Patterns({}), "*"));
  EXPECT_TRUE(Covers(Patterns({"web"}), "web"));
  EXPECT_TRUE(Covers(Patterns({"api", "web-*"}), "web-1"));
  EXPECT_TRUE(Covers(Patterns({"web-*"}), "web-eu-*"));
  EXPECT_FALSE(Covers(Patterns({"web-eu-*"}), "web-*"));
  EXPECT_FALSE(Covers(Patterns({"web"}), "*"));
  EXPECT_FALSE(Covers(Patterns({"web"}), "web*"));
  EXPECT_FALSE(Covers(Patterns({"web-*"}), "web"));

  EXPECT_TRUE(Overlaps(Patterns({"web"}), "*"));
  EXPECT_TRUE(Overlaps(Patterns({"web-eu-*"}), "web-*"));
  EXPECT_FALSE(Overlaps(Patterns({"web"}), "api*"));
}

TEST(Access, WhatTwoPatternsMatchIsTheNarrowerOne) {
  const auto both = [](const NamePatterns& a, const NamePatterns& b) {
    bool nothing = false;
    const NamePatterns names = Intersect(a, b, nothing);
    return nothing ? std::vector<std::string>{"nothing"}
                   : std::vector<std::string>(names.begin(), names.end());
  };
  EXPECT_THAT(both(Patterns({}), Patterns({})), IsEmpty());
  EXPECT_THAT(both(Patterns({}), Patterns({"web"})), ElementsAre("web"));
  EXPECT_THAT(both(Patterns({"web"}), Patterns({})), ElementsAre("web"));
  EXPECT_THAT(both(Patterns({"web-*", "api"}), Patterns({"web-eu", "api-*"})),
              ElementsAre("web-eu"));
  EXPECT_THAT(both(Patterns({"web"}), Patterns({"api"})), ElementsAre("nothing"));
}

}  // namespace
}  // namespace gate
