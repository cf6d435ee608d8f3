#include "checks/policy/suggest.h"

#include <vector>

#include "gtest/gtest.h"

namespace gate {
namespace {

struct Case {
  const char* word;
  const char* nearest;
};

TEST(SuggestTest, FindsSlipsOfTheKey) {
  const std::vector<std::string_view> kKnown = {"canary", "freeze", "migration", "ok",
                                                "America/New_York"};
  const Case kCases[] = {
      {"canery", "canary"},
      {"canry", "canary"},
      {"canaryy", "canary"},
      {"acnary", "canary"},
      {"CANARY", "canary"},
      {"freez", "freeze"},
      {"migrations", "migration"},
      {"migratoin", "migration"},
      {"America/NewYork", "America/New_York"},
      {"rollback", ""},
      {"", ""},
      {"zz", ""},
      {"o", "ok"},
      {"cafeteria", ""},
  };
  for (const Case& c : kCases) EXPECT_EQ(Nearest(c.word, kKnown), c.nearest) << c.word;
  EXPECT_EQ(DidYouMean("canery", kKnown), "; did you mean \"canary\"?");
  EXPECT_EQ(DidYouMean("rollback", kKnown), "");
}

TEST(SuggestTest, QuotesOnOneLine) {
  EXPECT_EQ(Quoted("a\nb\x01"), "\"a\\nb\\x01\"");
  EXPECT_EQ(Quoted(std::string(100, 'x')), "\"" + std::string(60, 'x') + "…\"");
  EXPECT_EQ(Quoted(std::string(59, 'x') + "üü"), "\"" + std::string(59, 'x') + "…\"");
}

}  // namespace
}  // namespace gate
