/// The pseudonyms that were made last, so that a value that comes often costs its comparison.
///
/// A table of 4,096 places in which a value replaces whatever stood where its hash leads.
struct PseudonymCache {
    private static let places = 4096
    private static let longest = 47
    /// Key length and class and outcome, key, pseudonym: 96 bytes each.
    private static let stride = 96
    private var table = [UInt8](repeating: 0, count: places * stride)
    private var slot = -1

    /// Nil when it is not known; else whether there is a pseudonym, which ``copy(into:)`` gives.
    mutating func find(_ index: Int, _ text: [UInt8]) -> Bool? {
        let count = text.count
        slot = -1
        guard count > 0, count <= Self.longest else { return nil }
        var hash = UInt64(truncatingIfNeeded: index &* 64 &+ count) &* 0x9E37_79B9_7F4A_7C15
        for at in 0..<count { hash = (hash ^ UInt64(text[at])) &* 0x0000_0100_0000_01B3 }
        slot = Int(truncatingIfNeeded: (hash ^ hash >> 29) & UInt64(Self.places - 1)) * Self.stride
        guard Int(table[slot]) == count, table[slot + 1] & 0x7F == UInt8(index) + 1 else { return nil }
        for at in 0..<count where table[slot + 2 + at] != text[at] { return nil }
        return table[slot + 1] & 0x80 != 0
    }

    func copy(into text: inout [UInt8]) {
        for at in text.indices { text[at] = table[slot + 49 + at] }
    }

    /// Notes the value that was looked for and not found.
    mutating func begin(_ index: Int, _ text: [UInt8]) {
        if slot < 0 { return }
        table[slot] = UInt8(text.count)
        table[slot + 1] = UInt8(index) + 1
        for at in 0..<text.count { table[slot + 2 + at] = text[at] }
    }

    mutating func end(_ isDone: Bool, _ text: [UInt8]) {
        if slot < 0 { return }
        if isDone { table[slot + 1] |= 0x80 }
        for at in 0..<text.count { table[slot + 49 + at] = text[at] }
    }
}
