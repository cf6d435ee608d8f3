// 2022-05-12, failed QA, the hotfix: verified at 09:09, it was rolled out from 09:13 to 11:22,
// slowed down on purpose: 129 minutes. In the hotfix lane it waits for proof and for nothing else.
//
// The service reports its own numbers minute by minute, as they come of the share that the gate has
// let the hotfix have. Numbers differ from run to run within the ranges where the answer must not.
#include <cstdio>
#include <optional>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/v1/evidence_service.grpc.pb.h"
#include "gate/v1/rollouts.grpc.pb.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "tests/incidents/incident.h"

namespace gate {
namespace {

using testing::HasSubstr;

const absl::Time kBegin = Utc("2022-05-12T13:13:00Z");  // 09:13 in New York
constexpr int kOldMinutes = 129;
constexpr int kPatience = 360;       // minutes
constexpr double kTasksPart = 0.04;  // of all requests

// A morning with the fault in production, and a hotfix.
class Hotfix : public testing::Test {
 protected:
  Hotfix() {
    const auto channel = grpc::CreateChannel(gate_.address(), grpc::InsecureChannelCredentials());
    evidence_ = v1::Evidence::NewStub(channel);
    rollouts_ = v1::Rollouts::NewStub(channel);
    for (int minute = -240; minute < 0; ++minute) Report(kBegin + absl::Minutes(minute), 0, 0);
  }

  int64_t Poisson(double mean) { return std::poisson_distribution<int64_t>(mean)(random_); }
  int64_t Of(int64_t requests, double part) {
    return std::binomial_distribution<int64_t>(requests, part)(random_);
  }

  // What happened in the minute that ends then, with that share on the hotfix, whose tasks fail
  // with that part.
  void Report(absl::Time end, double share, double failing) {
    v1::ReportMetricsRequest request;
    request.set_service("web");
    request.set_environment("production");
    v1::MetricSeries& tasks = *request.add_series();
    v1::MetricSeries& all = *request.add_series();
    tasks.set_name("tasks_errors");
    all.set_name("all_errors");
    for (v1::MetricSeries* series : {&tasks, &all}) {
      series->set_kind(v1::METRIC_KIND_COUNTS);
      *series->add_points()->mutable_time() = ToProto(end);
    }
    for (const auto& [cohort, part, fails] :
         {std::tuple("canary", share, failing), std::tuple("stable", 1 - share, fails_now_)}) {
      if (part == 0) continue;
      const int64_t task_requests = Poisson(per_minute_ * part * kTasksPart);
      const int64_t others = Poisson(per_minute_ * part * (1 - kTasksPart));
      const int64_t task_errors = Of(task_requests, fails);
      v1::CohortPoint& of_tasks = (*tasks.mutable_points(0)->mutable_cohorts())[cohort];
      of_tasks.set_exposure(static_cast<double>(task_requests));
      of_tasks.set_events(static_cast<double>(task_errors));
      v1::CohortPoint& of_all = (*all.mutable_points(0)->mutable_cohorts())[cohort];
      of_all.set_exposure(static_cast<double>(task_requests + others));
      of_all.set_events(static_cast<double>(task_errors + Of(others, usual_)));
    }
    grpc::ClientContext context;
    v1::ReportMetricsResponse response;
    const auto writer = evidence_->ReportMetrics(&context, &response);
    writer->Write(request);
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  v1::Rollout Start() {
    v1::StartRolloutRequest request;
    request.set_request_id("hotfix");
    request.set_holder("the hotfix of tasks");
    v1::Change& change = *request.mutable_change();
    change.set_service("web");
    change.set_environment("production");
    change.set_kind(v1::CHANGE_KIND_HOTFIX);
    change.set_version("2022.5.12-hotfix");
    grpc::ClientContext context;
    v1::Rollout rollout;
    const grpc::Status status = rollouts_->Start(&context, request, &rollout);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return rollout;
  }

  // A pipeline that asks once a minute; after how many it has ended, or has to go back.
  struct End {
    int minutes = 0;
    v1::Rollout rollout;
    double most = 0;  // the largest share that it had
  };
  End TakeOut(double failing) {
    v1::Rollout rollout = Start();
    v1::AdvanceRolloutRequest request;
    request.set_name(rollout.name());
    request.set_fencing_token(rollout.fencing_token());
    End end;
    for (end.minutes = 0; end.minutes < kPatience; ++end.minutes) {
      const absl::Time now = kBegin + absl::Minutes(end.minutes);
      gate_.SetClock(ClockText(now + absl::Seconds(5)));
      if (end.minutes > 0) Report(now, rollout.share(), failing);
      request.set_request_id(absl::StrCat("minute-", end.minutes));
      grpc::ClientContext context;
      v1::AdvanceRolloutResponse response;
      const grpc::Status status = rollouts_->Advance(&context, request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      rollout = end.rollout = response.rollout();
      end.most = std::max(end.most, rollout.share());
      if (rollout.state() != v1::ROLLOUT_STATE_PENDING &&
          rollout.state() != v1::ROLLOUT_STATE_PROGRESSING) {
        break;
      }
    }
    return end;
  }

  const testing::ScopedTrace trace_{__FILE__, __LINE__, absl::StrCat("seed ", SeedOfRun())};
  AnyNumber any_{SeedOfRun()};
  std::mt19937 random_{SeedOfRun()};
  const double per_minute_ = 60 * any_(300, 500);
  const double fails_now_ = any_(0.1, 0.4);
  const double usual_ = any_(0.001, 0.003);
  RunningGate gate_{{.policy = ReadFile("incidents/hotfix_policy.yaml"), .now = ClockText(kBegin)}};
  std::unique_ptr<v1::Evidence::Stub> evidence_;
  std::unique_ptr<v1::Rollouts::Stub> rollouts_;
};

// How long that takes depends on the numbers; it is printed, and not promised.
TEST_F(Hotfix, IsOutOnProofAndNoSchedule) {
  const End end = TakeOut(usual_);
  EXPECT_EQ(end.rollout.state(), v1::ROLLOUT_STATE_BAKING) << end.rollout.DebugString();
  EXPECT_EQ(end.rollout.share(), 1);
  EXPECT_EQ(end.rollout.taken_size(), 4) << "no step is left out";
  std::printf("the hotfix is out after %d minutes, where it took %d\n", end.minutes, kOldMinutes);
}

TEST_F(Hotfix, OneThatBreaksMoreGoesBackBeforeItIsOut) {
  const End end = TakeOut(std::min(1.0, fails_now_ * any_(2, 2.5)));
  EXPECT_EQ(end.rollout.state(), v1::ROLLOUT_STATE_ROLLING_BACK) << end.rollout.DebugString();
  // Of the two metrics either may have proven it first.
  EXPECT_THAT(end.rollout.reason(), HasSubstr("_errors"));
  EXPECT_LE(end.most, 0.05) << "nobody beyond the first step had it";
  std::printf("the bad hotfix goes back after %d minutes\n", end.minutes);
}

}  // namespace
}  // namespace gate
