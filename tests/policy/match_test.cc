// Which rule holds: cases that people ask about, and random selectors against brute force.
#include "checks/policy/match.h"

#include <random>
#include <string>
#include <vector>

#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

template <typename Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

v1::Change Payments() {
  return Parse<v1::Change>(R"(
    service: "payments" environment: "production" kind: CHANGE_KIND_CODE
    labels { key: "tier" value: "1" } labels { key: "region" value: "eu" })");
}

struct PickCase {
  const char* selector;
  bool picks;
};

TEST(MatchTest, PicksWhatItNames) {
  const PickCase kCases[] = {
      {"", true},
      {R"(services: "payments")", true},
      {R"(services: "Payments")", false},
      {R"(services: "payment")", false},
      {R"(services: "orders" services: "payments")", true},
      {R"(services: "pay*")", true},
      {R"(services: "payments*")", true},
      {R"(services: "payments-*")", false},
      {R"(services: "*")", true},
      {R"(environments: "staging")", false},
      {R"(services: "payments" environments: "prod*")", true},
      {R"(services: "payments" environments: "staging")", false},
      {"change_kinds: CHANGE_KIND_CODE", true},
      {"change_kinds: CHANGE_KIND_HOTFIX change_kinds: CHANGE_KIND_CODE", true},
      {"change_kinds: CHANGE_KIND_HOTFIX", false},
      {R"(labels { key: "tier" value: "1" })", true},
      {R"(labels { key: "tier" value: "2" })", false},
      {R"(labels { key: "team" value: "" })", false},
      {R"(labels { key: "tier" value: "1" } labels { key: "region" value: "eu" })", true},
      {R"(labels { key: "tier" value: "1" } labels { key: "region" value: "us" })", false},
  };
  for (const PickCase& c : kCases) {
    EXPECT_EQ(Matches(Parse<v1::Selector>(c.selector), Payments()), c.picks) << c.selector;
  }
}

// Each selector is more specific than those after it.
TEST(MatchTest, MoreSpecificWins) {
  const std::vector<std::string> kOrder = {
      R"(services: "payments" environments: "production")",
      R"(services: "payments" environments: "prod*" change_kinds: CHANGE_KIND_CODE)",
      R"(services: "payments" environments: "prod*")",
      R"(services: "payments" change_kinds: CHANGE_KIND_CODE labels { key: "tier" value: "1" })",
      R"(services: "payments" change_kinds: CHANGE_KIND_CODE)",
      R"(services: "payments" labels { key: "tier" value: "1" })",
      R"(services: "payments")",
      R"(services: "payment*" environments: "production")",
      R"(services: "pay*" environments: "production" change_kinds: CHANGE_KIND_CODE)",
      R"(environments: "production")",
      R"(change_kinds: CHANGE_KIND_CODE labels { key: "tier" value: "1" })",
      R"(change_kinds: CHANGE_KIND_CODE)",
      R"(labels { key: "tier" value: "1" } labels { key: "region" value: "eu" })",
      R"(labels { key: "tier" value: "1" })",
      "",
  };
  for (size_t better = 0; better < kOrder.size(); ++better) {
    for (size_t worse = better + 1; worse < kOrder.size(); ++worse) {
      for (const bool first : {true, false}) {
        v1::Policy policy;
        *policy.add_rules()->mutable_match() = Parse<v1::Selector>(kOrder[first ? better : worse]);
        *policy.add_rules()->mutable_match() = Parse<v1::Selector>(kOrder[first ? worse : better]);
        EXPECT_EQ(MatchRule(policy, Payments()), &policy.rules(first ? 0 : 1))
            << kOrder[better] << " against " << kOrder[worse];
      }
    }
  }
}

TEST(MatchTest, NoRuleWhereNoneMatches) {
  v1::Policy policy;
  EXPECT_EQ(MatchRule(policy, Payments()), nullptr);
  policy.add_rules()->mutable_match()->add_services("orders");
  EXPECT_EQ(MatchRule(policy, Payments()), nullptr);
}

struct ClashCase {
  const char* a;
  const char* b;
  bool clash;
};

TEST(MatchTest, FindsClashes) {
  const ClashCase kCases[] = {
      {"", "", true},
      {"", R"(services: "*")", true},
      {R"(services: "a")", R"(services: "b")", false},
      {R"(services: "a" services: "b")", R"(services: "b" services: "c")", true},
      {R"(services: "a*")", R"(services: "a*")", true},
      {R"(services: "a*")", R"(services: "ab*")", false},
      {R"(services: "a*" services: "ab")", R"(services: "ab" services: "b*")", true},
      {R"(services: "a")", R"(environments: "p")", false},
      {R"(environments: "p" labels { key: "k" value: "1" })",
       R"(environments: "p" labels { key: "l" value: "1" })", true},
      {R"(labels { key: "k" value: "1" })", R"(labels { key: "k" value: "2" })", false},
      {"change_kinds: CHANGE_KIND_CODE change_kinds: CHANGE_KIND_HOTFIX",
       "change_kinds: CHANGE_KIND_HOTFIX", true},
      {"change_kinds: CHANGE_KIND_CODE", "", false},
  };
  for (const ClashCase& c : kCases) {
    const auto a = Parse<v1::Selector>(c.a);
    const auto b = Parse<v1::Selector>(c.b);
    EXPECT_EQ(Ambiguous(a, b), c.clash) << c.a << " and " << c.b;
    EXPECT_EQ(Ambiguous(b, a), c.clash) << c.b << " and " << c.a;
  }
}

// Where every short name below a pattern is named in full, a longer one is free.
TEST(MatchTest, FindsAClashBelowNamesThatAreTaken) {
  v1::Selector a;
  a.add_services("p*");
  a.add_services("p");
  v1::Selector b;
  b.add_services("p*");
  b.add_services("px*");
  const auto clash = FindClash(a, b);
  ASSERT_TRUE(clash);
  EXPECT_EQ(SpecificityFor(a, *clash), SpecificityFor(b, *clash));
}

// A world small enough to try all of it: names over two letters, two environments, two kinds,
// labels k and l with two values or none.
class SmallWorld {
 public:
  explicit SmallWorld(unsigned seed) : random_(seed) {}

  static std::vector<v1::Change> Changes() {
    std::vector<v1::Change> changes;
    for (const char* service : {"a", "b", "aa", "ab", "ba", "bb", "aaa", "aab", "abx", "bbb"}) {
      for (const char* environment : {"p", "pq", "s"}) {
        for (int kind : {1, 2}) {
          for (int labels = 0; labels < 9; ++labels) {
            v1::Change change;
            change.set_service(service);
            change.set_environment(environment);
            change.set_kind(static_cast<v1::ChangeKind>(kind));
            if (labels % 3) (*change.mutable_labels())["k"] = std::to_string(labels % 3);
            if (labels / 3) (*change.mutable_labels())["l"] = std::to_string(labels / 3);
            changes.push_back(std::move(change));
          }
        }
      }
    }
    return changes;
  }

  v1::Selector RandomSelector() {
    v1::Selector selector;
    Names({"a", "b", "ab", "aab", "a*", "ab*", "b*", "aa*", "*"}, *selector.mutable_services());
    Names({"p", "s", "p*", "*"}, *selector.mutable_environments());
    for (int kind : {1, 2}) {
      if (Chance(4)) selector.add_change_kinds(static_cast<v1::ChangeKind>(kind));
    }
    for (const char* key : {"k", "l"}) {
      if (Chance(4)) (*selector.mutable_labels())[key] = Chance(2) ? "1" : "2";
    }
    return selector;
  }

  bool Chance(int one_in) { return std::uniform_int_distribution<>(1, one_in)(random_) == 1; }

 private:
  void Names(const std::vector<std::string>& from,
             google::protobuf::RepeatedPtrField<std::string>& to) {
    if (Chance(2)) return;
    for (const std::string& name : from) {
      if (Chance(5)) *to.Add() = name;
    }
  }

  std::mt19937 random_;
};

// The specification in other words: the best way in which a name is picked, as text that sorts.
std::string NameRank(const google::protobuf::RepeatedPtrField<std::string>& names,
                     const std::string& name) {
  std::string best = names.empty() ? "0000" : "";
  for (const std::string& candidate : names) {
    std::string rank;
    if (candidate == name) rank = "exact";
    if (candidate.back() == '*' && name.rfind(candidate.substr(0, candidate.size() - 1), 0) == 0) {
      rank = std::to_string(10000 + candidate.size() - 1).substr(1);
    }
    best = std::max(best, rank);
  }
  return best;
}

// "" where the selector does not pick the change.
std::string Rank(const v1::Selector& selector, const v1::Change& change) {
  const std::string service = NameRank(selector.services(), change.service());
  const std::string environment = NameRank(selector.environments(), change.environment());
  bool kind = selector.change_kinds().empty();
  for (int k : selector.change_kinds()) kind = kind || k == change.kind();
  if (service.empty() || environment.empty() || !kind) return "";
  for (const auto& [key, value] : selector.labels()) {
    if (!change.labels().contains(key) || change.labels().at(key) != value) return "";
  }
  return service + "/" + environment + "/" + (selector.change_kinds().empty() ? "0" : "1") + "/" +
         std::to_string(selector.labels_size());
}

// Two selectors are refused exactly when some change of the world has no best among them, or the
// example that is shown is such a change from outside the world.
TEST(MatchTest, AmbiguousIsWhatBruteForceFinds) {
  SmallWorld world(20261127);
  const std::vector<v1::Change> changes = SmallWorld::Changes();
  int clashes = 0;
  for (int round = 0; round < 1000; ++round) {
    const v1::Selector a = world.RandomSelector();
    const v1::Selector b = world.RandomSelector();
    bool tied = false;
    for (const v1::Change& change : changes) {
      const std::string rank = Rank(a, change);
      tied = tied || (!rank.empty() && rank == Rank(b, change));
    }
    const auto clash = FindClash(a, b);
    clashes += clash.has_value();
    ASSERT_TRUE(clash || !tied) << a.ShortDebugString() << " and " << b.ShortDebugString();
    if (!clash) continue;
    ASSERT_NE(Rank(a, *clash), "") << a.ShortDebugString() << ": " << clash->ShortDebugString();
    ASSERT_EQ(Rank(a, *clash), Rank(b, *clash)) << clash->ShortDebugString();
  }
  EXPECT_GT(clashes, 30);
  EXPECT_LT(clashes, 900);
}

// In a policy without clashes at most one rule is best for any change, and MatchRule gives that
// one.
TEST(MatchTest, OneRuleIsBest) {
  SmallWorld world(42);
  const std::vector<v1::Change> changes = SmallWorld::Changes();
  int decided = 0;
  for (int round = 0; round < 100; ++round) {
    v1::Policy policy;
    for (int tries = 0; tries < 12; ++tries) {
      const v1::Selector selector = world.RandomSelector();
      bool clash = false;
      for (const v1::PolicyRule& rule : policy.rules()) {
        clash = clash || Ambiguous(rule.match(), selector);
      }
      if (!clash) *policy.add_rules()->mutable_match() = selector;
    }
    for (const v1::Change& change : changes) {
      const v1::PolicyRule* best = nullptr;
      std::string best_rank;
      for (const v1::PolicyRule& rule : policy.rules()) {
        const std::string rank = Rank(rule.match(), change);
        if (rank.empty()) continue;
        ASSERT_NE(rank, best_rank) << policy.ShortDebugString() << change.ShortDebugString();
        if (rank > best_rank) std::tie(best, best_rank) = std::pair(&rule, rank);
      }
      ASSERT_EQ(MatchRule(policy, change), best)
          << policy.ShortDebugString() << change.ShortDebugString();
      decided += best != nullptr;
    }
  }
  EXPECT_GT(decided, 10000);
}

}  // namespace
}  // namespace gate
