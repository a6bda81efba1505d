import Bytes
internal import CScan

/// What names of fields say about their values, found in one pass over the name from its end and without allocating.
///
/// Case, dashes, underscores and dots do not matter. An entry is meant by every name that ends in its words: `phone` by
/// `contactPhone` and `contact_phone`, not by `microphone`; the longest entry wins.
struct FieldNames: Sendable {
    /// An entry's meaning; ``ordinary`` besides the classes.
    struct Meaning: Equatable, Sendable {
        let code: UInt8
        /// The name alone is weak evidence: the value must look like one of the class.
        let isWeak: Bool
        @inline(__always) static var ordinary: Meaning { Meaning(unclassed: 0x3F) }
        @inline(__always) static var none: Meaning { Meaning(unclassed: 0x3E) }

        /// Nil when it is no class.
        let personal: PersonalClass?

        init(code: UInt8, isWeak: Bool = false) {
            self.code = code
            self.isWeak = isWeak
            personal = code < 0x3E ? PersonalClass.inOrder[Int(code)] : nil
        }

        @inline(__always) private init(unclassed code: UInt8) {
            self.code = code
            isWeak = false
            personal = nil
        }

        init(_ personal: PersonalClass) {
            code = UInt8(personal.index)
            isWeak = false
            self.personal = personal
        }

        static func == (a: Meaning, b: Meaning) -> Bool { a.code == b.code && a.isWeak == b.isWeak }
    }

    private var keys: [UInt64]
    private var values: [UInt8]
    private var count = 0

    init() {
        keys = Array(repeating: 0, count: 1024)
        values = Array(repeating: 0, count: 1024)
    }

    // Beside a meaning's code.
    private static let exact: UInt8 = 0x80
    private static let weak: UInt8 = 0x40

    /// Adds a name; one that is there already gets the new meaning.
    ///
    /// - Parameter isExact: longer names do not mean it. `=` before the name says so, too, and that the name alone is weak
    ///   evidence.
    mutating func add(_ name: String, _ meaning: Meaning, isExact: Bool = false) {
        let isWeak = name.hasPrefix("=")
        var hash = Self.seed
        for byte in name.utf8.reversed() where tinct_name_byte(byte) != 0 {
            hash = Self.mix(hash, tinct_name_byte(byte))
        }
        if hash == Self.seed { return }
        if count * 2 >= keys.count { grow() }
        insert(hash, meaning.code | (isExact || isWeak ? Self.exact : 0) | (isWeak ? Self.weak : 0))
    }

    private mutating func insert(_ hash: UInt64, _ value: UInt8) {
        var slot = Int(truncatingIfNeeded: hash) & (keys.count - 1)
        while keys[slot] != 0 && keys[slot] != hash { slot = (slot + 1) & (keys.count - 1) }
        // What longer names mean, too, goes on doing so.
        if keys[slot] == hash && values[slot] == value & 0x3F { return }
        if keys[slot] == 0 { count += 1 }
        keys[slot] = hash
        values[slot] = value
    }

    private mutating func grow() {
        let old = zip(keys, values).filter { $0.0 != 0 }
        keys = Array(repeating: 0, count: keys.count * 2)
        values = Array(repeating: 0, count: keys.count)
        count = 0
        for (key, value) in old { insert(key, value) }
    }

    /// What the name in `range` means; ``Meaning/none`` when nobody said.
    func meaning(_ bytes: RawSpan, _ range: Range<Int>) -> Meaning {
        guard range.count <= 80, !range.isEmpty else { return .none }
        let found = lookUp(bytes, range)
        if found != .none { return found }
        // phone1, phone2: a number behind a name tells one from the other.
        var end = range.upperBound
        while end > range.lowerBound && bytes[byte: end - 1] &- 48 < 10 { end -= 1 }
        return end == range.upperBound || end == range.lowerBound ? .none : lookUp(bytes, range.lowerBound..<end)
    }

    private func lookUp(_ bytes: RawSpan, _ range: Range<Int>) -> Meaning {
        var found = Meaning.none
        var hash = Self.seed
        var at = range.upperBound
        var byte = bytes[byte: at - 1]
        var small = tinct_name_byte(byte)
        while at > range.lowerBound {
            at -= 1
            let before = at > range.lowerBound ? bytes[byte: at - 1] : 0
            let smallBefore = tinct_name_byte(before)
            if small != 0 {
                hash = Self.mix(hash, small)
                // A word begins behind something else, or with a capital behind a small letter or digit.
                if smallBefore == 0 || (byte != small && before == smallBefore),
                    let value = value(hash), value & Self.exact == 0 || at == range.lowerBound
                {
                    found = Meaning(code: value & 0x3F, isWeak: value & Self.weak != 0)
                }
            }
            (byte, small) = (before, smallBefore)
        }
        return found
    }

    private func value(_ hash: UInt64) -> UInt8? {
        var slot = Int(truncatingIfNeeded: hash) & (keys.count - 1)
        while keys[slot] != 0 {
            if keys[slot] == hash { return values[slot] }
            slot = (slot + 1) & (keys.count - 1)
        }
        return nil
    }

    private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always) private static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
        // FNV-1a, with the upper half folded in where slots are taken from.
        let next = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        return next ^ next >> 32
    }
}
