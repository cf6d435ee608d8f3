// Reads reports of test runs in JUnit XML, in the dialects that tools write.
//
// The form was never specified, so this holds to what proves something. A case passed only where
// nothing in the report says otherwise: an unknown status is no pass, an unknown element that
// speaks of failure is one. A report that may lack cases is refused, whatever is in it: one that
// was cut short, or whose suites tell of more cases or more failures than they hold. Where a suite
// tells of fewer, its count is wrong and nothing is missing; that is taken, with a remark.
//
// How outcomes come about:
//   failure, error                     FAILED, also beside `skipped`
//   flakyFailure, flakyError           FLAKY (Surefire, nextest: failed, and passed when run again)
//   rerunFailure, rerunError           FAILED (the same tools: failed again and again)
//   skipped, disabled, status=notrun   SKIPPED
//   the same case several times in a suite, failed each time but the last: FLAKY, one case
//     (gotestsum and xcbeautify write runs again so). In any other order these are cases with
//     parameters and stay apart, and the worst counts. What failed in one suite and passed in
//     another one of the same name (Playwright: browsers) stays apart as well.
//   a failure of a suite outside of its cases: FAILED, a case of the suite's name
//
// Names are classname and name with a dot between them; without the classname where the name begins
// with it (jest-junit), with the suite's name where there is no classname (Bazel).
#ifndef CHECKS_QA_JUNIT_H_
#define CHECKS_QA_JUNIT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gate/v1/qa.pb.h"

namespace gate::qa {

// Bounds on a report, and on what a case holds.
inline constexpr size_t kMaxJunitBytes = 32 << 20;
inline constexpr int kMaxCases = 200'000;
inline constexpr size_t kMaxCaseName = 1024;
inline constexpr size_t kMaxCaseMessage = 512;
inline constexpr size_t kMaxCaseKey = 128;
inline constexpr int kMaxCaseTickets = 50;

// What is wrong with a report, or odd about it.
struct JunitIssue {
  int line = 0;  // from 1; 0: the report as a whole
  std::string message;

  // "line 12: ...", or the message alone.
  std::string ToString() const;
};

struct JunitReport {
  // Not empty: the report is refused, and the rest of this means nothing. At most 20.
  std::vector<JunitIssue> errors;
  // By name; those of one name in the order of the report.
  std::vector<v1::QaCase> cases;
  // What is odd about the report and was taken all the same. At most 20.
  std::vector<JunitIssue> remarks;

  // When the last suite ended: its timestamp and how long it took. With a zone it is a moment.
  // Without one nobody knows whether UTC or the zone of some machine is meant: then it is what a
  // clock showed, read as if it were UTC.
  std::optional<absl::Time> finished_at;
  std::optional<absl::Time> finished_by_clock;

  // What properties of suites say; empty where they say nothing, or several things.
  std::string platform;
  std::string build;  // full revision, in lower case
};

// Fails by `errors` alone. Takes at most some 300 MB, and no stack however deep elements are
// nested. A DOCTYPE is refused: no tool writes one, and entities of its own are not expanded.
JunitReport ReadJunit(std::string_view xml);

// Cases by outcome.
struct CaseCounts {
  int passed = 0, failed = 0, skipped = 0, flaky = 0;
  void Add(v1::QaOutcome outcome);
};

// Why a run is no evidence: it has no cases, or all of them were skipped. Empty where it is.
std::string WhyNoEvidence(const CaseCounts& counts);

// Whether it can be the key of a ticket: 1 to 128 characters of [A-Za-z0-9._#/-].
bool IsTicketKey(std::string_view text);

// Whether it is a whole revision: 40 or 64 hexadecimal digits.
bool IsFullRevision(std::string_view text);

}  // namespace gate::qa

#endif  // CHECKS_QA_JUNIT_H_
