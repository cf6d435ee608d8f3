#include "checks/proto_time.h"
#include "gate/evidence/holds.h"
#include "gate/store/store.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

// Reads are shared with those who look at an earlier moment; each sees what holds at its own.
TEST(HoldsSourceTest, AFreezeIsToldUntilItsEndAndNoLonger) {
  auto store = OpenStore("sqlite::memory:", {});
  ASSERT_TRUE(store.ok()) << store.status();
  const absl::Time end = absl::FromUnixSeconds(1'795'183'200);
  FreezeCreation creation;
  creation.write.request_id = "f1";
  creation.write.request_digest = "d";
  creation.write.now = end - absl::Hours(1);
  creation.freeze.set_name("freezes/01KAF0Z0000000000000000000");
  creation.freeze.set_reason("a failover");
  *creation.freeze.mutable_start_time() = ToProto(end - absl::Hours(1));
  *creation.freeze.mutable_end_time() = ToProto(end);
  *creation.freeze.mutable_create_time() = creation.freeze.start_time();
  ASSERT_TRUE((*store)->holds().CreateFreeze(creation).ok());
  HoldsSource source((*store)->holds());
  v1::Query query;
  query.set_id("gate.holds");
  query.mutable_holds()->set_service("web");
  query.mutable_holds()->set_environment("production");
  const auto told = [&](absl::Time now) {
    const v1::Observation observation = source.Fetch(query, {v1::Change(), now, {}});
    EXPECT_TRUE(observation.has_holds()) << observation.DebugString();
    return observation.holds().freezes_size();
  };
  EXPECT_EQ(told(end - absl::Microseconds(1)), 1);
  EXPECT_EQ(told(end), 0);
  EXPECT_EQ(told(end + absl::Minutes(1)), 0);
  EXPECT_EQ(told(end + absl::Hours(1)), 0);
}

}  // namespace
}  // namespace gate
