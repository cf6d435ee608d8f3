// gated: every object of the service, and who holds whom, on one page.
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "checks/policy/access.h"
#include "checks/proto_time.h"
#include "gate/api/api.h"
#include "gate/config/config.h"
#include "gate/demo/demo.h"
#include "gate/demo/metrics_source.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evidence/calendar.h"
#include "gate/evidence/flags/flag_server_source.h"
#include "gate/evidence/gatherer.h"
#include "gate/evidence/git_source.h"
#include "gate/evidence/holds.h"
#include "gate/evidence/metrics_files.h"
#include "gate/evidence/overrides.h"
#include "gate/evidence/prometheus.h"
#include "gate/evidence/qa_results.h"
#include "gate/evidence/rehearsals.h"
#include "gate/evidence/release_process.h"
#include "gate/evidence/reported_source.h"
#include "gate/evidence/schema_change.h"
#include "gate/http/site.h"
#include "gate/identity/identities.h"
#include "gate/identity/token_watcher.h"
#include "gate/log/log.h"
#include "gate/metrics/measured_store.h"
#include "gate/metrics/metrics.h"
#include "gate/metrics/version.h"
#include "gate/policy/loader.h"
#include "gate/policy/watcher.h"
#include "gate/process/housekeeping.h"
#include "gate/process/options.h"
#include "gate/process/policy_reports.h"
#include "gate/process/signals.h"
#include "gate/rollout/driver.h"
#include "gate/rollout/rollouts.h"
#include "gate/rpc/grpc_log.h"
#include "gate/rpc/server.h"
#include "gate/store/store.h"

namespace gate {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongInput = 2;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "gated: %s\n", std::string(status.message()).c_str());
  return kFailed;
}

int Refuse(const std::vector<FileIssue>& issues) {
  for (const FileIssue& issue : issues) std::fprintf(stderr, "%s\n", issue.ToString().c_str());
  return kWrongInput;
}

absl::StatusOr<std::vector<std::unique_ptr<Source>>> SourcesOf(const config::v1::Config& config,
                                                               const PolicyHolder& policies,
                                                               Store& store, Metrics& metrics,
                                                               bool demo) {
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::make_unique<CalendarSource>(policies));
  sources.push_back(std::make_unique<RequestedSchemaChange>());
  sources.push_back(std::make_unique<ReportedSource>(store));
  sources.push_back(std::make_unique<QaResultsSource>(store));
  sources.push_back(std::make_unique<OverridesSource>(store.overrides()));
  sources.push_back(std::make_unique<HoldsSource>(store.holds()));
  for (const auto& server : config.metrics_servers()) {
    sources.push_back(std::make_unique<PrometheusSource>(server, &metrics));
  }
  for (const auto& files : config.metrics_files()) {
    sources.push_back(std::make_unique<MetricsFilesSource>(files));
  }
  for (const auto& server : config.flag_servers()) {
    sources.push_back(std::make_unique<FlagServerSource>(server));
  }
  if (config.has_rehearsal()) {
    auto rehearsals = RehearsalSource::Open(config.rehearsal());
    if (!rehearsals.ok()) return rehearsals.status();
    sources.push_back(*std::move(rehearsals));
  }
  if (!config.repositories().empty()) {
    auto process = ReleaseProcess::Find();
    if (!process.ok()) return process.status();
    sources.push_back(std::make_unique<GitSource>(
        std::vector(config.repositories().begin(), config.repositories().end()),
        [process = *std::move(process)](const auto& query, const auto& folder, auto deadline) {
          return process.Answer(query, folder, deadline);
        }));
  }
  if (demo) sources.push_back(std::make_unique<DemoMetrics>());
  return sources;
}

// What a configuration that asks callers who they are needs beside the policy.
LoadedTokens TokensOf(const config::v1::Config& config, absl::Time now) {
  const std::string& file = config.identity().tokens_file();
  return file.empty() ? LoadedTokens{std::make_shared<const Tokens>(std::vector<Token>()), {}}
                      : LoadTokens(file, now);
}

// What people should know of who may call.
void TellOfAccess(const config::v1::Config& config, const v1::Policy& policy, Logger& log) {
  if (RunsOpen(config)) {
    log.Warning("running open: nobody is asked who they are, and everybody may do everything",
                {{"grpc", config.grpc().address()}, {"http", config.http().address()}});
    return;
  }
  for (const std::string& warning : AccessWarnings(policy)) {
    log.Warning("access", {{"detail", warning}});
  }
}

// Until the process is told to end; then its exit code.
int Serve(const config::v1::Config& config, const Demo* demo) {
  Logger log(STDERR_FILENO);
  const GrpcLog grpc_log(log);
  Metrics metrics;

  const LoadedPolicy policy = LoadPolicy(config.policy(), Clock::System().Now());
  if (!policy.issues.empty()) return Refuse(policy.issues);
  PolicyHolder policies(policy.snapshot);
  metrics.OnPolicyLoaded(true, policy.snapshot->effective);
  const LoadedTokens tokens = TokensOf(config, Clock::System().Now());
  if (!tokens.issues.empty()) return Refuse(tokens.issues);
  TokenHolder token_holder(tokens.tokens);
  const bool takes_tokens = !config.identity().tokens_file().empty();
  if (takes_tokens) metrics.OnTokensLoaded(true);
  const auto kept =
      OpenStore(config.store().url(),
                {.write_connections = config.store().write_connections(),
                 .read_replica = config.store().read_replica(),
                 .on_listing = [&metrics](bool from_replica) { metrics.OnListing(from_replica); }});
  if (!kept.ok()) return Fail(kept.status());
  Clock& clock = (*kept)->clock();
  const Identities identities =
      RunsOpen(config) ? Identities::Open()
                       : Identities(policies, takes_tokens ? &token_holder : nullptr, clock);
  TellOfAccess(config, policy.snapshot->policy, log);

  Housekeeper housekeeper(**kept, RetentionOf(config.store()), clock, log, metrics);
  housekeeper.Keep();
  const absl::Status recorded = RecordPolicyAtStart((*kept)->audit(), clock, *policy.snapshot);
  if (!recorded.ok()) return Fail(recorded);
  if (demo != nullptr) {
    const absl::Status written = demo->WriteHistory(policies, **kept, clock.Now());
    if (!written.ok()) return Fail(written);
  }
  MeasuredStore store(**kept, metrics);
  PolicyWatcher watcher(config.policy(), policy, policies, clock, ReportPolicy(log, metrics),
                        RecordPolicy(store.audit(), clock));
  TokenWatcher token_watcher(config.identity().tokens_file(), token_holder, clock,
                             ReportTokens(log, metrics));

  const config::v1::Limits& limits = config.limits();
  auto sources = SourcesOf(config, policies, store, metrics, demo != nullptr);
  if (!sources.ok()) return Fail(sources.status());
  Gatherer gatherer(*std::move(sources), limits.evaluation_threads(), &metrics);
  // More of them than one source may keep waiting: what does not ask it goes on.
  Evaluator evaluator(policies, gatherer, store, clock,
                      {4 * limits.evaluation_threads(), limits.max_evaluations()});
  Rollouts rollouts(policies, evaluator, store, clock);
  RolloutDriver driver(rollouts, store.rollouts(), clock, log);
  const ReportLimits reports = {FromProto(config.reported_metrics().retention()),
                                config.reported_metrics().max_series(),
                                config.reported_metrics().max_points_per_series()};
  const QaLimits qa = {FromProto(config.qa_results().retention()), config.qa_results().max_builds(),
                       config.qa_results().max_runs_per_build()};
  Api api({policies, evaluator, gatherer, rollouts, store, clock, metrics, log, identities, reports,
           qa},
          limits.max_evaluations());
  Monitoring monitoring(metrics, log, store, [&] { return PolicyCondition(watcher.Status()); });

  const auto rpc = RpcServer::Start(api, config.grpc(), limits);
  if (!rpc.ok()) return Fail(rpc.status());
  // After gRPC: who is told that the gate is ready may call it.
  const auto http = Site::Start(config, api, monitoring);
  if (!http.ok()) return Fail(http.status());
  watcher.Start();
  if (takes_tokens) token_watcher.Start();
  driver.Start();
  housekeeper.Start();
  log.Info("serving", {{"version", kVersion},
                       {"grpc", (*rpc)->address()},
                       {"http", (*http)->api_address()},
                       {"monitoring", (*http)->monitoring_address()},
                       {"policy_digest", policy.snapshot->digest}});
  if (demo != nullptr) {
    std::fputs(demo->Banner((*rpc)->address(), (*http)->api_address()).c_str(), stdout);
    std::fflush(stdout);
  }

  while (WaitForSignal() == Signal::kReload) {
    watcher.Reload();
    if (takes_tokens) token_watcher.Reload();
  }
  EndAtNextSignal();
  log.Info("ending: calls in flight are answered");
  (*rpc)->AnnounceEnd();
  monitoring.AnnounceEnd();
  (*http)->StopApi();
  (*rpc)->Drain(absl::ToChronoMilliseconds(FromProto(config.drain_timeout())));
  log.Info("ended");
  return 0;
}

int Check(const config::v1::Config& config) {
  const LoadedPolicy policy = LoadPolicy(config.policy(), Clock::System().Now());
  if (!policy.issues.empty()) return Refuse(policy.issues);
  const LoadedTokens tokens = TokensOf(config, Clock::System().Now());
  if (!tokens.issues.empty()) return Refuse(tokens.issues);
  if (!RunsOpen(config)) {
    for (const std::string& warning : AccessWarnings(policy.snapshot->policy)) {
      std::fprintf(stderr, "gated: warning: %s\n", warning.c_str());
    }
  }
  std::printf("the configuration and its policy are good (policy digest %s)\n",
              policy.snapshot->digest.c_str());
  return 0;
}

int TellWhatWouldGo(const config::v1::Config& config) {
  const auto store = OpenStore(config.store().url(), {});
  if (!store.ok()) return Fail(store.status());
  const auto text = WouldForget(**store, RetentionOf(config.store()), Clock::System().Now());
  if (!text.ok()) return Fail(text.status());
  std::fputs(text->c_str(), stdout);
  return 0;
}

int Main(int argc, char** argv) {
  const ParsedOptions parsed = ParseOptions(argc, argv);
  if (parsed.exit) return *parsed.exit;
  BlockSignals();
  if (parsed.options.demo) {
    const auto demo = Demo::Prepare(parsed.options);
    return demo.ok() ? Serve((*demo)->config(), demo->get()) : Fail(demo.status());
  }
  config::v1::Config config;
  const std::vector<FileIssue> issues = LoadConfig(parsed.options.config, config);
  if (!issues.empty()) return Refuse(issues);
  if (parsed.options.would_forget) return TellWhatWouldGo(config);
  return parsed.options.check_config ? Check(config) : Serve(config, nullptr);
}

}  // namespace
}  // namespace gate

int main(int argc, char** argv) { return gate::Main(argc, argv); }
