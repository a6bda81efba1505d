import Bytes

/// What became of the first three parts of an IPv4 address: addresses of one network come again and again, and most often
/// only their last parts differ.
struct KnownNetwork {
    /// The three parts and the direction; 0 when nothing is known.
    var key: UInt32 = 0
    /// What they become, a byte each.
    var parts: UInt32 = 0
    /// What stands beside the last part.
    var beside: UInt32 = 0
    /// How the last part is turned, by how many digits it has.
    var turns = InlineArray<3, SmallPermutation.Turn?>(repeating: nil)
}

/// Network addresses.
extension Pseudonyms {
    /// Prefix-preserving by parts: two addresses that begin alike have pseudonyms that do, and each part keeps its length.
    /// Addresses of no network in particular (loopback, link-local, multicast) stay, and so does the beginning that makes
    /// an address a private one. A port behind it stays.
    mutating func ip() -> Bool {
        if text.contains(0x2E) && text.prefix(4).contains(0x2E) { return ipv4(from: 0) }
        guard text.count >= 3, text.count <= 48, text.filter({ $0 == 0x3A }).count >= 2 else { return false }
        return ipv6()
    }

    /// It begins like an IPv4 address, as which ``ip()`` takes it.
    @inline(__always) func isIPv4(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        range.count > 6 && bytes.word(at: range.lowerBound, before: range.upperBound).has(0x2E) & 0xFFFF_FFFF != 0
    }

    private mutating func ipv4(from start: Int) -> Bool {
        guard let address = IPv4Text(text.rawSpan, start, before: text.count) else { return false }
        // A port may follow.
        if address.end < text.count {
            guard text[address.end] == 0x3A, text[(address.end + 1)...].allSatisfy({ $0 &- 48 < 10 }) else {
                return false
            }
        }
        let values = address.values
        if values[0] == 0 || values[0] == 127 || values[0] >= 224 || (values[0] == 169 && values[1] == 254) {
            return true
        }
        let known = network(values[0], values[1], values[2])
        let (low, count) = Self.range(of: Int(values[3]), isFirst: false)
        let last = low + Int(permutePart(UInt64(Int(values[3]) - low), below: count, turn(in: known, count)))
        // The number of digits of each part is what it was.
        var parts = networks[known].parts << 8 | UInt32(last)
        var at = address.end
        for index in (0..<4).reversed() {
            var value = parts & 0xFF
            parts >>= 8
            for _ in 0..<address.digits[index] {
                at -= 1
                text[at] = 48 + UInt8(truncatingIfNeeded: value % 10)
                value /= 10
            }
            at -= 1
        }
        return true
    }

    /// The least number of as many digits as this part of an address has, and how many there are.
    private static func range(of part: Int, isFirst: Bool) -> (low: Int, count: UInt64) {
        if part < 10 { return isFirst ? (1, 9) : (0, 10) }
        if part < 100 { return (10, 90) }
        return (100, isFirst ? 124 : 156)
    }

    /// Where the network of the addresses that begin with these parts is kept, which is worked out when it is not.
    private mutating func network(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Int {
        let key = UInt32(first) << 16 | UInt32(second) << 8 | UInt32(third) | (isInverse ? 3 << 24 : 1 << 24)
        let place = Int((key &* 0x9E37_79B1) >> 22)
        if networks.isEmpty { networks = Array(repeating: KnownNetwork(), count: 1024) }
        if networks[place].key != key { networks[place] = newNetwork(key, (Int(first), Int(second), Int(third))) }
        return place
    }

    private mutating func newNetwork(_ key: UInt32, _ old: (Int, Int, Int)) -> KnownNetwork {
        let kept = old.0 == 10 ? 1 : [169, 172, 192].contains(old.0) ? 2 : 0
        var beside: UInt64 = 1
        var parts: UInt32 = 0
        for (index, part) in [old.0, old.1, old.2].enumerated() {
            var value = part
            if index >= kept {
                let (low, count) = Self.range(of: part, isFirst: index == 0)
                repeat {
                    value = low + Int(permute(UInt64(value - low), below: count, .ip, beside: beside))
                } while index == 0 && isReserved(value)
            }
            parts = parts << 8 | UInt32(value)
            beside = beside << 8 | UInt64(isInverse ? value : part)
        }
        return KnownNetwork(key: key, parts: parts, beside: UInt32(beside & 0xFF_FFFF))
    }

    /// How the last parts in a network are turned, of which there are so many with as many digits.
    private mutating func turn(in network: Int, _ count: UInt64) -> SmallPermutation.Turn {
        let column = count == 10 ? 0 : count == 90 ? 1 : 2
        if let known = networks[network].turns[column] { return known }
        let turn = newTurn(.ip, count, 1 << 24 | UInt64(networks[network].beside))
        networks[network].turns[column] = turn
        return turn
    }

    /// First parts of addresses of which some are nobody's.
    private func isReserved(_ first: Int) -> Bool {
        first == 10 || first == 127 || first == 169 || first == 172 || first == 192
    }

    private mutating func ipv6() -> Bool {
        var groups: [(at: Int, count: Int)] = []
        var at = text.first == 0x5B ? 1 : 0
        var start = at
        while at <= text.count {
            let byte = at < text.count ? text[at] : 0x5D
            if hex(byte) != nil {
                guard at - start < 4 else { return false }
            } else {
                if at > start { groups.append((start, at - start)) }
                start = at + 1
                if byte == 0x2E, let last = groups.last { return ipv4(from: last.at) }
                if byte == 0x5D || byte == 0x25 || byte == 0x2F { break }
                guard byte == 0x3A else { return false }
            }
            at += 1
        }
        guard groups.count <= 8, groups.count >= 2 else { return groups.count == 1 }
        func value(_ group: (at: Int, count: Int)) -> UInt64 {
            (group.at..<group.at + group.count).reduce(0) { $0 << 4 | UInt64(hex(text[$1]) ?? 0) }
        }
        let first = value(groups[0])
        if first >> 6 == 0x3FA || first >> 8 == 0xFF { return true }
        var beside: UInt64 = first << 16 | value(groups[1])
        for group in groups.dropFirst(2) {
            let old = value(group)
            let low: UInt64 = group.count == 1 ? 0 : 1 << UInt64(4 * (group.count - 1))
            let new =
                low + permute(old - min(low, old), below: (1 << UInt64(4 * group.count)) - low, .ip, beside: beside)
            if old >= low {
                beginPlaces()
                for index in 0..<group.count {
                    addPlace(group.at + index, UInt32(new >> UInt64(4 * (group.count - 1 - index)) & 15), of: 16)
                }
                writeHex()
            }
            let plain = isInverse ? new : old
            beside = (beside ^ plain) &* 0x0000_0100_0000_01B3 & 0x00FF_FFFF_FFFF_FFFF
        }
        return true
    }
}
