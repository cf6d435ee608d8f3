#include "gate/evidence/rehearsal/guarded_process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

constexpr int kQuitMilliseconds = 3000;

// ---- In the guard and in the program before exec: a copy of one thread of many, in which any lock
// may be held for ever. System calls on what was made ready before the fork, and nothing else.

struct Prepared {
  const char* const* arguments;
  const char* folder;
  const ProcessUser* user;
  const ProcessLimits* limits;
  int pipe;    // its end tells that we are gone
  int report;  // errno, where the program cannot be started; closed by exec
  int input;
  int output;
};

void CloseAllBut(int kept) {
  if (kept > 3) syscall(SYS_close_range, 3, kept - 1, 0);
  syscall(SYS_close_range, kept + 1, ~0U, 0);
}

void ResetSignals() {
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) sigaction(signal, &by_default, nullptr);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool Limit(int resource, uint64_t limit) {
  const rlimit both{limit, limit};
  return limit == 0 || setrlimit(static_cast<__rlimit_resource>(resource), &both) == 0;
}

// The raw calls: glibc's would have all threads change, by a signal that they cannot answer here.
bool TakeOn(const ProcessUser& user) {
  return !user.change || (syscall(SYS_setgroups, user.groups.size(), user.groups.data()) == 0 &&
                          syscall(SYS_setgid, user.gid) == 0 && syscall(SYS_setuid, user.uid) == 0);
}

[[noreturn]] void Become(const Prepared& prepared, pid_t guard) {
  static const char* const kEnvironment[] = {"LC_ALL=C", "TZ=UTC", nullptr};
  setsid();
  const bool ready = TakeOn(*prepared.user) &&
                     // Should the guard be killed. After the change of user, which clears it.
                     prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == guard &&
                     Limit(RLIMIT_AS, prepared.limits->memory_bytes) &&
                     Limit(RLIMIT_FSIZE, prepared.limits->file_bytes) &&
                     Limit(RLIMIT_CPU, prepared.limits->cpu_seconds) &&
                     chdir(prepared.folder) == 0 && dup2(prepared.input, 0) == 0 &&
                     dup2(prepared.output, 1) == 1 && dup2(prepared.output, 2) == 2;
  if (ready) {
    fcntl(prepared.report, F_SETFD, FD_CLOEXEC);
    syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
    execve(prepared.arguments[0], const_cast<char* const*>(prepared.arguments),
           const_cast<char* const*>(kEnvironment));
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(prepared.report, &error, sizeof error);
  _exit(127);
}

// Kills our children, those that we inherited included, until there are none.
void KillAll(const char* children_file) {
  for (;;) {
    char text[4096];
    const int file = open(children_file, O_RDONLY | O_CLOEXEC);
    const ssize_t size = file < 0 ? 0 : read(file, text, sizeof text);
    close(file);
    pid_t child = 0;
    for (ssize_t i = 0; i < size; ++i) {
      const bool digit = text[i] >= '0' && text[i] <= '9';
      if (digit) child = child * 10 + (text[i] - '0');
      if (!digit && child > 0) kill(child, SIGKILL);
      if (!digit) child = 0;
    }
    if (waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) return;
  }
}

[[noreturn]] void Guard(const Prepared& prepared) {
  ResetSignals();
  setsid();  // Keys pressed at our terminal are for us.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  const pid_t self = getpid();
  const pid_t program = _Fork();
  if (program == 0) Become(prepared, self);
  close(prepared.report);
  CloseAllBut(prepared.pipe);

  int status = 0;
  bool ended = false;
  // The pipe is never written to: it is ready when its other end is closed.
  while (!ended) {
    pollfd pipe{prepared.pipe, POLLIN, 0};
    if (poll(&pipe, 1, 20) > 0) break;
    ended = waitpid(program, &status, WNOHANG) == program;
  }
  if (!ended) {
    kill(program, SIGQUIT);
    for (int waited = 0; !ended && waited < kQuitMilliseconds; waited += 5) {
      poll(nullptr, 0, 5);
      ended = waitpid(program, &status, WNOHANG) == program;
    }
  }
  // The file is this thread's own list; its path is the same in every process.
  KillAll("/proc/thread-self/children");
  _exit(!ended ? 128 + SIGKILL : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

// ---- On our side of the fork.

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

absl::Status Failed(std::string_view what) {
  return absl::InternalError(absl::StrCat(std::string(what), ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<ProcessUser> OrdinaryUser(const std::string& name) {
  ProcessUser user{geteuid(), getegid(), {}, false};
  if (user.uid != 0) return user;
  std::vector<char> memory(16384);
  passwd entry{};
  passwd* found = nullptr;
  getpwnam_r(name.c_str(), &entry, memory.data(), memory.size(), &found);
  if (found == nullptr || found->pw_uid == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "PostgreSQL does not run as root, and there is no ordinary user \"", name, "\""));
  }
  int count = 64;
  user.groups.resize(count);
  if (getgrouplist(found->pw_name, found->pw_gid, user.groups.data(), &count) < 0) count = 0;
  user.groups.resize(count);
  user.uid = found->pw_uid;
  user.gid = found->pw_gid;
  user.change = true;
  return user;
}

absl::StatusOr<std::unique_ptr<GuardedProcess>> GuardedProcess::Start(const Options& options) {
  std::vector<const char*> arguments;
  for (const std::string& argument : options.arguments) arguments.push_back(argument.c_str());
  arguments.push_back(nullptr);
  int pipe[2], report[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) return Failed("pipe");
  Descriptor guard_end(pipe[0]), our_end(pipe[1]);
  if (pipe2(report, O_CLOEXEC) != 0) return Failed("pipe");
  Descriptor said(report[0]), saying(report[1]);
  const Descriptor output(
      open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (output.get() < 0) return Failed(options.output);

  const Descriptor input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (input.get() < 0) return Failed("/dev/null");

  const Prepared prepared{arguments.data(), options.folder.c_str(), &options.user, &options.limits,
                          guard_end.get(),  saying.get(),           input.get(),   output.get()};
  // No handler of ours runs in the guard before it has put them away.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // Not fork: the handlers that libraries have asked for are no business of the guard's.
  const pid_t guard = _Fork();
  if (guard == 0) {
    close(our_end.get());
    Guard(prepared);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (guard < 0) return Failed("fork");
  std::unique_ptr<GuardedProcess> process(new GuardedProcess(guard, our_end.Release()));
  saying.Close();
  int error = 0;
  if (read(said.get(), &error, sizeof error) == sizeof error) {
    return absl::NotFoundError(
        absl::StrCat(options.arguments[0], " cannot be started: ", std::strerror(error)));
  }
  return process;
}

GuardedProcess::~GuardedProcess() {
  close(pipe_);
  Reap(true);
}

void GuardedProcess::Reap(bool wait) {
  int status = 0;
  if (ended_) return;
  pid_t got;
  do {
    got = waitpid(guard_, &status, wait ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return;
  ended_ = true;
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool GuardedProcess::Running() {
  Reap(false);
  return !ended_;
}

}  // namespace gate
