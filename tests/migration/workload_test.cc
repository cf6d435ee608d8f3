// What statements use, and which of them fail when the schema changes under them.
#include "checks/migration/workload.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/migration/release.h"
#include "gtest/gtest.h"

namespace gate::migration {
namespace {

constexpr char kSchema[] =
    "CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL, note text NOT NULL DEFAULT '');"
    "CREATE TABLE users (id int PRIMARY KEY, name text);"
    "CREATE TABLE shop.orders (id int);";

std::vector<v1::WorkloadStatement> Statements(const std::vector<std::string>& sqls) {
  std::vector<v1::WorkloadStatement> statements;
  for (const std::string& sql : sqls) {
    statements.emplace_back().set_sql(sql);
    statements.back().set_origin("test");
  }
  return statements;
}

// "", "42703" where it is certain to fail, "42703?" where it may.
std::string ToText(const std::vector<Failing>& failing) {
  if (failing.empty()) return "";
  return absl::StrCat(std::string(failing[0].sqlstate), failing[0].certain ? "" : "?");
}

Catalog Schema(std::string_view sql) {
  Catalog catalog;
  LoadSchema(sql, catalog);
  return catalog;
}

struct Case {
  const char* what;
  const char* sql;
  const char* known;    // with the schema
  const char* unknown;  // without
};

class NotePasses : public ::testing::TestWithParam<Case> {};

// What becomes of a statement when orders.note goes.
TEST_P(NotePasses, AsThePlannerSeesIt) {
  const auto statements = Statements({GetParam().sql});
  const Workload workload(statements);
  ASSERT_EQ(workload.lost().size(), 0u) << workload.lost()[0].reason;
  EXPECT_EQ(ToText(workload.WithoutColumn({"", "orders"}, "note", Schema(kSchema))),
            GetParam().known);
  EXPECT_EQ(ToText(workload.WithoutColumn({"", "orders"}, "note", Catalog())), GetParam().unknown);
}

INSTANTIATE_TEST_SUITE_P(
    Statements, NotePasses,
    ::testing::ValuesIn(std::vector<Case>{
        {"Named", "SELECT note FROM orders", "42703", "42703"},
        {"NotNamed", "SELECT id FROM orders WHERE user_id = $1", "", ""},
        {"OtherTable", "SELECT note FROM users", "", ""},
        {"Alias", "SELECT o.note FROM orders AS o", "42703", "42703"},
        {"AliasOfAnother", "SELECT orders.note FROM users AS orders", "", ""},
        {"TableNameBehindAnAlias", "SELECT o.id FROM orders o WHERE o.note = $1", "42703", "42703"},
        {"Quoted", "SELECT \"note\" FROM \"orders\"", "42703", "42703"},
        {"QuotedIsAnother", "SELECT \"Note\" FROM orders", "", ""},
        {"UpperCaseIsTheSame", "SELECT NOTE FROM ORDERS", "42703", "42703"},
        {"WithSchema", "SELECT public.orders.note FROM public.orders", "42703", "42703"},
        {"OfAnotherSchema", "SELECT note FROM shop.orders", "", "42703?"},
        {"Where", "DELETE FROM orders WHERE note = $1", "42703", "42703"},
        {"GroupBy", "SELECT count(*) FROM orders GROUP BY note", "42703", "42703"},
        {"OrderBy", "SELECT id FROM orders ORDER BY note", "42703", "42703"},
        {"OrderByANameOfTheResult", "SELECT id AS note FROM orders ORDER BY note", "", ""},
        {"Having", "SELECT user_id FROM orders GROUP BY 1 HAVING max(note) > $1", "42703", "42703"},
        {"Window", "SELECT rank() OVER (PARTITION BY note) FROM orders", "42703", "42703"},
        {"NamedWindow", "SELECT rank() OVER w FROM orders WINDOW w AS (ORDER BY note)", "42703",
         "42703"},
        {"Filter", "SELECT count(*) FILTER (WHERE note > '') FROM orders", "42703", "42703"},
        {"Case", "SELECT CASE WHEN id > 1 THEN note ELSE '' END FROM orders", "42703", "42703"},
        {"InAFunction", "SELECT lower(coalesce(note, $1)) FROM orders", "42703", "42703"},
        {"InAnArray", "SELECT ARRAY[note] FROM orders", "42703", "42703"},
        {"Subscript", "SELECT (string_to_array(note, ','))[1] FROM orders", "42703", "42703"},
        {"Cast", "SELECT note::varchar FROM orders", "42703", "42703"},
        {"DistinctOn", "SELECT DISTINCT ON (note) id FROM orders", "42703", "42703"},
        {"Limit", "SELECT id FROM orders LIMIT $1 OFFSET $2", "", ""},
        {"ForUpdate", "SELECT note FROM orders o FOR UPDATE OF o", "42703", "42703"},

        {"Join", "SELECT note FROM orders JOIN users ON users.id = user_id", "42703", "42703?"},
        {"JoinOn", "SELECT u.id FROM users u JOIN orders o ON o.note = u.name", "42703", "42703"},
        {"Using", "SELECT u.id FROM users u JOIN orders USING (note)", "42703", "42703"},
        {"Natural", "SELECT u.id FROM users u NATURAL JOIN orders", "0A000?", "0A000?"},
        {"JoinAlias", "SELECT j.note FROM (orders CROSS JOIN users) AS j", "42703", "42703?"},
        {"Comma", "SELECT note FROM users, orders", "42703", "42703?"},
        {"OfTheOtherTable", "SELECT name FROM users, orders", "", ""},
        {"SelfJoin", "SELECT a.id FROM orders a, orders b WHERE a.id = b.id AND b.note = ''",
         "42703", "42703"},
        {"WithAFunction", "SELECT note FROM orders, my_function() f", "42703?", "42703?"},
        {"SeriesAlias", "SELECT note FROM generate_series(1, 2) AS note", "", ""},
        {"FunctionColumns", "SELECT note FROM unnest($1::text[]) AS n (note), users", "", ""},

        {"SubqueryIn",
         "SELECT id FROM users WHERE id IN (SELECT user_id FROM orders WHERE note = $1)", "42703",
         "42703"},
        {"Exists", "SELECT id FROM users u WHERE EXISTS (SELECT * FROM orders o WHERE o.id = u.id)",
         "", ""},
        {"Outer", "SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM users WHERE name = note)",
         "42703", "42703?"},
        {"InnerBeforeOuter", "SELECT id FROM orders WHERE id IN (SELECT id FROM users)", "", ""},
        {"Derived", "SELECT x.note FROM (SELECT note FROM orders) x", "42703", "42703"},
        {"DerivedName", "SELECT x.note FROM (SELECT id AS note FROM orders) x", "", ""},
        {"DerivedStar", "SELECT x.note FROM (SELECT * FROM orders) x", "42703", "42703"},
        {"DerivedStarUnused", "SELECT x.id FROM (SELECT * FROM orders) x", "", ""},
        {"DerivedStarOnTop", "SELECT * FROM (SELECT * FROM orders) x", "0A000?", "0A000?"},
        {"Lateral", "SELECT u.id FROM orders, LATERAL (SELECT id FROM users WHERE name = note) u",
         "42703", "42703?"},
        {"NotLateral", "SELECT u.id FROM orders, (SELECT note AS id FROM users) u", "", ""},

        {"With", "WITH x AS (SELECT note FROM orders) SELECT note FROM x", "42703", "42703"},
        {"WithShadows",
         "WITH orders AS (SELECT id, name AS note FROM users) SELECT note FROM orders", "", ""},
        {"WithShadowsNoSchema", "WITH orders AS (SELECT 1 AS note) SELECT note FROM public.orders",
         "42703", "42703"},
        {"WithReadsTheTable", "WITH orders AS (SELECT * FROM orders) SELECT note FROM orders",
         "42703", "42703"},
        {"WithColumns", "WITH x (note) AS (SELECT id FROM orders) SELECT note FROM x", "", ""},
        {"WithInASubquery",
         "SELECT note FROM orders WHERE id IN (WITH orders AS (SELECT 1 AS id) SELECT id FROM "
         "orders)",
         "42703", "42703"},
        {"WithRecursive",
         "WITH RECURSIVE t AS (SELECT id, note FROM orders UNION ALL SELECT o.id, o.note FROM "
         "orders "
         "o JOIN t ON t.id = o.user_id) SELECT id FROM t",
         "42703", "42703"},
        {"WithWrites", "WITH gone AS (DELETE FROM orders RETURNING *) SELECT note FROM gone",
         "42703", "42703"},
        {"Union", "SELECT name FROM users UNION ALL SELECT note FROM orders ORDER BY 1", "42703",
         "42703"},
        {"UnionOfStars", "SELECT * FROM users UNION ALL SELECT * FROM orders", "42601?", "42601?"},

        {"Star", "SELECT * FROM orders", "0A000?", "0A000?"},
        {"StarOfAnother", "SELECT u.* FROM users u, orders", "", ""},
        {"Row", "SELECT o FROM orders o", "0A000?", "0A000?"},
        {"RowAsJson", "SELECT row_to_json(o) FROM orders o", "0A000?", "0A000?"},
        {"ColumnOfARow", "SELECT (o).note FROM orders o", "42703", "42703"},
        {"OtherColumnOfARow", "SELECT (o).id FROM orders o", "", ""},
        {"CountStar", "SELECT count(*) FROM orders", "", ""},

        {"Insert", "INSERT INTO orders (id, note) VALUES ($1, $2)", "42703", "42703"},
        {"InsertWithout", "INSERT INTO orders (id, user_id) VALUES ($1, $2)", "", ""},
        {"InsertAll", "INSERT INTO orders VALUES ($1, $2, $3)", "42601", "42601?"},
        {"InsertTheFirst", "INSERT INTO orders VALUES ($1, $2)", "", "42601?"},
        {"InsertDefaults", "INSERT INTO orders DEFAULT VALUES", "", "42601?"},
        {"InsertSelect", "INSERT INTO users (id) SELECT id FROM orders WHERE note = $1", "42703",
         "42703"},
        {"InsertSelectStar", "INSERT INTO users SELECT * FROM orders", "42601?", "42601?"},
        {"Returning", "INSERT INTO orders (id) VALUES ($1) RETURNING note", "42703", "42703"},
        {"ReturningStar", "INSERT INTO orders (id) VALUES ($1) RETURNING *", "0A000?", "0A000?"},
        {"OnConflict", "INSERT INTO orders (id) VALUES ($1) ON CONFLICT (note) DO NOTHING", "42703",
         "42703"},
        {"OnConflictSet",
         "INSERT INTO orders (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET note = $2", "42703",
         "42703"},
        {"Excluded",
         "INSERT INTO orders (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET user_id = "
         "length(excluded.note)",
         "42703", "42703"},
        {"Update", "UPDATE orders SET note = $1", "42703", "42703"},
        {"UpdateOthers", "UPDATE orders SET user_id = $1 WHERE id = $2", "", ""},
        {"UpdateFrom", "UPDATE users SET name = note FROM orders WHERE orders.id = users.id",
         "42703", "42703?"},
        {"UpdateSeveral", "UPDATE orders SET (user_id, note) = ($1, $2)", "42703", "42703"},
        {"DeleteUsing", "DELETE FROM users USING orders o WHERE o.note = users.name", "42703",
         "42703"},
        {"Merge",
         "MERGE INTO users u USING orders o ON o.id = u.id WHEN MATCHED THEN UPDATE SET name = "
         "o.note WHEN NOT MATCHED THEN INSERT (id) VALUES (o.id)",
         "42703", "42703"},
        {"MergeInto",
         "MERGE INTO orders o USING users u ON o.id = u.id WHEN NOT MATCHED THEN INSERT (id, note) "
         "VALUES (u.id, '')",
         "42703", "42703"},
        {"CopyColumns", "COPY orders (id, note) FROM STDIN", "42703", "42703"},
        {"CopyAll", "COPY orders TO STDOUT", "42601?", "42601?"},
        {"CopyQuery", "COPY (SELECT note FROM orders) TO STDOUT", "42703", "42703"},
        {"Explain", "EXPLAIN ANALYZE SELECT note FROM orders", "42703", "42703"},
        {"Prepare", "PREPARE p AS SELECT note FROM orders", "42703", "42703"},
        {"Cursor", "DECLARE c CURSOR FOR SELECT note FROM orders", "42703", "42703"},
        {"Truncate", "TRUNCATE orders", "", ""},
        {"Transaction", "BEGIN", "", ""},
        {"Several", "SELECT 1; SELECT note FROM orders", "42703", "42703"},
        {"TwoTables", "TABLE orders", "0A000?", "0A000?"},
    }),
    [](const auto& info) { return info.param.what; });

TEST(WorkloadTest, TablesAreFoundBySearchPath) {
  struct {
    const char* used;
    Name asked;
    const char* fails;
  } const cases[] = {
      {"SELECT 1 FROM orders", {"", "orders"}, "42P01"},
      {"SELECT 1 FROM public.orders", {"", "orders"}, "42P01"},
      {"SELECT 1 FROM orders", {"public", "orders"}, "42P01"},
      {"SELECT 1 FROM orders", {"shop", "orders"}, "42P01?"},
      {"SELECT 1 FROM shop.orders", {"shop", "orders"}, "42P01"},
      {"SELECT 1 FROM shop.orders", {"public", "orders"}, ""},
      {"SELECT 1 FROM app.orders", {"", "orders"}, "42P01?"},
      {"TRUNCATE users, orders", {"", "orders"}, "42P01"},
      {"LOCK TABLE orders", {"", "orders"}, "42P01"},
      {"REFRESH MATERIALIZED VIEW orders", {"", "orders"}, "42P01"},
      {"SET search_path = shop, public; SELECT 1 FROM users", {"", "orders"}, ""},
  };
  for (const auto& [used, asked, fails] : cases) {
    const auto statements = Statements({used});
    EXPECT_EQ(ToText(Workload(statements).WithoutTable(asked, Schema(kSchema))), fails) << used;
  }
  const auto behind = Statements({"SET search_path = shop, public", "SELECT 1 FROM orders"});
  EXPECT_EQ(ToText(Workload(behind).WithoutTable({"shop", "orders"}, Schema(kSchema))), "42P01");
  EXPECT_EQ(ToText(Workload(behind).WithoutTable({"public", "orders"}, Schema(kSchema))), "42P01?");
}

TEST(WorkloadTest, WritesThatLeaveAColumnOutOrWriteNull) {
  struct {
    const char* sql;
    const char* without_default;
    const char* without_null;
  } const cases[] = {
      {"INSERT INTO orders (id, user_id) VALUES ($1, $2)", "23502", ""},
      {"INSERT INTO orders (id, note) VALUES ($1, $2)", "", "23502?"},
      {"INSERT INTO orders (id, note) VALUES ($1, 'a')", "", ""},
      {"INSERT INTO orders (id, note) VALUES ($1, NULL::text)", "", "23502"},
      {"INSERT INTO orders (id, note) VALUES ($1, 'a'), ($2, DEFAULT)", "23502", ""},
      {"INSERT INTO orders VALUES ($1, $2)", "23502", ""},
      {"INSERT INTO orders VALUES ($1, $2, $3)", "", "23502?"},
      {"INSERT INTO orders VALUES ($1, $2, DEFAULT)", "23502", ""},
      {"INSERT INTO orders DEFAULT VALUES", "23502", ""},
      {"INSERT INTO orders (id) SELECT id FROM users", "23502", ""},
      {"INSERT INTO orders SELECT id, id, NULL FROM users", "", "23502"},
      {"INSERT INTO orders SELECT * FROM users", "23502?", "23502?"},
      {"INSERT INTO orders (id, note) SELECT id, name FROM users", "", "23502?"},
      {"INSERT INTO users (id) VALUES ($1)", "", ""},
      {"UPDATE orders SET note = NULL", "", "23502"},
      {"UPDATE orders SET note = DEFAULT", "23502", ""},
      {"UPDATE orders SET note = $1", "", "23502?"},
      {"UPDATE orders SET note = 'a'", "", ""},
      {"UPDATE orders SET (id, note) = ($1, NULL)", "", "23502"},
      {"UPDATE orders SET (id, note) = (SELECT 1, 'a')", "", "23502?"},
      {"UPDATE orders SET id = NULL", "", ""},
      {"COPY orders (id) FROM STDIN", "23502", ""},
      {"COPY orders TO STDOUT", "", ""},
      {"MERGE INTO orders o USING users u ON o.id = u.id WHEN NOT MATCHED THEN INSERT (id) VALUES "
       "(u.id)",
       "23502", ""},
  };
  for (const auto& [sql, without_default, without_null] : cases) {
    const auto statements = Statements({sql});
    const Workload workload(statements);
    EXPECT_EQ(ToText(workload.WithoutDefault({"", "orders"}, "note", Schema(kSchema))),
              without_default)
        << sql;
    EXPECT_EQ(ToText(workload.WithoutNull({"", "orders"}, "note", Schema(kSchema))), without_null)
        << sql;
  }
}

TEST(WorkloadTest, ConflictTargetsNeedTheirKey) {
  const auto statements = Statements(
      {"INSERT INTO orders (id) VALUES (1) ON CONFLICT (user_id, id) DO NOTHING",
       "INSERT INTO orders (id) VALUES (1) ON CONFLICT ON CONSTRAINT orders_key DO NOTHING",
       "INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) WHERE note > '' DO NOTHING",
       "INSERT INTO orders (id) VALUES (1) ON CONFLICT DO NOTHING"});
  const Workload workload(statements);
  const Catalog schema = Schema(kSchema);
  EXPECT_EQ(ToText(workload.WithoutUniqueKey({"", "orders"}, {"id", "user_id"}, schema)), "42P10");
  EXPECT_EQ(ToText(workload.WithoutUniqueKey({"", "orders"}, {"id"}, schema)), "42P10?");
  EXPECT_EQ(ToText(workload.WithoutUniqueKey({"", "orders"}, {"user_id"}, schema)), "");
  EXPECT_EQ(ToText(workload.WithoutUniqueKey({"", "users"}, {"id"}, schema)), "");
  EXPECT_EQ(ToText(workload.WithoutConstraint({"", "orders"}, "orders_key", schema)), "42704");
  EXPECT_EQ(ToText(workload.WithoutConstraint({"", "orders"}, "other", schema)), "");
}

TEST(WorkloadTest, FunctionsAndTypesAreNamed) {
  const auto statements =
      Statements({"SELECT shop.total(id) FROM orders WHERE state = 'done'::order_state",
                  "CALL tidy($1)", "SELECT * FROM report(1) AS r (a int)"});
  const Workload workload(statements);
  EXPECT_EQ(ToText(workload.WithoutFunction({"shop", "total"})), "42883?");
  EXPECT_EQ(ToText(workload.WithoutFunction({"", "total"})), "42883?");
  EXPECT_EQ(ToText(workload.WithoutFunction({"other", "total"})), "");
  EXPECT_EQ(ToText(workload.WithoutFunction({"", "tidy"})), "42883?");
  EXPECT_EQ(ToText(workload.WithoutFunction({"", "report"})), "42883?");
  ASSERT_EQ(workload.entries()[0].uses.casts.size(), 1u);
  EXPECT_EQ(workload.entries()[0].uses.casts[0].type.name, "order_state");
  EXPECT_EQ(workload.entries()[0].uses.casts[0].label, "done");
}

TEST(WorkloadTest, ResultsOfAnotherType) {
  const auto ask = [](const char* sql) {
    const auto statements = Statements({sql});
    return ToText(Workload(statements).WithOtherType({"", "orders"}, "note", Schema(kSchema)));
  };
  EXPECT_EQ(ask("SELECT id, note FROM orders"), "0A000?");
  EXPECT_EQ(ask("SELECT * FROM orders"), "0A000?");
  EXPECT_EQ(ask("SELECT id FROM orders WHERE note = $1"), "42883?");
  EXPECT_EQ(ask("UPDATE orders SET note = $1"), "42804?");
  EXPECT_EQ(ask("INSERT INTO orders VALUES (1, 2, 'a')"), "42804?");
  EXPECT_EQ(ask("SELECT id FROM orders"), "");
}

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

// WITH queries, each of which has twice the columns of the one before.
std::string Doubling(int times) {
  std::string text;
  for (int i = 1; i <= times; ++i) {
    absl::StrAppend(&text, ", w", i, " AS (SELECT * FROM w", i - 1, " a, w", i - 1, " b)");
  }
  return text;
}

TEST(WorkloadTest, WhatCannotBeReadIsLostCoverage) {
  const auto statements = Statements(
      {"SELECT note FROM orders", "SELEC note FROM orders", std::string("SELECT 1\0, note", 15),
       "SELECT '\xE9'", "DO $$ BEGIN END $$", "EXECUTE p", "SELECT other.note FROM orders",
       "SELECT " + Repeat("(SELECT ", 500) + "note" + Repeat(")", 500) + " FROM orders",
       "SELECT " + Repeat("f(", 5'000) + "note" + Repeat(")", 5'000) + " FROM orders",
       "SELECT " + Repeat("(", 100'000) + "note FROM orders",
       "SELECT " + Repeat("a, ", 50'000) + "a FROM t" + Repeat(", t", 50'000),
       "SELECT " + Repeat("x.a, ", 50'000) + "a FROM t" + Repeat(", t", 50'000) + ", x",
       "WITH w0 AS (SELECT 1 AS a, * FROM orders)" + Doubling(40) + " SELECT * FROM w40",
       "SELECT 1 FROM " + Repeat("(SELECT * FROM ", 2'000) + "orders" + Repeat(") o", 2'000)});
  const Workload workload(statements);
  EXPECT_EQ(workload.size(), statements.size());
  EXPECT_EQ(workload.entries().size(), 1u);
  EXPECT_EQ(workload.lost().size(), statements.size() - 1);
  for (const LostStatement& lost : workload.lost()) EXPECT_FALSE(lost.reason.empty());
  EXPECT_EQ(workload.lost()[5].reason, "it names a table that is not in its FROM");
}

TEST(WorkloadTest, LongChainsAreReadToTheirEnd) {
  const auto statements =
      Statements({"SELECT note" + Repeat(" || 'a'", 100'000) + " FROM orders",
                  "SELECT note FROM orders" + Repeat(" UNION ALL SELECT name FROM users", 20'000),
                  "SELECT 1 FROM orders WHERE " + Repeat("id = 1 OR ", 50'000) + "note = ''",
                  "INSERT INTO orders (id, note) VALUES (1, 'a')" + Repeat(", (1, 'a')", 50'000)});
  const Workload workload(statements);
  EXPECT_EQ(workload.lost().size(), 0u);
  EXPECT_EQ(workload.WithoutColumn({"", "orders"}, "note", Schema(kSchema)).size(), 4u);
}

}  // namespace
}  // namespace gate::migration
