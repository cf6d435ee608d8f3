#include "tests/bench/server.h"

#include <fcntl.h>
#include <signal.h>

#include <cstdio>

#include "absl/time/clock.h"
#include "gate/api/api.h"
#include "gate/evidence/holds.h"
#include "gate/evidence/prometheus.h"
#include "gate/evidence/schema_change.h"
#include "gate/log/log.h"
#include "gate/metrics/measured_store.h"
#include "gate/metrics/metrics.h"
#include "gate/policy/loader.h"
#include "gate/rollout/driver.h"
#include "gate/rpc/server.h"
#include "gate/rpc/services.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "tests/bench/echo.grpc.pb.h"

namespace gate {
namespace {

class EchoService final : public bench::v1::Echo::CallbackService {
 public:
  grpc::ServerUnaryReactor* Call(grpc::CallbackServerContext* context,
                                 const v1::EvaluateRequest* request,
                                 v1::EvaluateRequest* response) override {
    *response = std::move(const_cast<v1::EvaluateRequest&>(*request));
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

class ShiftedClock final : public Clock {
 public:
  explicit ShiftedClock(absl::Duration behind) : behind_(behind) {}
  absl::Time Now() override { return absl::Now() - behind_; }

 private:
  const absl::Duration behind_;
};

std::vector<std::unique_ptr<Source>> Sources(const std::string& metrics, Store& store) {
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::make_unique<RequestedSchemaChange>());
  sources.push_back(std::make_unique<HoldsSource>(store.holds()));
  config::v1::MetricsServer server;
  server.set_name("main");
  server.set_url(metrics);
  server.mutable_timeout()->set_seconds(5);
  server.set_max_in_flight(8);
  if (!metrics.empty()) sources.push_back(std::make_unique<PrometheusSource>(server));
  return sources;
}

}  // namespace

int RunBenchServer(const BenchServerOptions& options) {
  const LoadedPolicy policy = LoadPolicy(options.policy, absl::Now());
  for (const FileIssue& issue : policy.issues)
    std::fprintf(stderr, "%s\n", issue.ToString().c_str());
  if (policy.snapshot == nullptr) return 1;
  const auto kept = OpenStore(options.store, {});
  if (!kept.ok()) {
    std::fprintf(stderr, "%s\n", kept.status().ToString().c_str());
    return 1;
  }
  ShiftedClock clock(absl::Seconds(options.behind));
  Metrics metrics(clock);
  Logger log(open("/dev/null", O_WRONLY | O_CLOEXEC), clock);
  PolicyHolder policies(policy.snapshot);
  MeasuredStore store(**kept, metrics);
  Gatherer gatherer(Sources(options.metrics, store), 32, &metrics);
  Evaluator evaluator(policies, gatherer, store, clock, {});
  Rollouts rollouts(policies, evaluator, store, clock);
  RolloutDriver driver(rollouts, store.rollouts(), clock, log);
  const Identities identities = Identities::Open();
  Api api({policies, evaluator, gatherer, rollouts, store, clock, metrics, log, identities}, 1024);
  Calls calls(api, 4, 1024);
  GateService gate(calls);
  RolloutsService rollouts_service(calls);
  EchoService echo;

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  IgnoreLockOrder();  // As gated does.
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.address, grpc::InsecureServerCredentials());
  builder.RegisterService(&gate);
  builder.RegisterService(&rollouts_service);
  builder.RegisterService(&echo);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  driver.Start();
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown();
  return 0;
}

}  // namespace gate
