import Bytes
import Testing

@testable import Capture

@Suite struct ReassemblerLimitTests {
    /// Segments of one direction of one flow, whose first byte has sequence number `base`.
    private struct Sender: ~Copyable {
        let base: UInt32
        var reassembler = Reassembler()

        mutating func send(_ bytes: [UInt8], at offset: Int) {
            var segment = Segment()
            (segment.source.port, segment.destination.port) = (1000, 80)
            segment.sequence = base &+ UInt32(truncatingIfNeeded: offset)
            segment.payloadCount = bytes.count
            segment.payloadWireCount = bytes.count
            reassembler.add(segment, bytes.rawSpan)
        }

        /// Handles what has happened and returns the bytes that can be read, and how many were declared missing.
        mutating func take() -> (bytes: [UInt8], missing: UInt64) {
            var bytes: [UInt8] = []
            var missing: UInt64 = 0
            for event in reassembler.events {
                switch event.kind {
                case .data:
                    reassembler.read(event) { _, unread in
                        bytes += [UInt8](copying: unread)
                        return unread.byteCount
                    }
                case .gap: missing += event.length
                default: break
                }
            }
            reassembler.clearEvents()
            return (bytes, missing)
        }
    }

    @Test("Tiny segments with holes between them do not pile up")
    func tinySegments() {
        var sender = Sender(base: 1)
        sender.send([0], at: 0)
        let count = 20_000
        for number in 1...count { sender.send([1], at: 2 * number) }
        let waiting = sender.reassembler.flows.compactMap { $0?.value.forward.value.pending.count }
        #expect(waiting.allSatisfy { $0 <= sender.reassembler.limits.pendingSegments })
        sender.reassembler.finish()
        let (bytes, missing) = sender.take()
        #expect(bytes.count == count + 1)
        #expect(missing == UInt64(count))
    }
}
