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

// The longest that anybody waits for an answer, and that a gate takes to be itself again.
constexpr seconds kAnswered{15};
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

// Calls that ask a gate again and again, as patient as it takes.
class Askers {
 public:
  Askers(RunningGate& gate, int count) : gate_(gate) {
    for (int i = 0; i < count; ++i) {
      threads_.emplace_back([this] {
        while (!ending_) Ask();
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
  void Ask() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + seconds(90));
    v1::Verdict verdict;
    const auto start = steady_clock::now();
    const grpc::Status status = gate_.gate().Evaluate(&context, Release(), &verdict);
    const double took = SecondsSince(start);
    {
      MutexLock lock(mu_);
      longest_ = std::max<double>(longest_, took);
      if (status.ok()) {
        verdicts_.push_back(verdict.name());
      } else {
        failure_ = status;
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

  PostgresServer postgres_;
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
      "not ready after %.1f s, told after %.1f s, longest answer %.1f s, fifty answers %.1f s and ready %.1f s after "
      "the return\n",
      unready, told, askers.longest(), back, ready);
  EXPECT_LT(askers.longest(), kAnswered.count());
  EXPECT_LT(unready, kAnswered.count());
  EXPECT_LT(back, kBack.count());
  EXPECT_LT(ready, kBack.count());
  ExpectOnRecord(askers.verdicts());
}

TEST_F(NetworkTest, ADatabaseThatVanishesIsToldAndFoundAgain) { Fail(Mode::kRefuse, seconds(8)); }

TEST_F(NetworkTest, ADatabaseThatSaysNothingIsToldAndFoundAgain) {
  Fail(Mode::kSilent, seconds(12));
}

}  // namespace
}  // namespace gate
