#include "gate/evidence/qa_results.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "checks/evidence.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

// Builds of one question at the most: a policy asks for those that head contains.
constexpr int kMaxBuilds = 6000;

v1::AbsenceReason ReasonOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      return v1::ABSENCE_REASON_UNREACHABLE;
    case absl::StatusCode::kResourceExhausted:
      return v1::ABSENCE_REASON_TOO_LARGE;
    case absl::StatusCode::kDataLoss:
      return v1::ABSENCE_REASON_MALFORMED;
    default:
      return v1::ABSENCE_REASON_INTERNAL;
  }
}

v1::Observation Failed(const v1::Query& query, std::string_view source,
                       const absl::Status& status) {
  return Absent(query.id(), source, ReasonOf(status), std::string(status.message()));
}

v1::Observation Seen(const v1::Query& query, std::string_view source, absl::Time now) {
  v1::Observation observation;
  observation.set_id(query.id());
  observation.set_source(std::string(source));
  *observation.mutable_observed_at() = ToProto(now);
  return observation;
}

}  // namespace

bool QaResultsSource::Answers(const v1::Query& query) const {
  return query.has_qa_runs() || query.has_flag_watches();
}

v1::Observation QaResultsSource::Fetch(const v1::Query& query, const FetchContext& context) {
  return query.has_qa_runs() ? FetchRuns(query, context) : FetchWatches(query, context);
}

v1::Observation QaResultsSource::FetchRuns(const v1::Query& query, const FetchContext& context) {
  const v1::QaRunsQuery& asked = query.qa_runs();
  if (asked.service().empty() || asked.builds_size() > kMaxBuilds) {
    return Absent(query.id(), name(), v1::ABSENCE_REASON_REJECTED,
                  asked.service().empty()
                      ? "QA results are asked for without a service"
                      : absl::StrCat("QA results of ", asked.builds_size(),
                                     " builds are asked for; at most ", kMaxBuilds));
  }
  std::vector<std::string> builds;
  for (const std::string& build : asked.builds()) builds.push_back(absl::AsciiStrToLower(build));
  absl::StatusOr<v1::QaRuns> runs = store_.ReadQaRuns(asked.service(), builds);
  if (!runs.ok()) return Failed(query, name(), runs.status());
  v1::Observation observation = Seen(query, name(), context.now);
  *observation.mutable_qa_runs() = *std::move(runs);
  return observation;
}

v1::Observation QaResultsSource::FetchWatches(const v1::Query& query, const FetchContext& context) {
  const v1::FlagWatchesQuery& asked = query.flag_watches();
  if (asked.environment().empty() || asked.flag().empty()) {
    return Absent(query.id(), name(), v1::ABSENCE_REASON_REJECTED,
                  "watches are asked for without an environment and a flag");
  }
  absl::StatusOr<std::vector<v1::FlagWatch>> watches =
      store_.ReadFlagWatches(asked.environment(), asked.flag());
  if (!watches.ok()) return Failed(query, name(), watches.status());
  std::map<std::string, std::set<std::string>> builds;
  for (const v1::FlagWatch& watch : *watches) {
    std::set<std::string>& of_service = builds[watch.service()];
    of_service.insert(absl::AsciiStrToLower(watch.build()));
    if (!asked.build().empty()) of_service.insert(absl::AsciiStrToLower(asked.build()));
  }
  std::vector<v1::QaRun> runs;
  for (const auto& [service, wanted] : builds) {
    absl::StatusOr<v1::QaRuns> read = store_.ReadQaRuns(service, {wanted.begin(), wanted.end()});
    if (!read.ok()) return Failed(query, name(), read.status());
    for (v1::QaRun& run : *read->mutable_runs()) runs.push_back(std::move(run));
  }
  std::ranges::sort(runs, {}, [](const v1::QaRun& run) {
    return std::tuple(FromProto(run.finished_at()), FromProto(run.reported_at()), run.name());
  });
  v1::Observation observation = Seen(query, name(), context.now);
  v1::FlagWatches& found = *observation.mutable_flag_watches();
  for (v1::FlagWatch& watch : *watches) *found.add_watches() = std::move(watch);
  for (v1::QaRun& run : runs) *found.add_runs() = std::move(run);
  return observation;
}

}  // namespace gate
