import Bytes
import Capture
import TestSupport
import Testing

@testable import CommandLine

/// What is read ahead is what is read at once, whatever the sizes of packets and of what comes at a time.
@Suite struct ReadAheadInputTests {
    /// Gives bytes in pieces of random sizes, and fails behind the last one if it is to.
    private final class Pieces: CaptureInput, @unchecked Sendable {
        private let bytes: [UInt8]
        private var at = 0
        private var generator: SplitMix
        private let failure: CaptureError?

        init(_ bytes: [UInt8], seed: UInt64, failure: CaptureError? = nil) {
            self.bytes = bytes
            self.failure = failure
            generator = SplitMix(seed: seed)
        }

        func read(into buffer: inout [UInt8], from start: Int) throws(CaptureError) -> Int {
            let limit = generator.next() % 3 == 0 ? 50 : 300_000
            let count = min(Int(generator.next() % UInt64(limit)) + 1, buffer.count - start, bytes.count - at)
            if count == 0, let failure { throw failure }
            buffer.replaceSubrange(start..<start + count, with: bytes[at..<at + count])
            at += count
            return count
        }
    }

    /// A capture whose packets are up to `largest` bytes, each of other bytes.
    private func capture(_ count: Int, largest: UInt64, seed: UInt64) -> [UInt8] {
        var bytes: [UInt8] = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0]
        var generator = SplitMix(seed: seed)
        for index in 0..<count {
            let length = UInt32(generator.next() % (index % 4 == 0 ? largest : 1500))
            for word in [UInt32(index), 0, length, length] { bytes.append(littleEndian: word) }
            bytes += (0..<length).map { UInt8(truncatingIfNeeded: Int($0) &* 31 &+ index) }
        }
        return bytes
    }

    /// The packets of an input, and why reading ended.
    private func packets(_ input: any CaptureInput) -> ([[UInt8]], CaptureError?) {
        var found: [[UInt8]] = []
        do throws(CaptureError) {
            var reader = try PacketReader(input)
            while let packet = try reader.next() {
                found.append(reader.withBytes(of: packet) { bytes in (0..<bytes.byteCount).map { bytes[byte: $0] } })
            }
        } catch {
            return (found, error)
        }
        return (found, nil)
    }

    /// Packets that fit the room in front of a block, that do not, and that are longer than any block.
    @Test(arguments: [60, 60_000, 200_000, 1_000_000] as [UInt64])
    func packetsAreTheSame(largest: UInt64) throws {
        for seed in 1...3 as ClosedRange<UInt64> {
            let bytes = capture(largest > 100_000 ? 24 : 400, largest: largest, seed: seed)
            let (plain, _) = packets(ArrayInput(bytes))
            try #require(plain.count == (largest > 100_000 ? 24 : 400))
            let ahead = ReadAheadInput(Pieces(bytes, seed: seed))
            let (found, error) = packets(ahead)
            ahead.stop()
            #expect(error == nil && found == plain, "seed \(seed)")
        }
    }

    @Test func whatGoesWrongIsSaidBehindWhatCameBefore() throws {
        let bytes = capture(100, largest: 60_000, seed: 3)
        let failure = CaptureError("the disk is gone")
        let ahead = ReadAheadInput(Pieces(bytes, seed: 4, failure: failure))
        let (found, error) = packets(ahead)
        #expect(error == failure)
        #expect(found == packets(ArrayInput(bytes)).0)
        // And nothing comes after it.
        var buffer = [UInt8](repeating: 0, count: 100)
        #expect(try ahead.read(into: &buffer, from: 0) == 0)
    }

    @Test func readingMayEndEarly() throws {
        let bytes = capture(2000, largest: 60_000, seed: 5)
        for count in [0, 1, 700] {
            let ahead = ReadAheadInput(Pieces(bytes, seed: 6))
            if count > 0 {
                var reader = try PacketReader(ahead)
                for _ in 0..<count { #expect(try reader.next() != nil) }
            }
            ahead.stop()
            var buffer = [UInt8](repeating: 0, count: 100)
            #expect(try ahead.read(into: &buffer, from: 0) == 0)
        }
    }
}
