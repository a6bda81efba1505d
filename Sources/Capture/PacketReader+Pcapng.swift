/// What a pcapng section has said so far.
struct Pcapng {
    struct Interface {
        var link: LinkType
        var snapLength: Int
        /// Units of a timestamp in one second.
        var unitsPerSecond: UInt64 = 1_000_000
        var offsetSeconds: Int64 = 0

        /// ns since 1970 of a timestamp in this interface's units.
        func nanos(_ stamp: UInt64) -> UInt64 {
            let whole = stamp / unitsPerSecond
            let part = (stamp % unitsPerSecond).multipliedFullWidth(by: 1_000_000_000)
            // The high word is below `unitsPerSecond`, since the part is; so the quotient fits.
            let fraction = unitsPerSecond.dividingFullWidth(part).quotient
            let seconds = UInt64(bitPattern: Int64(bitPattern: whole) &+ offsetSeconds)
            return seconds &* 1_000_000_000 &+ fraction
        }
    }

    var isBigEndian = false
    var interfaces: [Interface] = []
    var isInSection = false
    /// Set when the reader's copy must be stored again.
    var isChanged = false
}

/// ```
///  0      4        8                            total-4
/// +------+--------+---------------- … ---------+--------+
/// |type  |total   | body, padded to 4          |total   |
/// +------+--------+---------------- … ---------+--------+
/// EPB body: interface, stamp high, stamp low, captured, on wire, bytes, options
/// SPB body: on wire, bytes          PB body: u16 interface, u16 drops, then as EPB
/// ```
extension PacketReader {
    mutating func nextPcapng(_ state: inout Pcapng) throws(CaptureError) -> CapturedPacket? {
        while true {
            guard try buffer.require(12) else {
                return finish(buffer.count == 0 ? .whole : .cut(bytes: buffer.count))
            }
            let isSection = buffer.load(UInt32.self, 0, bigEndian: true) == 0x0A0D_0D0A
            if isSection {
                switch buffer.load(UInt32.self, 8, bigEndian: true) {
                case 0x1A2B_3C4D: state.isBigEndian = true
                case 0x4D3C_2B1A: state.isBigEndian = false
                default: return finish(.damaged(at: buffer.passed))
                }
                state.interfaces = []
                state.isInSection = true
                state.isChanged = true
            }
            let isBig = state.isBigEndian
            let total = Int(buffer.load(UInt32.self, 4, bigEndian: isBig))
            guard state.isInSection, total >= 12, total % 4 == 0, total <= PacketBuffer.maximumBlock - 64 else {
                return finish(.damaged(at: buffer.passed))
            }
            guard try buffer.require(total) else { return finish(.cut(bytes: buffer.count)) }
            let type = isSection ? 0 : buffer.load(UInt32.self, 0, bigEndian: isBig)
            switch type {
            case 1 where total >= 20:
                state.interfaces.append(readInterface(isBig, total))
                state.isChanged = true
            case 2 where total >= 32:
                let interface = Int(buffer.load(UInt16.self, 8, bigEndian: isBig))
                return packetBlock(state, interface: interface, total)
            case 3 where total >= 16:
                return simpleBlock(state, total)
            case 6 where total >= 32:
                return packetBlock(state, interface: Int(buffer.load(UInt32.self, 8, bigEndian: isBig)), total)
            default: break
            }
            buffer.skip(total)
        }
    }

    private func readInterface(_ isBig: Bool, _ total: Int) -> Pcapng.Interface {
        var interface = Pcapng.Interface(
            link: LinkType(buffer.load(UInt16.self, 8, bigEndian: isBig)),
            snapLength: Int(buffer.load(UInt32.self, 12, bigEndian: isBig)))
        var at = 16
        while at + 4 <= total - 4 {
            let code = buffer.load(UInt16.self, at, bigEndian: isBig)
            let length = Int(buffer.load(UInt16.self, at + 2, bigEndian: isBig))
            if code == 0 || at + 4 + length > total - 4 { break }
            if code == 9 && length >= 1 {
                let resolution = buffer.load(UInt8.self, at + 4, bigEndian: isBig)
                interface.unitsPerSecond = Self.units(resolution) ?? 1_000_000
            } else if code == 14 && length >= 8 {
                interface.offsetSeconds = Int64(bitPattern: buffer.load(UInt64.self, at + 4, bigEndian: isBig))
            }
            at += 4 + (length + 3) & ~3
        }
        return interface
    }

    /// if_tsresol: a negative power of ten, or of two when the top bit is set.
    private static func units(_ resolution: UInt8) -> UInt64? {
        let exponent = resolution & 0x7F
        if resolution & 0x80 != 0 { return exponent < 64 ? 1 << UInt64(exponent) : nil }
        if exponent > 19 { return nil }
        return (0..<exponent).reduce(1 as UInt64) { value, _ in value &* 10 }
    }

    private mutating func packetBlock(_ state: Pcapng, interface: Int, _ total: Int) -> CapturedPacket {
        let isBig = state.isBigEndian
        let stamp =
            UInt64(buffer.load(UInt32.self, 12, bigEndian: isBig)) << 32
            | UInt64(buffer.load(UInt32.self, 16, bigEndian: isBig))
        let captured = min(Int(buffer.load(UInt32.self, 20, bigEndian: isBig)), total - 32)
        let wire = Int(buffer.load(UInt32.self, 24, bigEndian: isBig))
        held = total
        var link = LinkType.noInterface
        if interface < state.interfaces.count {
            link = state.interfaces[interface].link
            lastNanos = state.interfaces[interface].nanos(stamp)
        }
        return CapturedPacket(
            timeNanos: lastNanos, wireLength: max(wire, captured), count: captured, link: link,
            offset: buffer.start + 28)
    }

    /// A Simple Packet Block has no time of its own: it gets that of the packet before it.
    private mutating func simpleBlock(_ state: Pcapng, _ total: Int) -> CapturedPacket {
        let wire = Int(buffer.load(UInt32.self, 8, bigEndian: state.isBigEndian))
        var captured = min(wire, total - 16)
        var link = LinkType.noInterface
        if let first = state.interfaces.first {
            link = first.link
            if first.snapLength > 0 { captured = min(captured, first.snapLength) }
        }
        held = total
        return CapturedPacket(
            timeNanos: lastNanos, wireLength: max(wire, captured), count: captured, link: link,
            offset: buffer.start + 12)
    }
}
