#include "gate/store/known_digests.h"

namespace gate {

bool KnownDigests::Contains(const std::string& digest) {
  MutexLock lock(mu_);
  const auto place = places_.find(digest);
  if (place == places_.end()) return false;
  by_use_.splice(by_use_.begin(), by_use_, place->second);
  return true;
}

void KnownDigests::Add(const std::string& digest) {
  MutexLock lock(mu_);
  if (places_.contains(digest)) return;
  by_use_.push_front(digest);
  places_[digest] = by_use_.begin();
  if (by_use_.size() > capacity_) {
    places_.erase(by_use_.back());
    by_use_.pop_back();
  }
}

void KnownDigests::Clear() {
  MutexLock lock(mu_);
  places_.clear();
  by_use_.clear();
}

}  // namespace gate
