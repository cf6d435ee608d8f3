// Rollouts as those see them who watch.
#include <thread>

#include "gate/v1/rollouts.grpc.pb.h"
#include "tests/rpc/rpc_fixture.h"

namespace gate {
namespace {

using testing::ElementsAre;

class WatchTest : public RpcTest {
 protected:
  void SetUp() override {
    Serve();
    PolicySnapshot snapshot = *gate_->policies.Current();
    v1::PolicyRule& rule = *snapshot.policy.mutable_rules(0);
    rule.mutable_rollout()->add_steps()->set_share(0.5);
    rule.mutable_rollout()->add_steps()->set_share(1);
    rule.mutable_rollout()->mutable_bake()->mutable_at_least()->set_seconds(3600);
    gate_->policies.Replace(std::make_shared<const PolicySnapshot>(std::move(snapshot)));
    rollouts_ = v1::Rollouts::NewStub(channel_);
    v1::StartRolloutRequest start;
    *start.mutable_change() = TestGate::Allowed().change();
    start.set_request_id("start");
    grpc::ClientContext context;
    ASSERT_TRUE(rollouts_->Start(&context, start, &rollout_).ok());
  }

  void Advance(const std::string& request_id) {
    v1::AdvanceRolloutRequest request;
    request.set_name(rollout_.name());
    request.set_fencing_token(rollout_.fencing_token());
    request.set_request_id(request_id);
    grpc::ClientContext context;
    v1::AdvanceRolloutResponse response;
    ASSERT_TRUE(rollouts_->Advance(&context, request, &response).ok());
    ASSERT_TRUE(response.advanced()) << response.DebugString();
  }

  void Abort() {
    v1::AbortRolloutRequest request;
    request.set_name(rollout_.name());
    request.set_reason("a test");
    grpc::ClientContext context;
    v1::Rollout rollout;
    ASSERT_TRUE(rollouts_->Abort(&context, request, &rollout).ok());
  }

  void ConfirmRollback() {
    v1::ConfirmRollbackRequest request;
    request.set_name(rollout_.name());
    request.set_fencing_token(rollout_.fencing_token());
    grpc::ClientContext context;
    v1::Rollout rollout;
    ASSERT_TRUE(rollouts_->ConfirmRollback(&context, request, &rollout).ok());
  }

  // A watch that the test reads.
  struct Watch {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::WatchRolloutResponse>> reader;
    v1::WatchRolloutResponse Next() {
      v1::WatchRolloutResponse event;
      EXPECT_TRUE(reader->Read(&event));
      return event;
    }
    // What is left of it, and how it ends.
    grpc::Status End(std::vector<v1::RolloutEventKind>* kinds = nullptr) {
      for (v1::WatchRolloutResponse event; reader->Read(&event);) {
        if (kinds != nullptr) kinds->push_back(event.kind());
      }
      return reader->Finish();
    }
  };
  std::unique_ptr<Watch> Open(int64_t after_sequence, std::string name = "") {
    auto watch = std::make_unique<Watch>();
    watch->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    v1::WatchRolloutRequest request;
    request.set_name(name.empty() ? rollout_.name() : name);
    request.set_after_sequence(after_sequence);
    watch->reader = rollouts_->Watch(&watch->context, request);
    return watch;
  }

  std::unique_ptr<v1::Rollouts::Stub> rollouts_;
  v1::Rollout rollout_;
};

TEST_F(WatchTest, BeginsWithWhereItStandsAndEndsWithTheRollout) {
  const auto watch = Open(0);
  const v1::WatchRolloutResponse first = watch->Next();
  EXPECT_EQ(first.kind(), v1::ROLLOUT_EVENT_KIND_STARTED);
  EXPECT_EQ(first.rollout().fencing_token(), 0);
  const auto before = std::chrono::steady_clock::now();
  Advance("step-1");
  EXPECT_EQ(watch->Next().kind(), v1::ROLLOUT_EVENT_KIND_JUDGED);
  const v1::WatchRolloutResponse step = watch->Next();
  EXPECT_EQ(step.kind(), v1::ROLLOUT_EVENT_KIND_STEP_TAKEN);
  EXPECT_EQ(step.sequence(), first.sequence() + 2);
  EXPECT_EQ(step.rollout().share(), 0.5);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(1500))
      << "on the store's word, and not when it looks by itself";
  Abort();
  ConfirmRollback();
  std::vector<v1::RolloutEventKind> kinds;
  EXPECT_TRUE(watch->End(&kinds).ok());
  EXPECT_THAT(kinds,
              ElementsAre(v1::ROLLOUT_EVENT_KIND_ROLLING_BACK, v1::ROLLOUT_EVENT_KIND_ENDED));
}

TEST_F(WatchTest, GoesOnBehindWhatWasSeen) {
  Advance("step-1");
  Abort();
  ConfirmRollback();
  std::vector<v1::RolloutEventKind> all, rest, now;
  EXPECT_TRUE(Open(1)->End(&all).ok());
  EXPECT_THAT(all, ElementsAre(v1::ROLLOUT_EVENT_KIND_JUDGED, v1::ROLLOUT_EVENT_KIND_STEP_TAKEN,
                               v1::ROLLOUT_EVENT_KIND_ROLLING_BACK, v1::ROLLOUT_EVENT_KIND_ENDED));
  EXPECT_TRUE(Open(3)->End(&rest).ok());
  EXPECT_EQ(rest, std::vector(all.begin() + 2, all.end()));
  EXPECT_TRUE(Open(0)->End(&now).ok());
  EXPECT_THAT(now, ElementsAre(v1::ROLLOUT_EVENT_KIND_ENDED))
      << "it has ended: only where it stands";
}

TEST_F(WatchTest, WhoeverHasSeenTheEndIsToldThatItIsOver) {
  Abort();
  std::vector<v1::RolloutEventKind> kinds;
  EXPECT_TRUE(Open(100)->End(&kinds).ok());
  EXPECT_THAT(kinds, ElementsAre());
}

TEST_F(WatchTest, WhatIsWrongIsSaid) {
  EXPECT_EQ(Open(0, "rollouts/01ARZ3NDEKTSV4RRFFQ69G5FAV")->End().error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(Open(0, "verdicts/1")->End().error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(Open(-1)->End().error_code(), grpc::INVALID_ARGUMENT);
}

TEST_F(WatchTest, AnEndingServerSendsItsWatchersElsewhere) {
  const auto watch = Open(0);
  watch->Next();
  server_->AnnounceEnd();
  EXPECT_EQ(watch->End().error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(Open(0)->End().error_code(), grpc::UNAVAILABLE);
}

TEST_F(WatchTest, ManyWatchersComeAndGo) {
  std::vector<std::thread> watchers;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 40; ++i) {
    watchers.emplace_back([&, leaves = i % 2 == 0] {
      const auto watch = Open(0);
      watch->Next();
      if (leaves) watch->context.TryCancel();
      const grpc::Status status = watch->End();
      EXPECT_EQ(status.error_code(), leaves ? grpc::CANCELLED : grpc::OK) << status.error_message();
      ++ended;
    });
  }
  EXPECT_TRUE(Eventually([&] { return ended == 20; }));
  Advance("step-1");
  Abort();
  ConfirmRollback();
  for (std::thread& watcher : watchers) watcher.join();
  EXPECT_EQ(ended, 40);
}

}  // namespace
}  // namespace gate
