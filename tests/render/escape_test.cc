#include "checks/render/escape.h"

#include "checks/render/paint.h"
#include "gtest/gtest.h"

namespace gate::render {
namespace {

struct Case {
  const char* what;
  std::string (*escape)(std::string_view);
  std::string_view text;
  std::string_view expected;
};

// One table: what each format must not let through.
const Case kCases[] = {
    {"terminal: escape sequences are shown", EscapeTerminal, "\x1b[2Jdone", "\\u{1b}[2Jdone"},
    {"terminal: eight-bit controls too", EscapeTerminal,
     "a\xc2\x9b"
     "2Jb",
     "a\\u{9b}2Jb"},
    {"terminal: right-to-left override", EscapeTerminal,
     "a\xe2\x80\xae"
     "b",
     "a\\u{202e}b"},
    {"terminal: CRLF is a line feed", EscapeTerminal, "a\r\nb", "a\nb"},
    {"terminal: a lone CR would overwrite the line", EscapeTerminal, "safe\rx", "safe\\u{d}x"},
    {"terminal line: one line", EscapeTerminalLine, "a\nb\tc", "a b c"},
    {"not UTF-8: stray byte", ValidUtf8,
     "a\xff"
     "b",
     "a\xef\xbf\xbd"
     "b"},
    {"not UTF-8: overlong slash", ValidUtf8, "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"not UTF-8: overlong of three bytes", ValidUtf8, "\xe0\x80\xaf",
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"not UTF-8: surrogate", ValidUtf8, "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"not UTF-8: cut short", ValidUtf8, "x\xe2\x82", "x\xef\xbf\xbd\xef\xbf\xbd"},
    {"UTF-8 stays", ValidUtf8, "größer ≥ 😀", "größer ≥ 😀"},
    {"xml: markup", EscapeXml, "<a b=\"c\">&'</a>", "&lt;a b=&quot;c&quot;&gt;&amp;'&lt;/a&gt;"},
    {"xml: what XML cannot hold", EscapeXml, std::string_view("a\0\x1b", 3),
     "a\xef\xbf\xbd\xef\xbf\xbd"},
    {"xml: line feeds survive in attributes", EscapeXml, "a\nb", "a&#10;b"},
    {"github message: a line feed would end it", EscapeGithubMessage, "50%\n::error::x",
     "50%25%0A::error::x"},
    {"github property: colon and comma", EscapeGithubProperty, "a:b,c%\r\n", "a%3Ab%2Cc%25%0D%0A"},
    {"markdown: cells and markup", EscapeMarkdown, "a|b *c* <img> `d`\n@me",
     "a\\|b \\*c\\* &lt;img&gt; \\`d\\` &#64;me"},
    {"uri: relative, encoded", EscapeUriPath, "./db/a b%20#.sql", "db/a%20b%2520%23.sql"},
    {"uri: never absolute", EscapeUriPath, "/etc/x", "etc/x"},
};

TEST(EscapeTest, EachFormatKeepsWhatItMustNotLetThrough) {
  for (const Case& c : kCases) EXPECT_EQ(c.escape(c.text), c.expected) << c.what;
}

TEST(EscapeTest, AFenceIsLongerThanAnyInTheText) {
  EXPECT_EQ(MarkdownCodeBlock("sql", "SELECT 1;"), "```sql\nSELECT 1;\n```\n");
  EXPECT_EQ(MarkdownCodeBlock("", "a\n````\nb"), "`````\na\n````\nb\n`````\n");
}

TEST(EscapeTest, WidthIsThatOfTheTerminal) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1);  // e and a combining acute
  EXPECT_EQ(DisplayWidth("日本"), 4);
  EXPECT_EQ(Clip("日本語", 5, true), "日本…");
  EXPECT_EQ(Clip("abcdef", 5, false), "ab...");
}

TEST(PaintTest, WrapsAtBlanksAndLeavesCodeWhole) {
  EXPECT_EQ(Wrap("one two three four five", 2, 22), "  one two three four\n  five\n");
  EXPECT_EQ(Wrap("  ALTER TABLE a_very_long_table_name", 0, 20),
            "  ALTER TABLE a_very_long_table_name\n");
}

}  // namespace
}  // namespace gate::render
