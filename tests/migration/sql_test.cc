// From text to statements: what is refused, where statements end, and where things are.
#include <string>
#include <vector>

#include "checks/migration/sql/parse.h"
#include "checks/migration/sql/split.h"
#include "checks/migration/sql/text.h"
#include "gtest/gtest.h"

namespace gate::migration {
namespace {

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> pieces;
  Splitter splitter(text, {0, static_cast<uint32_t>(text.size())});
  for (Piece piece = splitter.Next(); piece.kind != Piece::Kind::kEnd; piece = splitter.Next()) {
    const char* kinds = "?S\\D";
    pieces.push_back(kinds[static_cast<int>(piece.kind)] +
                     (" " + std::string(Slice(text, piece.span))));
  }
  return pieces;
}

struct SplitCase {
  const char* what;
  std::string text;
  std::vector<std::string> pieces;
};

class SplitTest : public ::testing::TestWithParam<SplitCase> {};
TEST_P(SplitTest, CutsWherePostgresDoes) { EXPECT_EQ(Split(GetParam().text), GetParam().pieces); }
INSTANTIATE_TEST_SUITE_P(
    Texts, SplitTest,
    ::testing::ValuesIn(std::vector<SplitCase>{
        {"Nothing", " ;; -- ;\n/* ; */", {}},
        {"Two", "SELECT 1; SELECT 2", {"S SELECT 1", "S SELECT 2"}},
        {"Strings", "SELECT 'a;''b';SELECT 2", {"S SELECT 'a;''b'", "S SELECT 2"}},
        {"StandardStringsHaveNoEscapes",
         R"(SELECT 'a\'; SELECT 2)",
         {R"(S SELECT 'a\')", "S SELECT 2"}},
        {"EscapeStrings", R"(SELECT E'a\';'; SELECT 2)", {R"(S SELECT E'a\';')", "S SELECT 2"}},
        {"ContinuedEscapeStrings",
         "SELECT E'a'\n'\\';'; SELECT 2",
         {"S SELECT E'a'\n'\\';'", "S SELECT 2"}},
        {"QuotedNames", R"(SELECT ";"";" ; SELECT 2)", {R"(S SELECT ";"";")", "S SELECT 2"}},
        {"DollarQuotes", "DO $a$ ; $$ ; $a$; SELECT $1", {"S DO $a$ ; $$ ; $a$", "S SELECT $1"}},
        {"DollarInNames", "SELECT a$b$; SELECT 2", {"S SELECT a$b$", "S SELECT 2"}},
        {"NestedComments",
         "SELECT /* ; /* ; */ ; */ 1; SELECT 2",
         {"S SELECT /* ; /* ; */ ; */ 1", "S SELECT 2"}},
        {"CreateRule",
         "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
         {"S CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "S SELECT 3"}},
        {"OpenParenthesisHidesNothing",
         "SELECT (1; DROP TABLE a",
         {"S SELECT (1", "S DROP TABLE a"}},
        {"BeginAtomic",
         "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END; "
         "SELECT 2",
         {"S CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END",
          "S SELECT 2"}},
        {"Transactions", "BEGIN; SELECT 1; END;", {"S BEGIN", "S SELECT 1", "S END"}},
        {"MetaCommands",
         "\\i a.sql\r\nSELECT 1 \\gexec\nSELECT 2;",
         {"\\ \\i a.sql", "S SELECT 1", "\\ \\gexec", "S SELECT 2"}},
        {"CopyData",
         "COPY t FROM STDIN;\n1\t'a\n\\.\nSELECT 1;",
         {"S COPY t FROM STDIN", "D 1\t'a\n\\.", "S SELECT 1"}},
        {"CopyDataWithoutEnd",
         "COPY t (a) FROM stdin WITH CSV;\n1,'a\n;",
         {"S COPY t (a) FROM stdin WITH CSV", "D 1,'a\n;"}},
        {"CopyAndMoreInItsLine",
         "COPY t FROM STDIN; DROP TABLE u;\n1\n\\.\nSELECT 1;",
         {"S COPY t FROM STDIN", "S DROP TABLE u", "D 1\n\\.", "S SELECT 1"}},
        {"CopyTwiceInALine",
         "COPY t FROM STDIN; COPY u FROM STDIN; -- both\n1\n\\.\n2\n\\.\nSELECT 1;",
         {"S COPY t FROM STDIN", "S COPY u FROM STDIN", "D 1\n\\.", "D 2\n\\.", "S SELECT 1"}},
        {"CopyAndTheBeginOfMoreInItsLine",
         "COPY t FROM STDIN; DROP TABLE\n1\n\\.\nu;",
         {"S COPY t FROM STDIN", "S DROP TABLE", "D 1\n\\.", "S u"}},
        {"CopyOfNothing", "COPY t FROM STDIN;\n", {"S COPY t FROM STDIN"}},
        {"CopyFromFile", "COPY t FROM 'stdin'; SELECT 1", {"S COPY t FROM 'stdin'", "S SELECT 1"}},
        {"NeverClosed", "SELECT 1; SELECT 'a; SELECT 2", {"S SELECT 1", "S SELECT 'a; SELECT 2"}},
        {"CommentNeverClosed", "SELECT 1; /* DROP TABLE a;", {"S SELECT 1", "S /* DROP TABLE a;"}},
    }),
    [](const auto& info) { return info.param.what; });

TEST(TextTest, RefusesWhatTheParserWouldNotSee) {
  struct Case {
    std::string text;
    int64_t offset;  // -1: fine
  };
  const std::vector<Case> cases = {
      {"SELECT 'größe 🐘'", -1},
      {std::string("a\0b", 3), 1},
      {"ab\xE9 c", 2},
      {"\xC0\xAF", 0},
      {"\xED\xA0\x80", 0},
      {"a\xF4\x90\x80\x80", 1},
      {"\xE2\x82", 0},
      {"\xF0\x9F\x90", 0},
      {"\x80", 0},
      {std::string(kMaxTextBytes, ' '), -1},
      {std::string(kMaxTextBytes + 1, ' '), 0},
  };
  for (const Case& each : cases) {
    const std::optional<TextFlaw> flaw = FindFlaw(each.text);
    EXPECT_EQ(flaw ? static_cast<int64_t>(flaw->offset) : -1, each.offset)
        << each.text.substr(0, 20);
  }
  EXPECT_EQ(WithoutByteOrderMark("\xEF\xBB\xBFSELECT"), "SELECT");
}

TEST(PlacesTest, CountsCodePointsAlsoOnLongLines) {
  std::string text = "aä🐘b\n\r\n";
  for (int i = 0; i < 5000; ++i) text += "ü";
  text += "x";
  const Places places(text);
  const auto at = [&](size_t offset) {
    const Places::Place place = places.At(static_cast<uint32_t>(offset));
    return std::pair(place.line, place.column);
  };
  EXPECT_EQ(at(0), std::pair(1, 1));
  EXPECT_EQ(at(text.find('b')), std::pair(1, 4));
  EXPECT_EQ(at(text.find('\r')), std::pair(2, 1));
  EXPECT_EQ(at(text.find('x')), std::pair(3, 5001));
  EXPECT_EQ(at(text.size() + 7), std::pair(3, 5002));
}

TEST(ParseTest, PointsAtTheByteOfAnErrorBehindOtherScripts) {
  const std::string text = "SELECT 'größe 🐘' form t";
  Statement statement;
  const std::optional<SyntaxError> error =
      Parse(text, {0, static_cast<uint32_t>(text.size())}, statement);
  ASSERT_TRUE(error);
  EXPECT_EQ(text.substr(error->offset), "t");
  EXPECT_EQ(error->message, "syntax error at or near \"t\"");
}

TEST(ParseTest, QuotesNamesWhereTheyNeedIt) {
  EXPECT_EQ(Quoted("orders_2"), "orders_2");
  EXPECT_EQ(Quoted("Orders"), "\"Orders\"");
  EXPECT_EQ(Quoted("order"), "\"order\"");
  EXPECT_EQ(Quoted("2a"), "\"2a\"");
  EXPECT_EQ(Quoted("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted(Name{"shop", "user"}), "shop.\"user\"");
}

}  // namespace
}  // namespace gate::migration
