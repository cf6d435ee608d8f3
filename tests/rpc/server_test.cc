// What the server does beside answering: bounds, deadlines, health, draining.
#include <future>
#include <string>
#include <thread>

#include "tests/rpc/rpc_fixture.h"

namespace gate {
namespace {

using testing::HasSubstr;

class ServerTest : public RpcTest {
 protected:
  // An evaluation that waits for its source.
  std::future<grpc::Status> StartWaiting(v1::Verdict* verdict) {
    gate_->HoldUpSource();
    const int before = gate_->fetches();
    auto ended = std::async(std::launch::async,
                            [this, verdict] { return Evaluate(TestGate::Blocked(), verdict); });
    EXPECT_TRUE(Eventually([&] { return gate_->fetches() > before; }));
    return ended;
  }
};

TEST_F(ServerTest, HealthIsServed) {
  Serve();
  EXPECT_EQ(Health(channel_), "SERVING");
  server_->AnnounceEnd();
  EXPECT_EQ(Health(channel_), "NOT_SERVING");
}

TEST_F(ServerTest, ReflectionListsTheServices) {
  Serve();
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  const grpc::Slice list_services(std::string("\x3a\x00", 2));  // Field 7, an empty string.
  const grpc::ByteBuffer request(&list_services, 1);
  call->Write(request, nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  grpc::Slice slice;
  ASSERT_TRUE(response.DumpToSingleSlice(&slice).ok());
  const std::string bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
  for (const char* service : {"gate.v1.Gate", "gate.v1.Freezes", "gate.v1.Policies",
                              "gate.v1.Evidence", "grpc.health.v1.Health"}) {
    EXPECT_THAT(bytes, HasSubstr(service));
  }
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
}

TEST_F(ServerTest, OneEvaluationTooManyIsRefusedAtOnce) {
  Serve(/*max_evaluations=*/1);
  v1::Verdict first, second;
  auto waiting = StartWaiting(&first);
  const grpc::Status status = Evaluate(TestGate::Allowed(), &second);
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailOf<google::rpc::RetryInfo>(status).retry_delay().seconds(), 1);
  gate_->latch.Open();
  EXPECT_TRUE(waiting.get().ok());
  EXPECT_TRUE(Evaluate(TestGate::Allowed(), &second).ok());  // Its place is free again.
}

// The caller's deadline reaches the source, with time left to store and reply.
TEST_F(ServerTest, ASlowSourceIsAbsentBeforeTheDeadline) {
  Serve();
  gate_->HoldUpSource();
  v1::Verdict verdict;
  const grpc::Status status =
      Evaluate(TestGate::Blocked(), &verdict, std::chrono::milliseconds(1500));
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(verdict.decision(), v1::DECISION_HOLD);
  ASSERT_EQ(verdict.observations_size(), 3);
  ASSERT_EQ(verdict.observations(2).id(), "migration.schema_change");
  EXPECT_EQ(verdict.observations(2).absence().reason(), v1::ABSENCE_REASON_TIMEOUT);
}

TEST_F(ServerTest, AClientThatGoesAwayHarmsNothing) {
  Serve();
  gate_->HoldUpSource();
  grpc::ClientContext context;
  v1::Verdict verdict;
  auto ended = std::async(std::launch::async,
                          [&] { return stub_->Evaluate(&context, TestGate::Blocked(), &verdict); });
  ASSERT_TRUE(Eventually([&] { return gate_->fetches() == 1; }));
  context.TryCancel();
  EXPECT_EQ(ended.get().error_code(), grpc::CANCELLED);
  gate_->latch.Open();
  // What was taken on is finished and kept.
  EXPECT_TRUE(Eventually([&] {
    grpc::ClientContext list;
    v1::ListVerdictsResponse page;
    return stub_->ListVerdicts(&list, v1::ListVerdictsRequest(), &page).ok() &&
           page.verdicts_size() == 1;
  }));
}

TEST_F(ServerTest, DrainingLetsCallsEndAndTakesNoMore) {
  Serve();
  v1::Verdict verdict;
  auto waiting = StartWaiting(&verdict);
  server_->AnnounceEnd();
  EXPECT_EQ(Health(channel_), "NOT_SERVING");
  auto drained = std::async(std::launch::async, [&] { server_->Drain(std::chrono::seconds(20)); });
  EXPECT_TRUE(Eventually([&] {
    const auto fresh =
        grpc::CreateCustomChannel(server_->address(), grpc::InsecureChannelCredentials(), {});
    return !fresh->WaitForConnected(std::chrono::system_clock::now() +
                                    std::chrono::milliseconds(200));
  }));
  gate_->latch.Open();
  EXPECT_TRUE(waiting.get().ok());
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK);
  drained.get();
}

TEST_F(ServerTest, DrainingEndsCallsThatDoNot) {
  Serve();
  v1::Verdict verdict;
  auto waiting = StartWaiting(&verdict);
  auto drained =
      std::async(std::launch::async, [&] { server_->Drain(std::chrono::milliseconds(50)); });
  EXPECT_FALSE(waiting.get().ok());
  gate_->latch.Open();  // The evaluation itself is never cut off: its verdict is kept.
  drained.get();
}

TEST_F(ServerTest, ALargeMessageIsRefused) {
  Serve();
  v1::EvaluateRequest request = TestGate::Blocked();
  request.mutable_change()->mutable_schema_change()->mutable_files(0)->set_sql(
      std::string(2 << 20, ' '));
  v1::Verdict verdict;
  EXPECT_EQ(Evaluate(request, &verdict).error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Evaluate(TestGate::Allowed(), &verdict).ok());
}

TEST_F(ServerTest, AnErrorWithManyFieldsFitsItsTrailer) {
  Serve();
  v1::EvaluateRequest request = TestGate::Allowed();
  for (int i = 0; i < 500; ++i) {
    request.mutable_change()->mutable_schema_change()->add_files();  // Each lacks its path.
  }
  v1::Verdict verdict;
  const grpc::Status status = Evaluate(request, &verdict);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << status.error_message();
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status).reason(), "INVALID_REQUEST");
  EXPECT_THAT(status.error_message(), HasSubstr("change.schema_change.files[0].path"));
}

TEST_F(ServerTest, TwoServersDoNotShareAPort) {
  Serve();
  config::v1::Listener listener;
  listener.set_address(server_->address());
  const auto second = RpcServer::Start(gate_->api, listener, StandardLimits());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(server_->address()));
}

TEST_F(ServerTest, AUnixSocketIsServed) {
  TempFolder folder;
  TestGate gate;
  config::v1::Listener listener;
  listener.set_address("unix:" + folder.File("gate.sock"));
  const auto server = RpcServer::Start(gate.api, listener, StandardLimits());
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ(Health(grpc::CreateChannel((*server)->address(), grpc::InsecureChannelCredentials())),
            "SERVING");
}

TEST_F(ServerTest, ManyCallsAtOnceAreAllAnswered) {
  Serve();
  std::atomic<int> allowed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        v1::Verdict verdict;
        if (Evaluate(TestGate::Allowed(), &verdict).ok() &&
            verdict.decision() == v1::DECISION_ALLOW) {
          ++allowed;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(allowed, 200);
}

}  // namespace
}  // namespace gate
