import Bytes

/// Link layers, tunnels, IP and TCP headers, without copying.
///
/// A packet is walked from the outside in: the link layer names a network layer, which may carry another packet, and so
/// on until there is a TCP segment, a piece of one, or a reason why neither. Each step checks that its header is there.
package enum PacketDecoder {
    package enum Result: Sendable {
        case segment(Segment)
        /// A piece of an IP packet, for ``FragmentAssembler``.
        case fragment(Fragment)
        case refused(Refusal)
    }

    /// Packets inside packets that are opened, one in another.
    static let maximumDepth = 8

    /// A packet that is being walked.
    struct Walk {
        /// The offset behind the packet's last byte on the wire, as far as the layers outside have said.
        var end: Int
        /// How many packets stand around this one.
        var depth = 0

        /// The same packet's payload, which is a packet again.
        func inner(end: Int) -> Walk { Walk(end: end, depth: depth + 1) }
    }

    /// - Parameter wireLength: bytes of the packet before the snap length cut it.
    package static func decode(_ bytes: RawSpan, _ link: LinkType, wireLength: Int) -> Result {
        let walk = Walk(end: wireLength)
        switch link.number {
        case 1: return ethernet(bytes, at: 0, walk)
        case 113:
            guard bytes.byteCount >= 16 else { return .refused(.cutHeader) }
            return network(bytes, type: load16(bytes, 14), at: 16, walk)
        case 276:
            guard bytes.byteCount >= 20 else { return .refused(.cutHeader) }
            return network(bytes, type: load16(bytes, 0), at: 20, walk)
        case 12, 14, 101: return internet(bytes, at: 0, walk)
        case 228: return internet4(bytes, at: 0, walk)
        case 229: return internet6(bytes, at: 0, walk)
        case 0, 108: return loopback(bytes, link, walk)
        default: return otherLink(bytes, link, walk)
        }
    }

    /// Reads what most packets are: TCP in IPv4 without options in Ethernet, not cut before the end of its header. False for
    /// every other one, and for what ``decode(_:_:wireLength:)`` would refuse.
    ///
    /// ```
    ///  12   14  15 16     20        23       26     30          34                       46    47
    /// +----+--+--+------+---------+--------+------+-----------+----+----+--------+-----+------+-----+--
    /// |0800|45|  |length|flags,off|6       |source|destination|port|port|sequence| ack |offset|flags|
    /// +----+--+--+------+---------+--------+------+-----------+----+----+--------+-----+------+-----+--
    /// ```
    package static func decodePlain(_ bytes: RawSpan, _ link: LinkType, _ segment: inout Segment) -> Bool {
        guard link.number == 1, bytes.byteCount >= 54 else { return false }
        // All offsets below lie before 54; integers have no invalid bit patterns.
        func word(_ at: Int) -> UInt32 {
            unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt32.self).bigEndian
        }
        let (identity, place) = (word(12), word(20))
        let length = Int(word(16) >> 16)
        let headerLength = Int(word(46) >> 28) * 4
        guard identity >> 8 == 0x080045, place & 0x3FFF_00FF == 6, headerLength >= 20, length >= 20 + headerLength
        else { return false }
        segment.source.low = UInt64(word(26))
        segment.destination.low = UInt64(word(30))
        let ports = word(34)
        segment.source.port = UInt16(truncatingIfNeeded: ports >> 16)
        segment.destination.port = UInt16(truncatingIfNeeded: ports)
        segment.sequence = word(38)
        segment.acknowledgement = word(42)
        segment.flags = Segment.Flags(rawValue: UInt8(truncatingIfNeeded: word(46) >> 16) & 0x3F)
        let start = 34 + headerLength
        segment.payloadOffset = min(start, bytes.byteCount)
        segment.payloadWireCount = 14 + length - start
        segment.payloadCount = max(0, min(bytes.byteCount, 14 + length) - start)
        return true
    }

    /// Destination, source, type: 6 + 6 + 2 bytes (IEEE 802.3).
    static func ethernet(_ bytes: RawSpan, at start: Int, _ walk: Walk) -> Result {
        guard bytes.byteCount >= start + 14 else { return .refused(.cutHeader) }
        return network(bytes, type: load16(bytes, start + 12), at: start + 14, walk)
    }

    /// What an EtherType names, after any VLAN tags.
    static func network(_ bytes: RawSpan, type: UInt16, at start: Int, _ walk: Walk) -> Result {
        var type = type
        var at = start
        for _ in 0..<8 {
            switch type {
            case 0x0800: return internet4(bytes, at: at, walk)
            case 0x86DD: return internet6(bytes, at: at, walk)
            case 0x8100, 0x88A8, 0x9100, 0x9200:
                guard bytes.byteCount >= at + 4 else { return .refused(.cutHeader) }
                type = load16(bytes, at + 2)
                at += 4
            default: return otherNetwork(bytes, type: type, at: at, walk)
            }
        }
        return .refused(.badHeader)
    }

    /// IPv4 or IPv6, as the first four bits say.
    static func internet(_ bytes: RawSpan, at start: Int, _ walk: Walk) -> Result {
        guard bytes.byteCount > start else { return .refused(.cutHeader) }
        switch bytes[byte: start] >> 4 {
        case 4: return internet4(bytes, at: start, walk)
        case 6: return internet6(bytes, at: start, walk)
        default: return .refused(.notIP)
        }
    }

    /// ```
    ///  0      2           4        8      12      13    14
    /// +------+-----------+--------+------+-------+-----+--
    /// |source|destination|sequence|ack   |offset |flags| …    RFC 9293
    /// +------+-----------+--------+------+-------+-----+--
    /// ```
    static func tcp(_ bytes: RawSpan, at: Int, end: Int, _ segment: inout Segment) -> Result {
        guard end - at >= 20 else { return .refused(.badHeader) }
        guard bytes.byteCount >= at + 20 else { return .refused(.cutHeader) }
        let headerLength = Int(bytes[byte: at + 12] >> 4) * 4
        guard headerLength >= 20, end - at >= headerLength else { return .refused(.badHeader) }
        segment.source.port = load16(bytes, at)
        segment.destination.port = load16(bytes, at + 2)
        segment.sequence = load32(bytes, at + 4)
        segment.acknowledgement = load32(bytes, at + 8)
        segment.flags = Segment.Flags(rawValue: bytes[byte: at + 13] & 0x3F)
        segment.payloadOffset = min(at + headerLength, bytes.byteCount)
        segment.payloadWireCount = end - at - headerLength
        segment.payloadCount = max(0, min(bytes.byteCount, end) - at - headerLength)
        return .segment(segment)
    }

    @inline(__always) static func load16(_ bytes: RawSpan, _ at: Int) -> UInt16 {
        UInt16(bytes[byte: at]) << 8 | UInt16(bytes[byte: at + 1])
    }

    @inline(__always) static func load32(_ bytes: RawSpan, _ at: Int) -> UInt32 {
        UInt32(load16(bytes, at)) << 16 | UInt32(load16(bytes, at + 2))
    }

    @inline(__always) static func load64(_ bytes: RawSpan, _ at: Int) -> UInt64 {
        UInt64(load32(bytes, at)) << 32 | UInt64(load32(bytes, at + 4))
    }

    @inline(__always) static func loadLittle16(_ bytes: RawSpan, _ at: Int) -> UInt16 {
        load16(bytes, at).byteSwapped
    }
}
