// Pipelines that take changes out through two replicas of a gate, as patient and as careless as
// real ones are, and write down what they were told.
#ifndef TESTS_CHAOS_PIPELINES_H_
#define TESTS_CHAOS_PIPELINES_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gate/base/mutex.h"
#include "gate/v1/rollouts.grpc.pb.h"
#include "tests/support/linearizable.h"

namespace gate {

// A call that takes or shows a lease, and its answer.
struct LeaseUse {
  enum class Kind {
    kTaken,    // Start gave the token
    kMoved,    // a call with the token was obeyed
    kRefused,  // a call with the token was refused: it is stale
  };
  Kind kind = Kind::kTaken;
  int64_t token = 0;
  std::string request_id{};  // of a start of which nobody knows how it ended
};

// The newest token of a lease: each one is above all before it, and only the newest moves anything.
inline std::optional<int64_t> NextLease(int64_t newest, const LeaseUse& use) {
  switch (use.kind) {
    case LeaseUse::Kind::kTaken:
      return use.token > newest ? std::optional(use.token) : std::nullopt;
    case LeaseUse::Kind::kMoved:
      return use.token == newest ? std::optional(newest) : std::nullopt;
    case LeaseUse::Kind::kRefused:
      return use.token < newest ? std::optional(newest) : std::nullopt;
  }
  return std::nullopt;
}

class Pipelines {
 public:
  // So many pipelines on so many services; they ask the addresses in turn.
  Pipelines(std::vector<std::string> addresses, int pipelines, int services, unsigned seed);
  ~Pipelines() { End(); }

  // Lets each end its call, and waits for all.
  void End();

  // After End: what happened to the lease of each service.
  using History = std::vector<Operation<LeaseUse>>;
  const std::map<std::string, History>& histories() const { return histories_; }

  // And the steps that were told as taken: the rollout by the request_id.
  const std::map<std::string, std::string>& steps() const { return steps_; }

  // What came of it so far.
  int64_t started() const { return started_; }
  int64_t advanced() const { return advanced_; }
  int64_t refused() const { return refused_; }
  int64_t failed() const { return failed_; }
  int64_t rollbacks() const { return rollbacks_; }

 private:
  struct Caller;
  void Run(int number, unsigned seed);
  void TakeOut(Caller& caller, const std::string& service);
  void Move(Caller& caller, const v1::Rollout& rollout);
  void GoBack(Caller& caller, const v1::Rollout& rollout);
  void Note(const std::string& service, int64_t call, int64_t ret, LeaseUse use);

  const std::vector<std::string> addresses_;
  const int services_;
  std::atomic<bool> ending_ = false;
  std::atomic<int64_t> started_ = 0, advanced_ = 0, refused_ = 0, failed_ = 0, rollbacks_ = 0;
  Mutex mu_;
  std::map<std::string, History> histories_;  // Guarded by mu_ until End.
  std::map<std::string, std::string> steps_;  // As well.
  std::vector<std::thread> threads_;
};

}  // namespace gate

#endif  // TESTS_CHAOS_PIPELINES_H_
