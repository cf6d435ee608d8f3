// The order of migrations, whatever tool named them.
#include "checks/migration/order.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace gate::migration {
namespace {

struct OrderCase {
  const char* what;
  std::vector<std::string> in_order;
};

class OrderTest : public ::testing::TestWithParam<OrderCase> {};
TEST_P(OrderTest, EachPairAndTheWhole) {
  const std::vector<std::string>& in_order = GetParam().in_order;
  for (size_t a = 0; a < in_order.size(); ++a) {
    for (size_t b = 0; b < in_order.size(); ++b) {
      EXPECT_EQ(RunsBefore(in_order[a], in_order[b]), a < b) << in_order[a] << " " << in_order[b];
    }
  }
  std::vector<std::string> sorted(in_order.rbegin(), in_order.rend());
  std::sort(sorted.begin(), sorted.end(), RunsBefore);
  EXPECT_EQ(sorted, in_order);
}
INSTANTIATE_TEST_SUITE_P(
    Folders, OrderTest,
    ::testing::ValuesIn(std::vector<OrderCase>{
        {"Numbers", {"db/1_a.sql", "db/2_a.sql", "db/10_a.sql", "db/0011_a.sql"}},
        {"TheVersionCountsBeforeTheName", {"db/1_z.sql", "db/02_a.sql", "db/2_b.sql"}},
        {"Flyway",
         {"db/V1__z.sql", "db/V1.1__b.sql", "db/V1_2__c.sql", "db/V1.10__a.sql", "db/V2__e.sql",
          "db/R__views.sql"}},
        {"AFolderForEach",
         {"db/20240101_a/migration.sql", "db/20240102_a/migration.sql",
          "db/20240110_a/migration.sql"}},
        {"Diesel", {"db/2024-01-31-9_a/up.sql", "db/2024-01-31-10_a/up.sql"}},
        {"DieselOfTwoAges",
         {"db/20141001190229_a/up.sql", "db/2017-10-06-234455_a/up.sql",
          "db/20180131000000_a/up.sql", "db/2026-06-05-120000-0000_a/up.sql",
          "db/2026-06-05-120000-0001_a/up.sql"}},
        {"FolderByFolder", {"a/1_x.sql", "a/3_x.sql", "b/2_x.sql", "b/10_x.sql"}},
        {"RepeatablesEndTheirOwnFolder", {"a/V1__x.sql", "a/R__x.sql", "b/V1__x.sql"}},
        {"FoldersWithNumbers", {"shop2/1.sql", "shop10/1.sql"}},
        {"FoldersBesideTheirSubfolders", {"a/1.sql", "a/2.sql", "a/b/1.sql", "a-b/1.sql"}},
        {"SpellingDoesNotCount", {"./db/1_a.sql", "db/2_a.sql", "db//3_a.sql", "./db/4_a.sql"}},
        {"WithoutAVersionBehind", {"db/3_a.sql", "db/grants.sql", "db/seeds.sql"}},
        {"LongerThanAnyNumber",
         {"db/99999999999999999999_a.sql", "db/100000000000000000000_a.sql"}},
        {"NoFolder", {"1.sql", "2.sql", "10.sql"}},
    }),
    [](const auto& info) { return info.param.what; });

TEST(OrderTest, KnowsFolders) {
  EXPECT_EQ(FolderOf("./db//1_a.sql"), "db");
  EXPECT_EQ(FolderOf("db/20240101_a/migration.sql"), "db");
  EXPECT_EQ(FolderOf("db/views/R__a.sql"), "db/views");
  EXPECT_EQ(FolderOf("1.sql"), "");
}

TEST(OrderTest, KnowsTheFirstMigration) {
  for (const char* first :
       {"1.sql", "db/0001_users.sql", "000000_a.up.sql", "V1__a.sql", "V1.0__a.sql", "V0_1__a.sql",
        "20240101_init/migration.sql", "1510262030_initial_schema.up.sql", "0_a.sql"}) {
    EXPECT_TRUE(IsFirst(first)) << first;
  }
  for (const char* other : {"2.sql", "db/0002_init_x/../3.sql", "V1.1__a.sql", "V10__a.sql",
                            "20240101_a.sql", "2024_initialize.sql", "schema.sql"}) {
    EXPECT_FALSE(IsFirst(other)) << other;
  }
}

}  // namespace
}  // namespace gate::migration
