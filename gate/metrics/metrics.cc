#include "gate/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "checks/proto_time.h"
#include "gate/base/names.h"
#include "gate/metrics/version.h"

namespace gate {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Histogram;

// From what memory answers in to what a caller's deadline allows.
const Histogram::BucketBoundaries kSeconds = {
    0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60};
// Seconds to a day: evidence may be cached, and calendars are files.
const Histogram::BucketBoundaries kAges = {1, 5, 15, 30, 60, 120, 300, 900, 3600, 21600, 86400};

auto& CounterFamily(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}
auto& HistogramFamily(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildHistogram().Name(name).Help(help).Register(registry);
}
auto& OneGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

double Seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string Code(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

}  // namespace

Metrics::Metrics(Clock& clock)
    : clock_(clock),
      registry_(std::make_unique<prometheus::Registry>()),
      evaluations_(CounterFamily(*registry_, "gate_evaluations_total",
                                 "Calls of Evaluate that ended, by status code and decision.")),
      evaluation_seconds_(HistogramFamily(*registry_, "gate_evaluation_seconds",
                                          "Time from the arrival of Evaluate to its answer.")
                              .Add({}, kSeconds)),
      in_flight_(OneGauge(*registry_, "gate_evaluations_in_flight",
                          "Evaluations that were taken on and are not answered.")),
      verdicts_(CounterFamily(*registry_, "gate_verdicts_total",
                              "Verdicts that were sent, by decision and policy rule.")),
      disagreements_(CounterFamily(
          *registry_, "gate_migration_rule_disagreements_total",
          "Statements of which a rule and a rehearsal said different things, by the rule.")),
      calls_(CounterFamily(*registry_, "gate_calls_total",
                           "Calls other than Evaluate, by method and status code.")),
      appends_(CounterFamily(*registry_, "gate_store_appends_total",
                             "Appends to the store, by status code.")),
      append_seconds_(
          HistogramFamily(*registry_, "gate_store_append_seconds",
                          "Time from handing a verdict to the store until it is on disk.")
              .Add({}, kSeconds)),
      fetches_(
          CounterFamily(*registry_, "gate_fetches_total",
                        "Questions to sources of evidence, by source and result; the result is "
                        "\"value\" or the reason of the absence.")),
      fetch_seconds_(HistogramFamily(*registry_, "gate_fetch_seconds",
                                     "Time that a source of evidence took, by source.")),
      evidence_age_(HistogramFamily(*registry_, "gate_evidence_age_seconds",
                                    "Age of evidence when it was fetched, by source.")),
      endpoint_questions_(CounterFamily(*registry_, "gate_source_endpoint_questions_total",
                                        "Questions to the addresses of a source, by result; one "
                                        "question may take several queries.")),
      endpoint_asked_(BuildGauge()
                          .Name("gate_source_endpoint_asked")
                          .Help("1 where an address of a source is asked, 0 where it has failed so "
                                "often that it is left alone for a while.")
                          .Register(*registry_)),
      policy_loads_(CounterFamily(*registry_, "gate_policy_loads_total",
                                  "Readings of the policy file, by result.")),
      policy_ok_(
          OneGauge(*registry_, "gate_policy_last_load_ok",
                   "1 where the newest reading of the policy file came into force, 0 where it "
                   "was refused and an older policy is in force.")),
      policy_loaded_(OneGauge(*registry_, "gate_policy_effective_timestamp_seconds",
                              "When the policy in force came into force.")),
      token_loads_(CounterFamily(*registry_, "gate_token_loads_total",
                                 "Readings of the tokens file, by result.")),
      tokens_ok_(OneGauge(*registry_, "gate_tokens_last_load_ok",
                          "1 where the newest reading of the tokens file came into force, 0 where "
                          "it was refused and older tokens are in force.")),
      log_dropped_(OneGauge(*registry_, "gate_log_lines_dropped",
                            "Log lines that were dropped because the log's reader is too slow.")),
      forgotten_(CounterFamily(*registry_, "gate_store_forgotten_rows_total",
                               "Rows of the store whose time of keeping was over and that are "
                               "gone, by table; of PostgreSQL's partitions about so many.")),
      house_ok_(OneGauge(*registry_, "gate_store_housekeeping_ok",
                         "1 where partitions were made ahead and old records dropped when that was "
                         "last due, 0 where something of it failed; the log says what.")),
      listings_(CounterFamily(*registry_, "gate_store_listings_total",
                              "Listings for people where there is a read replica, by the server "
                              "that answered.")),
      appended_(appends_.Add({{"code", "OK"}})) {
  for (int i = 0; i < static_cast<int>(decided_.size()); ++i) {
    decided_[static_cast<size_t>(i)] =
        &evaluations_.Add({{"code", "OK"}, {"decision", ShortName(static_cast<v1::Decision>(i))}});
  }
  BuildGauge()
      .Name("gate_build_info")
      .Help("Always 1; the labels say what is running.")
      .Register(*registry_)
      .Add({{"version", kVersion}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::OnEvaluationStarted() { in_flight_.Increment(); }

void Metrics::OnEvaluated(const absl::Status& status, const v1::Verdict* verdict,
                          std::chrono::steady_clock::duration took) {
  in_flight_.Decrement();
  evaluation_seconds_.Observe(Seconds(took));
  if (!status.ok()) {
    evaluations_.Add({{"code", Code(status)}, {"decision", "NONE"}}).Increment();
    return;
  }
  const auto decision = verdict == nullptr ? v1::DECISION_UNSPECIFIED : verdict->decision();
  if (v1::Decision_IsValid(decision)) decided_[static_cast<size_t>(decision)]->Increment();
  if (verdict == nullptr) return;
  verdicts_.Add({{"decision", ShortName(decision)}, {"rule", verdict->policy_rule()}}).Increment();
  for (const v1::CheckOutcome& outcome : verdict->outcomes()) {
    for (const v1::Finding& finding : outcome.findings()) {
      if (!finding.rule().ends_with(".rule_disagrees")) continue;
      disagreements_.Add({{"rule", finding.subject()}}).Increment();
    }
  }
}

void Metrics::OnCall(std::string_view method, const absl::Status& status) {
  calls_.Add({{"method", std::string(method)}, {"code", Code(status)}}).Increment();
}

void Metrics::OnAppended(const absl::Status& status, std::chrono::steady_clock::duration took) {
  append_seconds_.Observe(Seconds(took));
  (status.ok() ? appended_ : appends_.Add({{"code", Code(status)}})).Increment();
}

Metrics::SourceMetrics Metrics::MetricsOf(std::string_view source) {
  MutexLock lock(mu_);
  const auto found = by_source_.find(source);
  if (found != by_source_.end()) return found->second;
  const prometheus::Labels labels = {{"source", std::string(source)}};
  const SourceMetrics metrics = {&fetch_seconds_.Add(labels, kSeconds),
                                 &evidence_age_.Add(labels, kAges)};
  by_source_.emplace(source, metrics);
  return metrics;
}

void Metrics::OnFetched(std::string_view source, const v1::Observation& observation,
                        std::chrono::steady_clock::duration took) {
  const SourceMetrics metrics = MetricsOf(source);
  metrics.seconds->Observe(Seconds(took));
  const bool has_value = observation.result_case() != v1::Observation::kAbsence &&
                         observation.result_case() != v1::Observation::RESULT_NOT_SET;
  fetches_
      .Add({{"source", std::string(source)},
            {"result", has_value ? "value" : ShortName(observation.absence().reason())}})
      .Increment();
  if (!has_value || !observation.has_observed_at()) return;
  const absl::Duration age = clock_.Now() - FromProto(observation.observed_at());
  metrics.age->Observe(absl::ToDoubleSeconds(std::max(age, absl::ZeroDuration())));
}

void Metrics::OnEndpoint(std::string_view source, std::string_view url, bool answered,
                         bool left_alone) {
  prometheus::Labels labels = {{"source", std::string(source)}, {"url", std::string(url)}};
  endpoint_asked_.Add(labels).Set(left_alone ? 0 : 1);
  labels["result"] = answered ? "answered" : "failed";
  endpoint_questions_.Add(labels).Increment();
}

void Metrics::OnPolicyLoaded(bool ok, absl::Time now) {
  policy_loads_.Add({{"result", ok ? "ok" : "refused"}}).Increment();
  policy_ok_.Set(ok ? 1 : 0);
  if (ok) policy_loaded_.Set(absl::ToDoubleSeconds(now - absl::UnixEpoch()));
}

void Metrics::OnHousekeeping(const absl::StatusOr<Housekeeping>& house) {
  house_ok_.Set(house.ok() && house->problems.empty() ? 1 : 0);
  if (!house.ok()) return;
  for (const Housekeeping::Part& part : house->forgotten) {
    forgotten_.Add({{"table", part.name.substr(0, part.name.find('_'))}})
        .Increment(static_cast<double>(part.rows));
  }
}

void Metrics::OnListing(bool from_replica) {
  listings_.Add({{"server", from_replica ? "replica" : "primary"}}).Increment();
}

void Metrics::OnTokensLoaded(bool ok) {
  token_loads_.Add({{"result", ok ? "ok" : "refused"}}).Increment();
  tokens_ok_.Set(ok ? 1 : 0);
}

void Metrics::SetLogLinesDropped(int64_t lines) { log_dropped_.Set(static_cast<double>(lines)); }

std::string Metrics::Text() const {
  return prometheus::TextSerializer().Serialize(registry_->Collect());
}

}  // namespace gate
