import Bytes

/// A UUID as text, all but what stays of it: version and variant. The other thirty digits are one text of radix 16, of
/// which each half is a number. These are the values that come most often and repeat least, so they are read and written
/// eight digits at a time.
struct UUIDText {
    static let length = 36
    /// Those that change.
    static let digits = 30

    let first: UInt64
    let second: UInt64
    private let capitals: Bool

    /// Nil when what stands in `range` is no UUID.
    init?(_ bytes: RawSpan, _ range: Range<Int>) {
        guard range.count == Self.length, bytes[byte: range.lowerBound + 8] == 0x2D,
            bytes[byte: range.lowerBound + 13] == 0x2D, bytes[byte: range.lowerBound + 18] == 0x2D,
            bytes[byte: range.lowerBound + 23] == 0x2D
        else { return nil }
        let words = Hexadecimal.digits(ofUUID: bytes.extracting(range))
        guard let a = Hexadecimal.number(words.0), let b = Hexadecimal.number(words.1),
            let c = Hexadecimal.number(words.2), let d = Hexadecimal.number(words.3)
        else { return nil }
        capitals =
            Hexadecimal.hasCapital(words.0) || Hexadecimal.hasCapital(words.1) || Hexadecimal.hasCapital(words.2)
            || Hexadecimal.hasCapital(words.3)
        // The version is the thirteenth digit, the variant the seventeenth.
        let high = UInt64(a) << 32 | UInt64(b)
        let low = UInt64(c) << 32 | UInt64(d)
        first = (high >> 16) << 12 | high & 0xFFF
        second = low & 0x0FFF_FFFF_FFFF_FFFF
    }

    /// - Parameter other: has capitals where this one shall.
    init(_ halves: (UInt64, UInt64), like other: UUIDText) {
        (first, second) = halves
        capitals = other.capitals
    }

    /// Writes the digits over those of a UUID of 36 bytes, whose version and variant stay.
    func write(into text: UnsafeMutableRawBufferPointer) {
        precondition(text.count == Self.length)
        let front = Hexadecimal.text(UInt32(truncatingIfNeeded: first >> 28), capitals: capitals)
        let middle = Hexadecimal.text(
            UInt32(truncatingIfNeeded: first << 4 & 0xFFFF_0000 | first & 0xFFF), capitals: capitals)
        let next = Hexadecimal.text(UInt32(truncatingIfNeeded: second >> 32), capitals: capitals)
        let back = Hexadecimal.text(UInt32(truncatingIfNeeded: second), capitals: capitals)
        let (version, variant) = unsafe (text[14], text[19])
        // All of these places are below 36.
        @inline(__always) func put(_ word: UInt64, _ at: Int) {
            let half = UInt32(truncatingIfNeeded: word).littleEndian
            unsafe text.storeBytes(of: half, toByteOffset: at, as: UInt32.self)
        }
        unsafe text.storeBytes(of: front.littleEndian, toByteOffset: 0, as: UInt64.self)
        put(middle, 9)
        put(middle >> 32, 14)
        put(next, 19)
        put(next >> 32, 24)
        unsafe text.storeBytes(of: back.littleEndian, toByteOffset: 28, as: UInt64.self)
        unsafe text[14] = version
        unsafe text[19] = variant
    }
}
