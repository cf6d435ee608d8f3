// Type changes against what PostgreSQL 15 did with each pair.
#include "checks/migration/types.h"

#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "checks/migration/sql/parse.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace gate::migration {
namespace {

Type TypeFrom(const std::string& written) {
  const std::string sql = absl::StrCat("ALTER TABLE t ALTER c TYPE ", written);
  Statement statement;
  EXPECT_FALSE(Parse(sql, {0, static_cast<uint32_t>(sql.size())}, statement)) << sql;
  const Type type = As<ChangeType>(statement.actions.at(0))->type;
  EXPECT_EQ(type.written, written);
  return type;
}

TEST(TypesTest, AgreesWithPostgres) {
  std::istringstream table(testing::ReadFile("migration/type_changes.tsv"));
  int pairs = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with("#")) continue;
    std::istringstream fields(line);
    std::string from, to, did;
    std::getline(fields, from, '\t');
    std::getline(fields, to, '\t');
    std::getline(fields, did);
    if (did == "error") continue;
    ++pairs;
    const TypeChange change = Compare(TypeFrom(from), TypeFrom(to));
    const bool keeps = change == TypeChange::kNone || change == TypeChange::kRelabel;
    EXPECT_EQ(keeps ? "keep" : "rewrite", did) << from << " to " << to;
  }
  EXPECT_GT(pairs, 500);
}

TEST(TypesTest, ReadsAliases) {
  for (const auto& [alias, name] : {std::pair("integer", "int4"),
                                    {"decimal(4,2)", "numeric"},
                                    {"character varying(3)", "varchar"},
                                    {"timestamp(3) with time zone", "timestamptz"},
                                    {"double precision", "float8"},
                                    {"pg_catalog.int8", "int8"},
                                    {"shop.color", "shop.color"},
                                    {"character(3)", "bpchar"}}) {
    EXPECT_EQ(TypeFrom(alias).name, name);
  }
  EXPECT_EQ(TypeFrom("varchar(20)[]").dimensions, 1);
  EXPECT_EQ(TypeFrom("numeric(10, 2)").modifiers, (std::vector<int>{10, 2}));
}

}  // namespace
}  // namespace gate::migration
