import Bytes

extension PacketDecoder {
    /// What an IP packet carries that is not TCP: another packet, or something that is not read.
    static func transport(_ bytes: RawSpan, number: UInt8, at: Int, _ walk: Walk) -> Result {
        if walk.depth > maximumDepth { return .refused(.tunnelDepth) }
        switch number {
        case 4: return internet4(bytes, at: at, walk)
        case 41: return internet6(bytes, at: at, walk)
        case 47: return gre(bytes, at: at, walk)
        case 137: return mpls(bytes, at: at, walk)
        // EtherIP (RFC 3378): two bytes, then a frame.
        case 97: return ethernet(bytes, at: at + 2, walk)
        case 17: return udp(bytes, at: at, walk)
        case 50: return .refused(.ipsec)
        case 1, 58, 2: return .refused(.icmp)
        case 132: return .refused(.sctp)
        default: return .refused(.otherTransport)
        }
    }

    /// ```
    ///  0       2           4        6      8
    /// +-------+-----------+--------+------+
    /// |source |destination|length  |sum   |  RFC 768
    /// +-------+-----------+--------+------+
    /// |08     |0          |network |0     |  VXLAN, RFC 7348: then a frame
    /// |0,opts |type       |network |0     |  GENEVE, RFC 8926: options of 4 × opts bytes, then what the type says
    /// +-------+-----------+--------+------+
    /// ```
    private static func udp(_ bytes: RawSpan, at start: Int, _ walk: Walk) -> Result {
        guard bytes.byteCount >= start + 16 else { return .refused(.udp) }
        let at = start + 8
        switch load16(bytes, start + 2) {
        // The number that was registered, and the one that Linux took before.
        case 4789,
            8472 where bytes[byte: at] & 0xF7 == 0 && bytes[byte: at] & 0x08 != 0:
            return ethernet(bytes, at: at + 8, walk)
        case 6081 where bytes[byte: at] >> 6 == 0:
            let options = Int(bytes[byte: at] & 0x3F) * 4
            return network(bytes, type: load16(bytes, at + 2), at: at + 8 + options, walk)
        // MPLS in UDP (RFC 7510).
        case 6635: return mpls(bytes, at: at, walk)
        default: return .refused(.udp)
        }
    }

    /// ```
    ///  0           2     4           8      12        16
    /// +-----------+-----+-----------+------+---------+
    /// |C K S   ver|type |sum, 0     | key  |sequence |  RFC 2784, RFC 2890; the last three as the flags say
    /// +-----------+-----+-----------+------+---------+
    /// |  K S A   1|880B |length,call|sequence|ack    |  PPTP, RFC 2637
    /// +-----------+-----+-----------+--------+-------+
    /// ```
    private static func gre(_ bytes: RawSpan, at start: Int, _ walk: Walk) -> Result {
        guard bytes.byteCount >= start + 4 else { return .refused(.cutHeader) }
        let flags = load16(bytes, start)
        let type = load16(bytes, start + 2)
        // Source routes are of RFC 1701 and were withdrawn.
        guard flags & 0x4000 == 0 else { return .refused(.badHeader) }
        let hasSequence = flags & 0x1000 != 0
        var at = start + 4
        if flags & 0x8000 != 0 { at += 4 }
        if flags & 0x2000 != 0 { at += 4 }
        if hasSequence { at += 4 }
        switch (flags & 7, type) {
        case (1, 0x880B):
            if flags & 0x0080 != 0 { at += 4 }
            return hasSequence ? ppp(bytes, at: at, walk) : .refused(.linkControl)
        // ERSPAN: type I has no header of its own, II has 8 bytes, III 12 and perhaps a subheader of 8.
        case (0, 0x88BE): return ethernet(bytes, at: hasSequence ? at + 8 : at, walk)
        case (0, 0x22EB):
            guard bytes.byteCount >= at + 12 else { return .refused(.cutHeader) }
            return ethernet(bytes, at: at + 12 + (bytes[byte: at + 11] & 1 == 0 ? 0 : 8), walk)
        case (0, _): return network(bytes, type: type, at: at, walk)
        default: return .refused(.badHeader)
        }
    }

    /// Labels of 20 bits, 3 bits of class, the bottom bit, a time to live (RFC 3032); then IP, as its first four bits
    /// say, or a frame, mostly behind a control word of zero bits (RFC 4448).
    static func mpls(_ bytes: RawSpan, at start: Int, _ walk: Walk) -> Result {
        var at = start
        for _ in 0..<16 {
            guard bytes.byteCount >= at + 5 else { return .refused(.cutHeader) }
            let isBottom = bytes[byte: at + 2] & 1 != 0
            at += 4
            if !isBottom { continue }
            switch bytes[byte: at] >> 4 {
            case 4: return internet4(bytes, at: at, walk)
            case 6: return internet6(bytes, at: at, walk)
            default:
                let isBare = bytes.byteCount >= at + 14 && isKnown(type: load16(bytes, at + 12))
                return ethernet(bytes, at: isBare ? at : at + 4, walk)
            }
        }
        return .refused(.badHeader)
    }

    private static func isKnown(type: UInt16) -> Bool {
        switch type {
        case 0x0800, 0x86DD, 0x8100, 0x88A8, 0x0806: true
        default: false
        }
    }
}
