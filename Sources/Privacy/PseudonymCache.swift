import Bytes

/// The pseudonyms that were made last, so that a value that comes often costs its comparison.
///
/// A table of 1,024 places, a hundred kilobytes, in which a value replaces whatever stood where its hash leads.
struct PseudonymCache {
    private static let places = 1024
    /// Words of a value, and of its pseudonym: what is longer is not kept.
    private static let words = 6
    /// Class, length and outcome; value; pseudonym.
    private static let stride = 1 + 2 * words
    private var table = [UInt64](repeating: 0, count: places * stride)

    /// A value of a class, and where it belongs in the table.
    struct Key {
        fileprivate var words: InlineArray<6, UInt64>
        fileprivate var header: UInt64
        fileprivate let count: Int
        fileprivate let place: Int

        /// Nil for what is not kept.
        init?(_ personal: PersonalClass, _ bytes: RawSpan, _ range: Range<Int>) {
            guard !range.isEmpty, range.count <= 8 * PseudonymCache.words else { return nil }
            count = range.count
            header = UInt64(personal.index + 1) << 8 | UInt64(count)
            words = InlineArray(repeating: 0)
            var hash = header &* 0x9E37_79B9_7F4A_7C15
            for index in 0..<(count + 7) / 8 {
                let word = bytes.word(at: range.lowerBound + 8 * index, before: range.upperBound)
                words[index] = word
                hash = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
                hash ^= hash >> 32
            }
            place = Int(truncatingIfNeeded: hash & UInt64(PseudonymCache.places - 1)) * PseudonymCache.stride
        }
    }

    private static let done: UInt64 = 1 << 16

    /// Nil when it is not known; else whether there is a pseudonym, which ``copy(_:into:)`` gives.
    func find(_ key: Key) -> Bool? {
        let header = table[key.place]
        guard header & ~Self.done == key.header else { return nil }
        for index in 0..<(key.count + 7) / 8 where table[key.place + 1 + index] != key.words[index] { return nil }
        return header & Self.done != 0
    }

    /// Puts the pseudonym in the place of `text`.
    func copy(_ key: Key, into text: inout [UInt8]) {
        // The value itself, of the same length, stands there.
        precondition(text.count == key.count)
        unsafe text.withUnsafeMutableBytes { text in
            unsafe table.withUnsafeBytes { table in
                let from = 8 * (key.place + 1 + Self.words)
                unsafe text.copyMemory(from: UnsafeRawBufferPointer(rebasing: table[from..<from + key.count]))
            }
        }
    }

    /// Notes what became of a value: `text` is its pseudonym, of the same length, if it has one.
    mutating func note(_ key: Key, _ isDone: Bool, _ text: [UInt8]) {
        table[key.place] = key.header | (isDone ? Self.done : 0)
        for index in 0..<(key.count + 7) / 8 {
            table[key.place + 1 + index] = key.words[index]
            table[key.place + 1 + Self.words + index] = text.rawSpan.word(at: 8 * index, before: text.count)
        }
    }
}

extension UInt64 {
    /// The top bit of each byte that is `byte`, and maybe that of bytes above it that are one more.
    @inline(__always) func has(_ byte: UInt8) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let other = self ^ UInt64(byte) &* ones
        return (other &- ones) & ~other & ones << 7
    }
}

extension Array<UInt8> {
    /// Puts bytes in the place of all that was there.
    @inline(__always) mutating func assign(_ bytes: RawSpan, _ range: Range<Int>) {
        removeAll(keepingCapacity: true)
        unsafe bytes.extracting(range).withUnsafeBytes { unsafe append(contentsOf: $0) }
    }

    /// Writes over the bytes from `at` on.
    @inline(__always) mutating func write(_ bytes: [UInt8], at: Int) {
        precondition(at >= 0 && bytes.count <= count - at)
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[at..<at + source.count]).copyMemory(from: source)
            }
        }
    }
}
