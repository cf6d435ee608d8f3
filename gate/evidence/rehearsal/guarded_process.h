// A PostgreSQL server that cannot outlive us. Between us and it stands a guard: a process that does
// nothing but wait for our end of a pipe to close, which it does when we say so and when we are
// killed. Then it ends the server and all of its processes. It is needed because PostgreSQL's
// backends are sessions of their own, and one that computes does not notice that its server is
// gone: they become children of the guard, which is told of each by the kernel.
#ifndef GATE_EVIDENCE_REHEARSAL_GUARDED_PROCESS_H_
#define GATE_EVIDENCE_REHEARSAL_GUARDED_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace gate {

// Whom a process runs as. PostgreSQL refuses to be run by root.
struct ProcessUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool change = false;  // whether it is another one than ours, to be taken on
};

// The ordinary user to run as: ourselves, or `name` where we are root.
absl::StatusOr<ProcessUser> OrdinaryUser(const std::string& name);

// What the kernel holds each process of the server to; 0: no limit.
struct ProcessLimits {
  uint64_t memory_bytes = 0;  // address space
  uint64_t file_bytes = 0;    // of one file
  uint64_t cpu_seconds = 0;
};

// Not thread-safe. May be started from any thread of a process that has many.
class GuardedProcess {
 public:
  struct Options {
    std::vector<std::string> arguments;  // the program's path first
    std::string folder;                  // to start in
    std::string output;                  // file for standard output and error; made anew
    ProcessUser user;
    ProcessLimits limits;
  };

  // NOT_FOUND where the program cannot be started.
  static absl::StatusOr<std::unique_ptr<GuardedProcess>> Start(const Options& options);

  // SIGQUIT, on which PostgreSQL gives everything back at once; SIGKILL to all that is left after
  // some seconds. Returns when no process is left.
  ~GuardedProcess();
  GuardedProcess(const GuardedProcess&) = delete;
  GuardedProcess& operator=(const GuardedProcess&) = delete;

  // Whether the program still runs.
  bool Running();
  // Its exit code, once it does not; 128 and the signal that ended it.
  int exit() const { return exit_; }

 private:
  GuardedProcess(pid_t guard, int pipe) : guard_(guard), pipe_(pipe) {}
  void Reap(bool wait);

  const pid_t guard_;
  int pipe_;  // closing it ends the program
  bool ended_ = false;
  int exit_ = -1;
};

}  // namespace gate

#endif  // GATE_EVIDENCE_REHEARSAL_GUARDED_PROCESS_H_
