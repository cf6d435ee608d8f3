#include "gate/http/monitoring.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gate {
namespace {

const char* NameOf(Condition::State state) {
  switch (state) {
    case Condition::State::kGood:
      return "good";
    case Condition::State::kDegraded:
      return "degraded";
    case Condition::State::kBad:
      return "bad";
  }
  return "bad";
}

// Degraded is ready: the gate answers, and something wants a look.
HttpReply Readiness(const std::vector<Condition>& conditions) {
  auto worst = Condition::State::kGood;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Condition& condition : conditions) {
    worst = std::max(worst, condition.state);
    nlohmann::ordered_json entry = {{"name", condition.name}, {"state", NameOf(condition.state)}};
    if (!condition.detail.empty()) entry["detail"] = condition.detail;
    list.push_back(std::move(entry));
  }
  const bool ready = worst != Condition::State::kBad;
  HttpReply response;
  response.code = ready ? 200 : 503;
  const nlohmann::ordered_json body = {
      {"ready", ready}, {"state", NameOf(worst)}, {"conditions", std::move(list)}};
  response.body = body.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  return response;
}

}  // namespace

Monitoring::Monitoring(Metrics& metrics, const Logger& log, Store& store, PolicyCondition policy)
    : metrics_(metrics), log_(log), store_(store), policy_(std::move(policy)) {}

std::vector<Condition> Monitoring::Conditions() const {
  Condition store{"store", Condition::State::kGood, ""};
  if (const absl::Status status = store_.Ready(); !status.ok()) {
    store.state = Condition::State::kBad;
    store.detail = std::string(status.message());
  }
  Condition process{"process", Condition::State::kGood, ""};
  if (ending_) {
    process.state = Condition::State::kBad;
    process.detail = "the process is ending; calls in flight are answered, new ones go elsewhere";
  }
  return {std::move(store), policy_(), std::move(process)};
}

std::optional<HttpReply> Monitoring::Serve(const HttpCall& request) const {
  if (request.method != "GET") return std::nullopt;
  if (request.path == "/readyz") return Readiness(Conditions());
  HttpReply response;
  if (request.path == "/healthz") {
    response.body = "{\"alive\":true}\n";
    return response;
  }
  if (request.path == "/metrics") {
    metrics_.SetLogLinesDropped(log_.dropped());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics_.Text();
    return response;
  }
  return std::nullopt;
}

}  // namespace gate
