import Bytes

/// What the names that were met last mean, as one ``FieldNames`` said: messages of a kind have the same names.
struct NameCache {
    private struct Entry {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var count = 0
        var meaning = FieldNames.Meaning.none
    }

    private static let places = 512
    private var entries: [Entry] = []

    /// - Parameter names: the same ones every time.
    mutating func meaning(_ bytes: RawSpan, _ range: Range<Int>, _ names: FieldNames) -> FieldNames.Meaning {
        guard range.count <= 16, !range.isEmpty else { return names.meaning(bytes, range) }
        if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.places) }
        let first = bytes.word(at: range.lowerBound, before: range.upperBound)
        let second = bytes.word(at: range.lowerBound + 8, before: range.upperBound)
        let hash = (first ^ second &* 0x0000_0100_0000_01B3) &* 0x9E37_79B9_7F4A_7C15
        let place = Int(truncatingIfNeeded: hash >> 55)
        let known = entries[place]
        if known.first == first && known.second == second && known.count == range.count { return known.meaning }
        let meaning = names.meaning(bytes, range)
        entries[place] = Entry(first: first, second: second, count: range.count, meaning: meaning)
        return meaning
    }
}
