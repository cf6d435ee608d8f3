#include "checks/capacity/resource.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checks/canary/numbers.h"
#include "checks/capacity/backlog.h"
#include "checks/capacity/words.h"
#include "checks/proto_time.h"
#include "checks/stats/erlang.h"

namespace gate::capacity {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Intervals after which nobody waits any more.
constexpr double kLongest = 1e5;

// What is read from so little use is noise times a large number.
constexpr double kLeastUse = 0.05;

// The part in use at the peak with the old version alone, and by which history; empty: only by what
// was seen of its cost.
struct Alone {
  Bounds use;
  std::string how;
};

// How much there is of the resource per second; and how that is known, where it is not declared.
struct Capacity {
  Bounds amount;
  std::string how;
};

class Judgement {
 public:
  Judgement(const Setting& setting, const v1::CapacityResource& resource, Report& report)
      : s_(setting),
        resource_(resource),
        report_(report),
        unit_(resource.unit().empty() ? "units" : resource.unit()),
        target_(TargetOf(setting.policy, resource)) {
    answer_.name = resource.name();
  }

  ResourceAnswer Run() {
    const std::optional<Capacity> capacity = ReadCapacity();
    const bool sees_cost = SeeCost();
    if (const std::optional<absl::Time> start = Start()) {
      JudgeBacklog(s_, resource_, capacity ? capacity->amount.estimate : 0, *start, report_);
    }
    std::optional<History> total;
    if (!capacity || !ReadTotal(total) || !sees_cost) return std::move(answer_);
    const v1::RolloutStage& stage = s_.change.stage();
    const Demand demand(
        s_.load, total ? &*total : nullptr,
        stage.has_complete_at() ? FromProto(stage.complete_at()) : absl::InfiniteFuture());
    Project(demand, *capacity);
    return std::move(answer_);
  }

 private:
  void NoData(const std::string& what, const std::string& why, std::string instead = "") {
    if (instead.empty()) {
      instead = absl::StrCat("See that the metrics server answers for ", what, " of ", name(),
                             ", and ask again.");
    }
    report_.AddUnproven("capacity.no_data",
                        {name(), absl::StrCat(name(), ": ", what, ": ", why, "."), instead});
  }

  std::optional<History> Recent(std::string_view id, const char* what) {
    std::string why;
    std::optional<History> history =
        ReadHistory(s_.evidence.Get(IdOf(resource_, id)), s_.now, s_.parameters.window,
                    s_.parameters.rate_step, s_.parameters.max_age, why);
    if (!history) NoData(what, why);
    return history;
  }

  std::optional<Capacity> ReadCapacity() {
    if (resource_.capacity() > 0) {
      return Capacity{{resource_.capacity(), resource_.capacity(), resource_.capacity()}, ""};
    }
    if (!resource_.capacity_metric().empty()) {
      const std::optional<History> metric = Recent("capacity", "capacity");
      if (!metric) return std::nullopt;
      const double last = metric->Last();
      if (last > 0) return Capacity{{last, last, last}, ""};
      NoData("capacity", "its metric says that there is none");
      return std::nullopt;
    }
    return FromUtilization();
  }

  // Moment by moment, what is spent over the part that is in use. Where use does not grow with what
  // is spent, the moments differ, and with them the bounds.
  std::optional<Capacity> FromUtilization() {
    const std::optional<History> use = Recent("utilization", "utilisation");
    const std::optional<History> spent = Recent("spent", "what is spent");
    if (!use || !spent) return std::nullopt;
    Bounds amount{kInfinity, 0, 0};
    double all_spent = 0, all_use = 0;
    int moments = 0;
    for (size_t i = 0; i < std::min(use->values.size(), spent->values.size()); ++i) {
      const double u = use->values[use->values.size() - 1 - i];
      const double v = spent->values[spent->values.size() - 1 - i];
      if (std::isnan(u) || std::isnan(v)) continue;
      all_spent += v;
      all_use += u;
      ++moments;
      if (!(u > 0 && v > 0)) continue;
      amount.lower = std::min(amount.lower, v / u);
      amount.upper = std::max(amount.upper, v / u);
    }
    if (moments < kFewestIntervals || !(all_use / moments >= kLeastUse) || !(all_spent > 0)) {
      NoData("utilisation",
             absl::StrCat("it is at ", Percent(moments == 0 ? 0 : all_use / moments), " over ",
                          moments, " intervals, too little to tell how much there is"),
             absl::StrCat("Declare the capacity of ", name(), " in the policy, in ", unit_,
                          "/s, or ask again under more traffic."));
      return std::nullopt;
    }
    amount.estimate = all_spent / all_use;
    return Capacity{amount, absl::StrCat(Percent(all_use / moments), " in use at ",
                                         Amount(all_spent / moments), " ", unit_, "/s now")};
  }

  bool ReadTotal(std::optional<History>& total) {
    if (resource_.total().empty()) return true;
    std::string why;
    total = ReadHistory(s_.evidence.Get(IdOf(resource_, "total")), s_.now, s_.parameters.history,
                        s_.parameters.history_step, s_.parameters.max_age, why);
    if (!total) NoData("what everybody spends", why);
    return total.has_value();
  }

  // The first traffic of the new version, where it is told or seen.
  std::optional<absl::Time> Start() const {
    if (s_.change.canary().has_started_at()) return FromProto(s_.change.canary().started_at());
    if (answer_.cost) return answer_.cost->first - answer_.cost->length;
    return std::nullopt;
  }

  // False where there is nothing to project.
  bool SeeCost() {
    const v1::Observation& observation = s_.evidence.Get(IdOf(resource_, "cost"));
    if (!observation.has_metric()) {
      NoData("cost per request", Describe(observation.absence(), observation.source()));
      return false;
    }
    const absl::Time start = s_.change.canary().has_started_at()
                                 ? FromProto(s_.change.canary().started_at())
                                 : absl::InfinitePast();
    const bool alone = HasAllTraffic(s_.change) && s_.change.canary().has_started_at();
    Cost cost = ReadCost(observation.metric(), s_.parameters, start, s_.now, alone);
    if (cost.intervals == 0 && cost.IsAgainstEarlier()) {
      NoData("cost per request",
             absl::StrCat("the canary has all of the traffic, and of the same hours ", cost.OnOld(),
                          ", before it, nothing is known to hold it against"),
             absl::StrCat("Let the metrics server keep two weeks of what is spent of ", name(),
                          " and of the load."));
      return false;
    }
    if (cost.intervals == 0) {
      NoData("cost per request",
             absl::StrCat("no requests of the canary (", s_.policy.cohort_label(), "=\"",
                          s_.parameters.canary,
                          "\") and of old code were seen at the same time in the last ",
                          Long(s_.parameters.window)),
             "Route a part of the traffic to the new version, and leave another with the old.");
      return false;
    }
    if (!(cost.canary.estimate > 0 || cost.old.estimate > 0)) {
      NoData("cost per request", "neither version has spent any");
      return false;
    }
    answer_.cost = std::move(cost);
    return true;
  }

  // The part in use at the peak with `share` of the traffic on the new version, whose requests cost
  // what the canary's do, by the bounds of everything.
  Bounds Use(const Demand& demand, const Capacity& capacity, double share,
             const Bounds& canary) const {
    const Bounds& old = answer_.cost->old;
    // Where the new code takes the place of old one in a total, the dearer that was, the less is
    // added.
    const bool in_total = demand.IsShared();
    const auto low = demand.Peak(in_total ? old.upper : old.lower, canary.lower, share);
    const auto high = demand.Peak(in_total ? old.lower : old.upper, canary.upper, share);
    const auto middle = demand.Peak(old.estimate, canary.estimate, share);
    return {std::isfinite(old.upper) || !in_total ? low.lower / capacity.amount.upper : 0,
            middle.estimate / capacity.amount.estimate, high.upper / capacity.amount.lower};
  }

  // The weeks before know it, where they measured it: what a request of the old version costs is
  // seen beside the canary only.
  Alone OldAlone(const Demand& demand, const Capacity& capacity) const {
    if (!resource_.utilization().empty()) {
      std::string why;
      const std::optional<History> weeks = ReadHistory(
          s_.evidence.Get(IdOf(resource_, "utilization_before")), s_.now, s_.parameters.history,
          s_.parameters.history_step, s_.parameters.max_age, why);
      const stats::PeakForecast peak = weeks ? PeakOf(*weeks) : stats::PeakForecast();
      if (peak.Known()) {
        return {{peak.lower, peak.estimate, peak.upper},
                absl::StrCat("by its use in ", peak.weeks, " weeks")};
      }
    }
    return {Use(demand, capacity, 0, answer_.cost->canary),
            demand.IsShared() ? "by what everybody spent in the weeks before" : ""};
  }

  void Project(const Demand& demand, const Capacity& capacity) {
    const Cost& cost = *answer_.cost;
    if (!demand.Peak(cost.old.estimate, cost.canary.estimate, 1).Known()) {
      return report_.AddUnproven(
          "capacity.short_history",
          {name(),
           absl::StrCat(name(),
                        ": what everybody spends of it is known of less than two whole weeks."),
           "Let the metrics server keep at least two weeks of it."});
    }
    const Bounds use = Use(demand, capacity, 1, cost.canary);
    const Alone without = OldAlone(demand, capacity);
    answer_.use = use;
    answer_.in_short =
        absl::StrCat(name(), " ", Percent(use.estimate), " (at most ", Percent(use.upper), ")");
    answer_.safe_share = std::max(0.0, LargestShare(demand, capacity));
    const bool enough = cost.intervals >= kFewestIntervals;
    // What became dearer since a week ago may have done so before the change.
    const bool dearer = cost.ratio.lower > 1 && enough && !cost.IsAgainstEarlier();
    const bool cheaper = cost.ratio.upper < 1 && enough;
    const std::string story = Story(demand, capacity, use, without);
    // Then nothing hangs on what the old version cost, in whatever mix.
    const bool by_itself = cost.IsAgainstEarlier() && !demand.IsShared() && use.upper <= target_;
    if (cost.IsConfounded() && !by_itself) {
      OtherMix(story);
    } else if (dearer && use.lower > target_) {
      answer_.over = true;
      report_.Add("capacity.overload", {name(), story, Instead(demand, capacity, use)});
    } else if (!cost.defects.empty()) {
      NoData("cost per request", cost.defects[0]);
    } else if (enough && use.upper <= target_) {
      answer_.safe = true;
    } else if (enough && SafeAtNextStep(demand, capacity)) {
      answer_.safe = true;
    } else if (cheaper) {
      answer_.safe = true;
      answer_.safe_share = 1;
      report_.AddWarning(
          "capacity.already_over",
          {name(), absl::StrCat(story, " The change makes it less, so it is not stopped."),
           MoreCapacity(use, capacity)});
    } else {
      Undecided(demand, capacity, use, without, story);
    }
  }

  // Whether the share that a rollout goes to now is shown to be safe, where all of the traffic is
  // not yet: it will have seen more when that is asked.
  bool SafeAtNextStep(const Demand& demand, const Capacity& capacity) {
    const v1::RolloutStage& stage = s_.change.stage();
    const double share = std::max(stage.share(), stage.next_share());
    if (!s_.change.has_stage() || share >= 1) return false;
    const Bounds use = Use(demand, capacity, share, answer_.cost->canary);
    if (!(use.upper <= target_)) return false;
    absl::StrAppend(&answer_.in_short, ", and with ", Percent(share), " of the traffic, the ",
                    stage.next_step().empty() ? "present" : "next", " step, ",
                    Percent(use.estimate), " (at most ", Percent(use.upper), ")");
    return true;
  }

  // The mix may be all that makes the cost.
  void OtherMix(const std::string& story) {
    const Cost& cost = *answer_.cost;
    const std::string& label = s_.policy.endpoint_label();
    const Shares production = SharesOf(cost.endpoints);
    const std::vector<std::string> names =
        TooFew(production, SharesOf(cost.canary_endpoints), "on the canary");
    report_.AddUnproven(
        "capacity.other_mix",
        {name(),
         absl::StrCat(story, " But the mix of endpoints that was compared is ",
                      Percent(cost.mix_distance), " off production's",
                      names.empty() ? "" : absl::StrCat(": ", absl::StrJoin(names, ", ")),
                      ". What is spent is not counted by ", label, ", so that may be all of it."),
         absl::StrCat("Count what is spent of ", name(), " by ", label,
                      " as well, or route production's mix of requests to the canary.")});
  }

  // Where the mix was another one, how it was made the same.
  std::string Weighting() const {
    const Cost& cost = *answer_.cost;
    if (!cost.by_endpoint) return "";
    std::string text;
    if (cost.HasOtherMix()) {
      text = absl::StrCat("Both are weighted to production's mix of endpoints, ",
                          Percent(cost.mix_distance),
                          " off what was compared (as served: ", Amount(cost.canary_as_served),
                          " against ", Amount(cost.old_as_served), "). ");
    }
    if (cost.unseen > kOtherMix) {
      absl::StrAppend(&text, Percent(cost.unseen),
                      " of production's requests go to endpoints that the canary has not served: "
                      "these are taken to cost what they do ",
                      cost.OnOld(), ". ");
    }
    return text;
  }

  std::string Story(const Demand& demand, const Capacity& capacity, const Bounds& use,
                    const Alone& without) const {
    const Cost& cost = *answer_.cost;
    std::string story = absl::StrCat(
        name(), ": a request costs ", Amount(cost.canary.estimate), " ", unit_, " on the canary",
        Range(cost.canary), " against ", Amount(cost.old.estimate), " ", cost.OnOld(), ": ",
        Times(cost.ratio.estimate), " (", Times(cost.ratio.lower), " to ",
        std::isfinite(cost.ratio.upper) ? Times(cost.ratio.upper) : "any", "). ", Weighting(),
        Arithmetic(demand, capacity, use), " (", Percent(use.lower), " to ", Percent(use.upper),
        "); target ", Percent(target_), ", and ", Percent(without.use.estimate),
        " without the change.");
    const double now = s_.change.canary().share();
    if (now > 0 && now < 1) {
      absl::StrAppend(&story, " With ", Percent(now), " of the traffic, as now: ",
                      Percent(Use(demand, capacity, now, cost.canary).estimate), ".");
    }
    absl::StrAppend(&story, " ", SafeShare(demand, capacity, without));
    if (resource_.has_queue()) absl::StrAppend(&story, Flood(use, capacity));
    return story;
  }

  static std::string Range(const Bounds& bounds) {
    if (!std::isfinite(bounds.upper)) return "";
    return absl::StrCat(" (", Amount(bounds.lower), " to ", Amount(bounds.upper), ")");
  }

  // What a person can redo: "At the coming weekly peak 1,100 requests/s x 6.4 messages = 7,040/s of
  // 4,000/s: 176 %".
  std::string Arithmetic(const Demand& demand, const Capacity& capacity, const Bounds& use) const {
    const Cost& cost = *answer_.cost;
    const double own = s_.peak.estimate * cost.canary.estimate;
    const double all = use.estimate * capacity.amount.estimate;
    std::string text = absl::StrCat("At the coming weekly peak ", Amount(s_.peak.estimate),
                                    " requests/s x ", Amount(cost.canary.estimate), " ", unit_);
    if (demand.IsShared() && all - own > 0.005 * all) {
      absl::StrAppend(&text, " + ", Amount(all - own), "/s of others");
    }
    absl::StrAppend(&text, " = ", Amount(all), "/s of ", Amount(capacity.amount.estimate), "/s");
    if (!capacity.how.empty()) absl::StrAppend(&text, " (", capacity.how, ")");
    return absl::StrCat(text, ": ", Percent(use.estimate));
  }

  // The largest share of the traffic on the new version that keeps the resource under its target by
  // the upper bound, in whole per cent.
  double LargestShare(const Demand& demand, const Capacity& capacity) const {
    const auto safe = [&](int percent) {
      return Use(demand, capacity, percent / 100.0, answer_.cost->canary).upper <= target_;
    };
    int share = 100;
    if (safe(share)) return 1;
    for (int step = 64, from = -1; step > 0; step /= 2) {
      if (from + step <= 100 && safe(from + step)) from += step;
      share = from;
    }
    return share / 100.0;
  }

  std::string SafeShare(const Demand& demand, const Capacity& capacity,
                        const Alone& without) const {
    const double share = LargestShare(demand, capacity);
    if (share >= 0) {
      return absl::StrCat(
          "The largest share of traffic that stays under the target: ", Percent(share), ".");
    }
    const std::string by = without.how.empty() ? "" : ", " + without.how;
    if (without.use.upper <= target_) {
      return absl::StrCat("The old version alone stays under the target (at most ",
                          Percent(without.use.upper), by,
                          "); no share of the new one is shown to, yet.");
    }
    const std::string range =
        absl::StrCat(Percent(without.use.lower), " to ", Percent(without.use.upper), by);
    if (without.use.lower > target_) {
      return absl::StrCat("The old version alone is over the target already (", range, ").");
    }
    if (!without.how.empty()) {
      return absl::StrCat("The old version alone may be over the target already (", range, ").");
    }
    return absl::StrCat("Of the old version only the cost in ", answer_.cost->intervals,
                        " intervals is known, so what it takes alone is not known closely (", range,
                        "): with `total` or `utilization` in the policy the weeks before would "
                        "tell.");
  }

  // What happens to a queue whose consumers are outrun.
  std::string Flood(const Bounds& use, const Capacity& capacity) const {
    const double growth = (use.estimate - 1) * capacity.amount.estimate;
    const auto& queue = resource_.queue();
    std::string text;
    if (growth > 0) {
      text = absl::StrCat(" Consumers are outrun: the backlog grows by ", Amount(growth), " ",
                          unit_, "/s, to ", Many(growth * 3600), " after 1 h of the peak");
      if (queue.room() > 0) {
        absl::StrAppend(&text, "; the broker has room for ", Many(queue.room()),
                        " and is full after ", Long(absl::Seconds(queue.room() / growth)));
      }
      text += ".";
    }
    if (use.upper > target_ && !queue.shared_by().empty()) {
      absl::StrAppend(&text, " The same queue carries ", absl::StrJoin(queue.shared_by(), ", "),
                      ": they are as late.");
    }
    return text;
  }

  std::string MoreCapacity(const Bounds& use, const Capacity& capacity) const {
    const double needed = use.upper * capacity.amount.lower / target_;
    if (!std::isfinite(needed)) return absl::StrCat("Give ", name(), " more capacity.");
    std::string text = absl::StrCat("Give ", name(), " ", Count(std::ceil(needed)), " ", unit_,
                                    "/s instead of ", Amount(capacity.amount.estimate));
    if (resource_.has_max_wait()) {
      const double wait = absl::ToDoubleSeconds(FromProto(resource_.max_wait()));
      const double erlangs = use.upper * capacity.amount.lower;
      const int workers = stats::WorkersForWait(erlangs, wait / answer_.cost->canary.upper);
      if (workers > 0) {
        absl::StrAppend(&text, "; for a mean wait of ", Long(FromProto(resource_.max_wait())),
                        " it takes ", Count(workers), " workers (M/M/c model)");
      }
    }
    return text + ".";
  }

  std::string Instead(const Demand& demand, const Capacity& capacity, const Bounds& use) const {
    const double share = LargestShare(demand, capacity);
    std::string text = "Now:  Take the traffic back to the old version";
    if (share > 0) {
      absl::StrAppend(&text, ", or leave no more than ", Percent(share), " on the new one");
    }
    return absl::StrCat(text, ".\nThen: Make a request of the new version cost less.\nOr:   ",
                        MoreCapacity(use, capacity));
  }

  // The cost of a request at which one of the bounds meets the target.
  template <typename UseOf>
  double CriticalCost(const UseOf& use_of) const {
    double low = 0, high = answer_.cost->canary.estimate;
    for (int i = 0; i < 60 && use_of(high) <= target_; ++i) high *= 2;
    for (int i = 0; i < 40; ++i) {
      const double middle = (low + high) / 2;
      (use_of(middle) <= target_ ? low : high) = middle;
    }
    return low;
  }

  void Undecided(const Demand& demand, const Capacity& capacity, const Bounds& use,
                 const Alone& without, const std::string& story) {
    const Cost& cost = *answer_.cost;
    const auto at = [&](double c) { return Use(demand, capacity, 1, {c, c, c}); };
    const double passes_under = CriticalCost([&](double c) { return at(c).upper; });
    const double fails_over = CriticalCost([&](double c) { return at(c).lower; });
    double intervals = kInfinity;
    if (cost.canary.estimate < passes_under) {
      intervals = cost.IntervalsToTell(passes_under, s_.parameters);
    } else if (cost.canary.estimate > fails_over) {
      intervals = cost.IntervalsToTell(fails_over, s_.parameters);
      stats::MeanProcess ratio;
      for (const stats::MeanBlock& block : cost.blocks) ratio.Add(block);
      const double alpha = s_.parameters.alpha_harm;
      intervals = std::max(intervals, ratio.Answer({1, alpha, alpha}).intervals_to_answer);
    }
    if (!(intervals < kLongest)) intervals = ByWidth(passes_under);
    if (cost.intervals < kFewestIntervals) intervals = kFewestIntervals - cost.intervals;
    report_.AddUnproven(
        "capacity.undecided",
        {name(), story, Remaining(intervals, use, without, passes_under, capacity)});
  }

  // Where the best guess of the cost lies between what passes and what fails: until its bounds are
  // close enough for a PASS if the new version costs what the old one does. They close with the
  // square root of the time. Infinity where that would not bring it.
  double ByWidth(double passes_under) const {
    constexpr double kClose = 0.1;  // what is expected of a guess that is off
    const Cost& cost = *answer_.cost;
    if (!(cost.old.lower < passes_under)) return kInfinity;
    const double width = std::isfinite(cost.canary.upper)
                             ? std::log(cost.canary.upper / cost.canary.estimate)
                             : std::log(cost.canary.estimate / cost.canary.lower);
    // As long again, where there are no bounds yet.
    if (!std::isfinite(width)) return cost.intervals;
    const double needed = std::max(kClose, std::abs(std::log(passes_under / cost.old.estimate)));
    // Close enough already: it is the forecast that leaves it open.
    if (width <= needed) return kInfinity;
    return cost.intervals * ((width / needed) * (width / needed) - 1);
  }

  std::string Remaining(double intervals, const Bounds& use, const Alone& without,
                        double passes_under, const Capacity& capacity) {
    if (without.use.lower > target_) {
      return absl::StrCat(name(), " is over its target whatever the change does. ",
                          MoreCapacity(use, capacity));
    }
    if (intervals < kLongest) {
      const absl::Duration rest = std::max(1.0, std::ceil(intervals)) * answer_.cost->length;
      report_.RetryAt(s_.now + rest);
      return absl::StrCat(name(), ": about ", More(rest),
                          " at the present rate of requests (an estimate).");
    }
    return absl::StrCat(name(), ": more time on the canary does not tell: ",
                        passes_under > 0 ? absl::StrCat("under ", Amount(passes_under), " ", unit_,
                                                        " per request it passes. ")
                                         : "",
                        MoreCapacity(use, capacity));
  }

  const std::string& name() const { return resource_.name(); }

  const Setting& s_;
  const v1::CapacityResource& resource_;
  Report& report_;
  const std::string unit_;
  const double target_;
  ResourceAnswer answer_;
};

}  // namespace

ResourceAnswer JudgeResource(const Setting& setting, const v1::CapacityResource& resource,
                             Report& report) {
  return Judgement(setting, resource, report).Run();
}

}  // namespace gate::capacity
