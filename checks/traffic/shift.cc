#include "checks/traffic/shift.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace gate::traffic {
namespace {

Answer AnswerOf(bool yes) { return yes ? Answer::kYes : Answer::kNo; }

// The one who says that sessions are kept is right: the other may not know.
Answer KeepsSessions(const v1::TrafficShift& told, const v1::TrafficPolicy& policy) {
  if (told.stateful_sessions() || policy.stateful_sessions()) return Answer::kYes;
  const bool denied = told.has_stateful_sessions() || policy.has_stateful_sessions();
  return denied ? Answer::kNo : Answer::kUnknown;
}

Answer IsSticky(const v1::TrafficShift& told) {
  if (told.affinity() != v1::SESSION_AFFINITY_UNSPECIFIED) {
    return AnswerOf(told.affinity() == v1::SESSION_AFFINITY_COOKIE ||
                    told.affinity() == v1::SESSION_AFFINITY_TENANT);
  }
  return told.has_sticky_sessions() ? AnswerOf(told.sticky_sessions()) : Answer::kUnknown;
}

}  // namespace

std::vector<const Origin*> Shift::Serving() const {
  std::vector<const Origin*> serving;
  for (const Origin& origin : origins) {
    if (origin.Serves()) serving.push_back(&origin);
  }
  return serving;
}

bool Shift::MovesAllAtOnce() const {
  double moved = 0;
  for (const Origin& origin : origins) moved += std::max(0.0, origin.Growth());
  return moved > 1 - kTolerance;
}

Shift ReadShift(const v1::Change& change, const v1::TrafficPolicy& policy) {
  const v1::TrafficShift& told = change.traffic_shift();
  Shift shift;
  shift.service = change.service();
  double before = 0, after = 0;
  for (const v1::TrafficShift::Origin& origin : told.origins()) {
    shift.origins.push_back({origin.name(), origin.share_before(), origin.share_after(),
                             origin.site(), origin.database_site()});
    before += origin.share_before();
    after += origin.share_after();
  }
  std::ranges::sort(shift.origins, {}, &Origin::name);
  shift.before_known = std::abs(before - 1) < kTolerance;
  shift.after_known = std::abs(after - 1) < kTolerance;
  shift.keeps_sessions = KeepsSessions(told, policy);
  shift.is_sticky = IsSticky(told);
  shift.affinity = told.affinity();
  shift.way_back = told.way_back();
  if (policy.largest_step() > 0) shift.largest_step = policy.largest_step();
  return shift;
}

std::string Percent(double share) { return absl::StrFormat("%.4g %%", share * 100); }

std::string Enumerate(std::vector<std::string> names) {
  constexpr size_t kMost = 6;
  if (names.size() > kMost) {
    const size_t more = names.size() - kMost + 1;
    names.resize(kMost - 1);
    names.push_back(absl::StrCat(more, " more"));
  }
  std::string all;
  for (size_t i = 0; i < names.size(); ++i) {
    const char* between = i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
    absl::StrAppend(&all, between, names[i]);
  }
  return all;
}

std::string NamesWithShares(const std::vector<const Origin*>& origins) {
  std::vector<std::string> names;
  for (const Origin* origin : origins) {
    names.push_back(absl::StrCat(origin->name, " (", Percent(origin->after), ")"));
  }
  return Enumerate(std::move(names));
}

}  // namespace gate::traffic
