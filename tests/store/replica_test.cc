// Listings for people are read on a streaming standby, and show what the primary would.
#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "tests/store/store_fixture.h"

namespace gate {
namespace {

using ::testing::ElementsAre;

// In the suite of PostgreSQL, whose tests share a process.
class PostgresReplicaTest : public ::testing::Test {
 protected:
  PostgresReplicaTest() : standby_(PostgresServer::SynchronousStandbyOf(primary_)) {
    url_ = primary_.CreateDatabase(&database_);
    store_ = Open(standby_->Url(database_));
  }
  std::unique_ptr<Store> Open(const std::string& replica) {
    auto store = OpenStore(url_, {.read_replica = replica, .on_listing = [this](bool from_replica) {
                                    ++(from_replica ? on_replica_ : on_primary_);
                                  }});
    if (!store.ok()) throw std::runtime_error(store.status().ToString());
    return *std::move(store);
  }
  std::vector<std::string> Listed(std::string_view before = "", int limit = 10) {
    const auto page = store_->ListVerdicts({.for_people = true}, before, limit);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? NamesOf(*page) : std::vector<std::string>();
  }
  // That what was written is on the standby as well, so that nothing is waited for.
  void CatchUp() {
    ASSERT_TRUE(Eventually([&] {
      on_replica_ = 0;
      Listed();
      return on_replica_ == 1;
    }));
    on_replica_ = on_primary_ = 0;
  }
  static std::string Name(int number) { return "verdicts/" + IdOf(number); }

  PostgresServer primary_;
  std::unique_ptr<PostgresServer> standby_;
  std::string database_, url_;
  std::unique_ptr<Store> store_;
  int on_replica_ = 0;
  int on_primary_ = 0;
};

TEST_F(PostgresReplicaTest, WhatWasAcknowledgedIsListedWhoeverAnswers) {
  // Each is there at once, mostly from the standby: it follows within milliseconds.
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(AppendNow(*store_, Record(i)).ok());
    ASSERT_EQ(Listed("", 1), std::vector<std::string>{Name(i)});
  }
  EXPECT_EQ(on_replica_ + on_primary_, 30);
  EXPECT_GT(on_replica_, 0);
  CatchUp();

  // A standby that stands still: the primary answers.
  standby_->Sql(database_, "SELECT pg_wal_replay_pause()");
  ASSERT_TRUE(AppendNow(*store_, Record(30)).ok());
  EXPECT_EQ(Listed("", 2), (std::vector<std::string>{Name(30), Name(29)}));
  EXPECT_EQ(on_primary_, 1);
  // The next page goes on behind a verdict that the standby has not seen.
  EXPECT_EQ(Listed(IdOf(30), 2), (std::vector<std::string>{Name(29), Name(28)}));
  EXPECT_EQ(on_replica_, 0);
  const auto audit = store_->audit().List({.for_people = true}, kAuditEnd, 1);
  ASSERT_TRUE(audit.ok());
  EXPECT_EQ(audit->front().resource(), Name(30));

  standby_->Sql(database_, "SELECT pg_wal_replay_resume()");
  CatchUp();
  EXPECT_EQ(Listed(IdOf(30), 2), (std::vector<std::string>{Name(29), Name(28)}));
  EXPECT_EQ(store_->audit().List({.for_people = true}, kAuditEnd, 1)->front().resource(), Name(30));
  EXPECT_EQ(on_replica_, 2);
}

TEST_F(PostgresReplicaTest, WhatDecidesIsReadOnThePrimary) {
  ASSERT_TRUE(AppendNow(*store_, Record(1)).ok());
  EXPECT_EQ(store_->ListVerdicts({}, "", 10)->size(), 1u);
  EXPECT_TRUE(store_->NewestVerdictTime().ok());
  EXPECT_TRUE(store_->audit().List({}, kAuditEnd, 10).ok());
  EXPECT_EQ(on_replica_ + on_primary_, 0);
}

TEST_F(PostgresReplicaTest, AStandbyThatIsGoneIsNotMissed) {
  primary_.Sql("postgres", "ALTER SYSTEM RESET synchronous_standby_names");
  primary_.Sql("postgres", "SELECT pg_reload_conf()");
  ASSERT_TRUE(AppendNow(*store_, Record(1)).ok());
  CatchUp();
  standby_->Kill();
  for (int i = 0; i < 3; ++i) EXPECT_THAT(Listed(), ElementsAre(Name(1)));
  EXPECT_EQ(on_replica_, 0);
  ASSERT_TRUE(AppendNow(*store_, Record(2)).ok());
  standby_->Start();
  EXPECT_TRUE(Eventually(
      [&] {
        EXPECT_THAT(Listed(), ElementsAre(Name(2), Name(1)));
        return on_replica_ > 0;
      },
      std::chrono::seconds(30)));
}

// Another server, or another database, would list something else.
TEST_F(PostgresReplicaTest, OnlyAStandbyOfThePrimaryIsRead) {
  ASSERT_TRUE(AppendNow(*store_, Record(1)).ok());
  std::string other;
  primary_.CreateDatabase(&other);
  for (const std::string& url : {primary_.Url(database_), standby_->Url("postgres")}) {
    store_ = Open(url);
    EXPECT_THAT(Listed(), ElementsAre(Name(1)));
  }
  EXPECT_EQ(on_replica_, 0);
  EXPECT_EQ(on_primary_, 2);
}

}  // namespace
}  // namespace gate
