// What the replays of incidents have in common: a seed that can be given again, a Prometheus with
// the history of several services, a gate that is asked at a moment of that history, and ways into
// a verdict.
#ifndef TESTS_INCIDENTS_INCIDENT_H_
#define TESTS_INCIDENTS_INCIDENT_H_

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gate/v1/gate.pb.h"
#include "gtest/gtest.h"
#include "tests/incidents/service_history.h"
#include "tests/support/running_gate.h"

namespace gate {

// GATE_SEED, else another one in each run; printed.
unsigned SeedOfRun();

// Numbers of a kind that must not change the answer.
class AnyNumber {
 public:
  explicit AnyNumber(unsigned seed) : random_(seed) {}
  double operator()(double from, double to) {
    return std::uniform_real_distribution<>(from, to)(random_);
  }
  int Whole(int from, int to) { return std::uniform_int_distribution<>(from, to)(random_); }

 private:
  std::mt19937 random_;
};

// "2023-09-09T01:00:00Z".
absl::Time Utc(const std::string& text);
// In the words of GateSetup.
std::string ClockText(absl::Time time);

// With all that these services have seen. Throws std::runtime_error where it does not start.
std::unique_ptr<MetricsServerFake> PrometheusOf(const std::vector<const ServiceHistory*>& services);

// A change under way: since when, and with which part of the traffic.
v1::EvaluateRequest AskAbout(const std::string& service, v1::ChangeKind kind);
v1::EvaluateRequest Started(v1::EvaluateRequest request, absl::Time at, double share);
// The same question to the rule of the policy that has this label.
v1::EvaluateRequest JudgedBy(v1::EvaluateRequest request, const std::string& label);

const v1::CheckOutcome& OutcomeOf(const v1::Verdict& verdict, const std::string& check);
// The first one where no subject is given; a failure of the test where there is none.
const v1::Finding& FindingOf(const v1::CheckOutcome& outcome, const std::string& rule,
                             const std::string& subject = "");
bool HasFinding(const v1::CheckOutcome& outcome, const std::string& rule,
                const std::string& subject = "");
// The number that follows these words; NaN where they do not stand there, and a failure.
double NumberAfter(const std::string& text, const std::string& words);
// What is in use of something at the coming weekly peak, per cent: "118 % (110 % to 127 %);
// target".
struct PeakUse {
  double estimate = 0, lower = 0, upper = 0;
};
PeakUse UseIn(const std::string& text);

}  // namespace gate

#endif  // TESTS_INCIDENTS_INCIDENT_H_
