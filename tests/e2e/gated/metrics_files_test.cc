// A canary that is judged by a folder of OpenMetrics files, as an exporter leaves them there.
#include <filesystem>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "checks/proto_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/gated/pressure.h"

namespace gate {
namespace {

using testing::HasSubstr;

constexpr int kMinutes = 40;      // of canary
constexpr int kPast = 300;        // minutes of the old version before it
constexpr double kErrors = 0.01;  // of the old version
constexpr double kRequests = 20'000;

class Recorded {
 public:
  Recorded()
      : gate_({.policy = ReadFile("e2e/gated/canary_policy.yaml"),
               .configuration = absl::StrCat(
                   "metrics_files:\n  - {name: main, folder: ", folder_.path(), "}\n")}) {}

  // What one version counted, minute by minute, as one file.
  void Write(const std::string& track, int minutes, double errors) {
    double all = 0, failed = 0;
    std::string requests, errors_text;
    for (int minute = minutes; minute >= 0; --minute) {
      const std::string labels = absl::StrCat("{service=\"payments\",track=\"", track, "\"} ");
      const std::string time = absl::StrCat(" ", absl::ToUnixSeconds(now_ - absl::Minutes(minute)));
      absl::StrAppend(&requests, "http_requests_total", labels, all, time, "\n");
      absl::StrAppend(&errors_text, "http_errors_total", labels, failed, time, "\n");
      all += kRequests;
      failed += std::binomial_distribution<int>(kRequests, errors)(random_);
    }
    folder_.Write(track + ".om",
                  absl::StrCat("# TYPE http_requests counter\n", requests,
                               "# TYPE http_errors counter\n", errors_text, "# EOF\n"));
  }
  void Write(const std::string& name, const std::string& text) { folder_.Write(name, text); }
  void Remove(const std::string& name) { std::filesystem::remove(folder_.File(name)); }

  v1::Verdict Evaluate(const std::string& request_id) {
    v1::EvaluateRequest request = PaymentsRelease(request_id);
    *request.mutable_change()->mutable_canary()->mutable_started_at() =
        ToProto(now_ - absl::Minutes(kMinutes));
    return gate_.Evaluate(request);
  }

 private:
  const TempFolder folder_;
  RunningGate gate_;
  // A little ago: what is counted up to here has settled.
  const absl::Time now_ =
      absl::UnixEpoch() + absl::Floor(absl::Now() - absl::UnixEpoch(), absl::Minutes(1));
  std::mt19937 random_{20261122};
};

TEST(MetricsFiles, AHealthyCanaryIsAllowedOnceItsFilesAreThere) {
  Recorded canary;
  const v1::Verdict nothing = canary.Evaluate("nothing");
  EXPECT_EQ(nothing.decision(), v1::DECISION_HOLD) << nothing.DebugString();
  canary.Write("baseline", kMinutes + kPast, kErrors);
  const v1::Verdict alone = canary.Evaluate("alone");
  EXPECT_EQ(alone.decision(), v1::DECISION_HOLD) << alone.DebugString();
  canary.Write("canary", kMinutes, kErrors);
  const v1::Verdict verdict = canary.Evaluate("both");
  EXPECT_EQ(verdict.decision(), v1::DECISION_ALLOW) << verdict.DebugString();
}

TEST(MetricsFiles, AHarmfulCanaryIsBlocked) {
  Recorded canary;
  canary.Write("baseline", kMinutes + kPast, kErrors);
  canary.Write("canary", kMinutes, 2 * kErrors);
  const v1::Verdict verdict = canary.Evaluate("harmful");
  EXPECT_EQ(verdict.decision(), v1::DECISION_BLOCK) << verdict.DebugString();
  EXPECT_EQ(verdict.advice(), v1::ADVICE_ROLL_BACK);
  EXPECT_THAT(verdict.reason(), HasSubstr("http_5xx: canary "));
}

TEST(MetricsFiles, ABrokenFileIsToldWithItsPlaceAndNothingIsAllowedBesideIt) {
  Recorded canary;
  canary.Write("baseline", kMinutes + kPast, kErrors);
  canary.Write("canary", kMinutes, kErrors);
  ASSERT_EQ(canary.Evaluate("whole").decision(), v1::DECISION_ALLOW);
  canary.Write("other.om", "# TYPE depth gauge\ndepth{host=\"a\" 3 1\n# EOF\n");
  const v1::Verdict broken = canary.Evaluate("broken");
  EXPECT_EQ(broken.decision(), v1::DECISION_HOLD) << broken.DebugString();
  EXPECT_THAT(broken.reason(), HasSubstr("other.om: line 2, column 15"));
  bool told = false;
  for (const v1::ObservationRef& observation : broken.observations()) {
    told = told || observation.absence().reason() == v1::ABSENCE_REASON_MALFORMED;
  }
  EXPECT_TRUE(told) << broken.DebugString();
  // One that is being written has no end yet.
  canary.Write("other.om", "# TYPE depth gauge\ndepth 3 1\n");
  EXPECT_EQ(canary.Evaluate("half").decision(), v1::DECISION_HOLD);
  canary.Remove("other.om");
  EXPECT_EQ(canary.Evaluate("mended").decision(), v1::DECISION_ALLOW);
}

}  // namespace
}  // namespace gate
