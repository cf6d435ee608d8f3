// The source of calendars: the holidays of the files that the policy in force names.
#ifndef GATE_EVIDENCE_CALENDAR_H_
#define GATE_EVIDENCE_CALENDAR_H_

#include <map>
#include <memory>
#include <string>

#include "absl/time/civil_time.h"
#include "gate/base/mutex.h"
#include "gate/evidence/source.h"
#include "gate/policy/snapshot.h"

namespace gate {

// Answers from the policy's snapshot, without waiting. A calendar is expanded when a policy is
// first asked for it, and then once a month.
class CalendarSource final : public Source {
 public:
  // `policy` outlives the source.
  explicit CalendarSource(const PolicyHolder& policy) : policy_(policy) {}

  std::string_view name() const override { return "policy"; }
  bool Answers(const v1::Query& query) const override { return query.has_calendar(); }
  bool Immediate() const override { return true; }
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override
      GATE_EXCLUDES(mu_);

 private:
  // By name; values, or why there is none.
  using Observed = std::map<std::string, v1::Observation, std::less<>>;

  const PolicyHolder& policy_;
  Mutex mu_;
  // What was expanded for this snapshot and the span that begins on this day.
  std::shared_ptr<const PolicySnapshot> snapshot_ GATE_GUARDED_BY(mu_);
  absl::CivilDay first_day_ GATE_GUARDED_BY(mu_);
  Observed observed_ GATE_GUARDED_BY(mu_);
};

}  // namespace gate

#endif  // GATE_EVIDENCE_CALENDAR_H_
