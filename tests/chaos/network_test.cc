// The network between a gate and what it asks: the database vanishes and returns, is there and
// says nothing, is out of reach of one replica; the metrics server hangs.
#include <atomic>
#include <cstdio>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "tests/chaos/world.h"
#include "tests/fakes/raw_http_server.h"
#include "tests/fakes/tcp_proxy.h"

namespace gate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using Mode = TcpProxy::Mode;

// The longest that anybody waits for an answer (twelve seconds where nothing else runs), and that a
// gate takes to be itself again.
constexpr seconds kAnswered{20};
constexpr seconds kBack{10};

double SecondsSince(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

v1::EvaluateRequest Release() {
  v1::EvaluateRequest request;
  request.mutable_change()->set_service("svc-asked");
  request.mutable_change()->set_environment("production");
  request.mutable_change()->set_kind(v1::CHANGE_KIND_CODE);
  return request;
}

// Calls that ask a gate for verdicts, new ones and old ones, again and again, as patient as it
// takes.
class Askers {
 public:
  Askers(RunningGate& gate, int count) : gate_(gate) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this, reads = i % 3 == 0] {
        while (!ending_) Ask(reads);
      });
    }
  }
  ~Askers() { End(); }

  void End() {
    ending_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  int64_t answers() const { return answers_; }
  double longest() const { return longest_; }
  // Of the last call that failed.
  grpc::Status failure() {
    MutexLock lock(mu_);
    return failure_;
  }
  std::vector<std::string> verdicts() {
    MutexLock lock(mu_);
    return verdicts_;
  }

 private:
  void Ask(bool reads) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(90));
    v1::Verdict verdict;
    v1::ListVerdictsRequest list;
    v1::ListVerdictsResponse listed;
    list.set_page_size(1);
    const auto start = steady_clock::now();
    const grpc::Status status = reads ? gate_.gate().ListVerdicts(&context, list, &listed)
                                      : gate_.gate().Evaluate(&context, Release(), &verdict);
    const double took = SecondsSince(start);
    {
      MutexLock lock(mu_);
      longest_ = std::max<double>(longest_, took);
      if (!status.ok()) {
        failure_ = status;
      } else if (!reads) {
        verdicts_.push_back(verdict.name());
      }
    }
    if (status.ok()) ++answers_;
    std::this_thread::sleep_for(milliseconds(20));
  }

  RunningGate& gate_;
  std::atomic<bool> ending_ = false;
  std::atomic<int64_t> answers_ = 0;
  std::atomic<double> longest_ = 0;
  Mutex mu_;
  grpc::Status failure_;
  std::vector<std::string> verdicts_;
  std::vector<std::thread> threads_;
};

class NetworkTest : public ::testing::Test {
 protected:
  std::string Through(const TcpProxy& proxy) const {
    return absl::StrCat("postgresql://postgres@127.0.0.1:", proxy.port(), "/", database_);
  }
  std::string Sql(const std::string& sql) { return postgres_.Sql(database_, sql); }
  void ExpectOnRecord(const std::vector<std::string>& verdicts) {
    for (const std::string& name : verdicts) {
      const std::string id = name.substr(name.find('/') + 1);
      ASSERT_EQ(Sql("SELECT count(*) FROM gate.verdicts WHERE id = '" + id + "'"), "1\n") << name;
    }
  }
  // The network to the gate's database fails while the gate is asked, and returns.
  void Fail(Mode mode, seconds length);

  PostgresServer postgres_{{}, /*own_clock=*/true};
  std::string database_;
  const std::string direct_ = postgres_.CreateDatabase(&database_);
  const std::string socket_ =
      absl::StrCat(postgres_.socket_folder(), "/.s.PGSQL.", postgres_.port());
};

void NetworkTest::Fail(Mode mode, seconds length) {
  TcpProxy network(socket_);
  World world("chaos/policy.yaml", {Through(network)});
  RunningGate& gate = world.gate(0);
  Askers askers(gate, 12);
  ASSERT_TRUE(Eventually([&] { return askers.answers() >= 50; })) << gate.Log();

  network.Set(mode);
  const auto cut = steady_clock::now();
  std::this_thread::sleep_for(milliseconds(500));  // What was on its way is through.
  const int64_t before = askers.answers();
  while (gate.Get("/readyz").status == 200 && SecondsSince(cut) < 60) {
  }
  const double unready = SecondsSince(cut);
  EXPECT_EQ(gate.Get("/healthz").status, 200) << "it is not to be started anew for this";
  EXPECT_TRUE(Eventually([&] { return !askers.failure().ok(); }, seconds(60)));
  const double told = SecondsSince(cut);
  std::this_thread::sleep_until(cut + length);
  EXPECT_EQ(askers.answers(), before) << "an answer, and nowhere to put it on record";
  EXPECT_EQ(askers.failure().error_code(), grpc::UNAVAILABLE);
  EXPECT_THAT(askers.failure().error_message(), HasSubstr("the store cannot be reached"));

  network.Set(Mode::kPass);
  const auto returned = steady_clock::now();
  EXPECT_TRUE(Eventually([&] { return askers.answers() >= before + 50; }, seconds(60)));
  const double back = SecondsSince(returned);
  EXPECT_TRUE(Eventually([&] { return gate.Ready(); }, seconds(60)));
  const double ready = SecondsSince(returned);
  askers.End();
  std::printf(
      "not ready after %.1f s, told after %.1f s, longest answer %.1f s, fifty answers %.1f s and "
      "ready %.1f s after "
      "the return\n",
      unready, told, askers.longest(), back, ready);
  EXPECT_LT(askers.longest(), kAnswered.count());
  EXPECT_LT(unready, kAnswered.count());
  EXPECT_LT(back, kBack.count());
  EXPECT_LT(ready, kBack.count());
  ExpectOnRecord(askers.verdicts());
}

TEST_F(NetworkTest, ADatabaseThatVanishesIsToldAndFoundAgain) { Fail(Mode::kRefuse, seconds(6)); }

TEST_F(NetworkTest, ADatabaseThatSaysNothingIsToldAndFoundAgain) {
  Fail(Mode::kSilent, seconds(12));
}

// Each answer of the database breaks off in its middle.
TEST_F(NetworkTest, AnswersThatBreakOffAreNoAnswers) { Fail(Mode::kCut, seconds(6)); }

TEST_F(NetworkTest, AReplicaThatIsCutOffHoldsUpNoOther) {
  TcpProxy network(socket_);
  World world("chaos/policy.yaml", {Through(network), direct_});
  Pipelines pipelines(world.addresses(), /*pipelines=*/12, /*services=*/8, /*seed=*/3);
  ASSERT_TRUE(Eventually([&] { return pipelines.advanced() >= 20; }));

  network.Set(Mode::kSilent);
  const auto cut = steady_clock::now();
  // What the cut-off replica was in the middle of keeps its locks no longer than this.
  int64_t least = 1000, before = pipelines.advanced();
  for (int i = 0; i < 3; ++i) {
    std::this_thread::sleep_for(seconds(3));
    const int64_t now = pipelines.advanced();
    least = std::min(least, now - std::exchange(before, now));
  }
  EXPECT_EQ(Sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
                " AND state_change < now() - interval '6 s'"),
            "0\n")
      << "a session that nobody speaks on any more has locks";
  EXPECT_FALSE(world.gate(0).Ready()) << "callers are to be sent elsewhere";
  EXPECT_TRUE(world.gate(1).Ready());
  v1::Verdict none;
  EXPECT_EQ(world.gate(0).TryEvaluate(Release(), none).error_code(), grpc::UNAVAILABLE);

  network.Set(Mode::kPass);
  const auto returned = steady_clock::now();
  EXPECT_TRUE(Eventually([&] { return world.gate(0).Ready(); }, kBack));
  EXPECT_TRUE(Eventually([&] { return world.gate(0).TryEvaluate(Release(), none).ok(); }, kBack));
  std::printf("cut off for %.1f s; at least %ld steps in 3 s meanwhile; back after %.1f s\n",
              SecondsSince(cut) - SecondsSince(returned), static_cast<long>(least),
              SecondsSince(returned));
  EXPECT_GT(least, 0) << "the other replica stood still";
  pipelines.End();
  world.ExpectAllIsWell(pipelines, postgres_, database_);
}

constexpr char kCanaryPolicy[] = R"(
title: Metrics
rules:
  - name: canary
    match: {services: ["web-*"], environments: [production]}
    checks:
      canary:
        source: main
        cohort_label: track
        metrics:
          - {name: http_5xx, events: errors_total, exposure: requests_total}
    rollout:
      steps:
        - {share: 0.05}
        - {share: 1}
  - name: others
    match: {services: ["svc-*"], environments: [production]}
    checks:
      freeze:
        windows:
          - id: turn-of-the-century
            time_zone: UTC
            start: "1999-12-31T12:00:00"
            end: "2000-01-03T12:00:00"
    rollout:
      steps:
        - {share: 0.05}
        - {share: 1}
)";

// A pipeline with a rollout of its own.
class Pipeline {
 public:
  Pipeline(const RunningGate& gate, const std::string& service)
      : rollouts_(v1::Rollouts::NewStub(
            grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()))) {
    v1::StartRolloutRequest start;
    start.set_request_id("start-" + service);
    start.mutable_change()->set_service(service);
    start.mutable_change()->set_environment("production");
    start.mutable_change()->set_kind(v1::CHANGE_KIND_CODE);
    const grpc::Status status = Call(&v1::Rollouts::Stub::Start, start, &rollout_);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  grpc::Status Advance(v1::AdvanceRolloutResponse& step) {
    v1::AdvanceRolloutRequest advance;
    advance.set_name(rollout_.name());
    advance.set_fencing_token(rollout_.fencing_token());
    advance.set_request_id(absl::StrCat(rollout_.change().service(), "-", ++steps_));
    return Call(&v1::Rollouts::Stub::Advance, advance, &step);
  }

  v1::Rollout Abort() {
    v1::AbortRolloutRequest abort;
    abort.set_name(rollout_.name());
    abort.set_reason("it burns");
    v1::Rollout after;
    const grpc::Status status = Call(&v1::Rollouts::Stub::Abort, abort, &after);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return after;
  }

 private:
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::Rollouts::Stub::*method)(grpc::ClientContext*, const Request&,
                                                               Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(60));
    return ((*rollouts_).*method)(&context, request, response);
  }

  const std::unique_ptr<v1::Rollouts::Stub> rollouts_;
  v1::Rollout rollout_;
  int steps_ = 0;
};

TEST_F(NetworkTest, AMetricsServerThatHangsHoldsWhatAsksItAndNothingElse) {
  RawHttpServer metrics([](const std::string&, int connection) {
    RawHttpServer::Send(connection,
                        RawHttpServer::Response(
                            200, "application/json",
                            R"({"status":"success","data":{"resultType":"matrix","result":[]}})"));
  });
  TcpProxy network(metrics.port());
  RunningGate gate(
      {.policy = kCanaryPolicy,
       .store_url = direct_,
       .metrics_servers = {{"main", absl::StrCat("http://127.0.0.1:", network.port())}}});
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  v1::AdvanceRolloutResponse step;
  for (int i = 0; i < 24; ++i) {
    pipelines.push_back(std::make_unique<Pipeline>(gate, absl::StrCat("web-", i)));
    ASSERT_TRUE(pipelines.back()->Advance(step).ok());
    ASSERT_TRUE(step.advanced()) << "nothing is asked of what has no traffic yet";
  }
  Pipeline burning(gate, "web-burning"), other(gate, "svc-other");
  ASSERT_TRUE(burning.Advance(step).ok());
  const auto waits = [&] { return step.verdict().reason(); };
  postgres_.SetClock(300);  // There are intervals to ask for.
  ASSERT_TRUE(Eventually([&] {
    return burning.Advance(step).ok() && absl::StrContains(waits(), "no series matches");
  })) << waits();

  network.Set(Mode::kSilent);
  std::vector<std::thread> threads;
  std::atomic<double> longest = 0;
  for (const auto& pipeline : pipelines) {
    threads.emplace_back([&] {
      const auto start = steady_clock::now();
      v1::AdvanceRolloutResponse held;
      const grpc::Status status = pipeline->Advance(held);
      double before = longest;
      const double took = SecondsSince(start);
      while (before < took && !longest.compare_exchange_weak(before, took)) {
      }
      EXPECT_TRUE(status.ok()) << status.error_message();
      EXPECT_FALSE(held.advanced());
      EXPECT_EQ(held.verdict().decision(), v1::DECISION_HOLD);
      EXPECT_THAT(held.verdict().reason(), HasSubstr("prometheus:main did not answer in time"));
    });
  }
  std::this_thread::sleep_for(milliseconds(500));
  const auto asked = steady_clock::now();
  EXPECT_EQ(burning.Abort().state(), v1::ROLLOUT_STATE_ROLLING_BACK);
  const double aborted = SecondsSince(asked);
  EXPECT_TRUE(other.Advance(step).ok());
  EXPECT_TRUE(step.advanced()) << step.DebugString();
  const double advanced = SecondsSince(asked);
  EXPECT_TRUE(gate.Ready()) << "a source is no reason to send callers elsewhere";
  for (std::thread& thread : threads) thread.join();

  network.Set(Mode::kPass);
  const auto returned = steady_clock::now();
  EXPECT_TRUE(Eventually(
      [&] {
        return pipelines[0]->Advance(step).ok() && !absl::StrContains(waits(), "in time") &&
               !absl::StrContains(waits(), "left alone");
      },
      seconds(60)))
      << waits();
  const double back = SecondsSince(returned);
  std::printf(
      "24 that ask it held after %.1f s at the longest; meanwhile an abort took %.1f s and another "
      "service's step %.1f s; asked again %.1f s after its return: %s\n",
      longest.load(), aborted, advanced - aborted, back, waits().c_str());
  EXPECT_LT(longest, kAnswered.count());
  EXPECT_LT(advanced, 2) << "others waited for a source that they do not ask";
  EXPECT_LT(back, 35);
}

}  // namespace
}  // namespace gate
