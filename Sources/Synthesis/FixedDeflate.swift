/// Compresses as RFC 1950 (zlib) and RFC 1951 (deflate) say, into bytes of its own making: what zlib and libdeflate write
/// for one text changes with their versions, and digests of synthesized exchanges must not.
///
/// One block of fixed codes holds everything, with the latest earlier place that begins alike as the only match that is
/// looked at. What comes out depends on the text alone, not on what was compressed before.
struct FixedDeflate {
    private var out = Arena()
    private let owner = TableOwner()
    /// By hash of three bytes, where they stood last. Places are counted over all texts, so that nothing need be cleared.
    private let places: Table<Int>
    /// The place of this text's first byte.
    private var origin = 1
    /// Bits that do not fill a word yet, the first of them lowest.
    private var bits: UInt64 = 0
    private var bitCount = 0
    /// A literal's or length's code by its symbol, the first bit lowest, and above them how many bits there are.
    private let codes: Table<UInt32>
    private static let hashBits = 12
    private static let farthest = 32_768
    /// 258 has a code of its own, which gains next to nothing.
    private static let longest = 257
    private static let endOfBlock = 256

    init() {
        places = owner.make(count: 1 << Self.hashBits, 0)
        codes = owner.make((0..<288).map(Self.code))
    }

    /// RFC 1951 §3.2.6. Huffman codes begin with their highest bit.
    private static func code(_ symbol: Int) -> UInt32 {
        let (code, length) =
            switch symbol {
            case ..<144: (0x30 + symbol, 8)
            case ..<256: (0x190 + symbol - 144, 9)
            case ..<280: (symbol - 256, 7)
            default: (0xC0 + symbol - 280, 8)
            }
        return reversed(UInt32(code), length) | UInt32(length) << 16
    }

    private static func reversed(_ value: UInt32, _ length: Int) -> UInt32 {
        (0..<length).reduce(0) { $0 << 1 | value >> UInt32($1) & 1 }
    }

    /// Puts the compressed form in place of everything from `start` on.
    mutating func compress(_ arena: inout Arena, from start: Int) {
        let end = arena.count
        out.truncate(to: 0)
        // Deflate with a window of 32 KiB, made fast.
        out.append(contentsOf: [0x78, 0x01])
        // The last block, of fixed codes.
        (bits, bitCount) = (0b011, 3)
        var at = start
        while at < end {
            let (length, distance) = match(arena, start, at, end)
            if length == 0 {
                put(symbol: Int(arena[at]))
                at += 1
            } else {
                put(length: length)
                put(distance: distance)
                for inside in at + 1..<at + length { note(arena, start, inside, end) }
                at += length
            }
        }
        put(symbol: Self.endOfBlock)
        flush()
        out.append(bigEndian: Self.adler32(arena, start..<end))
        origin += end - start
        arena.truncate(to: start)
        arena.append(out.all)
    }

    // MARK: Matches

    @inline(__always)
    private func hash(_ arena: Arena, _ at: Int) -> Int {
        let three = UInt32(arena[at]) | UInt32(arena[at + 1]) << 8 | UInt32(arena[at + 2]) << 16
        return Int((three &* 0x9E37_79B1) >> UInt32(32 - Self.hashBits))
    }

    private func note(_ arena: Arena, _ start: Int, _ at: Int, _ end: Int) {
        if at + 3 <= end { places[hash(arena, at)] = origin + at - start }
    }

    /// The length and distance of what stood before and begins as at `at`; none where it is shorter than three bytes.
    private func match(_ arena: Arena, _ start: Int, _ at: Int, _ end: Int) -> (length: Int, distance: Int) {
        guard at + 3 <= end else { return (0, 0) }
        let slot = hash(arena, at)
        let candidate = places[slot] - origin + start
        places[slot] = origin + at - start
        let distance = at - candidate
        guard candidate >= start, distance <= Self.farthest else { return (0, 0) }
        let most = min(Self.longest, end - at)
        var length = 0
        while length < most && arena[candidate + length] == arena[at + length] { length += 1 }
        return length < 3 ? (0, 0) : (length, distance)
    }

    // MARK: Codes

    @inline(__always)
    private mutating func put(_ value: UInt32, _ count: Int) {
        bits |= UInt64(value) << UInt64(bitCount)
        bitCount += count
        guard bitCount >= 32 else { return }
        out.append(littleEndian: UInt32(truncatingIfNeeded: bits))
        bits >>= 32
        bitCount -= 32
    }

    @inline(__always)
    private mutating func put(symbol: Int) {
        let code = codes[symbol]
        put(code & 0xFFFF, Int(code >> 16))
    }

    /// RFC 1951 §3.2.5: lengths from 11 on share four codes in each doubling, and say which they are in extra bits.
    private mutating func put(length: Int) {
        let value = length - 3
        let extra = value < 8 ? 0 : Self.log2(value) - 2
        put(symbol: 257 + 4 * extra + value >> extra)
        put(UInt32(value & (1 << extra - 1)), extra)
    }

    /// Likewise for distances from 5 on, two codes in each doubling, of five bits.
    private mutating func put(distance: Int) {
        let value = distance - 1
        let extra = value < 4 ? 0 : Self.log2(value) - 1
        put(Self.reversed(UInt32(2 * extra + value >> extra), 5), 5)
        put(UInt32(value & (1 << extra - 1)), extra)
    }

    private static func log2(_ value: Int) -> Int { Int.bitWidth - 1 - value.leadingZeroBitCount }

    private mutating func flush() {
        while bitCount > 0 {
            out.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
            bitCount -= 8
        }
    }

    /// RFC 1950 §8.2.
    private static func adler32(_ arena: Arena, _ range: Range<Int>) -> UInt32 {
        var (a, b): (UInt64, UInt64) = (1, 0)
        for at in range {
            a += UInt64(arena[at])
            b += a
            // Far from overflowing: a grows by 255 a byte at most.
            if (at - range.lowerBound) & 0xFFFF == 0xFFFF { (a, b) = (a % 65_521, b % 65_521) }
        }
        return UInt32(truncatingIfNeeded: (b % 65_521) << 16 | a % 65_521)
    }
}
