package import CLinux

/// Readiness of many descriptors (epoll, level-triggered). Owned by one thread.
@safe
package struct Poller: ~Copyable {
    /// What to wait for; errors and hang-ups are always reported.
    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32
        @inlinable package init(rawValue: UInt32) { self.rawValue = rawValue }
        @inlinable package static var readable: Interest { Interest(rawValue: UInt32(tinct_epoll_in)) }
        @inlinable package static var writable: Interest { Interest(rawValue: UInt32(tinct_epoll_out)) }
    }

    /// Can be read while events wait.
    package let descriptor: Int32
    @usableFromInline let events: UnsafeMutablePointer<epoll_event>
    @usableFromInline let capacity: Int32

    package init(maximumEvents: Int = 256) throws(SystemError) {
        descriptor = epoll_create1(Int32(tinct_cloexec_epoll))
        if descriptor < 0 { throw SystemError("epoll_create1", tinct_errno()) }
        capacity = Int32(clamping: max(1, min(maximumEvents, 65_536)))
        unsafe events = .allocate(capacity: Int(capacity))
        unsafe events.initialize(repeating: epoll_event(), count: Int(capacity))
    }

    deinit {
        unsafe events.deallocate()
        close(descriptor)
    }

    /// Watches `fd`; events for it carry `token`.
    package func add(_ fd: Int32, token: UInt64, interest: Interest) throws(SystemError) {
        try control(EPOLL_CTL_ADD, fd, interest, token)
    }

    package func modify(_ fd: Int32, token: UInt64, interest: Interest) throws(SystemError) {
        try control(EPOLL_CTL_MOD, fd, interest, token)
    }

    /// Closing a descriptor removes it too, unless it was duplicated.
    package func remove(_ fd: Int32) throws(SystemError) { try control(EPOLL_CTL_DEL, fd, [], 0) }

    private func control(_ operation: Int32, _ fd: Int32, _ interest: Interest, _ token: UInt64) throws(SystemError) {
        let status = tinct_epoll_control(descriptor, operation, fd, interest.rawValue, token)
        if status < 0 { throw SystemError("epoll_ctl", -status) }
    }

    /// Waits until something is ready or `timeoutNanos` have passed (nil: for ever; 0: does not wait). Returns how many
    /// events there are; 0 after a signal too.
    @inlinable
    package mutating func wait(timeoutNanos: UInt64?) -> Int {
        let limit = timeoutNanos.map { Int64(clamping: $0) } ?? -1
        return max(0, Int(unsafe tinct_epoll_wait(descriptor, events, capacity, limit)))
    }

    /// The token of the event at `index`, which must be below what ``wait(timeoutNanos:)`` returned.
    @inlinable
    package func token(at index: Int) -> UInt64 {
        assert(index >= 0 && index < Int(capacity))
        return unsafe tinct_epoll_event_token(events, Int32(truncatingIfNeeded: index))
    }

    @inlinable
    package func flags(at index: Int) -> UInt32 {
        assert(index >= 0 && index < Int(capacity))
        return unsafe tinct_epoll_event_flags(events, Int32(truncatingIfNeeded: index))
    }

    /// Bytes (or a connection, or the end of the stream) can be read.
    @inlinable
    package func isReadable(at index: Int) -> Bool {
        flags(at: index) & UInt32(tinct_epoll_in | tinct_epoll_hangup | tinct_epoll_error) != 0
    }

    @inlinable
    package func isWritable(at index: Int) -> Bool {
        flags(at: index) & UInt32(tinct_epoll_out | tinct_epoll_error) != 0
    }
}

/// A system call that failed.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    package var call: String
    package var code: Int32
    /// What the resolver says; it has codes of its own.
    private var reason: String?

    package init(_ call: String, _ code: Int32) {
        self.call = call
        self.code = code
    }

    /// A failure of `getaddrinfo` with this status.
    init(resolving host: String, status: Int32) {
        self.init("resolve \(host)", status == EAI_SYSTEM ? tinct_errno() : ENOENT)
        if status != EAI_SYSTEM { reason = unsafe String(cString: gai_strerror(status)) }
    }

    package var description: String {
        let text = reason ?? { unsafe String(cString: strerror(code)) }()
        return "\(call): \(text)"
    }
}
