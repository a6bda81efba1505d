import CLinux
import Glibc

/// Counts what one thread has made ready for another, which sleeps while there is nothing.
@safe package final class Semaphore: @unchecked Sendable {
    // The C library's functions on it may be called from any thread.
    private let handle: UnsafeMutablePointer<sem_t>

    package init(_ count: UInt32 = 0) {
        unsafe handle = .allocate(capacity: 1)
        unsafe handle.initialize(to: sem_t())
        unsafe sem_init(handle, 0, count)
    }

    deinit {
        unsafe sem_destroy(handle)
        unsafe handle.deallocate()
    }

    package func signal() { unsafe sem_post(handle) }

    package func wait() {
        while unsafe sem_wait(handle) != 0 {}
    }

    /// Waits for a signal, or so long.
    package func wait(atMostNanos nanos: UInt64) {
        _ = unsafe tinct_semaphore_wait(handle, Int64(clamping: nanos))
    }
}
