// One report of each dialect, in the shape in which its tool writes it, and what is read from it;
// what is refused; and how large and deep a report may be.
#include "checks/qa/junit.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "checks/proto_time.h"
#include "checks/qa/junit_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace gate::qa {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Written(const v1::QaCase& one) {
  std::string line = v1::QaOutcome_Name(one.outcome()).substr(sizeof("QA_OUTCOME"));
  line.resize(8, ' ');
  absl::StrAppend(&line, one.name());
  if (!one.key().empty()) absl::StrAppend(&line, "  key ", one.key());
  if (one.tickets_size() > 0) absl::StrAppend(&line, "  for ", absl::StrJoin(one.tickets(), ", "));
  if (!one.message().empty()) absl::StrAppend(&line, "  | ", one.message());
  return line + "\n";
}

// All that was read, as a person reads it.
std::string Written(const JunitReport& report) {
  std::string text;
  for (const JunitIssue& error : report.errors) {
    absl::StrAppend(&text, "refused: ", error.ToString(), "\n");
  }
  if (!report.errors.empty()) return text;
  if (report.finished_at) absl::StrAppend(&text, "finished ", Rfc3339(*report.finished_at), "\n");
  if (report.finished_by_clock) {
    absl::StrAppend(&text, "finished ", Rfc3339(*report.finished_by_clock), " by some clock\n");
  }
  if (!report.platform.empty()) absl::StrAppend(&text, "platform ", report.platform, "\n");
  if (!report.build.empty()) absl::StrAppend(&text, "build ", report.build, "\n");
  for (const JunitIssue& remark : report.remarks) {
    absl::StrAppend(&text, "remark: ", remark.ToString(), "\n");
  }
  CaseCounts counts;
  for (const v1::QaCase& one : report.cases) {
    absl::StrAppend(&text, Written(one));
    counts.Add(one.outcome());
  }
  const std::string why = WhyNoEvidence(counts);
  if (!why.empty()) absl::StrAppend(&text, "no evidence: ", why, "\n");
  return text;
}

TEST(Junit, EachDialectIsReadAsItsToolMeansIt) {
  for (const std::string& path : testing::GoldenFiles("golden/junit", ".xml")) {
    const JunitReport report = ReadJunit(testing::ReadFile(path));
    EXPECT_TRUE(
        testing::MatchesGolden(testing::GoldenFor(path, ".xml", ".cases"), Written(report)));
    EXPECT_EQ(path.find("refused_") != path.npos, !report.errors.empty()) << path;
  }
  EXPECT_TRUE(testing::NoStrayGoldens("golden/junit", std::vector<std::string>{".xml", ".cases"}));
}

// A report that is cut anywhere is refused: it never shows fewer cases than there are.
TEST(Junit, WhatIsCutShortAnywhereIsRefused) {
  for (const std::string& path : testing::GoldenFiles("golden/junit", ".xml")) {
    if (path.find("refused_") != path.npos) continue;
    const std::string whole = testing::ReadFile(path);
    const size_t end = whole.rfind('>');
    for (size_t size = 0; size <= end; ++size) {
      const JunitReport report = ReadJunit(std::string_view(whole).substr(0, size));
      ASSERT_THAT(report.errors, Not(IsEmpty())) << path << " up to byte " << size;
    }
  }
}

std::string Cases(int count, std::string_view content = "") {
  std::string xml = absl::StrCat("<testsuite name=\"s\" tests=\"", count, "\">\n");
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&xml, "<testcase classname=\"c\" name=\"n", i, "\">", std::string(content),
                    "</testcase>\n");
  }
  return xml + "</testsuite>\n";
}

TEST(Junit, AsManyCasesAsThereMayBe) {
  const JunitReport most = ReadJunit(Cases(kMaxCases, "<failure message='m'>text</failure>"));
  ASSERT_THAT(most.errors, IsEmpty()) << most.errors.front().ToString();
  EXPECT_THAT(most.cases, SizeIs(kMaxCases));
  const JunitReport more = ReadJunit(Cases(kMaxCases + 1));
  ASSERT_THAT(more.errors, SizeIs(1));
  EXPECT_EQ(more.errors.front().ToString(),
            "line 200002: has more than 200000 cases: report it in parts");
}

TEST(Junit, WhatIsTooLargeOrTooDeepIsRefused) {
  const auto refusal = [](const std::string& xml) {
    const JunitReport report = ReadJunit(xml);
    return report.errors.empty() ? "" : report.errors.front().ToString();
  };
  EXPECT_EQ(refusal(std::string(kMaxJunitBytes + 1, ' ')), "has 32 MiB; at most 32 MiB are read");
  std::string tags;
  for (int i = 0; i < 4'000'000; ++i) tags += "<a/>";
  EXPECT_EQ(refusal("<testsuite>" + tags + "</testsuite>"), "has more than 4000000 tags");
  std::string deep, end;
  for (int i = 0; i < 1'000'000; ++i) {
    deep += "<testsuite>";
    end += "</testsuite>";
  }
  EXPECT_EQ(refusal(deep + "<testcase name='x'/>" + end),
            "line 1: suites are nested more than 1000 deep");
  // Within a case nobody looks that deep.
  std::string blocks, ends;
  for (int i = 0; i < 1'000'000; ++i) {
    blocks += "<b>";
    ends += "</b>";
  }
  EXPECT_THAT(
      ReadJunit("<testsuite><testcase name='x'>" + blocks + ends + "</testcase></testsuite>").cases,
      SizeIs(1));
  std::string attributes;
  for (int i = 0; i < 300'000; ++i) absl::StrAppend(&attributes, " a", i, "=''");
  EXPECT_THAT(ReadJunit("<testsuite><testcase name='x'" + attributes + "/></testsuite>").cases,
              SizeIs(1));
  EXPECT_THAT(refusal(absl::StrCat("<testsuite>\n", absl::string_view("\0", 1), "</testsuite>")),
              HasSubstr("line 2: holds a NUL byte"));
}

TEST(Junit, EntitiesAreNotExpandedAndBytesThatAreNoTextAreReplaced) {
  const JunitReport report =
      ReadJunit("<testsuite><testcase name='&lt;a&gt; &b; \xff\xc3('/></testsuite>");
  ASSERT_THAT(report.cases, SizeIs(1));
  EXPECT_EQ(report.cases[0].name(), "<a> &b; \xEF\xBF\xBD\xEF\xBF\xBD(");
}

TEST(Junit, LongTextsAreCutBetweenCharacters) {
  std::string name;
  for (int i = 0; i < 600; ++i) name += "ä";
  const JunitReport report =
      ReadJunit(absl::StrCat("<testsuite><testcase name='x", name, "'><failure message='", name,
                             "'/></testcase></testsuite>"));
  ASSERT_THAT(report.cases, SizeIs(1));
  EXPECT_EQ(report.cases[0].name().size(), 1023u);
  EXPECT_EQ(report.cases[0].message().size(), 512u);
  ASSERT_THAT(report.remarks, SizeIs(1));
  EXPECT_THAT(report.remarks[0].message, HasSubstr("longer than 1024 bytes"));
}

TEST(JunitText, SecondsHaveManyForms) {
  EXPECT_EQ(ReadSeconds("1.5"), absl::Seconds(1.5));
  EXPECT_EQ(ReadSeconds("0,5"), absl::Seconds(0.5));
  EXPECT_EQ(ReadSeconds("1,234.5"), absl::Seconds(1234.5));
  EXPECT_EQ(ReadSeconds("1.234,5"), absl::Seconds(1234.5));
  EXPECT_EQ(ReadSeconds("0."), absl::ZeroDuration());
  for (const char* none : {"", "-1", "nan", "inf", "1e9", "fast", ",", "."}) {
    EXPECT_EQ(ReadSeconds(none), absl::ZeroDuration()) << none;
  }
}

TEST(JunitText, TimestampsWithAndWithoutAZone) {
  const auto read = [](std::string_view text) {
    const auto read = ReadTimestamp(text);
    return read ? absl::StrCat(Rfc3339(read->time), read->has_zone ? "" : " by a clock") : "none";
  };
  EXPECT_EQ(read("2026-11-20T10:00:00Z"), "2026-11-20T10:00:00Z");
  EXPECT_EQ(read("2026-11-20T10:00:00.123+01:00"), "2026-11-20T09:00:00Z");
  EXPECT_EQ(read("2026-11-20 10:00:00 -0800"), "2026-11-20T18:00:00Z");
  EXPECT_EQ(read("2026-11-20T10:00:00,5"), "2026-11-20T10:00:00Z by a clock");
  EXPECT_EQ(read("2026-11-20 10:00:00"), "2026-11-20T10:00:00Z by a clock");
  for (const char* none : {"", "infinite-future", "now", "2026-13-20T10:00:00Z", "20.11.2026",
                           "0001-01-01T00:00:00Z", "1795176000"}) {
    EXPECT_EQ(read(none), "none") << none;
  }
}

TEST(JunitText, TestRailIdsAreInBrackets) {
  EXPECT_EQ(TestRailId("[C12] assigns"), "C12");
  EXPECT_EQ(TestRailId("assigns [Chrome] [C12]"), "C12");
  for (const char* none : {"C12 assigns", "[C] x", "[C12", "[C1x]", "[c12]", ""}) {
    EXPECT_EQ(TestRailId(none), "") << none;
  }
}

}  // namespace
}  // namespace gate::qa
