// gate-inspect and gatectl together, as a person or a pipeline runs them.
#include <gmock/gmock.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "gate/v1/change.pb.h"
#include "google/protobuf/util/json_util.h"
#include "tests/fakes/postgres_server.h"

namespace gate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ProgramTest : public ::testing::Test {
 protected:
  static PostgresServer& Server() {
    static PostgresServer server;
    return server;
  }

  void SetUp() override {
    url_ = Server().CreateDatabase(&database_);
    Server().Sql(database_,
                 "CREATE TABLE orders (id int PRIMARY KEY, note text, total int);"
                 "CREATE TABLE events (id int, kind text);"
                 "INSERT INTO events SELECT i, repeat('x', 900) FROM generate_series(1, 20000) i;"
                 "ANALYZE");
    std::ofstream(folder_.File("next.sql"))
        << "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total > 0) NOT VALID;\n"
           "CREATE INDEX by_note ON orders (note);\n"
           "CREATE INDEX by_kind ON events (kind);\n"
           "ALTER TABLE orders DROP COLUMN IF EXISTS nothing;\n";
  }

  static RunResult Run(const std::string& command) {
    return RunProgram({.arguments = {"/bin/bash", "-c",
                                     absl::StrCat("PATH=" GATECTL_FOLDER ":$PATH; ", command)}});
  }

  TempFolder folder_;
  std::string database_, url_;
};

TEST_F(ProgramTest, LintKnowsWhatTheDatabaseKnows) {
  const RunResult live = Run(
      absl::StrCat("gatectl lint migrations --database '", url_, "' ", folder_.File("next.sql")));
  EXPECT_EQ(live.exit, 10) << live.output;
  EXPECT_THAT(live.output, AllOf(HasSubstr("new_check: orders"),
                                 HasSubstr("events has 20 MB, about 20,000 rows"),
                                 Not(HasSubstr("orders.nothing"))));
  // The index on the small table is for information, the other one blocks.
  EXPECT_THAT(live.output, AllOf(HasSubstr("BLOCK migration.index_not_concurrent: events.by_kind"),
                                 HasSubstr("INFO migration.index_not_concurrent: orders.by_note")));
  const RunResult variable =
      Run(absl::StrCat("export SHOP='", url_, "'; gatectl lint migrations --database '$SHOP' ",
                       folder_.File("next.sql")));
  EXPECT_EQ(variable.output, live.output);
}

TEST_F(ProgramTest, AFileOfItSaysTheSame) {
  const std::string file = folder_.File("shop.json");
  ASSERT_EQ(Run(absl::StrCat("gate-inspect '", url_, "' > ", file, " 2>/dev/null")).exit, 0);
  const RunResult lint =
      Run(absl::StrCat("gatectl lint migrations --database ", file, " ", folder_.File("next.sql")));
  EXPECT_EQ(lint.exit, 10);
  EXPECT_THAT(lint.output, HasSubstr("INFO migration.index_not_concurrent: orders.by_note"));
}

TEST_F(ProgramTest, WhatGoesWrongIsSaid) {
  const std::string file = folder_.File("next.sql");
  const RunResult gone = Run(absl::StrCat(
      "gatectl lint migrations --database postgresql://a:geheim@127.0.0.1:", FreePort(), "/x ",
      file));
  EXPECT_EQ(gone.exit, 3);
  EXPECT_THAT(gone.output, AllOf(HasSubstr("error[E0304]"), HasSubstr("Connection refused"),
                                 Not(HasSubstr("geheim"))));
  const RunResult unset = Run(absl::StrCat("gatectl lint migrations --database '$NO_SUCH' ", file));
  EXPECT_EQ(unset.exit, 2);
  EXPECT_THAT(unset.output, HasSubstr("the variable is not set"));
  const RunResult wrong = Run(absl::StrCat("gatectl lint migrations --database ", file, " ", file));
  EXPECT_EQ(wrong.exit, 2);
  EXPECT_THAT(wrong.output, HasSubstr("error[E0203]"));
  const RunResult missing = Run(
      absl::StrCat("cp " GATECTL_FOLDER "/gatectl ", folder_.File("gatectl"), "; PATH=/usr/bin ",
                   folder_.File("gatectl"), " lint migrations --database '", url_, "' ", file));
  EXPECT_EQ(missing.exit, 2);
  EXPECT_THAT(missing.output, HasSubstr("install gate-inspect beside gatectl"));
  EXPECT_EQ(Run("gate-inspect '' </dev/null").exit, 2);
  EXPECT_EQ(Run("gate-inspect - </dev/null").exit, 2);
  EXPECT_EQ(Run(absl::StrCat("gate-inspect '", url_, "' >/dev/full")).exit, 1);
}

}  // namespace
}  // namespace gate
