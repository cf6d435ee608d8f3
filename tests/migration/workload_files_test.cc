// Workloads as the tools write them, and what is said of files that are none.
#include "checks/migration/workload_files.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/migration/workload.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

struct Case {
  const char* what;
  WorkloadFile file;
  // "sql @origin rate" a line, or "path:line: what".
  std::string read;
};

std::string Read(const WorkloadFile& file) {
  const ParsedWorkload parsed = ParseWorkload({&file, 1});
  if (parsed.issue) {
    EXPECT_TRUE(parsed.statements.empty());
    EXPECT_FALSE(parsed.issue->help.empty());
    return absl::StrCat(parsed.issue->path, ":", parsed.issue->line, ": ", parsed.issue->what);
  }
  std::string text;
  for (const v1::WorkloadStatement& statement : parsed.statements) {
    absl::StrAppendFormat(&text, "%s @%s %g\n", statement.sql(), statement.origin(),
                          statement.calls_per_hour());
  }
  return text;
}

const absl::Time kNoon = absl::FromUnixSeconds(1'795'262'400);  // 2026-11-21 12:00 UTC

class WorkloadFileTest : public ::testing::TestWithParam<Case> {};
TEST_P(WorkloadFileTest, IsReadAsItsToolWroteIt) {
  EXPECT_EQ(Read(GetParam().file), GetParam().read);
}

INSTANTIATE_TEST_SUITE_P(
    Files, WorkloadFileTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"Statements",
         {"app.sql", "-- first\nSELECT 1;\n\nSELECT ';' -- in the middle\nFROM t;\nSELECT 2"},
         "SELECT 1 @app.sql 0\nSELECT ';' -- in the middle\nFROM t @app.sql 0\nSELECT 2 @app.sql "
         "0\n"},
        {"PsqlCsv",
         {"pgss.csv",
          "query,calls,toplevel\n\"SELECT id, note\nFROM orders WHERE note = \"\"x\"\"\",12,t\n"
          "SELECT $1,3,f\n"},
         "SELECT id, note\nFROM orders WHERE note = \"x\" @pg_stat_statements 0\n"
         "SELECT $1 @pg_stat_statements, inside of a function 0\n"},
        {"CsvByItsHeader",
         {"dump.txt", "userid,query,calls_per_hour\r\n10,SELECT 1,2.5\r\n"},
         "SELECT 1 @pg_stat_statements 2.5\n"},
        {"CsvWithStatsSince",
         {"pgss.csv",
          "query,calls,stats_since\nSELECT 1,100,2026-11-21 10:00:00.5+00\nSELECT 2,100,\n", kNoon},
         "SELECT 1 @pg_stat_statements 50.0035\nSELECT 2 @pg_stat_statements 0\n"},
        {"CountedForEachUser",
         {"pgss.csv", "query,calls_per_hour\nSELECT 1,2\nSELECT 2,1\nSELECT 1,3\n"},
         "SELECT 1 @pg_stat_statements 5\nSELECT 2 @pg_stat_statements 1\n"},
        {"JsonLines",
         {"pgss.jsonl",
          "{\"query\":\"SELECT 1\",\"calls\":7,\"toplevel\":true}\n\n{\"query\":\"SELECT "
          "2\",\"calls_per_hour\":7}\n"},
         "SELECT 1 @pg_stat_statements 0\nSELECT 2 @pg_stat_statements 7\n"},
        {"JsonArray",
         {"pgss.json",
          " [{\"query\":\"SELECT 1\",\"calls\":60,\"stats_since\":\"2026-11-21T11:00:00+00:00\"},\n"
          "  {\"query\":\"SELECT 2\"}]",
          kNoon},
         "SELECT 1 @pg_stat_statements 60\nSELECT 2 @pg_stat_statements 0\n"},
        {"Sqlx",
         {".sqlx/query-3f.json",
          "{\n  \"db_name\": \"PostgreSQL\",\n  \"query\": \"SELECT id FROM orders WHERE id = "
          "$1\",\n  \"describe\": {\"columns\": [], \"parameters\": {\"Left\": [\"Int4\"]}, "
          "\"nullable\": []},\n  \"hash\": \"3f\"\n}\n"},
         "SELECT id FROM orders WHERE id = $1 @.sqlx/query-3f.json 0\n"},
        {"SqlxData",
         {"sqlx-data.json",
          "{\"db\": \"PostgreSQL\", \"3f\": {\"describe\": {}, \"query\": \"SELECT 1\"}}"},
         "SELECT 1 @sqlx-data.json#3f 0\n"},
        {"SqlcQueries",
         {"query.sql",
          "-- name: GetOrder :one\nSELECT * FROM orders\nWHERE id = @id AND note = "
          "sqlc.narg('note');\n\n-- name: Tags :many\nSELECT tags @> $1 FROM orders;\n"},
         "SELECT * FROM orders\nWHERE id = $1 AND note = $2 @query.sql: GetOrder 0\n"
         "SELECT tags @> $1 FROM orders @query.sql: Tags 0\n"},
        {"SqlcManifest",
         {"codegen.json",
          "{\"settings\": {}, \"queries\": [{\"text\": \"SELECT 1\", \"name\": \"One\", \"cmd\": "
          "\":one\"}]}"},
         "SELECT 1 @codegen.json: One 0\n"},
        {"ByteOrderMark", {"app.sql", "\xEF\xBB\xBFSELECT 1;"}, "SELECT 1 @app.sql 0\n"},
        {"OtherSqlAtSigns",
         {"app.sql", "SELECT @x, a @@ b FROM t;"},
         "SELECT @x, a @@ b FROM t @app.sql 0\n"},

        {"Empty", {"app.sql", " \n"}, "app.sql:1: there is no statement in it"},
        {"OnlyComments", {"app.sql", "-- nothing\n"}, "app.sql:1: there is no statement in it"},
        {"NoQueryColumn",
         {"pgss.csv", "userid,calls\n1,2\n"},
         "pgss.csv:1: the first line names no column \"query\""},
        {"FieldsMissing",
         {"pgss.csv", "query,calls\n\"SELECT\n1\",2\nSELECT 2\n"},
         "pgss.csv:4: 1 fields, but the first line names 2"},
        {"QuoteNotClosed",
         {"pgss.csv", "query,calls\n\"SELECT 1,2\n"},
         "pgss.csv:2: a quote that opens here is never closed"},
        {"CallsAreNoNumber",
         {"pgss.csv", "query,calls\nSELECT 1,many\n"},
         "pgss.csv:2: calls is no number: many"},
        {"NegativeRate",
         {"pgss.csv", "query,calls_per_hour\nSELECT 1,-1\n"},
         "pgss.csv:2: calls_per_hour is no number: -1"},
        {"NoJson",
         {"x.json", "{\n \"query\": \"SELECT 1\"\n"},
         "x.json:3: not JSON: parse error at line 3, column 1: syntax error while parsing object - "
         "unexpected end of input; expected '}'"},
        {"NoJsonInALine",
         {"x.jsonl", "{\"query\":\"SELECT 1\"}\n{\"query\":\n"},
         "x.jsonl:2: not JSON: parse error at line 1, column 10: syntax error while parsing value "
         "- "
         "unexpected end of input; expected '[', '{', or a literal"},
        {"OtherJson",
         {"package.json", "{\"name\": \"x\"}"},
         "package.json:1: an object without \"query\""},
        {"ArrayOfNumbers", {"x.json", "[1]"}, "x.json:1: an object without \"query\""},
        {"Latin1",
         {"app.sql", "SELECT 1;\nSELECT '\xE9';"},
         "app.sql:2: byte 0xE9 is not UTF-8 (is the file in another encoding?)"},
        {"DeepJson",
         {"x.json", std::string(100'000, '[')},
         "x.json:1: not JSON: parse error at line 1, column 100001: syntax error while parsing "
         "value "
         "- unexpected end of input; expected '[', '{', or a literal"},
    }),
    [](const auto& info) { return info.param.what; });

// What only psql understands, and a text that the server hides, are kept: as lost coverage.
TEST(WorkloadFilesTest, WhatIsNoStatementIsNotLeftOut) {
  const WorkloadFile files[] = {{"a.sql", "\\i other.sql\nSELECT 1;"},
                                {"b.csv", "query,calls\n<insufficient privilege>,1\n,2\n"}};
  const ParsedWorkload parsed = ParseWorkload(files);
  ASSERT_FALSE(parsed.issue);
  const migration::Workload workload(parsed.statements);
  EXPECT_EQ(workload.size(), 4u);
  EXPECT_EQ(workload.lost().size(), 3u);
}

TEST(WorkloadFilesTest, FilesAreReadInTheirOrder) {
  const WorkloadFile files[] = {{"a.sql", "SELECT 1;"}, {"b.csv", "query,calls\nSELECT 2,1\n"}};
  const ParsedWorkload parsed = ParseWorkload(files);
  ASSERT_EQ(parsed.statements.size(), 2u);
  EXPECT_EQ(parsed.statements[1].sql(), "SELECT 2");
  EXPECT_TRUE(ParseWorkload({}).issue);
}

// From when to when, without loss, and of which versions: what makes absence evidence.
TEST(WorkloadFilesTest, ARecordingSaysWhatItCovers) {
  const WorkloadFile file{
      "recording.json",
      R"({"recorded_since": "2026-11-20 12:00:00.5+00", "recorded_until": "2026-11-21T12:00:00Z",
          "complete": true, "versions": ["7", "8"], "statements": [
          {"query": "SELECT 1", "calls": 48, "toplevel": true, "last_seen": "2026-11-21T11:00:00Z"},
          {"query": "SELECT 2", "calls": 24, "last_seen": "2026-11-21T10:00:00Z"},
          {"query": "SELECT 2", "calls": 0, "last_seen": "2026-11-21T11:30:00Z"},
          {"query": "SELECT 3", "last_seen": "2026-11-21T10:00:00Z"}, {"query": "SELECT 3"}]})"};
  const ParsedWorkload parsed = ParseWorkload({&file, 1});
  ASSERT_FALSE(parsed.issue) << parsed.issue->what;
  ASSERT_TRUE(parsed.coverage);
  EXPECT_EQ(parsed.coverage->recorded_until().seconds(), absl::ToUnixSeconds(kNoon));
  EXPECT_EQ(parsed.coverage->recorded_since().seconds(),
            absl::ToUnixSeconds(kNoon - absl::Hours(24)));
  EXPECT_TRUE(parsed.coverage->complete());
  EXPECT_EQ(parsed.coverage->versions_size(), 2);
  ASSERT_EQ(parsed.statements.size(), 3u);
  EXPECT_NEAR(parsed.statements[0].calls_per_hour(), 2, 0.01);
  EXPECT_EQ(parsed.statements[0].last_seen().seconds(),
            absl::ToUnixSeconds(kNoon - absl::Hours(1)));
  EXPECT_EQ(parsed.statements[1].last_seen().seconds(),
            absl::ToUnixSeconds(kNoon - absl::Minutes(30)));
  EXPECT_FALSE(parsed.statements[2].has_last_seen());

  const WorkloadFile shorter{
      "other.json",
      R"({"recorded_since": "2026-11-21T00:00:00Z", "recorded_until": "2026-11-21T13:00:00Z",
          "statements": [{"query": "SELECT 4"}]})"};
  const WorkloadFile both[] = {file, shorter};
  const ParsedWorkload all = ParseWorkload(both);
  ASSERT_TRUE(all.coverage);
  EXPECT_EQ(all.coverage->recorded_since().seconds(), absl::ToUnixSeconds(kNoon - absl::Hours(12)));
  EXPECT_EQ(all.coverage->recorded_until().seconds(), absl::ToUnixSeconds(kNoon));
  EXPECT_FALSE(all.coverage->complete());
}

TEST(WorkloadFilesTest, ARecordingThatSaysNoTimesIsNone) {
  for (const char* text :
       {R"({"recorded_since": "yesterday", "recorded_until": "2026-11-21T12:00:00Z",
            "statements": []})",
        R"({"recorded_since": "2026-11-21T12:00:00Z", "statements": []})",
        R"({"recorded_since": "2026-11-21T12:00:00Z", "recorded_until": "2026-11-20T12:00:00Z",
            "statements": []})",
        R"({"recorded_since": "2026-11-20T12:00:00Z", "recorded_until": "2026-11-21T12:00:00Z"})",
        R"({"recorded_since": "2026-11-20T12:00:00Z", "recorded_until": "2026-11-21T12:00:00Z",
            "statements": [{"calls": 1}]})",
        R"({"recorded_since": "2026-11-20T12:00:00Z", "recorded_until": "2026-11-21T12:00:00Z",
            "statements": [{"query": "SELECT 1", "last_seen": "soon"}]})"}) {
    const WorkloadFile file{"recording.json", text};
    const ParsedWorkload parsed = ParseWorkload({&file, 1});
    EXPECT_TRUE(parsed.issue) << text;
    EXPECT_FALSE(parsed.coverage);
  }
}

TEST(WorkloadFilesTest, NamesInAFolder) {
  EXPECT_TRUE(IsWorkloadFile(".sqlx/query-3f.json"));
  EXPECT_TRUE(IsWorkloadFile("queries/ORDERS.SQL"));
  EXPECT_FALSE(IsWorkloadFile("queries/README.md"));
}

}  // namespace
}  // namespace gate
