#include "tests/bench/scenario.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/load.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/postgres_server.h"
#include "tests/fakes/prometheus_server.h"

namespace gate {
namespace {

using Seconds = std::chrono::duration<double>;

// As a pipeline asks about a release of code.
v1::EvaluateRequest CodeRelease() {
  v1::EvaluateRequest request;
  v1::Change& change = *request.mutable_change();
  change.set_service("payments");
  change.set_environment("production");
  change.set_kind(v1::CHANGE_KIND_CODE);
  change.set_version("2026.11.3");
  change.set_artifact_digest("sha256:" + std::string(64, '7'));
  change.set_repository("github.com/example/payments");
  change.set_head_revision("8c7f1d0a3b5e49c2a6d1f0e7b8c9d0a1b2c3d4e5");
  change.set_author("sam@example.com");
  return request;
}

// A release that adds a table, a column and an index, with its canary running.
v1::EvaluateRequest ReleaseWithMigration() {
  v1::EvaluateRequest request = CodeRelease();
  v1::SchemaChange& schema = *request.mutable_change()->mutable_schema_change();
  v1::MigrationFile& file = *schema.add_files();
  file.set_path("migrations/0042_add_receipts.sql");
  file.set_sql(
      "CREATE TABLE receipts (id bigint PRIMARY KEY, order_id bigint NOT NULL, total numeric);\n"
      "ALTER TABLE orders ADD COLUMN receipt_note text;\n");
  file.set_format(v1::MIGRATION_FORMAT_PLAIN);
  schema.set_schema_before("CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);\n");
  schema.set_postgres_major_version(15);
  request.mutable_change()->mutable_canary()->set_share(0.05);
  return request;
}

// An hour of a canary as healthy as its baseline, and as long from now on as anybody measures.
MetricsHistory CanaryHistory() {
  constexpr absl::Duration kStep = absl::Seconds(15);
  const absl::Time now = absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()) / 60 * 60);
  MetricsHistory history;
  for (const char* track : {"canary", "baseline"}) {
    std::vector<double> requests, errors;
    for (int i = 0; i < 2 * 60 * 4; ++i) {
      requests.push_back(1500.0 * i);
      errors.push_back(15.0 * i);
    }
    const std::string labels = absl::StrCat(R"({service="payments",track=")", track, R"("})");
    history.Add("http_requests_total", labels, now - absl::Hours(1), kStep, requests);
    history.Add("http_errors_total", labels, now - absl::Hours(1), kStep, errors);
  }
  return history;
}

double CpuSeconds(pid_t pid) {
  std::ifstream in(absl::StrCat("/proc/", pid, "/stat"));
  std::string text;
  std::getline(in, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double ResidentMib(pid_t pid) {
  std::ifstream in(absl::StrCat("/proc/", pid, "/status"));
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

// A new cluster makes each file of its write-ahead log when it is first needed, for 50 ms in which
// nothing commits. One that has run for a while uses its old ones again: so does this one.
void AgeTheLog(PostgresServer& postgres) {
  std::string sql;
  for (int i = 0; i < 40; ++i) {
    sql += "SELECT pg_logical_emit_message(false, 'bench', '');SELECT pg_switch_wal();";
  }
  postgres.Sql("postgres", sql + "CHECKPOINT;");
}

// A store and a gate that runs on it.
class Bench {
 public:
  explicit Bench(const Scenario& scenario) : scenario_(scenario) {
    if (scenario.store == Scenario::Store::kPostgres) {
      postgres_.emplace(std::vector<std::string>{"min_wal_size = 1GB"});
      AgeTheLog(*postgres_);
    }
    if (scenario.canary) {
      auto prometheus = MetricsServerFake::StartPrometheus(CanaryHistory());
      if (!prometheus.ok()) throw std::runtime_error(std::string(prometheus.status().message()));
      prometheus_ = *std::move(prometheus);
    }
    address_ = absl::StrCat("127.0.0.1:", FreePort());
    auto server =
        ChildProcess::Start(Self({"--serve", address_, "--store", Url("gate"), "--metrics",
                                  prometheus_ == nullptr ? "" : prometheus_->url(), "--policy",
                                  absl::StrCat(GATE_BENCH_POLICIES "/", scenario.policy)}));
    if (!server.ok()) throw std::runtime_error(std::string(server.status().message()));
    server_ = *std::move(server);
  }

  const std::string& address() const { return address_; }
  pid_t pid() const { return server_->pid(); }

  double StoreCommits(int in_flight, double seconds) {
    const RunResult run =
        RunProgram(Self({"--commits", Url("commits"), "--in-flight", absl::StrCat(in_flight),
                         "--seconds", absl::StrCat(seconds)}));
    double per_second = 0;
    if (!absl::SimpleAtod(run.output, &per_second)) throw std::runtime_error(run.output);
    return per_second;
  }

 private:
  std::string Url(const std::string& name) {
    return postgres_ ? postgres_->CreateDatabase()
                     : absl::StrCat("sqlite:", folder_.File(name + ".db"));
  }
  ChildProcess::Options Self(std::vector<std::string> arguments) const {
    ChildProcess::Options options;
    options.arguments = {"/proc/self/exe"};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    if (scenario_.slow_fsync) options.environment = {{"LD_PRELOAD", GATE_SLOW_FSYNC}};
    return options;
  }

  const Scenario& scenario_;
  TempFolder folder_;
  std::optional<PostgresServer> postgres_;
  std::unique_ptr<MetricsServerFake> prometheus_;
  std::string address_;
  std::unique_ptr<ChildProcess> server_;  // Ends before its store.
};

// One measurement, with the CPU time that the server took for each call.
struct Loaded {
  LoadResult result;
  double cpu_micros = 0;
};

Loaded Load(const StartCall& call, pid_t server, const Measuring& measuring) {
  const double cpu = CpuSeconds(server);
  Loaded loaded{ClosedLoop(call, measuring.in_flight, Seconds(measuring.seconds))};
  loaded.cpu_micros = (CpuSeconds(server) - cpu) * 1e6 /
                      static_cast<double>(std::max<size_t>(1, loaded.result.milliseconds.size()));
  return loaded;
}

}  // namespace

std::vector<Scenario> AllScenarios() {
  using Store = Scenario::Store;
  return {
      {.name = "sqlite",
       .title = "one cheap check, SQLite",
       .policy = "one_check.yaml",
       .request = CodeRelease(),
       .least_ratio = 0.40},
      {.name = "postgres",
       .title = "one cheap check, PostgreSQL",
       .store = Store::kPostgres,
       .policy = "one_check.yaml",
       .request = CodeRelease(),
       .least_ratio = 0.37},
      {.name = "all-checks",
       .title = "all checks, cached evidence, SQLite",
       .policy = "all_checks.yaml",
       .request = ReleaseWithMigration(),
       .canary = true,
       .least_ratio = 0.20},
      {.name = "slow-fsync",
       .title = "one cheap check, SQLite, fsync + 2 ms",
       .policy = "one_check.yaml",
       .request = CodeRelease(),
       .slow_fsync = true,
       .least_per_second = 8000},
  };
}

Measured Measure(const Scenario& scenario, const Measuring& measuring) {
  Bench bench(scenario);
  Client client(bench.address(), measuring.connections);
  const StartCall echo = client.Echo(scenario.request);
  const StartCall evaluate = client.Evaluate(scenario.request);
  ClosedLoop(echo, measuring.in_flight, Seconds(1));
  ClosedLoop(evaluate, measuring.in_flight, Seconds(1));

  Measured measured;
  const v1::Verdict verdict = client.Ask(scenario.request);
  measured.answer =
      absl::StrCat(v1::Decision_Name(verdict.decision()).substr(9), ": ", verdict.reason());
  std::vector<double> echoes, evaluations, ratios, p50, p99, p999, echo_cpu, cpu;
  for (int round = 0; round < measuring.rounds; ++round) {
    const Loaded bare = Load(echo, bench.pid(), measuring);
    const Loaded full = Load(evaluate, bench.pid(), measuring);
    echoes.push_back(bare.result.PerSecond());
    evaluations.push_back(full.result.PerSecond());
    ratios.push_back(full.result.PerSecond() / bare.result.PerSecond());
    p50.push_back(full.result.Quantile(0.5));
    p99.push_back(full.result.Quantile(0.99));
    p999.push_back(full.result.Quantile(0.999));
    echo_cpu.push_back(bare.cpu_micros);
    cpu.push_back(full.cpu_micros);
    measured.failed += bare.result.failed + full.result.failed;
  }
  measured.echo_per_second = Median(echoes);
  measured.per_second = Median(evaluations);
  measured.ratio = Median(ratios);
  measured.lowest_ratio = *std::min_element(ratios.begin(), ratios.end());
  measured.highest_ratio = *std::max_element(ratios.begin(), ratios.end());
  measured.p50 = Median(p50);
  measured.p99 = Median(p99);
  measured.p999 = Median(p999);
  measured.echo_cpu_micros = Median(echo_cpu);
  measured.cpu_micros = Median(cpu);

  std::vector<double> half, echo_half;
  for (int round = 0; round < measuring.rounds; ++round) {
    const Seconds time(measuring.seconds);
    const LoadResult bare = OpenLoop(echo, measured.echo_per_second / 2, time);
    const LoadResult full = OpenLoop(evaluate, measured.per_second / 2, time);
    echo_half.push_back(bare.Quantile(0.99));
    half.push_back(full.Quantile(0.99));
    measured.failed += bare.failed + full.failed;
  }
  measured.echo_half_load_p99 = Median(echo_half);
  measured.half_load_p99 = Median(half);
  measured.resident_mib = ResidentMib(bench.pid());
  measured.store_per_second = bench.StoreCommits(measuring.in_flight, measuring.seconds);
  return measured;
}

std::vector<Grown> MeasureGrowth(const Scenario& scenario, const std::vector<int64_t>& verdicts,
                                 const Measuring& measuring) {
  Bench bench(scenario);
  Client client(bench.address(), measuring.connections);
  const StartCall echo = client.Echo(scenario.request);
  const StartCall evaluate = client.Evaluate(scenario.request);
  ClosedLoop(echo, measuring.in_flight, Seconds(1));

  std::vector<Grown> grown;
  int64_t stored = 0;
  for (const int64_t goal : verdicts) {
    while (stored < goal) {
      const double share = static_cast<double>(goal - stored) / 20'000;
      stored += static_cast<int64_t>(
          ClosedLoop(evaluate, measuring.in_flight, Seconds(std::min(2.0, share)))
              .milliseconds.size());
    }
    std::vector<double> rates, ratios, cpu;
    const double resident = ResidentMib(bench.pid());
    Measuring brief = measuring;
    // A store of a thousand would not stay one for long.
    brief.seconds = std::clamp(static_cast<double>(goal) / 20'000, 0.1, 1.0);
    for (int round = 0; round < measuring.rounds; ++round) {
      const Loaded bare = Load(echo, bench.pid(), brief);
      const Loaded full = Load(evaluate, bench.pid(), brief);
      stored += static_cast<int64_t>(full.result.milliseconds.size());
      rates.push_back(full.result.PerSecond());
      ratios.push_back(full.result.PerSecond() / bare.result.PerSecond());
      cpu.push_back(full.cpu_micros);
    }
    grown.push_back({goal, Median(rates), Median(ratios), Median(cpu), resident});
  }
  return grown;
}

}  // namespace gate
