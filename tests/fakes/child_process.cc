#include "tests/fakes/child_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

[[noreturn]] void Fail(int pipe) {
  const int error = errno;
  [[maybe_unused]] const ssize_t written = write(pipe, &error, sizeof error);
  _exit(127);
}

void BecomeUser(const std::string& name, int pipe) {
  const passwd* user = getpwnam(name.c_str());
  if (user == nullptr) errno = ENOENT;
  if (user == nullptr || initgroups(user->pw_name, user->pw_gid) != 0 ||
      setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) {
    Fail(pipe);
  }
}

// The child's side of the fork. Says over `pipe` why it could not become the program.
[[noreturn]] void Become(const ChildProcess::Options& options, pid_t parent, int pipe) {
  if (!options.user.empty() && geteuid() == 0) BecomeUser(options.user, pipe);
  // After a change of user, which clears it.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  if (!options.folder.empty() && chdir(options.folder.c_str()) != 0) Fail(pipe);
  if (!options.output.empty()) {
    const int out = open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (out < 0) Fail(pipe);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
  }
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  for (const std::string& argument : options.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  Fail(pipe);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(const Options& options) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0) return absl::InternalError(std::strerror(errno));
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) Become(options, parent, fds[1]);
  close(fds[1]);
  int error = 0;
  const bool failed = pid < 0 || read(fds[0], &error, sizeof error) == sizeof error;
  close(fds[0]);
  if (pid < 0) return absl::InternalError(std::strerror(errno));
  std::unique_ptr<ChildProcess> child(new ChildProcess(pid));
  if (failed) {
    return absl::NotFoundError(
        absl::StrCat(options.arguments.at(0), " cannot be started: ", std::strerror(error)));
  }
  return child;
}

ChildProcess::~ChildProcess() { Kill(); }

void ChildProcess::Reap(bool wait) {
  int status = 0;
  if (ended_ || waitpid(pid_, &status, wait ? 0 : WNOHANG) != pid_) return;
  ended_ = true;
  exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool ChildProcess::Running() {
  Reap(false);
  return !ended_;
}

void ChildProcess::Signal(int signal) {
  if (Running()) kill(pid_, signal);
}

int ChildProcess::Wait(std::chrono::milliseconds timeout) {
  Eventually([this] { return !Running(); }, timeout);
  return exit_;
}

void ChildProcess::Kill() {
  Signal(SIGKILL);
  Reap(true);
}

RunResult RunProgram(ChildProcess::Options options, std::chrono::milliseconds timeout) {
  const TempFolder folder;
  if (!options.user.empty())
    std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  options.output = folder.File("output");
  auto child = ChildProcess::Start(options);
  if (!child.ok()) return {127, std::string(child.status().message())};
  const int exit = (*child)->Wait(timeout);
  (*child)->Kill();
  return {exit, ReadFile(options.output)};
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool good = bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(fd);
  if (!good) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

TempFolder::TempFolder() {
  path_ = (std::filesystem::temp_directory_path() / "gate-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder");
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::Write(std::string_view name, std::string_view text) const {
  const std::string file = File(name);
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
  return file;
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

}  // namespace gate
