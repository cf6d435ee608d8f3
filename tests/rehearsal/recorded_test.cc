// Statements as a real server's statistics keep them: all that ran there is tried in a rehearsal.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/postgres_server.h"
#include "tests/rehearsal/rehearsal_fixture.h"

namespace gate {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Read(const std::string& name) {
  std::ifstream in(absl::StrCat("rehearsal/recorded/", name));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> LinesOf(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

// What pg_stat_statements makes of the statements that ran.
std::vector<std::string> Recorded() {
  PostgresServer server({"shared_preload_libraries = 'pg_stat_statements'"});
  std::string database;
  server.CreateDatabase(&database);
  server.Sql(database, absl::StrCat("CREATE EXTENSION pg_stat_statements;", Read("schema.sql")));
  server.Sql(database, "SELECT pg_stat_statements_reset()");
  for (const std::string& sql : LinesOf(Read("statements.sql"))) server.Sql(database, sql);
  return LinesOf(server.Sql(database,
                            "SELECT query FROM pg_stat_statements WHERE toplevel"
                            " AND query NOT LIKE '%pg_stat_statements%' ORDER BY query"));
}

const std::vector<std::string>& Texts() {
  static const std::vector<std::string>& texts = *new std::vector<std::string>(Recorded());
  return texts;
}

// As they are, half of them prepares nowhere.
TEST(RecordedTest, TextsOfTheStatisticsAreTried) {
  const v1::Rehearsal rehearsal =
      Rehearsals::Get().Run(Read("schema.sql"), "COMMENT ON TABLE jobs IS 'ours'", Texts());
  const int all = rehearsal.workload_statements();
  EXPECT_GE(all, 80);
  EXPECT_GE(rehearsal.repaired_statements_size(), all * 2 / 5);
  EXPECT_EQ(rehearsal.covered_statements(), all - 4);
  EXPECT_THAT(rehearsal.broken_statements(), IsEmpty());
  EXPECT_THAT(rehearsal.result_changes(), IsEmpty());
  // The types that lists of VALUES had as tables, and the first row of a recursion, nobody can
  // tell.
  ASSERT_EQ(rehearsal.lost_coverage_size(), 4);
  for (const v1::LostCoverage& lost : rehearsal.lost_coverage()) {
    EXPECT_EQ(lost.kind(), v1::COVERAGE_KIND_WORKLOAD);
    EXPECT_THAT(lost.statement().sql(), AnyOf(HasSubstr("(VALUES ("), HasSubstr("RECURSIVE")));
  }
}

// What was repaired still finds what it is for.
TEST(RecordedTest, RepairedTextsFindWhatBreaks) {
  const v1::Rehearsal rehearsal = Rehearsals::Get().Run(
      Read("schema.sql"), "ALTER TABLE accounts DROP COLUMN created_at", Texts());
  int naming = 0;
  for (const std::string& text : Texts()) naming += text.find("created_at") != text.npos ? 1 : 0;
  EXPECT_EQ(rehearsal.broken_statements_size(), naming);
  EXPECT_THAT(
      Lines(rehearsal),
      Contains(HasSubstr("42703 column \"created_at\" does not exist | SELECT date_trunc($1, "
                         "created_at) AS day, count(*) FROM accounts GROUP BY")));
}

}  // namespace
}  // namespace gate
