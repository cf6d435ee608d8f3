// Listing: the right verdicts, in order, page by page, at a cost that does not grow.
#include "gate/store/listing.h"

#include <gmock/gmock.h>

#include <random>
#include <regex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ListingTest : public StoreTest {
 protected:
  // All pages, by a page size.
  std::vector<std::string> AllPages(Store& store, const VerdictFilter& filter, int size) {
    std::vector<std::string> names;
    for (std::string before;;) {
      const auto page = store.ListVerdicts(filter, before, size);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok() || page->empty()) return names;
      EXPECT_LE(page->size(), static_cast<size_t>(size));
      for (const std::string& name : NamesOf(*page)) names.push_back(name);
      before = names.back().substr(9);
    }
  }
};
INSTANTIATE_TEST_SUITE_P(, ListingTest, ::testing::Values(Engine::kSqlite, Engine::kPostgres),
                         EngineName);

// A few hundred verdicts of all kinds, many with the same time, and every filter against the
// obvious way to compute it.
TEST_P(ListingTest, EveryFilterAndPageSizeGivesWhatAScanWould) {
  const auto store = Open();
  std::mt19937 random(7);
  std::vector<VerdictRecord> records;
  for (int i = 0; i < 300; ++i) {
    VerdictRecord record = Record(i);
    v1::Verdict& verdict = record.verdict;
    verdict.mutable_change()->set_service(absl::StrCat("s", random() % 3));
    verdict.mutable_change()->set_environment(random() % 2 == 0 ? "production" : "staging");
    verdict.set_decision(static_cast<v1::Decision>(1 + random() % 3));
    *verdict.mutable_create_time() = ToProto(Noon() + absl::Seconds(random() % 40));
    records.push_back(std::move(record));
  }
  for (const auto& answer : AppendAll(*store, records)) ASSERT_TRUE(answer.ok());
  std::sort(records.begin(), records.end(), [](const VerdictRecord& a, const VerdictRecord& b) {
    const absl::Time a_time = FromProto(a.verdict.create_time());
    const absl::Time b_time = FromProto(b.verdict.create_time());
    return std::tie(a_time, a.verdict.name()) > std::tie(b_time, b.verdict.name());
  });
  int filters = 0;
  for (const std::string service : {"", "s1", "none"}) {
    for (const std::string environment : {"", "production"}) {
      for (int decision = 0; decision <= 3; ++decision) {
        for (const bool bounded : {false, true}) {
          VerdictFilter filter{service, environment, static_cast<v1::Decision>(decision)};
          if (bounded) filter.start = Noon() + absl::Seconds(10);
          if (bounded) filter.end = Noon() + absl::Seconds(30);
          std::vector<std::string> expected;
          for (const VerdictRecord& record : records) {
            const v1::Verdict& verdict = record.verdict;
            const absl::Time time = FromProto(verdict.create_time());
            if (!service.empty() && verdict.change().service() != service) continue;
            if (!environment.empty() && verdict.change().environment() != environment) continue;
            if (decision != 0 && verdict.decision() != decision) continue;
            if (bounded && (time < *filter.start || time >= *filter.end)) continue;
            expected.push_back(verdict.name());
          }
          EXPECT_EQ(AllPages(*store, filter, bounded ? 7 : 64), expected);
          ++filters;
        }
      }
    }
  }
  EXPECT_EQ(filters, 48);
}

TEST_P(ListingTest, BoundsAreInclusiveAtTheStartAndExclusiveAtTheEnd) {
  const auto store = Open();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(AppendNow(*store, Record(i)).ok());
  const VerdictFilter filter{.start = Noon() + absl::Seconds(1), .end = Noon() + absl::Seconds(2)};
  EXPECT_THAT(NamesOf(store->ListVerdicts(filter, "", 10).value()),
              ElementsAre("verdicts/" + IdOf(1)));
  EXPECT_EQ(store->ListVerdicts({.end = absl::InfiniteFuture()}, "", 10)->size(), 3u);
  EXPECT_EQ(store->ListVerdicts({.start = absl::InfinitePast()}, "", 10)->size(), 3u);
  EXPECT_TRUE(store->ListVerdicts({.end = absl::InfinitePast()}, "", 10)->empty());
}

TEST_P(ListingTest, PagesNeitherRepeatNorSkipWhileOthersAppend) {
  const auto store = Open();
  std::vector<VerdictRecord> records;
  for (int i = 0; i < 200; ++i) records.push_back(Record(i));
  AppendAll(*store, std::move(records));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 200; !stop; ++i) ASSERT_TRUE(AppendNow(*store, Record(i)).ok());
  });
  for (int round = 0; round < 5; ++round) {
    const std::vector<std::string> names = AllPages(*store, {}, 11);
    EXPECT_TRUE(std::is_sorted(names.rbegin(), names.rend()));
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
    // All that was there before.
    ASSERT_GE(names.size(), 200u);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(names[names.size() - 1 - i], "verdicts/" + IdOf(i));
  }
  stop = true;
  writer.join();
}

// The SQL that a listing runs, with its parameters put in.
std::string Explained(const std::string& table, const ListQuery& query, bool sqlite) {
  std::string sql = ListSql(table, query);
  std::vector<std::string> values;
  const auto quoted = [](std::string_view text) {
    return absl::StrCat("'", std::string(text), "'");
  };
  values.push_back(absl::StrCat(query.decision));
  if (!query.service.empty()) values.push_back(quoted(query.service));
  if (!query.environment.empty()) values.push_back(quoted(query.environment));
  const std::string noon = absl::StrCat(absl::ToUnixMicros(Noon()));
  values.push_back(sqlite ? "0" : "'2020-01-01'");
  values.push_back(sqlite ? noon : "'2026-11-20T12:00:00Z'");
  values.push_back(quoted(IdOf(5)));
  values.push_back("10");
  for (size_t i = values.size(); i > 0; --i) {
    sql = std::regex_replace(sql, std::regex(absl::StrCat("\\$", i, "\\b")), values[i - 1]);
  }
  return (sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + sql;
}

TEST_P(ListingTest, EveryFilterWalksAnIndexAndSortsNothing) {
  const auto store = Open();
  const bool sqlite = GetParam() == Engine::kSqlite;
  // Enough rows that the planner has a choice to make.
  const std::string last = absl::StrCat(absl::ToUnixMicros(Noon()));
  Sql(sqlite
          ? "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
            " INSERT INTO verdicts SELECT printf('%026d', i), 'r' || i, 'd', " +
                last +
                " - i * 1000000, 's' || (i % 20), 'e' || (i % 7), 1 + i % 3, x'00' FROM n; ANALYZE"
          : "INSERT INTO gate.verdicts SELECT lpad(i::text, 26, '0'), 'r' || i, 'd',"
            " timestamptz '2026-11-20T12:00:00Z' - make_interval(secs => i), 's' || (i % 20),"
            " 'e' || (i % 7), 1 + i % 3, '\\x00' FROM generate_series(1, 20000) i;"
            " ANALYZE gate.verdicts");
  for (const std::string service : {"", "s1"}) {
    for (const std::string environment : {"", "e1"}) {
      const ListQuery query{service, environment, 1, 0, {0, ""}, 50};
      const std::string plan =
          Sql(Explained(sqlite ? "verdicts" : "gate.all_verdicts", query, sqlite));
      SCOPED_TRACE(plan);
      const std::string columns = absl::StrCat(
          service.empty() ? "" : "service", !service.empty() && !environment.empty() ? "_and_" : "",
          environment.empty() ? "" : "environment");
      EXPECT_THAT(plan, HasSubstr("verdicts_by_" + (columns.empty() ? "decision" : columns)));
      EXPECT_THAT(plan, Not(HasSubstr("SCAN")));
      EXPECT_THAT(plan, Not(HasSubstr("TEMP B-TREE")));
      EXPECT_THAT(plan, Not(HasSubstr("Seq Scan")));
      EXPECT_THAT(plan, Not(HasSubstr("Sort")));
      EXPECT_THAT(plan, Not(HasSubstr("Filter")));
    }
  }
}

}  // namespace
}  // namespace gate
