// A disk that is full, or that cannot sync, when a test says so: a layer below SQLite (a VFS) that
// passes everything else on to the real one.
#ifndef TESTS_STORE_FAULTY_DISK_H_
#define TESTS_STORE_FAULTY_DISK_H_

#include <atomic>

namespace gate {

// While one lives, all databases that are opened go through it. One at a time; outlives them.
class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // Writes fail with "disk full" after so many more of them; each leaves half of its bytes behind.
  static std::atomic<int> writes_left;
  // Syncs fail.
  static std::atomic<bool> sync_fails;
};

}  // namespace gate

#endif  // TESTS_STORE_FAULTY_DISK_H_
