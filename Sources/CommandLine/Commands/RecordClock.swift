import CLinux
import Files
import Glibc

/// The times that a recording goes by.
struct RecordClock {
    /// The time of the last packet, in ns since 1970 UTC; 0 before the first one.
    var recordedNanos: UInt64 = 0
    /// When it was read, on the monotonic clock.
    private(set) var packetNanos = tinct_clock_nanos(CLOCK_MONOTONIC)

    var monotonicNanos: UInt64 { tinct_clock_nanos(CLOCK_MONOTONIC) }

    /// The last packet's time and what has passed since it came: the wall clock of whoever captures, without the time by
    /// which reading lags behind; 0 before the first packet.
    var estimatedNanos: UInt64 {
        recordedNanos == 0 ? 0 : recordedNanos &+ (monotonicNanos &- packetNanos)
    }

    /// The coarse clock costs a few ns and is late by at most one tick of the system (4 ms).
    mutating func sawPacket() { packetNanos = tinct_clock_nanos(CLOCK_MONOTONIC_COARSE) }
}

/// SIGINT and SIGTERM as the end of a recording.
final class RecordSignals {
    let descriptor: Int32
    private var raisedNanos: UInt64?

    /// From now on the two signals no longer end the process by themselves.
    init() throws(CommandError) {
        descriptor = tinct_signal_descriptor()
        if descriptor < 0 {
            let error = FileError(path: "signals", operation: .open, code: -descriptor)
            throw CommandError("\(error)", exit: .failed)
        }
    }

    deinit {
        // A signal that is still there would end the process as soon as it is let through.
        var taken = [UInt8](repeating: 0, count: 4096)
        while unsafe read(descriptor, &taken, taken.count) > 0 {}
        close(descriptor)
        tinct_signal_restore()
    }

    /// A signal has come.
    var isRaised: Bool {
        if raisedNanos == nil && tinct_poll_readable(descriptor, 0) == 1 {
            raisedNanos = tinct_clock_nanos(CLOCK_MONOTONIC)
        }
        return raisedNanos != nil
    }

    /// After a signal a pipe is read on until its writer closes it: Ctrl-C reaches both, and the writer still hands out
    /// what it has. True when it has been quiet for 500 ms, or has not come to an end for 3 s.
    func isTimeToEnd(quietNanos: UInt64) -> Bool {
        guard isRaised, let raisedNanos else { return false }
        let since = tinct_clock_nanos(CLOCK_MONOTONIC) - raisedNanos
        return min(since, quietNanos) >= 500_000_000 || since >= 3_000_000_000
    }

    /// Waits for the first byte of standard input, or its end; false when a signal came and nothing else.
    func waitForInput() -> Bool {
        while tinct_poll_pair(0, isRaised ? -1 : descriptor, 500_000_000) & 1 == 0 {
            if isTimeToEnd(quietNanos: .max) { return false }
        }
        return true
    }

    /// The path leads to something whose end nobody knows.
    static func isPipe(_ path: String) -> Bool {
        var status = stat()
        let result = path == "-" ? unsafe fstat(0, &status) : unsafe stat(path, &status)
        return result == 0 && status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
    }
}
