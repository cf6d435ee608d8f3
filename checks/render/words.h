// The words and signs that every format uses for the same thing.
#ifndef CHECKS_RENDER_WORDS_H_
#define CHECKS_RENDER_WORDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gate/v1/change.pb.h"
#include "gate/v1/verdict.pb.h"

namespace gate::render {

// "ALLOW", "HOLD", "BLOCK"; "UNKNOWN" for any other value.
std::string_view Word(v1::Decision decision);
// "PASS", "FAIL", "INCONCLUSIVE", "SKIPPED"; any other value reads as INCONCLUSIVE.
std::string_view Word(v1::Outcome outcome);
// "BLOCK", "WARN", "INFO"; any other value reads as BLOCK.
std::string_view Word(v1::Severity severity);
// "breaks the running version"; "" for values that are not known.
std::string_view Phrase(v1::Effect effect);
// "code", "hotfix", "traffic shift"; "change" where it is not known.
std::string_view Phrase(v1::ChangeKind kind);

// What to do with a change that is on its way: "roll back: take the traffic off the new version".
// "" where nothing is advised.
std::string_view Phrase(v1::Advice advice);

// A sign that goes before the word.
std::string_view Sign(v1::Decision decision, bool unicode);
std::string_view Sign(v1::Outcome outcome, bool unicode);
std::string_view Sign(v1::Severity severity, bool unicode);

// "payments 2026.11.3 to production", as much of it as is known.
std::string Subject(const v1::Change& change);

// "orders.sql:3:22", "orders.sql:3", "orders.sql"; "" without a path.
std::string Place(const v1::Location& location);

// What proves a finding, one thing a line. As it is: to be escaped.
struct Proof {
  std::string_view title;  // "Statements"
  std::vector<std::string> lines;
};
// The statements that fail by the finding, the first few: "fails with 42703: SELECT note FROM
// orders (1200 calls per hour, pg_stat_statements)", "and 3 more"; and the calls by which its place
// is reached, each further in than its caller: "src/urls.py:9  path('tasks', assign)".
std::vector<Proof> ProofsOf(const v1::Finding& finding);

// "overrides/1 by open:alice, approved by open:bob, until …: it is empty (TASKS-7); covers 2
// findings". Begins with BREAK-GLASS, and tells of the review, where nobody approved.
std::string Sentence(const v1::CountedOverride& counted);

// What to paste to ask for an override of what stands in the way: "gatectl override create …". ""
// where the policy lets nobody override it.
std::string OverrideCommand(const v1::Verdict& verdict);

// "2026-11-27 17:00:00 UTC", and where `now` is finite "2026-11-27 17:00:00 UTC (in 3 h 12 min)".
std::string Moment(absl::Time time, absl::Time now);

// "3 h 12 min", "41 s": the two largest units.
std::string Span(absl::Duration duration);

}  // namespace gate::render

#endif  // CHECKS_RENDER_WORDS_H_
