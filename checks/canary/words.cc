#include "checks/canary/words.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/canary/block_reader.h"
#include "checks/canary/cohorts.h"
#include "checks/canary/numbers.h"

namespace gate {
namespace {

constexpr size_t kEnoughToBeAlike = 10;  // blocks; before, a correlation is only a guess

// As it was written: "0.01 %".
std::string PercentAsWritten(double rate) {
  std::string percent = absl::StrFormat("%.10f", 100 * rate);
  while (percent.back() == '0') percent.pop_back();
  if (percent.back() == '.') percent.pop_back();
  return percent + " %";
}

}  // namespace

std::string Words::Sentence(v1::Outcome outcome) const {
  if (comparison_.size() == 0) {
    return absl::StrCat(metric_.name(), ": the canary and ",
                        comparison_.old_name().starts_with("earlier") ? "traffic of earlier weeks"
                                                                      : comparison_.old_name(),
                        " have not been seen at the same time");
  }
  return absl::StrCat(metric_.name(), ": ", Seen(), Ratio(outcome), Remarks());
}

std::string Words::Remaining() const {
  if (!(answer_.blocks_to_answer < kForEver)) {
    return "; how much longer it takes cannot be told from what has been seen";
  }
  const std::string rare =
      absl::StrCat(", if they stay under ", PercentAsWritten(metric_.tolerated_rate()));
  return absl::StrCat("; about ", More(std::ceil(answer_.blocks_to_answer) * comparison_.length()),
                      answer_.by_rate ? rare
                      : Harmful()     ? ", if it stays as it is"
                                      : ", if it is as good as the old code");
}

bool Words::Less() const { return metric_.direction() == v1::DIRECTION_LOWER_IS_WORSE; }

bool Words::Harmful() const {
  return Less() ? answer_.estimate < answer_.limit : answer_.estimate > answer_.limit;
}

std::string Words::OldName() const { return OnCohort(comparison_.old_name()); }

std::string Words::Part(double part) const { return TwoDigits(100 * part) + " %"; }

std::string Words::Value(double value) const {
  if (std::isnan(value)) return "nothing";
  if (metric_.kind() == v1::METRIC_KIND_COUNTS) return TwoDigits(100 * value) + " %";
  if (std::isinf(value)) {
    const std::vector<double>& bounds = comparison_.bounds();
    return bounds.empty() ? "more than can be told" : "over " + Value(bounds.back());
  }
  const std::string number = value < 0 ? absl::StrFormat("%.3g", value) : ThreeDigits(value);
  return metric_.unit().empty() ? number : absl::StrCat(number, " ", metric_.unit());
}

std::string Words::Seen() const {
  const SeriesAnswer::Cohort& canary = answer_.canary;
  const SeriesAnswer::Cohort& old = answer_.baseline;
  switch (metric_.kind()) {
    case v1::METRIC_KIND_COUNTS: {
      const std::string noun = Less() ? "event" : "error";
      const std::string against =
          old.exposure == 0 ? "no traffic"
          : old.events == 0 ? absl::StrCat("no ", noun, " in ", Count(old.exposure), " requests")
                            : Value(old.value);
      return absl::StrCat("canary ", Count(canary.events), " ", noun, canary.events == 1 ? "" : "s",
                          " of ", Count(canary.exposure), " requests (", Value(canary.value),
                          ") against ", against, " ", OldName());
    }
    case v1::METRIC_KIND_VALUES:
      return absl::StrCat("canary ", Value(canary.value), " against ", Value(old.value), " ",
                          OldName());
    default:
      return absl::StrCat("p", absl::StrFormat("%.6g", 100 * QuantileOf(metric_)), " of canary ",
                          Value(canary.value), " against ", Value(old.value), " ", OldName(),
                          Slow());
  }
}

// "; 3.0 % of 2,104 took over 0.3 s, on baseline 1.1 % over 0.25 s".
std::string Words::Slow() const {
  if (answer_.canary_bound == 0) return "";
  const auto part = [&](const SeriesAnswer::Cohort& cohort) {
    return Part(cohort.events / cohort.exposure);
  };
  std::string text =
      absl::StrCat(" (", part(answer_.canary), " of ", Count(answer_.canary.exposure), " over ",
                   Value(answer_.canary_bound), ", ", OldName(), " ", part(answer_.baseline));
  if (answer_.baseline_bound != answer_.canary_bound) {
    absl::StrAppend(&text, " over ", Value(answer_.baseline_bound));
  }
  return text + ")";
}

std::string Words::Ratio(v1::Outcome outcome) const {
  if (answer_.by_rate && outcome == v1::OUTCOME_PASS) {
    return absl::StrCat(": under ", PercentAsWritten(metric_.tolerated_rate()),
                        ", which is tolerated");
  }
  if (metric_.kind() == v1::METRIC_KIND_COUNTS && answer_.canary.events == 0 &&
      answer_.baseline.events == 0) {
    return metric_.tolerated_rate() > 0
               ? absl::StrCat(
                     "; nothing has happened yet that could be compared, and it is too "
                     "early to say that errors are under ",
                     PercentAsWritten(metric_.tolerated_rate()))
               : "; nothing has happened yet that could be compared";
  }
  const std::string bounds = absl::StrCat(Bounds(outcome), "; ", Limit());
  if (std::isnan(answer_.estimate)) return "; " + Limit();
  if (std::isinf(answer_.estimate)) return ": " + bounds;
  return absl::StrCat(": ", Times(answer_.estimate), " (", Bounds(outcome), "); ", Limit());
}

std::string Words::Limit() const {
  if (metric_.direction() != v1::DIRECTION_EITHER) return "limit " + Times(answer_.limit);
  return absl::StrCat("limits ", Times(1 - metric_.margin()), " and ", Times(1 + metric_.margin()));
}

// Once there is an answer, the bound that decides.
std::string Words::Bounds(v1::Outcome outcome) const {
  const bool none_below = answer_.lower == 0, none_above = !(answer_.upper < 1000);
  if (none_below && none_above) return "anything is possible yet";
  const bool decided = outcome == v1::OUTCOME_FAIL || outcome == v1::OUTCOME_PASS;
  if (decided && metric_.direction() != v1::DIRECTION_EITHER) {
    const bool at_least = (outcome == v1::OUTCOME_FAIL) != Less();
    if (at_least && !none_below) return "at least " + Times(answer_.lower);
    if (!at_least && !none_above) return "at most " + Times(answer_.upper);
  }
  if (none_below) return "at most " + Times(answer_.upper);
  if (none_above) return "at least " + Times(answer_.lower);
  return absl::StrCat(Times(answer_.lower), " to ", Times(answer_.upper));
}

std::string Words::Remarks() const {
  std::string remarks;
  if (answer_.since > absl::InfinitePast()) {
    absl::StrAppend(&remarks, "; these are the numbers since ", UtcClock(answer_.since),
                    ": before, there was less of it");
  }
  if (metric_.baseline_kind() == v1::BASELINE_KIND_EARLIER ||
      comparison_.old_name().starts_with("earlier-")) {
    absl::StrAppend(&remarks, "; against an earlier time, which proves less");
  }
  if (answer_.dispersion > 1.5) {
    absl::StrAppend(&remarks, "; they come in bursts (dispersion ", TwoDigits(answer_.dispersion),
                    "), so an interval counts for little more than one observation");
  }
  if (answer_.autocorrelation >= 0.2 && comparison_.size() >= kEnoughToBeAlike) {
    absl::StrAppend(&remarks, "; neighbouring intervals are alike (correlation ",
                    TwoDigits(answer_.autocorrelation), ")");
  }
  if (answer_.resolution > answer_.limit && answer_.limit > 1) {
    absl::StrAppend(&remarks, "; the buckets are coarser than the limit (next lower bound ",
                    Value(answer_.canary_bound / answer_.resolution), "), between them is guessed");
  }
  return remarks;
}

std::string Words::AgainstPast(const PastAnswer& past) const {
  const std::string what =
      metric_.kind() == v1::METRIC_KIND_HISTOGRAM ? " over " + Value(past.bound) : "";
  const std::string since =
      past.old_version.worse ? " since " + UtcClock(past.old_version.since) : "";
  const std::string was = Part(past.past.rate);
  const std::string old =
      past.old_version.seen
          ? absl::StrCat(Part(past.old_version.rate), what, since, " (", was, " before the canary)")
          : absl::StrCat(was, what, " before the canary");
  return absl::StrCat(past.cohort, " ", old, ", canary ", Part(past.canary.rate),
                      past.canary.worse ? " since " + UtcClock(past.canary.since) : "");
}

}  // namespace gate
