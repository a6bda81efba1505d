#include "CLinux.h"

#include <spawn.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <sys/syscall.h>
#include <sys/wait.h>

// Linux 4.20; older headers lack it.
#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

int tinct_affinity_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
    return CPU_COUNT(&set);
}

int tinct_online_count(void) { return (int)sysconf(_SC_NPROCESSORS_ONLN); }

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

int tinct_epoll_wait_old(int epoll, struct epoll_event *events, int capacity, int64_t timeout_nanos) {
    struct pollfd entry = {.fd = epoll, .events = POLLIN};
    struct timespec limit = {timeout_nanos / 1000000000, timeout_nanos % 1000000000};
    int ready = ppoll(&entry, 1, timeout_nanos < 0 ? NULL : &limit, NULL);
    if (ready <= 0) return ready == 0 ? 0 : -errno;
    int count = epoll_wait(epoll, events, capacity, 0);
    return count >= 0 ? count : -errno;
}

int tinct_poll_readable(int fd, int64_t timeout_nanos) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    struct timespec limit = {timeout_nanos / 1000000000, timeout_nanos % 1000000000};
    return ppoll(&entry, 1, &limit, NULL) == 1;
}

int tinct_poll_writable(int fd, int64_t timeout_nanos) {
    struct pollfd entry = {.fd = fd, .events = POLLOUT};
    struct timespec limit = {timeout_nanos / 1000000000, timeout_nanos % 1000000000};
    return ppoll(&entry, 1, &limit, NULL) == 1;
}

void tinct_yield_priority(void) { setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 5); }

int tinct_semaphore_wait(sem_t *semaphore, int64_t nanos) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    nanos += until.tv_nsec;
    until.tv_sec += nanos / 1000000000;
    until.tv_nsec = nanos % 1000000000;
    int status;
    while ((status = sem_clockwait(semaphore, CLOCK_MONOTONIC, &until)) != 0 && errno == EINTR) {}
    return status == 0;
}

unsigned tinct_poll_pair(int first, int second, int64_t timeout_nanos) {
    // poll leaves out what is negative.
    struct pollfd entries[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
    if (timeout_nanos < 0) timeout_nanos = 0;
    struct timespec limit = {timeout_nanos / 1000000000, timeout_nanos % 1000000000};
    if (ppoll(entries, 2, &limit, NULL) <= 0) return 0;
    return (entries[0].revents != 0 ? 1u : 0u) | (entries[1].revents != 0 ? 2u : 0u);
}

int tinct_packet_ignore_outgoing(int fd) {
    int one = 1;
    return setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof one) == 0 ? 0 : -errno;
}

int tinct_packet_stop(int fd) {
    struct sock_filter nothing = {BPF_RET | BPF_K, 0, 0, 0};
    struct sock_fprog program = {1, &nothing};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 ? 0 : -errno;
}

int tinct_packet_start(int fd) {
    int none = 0;
    return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none) == 0 ? 0 : -errno;
}

int tinct_become(uid_t user, gid_t group) {
    if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0)
        return -errno;
    // What was given up must not come back through another program.
    return prctl(PR_SET_NO_NEW_PRIVS, 1ul, 0ul, 0ul, 0ul) == 0 ? 0 : -errno;
}

int tinct_drop_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    return syscall(SYS_capset, &header, none) == 0 ? 0 : -errno;
}

int tinct_may_write_as(const char *folder, uid_t user, gid_t group) {
    // In a child, so that nothing of this process changes.
    pid_t child = fork();
    if (child < 0) return -errno;
    if (child == 0) {
        if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0)
            _exit(2);
        _exit(access(folder, W_OK | X_OK) == 0 ? 0 : 1);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int tinct_spawn(char *const arguments[]) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t process = -1;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return -error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -error;
    }
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    error = posix_spawn_file_actions_adddup2(&actions, 2, 1);
    if (error == 0) error = posix_spawn(&process, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? process : -error;
}
