// Calls that were refused, on their way into the audit log.
//
// Each first refusal of a minute, by caller and method, has a row of its own, and is answered when
// that is on disk. Further ones are answered at once and counted: a row at the end of the minute
// says how many there were. At most 100 callers and methods are told apart in a minute, all others
// are counted together; so whoever is refused fills no more than about 200 rows a minute, however
// often and under how many names they try.
//
// A row that cannot be written is told in the log, and the refusal stands: nothing was let through.
#ifndef GATE_API_DENIALS_H_
#define GATE_API_DENIALS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "gate/base/clock.h"
#include "gate/base/mutex.h"
#include "gate/log/log.h"
#include "gate/store/audit_store.h"

namespace gate {

// Thread-safe. Its destructor writes what was counted. Holds references; they outlive it.
class Denials {
 public:
  Denials(AuditStore& audit, Clock& clock, Logger& log,
          std::chrono::milliseconds minute = std::chrono::minutes(1));
  ~Denials();
  Denials(const Denials&) = delete;
  Denials& operator=(const Denials&) = delete;

  // `done` runs once, here or on the thread that writes, and must not block.
  void Record(v1::AuditEntry entry, std::function<void()> done) GATE_EXCLUDES(mu_);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Pending {
    v1::AuditEntry entry;
    std::function<void()> done;
  };
  // What was refused to one caller of one method since its row.
  struct Counted {
    Time since;
    int64_t more = 0;
    v1::AuditEntry newest;
  };

  void Run() GATE_EXCLUDES(mu_);
  // Rows for what was counted and whose minute is over, or of all.
  std::vector<Pending> TakeCounted(Time now, bool all) GATE_REQUIRES(mu_);
  void Write(std::vector<Pending> pending);

  AuditStore& audit_;
  Clock& clock_;
  Logger& log_;
  const std::chrono::milliseconds minute_;
  Mutex mu_;
  CondVar changed_;
  std::vector<Pending> pending_ GATE_GUARDED_BY(mu_);
  std::map<std::string, Counted> counted_ GATE_GUARDED_BY(mu_);  // by caller and method
  bool stopping_ GATE_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace gate

#endif  // GATE_API_DENIALS_H_
