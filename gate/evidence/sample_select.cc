#include "gate/evidence/sample_select.h"

#include <re2/re2.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

// As far as a Prometheus looks back for a sample.
constexpr absl::Duration kLookback = absl::Minutes(5);
constexpr absl::Duration kWeek = absl::Hours(7 * 24);

// One condition on the labels of a series.
class Condition {
 public:
  explicit Condition(const Matcher& matcher)
      : label_(matcher.label), value_(matcher.value), negated_(matcher.op[0] == '!') {
    if (!matcher.op.ends_with('~')) return;
    RE2::Options options(RE2::Quiet);
    options.set_dot_nl(true);  // As Prometheus has it.
    regex_ = std::make_unique<RE2>(matcher.value, options);
  }

  std::string Problem() const {
    if (regex_ == nullptr || regex_->ok()) return "";
    return absl::StrCat("\"", value_, "\" is no regular expression: ", regex_->error());
  }

  bool Holds(const Labels& labels) const {
    const std::string_view value = labels.Get(label_);
    const bool equal = regex_ == nullptr
                           ? value == value_
                           : RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
    return equal != negated_;
  }

 private:
  const std::string label_, value_;
  const bool negated_;
  std::unique_ptr<RE2> regex_;
};

bool Same(double a, double b) { return a == b || (a != a && b != b); }

// Puts samples of one series together. False: they contradict each other, at `where`.
bool Merge(const std::vector<PrometheusSample>& more, std::vector<PrometheusSample>& samples,
           int64_t& where) {
  std::vector<PrometheusSample> all;
  all.reserve(samples.size() + more.size());
  std::ranges::merge(samples, more, std::back_inserter(all), {}, &PrometheusSample::milliseconds,
                     &PrometheusSample::milliseconds);
  samples = std::move(all);
  size_t kept = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (kept > 0 && samples[kept - 1].milliseconds == samples[i].milliseconds) {
      where = samples[i].milliseconds;
      if (!Same(samples[kept - 1].value, samples[i].value)) return false;
    } else {
      samples[kept++] = samples[i];
    }
  }
  samples.resize(kept);
  return true;
}

std::vector<PrometheusSample> OnBoundaries(const std::vector<PrometheusSample>& samples,
                                           const SampleQuestion& question,
                                           const IntervalGrid& grid) {
  const absl::Duration within =
      question.within > absl::ZeroDuration() ? question.within : kLookback;
  const absl::Duration moved = question.weeks_before * kWeek;
  std::vector<PrometheusSample> chosen;
  size_t next = 0;
  for (int i = 0; i < grid.boundaries; ++i) {
    const int64_t boundary = absl::ToUnixMillis(grid.At(i));
    const int64_t newest = absl::ToUnixMillis(grid.At(i) - moved);
    while (next < samples.size() && samples[next].milliseconds <= newest) ++next;
    if (next == 0) continue;
    const PrometheusSample& sample = samples[next - 1];
    if (sample.milliseconds <= newest - absl::ToInt64Milliseconds(within)) continue;
    chosen.push_back({boundary, sample.value});
  }
  return chosen;
}

}  // namespace

absl::StatusOr<std::vector<PrometheusSeries>> SelectSamples(
    const SampleQuestion& question, const std::vector<const std::vector<PrometheusSeries>*>& lists,
    const IntervalGrid& grid) {
  std::vector<Condition> conditions;
  if (!question.selector.name.empty()) {
    conditions.emplace_back(Matcher{"__name__", "=", question.selector.name});
  }
  for (const Matcher& matcher : question.selector.matchers) {
    conditions.emplace_back(matcher);
    if (const std::string problem = conditions.back().Problem(); !problem.empty()) {
      return absl::InvalidArgumentError(problem);
    }
  }
  std::map<Labels, std::vector<PrometheusSample>> selected;
  for (const std::vector<PrometheusSeries>* list : lists) {
    for (const PrometheusSeries& series : *list) {
      const bool holds = std::ranges::all_of(
          conditions, [&](const Condition& condition) { return condition.Holds(series.labels); });
      if (!holds) continue;
      int64_t where = 0;
      if (!Merge(series.samples, selected[series.labels], where)) {
        return absl::DataLossError(absl::StrCat("two files hold different values of one series of ",
                                                question.selector.Print(), " at ",
                                                Rfc3339(absl::FromUnixMillis(where))));
      }
    }
  }
  std::vector<PrometheusSeries> answer;
  for (const auto& [labels, samples] : selected) {
    std::vector<PrometheusSample> chosen = OnBoundaries(samples, question, grid);
    if (!chosen.empty()) answer.push_back({labels, std::move(chosen), {}});
  }
  return answer;
}

}  // namespace gate
