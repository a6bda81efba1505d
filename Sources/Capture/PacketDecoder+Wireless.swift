import Bytes

extension PacketDecoder {
    /// ```
    ///  0       1   2      4
    /// +-------+---+------+--------+-----+--
    /// |version|pad|length|present | …   |    little endian; radiotap.org
    /// +-------+---+------+--------+-----+--
    /// ```
    /// Bit 31 of a present word announces another; bit 0 is a time of 8 bytes, bit 1 the flags.
    static func radiotap(_ bytes: RawSpan, _ walk: Walk) -> Result {
        guard bytes.byteCount >= 8 else { return .refused(.cutHeader) }
        let length = Int(loadLittle16(bytes, 2))
        guard bytes[byte: 0] == 0, length >= 8 else { return .refused(.badHeader) }
        let present = load32(bytes, 4).byteSwapped
        var at = 8
        var word = present
        while word & 0x8000_0000 != 0 {
            guard at + 4 <= length, bytes.byteCount >= at + 4 else { return .refused(.badHeader) }
            word = load32(bytes, at).byteSwapped
            at += 4
        }
        var flags: UInt8 = 0
        if present & 2 != 0 {
            // Fields are aligned to their own size.
            if present & 1 != 0 { at = (at + 7) & ~7 + 8 }
            guard at < length, bytes.byteCount > at else { return .refused(.badHeader) }
            flags = bytes[byte: at]
        }
        if flags & 0x40 != 0 { return .refused(.badChecksum) }
        // A frame check sequence at the end does no harm: the IP header says where the packet ends.
        return wifi(bytes, at: length, isPadded: flags & 0x20 != 0, Walk(end: walk.end, depth: walk.depth))
    }

    /// ```
    ///  0       2        4         10        16        22        24          30
    /// +-------+--------+---------+---------+---------+---------+-----------+------+-----+
    /// |control|duration|address 1|address 2|address 3|sequence |(address 4)|(QoS) |(HT) |  IEEE 802.11
    /// +-------+--------+---------+---------+---------+---------+-----------+------+-----+
    /// ```
    static func wifi(_ bytes: RawSpan, at start: Int, isPadded: Bool, _ walk: Walk) -> Result {
        guard bytes.byteCount >= start + 2 else { return .refused(.cutHeader) }
        let control = bytes[byte: start]
        let flags = bytes[byte: start + 1]
        // Data frames are type 2; bit 2 of the subtype says that there is no data.
        guard control & 0x0F == 0x08, control & 0x40 == 0 else { return .refused(.wifiControl) }
        if flags & 0x40 != 0 { return .refused(.wifiProtected) }
        guard bytes.byteCount >= start + 24 else { return .refused(.cutHeader) }
        if flags & 0x04 != 0 || bytes[byte: start + 22] & 0x0F != 0 { return .refused(.wifiFragment) }
        var length = flags & 3 == 3 ? 30 : 24
        if control & 0x80 != 0 {
            guard bytes.byteCount >= start + length + 2 else { return .refused(.cutHeader) }
            if bytes[byte: start + length] & 0x80 != 0 { return .refused(.wifiAggregate) }
            length += flags & 0x80 != 0 ? 6 : 2
        }
        if isPadded { length = (length + 3) & ~3 }
        return snap(bytes, at: start + length, walk)
    }
}
