#include "gate/evidence/endpoints.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

constexpr int kFailures = 5;
constexpr absl::Duration kPause = absl::Seconds(30);

std::string Clock(absl::Time time) {
  return absl::FormatTime("%H:%M:%S", time, absl::UTCTimeZone()) + " UTC";
}

}  // namespace

Endpoints::Endpoints(std::string source, std::vector<std::string> urls, EndpointObserver* observer)
    : source_(std::move(source)),
      urls_(std::move(urls)),
      observer_(observer),
      states_(urls_.size()) {}

std::vector<int> Endpoints::InOrder() {
  MutexLock lock(mu_);
  std::vector<int> order = {current_};
  for (int i = 0; i < static_cast<int>(urls_.size()); ++i) {
    if (i != current_) order.push_back(i);
  }
  return order;
}

bool Endpoints::MayAsk(int endpoint, absl::Time now) {
  MutexLock lock(mu_);
  State& state = states_[endpoint];
  if (state.failures < kFailures) return true;
  // A clock that steps back does not make the pause longer.
  const bool closed = now < state.closed_until && now >= state.closed_until - kPause;
  if (closed || state.probing) return false;
  state.probing = true;
  return true;
}

void Endpoints::Answered(int endpoint) {
  {
    MutexLock lock(mu_);
    states_[endpoint] = State();
    current_ = endpoint;
  }
  if (observer_ != nullptr) observer_->OnEndpoint(source_, urls_[endpoint], true, false);
}

void Endpoints::Failed(int endpoint, const v1::Absence& absence, absl::Time now) {
  bool left_alone = false;
  {
    MutexLock lock(mu_);
    State& state = states_[endpoint];
    if (state.failures == 0) state.failing_since = now;
    state.probing = false;
    state.last = absence;
    left_alone = ++state.failures >= kFailures;
    if (left_alone) state.closed_until = now + kPause;
  }
  if (observer_ != nullptr) observer_->OnEndpoint(source_, urls_[endpoint], false, left_alone);
}

void Endpoints::Undecided(int endpoint) {
  MutexLock lock(mu_);
  states_[endpoint].probing = false;
}

v1::Absence Endpoints::WhyNot(int endpoint) {
  MutexLock lock(mu_);
  const State& state = states_[endpoint];
  v1::Absence absence = state.last;
  absence.set_detail(absl::StrCat("it is not asked before ", Clock(state.closed_until),
                                  ": it has failed ", state.failures, " times in a row since ",
                                  Clock(state.failing_since),
                                  ", the last time with: ", state.last.detail())
                         .substr(0, 1024));
  return absence;
}

}  // namespace gate
