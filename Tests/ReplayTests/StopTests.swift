import Bytes
import EventLoop
import Metrics
import Replay
import TestSupport
import Testing

/// What ends a run early: the last new send comes within 100 ms, and the books close.
@Suite(.serialized, .overBothTransfers) struct StopTests {
    /// When the run began.
    private final class Stamp: RunWatcher {
        private(set) var startNanos: UInt64 = 0
        private(set) var seconds = 0
        func began(startNanos: UInt64) { self.startNanos = startNanos }
        func closed(_ second: RunSecond, _ operations: [String]) -> RunStop? {
            seconds = second.index + 1
            return nil
        }
    }

    private final class Arrivals: Sendable {
        let last = Lock<UInt64>(0)
        func note() { last.withLock { $0 = Clock.realtimeNanos() } }
    }

    private func run(
        rate: String, _ watchers: [any RunWatcher], _ answer: @escaping @Sendable (Int) -> MisbehavingServer.Answer
    ) throws -> (result: RunResult, lastNanos: UInt64) {
        let arrivals = Arrivals()
        let server = try MisbehavingServer { number, _ in
            arrivals.note()
            return answer(number)
        }
        defer { server.stop() }
        var options = try Sample.options(rate, connections: 8, threads: 2)
        options.allowsDuplicates = true
        options.durationNanos = 20_000_000_000
        options.timeoutNanos = 2_000_000_000
        let run = Run(
            options: options, gatekeeper: try Sample.gatekeeper(server.port, options),
            source: ListSource(Sample.http(100)), identities: DeclaredIdentities())
        let result = try run.run(signals: nil, watchers: watchers) { _ in }
        #expect(result.totals.due == result.outcomes.reduce(0, +))
        #expect(result.series.reduce(0) { $0 + $1.outcomes.reduce(0, +) } == result.totals.due)
        #expect(result.run.durationNanos < 19_000_000_000)
        return (result, arrivals.last.withLock { $0 })
    }

    @Test(arguments: ["1000", "max"]) func theKillFileStopsSending(rate: String) throws {
        let began = Clock.monotonicNanos()
        let raisedAt = Lock<UInt64>(0)
        // As a file that appears after 700 ms.
        let watcher = KillFileWatcher(path: "/there") { path in
            let isThere = Clock.monotonicNanos() > began + 700_000_000
            if isThere { raisedAt.withLock { if $0 == 0 { $0 = Clock.realtimeNanos() } } }
            return path == "/there" && isThere
        }
        let (result, last) = try run(rate: rate, [watcher]) { _ in .bytes(Sample.ok) }
        #expect(result.run.exitReason == "killFile" && result.run.exitDetail == "/there")
        #expect(last < raisedAt.withLock { $0 } + 100_000_000)
        #expect(result[.ok] > 100)
    }

    @Test(arguments: [
        ("errors > 1% for 1s", "1000", 300), ("errors > 10 for 2s", "1000", 0), ("p95 > 20ms for 1s", "10", -1),
        ("achieved < 90% for 2s", "200", -2),
    ])
    func anAbortRuleStopsSending(rule: String, rate: String, failsFrom: Int) throws {
        let stamp = Stamp()
        let (result, last) = try run(rate: rate, [stamp, AbortWatcher([try AbortRule(parsing: rule)])]) { number in
            switch failsFrom {
            case -1:
                Clock.sleep(nanos: 40_000_000)
                return .bytes(Sample.ok)
            case -2: return number > 150 ? .nothing : .bytes(Sample.ok)
            default:
                return .bytes(number >= failsFrom ? "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n" : Sample.ok)
            }
        }
        #expect(result.run.exitReason == "abort")
        #expect(result.run.exitDetail.hasPrefix("'\(rule)' held until second "))
        // When the condition had become true.
        let digits = result.run.exitDetail.split(separator: "second ")[1].prefix { $0.isNumber || $0 == "." }
        let seconds = try #require(Double(digits))
        #expect(last < stamp.startNanos + UInt64(seconds * 1e9) + 100_000_000)
        #expect(result.totals.sent > 0)
    }

    /// 20 ticks a second, of which some fail.
    private func stopTick(_ rule: String, _ fails: (Int) -> Bool) throws -> Int? {
        let watcher = AbortWatcher([try AbortRule(parsing: rule)])
        for index in 0..<400 {
            var tick = RunTick(index: index)
            tick.due = 50
            tick.outcomes[Int(Outcome.ok.rawValue)] = fails(index) ? 0 : 50
            tick.outcomes[Int(Outcome.httpError.rawValue)] = fails(index) ? 50 : 0
            tick.corrected.record(micros: fails(index) ? 900_000 : 1000, times: 50)
            if watcher.ticked(tick) != nil { return index }
        }
        return nil
    }

    @Test func aRuleIsJudgedWithinItsSeconds() throws {
        // Failing from 2.35 s on: true for 5 s at 7.35 s, whatever the second began with.
        #expect(try stopTick("errors > 1% for 5s") { $0 >= 47 } == 47 + 99)
        #expect(try stopTick("p95 > 500ms for 1s") { $0 >= 63 } == 63 + 1 + 19)
        #expect(try stopTick("success < 50% for 2s") { $0 >= 40 } == 40 + 10 + 39)
        // Nothing in between ends it: the last second holds the failures of one tick in ten.
        #expect(try stopTick("errors > 1% for 3s") { $0 >= 30 && $0 % 10 == 0 } == 30 + 59)
        #expect(try stopTick("errors > 1% for 3s") { $0 == 30 || $0 == 60 } == nil)
        #expect(try stopTick("errors > 1% for 5s") { (20..<90).contains($0) } == nil)
    }

    @Test func aRuleThatDoesNotHoldLongEnoughStopsNothing() throws {
        let stamp = Stamp()
        let kill = KillFileWatcher(path: "") { _ in stamp.seconds >= 3 }
        // Every other second fails.
        let rule = try AbortRule(parsing: "errors > 50% for 2s")
        let began = Clock.monotonicNanos()
        let (result, _) = try run(rate: "100", [stamp, AbortWatcher([rule]), kill]) { _ in
            let fails = (Clock.monotonicNanos() - began) / 1_000_000_000 == 1
            return .bytes(fails ? "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n" : Sample.ok)
        }
        #expect(result.run.exitReason == "killFile")
        #expect(result[.httpError] > 50)
    }

    @Test(arguments: ["errors", "errors > 1% for", "errors > 1% for 0s", "errors > 1% for 5m", "errors > 5ms for 5s"])
    func refusesWhatIsNoRule(text: String) {
        #expect(throws: ConditionError.self) { try AbortRule(parsing: text) }
    }
}
