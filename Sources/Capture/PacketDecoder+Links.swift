import Bytes

extension PacketDecoder {
    /// Link layers that are rarer than Ethernet, loopback and Linux's cooked ones.
    static func otherLink(_ bytes: RawSpan, _ link: LinkType, _ walk: Walk) -> Result {
        switch link.number {
        case 9: return ppp(bytes, at: 0, walk)
        case 50:
            // Cisco's framing differs in its first byte.
            guard bytes.byteCount >= 1 else { return .refused(.cutHeader) }
            let isCisco = bytes[byte: 0] == 0x0F || bytes[byte: 0] == 0x8F
            return isCisco ? ciscoHDLC(bytes, walk) : ppp(bytes, at: 0, walk)
        case 51: return pppoe(bytes, at: 0, walk)
        case 104: return ciscoHDLC(bytes, walk)
        case 105: return wifi(bytes, at: 0, isPadded: false, walk)
        case 127: return radiotap(bytes, walk)
        // One byte that tells sent from received.
        case 204: return ppp(bytes, at: 1, walk)
        case 239: return nflog(bytes, walk)
        default: return .refused(.linkType)
        }
    }

    /// EtherTypes that are rarer than IP and VLAN tags.
    static func otherNetwork(_ bytes: RawSpan, type: UInt16, at: Int, _ walk: Walk) -> Result {
        if walk.depth > maximumDepth { return .refused(.tunnelDepth) }
        let inner = walk.inner(end: walk.end)
        switch type {
        case 0x0806: return .refused(.arp)
        case 0x8863: return .refused(.linkControl)
        case 0x8864: return pppoe(bytes, at: at, inner)
        case 0x8847, 0x8848: return mpls(bytes, at: at, inner)
        case 0x6558: return ethernet(bytes, at: at, inner)
        case 0x880B: return ppp(bytes, at: at, inner)
        // Not a type but the length of a frame of IEEE 802.3.
        case 0...1500: return snap(bytes, at: at, walk)
        default: return .refused(.notIP)
        }
    }

    /// BSD address families: IPv4 is 2 everywhere, IPv6 is 24 (NetBSD), 28 (FreeBSD), 30 (Darwin) or 10 (Linux).
    static func loopback(_ bytes: RawSpan, _ link: LinkType, _ walk: Walk) -> Result {
        guard bytes.byteCount >= 4 else { return .refused(.cutHeader) }
        var family = load32(bytes, 0)
        // NULL has the byte order of the machine that captured; only one order gives a small number.
        if link == .null && family > 0xFFFF { family = family.byteSwapped }
        switch family {
        case 2: return internet4(bytes, at: 4, walk)
        case 10, 24, 28, 30: return internet6(bytes, at: 4, walk)
        default: return .refused(.notIP)
        }
    }

    /// LLC for SNAP, an organisation that stands for EtherTypes, and an EtherType (RFC 1042, IEEE 802.1H).
    static func snap(_ bytes: RawSpan, at: Int, _ walk: Walk) -> Result {
        guard bytes.byteCount >= at + 8 else { return .refused(.notIP) }
        let isSNAP = load16(bytes, at) == 0xAAAA && bytes[byte: at + 2] == 3
        let organisation = load32(bytes, at + 2) & 0xFFFFFF
        guard isSNAP, organisation == 0 || organisation == 0xF8 else { return .refused(.notIP) }
        let type = load16(bytes, at + 6)
        if type <= 1500 { return .refused(.notIP) }
        return network(bytes, type: type, at: at + 8, walk)
    }

    /// Perhaps FF 03, then a protocol of two bytes, or one if it is odd (RFC 1661, RFC 1662).
    static func ppp(_ bytes: RawSpan, at start: Int, _ walk: Walk) -> Result {
        var at = start
        guard bytes.byteCount >= at + 4 else { return .refused(.cutHeader) }
        if load16(bytes, at) == 0xFF03 { at += 2 }
        var number = UInt16(bytes[byte: at])
        at += 1
        if number & 1 == 0 {
            number = number << 8 | UInt16(bytes[byte: at])
            at += 1
        }
        switch number {
        case 0x0021: return internet4(bytes, at: at, walk)
        case 0x0057: return internet6(bytes, at: at, walk)
        case 0x0281, 0x0283: return mpls(bytes, at: at, walk)
        case 0x8000...0xFFFF: return .refused(.linkControl)
        default: return .refused(.notIP)
        }
    }

    /// ```
    ///  0        1    2       4      6
    /// +--------+----+-------+------+-----
    /// |version |code|session|length| PPP    RFC 2516
    /// +--------+----+-------+------+-----
    /// ```
    private static func pppoe(_ bytes: RawSpan, at: Int, _ walk: Walk) -> Result {
        guard bytes.byteCount >= at + 6 else { return .refused(.cutHeader) }
        if bytes[byte: at + 1] != 0 { return .refused(.linkControl) }
        guard bytes[byte: at] == 0x11 else { return .refused(.badHeader) }
        return ppp(bytes, at: at + 6, walk)
    }

    /// Address, control, EtherType; 8035 is Cisco's own keep-alive.
    private static func ciscoHDLC(_ bytes: RawSpan, _ walk: Walk) -> Result {
        guard bytes.byteCount >= 4 else { return .refused(.cutHeader) }
        let type = load16(bytes, 2)
        return type == 0x8035 ? .refused(.linkControl) : network(bytes, type: type, at: 4, walk)
    }

    /// ```
    ///  0      1       2        4
    /// +------+-------+--------+------+-----+-------+--
    /// |family|version|resource|length|type |content|  … padded to 4, in the byte order of the machine that captured
    /// +------+-------+--------+------+-----+-------+--
    /// ```
    /// Type 9 is the packet (LINKTYPE_NFLOG).
    private static func nflog(_ bytes: RawSpan, _ walk: Walk) -> Result {
        var at = 4
        for _ in 0..<64 {
            guard bytes.byteCount >= at + 4 else { return .refused(.cutHeader) }
            var length = Int(loadLittle16(bytes, at))
            var type = loadLittle16(bytes, at + 2)
            // Types are small numbers; so only one order gives one.
            if type & 0xFF == 0 && type != 0 {
                length = Int(load16(bytes, at))
                type = load16(bytes, at + 2)
            }
            guard length >= 4 else { return .refused(.badHeader) }
            if type == 9 { return internet(bytes, at: at + 4, Walk(end: at + length, depth: walk.depth)) }
            at += (length + 3) & ~3
        }
        return .refused(.badHeader)
    }
}
