// Wakes those who watch rollouts when something may have happened to them: on the store's word,
// and, since a word may be missed, every two seconds.
#ifndef GATE_ROLLOUT_FEED_H_
#define GATE_ROLLOUT_FEED_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "gate/base/mutex.h"
#include "gate/base/ticker.h"
#include "gate/store/rollout_store.h"

namespace gate {

// Thread-safe. Outlives its watches.
class RolloutFeed {
 public:
  // Watches at a time, of all rollouts together.
  static constexpr int kMostWatches = 4096;

  // The one listener of `store`, which outlives it.
  explicit RolloutFeed(RolloutStore& store);
  ~RolloutFeed();

  // Ends with its destructor: then no wake is under way.
  class Watch {
   public:
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    friend class RolloutFeed;
    Watch(RolloutFeed& feed, int64_t number) : feed_(feed), number_(number) {}

    RolloutFeed& feed_;
    const int64_t number_;
  };

  // Calls `wake` when there may be new events of the rollout ("rollouts/…"); it must neither block
  // nor end a watch. Null beyond kMostWatches.
  std::unique_ptr<Watch> Add(const std::string& name, std::function<void()> wake)
      GATE_EXCLUDES(mu_);

  // Wakes everybody: whoever looks finds that it has closed, and ends.
  void Close() GATE_EXCLUDES(mu_);
  bool closed() const GATE_EXCLUDES(mu_);

 private:
  struct Entry {
    std::string name;
    std::function<void()> wake;
  };
  void Remove(int64_t number) GATE_EXCLUDES(mu_);
  void Wake(std::string_view id) GATE_EXCLUDES(mu_);
  void WakeAll() GATE_EXCLUDES(mu_);

  RolloutStore& store_;
  mutable Mutex mu_;
  std::map<int64_t, Entry> entries_ GATE_GUARDED_BY(mu_);  // By the number of their watch.
  int64_t last_number_ GATE_GUARDED_BY(mu_) = 0;
  bool closed_ GATE_GUARDED_BY(mu_) = false;
  Ticker ticker_;  // Last: it uses the others.
};

}  // namespace gate

#endif  // GATE_ROLLOUT_FEED_H_
