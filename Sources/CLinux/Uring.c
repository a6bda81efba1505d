#include "CLinux.h"

int tinct_ring_open(struct tinct_ring *ring, uint32_t entries, uint32_t buffer_count, uint32_t buffer_size) {
    memset(ring, 0, sizeof *ring);
    ring->fd = -1;
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    return -ENOSYS;
#endif
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
        // Each buffer can be complete once, and each entry.
        .cq_entries = 4 * (entries > buffer_count ? entries : buffer_count)};
    int fd = (int)syscall(SYS_io_uring_setup, entries, &params);
    if (fd < 0) return -errno;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    ring->fd = fd;
    int error = ENOSYS;
    uint32_t needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;
    if ((params.features & needed) != needed) goto failed;

    size_t sq_size = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
    size_t cq_size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    ring->rings_size = sq_size > cq_size ? sq_size : cq_size;
    int shared = MAP_SHARED | MAP_POPULATE;
    void *rings = mmap(NULL, ring->rings_size, PROT_READ | PROT_WRITE, shared, fd, IORING_OFF_SQ_RING);
    if (rings == MAP_FAILED) goto failed_errno;
    ring->rings = rings;
    ring->sqes_size = params.sq_entries * sizeof(struct io_uring_sqe);
    void *sqes = mmap(NULL, ring->sqes_size, PROT_READ | PROT_WRITE, shared, fd, IORING_OFF_SQES);
    if (sqes == MAP_FAILED) goto failed_errno;
    ring->sqes = sqes;
    uint8_t *base = rings;
    ring->sq_tail = (uint32_t *)(base + params.sq_off.tail);
    ring->cq_head = (uint32_t *)(base + params.cq_off.head);
    ring->cq_tail = (uint32_t *)(base + params.cq_off.tail);
    ring->cqes = (struct io_uring_cqe *)(base + params.cq_off.cqes);
    ring->sq_entries = params.sq_entries;
    ring->sq_mask = params.sq_entries - 1;
    ring->cq_mask = params.cq_entries - 1;
    // Entries are used in their order, so this never changes.
    uint32_t *order = (uint32_t *)(base + params.sq_off.array);
    for (uint32_t index = 0; index < params.sq_entries; index++) order[index] = index;

    ring->buffer_count = buffer_count;
    ring->buffer_size = buffer_size;
    // Not a multiple of a page, so that the buffers' beginnings do not fall on the same lines of the caches.
    ring->buffer_stride = buffer_size + 192;
    ring->pool_size = (size_t)buffer_count * ring->buffer_stride;
    ring->buffers_size = buffer_count * sizeof(struct io_uring_buf);
    int private = MAP_PRIVATE | MAP_ANONYMOUS;
    void *pool = mmap(NULL, ring->pool_size, PROT_READ | PROT_WRITE, private, -1, 0);
    if (pool == MAP_FAILED) goto failed_errno;
    ring->pool = pool;
    void *buffers = mmap(NULL, ring->buffers_size, PROT_READ | PROT_WRITE, private, -1, 0);
    if (buffers == MAP_FAILED) goto failed_errno;
    ring->buffers = buffers;
    struct io_uring_buf_reg group = {.ring_addr = (uint64_t)(uintptr_t)buffers, .ring_entries = buffer_count};
    if (syscall(SYS_io_uring_register, fd, IORING_REGISTER_PBUF_RING, &group, 1) != 0) goto failed_errno;
    for (uint32_t number = 0; number < buffer_count; number++)
        tinct_ring_give_back(ring, number << IORING_CQE_BUFFER_SHIFT);
    return 0;
failed_errno:
    error = errno;
failed:
    tinct_ring_close(ring);
    return -error;
}

void tinct_ring_close(struct tinct_ring *ring) {
    // Closing ends all that is under way, so that nothing is received into what is unmapped.
    if (ring->fd >= 0) close(ring->fd);
    if (ring->sqes) munmap(ring->sqes, ring->sqes_size);
    if (ring->rings) munmap(ring->rings, ring->rings_size);
    if (ring->buffers) munmap(ring->buffers, ring->buffers_size);
    if (ring->pool) munmap(ring->pool, ring->pool_size);
    ring->fd = -1;
    ring->sqes = NULL;
    ring->rings = NULL;
    ring->buffers = NULL;
    ring->pool = NULL;
}
