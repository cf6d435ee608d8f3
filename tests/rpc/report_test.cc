// Evidence.ReportMetrics over gRPC: a stream, each message of which is on disk before the next one
// is read.
#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gate/v1/evidence_service.grpc.pb.h"
#include "tests/rpc/rpc_fixture.h"

namespace gate {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ReportMetricsTest : public RpcTest {
 protected:
  void SetUp() override { Serve(); }

  // The minute that ended `minutes` ago.
  v1::ReportMetricsRequest Minute(int minutes, double exposure = 10) {
    v1::ReportMetricsRequest request;
    request.set_service("web");
    request.set_environment("production");
    v1::MetricSeries& series = *request.add_series();
    series.set_name("errors");
    series.set_kind(v1::METRIC_KIND_COUNTS);
    v1::MetricPoint& point = *series.add_points();
    *point.mutable_time() = ToProto(now_ - absl::Minutes(minutes));
    (*point.mutable_cohorts())["canary"].set_exposure(exposure);
    return request;
  }

  grpc::Status Report(const std::vector<v1::ReportMetricsRequest>& messages,
                      v1::ReportMetricsResponse* response) {
    const auto stub = v1::Evidence::NewStub(channel_);
    grpc::ClientContext context;
    response->Clear();
    const auto writer = stub->ReportMetrics(&context, response);
    for (const auto& message : messages) {
      if (!writer->Write(message)) break;
    }
    writer->WritesDone();
    return writer->Finish();
  }

  int64_t Stored() {
    const auto series = gate_->store.ReadSeries(
        {{"web", "production", "errors", v1::METRIC_KIND_COUNTS, absl::Minutes(1)},
         now_ - absl::Hours(10),
         now_});
    return series.ok() ? static_cast<int64_t>(series->points.size()) : -1;
  }

  const absl::Time now_ =
      absl::UnixEpoch() + absl::Floor(absl::Now() - absl::UnixEpoch(), absl::Minutes(1));
};

TEST_F(ReportMetricsTest, AllMessagesAreTakenAndCounted) {
  v1::ReportMetricsResponse response;
  std::vector<v1::ReportMetricsRequest> messages;
  for (int minutes = 40; minutes > 0; --minutes) messages.push_back(Minute(minutes));
  const grpc::Status status = Report(messages, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.points(), 40);
  EXPECT_EQ(response.known(), 0);
  EXPECT_EQ(Stored(), 40);
  ASSERT_TRUE(Report({Minute(1), Minute(0)}, &response).ok());
  EXPECT_EQ(response.points(), 2);
  EXPECT_EQ(response.known(), 1);
}

TEST_F(ReportMetricsTest, AnEmptyStreamTakesNothing) {
  v1::ReportMetricsResponse response;
  EXPECT_TRUE(Report({}, &response).ok());
  EXPECT_EQ(response.points(), 0);
}

TEST_F(ReportMetricsTest, AWrongMessageEndsTheStreamAndThoseBeforeItAreTaken) {
  v1::ReportMetricsResponse response;
  const grpc::Status status = Report({Minute(3), Minute(2), Minute(1, -1), Minute(0)}, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(),
              AllOf(HasSubstr("message 3 (those before it are taken)"),
                    HasSubstr("series[0].points[0].cohorts.canary.exposure")));
  EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status).field_violations_size(), 1);
  EXPECT_FALSE(DetailOf<google::rpc::RequestInfo>(status).request_id().empty());
  EXPECT_EQ(Stored(), 2);
}

TEST_F(ReportMetricsTest, WhatWasReportedOtherwiseIsRefused) {
  v1::ReportMetricsResponse response;
  ASSERT_TRUE(Report({Minute(1)}, &response).ok());
  const grpc::Status status = Report({Minute(1, 11)}, &response);
  EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status).reason(), "REPORTED_OTHERWISE");
}

TEST_F(ReportMetricsTest, OnlyCheckedIsNotStored) {
  v1::ReportMetricsResponse response;
  v1::ReportMetricsRequest request = Minute(1);
  request.set_validate_only(true);
  ASSERT_TRUE(Report({request}, &response).ok());
  EXPECT_EQ(response.points(), 0);
  EXPECT_EQ(Stored(), 0);
  request.mutable_series(0)->clear_kind();
  EXPECT_EQ(Report({request}, &response).error_code(), grpc::INVALID_ARGUMENT);
}

TEST_F(ReportMetricsTest, ACallerThatGoesAwayEndsTheCall) {
  const auto stub = v1::Evidence::NewStub(channel_);
  v1::ReportMetricsResponse response;
  grpc::ClientContext context;
  const auto writer = stub->ReportMetrics(&context, &response);
  ASSERT_TRUE(writer->Write(Minute(1)));
  context.TryCancel();
  EXPECT_EQ(writer->Finish().error_code(), grpc::CANCELLED);
  EXPECT_TRUE(Eventually([&] { return Stored() >= 0; }));
  server_->Drain(std::chrono::seconds(10));  // Ends at once: no call is left over.
}

}  // namespace
}  // namespace gate
