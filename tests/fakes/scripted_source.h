// A source that answers as a test tells it to: at once, late, never, or by throwing.
#ifndef TESTS_FAKES_SCRIPTED_SOURCE_H_
#define TESTS_FAKES_SCRIPTED_SOURCE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "gate/base/mutex.h"
#include "gate/evidence/source.h"

namespace gate {

// Opens once; waits until then. Thread-safe.
class Latch {
 public:
  void Open() GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    open_ = true;
    opened_.NotifyAll();
  }
  void Wait() GATE_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    while (!open_) opened_.Wait(mu_);
  }

 private:
  Mutex mu_;
  CondVar opened_;
  bool open_ GATE_GUARDED_BY(mu_) = false;
};

// Answers queries of one target case with a function of the test's. Thread-safe.
class ScriptedSource final : public Source {
 public:
  using Answer = std::function<v1::Observation(const v1::Query&, const FetchContext&)>;

  ScriptedSource(std::string name, v1::Query::TargetCase target, bool immediate, Answer answer)
      : name_(std::move(name)),
        target_(target),
        immediate_(immediate),
        answer_(std::move(answer)) {}

  std::string_view name() const override { return name_; }
  bool Answers(const v1::Query& query) const override { return query.target_case() == target_; }
  bool Immediate() const override { return immediate_; }
  bool WaitsForStoreAlone() const override { return of_store_; }
  v1::Observation Fetch(const v1::Query& query, const FetchContext& context) override {
    ++fetches_;
    return answer_(query, context);
  }

  // What it has at hand from here on, for every query.
  void Keep(std::shared_ptr<const v1::Observation> observation) { kept_ = std::move(observation); }
  std::shared_ptr<const v1::Observation> AtHand(const v1::Query&, const FetchContext&) override {
    return kept_;
  }

  // It is one that waits for the store alone.
  void WaitForStoreAlone() { of_store_ = true; }

  int fetches() const { return fetches_; }

 private:
  const std::string name_;
  const v1::Query::TargetCase target_;
  const bool immediate_;
  bool of_store_ = false;
  const Answer answer_;
  std::shared_ptr<const v1::Observation> kept_;
  std::atomic<int> fetches_ = 0;
};

}  // namespace gate

#endif  // TESTS_FAKES_SCRIPTED_SOURCE_H_
