import Bytes
import Foundation
import TestSupport
import Testing

@testable import Capture

/// How many connections: 10,000 is the bar, and takes a while in a debug build.
private let flowCount = ProcessInfo.processInfo.environment["TINCT_TCP_FLOWS"].flatMap(Int.init) ?? 2000

@Suite struct PathologyTests {
    /// A reassembler with a reader that takes everything at once.
    private struct Run: ~Copyable {
        var reassembler: Reassembler
        /// By flow number: both directions.
        var streams: [UInt64: [PathologicalFlow.Stream]] = [:]
        var account = StreamAccount()
        var closedFlows = 0
        var openAccounts = 0
        var highestHeld = 0

        init(_ limits: Reassembler.Limits) { reassembler = Reassembler(limits: limits) }

        mutating func add(_ packet: PathologicalFlow.Packet, nanos: UInt64) {
            var segment = packet.segment
            segment.timeNanos = nanos
            reassembler.add(segment, packet.payload.rawSpan)
            drain()
        }

        mutating func drain() {
            for event in reassembler.events {
                reassembler.read(event) { flow, bytes in
                    var both = streams[flow.value.number] ?? [.init(), .init()]
                    switch event.kind {
                    case .data: both[event.direction].bytes += [UInt8](copying: bytes)
                    case .gap, .cut, .limit: both[event.direction].addHole(Int(event.length))
                    case .end, .stop: break
                    case .closed:
                        closedFlows += 1
                        for direction in 0...1 {
                            if !flow.account(direction).closes { openAccounts += 1 }
                            account += flow.account(direction)
                        }
                    }
                    streams[flow.value.number] = both
                    return bytes.byteCount
                }
                if event.kind == .closed { reassembler.release(event.flow) }
            }
            reassembler.clearEvents()
            highestHeld = max(highestHeld, reassembler.heldBytes)
        }

        mutating func finish() {
            reassembler.finish()
            drain()
        }
    }

    /// Flows side by side, packets in turns that a seeded generator draws; calls `body` with each.
    private func interleave(
        _ count: Int, seed: UInt64,
        _ body: (PathologicalFlow.Packet, _ nanos: UInt64, _ begun: PathologicalFlow?) -> Void
    ) {
        var generator = SplitMix(seed: seed)
        var active: [(flow: PathologicalFlow, next: Int)] = []
        var made = 0
        var nanos: UInt64 = 1
        while true {
            while active.count < 64 && made < count {
                // A port is free again when the connection in the same place has ended; so pairs are used again.
                let port = UInt16(40_000 + made % 4096)
                active.append((PathologicalFlow(number: made, port: port, &generator), 0))
                made += 1
            }
            if active.isEmpty { return }
            let index = Int.random(in: 0..<active.count, using: &generator)
            let (flow, next) = active[index]
            if next == flow.packets.count {
                active.remove(at: index)
                continue
            }
            nanos += 1000
            body(flow.packets[next], nanos, next == 0 ? flow : nil)
            active[index].next += 1
        }
    }

    @Test(arguments: [20_261_121 as UInt64, 1])
    func whatCanBeKnownIsRecoveredAndTheRestIsAccountedFor(seed: UInt64) {
        var limits = Reassembler.Limits()
        limits.totalBytes = 8 << 20
        var run = Run(limits)
        var expected: [UInt64: PathologicalFlow] = [:]
        var captured: UInt64 = 0
        interleave(flowCount, seed: seed) { packet, nanos, begun in
            if let begun { expected[run.reassembler.flowCount] = begun }
            captured += UInt64(packet.payload.count)
            run.add(packet, nanos: nanos)
        }
        run.finish()
        #expect(run.closedFlows == flowCount)
        #expect(run.reassembler.flowCount == UInt64(flowCount))
        #expect(run.openAccounts == 0)
        #expect(run.account.captured == captured)
        #expect(run.account.dropped == 0)
        #expect(run.account.outOfWindow == 0)
        #expect(run.reassembler.hurriedGaps == 0)
        #expect(run.highestHeld <= limits.totalBytes)
        #expect(run.reassembler.heldBytes == 0)
        var wrong = 0
        var holes = 0
        for (number, flow) in expected {
            guard let streams = run.streams[number] else {
                wrong += 1
                continue
            }
            // The first endpoint is the sender of the first packet that was captured, unless that is an answer.
            let isTurned = flow.packets.first.map { $0.direction == 1 && !$0.segment.flags.contains(.syn) } ?? false
            for direction in 0...1 {
                let got = streams[isTurned ? 1 - direction : direction]
                let known = flow.expected(direction)
                holes += known.holes.count / 2
                if got != known { wrong += 1 }
                if got != known && wrong <= 5 {
                    Issue.record(
                        """
                        seed \(seed), flow \(number), direction \(direction), picked up \(flow.isMidStream): \
                        \(got.bytes.count) bytes, holes \(got.holes); expected \(known.bytes.count), \(known.holes)
                        """)
                }
            }
        }
        #expect(wrong == 0, "seed \(seed)")
        #expect(holes > flowCount / 4)
        #expect(run.account.conflicting > 0 && run.account.duplicate > 0)
    }

    @Test func memoryStaysUnderTinyLimitsAndNothingIsUnaccountedFor() {
        var limits = Reassembler.Limits()
        limits.flows = 24
        limits.totalBytes = 40_000
        limits.unreadBytes = 4000
        limits.pendingBytes = 2000
        var run = Run(limits)
        var captured: UInt64 = 0
        interleave(flowCount / 4, seed: 5) { packet, nanos, _ in
            captured += UInt64(packet.payload.count)
            run.add(packet, nanos: nanos)
        }
        run.finish()
        #expect(run.account.captured == captured)
        #expect(run.openAccounts == 0)
        #expect(run.reassembler.evictedFlows > 0)
        #expect(run.reassembler.hurriedGaps > 0)
        #expect(run.highestHeld <= limits.totalBytes + 2000)
        #expect(run.reassembler.heldBytes == 0)
    }
}
