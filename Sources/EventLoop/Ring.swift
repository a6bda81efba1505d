package import CLinux

/// Transfers of many sockets through io_uring, at one system call for all that a turn of a loop sends and receives.
///
/// Receiving is asked for once for each connection and goes on by itself, into buffers that the kernel takes from a common
/// pool; sends are gathered until the next ``turn(timeoutNanos:)``. A send is decided within that call, as send(2) without
/// waiting is: when all of it was taken nothing more is heard of it, else it completes with how much was, or with a
/// negative errno.
///
/// Needs Linux 6.1, and that io_uring is permitted: by seccomp, and by `kernel.io_uring_disabled`. Belongs to the thread
/// that made it.
@safe
package struct Ring: ~Copyable {
    @usableFromInline let ring: UnsafeMutablePointer<tinct_ring>
    // Sends of this turn stand in one half of the staging area; those of the turn before in the other, until the
    // completions of that turn are worked off.
    @usableFromInline let staging: UnsafeMutablePointer<UInt8>
    @usableFromInline var stagedBytes = 0
    @usableFromInline var isSecondHalf = false

    /// Entries that one turn may submit; more are submitted in between.
    package static let sendLimit = 256
    /// As many bytes as one receive takes. One for each completion that waits is enough.
    static let bufferSize: UInt32 = 4096
    static let bufferCount: UInt32 = 256
    @usableFromInline static let stagingSize = 256 << 10
    /// The longest send that is worth copying.
    @usableFromInline static let longestSend = 16 << 10

    package init() throws(SystemError) {
        unsafe ring = .allocate(capacity: 1)
        unsafe ring.initialize(to: tinct_ring())
        unsafe staging = .allocate(capacity: 2 * Ring.stagingSize)
        let status = unsafe tinct_ring_open(ring, UInt32(Ring.sendLimit), Ring.bufferCount, Ring.bufferSize)
        if status < 0 {
            unsafe ring.deallocate()
            unsafe staging.deallocate()
            throw SystemError("io_uring_setup", -status)
        }
    }

    deinit {
        unsafe tinct_ring_close(ring)
        unsafe ring.deallocate()
        unsafe staging.deallocate()
    }

    /// Sends or requests to receive are waiting for the next turn.
    @inlinable
    package var hasPending: Bool { unsafe ring.pointee.pending > 0 }

    @inlinable @inline(__always)
    func reserve() {
        if unsafe ring.pointee.pending >= ring.pointee.sq_entries { submit() }
    }

    /// Hands over what is pending; for when it must not wait for the next turn.
    @inlinable
    package func submit() { _ = unsafe tinct_ring_submit(ring) }

    /// Receives from a socket until it ends or fails, or until there are no buffers: the last completion says so.
    @inlinable
    package func receive(from fd: Int32, token: UInt64) {
        reserve()
        unsafe tinct_ring_receive(ring, fd, token)
    }

    /// Reports once that a descriptor can be read.
    @inlinable
    package func watch(_ fd: Int32, token: UInt64) {
        reserve()
        unsafe tinct_ring_watch(ring, fd, token)
    }

    /// Copies bytes to be sent with the next turn. Nil when there is no room for them; else where the copy stands until the
    /// completions of that turn are worked off. A socket has one send in a turn at most.
    @inlinable @inline(__always)
    package mutating func stage(
        _ fd: Int32, _ bytes: UnsafePointer<UInt8>, _ count: Int, token: UInt64
    ) -> UnsafePointer<UInt8>? {
        if count > Ring.longestSend || stagedBytes + count > Ring.stagingSize { return nil }
        let copy = unsafe staging + (isSecondHalf ? Ring.stagingSize : 0) + stagedBytes
        unsafe copy.update(from: bytes, count: count)
        stagedBytes += count
        reserve()
        unsafe tinct_ring_send(ring, fd, copy, UInt32(truncatingIfNeeded: count), token)
        return unsafe UnsafePointer(copy)
    }

    /// Submits what is pending, and waits until something has completed or `timeoutNanos` have passed (0: does not wait).
    /// Returns how many completions there are, to be let go of with ``finish(_:)``.
    @inlinable
    package mutating func turn(timeoutNanos: UInt64) -> Int {
        _ = unsafe tinct_ring_enter(ring, timeoutNanos == 0 ? 0 : 1, Int64(clamping: timeoutNanos))
        // What the kernel would not take now is still to be sent from where it stands.
        if !hasPending {
            isSecondHalf.toggle()
            stagedBytes = 0
        }
        return Int(unsafe tinct_ring_ready(ring))
    }

    /// Lets go of a turn's completions.
    @inlinable
    package func finish(_ count: Int) { unsafe tinct_ring_advance(ring, UInt32(truncatingIfNeeded: count)) }

    /// What has come of one request.
    @safe
    package struct Completion {
        package let token: UInt64
        /// Bytes, or a negative errno.
        package let result: Int
        @usableFromInline let flags: UInt32
        /// What was received, until ``Ring/giveBack(_:)``.
        package let bytes: UnsafePointer<UInt8>?

        @inlinable
        init(token: UInt64, result: Int, flags: UInt32, bytes: UnsafePointer<UInt8>?) {
            self.token = token
            self.result = result
            self.flags = flags
            unsafe self.bytes = bytes
        }

        /// The request goes on.
        @inlinable
        package var goesOn: Bool { tinct_ring_has_more(flags) != 0 }
    }

    /// The completion at `index`, which must be below what ``turn(timeoutNanos:)`` returned.
    @inlinable @inline(__always)
    package func completion(at index: Int) -> Completion {
        let found = unsafe tinct_ring_completion(ring, UInt32(truncatingIfNeeded: index))
        let flags = unsafe found!.pointee.flags
        return unsafe Completion(
            token: found!.pointee.user_data, result: Int(found!.pointee.res), flags: flags,
            bytes: tinct_ring_buffer(ring, flags))
    }

    /// Gives the buffer of a completion back, when what was received has been taken out of it.
    @inlinable @inline(__always)
    package func giveBack(_ completion: Completion) {
        if unsafe completion.bytes != nil { unsafe tinct_ring_give_back(ring, completion.flags) }
    }
}
