import Bytes

/// Eight hexadecimal digits at a time, each in a byte of a word, the first in the lowest.
enum Hexadecimal {
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// Digits and letters as a number, the first the highest; nil when one is none.
    @inline(__always) static func number(_ text: UInt64) -> UInt32? {
        // Letters have bit 6, and nine less in their lower half than they stand for.
        let nibbles = (text & (ones &* 0x0F)) &+ (text >> 6 & ones) &* 9
        // Whatever is none is something else when it is written again: a sum above 15, or no digit before.
        guard nibbles & (ones &* 0xF0) == 0, spelled(nibbles) == text | (text >> 6 & ones) << 5 else { return nil }
        let bytes = (nibbles << 4 | nibbles >> 8) & 0x00FF_00FF_00FF_00FF
        let pairs = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: pairs | pairs >> 16).byteSwapped
    }

    /// Small letters, or capitals.
    @inline(__always) static func text(_ number: UInt32, capitals: Bool) -> UInt64 {
        let swapped = UInt64(number.byteSwapped)
        let pairs = (swapped | swapped << 16) & 0x0000_FFFF_0000_FFFF
        let bytes = (pairs | pairs << 8) & 0x00FF_00FF_00FF_00FF
        let nibbles = (bytes >> 4 | bytes << 8) & (ones &* 0x0F)
        let text = spelled(nibbles)
        return capitals ? text & ~((text >> 6 & ones) << 5) : text
    }

    /// The thirty-two digits of a block.
    static func text(_ high: UInt64, _ low: UInt64, capitals: Bool) -> (UInt64, UInt64, UInt64, UInt64) {
        (
            text(UInt32(truncatingIfNeeded: high >> 32), capitals: capitals),
            text(UInt32(truncatingIfNeeded: high), capitals: capitals),
            text(UInt32(truncatingIfNeeded: low >> 32), capitals: capitals),
            text(UInt32(truncatingIfNeeded: low), capitals: capitals)
        )
    }

    /// Each number below 16 as a digit or small letter.
    @inline(__always) private static func spelled(_ nibbles: UInt64) -> UInt64 {
        let letters = (nibbles &+ ones &* 6) >> 4 & ones
        return nibbles &+ ones &* 0x30 &+ letters &* 0x27
    }

    /// True when any of the eight is a capital letter.
    @inline(__always) static func hasCapital(_ text: UInt64) -> Bool {
        (text >> 6 & ~(text >> 5) & ones) != 0
    }

    /// Of 32 digits and letters, whether the letters are small; nil when there are no letters, none but letters, or some
    /// of both cases.
    @inline(__always) static func hasSmall(_ words: (UInt64, UInt64, UInt64, UInt64)) -> Bool? {
        let some = (words.0 | words.1 | words.2 | words.3) >> 6 & ones
        let all = (words.0 & words.1 & words.2 & words.3) >> 6 & ones
        if some == 0 || all == ones { return nil }
        let capitals = hasCapital(words.0) || hasCapital(words.1) || hasCapital(words.2) || hasCapital(words.3)
        if !capitals { return true }
        let small =
            (words.0 >> 6 & words.0 >> 5 | words.1 >> 6 & words.1 >> 5 | words.2 >> 6 & words.2 >> 5 | words.3 >> 6
                & words.3 >> 5) & ones
        return small == 0 ? false : nil
    }

    /// Of eight digits and letters or more, whether the letters are small; nil when one is no hexadecimal digit, and when
    /// there are no letters, none but letters, or some of both cases.
    static func hasSmall(_ text: RawSpan) -> Bool? {
        var figures: UInt64 = 0
        var small: UInt64 = 0
        var capitals: UInt64 = 0
        var at = 0
        while at < text.byteCount {
            // The last eight may be some of those before them, too.
            let word = text.word(at: min(at, text.byteCount - 8), before: text.byteCount)
            if number(word) == nil { return nil }
            figures |= ~(word >> 6)
            small |= word >> 6 & word >> 5
            capitals |= word >> 6 & ~(word >> 5)
            at += 8
        }
        if figures & ones == 0 || (small & ones == 0) == (capitals & ones == 0) { return nil }
        return small & ones != 0
    }

    /// At most eight digits behind as many zeros as are missing.
    @inline(__always) static func padded(_ text: RawSpan, _ range: Range<Int>) -> UInt64 {
        let word = text.word(at: range.lowerBound, before: range.upperBound)
        if range.count == 8 { return word }
        return word << UInt64(64 - 8 * range.count) | (ones &* 0x30) >> UInt64(8 * range.count)
    }

    /// True when all of `range` is digits and letters up to f, some of each.
    static func isMixed(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
        var some: UInt64 = 0
        var all = UInt64.max
        var at = range.lowerBound
        while at < range.upperBound {
            // The last eight may be some of those before them, too.
            let from = min(at, range.upperBound - 8)
            let word = bytes.word(at: from, before: range.upperBound)
            if number(word) == nil { return false }
            some |= word >> 6 & ones
            all &= word >> 6 & ones
            at += 8
        }
        return some != 0 && all & ones != ones
    }

    /// Thirty-two digits.
    static func digits(ofBlock text: RawSpan) -> (UInt64, UInt64, UInt64, UInt64) {
        (
            text.word(at: 0, before: 32), text.word(at: 8, before: 32), text.word(at: 16, before: 32),
            text.word(at: 24, before: 32)
        )
    }

    /// The thirty-two digits of a UUID of 36 bytes, without the dashes.
    static func digits(ofUUID text: RawSpan) -> (UInt64, UInt64, UInt64, UInt64) {
        @inline(__always) func four(_ at: Int) -> UInt64 { text.word(at: at, before: at + 4) }
        return (
            text.word(at: 0, before: 8), four(9) | four(14) << 32, four(19) | four(24) << 32,
            text.word(at: 28, before: 36)
        )
    }
}
