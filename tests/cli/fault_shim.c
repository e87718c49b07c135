// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process under test: makes writes and syncs of chosen files fail, and moves the wall
// clock.
//
//   LD_PRELOAD=fault_shim.so FAULTS=/tmp/faults sloburn serve ...
//
// The file that FAULTS names may change at any time. Its lines:
//   OPERATION SUFFIX ERRNO   OPERATION (write, sync or truncate) fails on files whose path ends in SUFFIX
//   clock - SECONDS          added to CLOCK_REALTIME
// A sync that fails has not happened; a write that fails has written nothing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// The number on the line for `operation` on `path` (null: any), or 0.
static long Find(const char* operation, const char* path) {
  const char* const file = getenv("FAULTS");
  if (file == NULL) return 0;
  // System calls of its own: it must not come back to here.
  const int before = errno;
  const long fd = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
  errno = before;
  if (fd < 0) return 0;
  char text[1024];
  const long size = syscall(SYS_read, fd, text, sizeof text - 1);
  syscall(SYS_close, fd);
  text[size < 0 ? 0 : size] = '\0';
  char* rest = NULL;
  for (char* line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    char name[16], suffix[256];
    long number;
    if (sscanf(line, "%15s %255s %ld", name, suffix, &number) != 3) continue;
    if (strcmp(name, operation) != 0) continue;
    if (path == NULL) return number;
    const size_t path_size = strlen(path), suffix_size = strlen(suffix);
    if (path_size >= suffix_size && strcmp(path + path_size - suffix_size, suffix) == 0) {
      return number;
    }
  }
  return 0;
}

static int Fails(const char* operation, int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0 || path[0] != '/') return 0;
  path[size] = '\0';
  const long code = Find(operation, path);
  if (code != 0) errno = (int)code;
  return code != 0;
}

ssize_t write(int fd, const void* bytes, size_t size) {
  return Fails("write", fd) ? -1 : NEXT(write)(fd, bytes, size);
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  return Fails("write", fd) ? -1 : NEXT(pwrite)(fd, bytes, size, at);
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  return Fails("write", fd) ? -1 : NEXT(pwrite64)(fd, bytes, size, at);
}
int fsync(int fd) { return Fails("sync", fd) ? -1 : NEXT(fsync)(fd); }
int fdatasync(int fd) { return Fails("sync", fd) ? -1 : NEXT(fdatasync)(fd); }
int ftruncate(int fd, off_t size) {
  return Fails("truncate", fd) ? -1 : NEXT(ftruncate)(fd, size);
}
int ftruncate64(int fd, off64_t size) {
  return Fails("truncate", fd) ? -1 : NEXT(ftruncate64)(fd, size);
}
int clock_gettime(clockid_t clock, struct timespec* now) {
  const long result = syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += Find("clock", NULL);
  return (int)result;
}
