"""Another calendar date for the commands that a test starts, and for all processes that these start.

A small preloaded library shifts the wall clock of the C library, which Python, DuckDB, SQLite and Prefect's compiled
parts ask. Monotonic clocks, sleeps, time-outs and the times of files stay real. Needs Linux and a C compiler.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

_SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static time_t shift;

/* Read once: another thread may change the environment later. */
__attribute__((constructor)) static void read_shift(void) {
  const char *text = getenv("TEST_CLOCK_SHIFT_SECONDS");
  shift = text ? atol(text) : 0;
}

int clock_gettime(clockid_t id, struct timespec *at) {
  static int (*next)(clockid_t, struct timespec *);
  if (!next) next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = next(id, at);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_TAI)) at->tv_sec += shift;
  return result;
}

int gettimeofday(struct timeval *at, void *zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

/* A wait until a moment of the shifted wall clock ends at the real one; 10^9 s on a monotonic clock are 30 years. */
static struct timespec real_moment(const struct timespec *at) {
  struct timespec moment = *at;
  if (moment.tv_sec > 1000000000) moment.tv_sec -= shift;
  return moment;
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
  static int (*next)(sem_t *, const struct timespec *);
  if (!next) next = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
  struct timespec moment = real_moment(until);
  return next(semaphore, &moment);
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  void *found = next ? NULL : dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2"); /* not the oldest one */
  if (!next && !found) found = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  if (!next) next = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))found;
  struct timespec moment = real_moment(until);
  return next(condition, mutex, &moment);
}

time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
"""


def why_not_here() -> str | None:
    """Return why clocks cannot be shifted on this machine, or None if they can."""
    if not sys.platform.startswith("linux"):
        return "clocks are shifted on Linux only"
    return None if shutil.which("cc") else "no C compiler (cc) is installed"


def shifted_environment(by: timedelta, folder: Path) -> dict[str, str]:
    """Return the variables that shift the clock of a command, after compiling the library into a folder.

    The folder's path holds neither spaces nor colons: the loader takes both for separators.
    """
    source, library = folder / "shifted_clock.c", folder / "shifted_clock.so"
    source.write_text(_SOURCE)
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    preloaded = os.environ.get("LD_PRELOAD")  # by a test run that has a shifted clock itself
    return {
        "LD_PRELOAD": f"{library}:{preloaded}" if preloaded else str(library),
        "TEST_CLOCK_SHIFT_SECONDS": str(round(by.total_seconds())),
    }
