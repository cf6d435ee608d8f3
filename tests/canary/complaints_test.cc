// What users of other judges complain about is answered as they had a right to.
#include "tests/canary/complaints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "checks/canary/judge.h"
#include "checks/canary/judge_request.h"
#include "checks/proto_time.h"

namespace gate {
namespace testing {

void PrintTo(const Complaint& row, std::ostream* out) { *out << row.issues; }

}  // namespace testing
namespace {

using ::gate::testing::AskedAt;
using ::gate::testing::Complaint;
using ::gate::testing::LengthOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::Decision DecisionOf(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_FAIL   ? v1::DECISION_BLOCK
         : outcome == v1::OUTCOME_PASS ? v1::DECISION_ALLOW
                                       : v1::DECISION_HOLD;
}

v1::Advice AdviceOf(v1::Outcome outcome) {
  return outcome == v1::OUTCOME_FAIL   ? v1::ADVICE_ROLL_BACK
         : outcome == v1::OUTCOME_PASS ? v1::ADVICE_PROCEED
                                       : v1::ADVICE_WAIT;
}

class Complained : public ::testing::TestWithParam<Complaint> {};

TEST_P(Complained, IsAnsweredRightly) {
  const Complaint& row = GetParam();
  const v1::Outcome outcome = row.instead.value_or(row.right);
  ASSERT_THAT(ValidateJudgeRequest(AskedAt(row, LengthOf(row))), IsEmpty());
  const int by = row.by > 0 ? row.by : LengthOf(row);
  ASSERT_LE(by, LengthOf(row));
  const v1::JudgeResponse response = JudgeMetrics(AskedAt(row, by));
  EXPECT_EQ(response.decision(), DecisionOf(outcome)) << response.reason();
  EXPECT_EQ(response.advice(), AdviceOf(outcome)) << response.reason();
  EXPECT_THAT(response.reason(), HasSubstr(row.says));
  // What begins late is found late, and not never.
  if (row.onset == 0) return;
  EXPECT_EQ(JudgeMetrics(AskedAt(row, LengthOf(row))).decision(), v1::DECISION_BLOCK);
}

// Whoever asks early or again is not told the contrary.
TEST_P(Complained, IsNeverAnsweredWrongly) {
  const Complaint& row = GetParam();
  for (int minute = 1; minute <= LengthOf(row); minute += minute < 20 ? 1 : 5) {
    const v1::JudgeResponse response = JudgeMetrics(AskedAt(row, minute));
    const v1::Decision decision = response.decision();
    if (row.right != v1::OUTCOME_FAIL || minute <= row.onset) {
      EXPECT_NE(decision, v1::DECISION_BLOCK) << minute << ": " << response.reason();
    } else if (row.instead != v1::OUTCOME_PASS && (row.onset == 0 || minute > row.onset + 10)) {
      EXPECT_NE(decision, v1::DECISION_ALLOW) << minute << ": " << response.reason();
    }
    if (row.right == v1::OUTCOME_INCONCLUSIVE) {
      EXPECT_NE(decision, v1::DECISION_ALLOW) << minute << ": " << response.reason();
    }
  }
}

// Seconds, milliseconds or microseconds; a fraction or percent.
TEST_P(Complained, InEveryUnit) {
  const Complaint& row = GetParam();
  if (row.metrics.size() == 1 && row.metrics[0].kind() == v1::METRIC_KIND_COUNTS) return;
  for (const double unit : {1e3, 1e6, 1e-3, 100.0, 0.01}) {
    for (int minute = 5; minute <= LengthOf(row); minute += 15) {
      const v1::JudgeRequest request = AskedAt(row, minute);
      v1::JudgeRequest other = request;
      for (v1::MetricSeries& metric : *other.mutable_metrics()) {
        for (v1::MetricPoint& point : *metric.mutable_points()) {
          for (auto& [name, cohort] : *point.mutable_cohorts()) {
            for (double& value : *cohort.mutable_values()) value *= unit;
            for (v1::HistogramBucket& bucket : *cohort.mutable_buckets()) {
              bucket.set_le(bucket.le() * unit);
            }
          }
        }
      }
      const v1::JudgeResponse a = JudgeMetrics(request), b = JudgeMetrics(other);
      EXPECT_EQ(a.decision(), b.decision()) << unit << " at " << minute;
      EXPECT_EQ(a.advice(), b.advice()) << unit << " at " << minute;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Table, Complained, ::testing::ValuesIn(testing::Complaints()),
                         [](const auto& info) { return info.param.name; });

// ---- the clock of somebody who asks
Complaint Row(const std::string& name) {
  for (Complaint& row : testing::Complaints()) {
    if (row.name == name) return row;
  }
  ADD_FAILURE() << "no row " << name;
  return {};
}

// A metric that comes minutes late was left out, and the run ended well (argo-rollouts#1360).
TEST(ComplainedOfDelay, WhatHasNotComeYetIsWaitedFor) {
  const Complaint row = Row("dearer_by_an_eighth_where_a_fifth_is_allowed");
  const absl::Time first = FromProto(row.metrics[0].points(0).time());
  v1::JudgeRequest request = AskedAt(row, 40);
  *request.mutable_as_of() = ToProto(first + absl::Minutes(41));
  EXPECT_EQ(JudgeMetrics(request).decision(), v1::DECISION_ALLOW);
  *request.mutable_as_of() = ToProto(first + absl::Minutes(50));
  v1::JudgeResponse late = JudgeMetrics(request);
  EXPECT_EQ(late.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(late.reason(), HasSubstr("at most 3m is accepted"));
  v1::JudgeRequest never = AskedAt(row, 0);
  *never.mutable_as_of() = request.as_of();
  *never.mutable_start() = ToProto(first);
  late = JudgeMetrics(never);
  EXPECT_EQ(late.decision(), v1::DECISION_HOLD);
  EXPECT_THAT(late.reason(), HasSubstr("have not been seen at the same time"));
}

}  // namespace
}  // namespace gate
