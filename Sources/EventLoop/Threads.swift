import CLinux

/// Clocks in nanoseconds.
package enum Clock {
    /// Never steps; counts from an arbitrary point.
    package static func monotonicNanos() -> UInt64 { tinct_clock_nanos(CLOCK_MONOTONIC) }
    /// Since 1970 UTC.
    package static func realtimeNanos() -> UInt64 { tinct_clock_nanos(CLOCK_REALTIME) }

    /// Sleeps at least so long.
    package static func sleep(nanos: UInt64) {
        var time = timespec(tv_sec: Int(nanos / 1_000_000_000), tv_nsec: Int(nanos % 1_000_000_000))
        _ = unsafe nanosleep(&time, nil)
    }

    /// User and system time of the process so far, in seconds.
    package static func processSeconds() -> Double { Double(tinct_clock_nanos(CLOCK_PROCESS_CPUTIME_ID)) / 1e9 }
}

/// Wakes a thread that waits in a ``Poller``, from any thread.
package final class Wakeup: Sendable {
    /// To be watched for ``Poller/Interest/readable``.
    package let descriptor: Int32

    package init() throws(SystemError) {
        descriptor = eventfd(0, Int32(tinct_eventfd_flags))
        if descriptor < 0 { throw SystemError("eventfd", tinct_errno()) }
    }

    deinit { close(descriptor) }

    package func signal() { _ = eventfd_write(descriptor, 1) }

    /// Takes back every signal so far; the watching thread calls it before it looks at what it was woken for.
    package func clear() {
        var value: eventfd_t = 0
        _ = unsafe eventfd_read(descriptor, &value)
    }
}

/// SIGINT and SIGTERM as data. Make it before any thread is started: threads inherit that the signals are blocked.
package final class SignalWatch: Sendable {
    /// May be watched by a ``Poller``.
    package let descriptor: Int32

    package init() throws(SystemError) {
        descriptor = tinct_signal_descriptor()
        if descriptor < 0 { throw SystemError("signalfd", -descriptor) }
    }

    deinit {
        close(descriptor)
        tinct_signal_restore()
    }

    /// The number of a signal that came within `timeoutNanos`, or nil.
    package func wait(timeoutNanos: UInt64) -> Int32? {
        guard tinct_poll_readable(descriptor, Int64(clamping: timeoutNanos)) == 1 else { return nil }
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor, &information, size) == size else { return nil }
        return Int32(truncatingIfNeeded: information.ssi_signo)
    }
}

/// A thread that runs one function to its end.
package final class LoopThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let thread: pthread_t

    /// CPUs that this process may run on.
    package static var availableCPUs: Int { max(1, Int(tinct_affinity_count())) }

    /// Whether each of so many threads may be always awake and at least one CPU of the machine is left for others: they have
    /// a CPU each, and no quota (of a container) would be used up by it.
    package static func leaveRoom(_ threads: Int) -> Bool {
        threads <= availableCPUs && threads < Int(tinct_online_count()) && !hasQuota
    }

    /// Keeps the process's code and data in memory where that is permitted: a kernel that reclaims what was not touched for
    /// a while takes code from under a thread that waits for its time, and reading it again takes 100 µs and more.
    package static func keepPages() { _ = tinct_keep_pages() }

    /// The limits of control groups version 2 and 1, as a container sees its own.
    private static var hasQuota: Bool {
        ["/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"].contains { path in
            guard let file = unsafe fopen(path, "re") else { return false }
            defer { _ = unsafe fclose(file) }
            let first = unsafe fgetc(file)
            // "max 100000" and "-1" mean none.
            return first >= 48 && first <= 57
        }
    }

    /// Starts the thread. `sharpTimers` lets its timers fire to the nanosecond; `isBackground` makes way for
    /// the process's other threads. `pinnedTo` is an index into the CPUs the
    /// process may run on.
    package init(
        sharpTimers: Bool = false, isBackground: Bool = false, pinnedTo cpu: Int? = nil,
        _ body: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let boxed = unsafe Unmanaged.passRetained(
            Body {
                if sharpTimers { tinct_sharpen_timers() }
                if isBackground { tinct_yield_priority() }
                if let cpu { _ = tinct_pin_to(Int32(clamping: cpu)) }
                body()
            })
        var handle = pthread_t()
        let status = unsafe pthread_create(
            &handle, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            }, boxed.toOpaque())
        if status != 0 {
            unsafe boxed.release()
            throw SystemError("pthread_create", status)
        }
        thread = handle
    }

    /// Waits for the end; to be called once.
    package func join() { _ = pthread_join(thread, nil) }
}
