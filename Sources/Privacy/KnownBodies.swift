import Bytes

/// Bodies that came again, with what became of them: many services answer with the same few texts over and over, and those
/// are then compared instead of read. Bodies that hold secrets are not kept.
struct KnownBodies {
    /// Longer bodies are seldom the same, and not kept.
    private static let longest = 1024
    private static let places = 64
    /// How many others may come to its place, and it not once again, before a body is forgotten.
    private static let patience = 32

    private struct Entry {
        var sample: UInt64 = 0
        var patience = 0
        /// As it came, and as it was left; empty while it has come only once.
        var original: [UInt8] = []
        var masked: [UInt8] = []
        /// Relative to the body.
        var spans: [MaskedSpan] = []
    }

    private var entries: [Entry] = []

    /// A body that may be a known one.
    struct Key {
        fileprivate let sample: UInt64
        fileprivate let place: Int

        /// - Parameter kind: bodies that are read in another way have another one.
        /// - Returns: nil for what is not kept.
        @inline(__always) init?(_ bytes: RawSpan, _ range: Range<Int>, kind: UInt64) {
            guard range.count >= 16, range.count <= KnownBodies.longest else { return nil }
            // Its ends and three words between them: what is no known body is told at little cost, what seems to be one is
            // compared as a whole.
            var hash = UInt64(range.count) << 8 | kind
            let step = (range.count - 8) / 4
            for part in 0..<5 {
                let at = part == 4 ? range.upperBound - 8 : range.lowerBound + part * step
                hash = (hash ^ bytes.word(at: at, before: range.upperBound)) &* 0x9E37_79B9_7F4A_7C15
                hash ^= hash >> 29
            }
            sample = hash | 1
            place = Int(truncatingIfNeeded: hash >> 58)
        }
    }

    /// Does to the body what was done to it before, and notes the spans. False when it is not known.
    mutating func replace(_ bytes: inout [UInt8], _ range: Range<Int>, _ key: Key, _ spans: inout [MaskedSpan]) -> Bool
    {
        if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.places) }
        let place = key.place
        guard entries[place].sample == key.sample else { return false }
        let original = entries[place].original
        guard original.count == range.count,
            bytes.rawSpan.isSame(range.lowerBound, range.count, as: original.rawSpan, 0)
        else { return false }
        entries[place].patience = Self.patience
        if entries[place].spans.isEmpty { return true }
        let masked = entries[place].masked
        bytes.write(masked.rawSpan, at: range.lowerBound)
        for index in entries[place].spans.indices {
            let span = entries[place].spans[index]
            let moved = span.range.lowerBound + range.lowerBound..<span.range.upperBound + range.lowerBound
            spans.append(MaskedSpan(range: moved, personal: span.personal))
        }
        return true
    }

    /// The body as it is now, if what becomes of it is to be kept: it has come before.
    mutating func original(_ bytes: [UInt8], _ range: Range<Int>, _ key: Key) -> [UInt8]? {
        if entries[key.place].sample == key.sample { return Array(bytes[range]) }
        entries[key.place].patience -= 1
        if entries[key.place].patience < 0 { entries[key.place] = Entry(sample: key.sample) }
        return nil
    }

    /// Keeps what became of it, unless a secret stood there.
    mutating func note(
        _ original: [UInt8], _ bytes: [UInt8], _ range: Range<Int>, _ key: Key, _ spans: ArraySlice<MaskedSpan>
    ) {
        if spans.contains(where: \.personal.isSecret) { return }
        let placed = spans.map { span in
            MaskedSpan(
                range: span.range.lowerBound - range.lowerBound..<span.range.upperBound - range.lowerBound,
                personal: span.personal)
        }
        entries[key.place] = Entry(
            sample: key.sample, patience: Self.patience, original: original, masked: Array(bytes[range]), spans: placed)
    }
}
