#include "checks/capacity/shift.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/canary/numbers.h"
#include "checks/capacity/waiting.h"
#include "checks/capacity/words.h"
#include "checks/proto_time.h"
#include "checks/stats/erlang.h"

namespace gate::capacity {
namespace {

using Origin = v1::TrafficShift::Origin;

class Judgement {
 public:
  Judgement(const Setting& setting, Report& report)
      : s_(setting), target_(TargetOf(setting.policy)), report_(report) {}

  std::string Run() {
    JudgeWaiting(s_, report_);
    std::vector<std::string> parts;
    for (const Origin& origin : s_.change.traffic_shift().origins()) {
      if (!origin.has_share_after()) {
        Unproven(origin, "its share after the shift is not told",
                 absl::StrCat("Tell it: --origin ", origin.name(), "=BEFORE:AFTER"));
      } else if (origin.share_after() > 0) {
        JudgeOrigin(origin, parts);
      }
    }
    return absl::StrJoin(parts, " and ");
  }

 private:
  void JudgeOrigin(const Origin& origin, std::vector<std::string>& parts) {
    const std::optional<Bounds> service = ServiceTime(origin);
    if (origin.workers() <= 0) {
      Unproven(origin, "how many workers it has is not told",
               absl::StrCat("Tell it: --origin ", origin.name(), "=BEFORE:AFTER,workers=N"));
    }
    if (!service) {
      Unproven(origin, "how long a request keeps one of its workers busy is not known",
               absl::StrCat("Measure one, calls to the database included, and tell it: --origin ",
                            origin.name(), "=BEFORE:AFTER,service=270ms"));
    }
    if (origin.workers() <= 0 || !service) return;
    const double share = origin.share_after(), workers = origin.workers();
    const Bounds busy{s_.peak.lower * share * service->lower,
                      s_.peak.estimate * share * service->estimate,
                      s_.peak.upper * share * service->upper};
    parts.push_back(absl::StrCat(origin.name(), " ", Percent(busy.estimate / workers), " (at most ",
                                 Percent(busy.upper / workers), ")"));
    const std::optional<int> for_wait = WorkersForWait(*service, busy);
    const bool waits = for_wait && *for_wait > workers;
    if (busy.upper <= target_ * workers && !waits) return;
    // What was too small before, and gets no more, is no fault of this shift.
    const bool grows = !origin.has_share_before() || share > origin.share_before();
    const Remark remark = {origin.name(), Story(origin, *service, busy, for_wait),
                           Instead(origin, busy, for_wait)};
    if (!grows) return report_.AddWarning("capacity.pool_too_small", remark);
    // A pool can be enlarged while the shift waits, and then the same shift may go.
    v1::Finding& finding = report_.Add("capacity.pool_too_small", remark);
    finding.set_holds(true);
  }

  // The longer one of what is measured and what is told: the change may make it longer.
  std::optional<Bounds> ServiceTime(const Origin& origin) const {
    std::optional<Bounds> time = Measured(origin);
    const bool told = origin.has_service_time() || s_.policy.origins().has_service_time();
    if (told && (!time || origin.has_service_time())) {
      const double seconds = absl::ToDoubleSeconds(FromProto(
          origin.has_service_time() ? origin.service_time() : s_.policy.origins().service_time()));
      if (!(seconds > 0)) return time;
      if (!time) return Bounds{seconds, seconds, seconds};
      time = Bounds{std::max(time->lower, seconds), std::max(time->estimate, seconds),
                    std::max(time->upper, seconds)};
    }
    return time;
  }

  std::optional<Bounds> Measured(const Origin& origin) const {
    if (s_.policy.origins().busy().empty()) return std::nullopt;
    std::string why;
    const auto read = [&](std::string_view what) {
      return ReadHistory(s_.evidence.Get(IdOf(origin, what)), s_.now, s_.parameters.window,
                         s_.parameters.rate_step, s_.parameters.max_age, why);
    };
    const std::optional<History> busy = read("busy"), requests = read("requests");
    if (!busy || !requests) return std::nullopt;
    std::vector<Interval> intervals;
    for (size_t i = 0; i < std::min(busy->values.size(), requests->values.size()); ++i) {
      if (std::isnan(busy->values[i]) || !(requests->values[i] > 0)) continue;
      intervals.push_back({busy->values[i], requests->values[i]});
    }
    if (static_cast<int>(intervals.size()) < kFewestIntervals) return std::nullopt;
    const Bounds time = BoundsOfMean(intervals, s_.parameters.alpha_harm, s_.parameters.alpha_safe);
    return time.estimate > 0 ? std::optional(time) : std::nullopt;
  }

  // By the upper bounds, where the policy asks.
  std::optional<int> WorkersForWait(const Bounds& service, const Bounds& busy) const {
    if (!s_.policy.origins().has_max_wait()) return std::nullopt;
    const double wait = absl::ToDoubleSeconds(FromProto(s_.policy.origins().max_wait()));
    const int workers = stats::WorkersForWait(busy.upper, wait / service.upper);
    return workers < 0 ? std::numeric_limits<int>::max() : workers;
  }

  std::string Story(const Origin& origin, const Bounds& service, const Bounds& busy,
                    const std::optional<int>& for_wait) const {
    const double workers = origin.workers(), share = origin.share_after();
    std::string story = absl::StrCat(
        origin.name(), ": at the coming weekly peak ", Amount(s_.peak.estimate), " requests/s x ",
        Percent(share), " x ", Long(absl::Seconds(service.estimate)), " = ", Amount(busy.estimate),
        " busy of ", origin.workers(), " workers: ", Percent(busy.estimate / workers), " (",
        Percent(busy.lower / workers), " to ", Percent(busy.upper / workers), "); target ",
        Percent(target_), ".");
    const double now = s_.load.Last();
    if (now > 0) {
      absl::StrAppend(&story, " At the load of now, ", Amount(now), " requests/s, it would be ",
                      Percent(now * share * service.estimate / workers), ".");
    }
    if (busy.estimate >= workers) {
      story += " More comes in than they can serve: the line grows without end.";
    }
    if (for_wait) {
      absl::StrAppend(&story, " For a mean wait of ",
                      Long(FromProto(s_.policy.origins().max_wait())), " it takes ",
                      Count(*for_wait), " workers (M/M/c model).");
    }
    return story;
  }

  std::string Instead(const Origin& origin, const Bounds& busy,
                      const std::optional<int>& for_wait) const {
    const int for_target = static_cast<int>(std::ceil(busy.upper / target_ - 1e-9));
    const int needed = std::max(for_target, for_wait.value_or(0));
    const double share =
        std::floor(100 * origin.share_after() * target_ * origin.workers() / busy.upper) / 100;
    return absl::StrCat(
        "Give ", origin.name(), " ", Count(needed), " workers",
        needed == for_target
            ? absl::StrCat(" (", Amount(busy.upper), " busy at most / ", Percent(target_), ")")
            : "",
        " and ask again; or give it no more than ", Percent(share), " of the traffic.");
  }

  void Unproven(const Origin& origin, const std::string& what, const std::string& instead) {
    report_.AddUnproven("capacity.no_data",
                        {origin.name(), absl::StrCat(origin.name(), ": ", what, "."), instead});
  }

  const Setting& s_;
  const double target_;
  Report& report_;
};

}  // namespace

std::string JudgeShift(const Setting& setting, Report& report) {
  return Judgement(setting, report).Run();
}

}  // namespace gate::capacity
