#include "checks/render/source_text.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gate::render {
namespace {

std::vector<std::string_view> LinesOf(const SourceText& text) {
  std::vector<std::string_view> lines;
  for (int number = 1; number <= text.lines(); ++number) lines.push_back(text.Line(number));
  return lines;
}

TEST(SourceTextTest, LinesComeWithoutTheirEnds) {
  EXPECT_THAT(LinesOf(SourceText()), testing::ElementsAre(""));
  EXPECT_THAT(LinesOf(std::string("a")), testing::ElementsAre("a"));
  EXPECT_THAT(LinesOf(std::string("a\nb\n")), testing::ElementsAre("a", "b", ""));
  EXPECT_THAT(LinesOf(std::string("a\r\n\r\n\rb")), testing::ElementsAre("a", "", "\rb"));
  EXPECT_THAT(LinesOf(std::string("\n\n")), testing::ElementsAre("", "", ""));
}

TEST(SourceTextTest, ACopyHasItsOwnText) {
  SourceText copy;
  {
    const SourceText text(std::string("first\nsecond"));
    copy = text;
  }
  EXPECT_EQ(copy.Line(2), "second");
}

}  // namespace
}  // namespace gate::render
