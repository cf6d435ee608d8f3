// A canary that is judged by what its service reports, on a gate that is killed again and again.
#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/v1/evidence_service.grpc.pb.h"
#include "gmock/gmock.h"
#include "grpcpp/create_channel.h"
#include "gtest/gtest.h"
#include "tests/e2e/gated/pressure.h"
#include "tests/fakes/postgres_server.h"

namespace gate {
namespace {

using testing::HasSubstr;

constexpr int kMinutes = 40;
constexpr int kCrashEvery = 10;
constexpr int kRequests = 20'000;  // a minute, of each cohort
constexpr double kErrors = 0.01;

class Reported {
 public:
  explicit Reported(const std::string& store_url, double canary_errors)
      : gate_({.policy = ReadFile("e2e/gated/reported_policy.yaml"), .store_url = store_url}),
        now_(absl::UnixEpoch() + absl::Floor(absl::Now() - absl::UnixEpoch(), absl::Minutes(1))),
        canary_errors_(canary_errors) {}

  // Five hours of the old version alone, from a file.
  void ReportPast() {
    std::string points;
    for (int minute = kMinutes + 300; minute > kMinutes; --minute) {
      absl::StrAppend(&points, points.empty() ? "" : ",", "{\"time\":\"", Rfc3339(Ago(minute)),
                      "\",\"cohorts\":{\"baseline\":{\"events\":", Events(kErrors),
                      ",\"exposure\":", kRequests, "}}}");
    }
    const TempFolder folder;
    const std::string file = folder.Write(
        "past.json",
        absl::StrCat("{\"series\":[{\"name\":\"http_5xx\",\"kind\":\"COUNTS\",\"points\":[", points,
                     "]}]}"));
    for (const char* said : {"300 points are on disk; 0 of them had been reported before.",
                             "300 points are on disk; 300 of them had been reported before."}) {
      const RunResult run = RunGatectl(
          gate_, {"metrics", "report", file, "--service", "payments", "--env", "production"});
      EXPECT_EQ(run.exit, 0) << run.output;
      EXPECT_THAT(run.output, HasSubstr(said));
    }
  }

  // Canary and baseline, a message for each minute, as they come; the gate is killed in between.
  void ReportMinutes() {
    for (int minute = kMinutes - 1; minute >= 0; --minute) {
      v1::ReportMetricsRequest request;
      request.set_service("payments");
      request.set_environment("production");
      request.set_request_id(absl::StrCat("minute-", minute));
      v1::MetricSeries& series = *request.add_series();
      series.set_name("http_5xx");
      series.set_kind(v1::METRIC_KIND_COUNTS);
      v1::MetricPoint& point = *series.add_points();
      *point.mutable_time() = ToProto(Ago(minute));
      for (const auto& [cohort, errors] :
           {std::pair("canary", canary_errors_), {"baseline", kErrors}}) {
        v1::CohortPoint& counts = (*point.mutable_cohorts())[cohort];
        counts.set_events(Events(errors));
        counts.set_exposure(kRequests);
      }
      EXPECT_EQ(Send(request).known(), 0) << minute;
      if (minute % kCrashEvery != 0) continue;
      gate_.process().Kill();
      gate_.StartAgain();
      const v1::ReportMetricsResponse again = Send(request);
      EXPECT_EQ(again.points(), 2) << minute;
      EXPECT_EQ(again.known(), 2) << "what was acknowledged is lost: " << minute;
      if (minute > 0) {
        EXPECT_NE(Evaluate(absl::StrCat("minute ", minute)).decision(), v1::DECISION_ALLOW)
            << minute;
      }
    }
  }

  v1::Verdict Evaluate(std::string request_id) {
    std::ranges::replace(request_id, ' ', '-');
    v1::EvaluateRequest request = PaymentsRelease(request_id);
    *request.mutable_change()->mutable_canary()->mutable_started_at() = ToProto(Ago(kMinutes));
    return gate_.Evaluate(request);
  }

  // The series that a verdict rests on.
  v1::MetricSeries EvidenceOf(const v1::Verdict& verdict) {
    v1::GetEvidenceRequest request;
    for (const v1::ObservationRef& observation : verdict.observations()) {
      if (observation.id() == "canary.http_5xx") request.set_name(observation.evidence());
    }
    grpc::ClientContext context;
    v1::Observation observation;
    const grpc::Status status = Evidence()->GetEvidence(&context, request, &observation);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return observation.metric();
  }

 private:
  absl::Time Ago(int minutes) const { return now_ - absl::Minutes(minutes); }
  int Events(double rate) { return std::binomial_distribution<int>(kRequests, rate)(random_); }

  std::unique_ptr<v1::Evidence::Stub> Evidence() const {
    return v1::Evidence::NewStub(
        grpc::CreateChannel(gate_.address(), grpc::InsecureChannelCredentials()));
  }

  v1::ReportMetricsResponse Send(const v1::ReportMetricsRequest& request) {
    grpc::ClientContext context;
    v1::ReportMetricsResponse response;
    const auto writer = Evidence()->ReportMetrics(&context, &response);
    EXPECT_TRUE(writer->Write(request));
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message() << gate_.Log();
    return response;
  }

  RunningGate gate_;
  const absl::Time now_;
  const double canary_errors_;
  std::mt19937 random_{20261122};
};

std::string StoreUrl(PostgresServer* postgres) {
  return postgres != nullptr ? postgres->CreateDatabase() : "";
}

void AHealthyCanaryIsAllowed(PostgresServer* postgres) {
  Reported canary(StoreUrl(postgres), kErrors);
  const v1::Verdict before = canary.Evaluate("before");
  EXPECT_EQ(before.decision(), v1::DECISION_HOLD) << before.DebugString();
  EXPECT_THAT(before.reason(), HasSubstr("gatectl metrics report")) << before.reason();
  canary.ReportPast();
  canary.ReportMinutes();
  const v1::Verdict verdict = canary.Evaluate("after");
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW) << verdict.DebugString();
  const v1::MetricSeries series = canary.EvidenceOf(verdict);
  EXPECT_EQ(series.flaws_size(), 0) << series.flaws(0).DebugString();
  std::set<int64_t> times;
  int with_canary = 0;
  for (const v1::MetricPoint& point : series.points()) {
    times.insert(point.time().seconds());
    with_canary += static_cast<int>(point.cohorts().contains("canary"));
  }
  EXPECT_EQ(times.size(), static_cast<size_t>(series.points_size()));
  // The newest interval may not count yet in the first seconds after it.
  EXPECT_GE(with_canary, kMinutes - 1);
  EXPECT_GE(series.points_size(), 240 + kMinutes - 2) << "the past is missing";
}

void AHarmfulCanaryIsBlocked(PostgresServer* postgres) {
  Reported canary(StoreUrl(postgres), 3 * kErrors);
  canary.ReportPast();
  canary.ReportMinutes();
  const v1::Verdict verdict = canary.Evaluate("after");
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
  EXPECT_EQ(verdict.advice(), v1::ADVICE_ROLL_BACK);
}

TEST(ReportedCanary, IsAllowedWhenHealthyOnSqlite) { AHealthyCanaryIsAllowed(nullptr); }
TEST(ReportedCanary, IsBlockedWhenHarmfulOnSqlite) { AHarmfulCanaryIsBlocked(nullptr); }
TEST(ReportedCanary, IsAllowedWhenHealthyOnPostgres) {
  PostgresServer postgres;
  AHealthyCanaryIsAllowed(&postgres);
}
TEST(ReportedCanary, IsBlockedWhenHarmfulOnPostgres) {
  PostgresServer postgres;
  AHarmfulCanaryIsBlocked(&postgres);
}

// ---- killed while it writes

v1::ReportMetricsRequest MinuteOf(const std::string& metric, absl::Time time) {
  v1::ReportMetricsRequest request;
  request.set_service("payments");
  request.set_environment("production");
  v1::MetricSeries& series = *request.add_series();
  series.set_name(metric);
  series.set_kind(v1::METRIC_KIND_COUNTS);
  series.mutable_step()->set_seconds(5);
  v1::MetricPoint& point = *series.add_points();
  *point.mutable_time() = ToProto(time);
  for (const char* cohort : {"canary", "stable"}) {
    (*point.mutable_cohorts())[cohort].set_exposure(1 + absl::ToUnixSeconds(time) % 7);
  }
  return request;
}

grpc::Status Send(const RunningGate& gate, const v1::ReportMetricsRequest& request,
                  v1::ReportMetricsResponse& response) {
  const auto stub = v1::Evidence::NewStub(
      grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  const auto writer = stub->ReportMetrics(&context, &response);
  writer->Write(request);
  writer->WritesDone();
  return writer->Finish();
}

void SurviveAKillWhileWriting(const std::string& store_url) {
  RunningGate gate({.policy = ReadFile("e2e/gated/reported_policy.yaml"), .store_url = store_url});
  constexpr int kReporters = 4;
  constexpr int64_t kTaken = 100;
  const absl::Time end =
      absl::UnixEpoch() + absl::Floor(absl::Now() - absl::UnixEpoch(), absl::Seconds(5));
  std::atomic<int64_t> taken = 0;
  std::vector<std::vector<v1::ReportMetricsRequest>> acknowledged(kReporters);
  std::vector<std::thread> reporters;
  for (int i = 0; i < kReporters; ++i) {
    reporters.emplace_back([&, i] {
      for (int step = 600; step > 0; --step) {
        const auto request = MinuteOf(absl::StrCat("m", i), end - step * absl::Seconds(5));
        v1::ReportMetricsResponse response;
        if (!Send(gate, request, response).ok()) return;
        acknowledged[static_cast<size_t>(i)].push_back(request);
        ++taken;
      }
    });
  }
  EXPECT_TRUE(Eventually([&] { return taken >= kTaken; })) << gate.Log();
  gate.process().Kill();
  for (std::thread& reporter : reporters) reporter.join();
  gate.StartAgain();
  for (const auto& requests : acknowledged) {
    EXPECT_LT(requests.size(), 600u) << "it was killed while it wrote";
    for (const v1::ReportMetricsRequest& request : requests) {
      v1::ReportMetricsResponse response;
      const grpc::Status status = Send(gate, request, response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      EXPECT_EQ(response.known(), 2) << "what was acknowledged is lost";
    }
  }
}

TEST(ReportCrash, NoAcknowledgedPointIsLostOnSqlite) { SurviveAKillWhileWriting(""); }
TEST(ReportCrash, NoAcknowledgedPointIsLostOnPostgres) {
  PostgresServer postgres;
  SurviveAKillWhileWriting(postgres.CreateDatabase());
}

}  // namespace
}  // namespace gate
