#pragma once
// Shims for what Swift cannot import from the kernel's and the C library's headers: macros, variadic calls and inline
// functions. Every name begins with `tinct_`.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/// CPUs the calling thread may run on, or -1.
int tinct_affinity_count(void);

/// CPUs of the machine, or -1.
int tinct_online_count(void);

/// Pins the calling thread to the `index`-th CPU it may run on. 0 or -1.
int tinct_pin_to(int index);

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/un.h>

enum {
    tinct_epoll_in = EPOLLIN,
    tinct_epoll_out = EPOLLOUT,
    tinct_epoll_hangup = EPOLLHUP | EPOLLRDHUP,
    tinct_epoll_error = EPOLLERR,
    tinct_epoll_read_hangup = EPOLLRDHUP,
};

/// epoll_ctl with the event built on the spot. 0, or a negative errno.
static inline int tinct_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(epoll, operation, fd, &event) == 0 ? 0 : -errno;
}

/// A system call of six words; a negative errno on failure. The C library's own functions for sending, receiving and
/// waiting are points where a thread may be cancelled, which costs a twentieth of a request in a process with threads.
static inline long tinct_system_call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
    register long fourth __asm__("r10") = d, fifth __asm__("r8") = e, sixth __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
#else
    long result = syscall(number, a, b, c, d, e, f);
    return result >= 0 ? result : -errno;
#endif
}

/// What ::tinct_epoll_wait does before Linux 5.11 (and under valgrind), in two calls.
int tinct_epoll_wait_old(int epoll, struct epoll_event *events, int capacity, int64_t timeout_nanos);

/// Waits for at most `timeout_nanos` (below 0: for ever), to the nanosecond. The number of events, or a negative errno.
static inline int tinct_epoll_wait(int epoll, struct epoll_event *events, int capacity, int64_t timeout_nanos) {
    struct timespec limit = {timeout_nanos / 1000000000, timeout_nanos % 1000000000};
    int count = (int)tinct_system_call(SYS_epoll_pwait2, epoll, (long)events, capacity,
                                       timeout_nanos < 0 ? 0 : (long)&limit, 0, 8);
    return count == -ENOSYS ? tinct_epoll_wait_old(epoll, events, capacity, timeout_nanos) : count;
}

static inline void tinct_prefetch(const void *address) { __builtin_prefetch(address); }

static inline uint32_t tinct_epoll_event_flags(const struct epoll_event *events, int index) {
    return events[index].events;
}

static inline uint64_t tinct_epoll_event_token(const struct epoll_event *events, int index) {
    return events[index].data.u64;
}

static inline uint64_t tinct_clock_nanos(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// Lets the calling thread's timers fire to the nanosecond instead of within 50 µs.
static inline void tinct_sharpen_timers(void) { prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul); }

/// Makes the calling thread (not the process) give way to others: nice 5.
void tinct_yield_priority(void);

/// Keeps what the process has mapped in memory once it was touched, where it may (RLIMIT_MEMLOCK). 0 or -1.
static inline int tinct_keep_pages(void) { return mlockall(MCL_CURRENT | MCL_ONFAULT); }

/// Waits for a semaphore, or so long by a clock that never steps: 0 then.
int tinct_semaphore_wait(sem_t *semaphore, int64_t nanos);

/// send without SIGPIPE. Bytes sent, or a negative errno.
static inline long tinct_send(int fd, const void *bytes, size_t count) {
    return tinct_system_call(SYS_sendto, fd, (long)bytes, (long)count, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0);
}

/// Bytes received, 0 at the end of the stream, or a negative errno.
static inline long tinct_receive(int fd, void *bytes, size_t count) {
    return tinct_system_call(SYS_recvfrom, fd, (long)bytes, (long)count, MSG_DONTWAIT, 0, 0);
}

/// Blocks SIGINT and SIGTERM in the calling thread (and those it starts) and gives a descriptor that reports them.
static inline int tinct_signal_descriptor(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error != 0) return -error;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd >= 0 ? fd : -errno;
}

/// Undoes the blocking of ::tinct_signal_descriptor.
static inline void tinct_signal_restore(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

enum {
    tinct_cloexec_epoll = EPOLL_CLOEXEC,
    tinct_eventfd_flags = EFD_NONBLOCK | EFD_CLOEXEC,
    tinct_stream_flags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
    tinct_stream = SOCK_STREAM,
};

/// The calling thread's errno.
static inline int tinct_errno(void) { return errno; }

/// Accepts a non-blocking connection. A descriptor, or a negative errno.
int tinct_accept(int listener);

/// 1 when `fd` can be read within `timeout_nanos`, else 0.
int tinct_poll_readable(int fd, int64_t timeout_nanos);

/// 1 when `fd` can be written to (or a connection attempt has ended) within `timeout_nanos`, else 0.
int tinct_poll_writable(int fd, int64_t timeout_nanos);

/// Which of two descriptors (negative: none) can be read within `timeout_nanos`: bit 0 for the first, bit 1 for the second.
unsigned tinct_poll_pair(int first, int second, int64_t timeout_nanos);

/// A packet socket no longer gets what this machine sends. 0, or a negative errno.
int tinct_packet_ignore_outgoing(int fd);

/// No packet reaches a packet socket from now on. 0, or a negative errno.
int tinct_packet_stop(int fd);

/// Undoes ::tinct_packet_stop. 0, or a negative errno.
int tinct_packet_start(int fd);

/// Makes the process another user's for good, without supplementary groups. 0, or a negative errno.
int tinct_become(uid_t user, gid_t group);

/// Gives up all capabilities of the calling thread for good. 0, or a negative errno.
int tinct_drop_capabilities(void);

/// 1 when that user could create files in a folder, 0 when not, or a negative errno. Needs root's rights.
int tinct_may_write_as(const char *folder, uid_t user, gid_t group);

/// Starts the program at the path `arguments[0]` with this environment; what it prints goes to standard error. `arguments`
/// ends with NULL. Its process id, or a negative errno.
int tinct_spawn(char *const arguments[]);

#include "Uring.h"
