#include "gate/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace gate {
namespace {

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status CannotBeRead(int error) {
  const std::string message = absl::StrCat("cannot be read: ", std::strerror(error));
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(message);
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  // Not blocking: opening a FIFO would wait for a writer.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) return CannotBeRead(errno);
  struct stat status;
  if (fstat(file.get(), &status) != 0) return CannotBeRead(errno);
  if (!S_ISREG(status.st_mode)) return absl::FailedPreconditionError("is not a regular file");
  std::string content;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return CannotBeRead(errno);
    if (count == 0) return content;
    content.append(buffer, count);
    if (content.size() > max_bytes) {
      return absl::FailedPreconditionError(absl::StrCat("has more than ", max_bytes, " bytes"));
    }
  }
}

std::string ResolvePath(const std::string& from, const std::string& file) {
  return (std::filesystem::path(from).parent_path() / file).lexically_normal().string();
}

std::string FileState(const std::vector<std::string>& files) {
  std::string state;
  for (const std::string& file : files) {
    struct stat s;
    if (stat(file.c_str(), &s) != 0) {
      state += "none;";
      continue;
    }
    absl::StrAppend(&state, s.st_dev, " ", s.st_ino, " ", s.st_size, " ", s.st_mtim.tv_sec, ".",
                    s.st_mtim.tv_nsec, " ", s.st_ctim.tv_sec, ".", s.st_ctim.tv_nsec, ";");
  }
  return state;
}

}  // namespace gate
