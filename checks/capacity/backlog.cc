#include "checks/capacity/backlog.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/canary/numbers.h"
#include "checks/capacity/words.h"
#include "checks/proto_time.h"

namespace gate::capacity {
namespace {

constexpr double kBeyondNormal = 3;  // times the usual weekly peak
constexpr double kLeastWork = 10;    // seconds of the consumers' work
constexpr double kLeastMessages = 100;
constexpr int kRising = 5;  // intervals
// Without a history to compare with, this much work is a backlog, and proves nothing.
constexpr double kLeastWorkAlone = 300;

// The last intervals that were seen.
struct Trend {
  double last = 0;
  double per_second = 0;  // over the last kRising intervals
  bool rises = false;
  absl::Time beyond_since;
};

Trend TrendOf(const History& history, double normal) {
  Trend trend;
  trend.beyond_since = history.Over(normal).since;
  std::vector<double> seen = history.Seen();
  std::ranges::reverse(seen);  // newest first
  trend.last = seen.front();
  const int steps = std::min<int>(kRising, static_cast<int>(seen.size()) - 1);
  if (steps == 0) return trend;
  int rising = 0;
  for (int i = 0; i < steps; ++i) rising += seen[i] > seen[i + 1];
  trend.per_second = (seen[0] - seen[steps]) / (steps * absl::ToDoubleSeconds(history.step));
  // One interval may be out of order; a scrape that is late looks like that.
  trend.rises = steps == kRising && rising >= kRising - 1 && trend.per_second > 0;
  return trend;
}

class Judgement {
 public:
  Judgement(const Setting& setting, const v1::CapacityResource& resource, double drain,
            absl::Time start, Report& report)
      : s_(setting),
        resource_(resource),
        unit_(resource.unit().empty() ? "units" : resource.unit()),
        drain_(drain),
        start_(start),
        report_(report) {}

  void Run() {
    std::string why;
    const auto recent =
        ReadHistory(s_.evidence.Get(IdOf(resource_, "backlog")), s_.now, s_.parameters.window,
                    s_.parameters.step, s_.parameters.max_age, why);
    if (!recent) {
      return report_.AddUnproven(
          "capacity.no_data",
          {name(), absl::StrCat(name(), ": its backlog: ", why, "."),
           absl::StrCat("See that the metrics server answers for the backlog of ", name(), ".")});
    }
    const auto weeks =
        ReadHistory(s_.evidence.Get(IdOf(resource_, "backlog_before")), s_.now,
                    s_.parameters.history, s_.parameters.history_step, s_.parameters.max_age, why);
    const std::optional<double> usual = weeks ? UsualWeeklyPeak(*weeks) : std::nullopt;
    const double normal = std::max({kLeastMessages, drain_ * (usual ? kLeastWork : kLeastWorkAlone),
                                    kBeyondNormal * usual.value_or(0)});
    const Trend trend = TrendOf(*recent, normal);
    if (!(trend.last > normal)) return;
    const bool was_before = WasOver(*recent, weeks ? &*weeks : nullptr, start_, normal);
    if (trend.rises && usual && !was_before) return Grows(trend, usual.value_or(0));
    Remains(trend, normal, was_before);
  }

 private:
  void Grows(const Trend& trend, double usual) {
    std::string message = absl::StrCat(
        name(), ": ", Many(trend.last), " ", unit_, " wait and ", Amount(trend.per_second),
        "/s are added to them, beyond the normal range since ", Rfc3339(trend.beyond_since),
        "; the usual weekly peak is ", Many(usual), ".");
    absl::StrAppend(&message, Room(trend), Shared());
    report_.Add("capacity.backlog_grows",
                {name(), message,
                 absl::StrCat("Now:  Roll back to the version before.\nThen: Let ", name(),
                              " drain, and see that it does before anything else goes out.")});
  }

  std::string Room(const Trend& trend) const {
    const double room = resource_.queue().room();
    if (!(room > 0)) return "";
    const double left = std::max(0.0, room - trend.last);
    return absl::StrCat(" The broker has room for ", Many(room), ": it is full in ",
                        Long(absl::Seconds(left / trend.per_second)), ".");
  }

  std::string Shared() const {
    if (resource_.queue().shared_by().empty()) return "";
    return absl::StrCat(" The same queue carries ",
                        absl::StrJoin(resource_.queue().shared_by(), ", "), ": they are as late.");
  }

  void Remains(const Trend& trend, double normal, bool was_before) {
    std::string message = absl::StrCat(name(), ": ", Many(trend.last), " ", unit_,
                                       " still wait (normal: up to ", Many(normal), ")");
    std::string instead;
    if (trend.per_second < 0) {
      const absl::Duration rest = absl::Seconds((trend.last - normal) / -trend.per_second);
      absl::StrAppend(&message, "; ", Amount(-trend.per_second),
                      "/s fewer than before: drained in ", Long(rest), " at this rate.");
      instead = absl::StrCat("Wait about ", Long(rest), " until ", name(), " has drained.");
      report_.RetryAt(s_.now + std::max(rest, s_.parameters.step));
    } else {
      absl::StrAppend(&message, ", and they do not become fewer.");
      if (was_before) {
        absl::StrAppend(&message, " They waited before this version began at ", Rfc3339(start_),
                        ": it did not help.");
      }
      instead = absl::StrCat("Find what fills ", name(),
                             ", or take back the release that began it; it is over when the "
                             "backlog drains.");
    }
    message += Shared();
    report_.AddUnproven("capacity.backlog_remains", {name(), message, instead});
  }

  const std::string& name() const { return resource_.name(); }

  const Setting& s_;
  const v1::CapacityResource& resource_;
  const std::string unit_;
  const double drain_;
  const absl::Time start_;
  Report& report_;
};

}  // namespace

void JudgeBacklog(const Setting& setting, const v1::CapacityResource& resource, double drain,
                  absl::Time start, Report& report) {
  if (resource.queue().backlog().empty()) return;
  Judgement(setting, resource, drain, start, report).Run();
}

}  // namespace gate::capacity
