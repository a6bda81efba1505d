import Bytes

/// A TCP segment found in a packet.
package struct Segment: Sendable {
    package var source = Endpoint()
    package var destination = Endpoint()
    package var sequence: UInt32 = 0
    package var acknowledgement: UInt32 = 0
    package var flags: Flags = []
    /// Where the payload stands in the packet's captured bytes.
    package var payloadOffset = 0
    package var payloadCount = 0
    /// Payload bytes on the wire; more than ``payloadCount`` when the snap length cut them.
    package var payloadWireCount = 0
    package var timeNanos: UInt64 = 0

    package init() {}

    package struct Flags: OptionSet, Sendable {
        package var rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let fin = Flags(rawValue: 1)
        package static let syn = Flags(rawValue: 2)
        package static let rst = Flags(rawValue: 4)
        package static let ack = Flags(rawValue: 16)
    }
}

/// An address and a port. IPv4 lies in the low 32 bits of ``low`` with ``isV6`` false.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    package var high: UInt64 = 0
    package var low: UInt64 = 0
    package var port: UInt16 = 0
    package var isV6 = false

    package init() {}

    /// `10.0.0.1:80` or `[::1]:80` (RFC 5952).
    package var description: String {
        if !isV6 {
            return "\(low >> 24 & 255).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255):\(port)"
        }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - index % 4 * 16))
        }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8 && groups[end] == 0 { end += 1 }
            if end - start > max(1, best.count) { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ range: Range<Int>) -> String {
            range.map { String(groups[$0], radix: 16) }.joined(separator: ":")
        }
        let address = best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
        return "[\(address)]:\(port)"
    }
}

/// Link layer, VLAN tags, IP and TCP headers, without copying.
package enum PacketDecoder {
    package enum Result: Sendable {
        case segment(Segment)
        case refused(Refusal)
    }

    /// - Parameter wireLength: bytes of the packet before the snap length cut it.
    package static func decode(_ bytes: RawSpan, _ link: LinkType, wireLength: Int) -> Result {
        switch link.number {
        case 1:
            guard bytes.byteCount >= 14 else { return .refused(.cutHeader) }
            return network(bytes, type: load16(bytes, 12), at: 14, wireLength)
        case 0:
            guard bytes.byteCount >= 4 else { return .refused(.cutHeader) }
            // The family is in the byte order of the machine that captured; only one order gives a small number.
            let family = load32(bytes, 0)
            return loopback(bytes, family > 0xFFFF ? family.byteSwapped : family, wireLength)
        case 108:
            guard bytes.byteCount >= 4 else { return .refused(.cutHeader) }
            return loopback(bytes, load32(bytes, 0), wireLength)
        case 113:
            guard bytes.byteCount >= 16 else { return .refused(.cutHeader) }
            return network(bytes, type: load16(bytes, 14), at: 16, wireLength)
        case 276:
            guard bytes.byteCount >= 20 else { return .refused(.cutHeader) }
            return network(bytes, type: load16(bytes, 0), at: 20, wireLength)
        case 12, 14, 101:
            guard bytes.byteCount >= 1 else { return .refused(.cutHeader) }
            switch bytes[byte: 0] >> 4 {
            case 4: return internet4(bytes, at: 0, wireLength)
            case 6: return internet6(bytes, at: 0, wireLength)
            default: return .refused(.notIP)
            }
        case 228: return internet4(bytes, at: 0, wireLength)
        case 229: return internet6(bytes, at: 0, wireLength)
        default: return .refused(.linkType)
        }
    }

    /// BSD address families: IPv4 is 2 everywhere, IPv6 is 24 (NetBSD), 28 (FreeBSD), 30 (Darwin) or 10 (Linux).
    private static func loopback(_ bytes: RawSpan, _ family: UInt32, _ wire: Int) -> Result {
        switch family {
        case 2: internet4(bytes, at: 4, wire)
        case 10, 24, 28, 30: internet6(bytes, at: 4, wire)
        default: .refused(.notIP)
        }
    }

    private static func network(_ bytes: RawSpan, type: UInt16, at start: Int, _ wire: Int) -> Result {
        var type = type
        var at = start
        for _ in 0..<8 {
            switch type {
            case 0x0800: return internet4(bytes, at: at, wire)
            case 0x86DD: return internet6(bytes, at: at, wire)
            case 0x8100, 0x88A8, 0x9100, 0x9200:
                guard bytes.byteCount >= at + 4 else { return .refused(.cutHeader) }
                type = load16(bytes, at + 2)
                at += 4
            case 0x0806: return .refused(.arp)
            case 0x8863, 0x8864: return .refused(.pppoe)
            case 0x8847, 0x8848: return .refused(.mpls)
            default: return .refused(.notIP)
            }
        }
        return .refused(.badHeader)
    }

    /// ```
    ///  0        1    2       4    6         8    9     10     12      16
    /// +----+---+----+-------+----+---------+----+-----+------+-------+-----------+
    /// |4   |IHL|TOS |length |id  |flags,off|TTL |proto|sum   |source |destination|  RFC 791
    /// +----+---+----+-------+----+---------+----+-----+------+-------+-----------+
    /// ```
    private static func internet4(_ bytes: RawSpan, at start: Int, _ wire: Int) -> Result {
        guard bytes.byteCount >= start + 20 else { return .refused(.cutHeader) }
        let first = bytes[byte: start]
        let headerLength = Int(first & 15) * 4
        guard first >> 4 == 4, headerLength >= 20 else { return .refused(.badHeader) }
        var total = Int(load16(bytes, start + 2))
        // Segmentation offload leaves the length at zero; then the frame's own length is all there is.
        if total == 0 { total = wire - start }
        guard total >= headerLength else { return .refused(.badHeader) }
        if load16(bytes, start + 6) & 0x3FFF != 0 { return .refused(.fragment) }
        var segment = Segment()
        segment.source.low = UInt64(load32(bytes, start + 12))
        segment.destination.low = UInt64(load32(bytes, start + 16))
        return transport(
            bytes, number: bytes[byte: start + 9], at: start + headerLength, end: start + total, &segment)
    }

    /// ```
    ///  0           4       6     7    8        24            40
    /// +-----------+-------+-----+----+--------+-------------+--
    /// |6,class,flw|length |next |hops| source | destination |    RFC 8200
    /// +-----------+-------+-----+----+--------+-------------+--
    /// ```
    private static func internet6(_ bytes: RawSpan, at start: Int, _ wire: Int) -> Result {
        guard bytes.byteCount >= start + 40 else { return .refused(.cutHeader) }
        guard bytes[byte: start] >> 4 == 6 else { return .refused(.badHeader) }
        let length = Int(load16(bytes, start + 4))
        let end = length == 0 ? wire : start + 40 + length
        var segment = Segment()
        segment.source.isV6 = true
        segment.destination.isV6 = true
        segment.source.high = load64(bytes, start + 8)
        segment.source.low = load64(bytes, start + 16)
        segment.destination.high = load64(bytes, start + 24)
        segment.destination.low = load64(bytes, start + 32)
        var next = bytes[byte: start + 6]
        var at = start + 40
        for _ in 0..<16 {
            switch next {
            case 0, 43, 60, 135:
                guard bytes.byteCount >= at + 8 else { return .refused(.cutHeader) }
                next = bytes[byte: at]
                at += (Int(bytes[byte: at + 1]) + 1) * 8
            case 44:
                guard bytes.byteCount >= at + 8 else { return .refused(.cutHeader) }
                // An atomic fragment (RFC 6946) is a whole packet that carries the header for nothing.
                if load16(bytes, at + 2) & 0xFFF9 != 0 { return .refused(.fragment) }
                next = bytes[byte: at]
                at += 8
            default: return transport(bytes, number: next, at: at, end: end, &segment)
            }
        }
        return .refused(.badHeader)
    }

    private static func transport(
        _ bytes: RawSpan, number: UInt8, at: Int, end: Int, _ segment: inout Segment
    ) -> Result {
        switch number {
        case 6: return tcp(bytes, at: at, end: end, &segment)
        case 17:
            let isVXLAN = bytes.byteCount >= at + 4 && load16(bytes, at + 2) == 4789
            return .refused(isVXLAN ? .vxlan : .udp)
        case 1, 58, 2: return .refused(.icmp)
        case 47: return .refused(.gre)
        case 4, 41: return .refused(.ipInIP)
        case 50, 51: return .refused(.ipsec)
        case 132: return .refused(.sctp)
        default: return .refused(.otherTransport)
        }
    }

    /// ```
    ///  0      2           4        8      12      13    14
    /// +------+-----------+--------+------+-------+-----+--
    /// |source|destination|sequence|ack   |offset |flags| …    RFC 9293
    /// +------+-----------+--------+------+-------+-----+--
    /// ```
    private static func tcp(_ bytes: RawSpan, at: Int, end: Int, _ segment: inout Segment) -> Result {
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

    @inline(__always) private static func load16(_ bytes: RawSpan, _ at: Int) -> UInt16 {
        UInt16(bytes[byte: at]) << 8 | UInt16(bytes[byte: at + 1])
    }

    @inline(__always) private static func load32(_ bytes: RawSpan, _ at: Int) -> UInt32 {
        UInt32(load16(bytes, at)) << 16 | UInt32(load16(bytes, at + 2))
    }

    @inline(__always) private static func load64(_ bytes: RawSpan, _ at: Int) -> UInt64 {
        UInt64(load32(bytes, at)) << 32 | UInt64(load32(bytes, at + 4))
    }
}
