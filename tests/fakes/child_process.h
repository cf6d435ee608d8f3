// A program that a test runs beside itself. It ends with the object that started it, and with the
// test's process however that ends, so that no failure leaves anything behind.
#ifndef TESTS_FAKES_CHILD_PROCESS_H_
#define TESTS_FAKES_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace gate {

// Not thread-safe. To be started by a thread that lives as long as the process is needed: the
// kernel ends it with that thread.
class ChildProcess {
 public:
  struct Options {
    std::vector<std::string> arguments;                              // the program first
    std::vector<std::pair<std::string, std::string>> environment{};  // beside our own
    std::string output{};  // file that standard output and error are appended to; "": ours
    std::string folder{};  // to start in; "": ours
    std::string user{};    // to run as, where we are root; "": ours
  };

  // NOT_FOUND where the program cannot be started.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const Options& options);

  // Ends it with SIGKILL where it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool Running();
  void Signal(int signal);
  // Its exit code, or 128 and the signal that ended it; -1 where it still runs at the deadline.
  int Wait(std::chrono::milliseconds timeout = std::chrono::seconds(30));
  // SIGKILL, and waits.
  void Kill();

 private:
  explicit ChildProcess(pid_t pid) : pid_(pid) {}
  void Reap(bool wait);

  const pid_t pid_;
  bool ended_ = false;
  int exit_ = -1;
};

// Runs a program to its end: {exit code, standard output and error}. A program that cannot be
// started has the exit code 127.
struct RunResult {
  int exit = -1;
  std::string output;  // both, as they came
};
RunResult RunProgram(ChildProcess::Options options,
                     std::chrono::milliseconds timeout = std::chrono::seconds(60));

// Asks again until it is true; false at the deadline. For what another process does in its own
// time.
template <typename Condition>
bool Eventually(Condition condition, std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// A port of 127.0.0.1 that was free a moment ago.
int FreePort();

// A folder of its own under the system's temporary one, removed with everything in it.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string File(std::string_view name) const { return path_ + "/" + std::string(name); }
  // Writes the file, and returns its path.
  std::string Write(std::string_view name, std::string_view text) const;

 private:
  std::string path_;
};

// The whole file; "" where there is none.
std::string ReadFile(const std::string& path);

}  // namespace gate

#endif  // TESTS_FAKES_CHILD_PROCESS_H_
