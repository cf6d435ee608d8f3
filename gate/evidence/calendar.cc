#include "gate/evidence/calendar.h"

#include <utility>

#include "checks/evidence.h"
#include "checks/freeze/calendar.h"
#include "checks/proto_time.h"

namespace gate {
namespace {

v1::Observation Expand(const PolicySnapshot& snapshot, std::string_view source,
                       std::string_view calendar, const freeze::CalendarSpan& span) {
  const auto text = snapshot.calendars.find(calendar);
  if (text == snapshot.calendars.end()) {
    return Absent("", source, v1::ABSENCE_REASON_NOT_CONFIGURED,
                  "the policy in force has no calendar \"" + std::string(calendar) + "\"");
  }
  const auto read = freeze::HolidayCalendar::Parse(text->second);
  if (!read.ok()) {
    const absl::string_view why = read.status().message();
    return Absent("", source, v1::ABSENCE_REASON_MALFORMED, "it " + std::string(why));
  }
  v1::Observation observation;
  observation.set_source(std::string(source));
  *observation.mutable_calendar() = read->Observe(calendar, span.first, span.last);
  return observation;
}

}  // namespace

v1::Observation CalendarSource::Fetch(const v1::Query& query, const FetchContext& context) {
  const std::string& calendar = query.calendar().calendar();
  const freeze::CalendarSpan span = freeze::SpanAround(context.now);
  std::shared_ptr<const PolicySnapshot> snapshot = policy_.Current();

  MutexLock lock(mu_);
  if (snapshot_ != snapshot || first_day_ != span.first) {
    observed_.clear();
    first_day_ = span.first;
    snapshot_ = std::move(snapshot);
  }
  auto found = observed_.find(calendar);
  if (found == observed_.end()) {
    found = observed_.emplace(calendar, Expand(*snapshot_, name(), calendar, span)).first;
  }
  v1::Observation observation = found->second;
  observation.set_id(query.id());
  *observation.mutable_observed_at() = ToProto(snapshot_->effective);
  return observation;
}

}  // namespace gate
