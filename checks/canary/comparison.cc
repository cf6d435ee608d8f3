#include "checks/canary/comparison.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/canary/numbers.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

constexpr int kSilence = 3;  // blocks without traffic that are no chance
// The canary's share of the traffic may be off by so much, and the chance of saying so in vain.
constexpr double kShareMargin = 0.25, kShareAlpha = 0.001;
// Behind so many gaps nothing is on its way any more.
constexpr size_t kMostOpen = 1000;

std::string Intervals(double count) {
  return absl::StrCat(Count(count), count == 1 ? " interval has" : " intervals have");
}

v1::SeriesFlaw Defect(v1::FlawKind kind, const std::string& cohort, absl::Time time,
                      size_t intervals, std::string detail) {
  v1::SeriesFlaw flaw;
  flaw.set_kind(kind);
  flaw.set_cohort(cohort);
  if (time > absl::InfinitePast()) *flaw.mutable_time() = ToProto(time);
  flaw.set_intervals(static_cast<int>(std::min<size_t>(intervals, 1'000'000)));
  flaw.set_detail(std::move(detail));
  return flaw;
}

}  // namespace

void Comparison::Add(const BlockReader& reader) {
  const absl::Time end = reader.end();
  const Amounts canary = reader.at(kCanary), old = reader.at(old_);
  const bool both = !canary.empty() && !old.empty();
  if (!both && first_ == absl::InfinitePast()) return;
  if (previous_ != absl::InfinitePast()) FillGaps(end);
  previous_ = end;
  if (!both) {
    if (!reader.unread(kCanary) && !reader.unread(old_)) open_gaps_.push_back(end);
    return;
  }
  if (first_ == absl::InfinitePast()) first_ = end;
  if (!open_gaps_.empty() && gaps_ == 0) first_gap_ = open_gaps_[0];
  gaps_ += open_gaps_.size();
  open_gaps_.clear();
  last_ = end;
  if (Any(canary)) canary_seen_ = end;
  if (Any(old)) old_seen_ = end;
  if (bounds_.size() != reader.bounds().size()) bounds_ = reader.bounds();
  AddStrata(canary, old, reader);
  test_.Add(canary, old, bounds_, end);
  AddShare(reader);
  ++blocks_;
}

// Blocks that there is no point of.
void Comparison::FillGaps(absl::Time end) {
  if (end - previous_ <= length_ + length_ / 2) return;
  for (absl::Time gap = previous_ + length_; end - gap > length_ / 2 && open_gaps_.size() < 1e6;
       gap += length_) {
    open_gaps_.push_back(gap);
  }
  if (open_gaps_.size() <= kMostOpen) return;
  if (gaps_ == 0) first_gap_ = open_gaps_[0];
  gaps_ += open_gaps_.size() - kMostOpen;
  open_gaps_.erase(open_gaps_.begin(), open_gaps_.end() - kMostOpen);
}

void Comparison::AddStrata(Amounts canary, Amounts old, const BlockReader& reader) {
  if (old_ > kLastWeek || reader.strata().size() < 2) return;
  // As long as it was the only one it was the whole.
  if (strata_.empty()) strata_.push_back({reader.strata()[0], test_.AsPart(), blocks_});
  while (strata_.size() < canary.size()) {
    strata_.push_back({reader.strata()[strata_.size()], SeriesTest(metric_, noise_, 0), 0});
  }
  for (size_t i = 0; i < strata_.size(); ++i) {
    strata_[i].test.Add(canary.subspan(i, 1), old.subspan(i, 1), bounds_, reader.end());
    ++strata_[i].blocks;
  }
}

std::vector<const Comparison::Stratum*> Comparison::Strata() const {
  std::vector<const Stratum*> strata;
  for (const Stratum& stratum : strata_) strata.push_back(&stratum);
  std::ranges::sort(strata, {}, &Stratum::name);
  return strata;
}

void Comparison::AddShare(const BlockReader& reader) {
  const double told = window_.canary_share;
  if (!(told > 0 && told < 1) || IsEarlierWeek(old_)) return;
  if (metric_.kind() == v1::METRIC_KIND_VALUES) return;
  if (reader.end() - length_ < window_.share_since) return;
  // Another share is another question.
  if (share_.told != told) share_ = {.told = told};
  const auto requests = [&](size_t cohort) {
    double sum = 0;
    for (const Amount& amount : reader.at(cohort)) sum += amount.Requests();
    return sum;
  };
  const stats::CountBlock block{0, 0, requests(kCanary), requests(kBaseline) + requests(kStable)};
  if (!(block.events() > 0)) return;
  share_.above.Add(block, std::min(told * (1 + kShareMargin), 1.0));
  share_.below.Add(block, told * (1 - kShareMargin));
  share_.canary += block.canary_events;
  share_.all += block.events();
}

void Comparison::ShareWatch::Each(StateArchive& archive) {
  archive(told), archive(above), archive(below), archive(canary), archive(all);
}

void Comparison::Each(StateArchive& archive, const BlockReader& reader) {
  archive(blocks_), archive(bounds_), archive(first_), archive(last_), archive(previous_);
  archive(canary_seen_), archive(old_seen_);
  archive(gaps_), archive(first_gap_), archive(open_gaps_), archive(share_);
  test_.Each(archive, bounds_);
  archive.ResizeTo(strata_.size(), [&](size_t size) {
    while (strata_.size() < size) strata_.push_back({"", SeriesTest(metric_, noise_, 0), 0});
  });
  for (Stratum& stratum : strata_) {
    archive(stratum.name), archive(stratum.blocks);
    stratum.test.Each(archive, bounds_);
  }
  const bool fits = bounds_.empty() || bounds_ == reader.bounds();
  if (!fits || strata_.size() > reader.strata().size()) archive.Fail();
}

// ---- defects
std::vector<v1::SeriesFlaw> Comparison::Defects(const BlockReader& reader,
                                                absl::Time future) const {
  std::vector<v1::SeriesFlaw> defects(metric_.flaws().begin(), metric_.flaws().end());
  // A source that says what is wrong explains it better.
  if (defects.empty()) AddGaps(defects);
  for (v1::SeriesFlaw& problem : reader.Problems({kCanary, old_})) {
    defects.push_back(std::move(problem));
  }
  FindStaleness(future, defects);
  FindShare(defects);
  return defects;
}

void Comparison::AddGaps(std::vector<v1::SeriesFlaw>& defects) const {
  // Values of both cohorts at the very end may still be on their way.
  const absl::Time late =
      window_.Recorded() ? absl::InfiniteFuture() : window_.as_of - window_.MaxAge(length_);
  const auto open = static_cast<size_t>(
      std::ranges::count_if(open_gaps_, [&](absl::Time gap) { return gap <= late; }));
  const size_t gaps = gaps_ + open;
  if (gaps == 0) return;
  const absl::Time first = gaps_ > 0 ? first_gap_ : open_gaps_[0];
  defects.push_back(Defect(v1::FLAW_KIND_GAP, "", first, gaps,
                           absl::StrCat(Intervals(static_cast<double>(gaps)),
                                        " no values of both cohorts, first at ", UtcClock(first))));
}

void Comparison::FindStaleness(absl::Time future, std::vector<v1::SeriesFlaw>& defects) const {
  if (future > absl::InfinitePast()) {
    defects.push_back(Defect(v1::FLAW_KIND_FUTURE, "", future, 1,
                             absl::StrCat("there are values of ", UtcClock(future),
                                          ", which has not come yet: two clocks disagree")));
  }
  if (previous_ == absl::InfinitePast()) return;
  const absl::Time oldest = window_.Recorded() ? previous_ - (kSilence - 1) * length_ - length_ / 2
                                               : window_.as_of - window_.MaxAge(length_);
  const absl::Time seen = std::max(canary_seen_, old_seen_);
  if (!window_.Recorded() && seen < oldest && seen > absl::InfinitePast()) {
    const absl::Duration age = absl::Trunc(window_.as_of - seen, absl::Seconds(1));
    defects.push_back(
        Defect(v1::FLAW_KIND_STALE, "", seen, 0,
               absl::StrCat("the newest interval with traffic ended at ", UtcClock(seen), ", ",
                            absl::FormatDuration(age), " ago; at most ",
                            absl::FormatDuration(window_.MaxAge(length_)), " is accepted")));
    return;
  }
  FindSilence("canary", canary_seen_, oldest, defects);
  FindSilence(old_name(), old_seen_, oldest, defects);
}

// A cohort that took traffic and no longer does.
void Comparison::FindSilence(const std::string& cohort, absl::Time seen, absl::Time oldest,
                             std::vector<v1::SeriesFlaw>& defects) const {
  if (seen >= oldest || (blocks_ == 0 && seen == absl::InfinitePast())) return;
  const std::string name = cohort == "canary" ? "the canary" : cohort;
  defects.push_back(
      Defect(v1::FLAW_KIND_SILENT_COHORT, cohort, seen, 0,
             absl::StrCat(name, seen == absl::InfinitePast()
                                    ? " has had no traffic since the canary began"
                                    : " has had no traffic since " + UtcClock(seen))));
}

// Whether the canary gets the part of the traffic that it is said to get.
void Comparison::FindShare(std::vector<v1::SeriesFlaw>& defects) const {
  if (share_.told != window_.canary_share) return;
  if (std::max(share_.above.LogE(), share_.below.LogE()) < -std::log(kShareAlpha / 2)) return;
  defects.push_back(
      Defect(v1::FLAW_KIND_TRAFFIC_SPLIT, "canary", first_, blocks_,
             absl::StrCat("the canary gets ", TwoDigits(100 * share_.canary / share_.all),
                          " % of the traffic, not ", TwoDigits(100 * share_.told),
                          " % as the change says: nobody knows whose "
                          "requests are compared")));
}

}  // namespace gate
