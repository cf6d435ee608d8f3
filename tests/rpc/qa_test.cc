// Evidence.ReportQaResults over gRPC.
#include "gate/v1/evidence_service.grpc.pb.h"
#include "tests/rpc/rpc_fixture.h"

namespace gate {
namespace {

using testing::HasSubstr;

class ReportQaTest : public RpcTest {
 protected:
  void SetUp() override { Serve(); }

  grpc::Status Report(const v1::ReportQaResultsRequest& request,
                      v1::ReportQaResultsResponse* response) {
    grpc::ClientContext context;
    response->Clear();
    return v1::Evidence::NewStub(channel_)->ReportQaResults(&context, request, response);
  }
};

TEST_F(ReportQaTest, AReportIsKeptOnceAndAWrongOneIsRefusedWithItsLine) {
  v1::ReportQaResultsRequest request;
  request.set_service("web");
  request.set_platform("ios");
  request.set_revision(std::string(40, 'a'));
  request.set_junit_xml("<testsuite>\n<testcase name='assigns'/>\n</testsuite>");
  v1::ReportQaResultsResponse response;
  const grpc::Status status = Report(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.passed(), 1);
  EXPECT_FALSE(response.known());
  ASSERT_TRUE(Report(request, &response).ok());
  EXPECT_TRUE(response.known());
  EXPECT_EQ(gate_->store.ReadQaRuns("web", {request.revision()})->runs_size(), 1);

  request.set_junit_xml("<testsuite>\n<testcase name='assigns'>\n</testsuite>");
  const grpc::Status refused = Report(request, &response);
  EXPECT_EQ(refused.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), HasSubstr("line 3: is not well-formed XML"));
}

}  // namespace
}  // namespace gate
