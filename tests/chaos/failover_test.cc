// The database's primary dies under load, and its synchronous standby takes over.
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/chaos/world.h"

namespace gate {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

TEST(FailoverTest, WhatWasAcknowledgedOutlivesThePrimary) {
  auto primary = std::make_unique<PostgresServer>(std::vector<std::string>(), /*own_clock=*/true);
  std::string database;
  primary->CreateDatabase(&database);
  const auto standby = PostgresServer::SynchronousStandbyOf(*primary);
  // As the run book has it: both hosts, and whoever takes writes.
  const std::string url =
      absl::StrCat("postgresql://postgres@/", database, "?host=", primary->socket_folder(), ",",
                   standby->socket_folder(), "&port=5432,5432&target_session_attrs=read-write");
  World world(2, "chaos/policy.yaml", url);
  Pipelines pipelines(world.addresses(), /*pipelines=*/12, /*services=*/12, /*seed=*/7);
  ASSERT_TRUE(Eventually([&] { return pipelines.advanced() >= 30; }, seconds(60)));

  const auto died = steady_clock::now();
  primary->Kill();
  standby->Promote();
  const int64_t before = pipelines.advanced();
  EXPECT_TRUE(Eventually([&] { return pipelines.advanced() >= before + 10; }, seconds(60)));
  const std::chrono::duration<double> back = steady_clock::now() - died;
  std::printf("ten steps were taken %.1f s after the primary died\n", back.count());
  EXPECT_LT(back, seconds(15));
  EXPECT_TRUE(Eventually([&] { return pipelines.advanced() >= before + 60; }, seconds(60)));
  pipelines.End();
  world.ExpectAllIsWell(pipelines, *standby, database);
}

}  // namespace
}  // namespace gate
