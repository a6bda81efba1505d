import Bytes

/// Puts IP packets together from their fragments (RFC 791, RFC 8200), in bounded memory.
///
/// Pieces that overlap are never merged: which copy the receiver took cannot be known, so the packet is refused whole,
/// with what still comes of it (RFC 5722, here for IPv4 too). A piece that comes twice with the same bytes is passed over.
/// Each packet that came is in the end either used or refused: ``settled`` counts those that are not used.
package struct FragmentAssembler: Sendable {
    package struct Limits: Sendable {
        /// Capture time after which the missing pieces will not come any more.
        package var waitNanos: UInt64 = 30_000_000_000
        /// Bytes that wait, for all packets together.
        package var bytes = 4 << 20
        /// IP packets of which some pieces wait.
        package var packets = 1024

        package init() {}
    }

    /// A whole IP packet.
    package struct Datagram: Sendable {
        /// An IP header of our making, then the payload as far as it was captured.
        package var bytes: [UInt8]
        package var link: LinkType
        package var wireLength: Int
        /// How many captured packets it came in.
        package var pieces: UInt64
    }

    /// What became of captured packets whose fate was open.
    package struct Settled: Sendable {
        package internal(set) var refusals = [UInt64](repeating: 0, count: Refusal.allCases.count)

        mutating func count(_ reason: Refusal, _ pieces: UInt64) { refusals[Int(reason.rawValue)] += pieces }
    }

    private struct Waiting {
        var key: Fragment.Key
        var firstNanos: UInt64
        /// In order of place, without overlaps.
        var parts: [(place: Int, wire: Int, bytes: [UInt8])] = []
        /// Known once the last piece is there.
        var length: Int?
        var number: UInt8 = 0
        var pieces: UInt64 = 0
        var isOverlapping = false
        /// Payload bytes whose pieces are there.
        var covered = 0
        /// Memory that the pieces take, their own upkeep included: tiny ones are mostly that.
        var held = 0
    }

    package let limits: Limits
    package private(set) var settled = Settled()
    /// In order of arrival.
    private var waiting: [Waiting] = []
    package private(set) var heldBytes = 0

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// Takes one piece out of `bytes`, the captured packet, which came in `pieces` packets itself. Returns the packet
    /// that it makes whole.
    package mutating func add(_ fragment: Fragment, _ bytes: RawSpan, _ timeNanos: UInt64, pieces: UInt64 = 1)
        -> Datagram?
    {
        expire(timeNanos)
        let key = fragment.key
        let index: Int
        if let known = waiting.firstIndex(where: { $0.key == key }) {
            index = known
        } else {
            index = waiting.count
            waiting.append(Waiting(key: key, firstNanos: timeNanos))
        }
        if waiting[index].isOverlapping {
            settled.count(.fragmentOverlap, pieces)
            return nil
        }
        let from = min(fragment.payloadOffset, bytes.byteCount)
        let payload = bytes.extracting(from..<min(from + fragment.payloadCount, bytes.byteCount))
        switch insert(fragment, payload, into: index) {
        case .duplicate:
            settled.count(.fragmentDuplicate, pieces)
            return nil
        case .overlap:
            settled.count(.fragmentOverlap, waiting[index].pieces + pieces)
            heldBytes -= waiting[index].held
            waiting[index].held = 0
            waiting[index].parts = []
            waiting[index].isOverlapping = true
            return nil
        case .new:
            waiting[index].held += payload.byteCount + 96
            heldBytes += payload.byteCount + 96
            waiting[index].covered += fragment.payloadWireCount
            waiting[index].pieces += pieces
        }
        // Without overlaps, as many bytes as there are in the packet are all its bytes.
        if waiting[index].covered == waiting[index].length {
            heldBytes -= waiting[index].held
            return assemble(waiting.remove(at: index))
        }
        while heldBytes > limits.bytes || waiting.count > limits.packets { drop(0, .fragmentLimit) }
        return nil
    }

    /// Counts what still waits as refused.
    package mutating func finish() {
        while !waiting.isEmpty { drop(0, .fragment) }
    }

    private enum Insertion { case new, duplicate, overlap }

    private mutating func insert(_ fragment: Fragment, _ payload: RawSpan, into index: Int) -> Insertion {
        let start = fragment.place
        let end = start + fragment.payloadWireCount
        var at = waiting[index].parts.count
        while at > 0, waiting[index].parts[at - 1].place >= end { at -= 1 }
        if at > 0 {
            let before = waiting[index].parts[at - 1]
            if before.place == start && before.wire == fragment.payloadWireCount
                && before.bytes.count == payload.byteCount
                && (0..<payload.byteCount).allSatisfy({ before.bytes[$0] == payload[byte: $0] })
            {
                return .duplicate
            }
            if before.place + before.wire > start { return .overlap }
        }
        // Nothing may lie behind the end, and there is one end only.
        if let length = waiting[index].length, fragment.isLast || end > length { return .overlap }
        if fragment.isLast {
            if let last = waiting[index].parts.last, last.place + last.wire > end { return .overlap }
            waiting[index].length = end
        }
        if start == 0 { waiting[index].number = fragment.number }
        waiting[index].parts.insert((start, fragment.payloadWireCount, [UInt8](copying: payload)), at: at)
        return .new
    }

    /// The packet of which every piece is there. From the first byte on that the snap length cut, it is cut.
    private func assemble(_ packet: Waiting) -> Datagram {
        let length = packet.covered
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length + 40)
        let isV6 = packet.key.source.isV6
        if isV6 {
            bytes += [0x60, 0, 0, 0]
            bytes.append(bigEndian: UInt16(truncatingIfNeeded: length))
            bytes += [packet.number, 64]
            for end in [packet.key.source, packet.key.destination] {
                bytes.append(bigEndian: end.high)
                bytes.append(bigEndian: end.low)
            }
        } else {
            bytes += [0x45, 0]
            bytes.append(bigEndian: UInt16(truncatingIfNeeded: length + 20))
            bytes += [0, 0, 0, 0, 64, packet.number, 0, 0]
            bytes.append(bigEndian: UInt32(truncatingIfNeeded: packet.key.source.low))
            bytes.append(bigEndian: UInt32(truncatingIfNeeded: packet.key.destination.low))
        }
        let header = bytes.count
        for part in packet.parts {
            bytes += part.bytes
            if part.bytes.count < part.wire { break }
        }
        return Datagram(
            bytes: bytes, link: LinkType(isV6 ? 229 : 228), wireLength: header + length, pieces: packet.pieces)
    }

    private mutating func expire(_ nowNanos: UInt64) {
        while let first = waiting.first, nowNanos > first.firstNanos, nowNanos - first.firstNanos > limits.waitNanos {
            drop(0, .fragment)
        }
    }

    private mutating func drop(_ index: Int, _ reason: Refusal) {
        let packet = waiting.remove(at: index)
        heldBytes -= packet.held
        // What overlaps was counted when it came.
        if !packet.isOverlapping { settled.count(reason, packet.pieces) }
    }
}
