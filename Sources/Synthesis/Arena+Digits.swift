/// Numbers as text. Digits are made eight at a time within a word: a lane of 8 bits for each.
extension Arena {
    /// The last `digits` decimal digits of `value`.
    @inline(__always)
    mutating func append(_ value: UInt64, digits: Int) {
        if digits <= 0 { return }
        if digits <= 8 {
            let word = Self.eightDigits(value < 100_000_000 ? value : value % 100_000_000)
            return append(raw: word >> UInt64(64 - 8 * digits), length: digits)
        }
        appendLong(value, digits: digits)
    }

    private mutating func appendLong(_ value: UInt64, digits: Int) {
        let (high, low) = value.quotientAndRemainder(dividingBy: 100_000_000)
        append(high, digits: digits - 8)
        append(raw: Self.eightDigits(low), length: 8)
    }

    /// The eight digits of a number below 10^8, the first of them in the lowest byte.
    @inline(__always)
    private static func eightDigits(_ value: UInt64) -> UInt64 {
        // Four and four, then pairs, then digits: each step divides all lanes at once, by multiplying with a reciprocal
        // that is exact for numbers of its size.
        let fours = value / 10_000 | (value % 10_000) << 32
        let hundreds = ((fours &* 10_486) >> 20) & 0x0000_007F_0000_007F
        let pairs = hundreds | (fours &- hundreds &* 100) << 16
        let tens = ((pairs &* 103) >> 10) & 0x000F_000F_000F_000F
        return (tens | (pairs &- tens &* 10) << 8) | 0x3030_3030_3030_3030
    }

    mutating func append(decimal value: Int64) {
        if value < 0 { append(0x2D) }
        let size = value.magnitude
        append(size, digits: Self.digitCount(size))
    }

    @inline(__always)
    private static func digitCount(_ value: UInt64) -> Int {
        if value < 100_000_000 {
            if value < 10_000 { return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4 }
            return value < 1_000_000 ? (value < 100_000 ? 5 : 6) : value < 10_000_000 ? 7 : 8
        }
        var count = 9
        var rest = value / 1_000_000_000
        while rest > 0 {
            count += 1
            rest /= 10
        }
        return count
    }

    /// A whole number of 10^-scale as a decimal with exactly `scale` places.
    mutating func append(_ value: Int64, scale: Int) {
        if scale <= 0 { return append(decimal: value) }
        var power: UInt64 = 1
        for _ in 0..<min(scale, 18) { power *= 10 }
        if value < 0 { append(0x2D) }
        append(decimal: Int64(clamping: value.magnitude / power))
        append(0x2E)
        append(value.magnitude % power, digits: scale)
    }

    // MARK: Hexadecimal

    mutating func append(hex byte: UInt8) {
        let nibbles = UInt64(byte >> 4) | UInt64(byte & 15) << 8
        append(raw: UInt16(truncatingIfNeeded: Self.letters(nibbles)), length: 2)
    }

    mutating func append(hex value: UInt16) {
        append(raw: UInt32(truncatingIfNeeded: Self.letters(Self.spread(UInt64(value))).byteSwapped >> 32), length: 4)
    }

    @inline(__always)
    mutating func append(hex value: UInt32) {
        append(raw: Self.letters(Self.spread(UInt64(value))).byteSwapped, length: 8)
    }

    /// The highest four bits of each sixteen, lowest sixteen first.
    @inline(__always)
    mutating func append(hexOfSixteens bits: UInt64) {
        var nibbles = (bits >> 12) & 0x000F_000F_000F_000F
        nibbles = (nibbles | nibbles >> 8) & 0x0000_FFFF_0000_FFFF
        append(raw: UInt32(truncatingIfNeeded: Self.letters(nibbles | nibbles >> 16)), length: 4)
    }

    /// Thirty-two bits with four in each byte.
    @inline(__always)
    private static func spread(_ value: UInt64) -> UInt64 {
        var x = value
        x = (x | x << 16) & 0x0000_FFFF_0000_FFFF
        x = (x | x << 8) & 0x00FF_00FF_00FF_00FF
        return (x | x << 4) & 0x0F0F_0F0F_0F0F_0F0F
    }

    /// Four bits in each byte as digits and small letters.
    @inline(__always)
    private static func letters(_ nibbles: UInt64) -> UInt64 {
        let x = nibbles & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = ((x &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return x &+ 0x3030_3030_3030_3030 &+ isLetter &* 0x27
    }
}
