#include "tests/bench/rollouts.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gate/v1/rollouts.grpc.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "tests/bench/load.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/postgres_server.h"
#include "tests/fakes/prometheus_server.h"

namespace gate {
namespace {

using std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// How far back the rollouts that bake were started: by then they are judged once a minute.
constexpr int kBakedFor = 2 * 3600;
constexpr int kThreads = 16;

double CpuSeconds(pid_t pid) {
  std::ifstream in(absl::StrCat("/proc/", pid, "/stat"));
  std::string text;
  if (!std::getline(in, text)) return 0;
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// An hour of a canary as healthy as its baseline, for each service, and as long from now on.
MetricsHistory Canaries(int services) {
  const absl::Time now = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) / 60 * 60);
  MetricsHistory history;
  for (int service = 0; service < services; ++service) {
    for (const char* track : {"canary", "baseline"}) {
      std::vector<double> requests, errors;
      for (int i = 0; i < 2 * 60; ++i) {
        requests.push_back(6000.0 * i);
        errors.push_back(60.0 * i);
      }
      const std::string labels =
          absl::StrCat("{service=\"svc-", service, "\",track=\"", track, "\"}");
      history.Add("http_requests_total", labels, now - absl::Hours(1), absl::Minutes(1), requests);
      history.Add("http_errors_total", labels, now - absl::Hours(1), absl::Minutes(1), errors);
    }
  }
  return history;
}

// A gate on a PostgreSQL.
class Server {
 public:
  Server(PostgresServer& postgres, std::string store, std::string metrics, int behind)
      : postgres_(postgres), address_(absl::StrCat("127.0.0.1:", FreePort())) {
    ChildProcess::Options options;
    options.arguments = {"/proc/self/exe",
                         "--serve",
                         address_,
                         "--store",
                         store,
                         "--metrics",
                         metrics,
                         "--behind",
                         absl::StrCat(behind),
                         "--policy",
                         GATE_BENCH_POLICIES "/rollouts.yaml"};
    auto server = ChildProcess::Start(options);
    if (!server.ok()) throw std::runtime_error(std::string(server.status().message()));
    process_ = *std::move(server);
    const auto channel = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
    channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20));
    stub_ = v1::Rollouts::NewStub(channel);
  }

  v1::Rollouts::Stub& rollouts() { return *stub_; }
  double Cpu() const { return CpuSeconds(process_->pid()); }
  // Of all processes of the database that live now.
  double DatabaseCpu() {
    double seconds = 0;
    for (const auto pid :
         absl::StrSplit(postgres_.Sql("postgres", "SELECT pid FROM pg_stat_activity"), '\n',
                        absl::SkipEmpty())) {
      seconds += CpuSeconds(static_cast<pid_t>(std::stoi(std::string(pid))));
    }
    return seconds;
  }

  v1::Rollout Start(const std::string& service) {
    v1::StartRolloutRequest request;
    request.set_request_id("start-" + service);
    v1::Change& change = *request.mutable_change();
    change.set_service(service);
    change.set_environment("production");
    change.set_kind(v1::CHANGE_KIND_CODE);
    change.set_version("2026.11.3");
    change.set_head_revision("8c7f1d0a3b5e49c2a6d1f0e7b8c9d0a1b2c3d4e5");
    grpc::ClientContext context;
    v1::Rollout rollout;
    const grpc::Status status = stub_->Start(&context, request, &rollout);
    if (!status.ok()) throw std::runtime_error(status.error_message());
    return rollout;
  }

  v1::AdvanceRolloutResponse Advance(const v1::Rollout& rollout, const std::string& request_id) {
    v1::AdvanceRolloutRequest request;
    request.set_name(rollout.name());
    request.set_fencing_token(rollout.fencing_token());
    request.set_request_id(request_id);
    grpc::ClientContext context;
    v1::AdvanceRolloutResponse response;
    const grpc::Status status = stub_->Advance(&context, request, &response);
    if (!status.ok()) throw std::runtime_error(status.error_message());
    return response;
  }

 private:
  PostgresServer& postgres_;
  const std::string address_;
  std::unique_ptr<ChildProcess> process_;
  std::unique_ptr<v1::Rollouts::Stub> stub_;
};

// Does the work for each number below `count`, on a few threads.
template <typename Work>
void InParallel(int count, const Work& work) {
  std::atomic<int> next = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int number = next++; number < count; number = next++) work(number);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void MeasureAdvance(const RolloutLoad& load, PostgresServer& postgres) {
  auto prometheus = MetricsServerFake::StartPrometheus(Canaries(load.active));
  if (!prometheus.ok()) throw std::runtime_error(std::string(prometheus.status().message()));
  Server server(postgres, postgres.CreateDatabase(), (*prometheus)->url(), /*behind=*/0);
  std::vector<v1::Rollout> rollouts(static_cast<size_t>(load.active));
  InParallel(load.active, [&](int i) {
    v1::Rollout& rollout = rollouts[static_cast<size_t>(i)];
    rollout = server.Start(absl::StrCat("svc-", i));
    server.Advance(rollout, absl::StrCat("first-", i));
  });
  const v1::AdvanceRolloutResponse answer = server.Advance(rollouts[0], "look");
  const int calls = static_cast<int>(load.per_second * load.seconds);
  std::vector<double> milliseconds(static_cast<size_t>(calls));
  const auto begin = steady_clock::now();
  const double cpu = server.Cpu();
  InParallel(calls, [&](int i) {
    const auto due =
        begin + std::chrono::duration_cast<steady_clock::duration>(Seconds(i / load.per_second));
    std::this_thread::sleep_until(due);
    server.Advance(rollouts[static_cast<size_t>(i % load.active)], absl::StrCat("ask-", i));
    milliseconds[static_cast<size_t>(i)] = Seconds(steady_clock::now() - due).count() * 1000;
  });
  const double took = Seconds(steady_clock::now() - begin).count();
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto quantile = [&](double share) {
    return milliseconds[static_cast<size_t>(share * static_cast<double>(calls - 1))];
  };
  std::printf("\n%d rollouts under way, a canary each; %.0f questions for the next step a second\n",
              load.active, load.per_second);
  std::printf(
      "  %s: %s\n", v1::Decision_Name(answer.verdict().decision()).c_str(),
      answer.rollout().waits().empty() ? "no wait" : answer.rollout().waits(0).message().c_str());
  std::printf("  Advance p50 / p99 / max    %9.2f / %.2f / %.2f ms   p99 at most 50: %s\n",
              quantile(0.5), quantile(0.99), milliseconds.back(),
              quantile(0.99) <= 50 ? "reached" : "MISSED");
  std::printf("  of one core                %9.1f %%\n", (server.Cpu() - cpu) / took * 100);
}

void MeasureIdle(const RolloutLoad& load, PostgresServer& postgres) {
  const std::string store = postgres.CreateDatabase();
  {
    Server before(postgres, store, "", kBakedFor);
    InParallel(load.baking, [&](int i) {
      const v1::Rollout rollout = before.Start(absl::StrCat("bakes-", i));
      if (!before.Advance(rollout, absl::StrCat("all-", i)).advanced()) {
        throw std::runtime_error("a rollout does not bake");
      }
    });
  }
  Server server(postgres, store, "", /*behind=*/0);
  // Each has been judged once, and is due at a moment of its own.
  std::this_thread::sleep_for(std::chrono::seconds(90));
  const double cpu = server.Cpu(), database = server.DatabaseCpu();
  const auto begin = steady_clock::now();
  std::this_thread::sleep_for(Seconds(load.idle_seconds));
  const double took = Seconds(steady_clock::now() - begin).count();
  const double core = (server.Cpu() - cpu) / took * 100;
  std::printf("\n%d rollouts that bake, each judged once a minute\n", load.baking);
  std::printf("  of one core                %9.1f %%   at most 10: %s\n", core,
              core <= 10 ? "reached" : "MISSED");
  std::printf("  of one core, PostgreSQL    %9.1f %%\n",
              (server.DatabaseCpu() - database) / took * 100);
}

}  // namespace

void MeasureRollouts(const RolloutLoad& load) {
  PostgresServer postgres(std::vector<std::string>{"min_wal_size = 1GB"});
  if (load.active > 0) MeasureAdvance(load, postgres);
  if (load.baking > 0) MeasureIdle(load, postgres);
}

}  // namespace gate
