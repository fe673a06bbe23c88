/**
 * Loaded before a process (LD_PRELOAD), this makes calls on files below FAULT_FOLDER fail: from the moment at which the file
 * FAULT_ARM exists, the FAULT_AT-th call of kind FAULT_CALL, and all later ones if FAULT_FOREVER is 1, with the number
 * FAULT_ERRNO. Of kind `short` a write takes half of its bytes, and only later ones fail. It adds a line to FAULT_LOG for the failure ("hit
 * PATH") and for each sync of a file of which a sync failed before ("again PATH").
 */
export const DISK_FAULTS_SOURCE = String.raw`
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define NAMES 4096
#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int armed, hit;
static long calls;
static char unsynced[NAMES];

static const char *told(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

static int below(const char *path) {
  const char *folder = told("FAULT_FOLDER");
  return *folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, NAMES - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return below(path);
}

static void tell(const char *what, const char *path) {
  REAL(write);
  char line[NAMES + 16];
  int fd = open(told("FAULT_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
  int length = snprintf(line, sizeof line, "%s %s\n", what, path);
  if (fd >= 0 && real(fd, line, length) == length) close(fd);
}

/* The number with which this call fails, 0 if it does not, -1 if it takes half of its bytes. */
static int fault(const char *call, const char *path) {
  const char *kind = told("FAULT_CALL");
  int is_short = strcmp(kind, "short") == 0 && strcmp(call, "write") == 0;
  int result = 0;
  pthread_mutex_lock(&turn);
  if (strcmp(call, "sync") == 0 && strcmp(unsynced, path) == 0) tell("again", path);
  if (!armed) armed = access(told("FAULT_ARM"), F_OK) == 0;
  if (armed && (is_short || strcmp(call, kind) == 0)) {
    calls++;
    int due = !hit && calls >= atol(told("FAULT_AT"));
    if (due) tell("hit", path);
    if (due && is_short) result = -1;
    else if (due || (hit && *told("FAULT_FOREVER") == '1')) result = atoi(told("FAULT_ERRNO"));
    if (result > 0 && strcmp(call, "sync") == 0) strcpy(unsynced, path);
    hit |= due;
  }
  pthread_mutex_unlock(&turn);
  return result;
}

static int fails(const char *call, const char *path) {
  int number = fault(call, path);
  if (number > 0) errno = number;
  return number > 0;
}

static int fails_at(const char *call, int fd) {
  char path[NAMES];
  return path_of(fd, path) && fails(call, path);
}

static int write_fault(int fd) {
  char path[NAMES];
  int number = path_of(fd, path) ? fault("write", path) : 0;
  if (number > 0) errno = number;
  return number;
}

int fdatasync(int fd) {
  REAL(fdatasync);
  return fails_at("sync", fd) ? -1 : real(fd);
}

int fsync(int fd) {
  REAL(fsync);
  return fails_at("syncNames", fd) ? -1 : real(fd);
}

int ftruncate64(int fd, off64_t length) {
  REAL(ftruncate64);
  return fails_at("resize", fd) ? -1 : real(fd, length);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  return below(from) && fails("rename", from) ? -1 : real(from, to);
}

ssize_t pread64(int fd, void *into, size_t count, off64_t at) {
  REAL(pread64);
  return fails_at("read", fd) ? -1 : real(fd, into, count, at);
}

ssize_t pwrite64(int fd, const void *from, size_t count, off64_t at) {
  REAL(pwrite64);
  int number = write_fault(fd);
  return number > 0 ? -1 : real(fd, from, number < 0 ? (count + 1) / 2 : count, at);
}

ssize_t pwritev64(int fd, const struct iovec *from, int count, off64_t at) {
  REAL(pwritev64);
  int number = write_fault(fd);
  if (number < 0) return pwrite64(fd, from->iov_base, (from->iov_len + 1) / 2, at);
  return number > 0 ? -1 : real(fd, from, count, at);
}

int open64(const char *path, int flags, ...) {
  REAL(open64);
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
  va_end(more);
  return below(path) && fails("open", path) ? -1 : real(path, flags, mode);
}
`;
