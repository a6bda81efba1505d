package import Glibc

/// A value that one thread at a time can reach.
///
/// Like `Synchronization.Mutex`, whose hand-over on Linux is a system call of its own that ThreadSanitizer does not see, so
/// that it takes everything behind one for a race. A POSIX mutex costs a call more and is understood.
@safe
package struct Lock<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
    package let mutex: UnsafeMutablePointer<pthread_mutex_t>
    package let value: UnsafeMutablePointer<Value>

    package init(_ value: consuming sending Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        let status = unsafe pthread_mutex_init(mutex, nil)
        precondition(status == 0, "no mutex can be made")
        unsafe self.value = .allocate(capacity: 1)
        unsafe self.value.initialize(to: value)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deinitialize(count: 1)
        unsafe mutex.deallocate()
        unsafe value.deinitialize(count: 1)
        unsafe value.deallocate()
    }

    /// Shows `body` the value while no other thread has it. Not to be called again from within.
    @inlinable
    package borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try unsafe body(&value.pointee)
    }
}
