// How texts of statistics are written otherwise: by what PostgreSQL says of each.
#include "gate/evidence/rehearsal/repair.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

using testing::Eq;

struct Case {
  const char* name;
  std::string sqlstate;
  std::string sql;
  std::string repaired;  // empty: there is nothing to try
  std::string at;        // what the error points to; empty: to nothing
  std::string message;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

class RepairTest : public testing::TestWithParam<Case> {};

TEST_P(RepairTest, IsWrittenOtherwise) {
  const Case& one = GetParam();
  // In characters, as PostgreSQL counts.
  const auto begins = [](char c) { return (c & 0xC0) != 0x80; };
  const auto at = static_cast<std::ptrdiff_t>(one.sql.find(one.at));
  const auto position =
      one.at.empty() ? 0 : 1 + std::count_if(one.sql.begin(), one.sql.begin() + at, begins);
  const auto repair = RepairOf(one.sql, {one.sqlstate, one.message, static_cast<int>(position)});
  EXPECT_EQ(repair ? repair->sql : "", one.repaired);
  // The next try has less to repair.
  if (repair) {
    EXPECT_NE(repair->sql, one.sql);
  }
}

const Case kCases[] = {
    // Constants of a type.
    {"Date", "42601", "SELECT a FROM t WHERE d > date $1 AND b = $2",
     "SELECT a FROM t WHERE d > CAST($1 AS date) AND b = $2"},
    {"Zones", "42601",
     "SELECT timestamp with time zone $1, time without time zone $2, t AT TIME ZONE $3, date $4",
     "SELECT CAST($1 AS timestamp with time zone), CAST($2 AS time without time zone), t AT TIME "
     "ZONE $3, CAST($4 AS date)"},
    {"Intervals", "42601",
     "SELECT interval $1, interval $2 day, interval $3 year to month, interval $4 second(3), "
     "interval(2) $5",
     "SELECT CAST($1 AS interval), CAST($2 AS interval day), CAST($3 AS interval year to month), "
     "CAST($4 AS interval second(3)), CAST($5 AS interval(2))"},
    {"TwoWordsAndModifiers", "42601",
     "SELECT double precision $1, character varying $2, bit varying $3, char(3) $4, "
     "timestamp(3) with time zone $5",
     "SELECT CAST($1 AS double precision), CAST($2 AS character varying), CAST($3 AS bit varying), "
     "CAST($4 AS char(3)), CAST($5 AS timestamp(3) with time zone)"},
    {"OwnTypes", "42601", "SELECT shop.color $1, \"Shop\".\"Color\" $2, uuid\n  $3",
     "SELECT CAST($1 AS shop.color), CAST($2 AS \"Shop\".\"Color\"), CAST($3 AS uuid)"},
    {"WhatIsNoType", "42601",
     "SELECT $1 FROM t WHERE a IN ($2) AND b LIKE $3 ESCAPE $4 LIMIT $5 OFFSET $6 FOR", ""},
    {"BehindOperatorsAndParentheses", "42601",
     "SELECT (date $1, interval $2) OVERLAPS (date $3, d), -interval $4",
     "SELECT (CAST($1 AS date), CAST($2 AS interval)) OVERLAPS (CAST($3 AS date), d), -CAST($4 AS "
     "interval)"},
    {"NotInStringsAndComments", "42601", "SELECT 'date $1', /* date $1 */ date $1 -- date $1",
     "SELECT 'date $1', /* date $1 */ CAST($1 AS date)"},
    {"Extract", "42601", "SELECT extract($1 FROM d), $2 FROM t WHERE EXTRACT($3 FROM d) = $4",
     "SELECT extract(epoch FROM d), $1 FROM t WHERE EXTRACT(epoch FROM d) = $2"},
    // Constants that GROUP BY and ORDER BY still have.
    {"GroupBy", "42803",
     "SELECT date_trunc($1, t), count(*) FROM e WHERE k = $2 GROUP BY date_trunc('day', t) ORDER "
     "BY "
     "date_trunc('day', t)",
     "SELECT date_trunc('day', t), count(*) FROM e WHERE k = $1 GROUP BY date_trunc('day', t) "
     "ORDER "
     "BY date_trunc('day', t)"},
    {"GroupByExtract", "42601", "SELECT extract($1 from d) FROM e GROUP BY extract(year from d)",
     "SELECT extract(year from d) FROM e GROUP BY extract(year from d)"},
    {"GroupByCase", "42803",
     "SELECT CASE WHEN n > $1 THEN $2 ELSE $3 END FROM e GROUP BY CASE WHEN n > 5 THEN 'a' ELSE "
     "'b' "
     "END",
     "SELECT CASE WHEN n > 5 THEN 'a' ELSE 'b' END FROM e GROUP BY CASE WHEN n > 5 THEN 'a' ELSE "
     "'b' "
     "END"},
    {"GroupBySeveral", "42803",
     "SELECT n % $1, lower(s || $2) FROM e GROUP BY n % 10, lower(s || 'x') HAVING count(*) > $3",
     "SELECT n % 10, lower(s || 'x') FROM e GROUP BY n % 10, lower(s || 'x') HAVING count(*) > $1"},
    {"GroupByOfParameters", "42803", "SELECT n % $1 FROM e WHERE a = $2 GROUP BY n % $3",
     "SELECT n % $2 FROM e WHERE a = $1 GROUP BY n % $2"},
    {"DistinctOrderBy", "42P10",
     "SELECT DISTINCT lower(s || $1) FROM e ORDER BY lower(s || 'x') DESC",
     "SELECT DISTINCT lower(s || 'x') FROM e ORDER BY lower(s || 'x') DESC"},
    {"OtherConstantsStay", "42803", "SELECT lower(s || $1) FROM e GROUP BY upper(s || 'x')", ""},
    // Types that constants told.
    {"Array", "42883", "SELECT a FROM t WHERE id = ANY (ARRAY[$1, $2, $3]) AND b = $4",
     "SELECT a FROM t WHERE id = ANY ($1) AND b = $2", "= ANY"},
    {"ArrayOfMore", "42883", "SELECT a FROM t WHERE id = ANY (ARRAY[$1, b])", "", "= ANY"},
    {"Function", "42725", "SELECT n FROM generate_series($1, $2) n",
     "SELECT n FROM generate_series($1::integer, $2::integer) n", "generate_series"},
    {"SumOfCase", "42883", "SELECT sum(CASE WHEN a > $1 THEN $2 ELSE $3 END) FROM t",
     "SELECT sum(CASE WHEN a > $1 THEN $2::integer ELSE $3::integer END) FROM t", "sum"},
    {"Operator", "42725", "SELECT current_date + $1, $2::int",
     "SELECT current_date + $1::integer, $2::int", "+"},
    {"OperatorOfSeveralCharacters", "42725", "SELECT a <-> $1", "SELECT a <-> $1::integer", "<->"},
    {"BehindOtherAlphabets", "42725", "SELECT 'größe', n FROM generate_series($1, 2) n",
     "SELECT 'größe', n FROM generate_series($1::integer, 2) n", "generate_series"},
    {"WantedType", "42804", "INSERT INTO t (d) SELECT $1", "INSERT INTO t (d) SELECT $1::date",
     "$1", "column \"d\" is of type date but expression is of type text"},
    {"TermOfAnOperand", "42883",
     "SELECT a FROM t WHERE b = $1 AND d < current_date - $2 AND e > $3 - $4",
     "SELECT a FROM t WHERE b = $1 AND d < current_date - $2::integer AND e > $3 - $4", "<"},
    {"OfNoType", "42P18", "SELECT jsonb_build_object($1, id, $2, $3)",
     "SELECT jsonb_build_object($1::text, id, $2, $3)", "",
     "could not determine data type of parameter $1"},
    {"Once", "42725", "SELECT current_date + $1::integer", "", "+"},
    // What is no matter of parameters.
    {"MissingTable", "42P01", "SELECT date $1 FROM nobody", ""},
    {"MissingFunction", "42883", "SELECT tax(total) FROM t WHERE id = $1", "", "tax"},
    {"NotClosed", "42601", "SELECT date $1 'x", ""},
    {"Empty", "42601", "", ""},
};

INSTANTIATE_TEST_SUITE_P(Texts, RepairTest, testing::ValuesIn(kCases),
                         [](const auto& one) { return one.param.name; });

TEST(RepairTextTest, HugeTextsAreLeftAlone) {
  std::string sql = "SELECT date $1";
  for (int i = 0; i < 10'000; ++i) absl::StrAppend(&sql, ", date $", i + 2);
  EXPECT_THAT(RepairOf(sql, {"42601", "", 0}), Eq(std::nullopt));
}

TEST(RepairTextTest, NumbersBeyondAllParametersAreLeftAlone) {
  EXPECT_THAT(RepairOf("SELECT date $99999999999999999999", {"42601", "", 0}), Eq(std::nullopt));
}

}  // namespace
}  // namespace gate
