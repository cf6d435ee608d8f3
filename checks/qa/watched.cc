#include "checks/qa/watched.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "checks/qa/words.h"

namespace gate::qa {
namespace {

constexpr size_t kNamed = 5;

// What of a cell is not passed on any of the builds; empty: it is.
std::string NotPassed(const v1::QaCell& cell, const std::string& ticket,
                      const std::vector<std::string>& builds, const Parameters& parameters,
                      const Results& results) {
  const std::string place = absl::StrCat(cell.case_name(), " on ", cell.platform());
  const auto component =
      std::ranges::find(parameters.components, cell.component(), &Component::name);
  if (component == parameters.components.end()) {
    return absl::StrCat(place, " (the policy has no component ", cell.component(), " any more)");
  }
  const auto required = std::ranges::find_if(component->cases, [&](const RequiredCase& known) {
    return known.name() == cell.case_name();
  });
  if (required == component->cases.end()) {
    return absl::StrCat(place, " (the policy has no such case any more)");
  }
  v1::QaCell best;
  for (const std::string& build : builds) {
    const v1::QaCell now = results.Cell(*component, *required, cell.platform(), ticket, build);
    if (now.outcome() == v1::QA_OUTCOME_PASSED) return "";
    if (best.run().empty()) best = now;
  }
  if (best.run().empty()) return absl::StrCat(place, " (no result)");
  return absl::StrCat(place, " (", best.message(), ")");
}

std::string NotPassed(const v1::FlagWatch& watch, const std::vector<std::string>& builds,
                      const Parameters& parameters, const Results& results) {
  std::vector<std::string> open;
  for (const v1::QaCell& cell : watch.cells()) {
    const std::string why = NotPassed(cell, watch.ticket(), builds, parameters, results);
    if (!why.empty()) open.push_back(why);
  }
  // What failed beside the required cases has to pass as well, on the same build.
  const bool free = std::ranges::any_of(builds, [&](const std::string& build) {
    return results.FailedFor(watch.ticket(), build).empty() &&
           (!watch.cells().empty() || results.PassedFor(watch.ticket(), build));
  });
  if (open.empty() && !free) {
    std::vector<std::string> failed = results.FailedFor(watch.ticket(), builds[0]);
    if (failed.empty()) failed.push_back("no result");
    return Enumerate(failed, kNamed);
  }
  return Enumerate(open, kNamed);
}

}  // namespace

std::string JudgeFlip(const v1::Change& change, const Evidence& evidence,
                      const Parameters& parameters, absl::Time now, Report& report) {
  const std::string& flag = change.flag_flip().flag();
  if (flag.empty()) {
    report.AddUnproven("qa.unproven",
                       {change.service(), "Which flag is switched is not told.",
                        "Name it in the change: flagFlip: {flag: NAME, enabled: true}"});
    return "";
  }
  if (!change.flag_flip().enabled()) {
    return absl::StrCat(flag, " is switched off, which brings no new code to anyone.");
  }
  const v1::Observation& observation = evidence.Get(kWatchesId);
  if (!observation.has_flag_watches()) {
    report.AddUnproven(
        "qa.unproven",
        {flag,
         absl::StrCat("Whether a ticket went out behind ", flag, " that has not passed cannot be ",
                      "seen: ", Describe(observation.absence(), observation.source()), "."),
         "See that it answers, and ask again."});
    return "";
  }
  const v1::FlagWatches& watches = observation.flag_watches();
  std::vector<std::string> released;
  for (const v1::FlagWatch& watch : watches.watches()) {
    // Services of one repository have builds of the same name.
    v1::QaRuns runs;
    for (const v1::QaRun& run : watches.runs()) {
      if (run.service() == watch.service()) *runs.add_runs() = run;
    }
    const Results results(runs, parameters, now);
    std::vector<std::string> builds = {watch.build()};
    if (!change.head_revision().empty()) builds.push_back(change.head_revision());
    const std::string open = NotPassed(watch, builds, parameters, results);
    if (open.empty()) {
      released.push_back(watch.ticket());
      continue;
    }
    report.Add(
        "qa.watched_flag",
        {watch.ticket(),
         absl::StrCat(watch.ticket(), " of ", watch.service(), " went out behind ", flag,
                      " without a pass (", Short(watch.build()), ", ", watch.verdict(), " of ",
                      Rfc3339(FromProto(watch.create_time())), "), and has none since: ", open,
                      ". Switching ", flag, " on brings that to everyone in ", change.environment(),
                      "."),
         absl::StrCat("Have it tested on the build that runs, and report it:\ngatectl qa report "
                      "REPORT.xml --service ",
                      watch.service(), " --build ", watch.build(), " --platform PLATFORM --ticket ",
                      watch.ticket())});
  }
  if (released.empty()) return absl::StrCat("No ticket went out behind ", flag, " without a pass.");
  return absl::StrCat("What went out behind ", flag,
                      " has passed since: ", Enumerate(released, kNamed), ".");
}

}  // namespace gate::qa
