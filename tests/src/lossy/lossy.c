/* Stands between a program and its files: writes down what is done to the files of an SQLite database, and lets
 * synchronising fail at will. Loaded by LD_PRELOAD.
 *
 * LOSSY_DISK is a folder. Each process that calls has a file in it, `record-0`, `record-1` and so on as they come, with
 * a record for each call in the order of the calls; the last one is cut off if the process is killed. While a file `fail-db` or `fail-wal` is there, synchronising that file fails with EIO. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NEITHER = 0, DATABASE = 'd', LOG = 'w' };

struct record {
  uint8_t call; /* 'W'rite, 'T'runcate, 'S'ynchronised, 'F'ailed to, 'U'nlinked */
  uint8_t file;
  uint8_t unused[6];
  uint64_t offset; /* of a write */
  uint64_t length; /* of the bytes that follow, or what is truncated to */
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void path_in(char *path, size_t size, const char *name) {
  const char *folder = getenv("LOSSY_DISK");
  snprintf(path, size, "%s/%s", folder ? folder : "", name);
}

static int ends_with(const char *text, const char *end) {
  size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static int kind_of_path(const char *path) {
  if (ends_with(path, "/vouchkey.db")) return DATABASE;
  if (ends_with(path, "/vouchkey.db-wal")) return LOG;
  return NEITHER;
}

static int kind_of(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return NEITHER;
  path[length] = 0;
  return kind_of_path(path);
}

static int open_record(void) {
  for (int number = 0; number < 10000; number++) {
    char name[32], path[4096];
    snprintf(name, sizeof name, "record-%d", number);
    path_in(path, sizeof path, name);
    int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (out >= 0 || errno != EEXIST) return out;
  }
  return -1;
}

/* A record that is lost would make the test say that something is safe: better to end here. */
static void note(int call, int file, uint64_t offset, uint64_t length, const void *bytes) {
  static int out = -1;
  if (out < 0) out = open_record();
  struct record record = {(uint8_t)call, (uint8_t)file, {0}, offset, length};
  struct iovec parts[2] = {{&record, sizeof record}, {(void *)bytes, bytes ? length : 0}};
  ssize_t wanted = (ssize_t)(sizeof record + parts[1].iov_len);
  if (out < 0 || writev(out, parts, 2) != wanted) abort();
}

static int must_fail(int file) {
  char path[4096];
  path_in(path, sizeof path, file == DATABASE ? "fail-db" : "fail-wal");
  return access(path, F_OK) == 0;
}

static void *real(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
  ssize_t (*call)(int, const void *, size_t, off64_t) = real("pwrite64");
  int file = kind_of(descriptor);
  if (!file) return call(descriptor, bytes, length, offset);
  pthread_mutex_lock(&one_at_a_time);
  ssize_t written = call(descriptor, bytes, length, offset);
  if (written > 0) note('W', file, (uint64_t)offset, (uint64_t)written, bytes);
  pthread_mutex_unlock(&one_at_a_time);
  return written;
}

int ftruncate64(int descriptor, off64_t length) {
  int (*call)(int, off64_t) = real("ftruncate64");
  int file = kind_of(descriptor);
  if (!file) return call(descriptor, length);
  pthread_mutex_lock(&one_at_a_time);
  int result = call(descriptor, length);
  if (result == 0) note('T', file, 0, (uint64_t)length, NULL);
  pthread_mutex_unlock(&one_at_a_time);
  return result;
}

static int synchronise(int descriptor, const char *name) {
  int (*call)(int) = real(name);
  int file = kind_of(descriptor);
  if (!file) return call(descriptor);
  pthread_mutex_lock(&one_at_a_time);
  int result = 0;
  if (must_fail(file)) {
    note('F', file, 0, 0, NULL);
    errno = EIO;
    result = -1;
  } else {
    /* Nothing of the machine itself is at stake, so there is no need to wait for its disk. */
    note('S', file, 0, 0, NULL);
  }
  int saved = errno;
  pthread_mutex_unlock(&one_at_a_time);
  errno = saved;
  return result;
}

int fsync(int descriptor) { return synchronise(descriptor, "fsync"); }

int fdatasync(int descriptor) { return synchronise(descriptor, "fdatasync"); }

int unlink(const char *path) {
  int (*call)(const char *) = real("unlink");
  int file = kind_of_path(path);
  if (!file) return call(path);
  pthread_mutex_lock(&one_at_a_time);
  int result = call(path);
  if (result == 0) note('U', file, 0, 0, NULL);
  pthread_mutex_unlock(&one_at_a_time);
  return result;
}
