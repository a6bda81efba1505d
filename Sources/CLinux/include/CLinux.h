#pragma once
// Shims for what Swift cannot import from the kernel's and the C library's headers: macros, variadic calls and inline
// functions. Every name begins with `tinct_`.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/// CPUs the calling thread may run on, or -1.
int tinct_affinity_count(void);

/// Pins the calling thread to the `index`-th CPU it may run on. 0 or -1.
int tinct_pin_to(int index);
