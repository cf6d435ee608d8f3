#include "clients/gatectl/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace gate::ctl {
namespace {

struct Pipe {
  int read = -1, write = -1;
  bool Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  static void Close(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
  ~Pipe() {
    Close(read);
    Close(write);
  }
};

// As exec takes them; as long as `arguments` lives.
std::vector<char*> ArgumentsOf(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  return argv;
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void Become(char* const* arguments, const char* folder, int in, int out, int err,
                         int failed) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (*folder == '\0' || chdir(folder) == 0) execvp(arguments[0], arguments);
  const int error = errno;
  // Best effort: the parent reads no error as a start, and then sees exit code 127.
  if (write(failed, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

void TakeFrom(int& end, std::string& text) {
  char buffer[65536];
  const ssize_t size = read(end, buffer, sizeof buffer);
  if (size > 0) text.append(buffer, size);
  if (size == 0 || (size < 0 && errno != EINTR)) Pipe::Close(end);
}

void PutInto(int& end, std::string_view& input) {
  const ssize_t size = write(end, input.data(), std::min<size_t>(input.size(), 4096));
  if (size > 0) input.remove_prefix(size);
  if (input.empty() || (size < 0 && errno != EINTR)) Pipe::Close(end);
}

// Feeds and drains until both outputs are closed: neither side can block the other.
void Exchange(std::string_view input, Pipe& in, Pipe& out, Pipe& err, ProcessResult& result) {
  if (input.empty()) Pipe::Close(in.write);
  while (out.read >= 0 || err.read >= 0) {
    std::array<pollfd, 3> ends = {
        {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}, {in.write, POLLOUT, 0}}};
    if (poll(ends.data(), ends.size(), -1) < 0 && errno != EINTR) break;
    if (ends[0].revents != 0) TakeFrom(out.read, result.out);
    if (ends[1].revents != 0) TakeFrom(err.read, result.err);
    if (ends[2].revents != 0) PutInto(in.write, input);
  }
}

}  // namespace

std::string ProcessResult::Failure() const {
  const std::string words(absl::StripAsciiWhitespace(err));
  if (!words.empty()) return words;
  return started ? absl::StrCat("it ended with exit code ", exit_code) : "it could not be started";
}

ProcessResult RunProcess(const std::vector<std::string>& arguments, const std::string& folder,
                         std::string_view input) {
  ProcessResult result;
  Pipe in, out, err, failed;
  if (!in.Open() || !out.Open() || !err.Open() || !failed.Open()) {
    result.err = std::strerror(errno);
    return result;
  }
  const std::vector<char*> argv = ArgumentsOf(arguments);
  const pid_t child = fork();
  if (child < 0) {
    result.err = std::strerror(errno);
    return result;
  }
  if (child == 0) {
    Become(argv.data(), folder.c_str(), in.read, out.write, err.write, failed.write);
  }
  Pipe::Close(in.read);
  Pipe::Close(out.write);
  Pipe::Close(err.write);
  Pipe::Close(failed.write);
  Exchange(input, in, out, err, result);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  int error = 0;
  result.started = read(failed.read, &error, sizeof error) != sizeof error;
  if (!result.started) {
    result.err = absl::StrCat(arguments[0], ": ", std::strerror(error));
    return result;
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

Conversation::~Conversation() {
  Pipe::Close(in_);
  Pipe::Close(out_);
  while (program_ >= 0 && waitpid(program_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Conversation::Start(const std::vector<std::string>& arguments, const std::string& folder) {
  Pipe in, out, failed;
  if (!in.Open() || !out.Open() || !failed.Open()) return false;
  const std::vector<char*> argv = ArgumentsOf(arguments);
  program_ = fork();
  if (program_ < 0) return false;
  if (program_ == 0) {
    Become(argv.data(), folder.c_str(), in.read, out.write, STDERR_FILENO, failed.write);
  }
  Pipe::Close(failed.write);
  int error = 0;
  if (read(failed.read, &error, sizeof error) == sizeof error) return false;
  std::swap(in_, in.write);
  std::swap(out_, out.read);
  return true;
}

bool Conversation::Say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = write(in_, text.data(), text.size());
    if (size < 0 && errno != EINTR) return false;
    if (size > 0) text.remove_prefix(static_cast<size_t>(size));
  }
  return true;
}

bool Conversation::Fill() {
  buffer_.resize(256 << 10);
  ssize_t size = 0;
  while ((size = read(out_, buffer_.data(), buffer_.size())) < 0 && errno == EINTR) {
  }
  begin_ = 0;
  end_ = size > 0 ? static_cast<size_t>(size) : 0;
  return size > 0;
}

bool Conversation::HearLine(std::string& line) {
  line.clear();
  for (;;) {
    const std::string_view here(buffer_.data() + begin_, end_ - begin_);
    const size_t size = std::min(here.find('\n'), here.size());
    line += here.substr(0, size);
    const bool ends = size < here.size();
    begin_ += size + (ends ? 1 : 0);
    if (ends) return true;
    if (!Fill()) return false;
  }
}

bool Conversation::Hear(size_t size, const std::function<void(std::string_view piece)>& take) {
  while (size > 0) {
    if (begin_ == end_ && !Fill()) return false;
    const size_t here = std::min(size, end_ - begin_);
    take(std::string_view(buffer_.data() + begin_, here));
    begin_ += here;
    size -= here;
  }
  return true;
}

}  // namespace gate::ctl
