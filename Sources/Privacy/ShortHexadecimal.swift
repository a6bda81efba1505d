import Bytes

/// Eight to thirty hexadecimal digits, letters and figures, as a text of radix 16 of which each half is a number.
struct ShortHexadecimal {
    /// Most digits whose halves fit 63 bits.
    static let longest = 30

    var first: UInt64
    var second: UInt64
    let digits: Int
    let capitals: Bool

    /// Nil when what stands in `range` is none.
    @inline(__always) init?(_ bytes: RawSpan, _ range: Range<Int>) {
        guard range.count >= 8, range.count <= Self.longest,
            let isSmall = Hexadecimal.hasSmall(bytes.extracting(range))
        else { return nil }
        self.init(digitsOf: bytes, range, capitals: !isSmall)
    }

    /// Of digits without letters, too.
    init(digitsOf bytes: RawSpan, _ range: Range<Int>, capitals: Bool) {
        let middle = range.lowerBound + range.count / 2
        first = Self.number(bytes, range.lowerBound..<middle)
        second = Self.number(bytes, middle..<range.upperBound)
        digits = range.count
        self.capitals = capitals
    }

    /// At most sixteen digits.
    static func number(_ bytes: RawSpan, _ range: Range<Int>) -> UInt64 {
        let middle = max(range.lowerBound, range.upperBound - 8)
        let low = Hexadecimal.number(Hexadecimal.padded(bytes, middle..<range.upperBound)) ?? 0
        if middle == range.lowerBound { return UInt64(low) }
        let high = Hexadecimal.number(Hexadecimal.padded(bytes, range.lowerBound..<middle)) ?? 0
        return UInt64(high) << 32 | UInt64(low)
    }

    /// Writes the digits over as many bytes.
    func write(into text: UnsafeMutableRawBufferPointer) {
        precondition(text.count == digits)
        let half = digits / 2
        unsafe Self.write(first, capitals, into: UnsafeMutableRawBufferPointer(rebasing: text[..<half]))
        unsafe Self.write(second, capitals, into: UnsafeMutableRawBufferPointer(rebasing: text[half...]))
    }

    /// The last digits of a number, as many as there are places, at most sixteen.
    private static func write(_ number: UInt64, _ capitals: Bool, into text: UnsafeMutableRawBufferPointer) {
        var number = number
        var end = text.count
        while end > 0 {
            let count = min(8, end)
            let word = Hexadecimal.text(UInt32(truncatingIfNeeded: number), capitals: capitals)
            // The last digits stand in the highest bytes.
            unsafe withUnsafeBytes(of: (word >> UInt64(64 - 8 * count)).littleEndian) { word in
                unsafe UnsafeMutableRawBufferPointer(rebasing: text[end - count..<end]).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: word[..<count]))
            }
            number >>= 32
            end -= count
        }
    }
}
