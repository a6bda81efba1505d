import Bytes

extension PacketDecoder {
    /// ```
    ///  0        1    2       4    6         8    9     10     12      16
    /// +----+---+----+-------+----+---------+----+-----+------+-------+-----------+
    /// |4   |IHL|TOS |length |id  |flags,off|TTL |proto|sum   |source |destination|  RFC 791
    /// +----+---+----+-------+----+---------+----+-----+------+-------+-----------+
    /// ```
    static func internet4(_ bytes: RawSpan, at start: Int, _ walk: Walk) -> Result {
        guard bytes.byteCount >= start + 20 else { return .refused(.cutHeader) }
        let first = bytes[byte: start]
        let headerLength = Int(first & 15) * 4
        guard first >> 4 == 4, headerLength >= 20 else { return .refused(.badHeader) }
        var total = Int(load16(bytes, start + 2))
        // Segmentation offload leaves the length at zero; then the frame's own length is all there is.
        if total == 0 { total = walk.end - start }
        guard total >= headerLength, walk.depth == 0 || start + total <= walk.end else { return .refused(.badHeader) }
        var segment = Segment()
        segment.source.low = UInt64(load32(bytes, start + 12))
        segment.destination.low = UInt64(load32(bytes, start + 16))
        let number = bytes[byte: start + 9]
        let payload = start + headerLength
        let place = load16(bytes, start + 6)
        if place & 0x3FFF != 0 {
            return fragment(
                bytes, at: payload, end: start + total, place: Int(place & 0x1FFF) * 8, more: place & 0x2000 != 0,
                identification: UInt32(load16(bytes, start + 4)), number: number, segment)
        }
        if number == 6 { return tcp(bytes, at: payload, end: start + total, &segment) }
        let inner = walk.inner(end: start + total)
        // An Authentication Header is the one extension that IPv4 shares.
        if number == 51 { return extensions(bytes, next: number, at: payload, inner, &segment) }
        return transport(bytes, number: number, at: payload, inner)
    }

    /// ```
    ///  0           4       6     7    8        24            40
    /// +-----------+-------+-----+----+--------+-------------+--
    /// |6,class,flw|length |next |hops| source | destination |    RFC 8200
    /// +-----------+-------+-----+----+--------+-------------+--
    /// ```
    static func internet6(_ bytes: RawSpan, at start: Int, _ walk: Walk) -> Result {
        guard bytes.byteCount >= start + 40 else { return .refused(.cutHeader) }
        guard bytes[byte: start] >> 4 == 6 else { return .refused(.badHeader) }
        let length = Int(load16(bytes, start + 4))
        // Zero is a jumbogram (RFC 2675) or segmentation offload.
        let end = length == 0 ? walk.end : start + 40 + length
        guard walk.depth == 0 || end <= walk.end else { return .refused(.badHeader) }
        var segment = Segment()
        segment.source.isV6 = true
        segment.destination.isV6 = true
        segment.source.high = load64(bytes, start + 8)
        segment.source.low = load64(bytes, start + 16)
        segment.destination.high = load64(bytes, start + 24)
        segment.destination.low = load64(bytes, start + 32)
        let next = bytes[byte: start + 6]
        if next == 6 { return tcp(bytes, at: start + 40, end: end, &segment) }
        return extensions(bytes, next: next, at: start + 40, walk.inner(end: end), &segment)
    }

    /// The headers between IPv6 and its payload: next header, length, content (RFC 8200, section 4).
    private static func extensions(
        _ bytes: RawSpan, next first: UInt8, at start: Int, _ walk: Walk, _ segment: inout Segment
    ) -> Result {
        var next = first
        var at = start
        for _ in 0..<16 {
            switch next {
            case 6: return tcp(bytes, at: at, end: walk.end, &segment)
            // Hop-by-hop, routing, destination, mobility, HIP, Shim6: lengths in units of eight, less one.
            case 0, 43, 60, 135, 139, 140:
                guard bytes.byteCount >= at + 8 else { return .refused(.cutHeader) }
                if next == 43 { routing(bytes, at: at, &segment.destination) }
                next = bytes[byte: at]
                at += (Int(bytes[byte: at + 1]) + 1) * 8
            // Authentication Header: units of four, less two (RFC 4302).
            case 51:
                guard bytes.byteCount >= at + 8 else { return .refused(.cutHeader) }
                next = bytes[byte: at]
                at += (Int(bytes[byte: at + 1]) + 2) * 4
            case 44:
                guard bytes.byteCount >= at + 8 else { return .refused(.cutHeader) }
                let place = load16(bytes, at + 2)
                next = bytes[byte: at]
                // An atomic fragment (RFC 6946) is a whole packet that carries the header for nothing.
                if place & 0xFFF9 != 0 {
                    return fragment(
                        bytes, at: at + 8, end: walk.end, place: Int(place & 0xFFF8), more: place & 1 != 0,
                        identification: load32(bytes, at + 4), number: next, segment)
                }
                at += 8
            default: return transport(bytes, number: next, at: at, walk)
            }
        }
        return .refused(.badHeader)
    }

    /// A packet under way names its next stop as its destination; the flow is that of the last stop. Segment routing
    /// (RFC 8754) lists it first, source routing (RFC 5095) and home addresses (RFC 6275) last.
    private static func routing(_ bytes: RawSpan, at start: Int, _ destination: inout Endpoint) {
        let stops = Int(bytes[byte: start + 1]) / 2
        let type = bytes[byte: start + 2]
        guard bytes[byte: start + 3] > 0, stops > 0 else { return }
        let at: Int
        switch type {
        case 0, 2: at = start + 8 + (stops - 1) * 16
        case 4: at = start + 8
        default: return
        }
        guard bytes.byteCount >= at + 16 else { return }
        destination.high = load64(bytes, at)
        destination.low = load64(bytes, at + 8)
    }

    private static func fragment(
        _ bytes: RawSpan, at: Int, end: Int, place: Int, more: Bool, identification: UInt32, number: UInt8,
        _ segment: Segment
    ) -> Result {
        let length = end - at
        guard length > 0, !more || length % 8 == 0, place + length <= Fragment.maximumLength else {
            return .refused(.badHeader)
        }
        guard bytes.byteCount >= at else { return .refused(.cutHeader) }
        return .fragment(
            Fragment(
                source: segment.source, destination: segment.destination, identification: identification,
                number: number, place: place, isLast: !more, payloadOffset: at,
                payloadCount: min(bytes.byteCount, end) - at, payloadWireCount: length))
    }
}
