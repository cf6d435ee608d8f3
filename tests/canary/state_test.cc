// A judgement that goes on from a state equals one of all intervals, to the last bit; and a state
// that cannot be gone on from passes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checks/canary/judge.h"
#include "checks/canary/judge_request.h"
#include "checks/proto_time.h"
#include "google/protobuf/util/message_differencer.h"

namespace gate {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kFirst = absl::FromUnixSeconds(1795179600);

// Draws whatever a series may be.
class Drawn {
 public:
  explicit Drawn(uint64_t seed) : random_(seed) {}

  bool OneIn(int n) { return Int(1, n) == 1; }
  int Int(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  double Real(double least, double most) {
    return std::uniform_real_distribution<double>(least, most)(random_);
  }

  v1::JudgeRequest Request() {
    v1::JudgeRequest request;
    request.set_alpha(OneIn(2) ? 0 : 0.05);
    if (OneIn(3)) *request.mutable_warm_up() = ToProto(absl::Minutes(Int(1, 10)));
    if (OneIn(3)) request.set_canary_share(Real(0.02, 0.5));
    const int minutes = Int(30, 500);
    for (int i = Int(1, 3); i > 0; --i) *request.add_metrics() = Series(i, minutes);
    if (OneIn(2)) {
      *request.mutable_as_of() = ToProto(kFirst + absl::Minutes(minutes + Int(-20, 5)));
    }
    return request;
  }

 private:
  v1::MetricSeries Series(int number, int minutes) {
    v1::MetricSeries series;
    series.set_name(absl::StrCat("metric_", number));
    series.set_kind(static_cast<v1::MetricKind>(Int(1, 3)));
    series.set_direction(static_cast<v1::Direction>(Int(1, 3)));
    series.set_margin(Real(0.01, 0.9));
    series.set_critical(OneIn(3));
    if (series.direction() == v1::DIRECTION_HIGHER_IS_WORSE && OneIn(2)) {
      series.set_tolerated_rate(0.001);
    }
    const absl::Duration step = absl::Seconds(OneIn(3) ? 15 : OneIn(3) ? 120 : 60);
    *series.mutable_step() = ToProto(step);
    const bool strata = OneIn(3), weeks = OneIn(4);
    const int past = OneIn(2) ? 0 : minutes / 2;  // before the canary
    const int baseline = OneIn(2) ? minutes + 1 : past + Int(0, 20);
    const double rate = OneIn(4) ? Real(0.3, 0.95) : Real(0, 0.05), harm = Real(0.5, 3);
    absl::Time time = kFirst;
    while ((time += step) <= kFirst + absl::Minutes(minutes)) {
      if (OneIn(40)) continue;  // a gap
      const auto minute = static_cast<int>((time - kFirst) / absl::Minutes(1));
      v1::MetricPoint& point = *series.add_points();
      *point.mutable_time() = ToProto(time);
      const auto add = [&](const std::string& cohort, double times) {
        if (OneIn(60)) return;  // silent
        v1::CohortPoint& did = (*point.mutable_cohorts())[cohort];
        if (!strata) return Draw(series.kind(), rate * times, did);
        for (int i = Int(1, minute < minutes / 2 ? 1 : 4); i > 0; --i) {
          Draw(series.kind(), rate * times, (*did.mutable_strata())[absl::StrCat("s", i)]);
        }
      };
      if (minute >= past) add("canary", harm);
      if (minute >= baseline) add("baseline", 1);
      if (!weeks) add("stable", minute > minutes * 3 / 4 ? harm : 1);
      if (weeks) add("earlier-1w", 1), add("earlier-2w", 1.2);
      if (OneIn(100)) *series.add_points() = v1::MetricPoint(point);  // twice
    }
    return series;
  }

  void Draw(v1::MetricKind kind, double rate, v1::CohortPoint& point) {
    const bool bad = OneIn(200);
    if (kind == v1::METRIC_KIND_COUNTS) {
      point.set_exposure(Int(0, 500));
      point.set_events(bad ? -1
                           : std::binomial_distribution<int>(static_cast<int>(point.exposure()),
                                                             std::min(rate, 1.0))(random_));
    } else if (kind == v1::METRIC_KIND_VALUES) {
      for (int i = Int(0, 3); i > 0; --i) point.add_values(bad ? NAN : Real(0.5, 1) + rate);
    } else {
      double count = 0;
      for (const double bound : {0.1, 0.2, bad ? 0.3 : 0.4, 0.8}) {
        v1::HistogramBucket& bucket = *point.add_buckets();
        bucket.set_le(bound);
        bucket.set_count(count += Int(0, 50));
      }
      v1::HistogramBucket& all = *point.add_buckets();
      all.set_le(INFINITY);
      all.set_count(count + Int(0, 3));
    }
  }

  std::mt19937_64 random_;
};

// GATE_STATE_RUNS=1000 for a longer look.
uint64_t Runs() {
  const char* runs = std::getenv("GATE_STATE_RUNS");
  return runs == nullptr ? 40 : std::stoull(runs);
}

std::string Bytes(const v1::JudgeResponse& response) {
  std::string text = response.DebugString();
  for (const v1::MetricJudgement& metric : response.metrics()) {
    for (const double number : {metric.estimate(), metric.lower(), metric.upper(),
                                metric.log_e_harm(), metric.log_e_safe()}) {
      absl::StrAppend(&text, absl::StrFormat("%a ", number));
    }
  }
  return text;
}

// The points of `request` by `until`, behind what the states know.
v1::JudgeRequest UpTo(const v1::JudgeRequest& request, absl::Time until,
                      const std::vector<std::optional<v1::MetricState>>& states) {
  v1::JudgeRequest part = request;
  for (int i = 0; i < request.metrics_size(); ++i) {
    v1::MetricSeries& series = *part.mutable_metrics(i);
    const auto& state = states[static_cast<size_t>(i)];
    series.clear_points();
    if (state) *series.mutable_state() = *state;
    for (const v1::MetricPoint& point : request.metrics(i).points()) {
      const absl::Time time = FromProto(point.time());
      if (time <= until && !(state && time <= FromProto(state->until()))) {
        *series.add_points() = point;
      }
    }
  }
  return part;
}

TEST(StateTest, GoingOnEqualsJudgingAllAtOnce) {
  int with_state = 0;
  for (uint64_t seed = 0; seed < Runs(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Drawn drawn(seed);
    const v1::JudgeRequest request = drawn.Request();
    const absl::Time end = kFirst + absl::Hours(24);
    std::vector<std::optional<v1::MetricState>> states(request.metrics_size());
    for (absl::Time until = kFirst; until < kFirst + absl::Hours(9);
         until += absl::Minutes(drawn.Int(1, 200))) {
      const v1::JudgeRequest part = UpTo(request, until, states);
      for (int i = 0; i < request.metrics_size(); ++i) {
        auto state = StateOf(part, i, until - absl::Minutes(drawn.Int(0, 5)));
        if (state) states[static_cast<size_t>(i)] = std::move(state);
      }
    }
    for (const auto& state : states) with_state += state.has_value();
    ASSERT_EQ(Bytes(JudgeMetrics(UpTo(request, end, states))), Bytes(JudgeMetrics(request)));
  }
  EXPECT_GT(with_state, 60);
}

v1::JudgeRequest Healthy(int minutes) {
  std::mt19937_64 random(7);
  v1::JudgeRequest request;
  v1::MetricSeries& series = *request.add_metrics();
  series.set_name("http_5xx");
  series.set_kind(v1::METRIC_KIND_COUNTS);
  series.set_margin(0.5);
  *series.mutable_step() = ToProto(absl::Minutes(1));
  for (int i = 1; i <= minutes; ++i) {
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(kFirst + absl::Minutes(i));
    for (const char* cohort : {"canary", "baseline"}) {
      v1::CohortPoint& did = (*point.mutable_cohorts())[cohort];
      did.set_exposure(5000);
      did.set_events(std::binomial_distribution<int>(5000, 0.01)(random));
    }
  }
  return request;
}

// The state of the first hour of two, and the points of the second.
v1::JudgeRequest SecondHour() {
  const v1::JudgeRequest request = Healthy(120);
  return UpTo(request, kFirst + absl::Hours(24), {StateOf(request, 0, kFirst + absl::Hours(1))});
}

TEST(StateTest, IsOfASizeThatDoesNotGrow) {
  const auto size = [](int minutes) {
    return StateOf(Healthy(minutes), 0, absl::InfiniteFuture())->ByteSizeLong();
  };
  EXPECT_EQ(size(180), size(2000));
  EXPECT_LT(size(180), 3 * 4096u);
}

TEST(StateTest, AnotherQuestionPassesNothing) {
  ASSERT_EQ(JudgeMetrics(SecondHour()).decision(), v1::DECISION_ALLOW);
  const auto refused = [](const v1::JudgeRequest& request) {
    const v1::JudgeResponse response = JudgeMetrics(request);
    EXPECT_EQ(response.decision(), v1::DECISION_HOLD);
    EXPECT_THAT(response.reason(), HasSubstr("state of another question"));
    EXPECT_EQ(response.metrics(0).samples(0).intervals(), 0);
  };
  v1::JudgeRequest margin = SecondHour();
  margin.mutable_metrics(0)->set_margin(0.6);
  refused(margin);
  v1::JudgeRequest alpha = SecondHour();
  alpha.set_alpha(0.02);
  refused(alpha);
  v1::JudgeRequest step = SecondHour();
  step.mutable_metrics(0)->clear_step();
  refused(step);
  v1::JudgeRequest truncated = SecondHour();
  truncated.mutable_metrics(0)->mutable_state()->mutable_numbers()->RemoveLast();
  refused(truncated);
  v1::JudgeRequest longer = SecondHour();
  longer.mutable_metrics(0)->mutable_state()->add_times(0);
  refused(longer);
}

// Whatever a state holds, nothing crashes.
TEST(StateTest, GarbageIsNoDanger) {
  Drawn drawn(1);
  for (int run = 0; run < 100; ++run) {
    const v1::JudgeRequest whole = drawn.Request();
    v1::JudgeRequest request =
        UpTo(whole, kFirst + absl::Hours(24),
             std::vector(whole.metrics_size(), StateOf(whole, 0, kFirst + absl::Minutes(250))));
    for (v1::MetricSeries& series : *request.mutable_metrics()) {
      if (!series.has_state()) continue;
      v1::MetricState& state = *series.mutable_state();
      for (int i = drawn.Int(1, 20); i > 0 && state.numbers_size() > 0; --i) {
        const int at = drawn.Int(0, state.numbers_size() - 1);
        const std::vector<double> values = {NAN, INFINITY, -1.0, 0.0, 3.0, 1e9, 1e300};
        state.set_numbers(at, values[static_cast<size_t>(drawn.Int(0, 6))]);
      }
    }
    EXPECT_THAT(ValidateJudgeRequest(request), IsEmpty());
    JudgeMetrics(request);
  }
}

}  // namespace
}  // namespace gate
