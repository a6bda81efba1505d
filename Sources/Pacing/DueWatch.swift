/// When a thread that waits for a due time stops sleeping and watches the clock instead.
///
/// A thread that sleeps until a time wakes late: by 30 to 100 µs on virtual machines, whose idle processors are halted,
/// and by more every now and then. Whoever wakes early and watches the clock is late by less than a microsecond. What that
/// costs is bounded: over time at most a quarter of the thread's, of which a pause may be saved up for a burst.
package struct DueWatch: Sendable {
    package enum Mode: Sendable, Equatable {
        /// Up to ``DueWatch/usualNanos``, for a quarter of the time.
        case automatic
        /// So many ns before each due time, whatever it costs; 0: never.
        case fixed(UInt64)
    }

    /// Longer than a thread mostly takes to wake, in ns.
    package static let usualNanos: UInt64 = 500_000
    /// Longer than it takes nearly always: for threads whose watching takes a processor from nobody.
    package static let generousNanos: UInt64 = 10_000_000
    /// Watching that can be saved up, in ns.
    static let savedLimit: Int64 = 50_000_000

    private let limit: UInt64
    private let isBounded: Bool
    private var saved = DueWatch.savedLimit
    private var updated: UInt64 = 0
    private var due: UInt64 = 0
    private var interval: UInt64 = 0
    private var isWatching = false

    package init(_ mode: Mode) {
        switch mode {
        case .automatic: (limit, isBounded) = (Self.usualNanos, true)
        case .fixed(let nanos): (limit, isBounded) = (nanos, false)
        }
    }

    /// Until when the thread may sleep that waits for `next`; `now` when it is to watch the clock. All monotonic ns.
    package mutating func sleepEnd(before next: UInt64, now: UInt64) -> UInt64 {
        if limit == 0 || next <= now { return max(next, now) }
        if isBounded { account(now) }
        if next != due {
            interval = next > due ? min(next - due, 1_000_000_000) : 0
            due = next
        } else if isWatching {
            return now
        }
        let margin = !isBounded || saved >= Int64(limit) ? limit : min(limit, interval / 4)
        isWatching = next - now <= margin
        return isWatching ? now : next - margin
    }

    /// The thread is about to wait for something else.
    package mutating func rest(now: UInt64) {
        if isBounded { account(now) }
        isWatching = false
    }

    private mutating func account(_ now: UInt64) {
        let elapsed = Int64(clamping: now &- min(updated, now))
        saved += elapsed / 4 - (isWatching ? elapsed : 0)
        saved = max(0, min(Self.savedLimit, saved))
        updated = now
    }
}
