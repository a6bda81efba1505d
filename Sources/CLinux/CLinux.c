#include "CLinux.h"
#include <sys/syscall.h>

int tinct_affinity_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
    return CPU_COUNT(&set);
}

int tinct_pin_to(int index) {
    cpu_set_t set, one;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &set)) continue;
        if (index-- == 0) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            return sched_setaffinity(0, sizeof one, &one);
        }
    }
    return -1;
}

int tinct_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

int tinct_poll_readable(int fd, int64_t timeout_nanos) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    struct timespec limit = {timeout_nanos / 1000000000, timeout_nanos % 1000000000};
    return ppoll(&entry, 1, &limit, NULL) == 1;
}

void tinct_yield_priority(void) { setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 5); }
