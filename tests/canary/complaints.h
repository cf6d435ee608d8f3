// What users of canary analysis complain about in public, as cohorts with the answer that they had
// a right to. Deterministic: the same rows in every run.
#ifndef TESTS_CANARY_COMPLAINTS_H_
#define TESTS_CANARY_COMPLAINTS_H_

#include <optional>
#include <string>
#include <vector>

#include "gate/v1/judge.pb.h"

namespace gate::testing {

struct Complaint {
  std::string name;    // the trouble
  std::string issues;  // where it was told, or the tool in whose source it was read
  std::vector<v1::MetricSeries> metrics;
  // FAIL: harm. PASS: health, with data enough to say so. INCONCLUSIVE: nobody can know.
  v1::Outcome right = v1::OUTCOME_INCONCLUSIVE;
  int by = 0;             // FAIL and PASS: the minute by which it has to be said.
  std::string says = "";  // INCONCLUSIVE: a part of the reason.
  int onset = 0;          // Harm begins behind this minute; before it a PASS is right.
  // What the engine answers by then where that is something else; checks/stats/README.md tells why.
  std::optional<v1::Outcome> instead = std::nullopt;
};

std::vector<Complaint> Complaints();

// All of its metrics up to a minute, counted from the first.
v1::JudgeRequest AskedAt(const Complaint& complaint, int minute);

// How many minutes there are.
int LengthOf(const Complaint& complaint);

}  // namespace gate::testing

#endif  // TESTS_CANARY_COMPLAINTS_H_
