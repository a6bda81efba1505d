import Bytes
import EventLoop
import Metrics
import Pacing
import Replay
import Tape
import TestSupport
import Testing

/// What is measured, against servers whose truth is known.
@Suite(.serialized) struct TruthTests {
    /// A server that stands still for a tenth of the time: a request that comes due in the stall waits for the rest of it,
    /// so that the latency at percentile p above 90 is (p − 90)/10 of the stall, whatever the machine's speed.
    @Test(.withoutSanitizer) func aStallShowsInTheLatencyFromTheDueTime() throws {
        let period: UInt64 = 2_000_000_000
        let stall: UInt64 = 200_000_000
        let began = Lock<UInt64>(0)
        let server = try MisbehavingServer { _, _ in
            let now = Clock.monotonicNanos()
            let start = began.withLock { start in
                if start == 0 { start = now }
                return start
            }
            // The stall is in the middle of each period.
            let phase = (now - start) % period
            if phase >= 900_000_000, phase < 900_000_000 + stall {
                Clock.sleep(nanos: 900_000_000 + stall - phase)
            }
            return .bytes(Sample.ok)
        }
        defer { server.stop() }
        var options = try Sample.options("500", connections: 4, threads: 1)
        options.allowsDuplicates = true
        options.durationNanos = 6_000_000_000
        options.timeoutNanos = 10_000_000_000
        let result = try Sample.run(Sample.http(500), port: server.port, options)
        #expect(result[.ok] == 3000)
        // 5 % of the stall as the bar asks for would be 5 ms; a machine that builds beside gets more.
        #expect(
            abs(Double(result.latency.corrected.p95Micros) - 100_000) < 25_000, "\(result.latency.corrected.p95Micros)")
        #expect(
            abs(Double(result.latency.corrected.p99Micros) - 180_000) < 35_000, "\(result.latency.corrected.p99Micros)")
        // A generator that waits for its connections sees four requests in each stall.
        #expect(result.latency.raw.p95Micros < 50_000, "\(result.latency.raw.p95Micros)")
        #expect(result.slowest.count == 10 && result.slowest[0].correctedMicros > 150_000)
        #expect(result.slowest.map(\.correctedMicros) == result.slowest.map(\.correctedMicros).sorted(by: >))
    }

    @Test func theSlowestAreKeptWithTheirPositions() throws {
        let server = try MisbehavingServer { number, _ in
            if number % 50 == 20 { Clock.sleep(nanos: UInt64(number) * 2_000_000) }
            return number == 199 ? .nothing : .bytes(Sample.ok)
        }
        defer { server.stop() }
        var options = try Sample.options("max", connections: 1)
        options.keepSlowest = 5
        options.timeoutNanos = 500_000_000
        let result = try Sample.run(Sample.http(200), port: server.port, options)
        #expect(result.slowest.map(\.position) == [199, 170, 120, 70, 20])
        #expect(result.slowest.map(\.outcome) == ["noReply", "ok", "ok", "ok", "ok"])
        #expect(result.slowest.allSatisfy { $0.operation == "POST /v1/{}" && $0.rawMicros >= 6000 })
        options.keepSlowest = 0
        #expect(try Sample.run(Sample.http(20), port: server.port, options).slowest.isEmpty)
    }

    @Test func whatComesAfterTheCallersBudgetIsLate() throws {
        let server = try MisbehavingServer { _, _ in
            Clock.sleep(nanos: 30_000_000)
            return .bytes(Sample.ok)
        }
        defer { server.stop() }
        var options = try Sample.options("10", connections: 2)
        options.timeoutNanos = 5_000_000_000
        options.budget.nanos = 10_000_000
        let late = try Sample.run(Sample.http(5), port: server.port, options)
        #expect(late[.lateReply] == 5 && late[.ok] == 0)
        // What the request states itself comes first.
        options.budget.header = Array("x-timeout-ms".utf8)
        var exchanges = Sample.http(6)
        for index in exchanges.indices {
            let stated = index % 2 == 0 ? "4000" : "5"
            let text = String(decoding: exchanges[index].request?.wire ?? [], as: UTF8.self)
            let parts = text.split(separator: "Host: old.example\r\n", maxSplits: 1)
            exchanges[index].request = Message(
                wire: Array((parts[0] + "Host: old.example\r\nX-Timeout-Ms: \(stated)\r\n" + parts[1]).utf8),
                startNanos: exchanges[index].startNanos)
        }
        let stated = try Sample.run(exchanges, port: server.port, options)
        #expect(stated[.ok] == 3 && stated[.lateReply] == 3)
    }

    @Test func recordedGapsAreKeptAtEverySpeed() throws {
        // Bursts of ten within 200 µs, every 20 ms.
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        var exchanges = Sample.http(200)
        for index in exchanges.indices {
            exchanges[index].request?.startNanos =
                1_000_000_000 + UInt64(index / 10) * 20_000_000 + UInt64(index % 10) * 20_000
        }
        final class Writer: RunTapeWriter, Sendable {
            let arrivals = Lock<[(position: UInt64, due: UInt64)]>([])
            func begin(clockOffsetNanos: UInt64) {}
            func write(_ entry: RunTapeEntry, operation: String) {
                arrivals.withLock { $0.append((entry.sourceID, entry.dueNanos)) }
            }
            func finish() {}
        }
        for (rate, scale) in [("recorded", 1.0), ("10x", 10), ("0.5x", 0.5)] {
            let writer = Writer()
            let options = try Sample.options(rate, connections: 16, threads: 2)
            let run = Run(
                options: options, gatekeeper: try Sample.gatekeeper(server.port, options),
                source: ListSource(exchanges), identities: DeclaredIdentities(), writer: writer)
            _ = try run.run(signals: nil) { _ in }
            let due = writer.arrivals.withLock { $0 }.sorted { $0.position < $1.position }.map(\.due)
            #expect(due.count == 200)
            for (index, time) in due.enumerated() {
                let recorded = exchanges[index].startNanos - 1_000_000_000
                #expect(time - due[0] == UInt64(Double(recorded) / scale))
            }
        }
    }
}
