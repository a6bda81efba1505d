import Bytes
import Capture
import TestSupport
import Testing

/// One direction as it came out: bytes in order, and where holes lie between them.
private struct Collected: Equatable {
    var bytes: [UInt8] = []
    var holes: [Hole] = []

    struct Hole: Equatable {
        var after: Int
        var length: Int
    }
}

private struct Run {
    var streams = [Collected(), Collected()]
    var accounts: [StreamAccount] = []
    var flows = 0

    init(_ frames: [[UInt8]], limits: Reassembler.Limits = .init()) {
        var reassembler = Reassembler(limits: limits)
        func drain(_ reassembler: inout Reassembler, _ run: inout Run) {
            for event in reassembler.events {
                reassembler.read(event) { flow, bytes in
                    switch event.kind {
                    case .data:
                        run.streams[event.direction].bytes += [UInt8](copying: bytes)
                        return bytes.byteCount
                    case .gap, .cut, .limit:
                        run.streams[event.direction].holes.append(
                            .init(after: run.streams[event.direction].bytes.count, length: Int(event.length)))
                    case .closed:
                        run.accounts += [flow.account(0), flow.account(1)]
                        run.flows += 1
                    case .end, .stop: break
                    }
                    return 0
                }
                if event.kind == .closed { reassembler.release(event.flow) }
            }
            reassembler.clearEvents()
        }
        for frame in frames {
            guard case .segment(let segment) = PacketDecoder.decode(frame.rawSpan, .ethernet, wireLength: frame.count)
            else { continue }
            reassembler.add(segment, frame.rawSpan)
            drain(&reassembler, &self)
        }
        reassembler.finish()
        drain(&reassembler, &self)
    }

    var closes: Bool { accounts.allSatisfy(\.closes) }
}

@Suite struct ReassemblerTests {
    private let build = PacketBuilder()

    private func random(_ count: Int, _ generator: inout SplitMix) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// Segments of `content` with `first` as the sequence number of its first byte.
    private func segments(
        _ content: [UInt8], first: UInt32, _ generator: inout SplitMix
    ) -> [(start: Int, end: Int, frame: [UInt8])] {
        var result: [(start: Int, end: Int, frame: [UInt8])] = []
        var at = 0
        while at < content.count {
            let end = min(content.count, at + Int.random(in: 1...1500, using: &generator))
            let sequence = first &+ UInt32(at)
            result.append((at, end, build.frame(sequence: sequence, payload: Array(content[at..<end]))))
            at = end
        }
        return result
    }

    @Test(arguments: 0..<60)
    func anyOrderDuplicationAndOverlapGivesTheContentBack(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        let content = random(Int.random(in: 1...40_000, using: &generator), &generator)
        // Every third stream wraps around in its middle.
        let start =
            seed % 3 == 0
            ? UInt32.max - UInt32(content.count / 2) : UInt32.random(in: 0...UInt32.max, using: &generator)
        var parts = segments(content, first: start &+ 1, &generator)
        // Overlaps: the same content in other pieces; duplicates: the same pieces again.
        parts += segments(content, first: start &+ 1, &generator).filter { _ in Bool.random(using: &generator) }
        parts += parts.filter { _ in Int.random(in: 0..<4, using: &generator) == 0 }
        // Disorder within the reach of the patience.
        for index in parts.indices {
            parts.swapAt(index, min(parts.count - 1, index + Int.random(in: 0...20, using: &generator)))
        }
        let run = Run([build.frame(sequence: start, flags: .syn)] + parts.map(\.frame))
        #expect(run.streams[0] == Collected(bytes: content), "seed \(seed)")
        #expect(run.closes, "seed \(seed)")
        #expect(run.accounts[0].conflicting == 0, "seed \(seed)")
    }

    @Test(arguments: 0..<40)
    func whatIsDroppedBecomesHolesAndNothingElse(seed: UInt64) {
        var generator = SplitMix(seed: seed &+ 1000)
        let content = random(Int.random(in: 5000...60_000, using: &generator), &generator)
        let start = UInt32.random(in: 0...UInt32.max, using: &generator)
        var parts = segments(content, first: start &+ 1, &generator)
        var expected = Collected()
        var kept: [(start: Int, end: Int, frame: [UInt8])] = []
        for part in parts {
            // The last segment stays: nothing says how much is missing behind it.
            if part.end < content.count, Int.random(in: 0..<8, using: &generator) == 0 {
                if let last = expected.holes.last, last.after == expected.bytes.count {
                    expected.holes[expected.holes.count - 1].length += part.end - part.start
                } else {
                    expected.holes.append(.init(after: expected.bytes.count, length: part.end - part.start))
                }
            } else {
                kept.append(part)
                expected.bytes += content[part.start..<part.end]
            }
        }
        parts = kept
        for index in parts.indices {
            parts.swapAt(index, min(parts.count - 1, index + Int.random(in: 0...3, using: &generator)))
        }
        let run = Run([build.frame(sequence: start, flags: .syn)] + parts.map(\.frame))
        #expect(run.streams[0] == expected, "seed \(seed)")
        #expect(run.accounts[0].missing == UInt64(expected.holes.reduce(0) { $0 + $1.length }), "seed \(seed)")
        #expect(run.closes, "seed \(seed)")
    }

    @Test func theFirstCopyWinsAndConflictsAreCounted() {
        let run = Run([
            build.frame(sequence: 10, flags: .syn),
            build.frame(sequence: 11, payload: Array("GOOD".utf8)),
            build.frame(sequence: 11, payload: Array("EVIL".utf8)),
            build.frame(sequence: 13, payload: Array("ODxy".utf8)),
        ])
        #expect(run.streams[0].bytes == Array("GOODxy".utf8))
        #expect(run.accounts[0].conflicting == 4)
        #expect(run.accounts[0].duplicate == 6)
    }

    @Test func theFirstCopyWinsAmongSegmentsThatWait() {
        let run = Run([
            build.frame(sequence: 10, flags: .syn),
            build.frame(sequence: 15, payload: Array("first".utf8)),
            build.frame(sequence: 13, payload: Array("xxSECONDzz".utf8)),
            build.frame(sequence: 11, payload: Array("ab".utf8)),
        ])
        #expect(run.streams[0].bytes == Array("abxxfirstDzz".utf8))
        #expect(run.accounts[0].conflicting == 5)
    }

    @Test func aFINWithMissingDataLeavesAHoleOfKnownLength() {
        let run = Run([
            build.frame(sequence: 10, flags: .syn),
            build.frame(sequence: 11, payload: [1, 2, 3]),
            build.frame(sequence: 24, flags: [.fin, .ack]),
        ])
        #expect(run.streams[0] == Collected(bytes: [1, 2, 3], holes: [.init(after: 3, length: 10)]))
    }

    @Test func aNewSYNOnTheSamePortsIsANewFlow() {
        let first = build.conversation([(true, [1]), (false, [2])])
        let again = [build.frame(sequence: 99_999, flags: .syn), build.frame(sequence: 100_000, payload: [3])]
        let run = Run(first + [build.frame(sequence: 1000, flags: .syn)] + again)
        #expect(run.flows == 2)
        #expect(run.streams[0].bytes == [1, 3])
    }

    @Test func aSYNBehindItsAnswerAndDataInASYNBelongToTheSameFlow() {
        let reordered = Run([
            build.frame(fromClient: false, sequence: 500, acknowledgement: 11, flags: [.syn, .ack]),
            build.frame(sequence: 10, flags: .syn),
            build.frame(sequence: 11, acknowledgement: 501, payload: [7]),
        ])
        #expect(reordered.flows == 1)
        #expect(reordered.streams[0].bytes == [7])
        let fastOpen = Run([
            build.frame(sequence: 10, flags: .syn, payload: [1, 2]),
            build.frame(fromClient: false, sequence: 500, acknowledgement: 13, flags: [.syn, .ack]),
            build.frame(sequence: 13, acknowledgement: 501, payload: [3]),
        ])
        #expect(fastOpen.streams[0].bytes == [1, 2, 3])
    }

    @Test func anAnswerWaitsForTheRequestThatItAcknowledges() {
        var order: [Int] = []
        var reassembler = Reassembler()
        let frames = [
            build.frame(sequence: 10, flags: .syn),
            build.frame(fromClient: false, sequence: 500, acknowledgement: 11, flags: [.syn, .ack]),
            build.frame(fromClient: false, sequence: 501, acknowledgement: 14, payload: [9]),
            build.frame(sequence: 11, acknowledgement: 501, payload: [1, 2, 3]),
        ]
        for frame in frames {
            if case .segment(let segment) = PacketDecoder.decode(frame.rawSpan, .ethernet, wireLength: frame.count) {
                reassembler.add(segment, frame.rawSpan)
            }
            for event in reassembler.events where event.kind == .data { order.append(event.direction) }
            reassembler.clearEvents()
        }
        #expect(order == [0, 1])
    }

    @Test func keepAliveProbesAndPaddingAreNoData() {
        let run = Run([
            build.frame(sequence: 10, flags: .syn),
            build.frame(sequence: 11, payload: [5, 6]),
            build.frame(sequence: 12, payload: [0]),
            build.frame(sequence: 13, payload: [7], padding: 12),
        ])
        #expect(run.streams[0].bytes == [5, 6, 7])
        #expect(run.accounts[0].conflicting == 0)
    }

    @Test func limitsDropAndCount() {
        var limits = Reassembler.Limits()
        limits.flows = 8
        var frames: [[UInt8]] = []
        for index in 0..<40 {
            var other = build
            other.client.port = UInt16(1000 + index)
            frames.append(other.frame(sequence: 1, payload: [UInt8(index)]))
        }
        let run = Run(frames, limits: limits)
        #expect(run.flows == 40)
        #expect(run.streams[0].bytes == Array(0..<40))
        #expect(run.closes)
    }
}
