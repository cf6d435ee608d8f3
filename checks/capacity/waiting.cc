#include "checks/capacity/waiting.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "checks/canary/numbers.h"
#include "checks/capacity/words.h"
#include "checks/proto_time.h"

namespace gate::capacity {
namespace {

using Origin = v1::TrafficShift::Origin;

constexpr double kBeyondNormal = 3;  // times the usual weekly peak
constexpr double kLeastWait = 0.1;   // seconds
// Without a history to compare with, this is a wait, and proves nothing.
constexpr double kLeastWaitAlone = 1;
constexpr int kLasting = 3;  // intervals

class Judgement {
 public:
  Judgement(const Setting& setting, Report& report) : s_(setting), report_(report) {
    std::string why;
    weeks_ = ReadHistory(s_.evidence.Get(kWaitBeforeId), s_.now, s_.parameters.history,
                         s_.parameters.history_step, s_.parameters.max_age, why);
    if (weeks_) usual_ = UsualWeeklyPeak(*weeks_);
    limit_ = std::max({usual_ ? kLeastWait : kLeastWaitAlone, kBeyondNormal * usual_.value_or(0),
                       absl::ToDoubleSeconds(FromProto(s_.policy.origins().max_wait()))});
    if (s_.change.canary().has_started_at()) start_ = FromProto(s_.change.canary().started_at());
  }

  void Judge(const Origin& origin) {
    std::string why;
    const auto recent =
        ReadHistory(s_.evidence.Get(IdOf(origin, "wait")), s_.now, s_.parameters.window,
                    s_.parameters.step, s_.parameters.max_age, why);
    if (!recent) {
      // Nobody waits where nobody is served yet.
      if (!start_ || !(origin.share_after() > 0)) return;
      return report_.AddUnproven(
          "capacity.no_data",
          {origin.name(), absl::StrCat(origin.name(), ": how long requests wait there: ", why, "."),
           absl::StrCat("See that the metrics server answers for the wait at ", origin.name(),
                        ".")});
    }
    const History::Stay stay = recent->Over(limit_);
    if (stay.intervals < kLasting) return;
    const bool grows = !origin.has_share_before() || origin.share_after() > origin.share_before();
    if (!start_) {
      // A shift may be what helps; one that brings more does not.
      if (grows) Unproven(origin, *recent, stay, " More traffic makes it longer.");
    } else if (WasOver(*recent, weeks_ ? &*weeks_ : nullptr, *start_, limit_)) {
      Unproven(origin, *recent, stay,
               absl::StrCat(" They waited before the shift began at ", Rfc3339(*start_),
                            ": it did not help."));
    } else if (!grows) {
      Unproven(origin, *recent, stay,
               " Its share is not larger than before the shift: taking that back would not help.");
    } else if (!usual_) {
      Unproven(origin, *recent, stay,
               " Of less than two weeks it is known what is usual: nothing is proven by that.");
    } else {
      report_.Add("capacity.wait_grows",
                  {origin.name(), Story(origin, *recent, stay), Back(origin)});
    }
  }

 private:
  std::string Story(const Origin& origin, const History& recent, const History::Stay& stay) const {
    std::string story =
        absl::StrCat(origin.name(), ": a request waits ", Long(absl::Seconds(recent.Last())),
                     " for a worker, beyond the normal range (up to ", Long(absl::Seconds(limit_)),
                     ") since ", Rfc3339(stay.since));
    if (usual_) {
      absl::StrAppend(&story, "; the usual weekly peak is ", Long(absl::Seconds(*usual_)));
    }
    return absl::StrCat(story, ".", Pool(origin));
  }

  // Why they wait, where that is measured.
  std::string Pool(const Origin& origin) const {
    std::string why;
    const auto last = [&](std::string_view what) {
      const auto history =
          ReadHistory(s_.evidence.Get(IdOf(origin, what)), s_.now, s_.parameters.window,
                      s_.parameters.rate_step, s_.parameters.max_age, why);
      return history ? history->Last() : std::nan("");
    };
    // A rate is an estimate, and may be a little over what there is.
    const double busy = std::min<double>(last("busy"), origin.workers());
    const double requests = last("requests");
    if (std::isnan(busy) || std::isnan(requests) || origin.workers() <= 0) return "";
    return absl::StrCat(" Of its ", origin.workers(), " workers ", Amount(busy), " are busy (",
                        Percent(busy / origin.workers()), "), at ", Amount(requests),
                        " requests/s.");
  }

  std::string Back(const Origin& origin) const {
    const std::string& way = s_.change.traffic_shift().way_back();
    return absl::StrCat(
        "Now:  Take the shift back: ", origin.name(), " to ", Percent(origin.share_before()),
        " of the traffic", way.empty() ? "" : absl::StrCat(" (", way, ")"), ".\nThen: Give ",
        origin.name(),
        " the workers that its share of the weekly peak takes, and ask again before the next try.");
  }

  void Unproven(const Origin& origin, const History& recent, const History::Stay& stay,
                const std::string& why) {
    report_.AddUnproven("capacity.wait_grows",
                        {origin.name(), Story(origin, recent, stay) + why,
                         absl::StrCat("Find what requests wait for at ", origin.name(),
                                      ", and ask again when they do not.")});
    report_.RetryAt(s_.now + s_.parameters.step);
  }

  const Setting& s_;
  Report& report_;
  std::optional<History> weeks_;
  std::optional<double> usual_;
  double limit_ = 0;
  std::optional<absl::Time> start_;  // of the shift, where it is in force
};

}  // namespace

void JudgeWaiting(const Setting& setting, Report& report) {
  if (setting.policy.origins().wait().empty()) return;
  Judgement judgement(setting, report);
  for (const Origin& origin : setting.change.traffic_shift().origins()) judgement.Judge(origin);
}

}  // namespace gate::capacity
