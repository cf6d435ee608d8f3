// LD_PRELOAD: adds a delay to each fsync and fdatasync, as the disks of clouds have.
// SLOW_FSYNC_MICROSECONDS says how much; default 2000.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void delay(void) {
  const char* text = getenv("SLOW_FSYNC_MICROSECONDS");
  const long microseconds = text ? atol(text) : 2000;
  struct timespec left = {microseconds / 1000000, microseconds % 1000000 * 1000};
  while (nanosleep(&left, &left) != 0) {
  }
}

int fsync(int fd) {
  delay();
  return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd) {
  delay();
  return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
