import Bytes
import Metrics
import Schema
import Tape
import Testing

@testable import Replay

struct EventTimeTests {
    /// The time with `delta` added, in the same form; nil when it is no time.
    private func shifted(
        _ bytes: [UInt8], _ encoding: FieldSpan.Encoding, unit: String = "", by deltaNanos: UInt64
    ) -> [UInt8]? {
        guard let slot = EventTime.slot(FieldSpan(0..<bytes.count, encoding), in: bytes, unit: unit) else { return nil }
        var result = bytes
        unsafe result.withUnsafeMutableBufferPointer { target in
            if let base = target.baseAddress { unsafe EventTime.fill(slot, in: base, baseNanos: deltaNanos) }
        }
        return result
    }

    private func shifted(_ text: String, unit: String = "", by deltaNanos: UInt64) -> String? {
        shifted(Array(text.utf8), .text, unit: unit, by: deltaNanos).map { String(decoding: $0, as: UTF8.self) }
    }

    private static let day: UInt64 = 86_400_000_000_000
    /// A day, an hour, a minute, a second and 234.567891 ms.
    private static let delta: UInt64 = day + 3_661_234_567_891

    @Test(
        "A time keeps its form",
        arguments: [
            ("1767225600", "1767315661"), ("1767225600000", "1767315661234"), ("1767225600000000", "1767315661234567"),
            ("1767225600000000000", "1767315661234567891"), ("1767225600.123", "1767315661.357"),
            ("2026-01-01T00:00:00Z", "2026-01-02T01:01:01Z"), ("2026-01-01T00:00:00.000Z", "2026-01-02T01:01:01.234Z"),
            ("2026-01-01T08:30:00.5+08:00", "2026-01-02T09:31:01.7+08:00"),
            ("2025-12-31T21:00:00-03:00", "2026-01-01T22:01:01-03:00"), ("2026-01-01 00:00:00", "2026-01-02 01:01:01"),
            ("2026/01/01 00:00", "2026/01/02 01:01"), ("2026-01-31", "2026-02-01"), ("20260101", "20260102"),
            ("20260101000000", "20260102010101"), ("20260101T000000Z", "20260102T010101Z"),
            ("20260101000000000", "20260102010101234"),
        ])
    func formsStay(before: String, after: String) {
        #expect(shifted(before, by: Self.delta) == after)
    }

    @Test("Numbers in Thrift keep their width", arguments: [4, 8])
    func integers(width: Int) {
        let seconds: Int64 = 1_767_225_600
        func bytes(_ value: Int64) -> [UInt8] {
            (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> Int64(8 * $0)) }
        }
        #expect(shifted(bytes(seconds), .integer, by: Self.day) == bytes(seconds + 86_400))
    }

    @Test("Doubles of either order, and the unit that a schema states")
    func doubles() {
        func bytes(_ value: Double) -> [UInt8] {
            (0..<8).reversed().map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * $0)) }
        }
        #expect(shifted(bytes(1_767_225_600.5), .double, by: Self.day) == bytes(1_767_312_000.5))
        #expect(
            shifted(bytes(1_767_225_600.5).reversed(), .doubleLittleEndian, by: Self.day)
                == bytes(1_767_312_000.5).reversed())
        #expect(shifted("86400", unit: "s", by: Self.day) == "72800")
    }

    @Test("What is no time is left alone", arguments: ["", "abc", "12", "2026-13-01", "2026-01-01T25:00:00Z", "1.2.3"])
    func others(text: String) { #expect(shifted(text, by: 1) == nil) }

    /// The bodies that a server got, as JSON.
    private func sent(_ mode: EventTimeMode, _ rate: String, rounds: UInt32 = 1) throws -> (
        times: [Int64], start: Int64
    ) {
        let server = try MisbehavingServer { _, _ in .bytes(Sample.ok) }
        defer { server.stop() }
        var options = try Sample.options(rate, connections: 1)
        options.fidelity.eventTime = mode
        options.fidelity.rounds = rounds
        options.allowsDuplicates = true
        let field = try #require(RequestField("at"))
        options.fidelity.times = DeclaredTimes(schemas: SchemaSet(), fields: [field])
        let exchanges = (0..<5).map { index in
            var exchange = Sample.http(1)[0]
            let body = #"{"at":\#(1_700_000_000_000 + index * 20)}"#
            exchange.request = Message(
                wire: Array("POST / HTTP/1.1\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8),
                startNanos: 1_000_000_000 + UInt64(index) * 20_000_000)
            return exchange
        }
        let result = try Sample.run(exchanges, port: server.port, options)
        #expect(result[.ok] == UInt64(5 * rounds))
        let times = server.seen.compactMap { request in
            Int64(String(decoding: request.suffix(14).prefix(13), as: UTF8.self))
        }
        return (times, Int64(result.run.startNanos / 1_000_000))
    }

    @Test("Shifted times keep their differences and begin now, in each round")
    func shiftedRun() throws {
        let run = try sent(.shift, "recorded", rounds: 2)
        try #require(run.times.count == 10)
        #expect(run.times.indices.allSatisfy { $0 % 5 == 0 || run.times[$0] - run.times[$0 - 1] == 20 })
        #expect(abs(run.times[0] - run.start) <= 2)
        // The pause between two rounds is the mean one within them.
        #expect(abs(run.times[5] - run.times[0] - 96) <= 1)
    }

    @Test("Scaled times follow the pace")
    func scaledRun() throws {
        let run = try sent(.scale, "2x")
        try #require(run.times.count == 5)
        #expect(run.times.indices.dropFirst().allSatisfy { run.times[$0] - run.times[$0 - 1] == 10 })
        #expect(abs(run.times[0] - run.start) <= 2)
        #expect(try sent(.keep, "recorded").times == (0..<5).map { 1_700_000_000_000 + $0 * 20 })
    }
}
