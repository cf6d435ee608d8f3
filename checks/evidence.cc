#include "checks/evidence.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

// Details come from outside; a verdict stays readable whatever a source answers.
constexpr size_t kMaxDetail = 1024;

std::string_view Sentence(v1::AbsenceReason reason) {
  switch (reason) {
    case v1::ABSENCE_REASON_NOT_CONFIGURED:
      return "is not configured";
    case v1::ABSENCE_REASON_UNREACHABLE:
      return "could not be reached";
    case v1::ABSENCE_REASON_TIMEOUT:
      return "did not answer in time";
    case v1::ABSENCE_REASON_DENIED:
      return "refused our credentials";
    case v1::ABSENCE_REASON_MALFORMED:
      return "answered in a form that cannot be read";
    case v1::ABSENCE_REASON_TOO_LARGE:
      return "answered with more than the limit";
    case v1::ABSENCE_REASON_STALE:
      return "has only old values";
    case v1::ABSENCE_REASON_EMPTY:
      return "has no data";
    case v1::ABSENCE_REASON_NOT_AWAITED:
      return "was not waited for, since a BLOCK was already decided";
    case v1::ABSENCE_REASON_REJECTED:
      return "rejected the query";
    default:
      return "failed";
  }
}

}  // namespace

void Evidence::Add(std::shared_ptr<const v1::Observation> observation) {
  std::string id = observation->id();
  observations_.insert_or_assign(std::move(id), std::move(observation));
}

void Evidence::Add(v1::Observation observation) {
  Add(std::make_shared<const v1::Observation>(std::move(observation)));
}

const v1::Observation& Evidence::Get(std::string_view id) const {
  static const v1::Observation& never_asked = *new v1::Observation(
      Absent("", "gate", v1::ABSENCE_REASON_INTERNAL, "it was never asked for"));
  const auto found = observations_.find(id);
  return found == observations_.end() ? never_asked : *found->second;
}

v1::Observation Absent(std::string_view id, std::string_view source, v1::AbsenceReason reason,
                       std::string_view detail) {
  v1::Observation observation;
  observation.set_id(std::string(id));
  observation.set_source(std::string(source));
  observation.mutable_absence()->set_reason(reason);
  observation.mutable_absence()->set_detail(std::string(detail.substr(0, kMaxDetail)));
  return observation;
}

std::string Describe(const v1::Absence& absence, std::string_view source) {
  std::string sentence =
      absl::StrCat(std::string(source), " ", std::string(Sentence(absence.reason())));
  if (!absence.detail().empty()) absl::StrAppend(&sentence, ": ", absence.detail());
  return sentence;
}

}  // namespace gate
