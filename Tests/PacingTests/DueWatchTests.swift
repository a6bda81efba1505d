import Pacing
import Testing

/// A thread that does as it is told: it sleeps to the nanosecond, and watching takes it a microsecond a look.
@Suite struct DueWatchTests {
    /// How much of the time was watched, and the longest time before a due time at which it was asleep last.
    private func watched(_ mode: DueWatch.Mode, everyNanos: UInt64, count: UInt64) -> (share: Double, slept: UInt64) {
        var watch = DueWatch(mode)
        var now: UInt64 = 1_000_000_000
        let start = now
        var watchedNanos: UInt64 = 0
        var latest = UInt64.max
        for index in 1...count {
            let due = start + index * everyNanos
            while now < due {
                let wake = watch.sleepEnd(before: due, now: now)
                if wake < now || wake > due {
                    Issue.record("awake at \(wake), which is not between \(now) and \(due)")
                    return (0, 0)
                }
                if wake > now {
                    now = wake
                    latest = min(latest, due - wake)
                } else {
                    now += 1_000
                    watchedNanos += 1_000
                }
            }
        }
        return (Double(watchedNanos) / Double(now - start), latest)
    }

    @Test func watchesTheClockBeforeEachDueTime() {
        let slow = watched(.automatic, everyNanos: 100_000_000, count: 100)
        #expect(slow.slept == DueWatch.usualNanos)
        #expect(slow.share > 0.004 && slow.share < 0.006)
        let fixed = watched(.fixed(50_000), everyNanos: 1_000_000, count: 1000)
        #expect(fixed.slept == 50_000)
        #expect(fixed.share > 0.049 && fixed.share < 0.051)
    }

    /// At any rate, a quarter of the time and what was saved up: 50 ms of these four seconds.
    @Test(arguments: [50_000, 200_000, 1_000_000, 1_900_000] as [UInt64])
    func takesAQuarterOfTheTimeAtMost(everyNanos: UInt64) {
        let count = 4_000_000_000 / everyNanos
        let share = watched(.automatic, everyNanos: everyNanos, count: count).share
        #expect(share > 0.2 && share < 0.28)
    }

    /// Twenty requests a millisecond apart behind a pause: all of them are watched for.
    @Test func aPauseIsSavedUpForABurst() {
        var watch = DueWatch(.automatic)
        var now: UInt64 = 1_000_000_000
        for _ in 0..<50 {
            now += 300_000_000
            for _ in 0..<20 {
                let due = now + 1_000_000
                #expect(watch.sleepEnd(before: due, now: now) == due - DueWatch.usualNanos)
                now = due - DueWatch.usualNanos
                #expect(watch.sleepEnd(before: due, now: now) == now)
                now = due
            }
            watch.rest(now: now)
        }
    }

    @Test func zeroNeverWatches() {
        let never = watched(.fixed(0), everyNanos: 1_000_000, count: 100)
        #expect(never.share == 0 && never.slept == 0)
        var watch = DueWatch(.fixed(0))
        #expect(watch.sleepEnd(before: 5, now: 7) == 7)
    }

    /// Replies wake a thread that sleeps: it goes back to sleep for what is left.
    @Test func wakesInBetweenDoNotShortenTheWatch() {
        var watch = DueWatch(.automatic)
        let due: UInt64 = 2_000_000_000
        for now in stride(from: 1_900_000_000 as UInt64, to: due - DueWatch.usualNanos, by: 7_000_003) {
            #expect(watch.sleepEnd(before: due, now: now) == due - DueWatch.usualNanos)
        }
        #expect(watch.sleepEnd(before: due, now: due - 499_000) == due - 499_000)
    }
}
