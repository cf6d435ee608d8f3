#include "checks/render/code_frame.h"

#include "gtest/gtest.h"

namespace gate::render {
namespace {

v1::Location At(int line, int column, int end_line, int end_column) {
  v1::Location location;
  location.set_path("a.sql");
  location.set_line(line);
  location.set_column(column);
  location.set_end_line(end_line);
  location.set_end_column(end_column);
  return location;
}

std::string Frame(const std::string& text, const v1::Location& location, int width = 60) {
  const Sources sources = {{"a.sql", text}};
  Options options;
  options.sources = &sources;
  options.width = width;
  return CodeFrame(location, Style::kRed, options);
}

TEST(CodeFrameTest, CaretsStandUnderTheRange) {
  EXPECT_EQ(Frame("BEGIN;\nDROP TABLE t;\n", At(2, 6, 2, 11)),
            "  --> a.sql:2:6\n"
            "    |\n"
            "  2 | DROP TABLE t;\n"
            "    |      ^^^^^\n");
}

TEST(CodeFrameTest, TabsAndWideCharactersShiftTheCarets) {
  EXPECT_EQ(Frame("\tDROP 表 x", At(1, 7, 1, 8)),
            "  --> a.sql:1:7\n"
            "    |\n"
            "  1 |     DROP 表 x\n"
            "    |          ^^\n");
}

TEST(CodeFrameTest, LongRangesAreCutInTheMiddle) {
  EXPECT_EQ(Frame("a\nb\nc\nd\ne\nf\ng\nh\n", At(1, 1, 8, 2)),
            "  --> a.sql:1:1\n"
            "    |\n"
            "  1 | a\n    | ^\n  2 | b\n    | ^\n  3 | c\n    | ^\n"
            "    | (3 more lines)\n"
            "  7 | g\n    | ^\n  8 | h\n    | ^\n");
}

TEST(CodeFrameTest, LongLinesAreCutAroundTheMark) {
  const std::string frame =
      Frame(std::string(200, 'a') + "X" + std::string(200, 'b'), At(1, 201, 1, 202), 40);
  for (size_t start = 0; start < frame.size();) {
    const size_t end = frame.find('\n', start);
    EXPECT_LE(end - start, 44u) << frame;  // "…" is three bytes
    start = end + 1;
  }
  const size_t mark = frame.find('X');
  ASSERT_NE(mark, std::string::npos);
  EXPECT_NE(frame.find('^'), std::string::npos);
}

TEST(CodeFrameTest, PlacesThatAreNotThereDoNoHarm) {
  EXPECT_EQ(Frame("a\n", At(7, 1, 7, 2)), "  --> a.sql:7:1\n");
  EXPECT_EQ(Frame("a\n", At(0, 0, 0, 0)), "  --> a.sql\n");
  EXPECT_EQ(Frame("a", At(1, 2, 1, 3)), "  --> a.sql:1:2\n    |\n  1 | a\n    |  ^\n");
  EXPECT_FALSE(Frame("a\xff\x1b[2J", At(1, 1, 1, 2)).empty());
  EXPECT_EQ(Frame("a\xff\x1b[2J", At(1, 1, 1, 2)).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace gate::render
