// A whole gate in the test's process, without a transport: a store in memory, a policy, and a
// source of schema changes that waits when the test says so.
#ifndef TESTS_FAKES_TEST_GATE_H_
#define TESTS_FAKES_TEST_GATE_H_

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gate/api/api.h"
#include "gate/base/digest.h"
#include "gate/evaluate/evaluator.h"
#include "gate/evidence/holds.h"
#include "gate/log/log.h"
#include "gate/metrics/measured_store.h"
#include "gate/metrics/metrics.h"
#include "gate/store/store.h"
#include "tests/fakes/child_process.h"
#include "tests/fakes/scripted_source.h"

namespace gate {

// The policy: service "web" in any environment, with the migration check.
inline std::shared_ptr<const PolicySnapshot> TestPolicy() {
  PolicySnapshot snapshot;
  snapshot.policy.set_title("test");
  v1::PolicyRule& rule = *snapshot.policy.add_rules();
  rule.set_name("web");
  rule.mutable_match()->add_services("web");
  rule.mutable_checks()->mutable_migration();
  snapshot.bytes = std::make_shared<const std::string>(DeterministicBytes(snapshot.policy));
  snapshot.digest = Sha256Hex(*snapshot.bytes);
  snapshot.effective = absl::FromUnixSeconds(1'750'000'000);
  return std::make_shared<const PolicySnapshot>(std::move(snapshot));
}

class TestGate {
 public:
  // Asks nobody who they are, unless other identities are given.
  explicit TestGate(int max_evaluations = 64, const Identities& asked = Identities::Open())
      : log_file_(folder_.File("log")),
        log_fd_(open(log_file_.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600)),
        policies(TestPolicy()),
        opened_(*OpenStore("sqlite:" + folder_.File("gate.db"), {})),
        log(log_fd_),
        store(*opened_, metrics),
        gatherer(Sources(), 8, &metrics),
        evaluator(policies, gatherer, store, Clock::System(), {8, 64}),
        identities(asked),
        rollouts(policies, evaluator, store, Clock::System()),
        api({policies, evaluator, gatherer, rollouts, store, Clock::System(), metrics, log,
             identities},
            max_evaluations) {}
  ~TestGate() {
    latch.Open();
    close(log_fd_);
  }

  // A change that is allowed at once: it has no migration.
  static v1::EvaluateRequest Allowed() {
    v1::EvaluateRequest request;
    request.mutable_change()->set_service("web");
    request.mutable_change()->set_environment("production");
    request.mutable_change()->set_kind(v1::CHANGE_KIND_CODE);
    return request;
  }
  // A change that is blocked, once its source answers.
  static v1::EvaluateRequest Blocked() {
    v1::EvaluateRequest request = Allowed();
    v1::Change& change = *request.mutable_change();
    change.set_kind(v1::CHANGE_KIND_MIGRATION);
    v1::MigrationFile& file = *change.mutable_schema_change()->add_files();
    file.set_path("001.sql");
    file.set_sql("ALTER TABLE users DROP COLUMN email;");
    return request;
  }

  // From here on the source waits until the latch opens.
  void HoldUpSource() { held_up_ = true; }
  // How many evaluations wait for the source or have been answered by it.
  int fetches() const { return source_->fetches(); }

  // The log so far, a line each.
  std::string Log() {
    log.Flush();
    return ReadFile(log_file_);
  }

 private:
  std::vector<std::unique_ptr<Source>> Sources() {
    auto source = std::make_unique<ScriptedSource>(
        "request", v1::Query::kSchemaChange, false,
        [this](const v1::Query& query, const FetchContext& context) {
          if (held_up_) latch.Wait();
          v1::Observation observation;
          observation.set_id(query.id());
          observation.set_source("request");
          *observation.mutable_schema_change() = context.change.schema_change();
          return observation;
        });
    source_ = source.get();
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(std::move(source));
    sources.push_back(std::make_unique<HoldsSource>(store.holds()));
    return sources;
  }

  TempFolder folder_;
  const std::string log_file_;
  const int log_fd_;
  std::atomic<bool> held_up_ = false;
  ScriptedSource* source_ = nullptr;

 public:
  Latch latch;
  PolicyHolder policies;

 private:
  std::unique_ptr<Store> opened_;

 public:
  Logger log;
  Metrics metrics;
  MeasuredStore store;
  Gatherer gatherer;
  Evaluator evaluator;
  Identities identities;
  Rollouts rollouts;
  Api api;
};

}  // namespace gate

#endif  // TESTS_FAKES_TEST_GATE_H_
