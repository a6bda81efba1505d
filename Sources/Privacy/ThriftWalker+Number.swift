import Bytes

/// Reading and writing a number where it stands.
extension ThriftWalker.Number {
    func integer(_ bytes: [UInt8]) -> Int64 {
        if isCompact {
            var value: UInt64 = 0
            for (index, at) in range.enumerated() where index < 10 {
                value |= UInt64(bytes[at] & 0x7F) << UInt64(7 * index)
            }
            return ZigZag.decode(value)
        }
        let value = range.reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[$1]) }
        let unused = UInt64(64 - 8 * range.count)
        return Int64(bitPattern: value << unused) >> Int64(unused)
    }

    func double(_ bytes: [UInt8]) -> Double {
        var value: UInt64 = 0
        // Compact's doubles are little-endian.
        for (index, at) in range.enumerated() {
            value |= UInt64(bytes[at]) << UInt64(8 * (isCompact ? index : 7 - index))
        }
        return Double(bitPattern: value)
    }

    /// The number takes as many bytes as the one that was there.
    func fits(_ value: Int64) -> Bool {
        if !isCompact {
            let unused = Int64(64 - 8 * range.count)
            return (value << unused) >> unused == value
        }
        let bits = 64 - ZigZag.encode(value).leadingZeroBitCount
        return max(1, (bits + 6) / 7) == range.count
    }

    func put(_ value: Int64, _ bytes: inout [UInt8]) {
        if !isCompact {
            for (index, at) in range.reversed().enumerated() {
                bytes[at] = UInt8(truncatingIfNeeded: value >> Int64(8 * index))
            }
            return
        }
        let raw = ZigZag.encode(value)
        for (index, at) in range.enumerated() {
            let more: UInt8 = at + 1 < range.upperBound ? 0x80 : 0
            bytes[at] = UInt8(truncatingIfNeeded: raw >> UInt64(7 * index)) & 0x7F | more
        }
    }

    func put(_ pattern: UInt64, _ bytes: inout [UInt8]) {
        for (index, at) in range.enumerated() {
            let place = isCompact ? index : 7 - index
            bytes[at] = UInt8(truncatingIfNeeded: pattern >> UInt64(8 * place))
        }
    }
}
