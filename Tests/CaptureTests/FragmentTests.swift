import Bytes
import TestSupport
import Testing

@testable import Capture

@Suite struct FragmentTests {
    private let content = (0..<900).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    /// A piece of ``content``, as an IPv4 packet that the decoder has read.
    private func piece(_ range: Range<Int>, of identification: UInt32 = 1, isV6: Bool = false) -> Fragment {
        var source = Endpoint()
        source.isV6 = isV6
        return Fragment(
            source: source, destination: source, identification: identification, number: 17,
            place: range.lowerBound, isLast: range.upperBound == content.count, payloadOffset: 0,
            payloadCount: range.count, payloadWireCount: range.count)
    }

    private func add(
        _ range: Range<Int>, _ assembler: inout FragmentAssembler, at nanos: UInt64 = 0, of identification: UInt32 = 1
    ) -> FragmentAssembler.Datagram? {
        assembler.add(piece(range, of: identification), Array(content[range]).rawSpan, nanos)
    }

    private func count(_ reason: Refusal, _ assembler: FragmentAssembler) -> UInt64 {
        assembler.settled.refusals[Int(reason.rawValue)]
    }

    @Test(arguments: 0..<50)
    func anyOrderGivesTheContentBack(seed: UInt64) {
        var generator = SplitMix(seed: seed)
        var cuts = Set(
            (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                Int.random(in: 1..<112, using: &generator) * 8
            }
        ).sorted()
        cuts = [0] + cuts + [content.count]
        var ranges = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
        ranges.shuffle(using: &generator)
        var assembler = FragmentAssembler()
        for (index, range) in ranges.enumerated() {
            let whole = add(range, &assembler)
            #expect((whole != nil) == (index == ranges.count - 1))
            if let whole {
                #expect(Array(whole.bytes.dropFirst(20)) == content)
                #expect(whole.pieces == UInt64(ranges.count))
            } else {
                #expect(add(range, &assembler) == nil)
            }
        }
        #expect(count(.fragmentDuplicate, assembler) == UInt64(ranges.count - 1))
        #expect(assembler.heldBytes == 0)
    }

    @Test func piecesThatOverlapRefuseTheirPacketAndWhatStillComesOfIt() {
        var assembler = FragmentAssembler()
        #expect(add(0..<400, &assembler) == nil)
        #expect(add(392..<600, &assembler) == nil)
        #expect(add(400..<900, &assembler) == nil)
        #expect(count(.fragmentOverlap, assembler) == 3)
        // The same place with other bytes is an overlap too; another packet is not concerned.
        #expect(add(0..<400, &assembler, of: 2) == nil)
        var other = Array(content[0..<400])
        other[7] ^= 1
        #expect(assembler.add(piece(0..<400, of: 2), other.rawSpan, 0) == nil)
        #expect(count(.fragmentOverlap, assembler) == 5)
        #expect(add(0..<400, &assembler, of: 3) == nil)
        #expect(add(400..<900, &assembler, of: 3) != nil)
        assembler.finish()
        #expect(count(.fragment, assembler) == 0)
        #expect(assembler.heldBytes == 0)
    }

    @Test func whatLiesBehindTheEndIsNoPieceOfThePacket() {
        for order in [[0, 1], [1, 0]] {
            var assembler = FragmentAssembler()
            let ending = piece(400..<900)
            var early = piece(8..<208)
            early.isLast = true
            for index in order {
                _ = assembler.add(index == 0 ? ending : early, content.rawSpan, 0)
            }
            #expect(count(.fragmentOverlap, assembler) == 2)
        }
    }

    @Test func whatStaysIncompleteIsGivenUpAfterAWhile() {
        var assembler = FragmentAssembler()
        #expect(add(0..<400, &assembler, at: 1) == nil)
        #expect(add(0..<400, &assembler, at: 31_000_000_000, of: 2) == nil)
        #expect(count(.fragment, assembler) == 1)
        assembler.finish()
        #expect(count(.fragment, assembler) == 2)
        #expect(assembler.heldBytes == 0)
    }

    @Test func memoryStaysUnderTheLimitWhateverComes() {
        var limits = FragmentAssembler.Limits()
        limits.bytes = 20_000
        limits.packets = 50
        var assembler = FragmentAssembler(limits: limits)
        var generator = SplitMix(seed: 3)
        var pieces: UInt64 = 0
        var used: UInt64 = 0
        for _ in 0..<20_000 {
            let start = Int.random(in: 0..<112, using: &generator) * 8
            let end = min(content.count, start + Int.random(in: 1...20, using: &generator) * 8)
            pieces += 1
            let whole = add(start..<end, &assembler, of: UInt32.random(in: 0..<500, using: &generator))
            used += whole?.pieces ?? 0
            #expect(assembler.heldBytes <= limits.bytes)
        }
        assembler.finish()
        #expect(pieces == used + assembler.settled.refusals.reduce(0, +))
        #expect(count(.fragmentLimit, assembler) > 0)
    }

    @Test func aPieceThatTheSnapLengthCutCutsThePacket() {
        var assembler = FragmentAssembler()
        var first = piece(0..<400)
        first.payloadCount = 100
        #expect(assembler.add(first, Array(content[..<100]).rawSpan, 0) == nil)
        let whole = add(400..<900, &assembler)
        #expect(whole?.bytes.count == 120)
        #expect(whole?.wireLength == 920)
    }
}
