#include "gate/rollout/feed.h"

#include <chrono>
#include <utility>

namespace gate {
namespace {

constexpr std::chrono::seconds kBetweenWakes{2};
constexpr std::string_view kPrefix = "rollouts/";

}  // namespace

RolloutFeed::RolloutFeed(RolloutStore& store) : store_(store) {
  store_.Listen([this](std::string_view id) { Wake(id); });
  ticker_.Start(kBetweenWakes, [this] { WakeAll(); });
}

RolloutFeed::~RolloutFeed() { store_.Listen(nullptr); }

RolloutFeed::Watch::~Watch() { feed_.Remove(number_); }

std::unique_ptr<RolloutFeed::Watch> RolloutFeed::Add(const std::string& name,
                                                     std::function<void()> wake) {
  MutexLock lock(mu_);
  if (static_cast<int>(entries_.size()) >= kMostWatches) return nullptr;
  entries_[++last_number_] = {name, std::move(wake)};
  return std::unique_ptr<Watch>(new Watch(*this, last_number_));
}

void RolloutFeed::Remove(int64_t number) {
  MutexLock lock(mu_);
  entries_.erase(number);
}

void RolloutFeed::Close() {
  {
    MutexLock lock(mu_);
    closed_ = true;
  }
  WakeAll();
}

bool RolloutFeed::closed() const {
  MutexLock lock(mu_);
  return closed_;
}

void RolloutFeed::Wake(std::string_view id) {
  MutexLock lock(mu_);
  for (const auto& [number, entry] : entries_) {
    if (std::string_view(entry.name).substr(kPrefix.size()) == id) entry.wake();
  }
}

void RolloutFeed::WakeAll() {
  MutexLock lock(mu_);
  for (const auto& [number, entry] : entries_) entry.wake();
}

}  // namespace gate
