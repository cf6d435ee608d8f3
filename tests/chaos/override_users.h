// People who have releases blocked, ask for overrides, have them approved by a second person, take
// some of them back, and use them as often as they can; and write down what they were told.
#ifndef TESTS_CHAOS_OVERRIDE_USERS_H_
#define TESTS_CHAOS_OVERRIDE_USERS_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gate/base/mutex.h"
#include "tests/fakes/postgres_server.h"
#include "tests/support/linearizable.h"

namespace gate {

// What somebody did to one override, and was told.
struct OverrideUse {
  enum class Kind {
    kApproved,     // it counts from here on
    kUsed,         // a verdict of ALLOW names it
    kRevoked,      // it was taken back
    kNotRevocable  // it could not be taken back: it was used, or had been taken back
  };
  Kind kind = Kind::kApproved;
  std::string request_id{};  // of an evaluation or a revocation of which nobody knows how it ended
  std::string verdict{};     // of kUsed
};

enum class OverrideLife { kPending, kApproved, kUsed, kRevoked };

// Used once, after it was approved, and not after it was taken back.
std::optional<OverrideLife> NextLife(OverrideLife life, const OverrideUse& use);

class OverrideUsers {
 public:
  OverrideUsers(std::vector<std::string> addresses, int users, unsigned seed);
  ~OverrideUsers() { End(); }

  // Lets each end its call, and waits for all.
  void End();

  int64_t approved() const { return approved_; }
  int64_t used() const { return used_; }
  int64_t revoked() const { return revoked_; }

  // After End: expects that each override was used once at the most, none before it was approved or
  // after it was taken back, and that each use is on record with its verdict and its audit rows.
  void ExpectAllIsWell(PostgresServer& postgres, const std::string& database);

 private:
  struct Caller;
  void Run(int number, unsigned seed);
  // From the blocked release to the last use of its override.
  void Override(Caller& caller);
  void Note(const std::string& override, int64_t call, int64_t ret, OverrideUse use);

  const std::vector<std::string> addresses_;
  std::atomic<bool> ending_ = false;
  std::atomic<int64_t> approved_ = 0, used_ = 0, revoked_ = 0;
  Mutex mu_;
  std::map<std::string, std::vector<Operation<OverrideUse>>> histories_;  // Guarded by mu_.
  std::vector<std::thread> threads_;
};

}  // namespace gate

#endif  // TESTS_CHAOS_OVERRIDE_USERS_H_
