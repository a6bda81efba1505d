#pragma once
// io_uring without a library: one ring with a group of provided receive buffers, used by the thread that opened it.
// Layouts and rules: io_uring_setup(2), io_uring_enter(2), io_uring_register(2).
#include <errno.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef IORING_SETUP_DEFER_TASKRUN
#error "the kernel's headers are older than Linux 6.1: install a newer linux-libc-dev"
#endif

struct tinct_ring {
    int fd;
    uint32_t sq_mask, cq_mask, sq_entries;
    // Of the next entry to be filled in, and how many are filled in and not submitted.
    uint32_t sq_next, pending;
    uint32_t *sq_tail, *cq_head, *cq_tail;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
    struct io_uring_buf_ring *buffers;
    uint8_t *pool;
    uint32_t buffer_count, buffer_size, buffer_stride;
    uint16_t buffer_next;
    void *rings;
    size_t rings_size, sqes_size, buffers_size, pool_size;
};

/// Opens a ring for the calling thread, which alone may use it. `entries` and `buffer_count` are powers of two, at most
/// 32,768. 0, or a negative errno: what the kernel or its administrator does not allow fails here.
int tinct_ring_open(struct tinct_ring *ring, uint32_t entries, uint32_t buffer_count, uint32_t buffer_size);
void tinct_ring_close(struct tinct_ring *ring);

/// Submits what is filled in, then waits for at least `wait` completions or `timeout_nanos` (below 0: for ever). What was
/// submitted, or a negative errno.
static inline int tinct_ring_enter(struct tinct_ring *ring, uint32_t wait, int64_t timeout_nanos) {
    // Buffers that were given back must be seen before the kernel looks for one.
    __atomic_store_n(&ring->buffers->tail, ring->buffer_next, __ATOMIC_RELEASE);
    __atomic_store_n(ring->sq_tail, ring->sq_next, __ATOMIC_RELEASE);
    struct __kernel_timespec limit = {timeout_nanos / 1000000000, timeout_nanos % 1000000000};
    struct io_uring_getevents_arg words = {.sigmask_sz = 8, .ts = timeout_nanos < 0 ? 0 : (uint64_t)(uintptr_t)&limit};
    int done = (int)tinct_system_call(SYS_io_uring_enter, ring->fd, ring->pending, wait,
                                      IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, (long)&words, sizeof words);
    if (done > 0) ring->pending -= (uint32_t)done < ring->pending ? (uint32_t)done : ring->pending;
    return done;
}

/// Submits what is filled in and does not look for completions. 0, or a negative errno.
static inline int tinct_ring_submit(struct tinct_ring *ring) {
    __atomic_store_n(ring->sq_tail, ring->sq_next, __ATOMIC_RELEASE);
    while (ring->pending > 0) {
        long done = tinct_system_call(SYS_io_uring_enter, ring->fd, ring->pending, 0, 0, 0, 0);
        if (done == -EINTR) continue;
        if (done <= 0) return done == 0 ? -EBUSY : (int)done;
        ring->pending -= (uint32_t)done < ring->pending ? (uint32_t)done : ring->pending;
    }
    return 0;
}

static inline struct io_uring_sqe *tinct_ring_entry(struct tinct_ring *ring, uint8_t code, int fd, uint64_t token) {
    struct io_uring_sqe *entry = &ring->sqes[ring->sq_next & ring->sq_mask];
    memset(entry, 0, sizeof *entry);
    entry->opcode = code;
    entry->fd = fd;
    entry->user_data = token;
    ring->sq_next++;
    ring->pending++;
    return entry;
}

/// Fills in: receive again and again into the provided buffers. There must be room.
static inline void tinct_ring_receive(struct tinct_ring *ring, int fd, uint64_t token) {
    struct io_uring_sqe *entry = tinct_ring_entry(ring, IORING_OP_RECV, fd, token);
    entry->ioprio = IORING_RECV_MULTISHOT;
    entry->flags = IOSQE_BUFFER_SELECT;
    entry->buf_group = 0;
}

/// Fills in: send all of it now, which is decided within the submission. It completes only when it failed, or with how
/// much of it went out. There must be room.
static inline void tinct_ring_send(struct tinct_ring *ring, int fd, const void *bytes, uint32_t count, uint64_t token) {
    struct io_uring_sqe *entry = tinct_ring_entry(ring, IORING_OP_SEND, fd, token);
    entry->addr = (uint64_t)(uintptr_t)bytes;
    entry->len = count;
    entry->msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL;
    entry->flags = IOSQE_CQE_SKIP_SUCCESS;
}

/// Fills in: report once when `fd` can be read. There must be room.
static inline void tinct_ring_watch(struct tinct_ring *ring, int fd, uint64_t token) {
    struct io_uring_sqe *entry = tinct_ring_entry(ring, IORING_OP_POLL_ADD, fd, token);
    entry->poll32_events = 1;  // POLLIN; its halves are swapped on big-endian machines, where no io_uring is opened.
}

/// Completions that wait.
static inline uint32_t tinct_ring_ready(const struct tinct_ring *ring) {
    return __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) - *ring->cq_head;
}

/// The `index`-th of them.
static inline const struct io_uring_cqe *tinct_ring_completion(const struct tinct_ring *ring, uint32_t index) {
    return &ring->cqes[(*ring->cq_head + index) & ring->cq_mask];
}

/// Lets go of the first `count` of them.
static inline void tinct_ring_advance(struct tinct_ring *ring, uint32_t count) {
    __atomic_store_n(ring->cq_head, *ring->cq_head + count, __ATOMIC_RELEASE);
}

/// The provided buffer of a completion's flags, or NULL.
static inline const uint8_t *tinct_ring_buffer(const struct tinct_ring *ring, uint32_t flags) {
    if (!(flags & IORING_CQE_F_BUFFER)) return NULL;
    return ring->pool + (size_t)(flags >> IORING_CQE_BUFFER_SHIFT) * ring->buffer_stride;
}

/// Gives the provided buffer of a completion's flags back, with the next submission.
static inline void tinct_ring_give_back(struct tinct_ring *ring, uint32_t flags) {
    uint16_t number = (uint16_t)(flags >> IORING_CQE_BUFFER_SHIFT);
    struct io_uring_buf *entry = &ring->buffers->bufs[ring->buffer_next & (ring->buffer_count - 1)];
    // Not the whole entry: the ring's tail lies in the first one.
    entry->addr = (uint64_t)(uintptr_t)(ring->pool + (size_t)number * ring->buffer_stride);
    entry->len = ring->buffer_size;
    entry->bid = number;
    ring->buffer_next++;
}

/// More completions of the same request will follow.
static inline int tinct_ring_has_more(uint32_t flags) { return (flags & IORING_CQE_F_MORE) != 0; }
