#include "checks/tickets/ticket_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Found(const std::string& text,
                               const std::vector<std::string>& patterns = {}) {
  const absl::StatusOr<TicketFinder> finder = TicketFinder::Make(patterns);
  EXPECT_TRUE(finder.ok()) << finder.status();
  return finder->Find(text);
}

TEST(TicketFinder, TheUsualFormIsFoundWithoutPatterns) {
  EXPECT_THAT(Found("TASKS-118: new list (TASKS-9, TASKS-118)"),
              ElementsAre("TASKS-118", "TASKS-9"));
  EXPECT_THAT(Found("UTF-8, RFC-822 and SHA-256 are standards"), IsEmpty());
  EXPECT_THAT(Found("tasks-118 XTASKS T-1"), IsEmpty());
  EXPECT_THAT(Found(""), IsEmpty());
}

TEST(TicketFinder, PatternsReplaceIt) {
  EXPECT_THAT(Found("gh#12 TASKS-1 UTF-8", {"gh#[0-9]+", "UTF-[0-9]"}),
              ElementsAre("gh#12", "UTF-8"));
  // One that matches nothing at all names nothing, and ends.
  EXPECT_THAT(Found("aaa", {"x*"}), IsEmpty());
}

TEST(TicketFinder, AWrongPatternIsNamed) {
  const absl::StatusOr<TicketFinder> finder = TicketFinder::Make({"ok", "gh("});
  EXPECT_EQ(finder.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(finder.status().message()), HasSubstr("ticket_patterns: \"gh(\""));
}

TEST(TicketKey, IsShortAndOfPlainCharacters) {
  for (const char* key : {"TASKS-118", "#12", "proj/77", "a.b_c"}) EXPECT_TRUE(IsTicketKey(key));
  for (const std::string& key : {std::string(), std::string("a b"), std::string("a\n"),
                                 std::string("caf\xc3\xa9"), std::string(129, 'a')}) {
    EXPECT_FALSE(IsTicketKey(key)) << key;
  }
}

}  // namespace
}  // namespace gate
