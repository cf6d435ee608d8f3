#include "checks/stats/erlang.h"

#include <limits>

namespace gate::stats {
namespace {

constexpr int kMostWorkers = 10'000'000;

// Erlang's loss formula for one worker after the other.
class Loss {
 public:
  explicit Loss(double erlangs) : erlangs_(erlangs) {}
  void AddWorker() {
    ++workers_;
    loss_ = erlangs_ * loss_ / (workers_ + erlangs_ * loss_);
  }
  double ToWait() const {
    return workers_ > erlangs_ ? workers_ * loss_ / (workers_ - erlangs_ * (1 - loss_)) : 1;
  }
  double MeanWait() const {
    return workers_ > erlangs_ ? ToWait() / (workers_ - erlangs_)
                               : std::numeric_limits<double>::infinity();
  }

 private:
  const double erlangs_;
  double workers_ = 0;
  double loss_ = 1;
};

Loss With(double erlangs, int workers) {
  Loss loss(erlangs);
  for (int i = 0; i < workers; ++i) loss.AddWorker();
  return loss;
}

}  // namespace

double ErlangC(double erlangs, int workers) { return With(erlangs, workers).ToWait(); }

double MeanWait(double erlangs, int workers) { return With(erlangs, workers).MeanWait(); }

int WorkersForWait(double erlangs, double wait) {
  if (!(erlangs < kMostWorkers)) return -1;
  Loss loss(erlangs);
  for (int workers = 1; workers <= kMostWorkers; ++workers) {
    loss.AddWorker();
    if (loss.MeanWait() <= wait) return workers;
  }
  return -1;
}

}  // namespace gate::stats
