#include "tests/store/faulty_disk.h"

#include <sqlite3.h>

namespace gate {
namespace {

constexpr int kNever = 1 << 30;

sqlite3_vfs* real_disk = nullptr;

// Our file, and right behind it the real one.
struct File {
  sqlite3_file base;
};
sqlite3_file* Real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}

int Close(sqlite3_file* file) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xClose(real);
}
int Read(sqlite3_file* file, void* data, int size, sqlite3_int64 offset) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xRead(real, data, size, offset);
}
int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  sqlite3_file* real = Real(file);
  if (FaultyDisk::writes_left != kNever && FaultyDisk::writes_left-- <= 0) {
    real->pMethods->xWrite(real, data, size / 2, offset);
    return SQLITE_FULL;
  }
  return real->pMethods->xWrite(real, data, size, offset);
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xTruncate(real, size);
}
int Sync(sqlite3_file* file, int flags) {
  if (FaultyDisk::sync_fails) return SQLITE_IOERR_FSYNC;
  sqlite3_file* real = Real(file);
  return real->pMethods->xSync(real, flags);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xFileSize(real, size);
}
int Lock(sqlite3_file* file, int level) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xLock(real, level);
}
int Unlock(sqlite3_file* file, int level) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xUnlock(real, level);
}
int CheckReservedLock(sqlite3_file* file, int* out) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xCheckReservedLock(real, out);
}
int FileControl(sqlite3_file* file, int operation, void* argument) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xFileControl(real, operation, argument);
}
int SectorSize(sqlite3_file* file) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xSectorSize(real);
}
int DeviceCharacteristics(sqlite3_file* file) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xDeviceCharacteristics(real);
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xShmMap(real, page, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xShmLock(real, offset, count, flags);
}
void ShmBarrier(sqlite3_file* file) {
  sqlite3_file* real = Real(file);
  real->pMethods->xShmBarrier(real);
}
int ShmUnmap(sqlite3_file* file, int remove) {
  sqlite3_file* real = Real(file);
  return real->pMethods->xShmUnmap(real, remove);
}

// Version 2: with shared memory, without memory mapping.
constexpr sqlite3_io_methods kMethods = {2,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Unlock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         DeviceCharacteristics,
                                         ShmMap,
                                         ShmLock,
                                         ShmBarrier,
                                         ShmUnmap,
                                         nullptr,
                                         nullptr};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  sqlite3_file* real = Real(file);
  const int code = real_disk->xOpen(real_disk, name, real, flags, out_flags);
  if (real->pMethods != nullptr) file->pMethods = &kMethods;
  return code;
}

sqlite3_vfs& FaultyVfs() {
  static sqlite3_vfs vfs;
  return vfs;
}

}  // namespace

std::atomic<int> FaultyDisk::writes_left = kNever;
std::atomic<bool> FaultyDisk::sync_fails = false;

FaultyDisk::FaultyDisk() {
  real_disk = sqlite3_vfs_find(nullptr);
  sqlite3_vfs& vfs = FaultyVfs();
  vfs = *real_disk;
  vfs.zName = "faulty";
  vfs.pNext = nullptr;
  vfs.szOsFile = static_cast<int>(sizeof(File)) + real_disk->szOsFile;
  vfs.xOpen = Open;
  sqlite3_vfs_register(&vfs, /*makeDflt=*/1);
}

FaultyDisk::~FaultyDisk() {
  writes_left = kNever;
  sync_fails = false;
  sqlite3_vfs_unregister(&FaultyVfs());
  sqlite3_vfs_register(real_disk, /*makeDflt=*/1);
}

}  // namespace gate
