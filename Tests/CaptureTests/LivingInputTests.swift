import Bytes
import TestSupport
import Testing

@testable import Capture

/// What a recording must do while its input goes on and time passes.
@Suite struct LivingInputTests {
    /// Hands out one byte after the other, and has nothing to hand out before each of them once a header can stand there.
    private final class HaltingInput: CaptureInput {
        private let bytes: [UInt8]
        private var offset = 0
        private var isPaused = false

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func read(into buffer: inout [UInt8], from start: Int) throws(CaptureError) -> Int {
            if offset >= 24 && !isPaused {
                isPaused = true
                var pause = CaptureError("nothing yet")
                pause.isPause = true
                throw pause
            }
            isPaused = false
            guard offset < bytes.count else { return 0 }
            buffer[start] = bytes[offset]
            offset += 1
            return 1
        }
    }

    private func packets(_ input: any CaptureInput) throws -> [String] {
        var merge = CaptureMerge([try PacketReader(input)])
        var found: [String] = []
        while true {
            do throws(CaptureError) {
                guard let (packet, reader) = try merge.next() else { return found }
                let bytes = merge.withBytes(of: packet, reader) { [UInt8](copying: $0) }
                found.append("\(packet.timeNanos) \(packet.wireLength) \(packet.link) \(bytes)")
            } catch {
                if !error.isPause { throw error }
            }
        }
    }

    @Test(
        "A pipe that pauses before each byte gives the packets that the file gives",
        arguments: ["http-nginx.pcap", "thrift-compact.pcapng"])
    func pauses(fixture: String) throws {
        let bytes = Array(try Repository.bytes("fixtures/\(fixture)").prefix(60_000))
        let whole = try packets(ArrayInput(bytes))
        #expect(whole.count > 20)
        #expect(try packets(HaltingInput(bytes)) == whole)
    }

    private let second: UInt64 = 1_000_000_000

    private func segment(_ sequence: UInt32, _ count: Int, at nanos: UInt64, _ flags: Segment.Flags = []) -> Segment {
        var segment = Segment()
        (segment.source.port, segment.destination.port) = (1000, 80)
        segment.sequence = sequence
        (segment.payloadCount, segment.payloadWireCount) = (count, count)
        segment.flags = flags
        segment.timeNanos = nanos
        return segment
    }

    @Test("What a quiet flow waits for is given up in time, and not before")
    func patience() {
        var reassembler = Reassembler()
        let bytes = [UInt8](repeating: 7, count: 10)
        reassembler.add(segment(99, 0, at: 10 * second, .syn), [UInt8]().rawSpan)
        reassembler.add(segment(100, 10, at: 10 * second), bytes.rawSpan)
        reassembler.add(segment(130, 10, at: 11 * second), bytes.rawSpan)
        reassembler.clearEvents()
        reassembler.advance(toNanos: 15 * second, patienceNanos: 5 * second)
        #expect(reassembler.events.isEmpty)
        reassembler.advance(toNanos: 60 * second, patienceNanos: nil)
        #expect(reassembler.events.isEmpty)
        reassembler.advance(toNanos: 16 * second, patienceNanos: 5 * second)
        #expect(reassembler.events.map(\.kind) == [.gap, .data])
        #expect(reassembler.events.first?.length == 20)
    }

    @Test("A flow that is over is forgotten after a while, and one that is quiet after its limit")
    func endings() {
        var limits = Reassembler.Limits()
        limits.idleNanos = 100 * second
        let none: [UInt8] = []
        var reassembler = Reassembler(limits: limits)
        reassembler.add(segment(100, 0, at: second, .rst), none.rawSpan)
        reassembler.advance(toNanos: 10 * second, patienceNanos: nil)
        #expect(reassembler.events.isEmpty)
        reassembler.advance(toNanos: 11 * second, patienceNanos: nil)
        #expect(reassembler.events.last?.kind == .closed)
        #expect(reassembler.idleFlows == 0)
        reassembler.release(0)
        reassembler.clearEvents()

        reassembler.add(segment(100, 0, at: 20 * second), none.rawSpan)
        // Time that runs backwards ends nothing.
        reassembler.advance(toNanos: second, patienceNanos: second)
        reassembler.advance(toNanos: 119 * second, patienceNanos: nil)
        #expect(reassembler.events.isEmpty)
        reassembler.advance(toNanos: 120 * second, patienceNanos: nil)
        #expect(reassembler.events.last?.kind == .closed)
        #expect(reassembler.idleFlows == 1)
    }
}
