import Bytes

/// The pseudonyms that were made last, so that a value that comes often costs its comparison.
///
/// A table of so few places that it stays in a processor's nearest cache, where a value replaces whatever stood where its
/// hash leads.
struct PseudonymCache {
    private static let places = 256
    /// Words of a value, and of its pseudonym: what is longer is not kept.
    private static let words = 6
    /// Class, length and outcome; value; pseudonym.
    private static let stride = 1 + 2 * words
    private var table = [UInt64](repeating: 0, count: places * stride)

    private static let itself: UInt64 = 1 << 16
    private static let replaced: UInt64 = 1 << 17
    private static let deferred: UInt64 = 1 << 18

    /// Where a value of a class belongs in the table.
    struct Key {
        fileprivate let header: UInt64
        let place: Int

        /// Nil for what is not kept.
        @inline(__always) init?(_ personal: PersonalClass, _ bytes: RawSpan, _ range: Range<Int>) {
            guard !range.isEmpty, range.count <= 8 * PseudonymCache.words else { return nil }
            header = UInt64(personal.index + 1) << 8 | UInt64(range.count)
            var hash = header &* 0x9E37_79B9_7F4A_7C15
            var at = range.lowerBound
            while at < range.upperBound {
                hash = (hash ^ bytes.word(at: at, before: range.upperBound)) &* 0x9E37_79B9_7F4A_7C15
                hash ^= hash >> 32
                at &+= 8
            }
            place = Int(truncatingIfNeeded: hash & UInt64(PseudonymCache.places - 1)) * PseudonymCache.stride
        }
    }

    /// What became of the value in `range`, whose pseudonym ``copy(_:into:_:)`` gives; nil when it is not known.
    @inline(__always) func find(_ key: Key, _ bytes: RawSpan, _ range: Range<Int>) -> Pseudonyms.Outcome? {
        let table = table.span
        let header = table[key.place]
        guard header & (Self.itself - 1) == key.header else { return nil }
        var at = range.lowerBound
        var place = key.place &+ 1
        while at < range.upperBound {
            if table[place] != bytes.word(at: at, before: range.upperBound) { return nil }
            at &+= 8
            place &+= 1
        }
        if header & Self.deferred != 0 {
            return .deferred(Int(truncatingIfNeeded: table[key.place &+ 1 &+ Self.words]))
        }
        return header & Self.replaced != 0 ? .replaced : header & Self.itself != 0 ? .itself : .impossible
    }

    /// Puts the pseudonym in the place of the value.
    func copy(_ key: Key, into bytes: inout [UInt8], _ range: Range<Int>) {
        precondition(range.upperBound <= bytes.count && range.count <= 8 * Self.words)
        unsafe bytes.withUnsafeMutableBytes { bytes in
            unsafe table.withUnsafeBytes { table in
                let from = 8 * (key.place + 1 + Self.words)
                unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[range]).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: table[from..<from + range.count]))
            }
        }
    }

    /// Notes what became of the value in `range`: `text` is its pseudonym, of the same length, if it `isDone`.
    mutating func note(
        _ key: Key, _ bytes: RawSpan, _ range: Range<Int>, _ isDone: Bool, _ text: RawSpan
    ) -> Pseudonyms.Outcome {
        var difference: UInt64 = 0
        var place = key.place &+ 1
        var table = table.mutableSpan
        var at = 0
        while at < range.count {
            let value = bytes.word(at: range.lowerBound + at, before: range.upperBound)
            let word = text.word(at: at, before: text.byteCount)
            difference |= value ^ word
            table[place] = value
            table[place &+ Self.words] = word
            place &+= 1
            at &+= 8
        }
        table[key.place] = key.header | (!isDone ? 0 : difference == 0 ? Self.itself : Self.replaced)
        return !isDone ? .impossible : difference == 0 ? .itself : .replaced
    }

    /// Notes that the value in `range` is the `number`th of those whose pseudonyms are still to come.
    mutating func note(_ key: Key, _ bytes: RawSpan, _ range: Range<Int>, deferred number: Int) {
        var table = table.mutableSpan
        for word in 0..<(range.count + 7) / 8 {
            table[key.place &+ 1 &+ word] = bytes.word(at: range.lowerBound + 8 * word, before: range.upperBound)
        }
        table[key.place] = key.header | Self.deferred
        table[key.place &+ 1 &+ Self.words] = UInt64(number)
    }

    /// Notes the pseudonym of what was deferred as `number`, if it is still there.
    mutating func settle(_ place: Int, _ number: Int, _ pseudonym: RawSpan) {
        var table = table.mutableSpan
        guard table[place] & Self.deferred != 0, table[place &+ 1 &+ Self.words] == UInt64(number) else { return }
        for word in 0..<(pseudonym.byteCount + 7) / 8 {
            table[place &+ 1 &+ Self.words &+ word] = pseudonym.word(at: 8 * word, before: pseudonym.byteCount)
        }
        table[place] = table[place] & (Self.itself - 1) | Self.replaced
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
        let length = range.count
        if count < length { append(contentsOf: repeatElement(0, count: length - count)) }
        if count > length { removeLast(count - length) }
        unsafe withUnsafeMutableBytes { target in
            unsafe bytes.extracting(range).withUnsafeBytes { unsafe target.copyMemory(from: $0) }
        }
    }
}
