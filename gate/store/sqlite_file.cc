#include "gate/store/sqlite_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gate/base/field_error.h"

namespace gate {
namespace {

// Evidence is for those who run the gate.
constexpr mode_t kFileMode = 0640;
// Some groups of the largest size.
constexpr unsigned long long kMinFreeBytes = 4 << 20;
constexpr double kRetryAfterSeconds = 5;

absl::Status CannotOpen(const std::string& path, int error) {
  const std::string message =
      absl::StrCat("cannot open the store ", path, " for writing: ", std::strerror(error));
  if (error == ENOENT) {
    return absl::InvalidArgumentError(
        absl::StrCat(message, "; create the folder ",
                     std::filesystem::path(path).parent_path().string(), " first"));
  }
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  return absl::InvalidArgumentError(message);
}

// The process that wrote itself into a lock file.
std::string HolderOf(int lock) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(lock, text.data(), text.size() - 1, 0);
  return size > 0 ? absl::StrCat("process ", text.data()) : "another process";
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteFile>> SqliteFile::Claim(const std::string& path) {
  std::error_code ignored;
  if (path.empty()) {
    return absl::InvalidArgumentError("the store URL names no file; write sqlite:/path/to/gate.db");
  }
  if (std::filesystem::is_directory(path, ignored)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the store ", path, " is a directory; name a file in it, for example ", path, "/gate.db"));
  }
  const std::string lock_path = path + ".lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (lock < 0) return CannotOpen(path, errno);
  std::unique_ptr<SqliteFile> file(new SqliteFile(path, lock));
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return WithReason(absl::UnavailableError(absl::StrCat(
                          "the store ", path, " is in use by ", HolderOf(lock),
                          "; one gated at a time has a SQLite store. For several, use PostgreSQL")),
                      "STORE_IN_USE");
  }
  // For people only: the lock does not depend on what is written.
  const std::string holder = absl::StrCat(::getpid());
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, holder.data(), holder.size(), 0) < 0) {
    return CannotOpen(path, errno);
  }
  if (absl::Status status = file->CheckFile(); !status.ok()) return status;
  return file;
}

SqliteFile::~SqliteFile() { ::close(lock_); }

// Opens the file once ourselves: SQLite falls back to reading only, and says so late.
absl::Status SqliteFile::CheckFile() {
  const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode);
  if (fd < 0) return CannotOpen(path_, errno);
  struct stat about {};
  const bool known = ::fstat(fd, &about) == 0;
  ::close(fd);
  if (!known || !S_ISREG(about.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("the store ", path_, " is not a regular file"));
  }
  file_ = {about.st_dev, about.st_ino};
  return absl::OkStatus();
}

SqliteFile::Identity SqliteFile::IdentityOf(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0) return {};
  return {about.st_dev, about.st_ino};
}

absl::Status SqliteFile::StillThere() {
  bool there = IdentityOf(path_) == file_;
  {
    const Identity log = IdentityOf(path_ + "-wal");
    MutexLock lock(mu_);
    if (log_ == Identity{}) log_ = log;
    there = there && log == log_;
  }
  if (there) return absl::OkStatus();
  return WithReason(
      absl::UnavailableError(absl::StrCat(
          "the store ", path_,
          " was moved, deleted or replaced while in use; put it back, or start gated again")),
      "STORE_GONE", kRetryAfterSeconds);
}

absl::Status SqliteFile::HasSpace() const {
  struct statvfs about {};
  if (::statvfs(path_.c_str(), &about) != 0) return absl::OkStatus();
  if (about.f_bavail * static_cast<unsigned long long>(about.f_frsize) >= kMinFreeBytes) {
    return absl::OkStatus();
  }
  return WithReason(
      absl::ResourceExhaustedError(absl::StrCat("the disk of the store ", path_, " is full")),
      "STORE_FULL", kRetryAfterSeconds);
}

}  // namespace gate
