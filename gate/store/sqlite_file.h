// The file behind a SQLite store: whether it can be one, that no other gated has it, and that it is
// still the one that was opened.
#ifndef GATE_STORE_SQLITE_FILE_H_
#define GATE_STORE_SQLITE_FILE_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gate/base/mutex.h"

namespace gate {

// Holds the lock PATH.lock while it lives; the kernel takes the lock back from a process that dies.
// Thread-safe.
class SqliteFile {
 public:
  // Creates the file where there is none. INVALID_ARGUMENT where the path cannot be a database,
  // UNAVAILABLE where another process has it.
  static absl::StatusOr<std::unique_ptr<SqliteFile>> Claim(const std::string& path);
  ~SqliteFile();
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;

  // UNAVAILABLE where the file, or its write-ahead log, is no longer at its path: SQLite would go
  // on writing to a file that nobody finds again.
  absl::Status StillThere() GATE_EXCLUDES(mu_);

  // RESOURCE_EXHAUSTED where the disk has no room for another group.
  absl::Status HasSpace() const;

 private:
  struct Identity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const Identity&) const = default;
  };
  SqliteFile(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
  static Identity IdentityOf(const std::string& path);
  absl::Status CheckFile();

  const std::string path_;
  const int lock_;
  Identity file_;
  Mutex mu_;
  Identity log_ GATE_GUARDED_BY(mu_);  // once there is one
};

}  // namespace gate

#endif  // GATE_STORE_SQLITE_FILE_H_
