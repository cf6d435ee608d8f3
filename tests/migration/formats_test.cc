// What of a file goes up, in which transaction, and in which order files run.
#include "checks/migration/formats.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace gate::migration {
namespace {

struct FormatCase {
  const char* what;
  const char* path;
  const char* text;
  v1::MigrationFormat format;
  std::string up;  // each section without blanks around it, behind its wrapping
};

std::string Up(const FormatCase& each) {
  v1::MigrationFile file;
  file.set_path(each.path);
  std::string up;
  for (const Section& section : UpSections(file, each.text)) {
    std::string text(Slice(each.text, section.span));
    text.erase(0, std::min(text.find_first_not_of(" \n"), text.size()));
    text.erase(text.find_last_not_of(" \n") + 1);
    if (!text.empty())
      absl::StrAppend(&up, std::string(1, "NTSU"[static_cast<int>(section.wrapping)]), "{", text,
                      "}");
  }
  return up;
}

class FormatTest : public ::testing::TestWithParam<FormatCase> {};
TEST_P(FormatTest, FindsWhatGoesUp) {
  v1::MigrationFile file;
  file.set_path(GetParam().path);
  EXPECT_EQ(FormatOf(file, GetParam().text), GetParam().format);
  EXPECT_EQ(Up(GetParam()), GetParam().up);
}
// Behind the wrapping's letter: N none, T transaction, S if several, U unless forbidden.
INSTANTIATE_TEST_SUITE_P(
    Files, FormatTest,
    ::testing::ValuesIn(std::vector<FormatCase>{
        {"Plain", "a.sql", "A;", v1::MIGRATION_FORMAT_PLAIN, "N{A;}"},
        {"Goose", "1.sql", "-- +goose Up\nA;\n-- +goose Down\nB;", v1::MIGRATION_FORMAT_GOOSE,
         "T{A;}"},
        {"GooseInOtherCase", "1.sql", "--+GOOSE UP\nA;\n  -- +goose down\nB;",
         v1::MIGRATION_FORMAT_GOOSE, "T{A;}"},
        {"GooseDownFirst", "1.sql", "-- +goose Down\nB;\n-- +goose Up\nA;",
         v1::MIGRATION_FORMAT_GOOSE, "T{A;}"},
        {"GooseNoTransaction", "1.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nA;",
         v1::MIGRATION_FORMAT_GOOSE, "N{-- +goose NO TRANSACTION}N{A;}"},
        {"NothingHidesBeforeTheMarker", "1.sql", "Z;\n-- +goose Up\nA;", v1::MIGRATION_FORMAT_GOOSE,
         "T{Z;}T{A;}"},
        {"Dbmate", "1.sql", "-- migrate:up\nA;\n-- migrate:down\nB;", v1::MIGRATION_FORMAT_DBMATE,
         "T{A;}"},
        {"DbmateWithout", "1.sql", "-- migrate:up transaction:false\nA;",
         v1::MIGRATION_FORMAT_DBMATE, "N{A;}"},
        {"SqlMigrate", "1.sql", "-- +migrate Up\nA;\n-- +migrate Down\nB;",
         v1::MIGRATION_FORMAT_SQL_MIGRATE, "T{A;}"},
        {"SqlMigrateWithout", "1.sql", "-- +migrate Up notransaction\nA;",
         v1::MIGRATION_FORMAT_SQL_MIGRATE, "N{A;}"},
        {"NodePgMigrate", "1.sql", "-- Up Migration\nA;\n-- Down Migration\nB;",
         v1::MIGRATION_FORMAT_NODE_PG_MIGRATE, "T{A;}"},
        {"Liquibase", "1.sql",
         "--liquibase formatted sql\n--changeset a:1\nA;\n--changeset a:2 "
         "runInTransaction:false\nB;",
         v1::MIGRATION_FORMAT_LIQUIBASE, "T{--liquibase formatted sql}T{A;}N{B;}"},
        {"GolangMigrate", "m/1_a.up.sql", "A;", v1::MIGRATION_FORMAT_GOLANG_MIGRATE, "S{A;}"},
        {"GolangMigrateDown", "m/1_a.down.sql", "A;", v1::MIGRATION_FORMAT_GOLANG_MIGRATE, ""},
        {"Diesel", "1_a/up.sql", "A;", v1::MIGRATION_FORMAT_DIESEL, "T{A;}"},
        {"DieselDown", "1_a/down.sql", "A;", v1::MIGRATION_FORMAT_DIESEL, ""},
        {"Prisma", "1_a/migration.sql", "A;", v1::MIGRATION_FORMAT_PRISMA, "S{A;}"},
        {"Flyway", "V1_2__a.sql", "A;", v1::MIGRATION_FORMAT_FLYWAY, "U{A;}"},
        {"FlywayUndo", "U1_2__a.sql", "A;", v1::MIGRATION_FORMAT_FLYWAY, ""},
        {"NotFlyway", "users__a.sql", "A;", v1::MIGRATION_FORMAT_PLAIN, "N{A;}"},
    }),
    [](const auto& info) { return info.param.what; });

// What undoes the file: each part without blanks around it and in it.
std::string Down(const std::string& path, const std::string& text, const std::string& down = "") {
  v1::MigrationFile file;
  file.set_path(path);
  file.set_sql(text);
  file.set_down_sql(down);
  const DownPart part = DownPartOf(file);
  std::string all;
  for (const Section& section : part.sections) {
    std::string sql(Slice(part.text, section.span));
    std::erase_if(sql, [](char c) { return c == ' ' || c == '\n'; });
    absl::StrAppend(&all, std::string(1, "NTSU"[static_cast<int>(section.wrapping)]), "{", sql,
                    "}");
  }
  return all;
}

TEST(FormatsTest, FindsWhatUndoesAMigration) {
  EXPECT_EQ(Down("1.sql", "A;"), "");
  EXPECT_EQ(Down("1.sql", "-- +goose Up\nA;\n-- +goose Down\nB;"), "T{B;}");
  EXPECT_EQ(Down("1.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nA;\n-- +goose Down\nB;"),
            "N{B;}");
  EXPECT_EQ(Down("1.sql", "-- migrate:up\nA;\n-- migrate:down\n"), "T{}");
  EXPECT_EQ(Down("1.sql", "-- +migrate Up\nA;\n-- +migrate Down notransaction\nB;"), "N{B;}");
  EXPECT_EQ(Down("1_a.up.sql", "A;",
                 "\xEF\xBB\xBF"
                 "B;"),
            "S{B;}");
  EXPECT_EQ(Down("1_a/up.sql", "A;", "B;"), "T{B;}");
}

TEST(FormatsTest, LiquibaseUndoesTheLastChangesetFirst) {
  EXPECT_EQ(Down("1.sql",
                 "--liquibase formatted sql\n--changeset a:1\nA;\n--rollback B\n--ROLLBACK B2;\n"
                 "--changeset a:2 runInTransaction:false\nC;\n-- rollback D;\n"
                 "--changeset a:3\nE;\n--rollback not required\n"
                 "--changeset a:4\nF;\n/* liquibase rollback\nG;\n*/\n--changeset a:5\nH;"),
            "T{G;}T{}N{D;}T{BB2;}");
}

TEST(FormatsTest, PairsFilesByTheirNames) {
  for (const auto& [down, up] :
       std::vector<std::pair<std::string, std::string>>{{"m/1_a.down.sql", "m/1_a.up.sql"},
                                                        {"m/1_a.down.sql", "m/1_a.sql"},
                                                        {"1_a_down.sql", "1_a_up.sql"},
                                                        {"1_A_DOWN.SQL", "1_a.sql"},
                                                        {"m/1_a/down.sql", "m/1_a/up.sql"},
                                                        {"m/1_a/down.sql", "m/1_a/migration.sql"},
                                                        {"U1_2__undo_a.sql", "V1_2__a.sql"}}) {
    EXPECT_TRUE(Undoes(down, up)) << down << " " << up;
    EXPECT_FALSE(Undoes(up, down)) << up << " " << down;
  }
  for (const auto& [other, up] : std::vector<std::pair<std::string, std::string>>{
           {"1_a.down.sql", "2_a.up.sql"},
           {"m/1_a.down.sql", "n/1_a.up.sql"},
           {"2_a/down.sql", "1_a/up.sql"},
           {"U2__a.sql", "V1__a.sql"},
           {"R__a.sql", "V1__a.sql"},
           {"scale_down.sql", "scale.sql"},  // nothing says that it is not a migration
           {"1_scale_down.sql", "2_scale.sql"},
           {"_down.sql", ".sql"}}) {
    EXPECT_FALSE(Undoes(other, up)) << other << " " << up;
  }
}

TEST(FormatsTest, TheRequestMaySayOtherwise) {
  v1::MigrationFile file;
  file.set_path("1_a.up.sql");
  file.set_format(v1::MIGRATION_FORMAT_SQLX);
  EXPECT_EQ(UpSections(file, "A;").at(0).wrapping, Wrapping::kTransaction);
  EXPECT_EQ(UpSections(file, "-- no-transaction\nA;").at(0).wrapping, Wrapping::kNone);
  file.set_transaction_mode(v1::TRANSACTION_MODE_NONE);
  EXPECT_EQ(UpSections(file, "A;").at(0).wrapping, Wrapping::kNone);
  file.set_transaction_mode(v1::TRANSACTION_MODE_WRAPPED);
  file.set_format(v1::MIGRATION_FORMAT_PLAIN);
  EXPECT_EQ(UpSections(file, "A;").at(0).wrapping, Wrapping::kTransaction);
}

}  // namespace
}  // namespace gate::migration
