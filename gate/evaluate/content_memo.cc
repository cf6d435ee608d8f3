#include "gate/evaluate/content_memo.h"

#include <string>
#include <utility>

#include "gate/base/digest.h"

namespace gate {
namespace {

Blob ContentOf(const v1::Observation& observation) {
  v1::Observation content = observation;
  content.clear_observed_at();
  auto bytes = std::make_shared<const std::string>(DeterministicBytes(content));
  return {Sha256Hex(*bytes), std::move(bytes)};
}

}  // namespace

Blob ContentMemo::Of(const std::shared_ptr<const v1::Observation>& observation) {
  if (observation.use_count() == 1) return ContentOf(*observation);  // Nobody else has it.
  {
    MutexLock lock(mu_);
    const auto found = kept_.find(observation.get());
    if (found != kept_.end()) return found->second.content;
  }
  Blob content = ContentOf(*observation);
  MutexLock lock(mu_);
  if (!kept_.emplace(observation.get(), Kept{observation, content}).second) return content;
  order_.push_back(observation.get());
  bytes_ += content.content->size();
  while (bytes_ > max_bytes_ && order_.size() > 1) {
    const auto oldest = kept_.find(order_.front());
    bytes_ -= oldest->second.content.content->size();
    kept_.erase(oldest);
    order_.pop_front();
  }
  return content;
}

}  // namespace gate
