import Bytes
import Privacy

/// What is known of one field over a whole tape: counts that are exact, and tables that stop growing.
package struct FieldColumn: Sendable {
    package let path: String
    package private(set) var present: UInt64 = 0
    package private(set) var nulls: UInt64 = 0
    package private(set) var numbers: UInt64 = 0
    package private(set) var whole: UInt64 = 0
    package private(set) var texts: UInt64 = 0
    package private(set) var bools: UInt64 = 0
    package private(set) var structures: UInt64 = 0
    /// Values that are bytes and no text.
    package private(set) var bytes: UInt64 = 0
    /// What all texts begin with.
    package private(set) var prefix: [UInt8]?
    /// Decimals that it takes to write the numbers, as far as they have few.
    package private(set) var decimals = 0
    package private(set) var least = Double.infinity
    package private(set) var greatest = -Double.infinity
    /// Values that lie within a day of the exchange's own time, by the unit they are then in.
    package private(set) var times: [UInt64: UInt64] = [:]
    /// Counts by value; empty when there are too many.
    package private(set) var categories: [String: UInt64] = [:]
    package private(set) var hasManyValues = false
    /// Counts by ``TextShape``; those beyond the limit as `…`.
    package private(set) var shapes: [String: UInt64] = [:]
    /// The last name in the path, without what lists add; and the class of personal data that it tells.
    package let name: String
    let named: PersonalClass?
    /// By its name it tells one thing from all others.
    let hasIdentifierName: Bool
    /// By its name it holds words, of which only their number and kind matter.
    private let isWords: Bool
    /// Texts in which personal data was found by its form, by class, of those that were looked at.
    private var looks: [PersonalClass: UInt64] = [:]
    private var looked: UInt64 = 0
    /// Texts with a run of digits that is long enough for a number of somebody's, of the first ones.
    private var serials: UInt64 = 0
    private var smallest: [UInt64] = []

    package static let categoryLimit = 2000
    private static let shapeLimit = 200
    private static let sketchSize = 512

    /// All of the first texts are looked at, then one of so many.
    private static let firstLooks: UInt64 = 256
    private static let lookStep: UInt64 = 16

    init(path: String) {
        self.path = path
        name = path.split(separator: ".").last { $0 != "*" && $0 != "#" }.map { String($0) } ?? path
        named = PersonalLook.of(name: name)
        hasIdentifierName = PersonalLook.isIdentifier(name: name)
        isWords = [.name, .address, .freeText].contains(named)
    }

    mutating func add(_ leaf: FieldWalker.Leaf, timeNanos: UInt64, _ finder: inout PersonalFinder) {
        switch leaf {
        case .null:
            nulls += 1
            return
        case .object: structures += 1
        case .bool(let value):
            bools += 1
            count(value ? "true" : "false")
        case .number(let value, let isWhole):
            numbers += 1
            if isWhole { whole += 1 } else { noteDecimals(value) }
            least = min(least, value)
            greatest = max(greatest, value)
            for unit: UInt64 in [1_000_000_000, 1_000_000, 1000, 1] where timeNanos > 0 {
                let distance = value * Double(unit) - Double(timeNanos)
                if abs(distance) < 86_400_000_000_000 { times[unit, default: 0] += 1 }
            }
            count(isWhole && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)")
        case .text(let text):
            texts += 1
            notePrefix(text)
            count(text)
            let shape = isWords ? TextShape.ofWords(text) : TextShape.of(text)
            note(shape: shape)
            guard texts <= Self.firstLooks || texts % Self.lookStep == 0 else { break }
            looked += 1
            if let look = PersonalLook.of(text, &finder) { looks[look, default: 0] += 1 }
            if TextShape.isSerial(shape) { serials += 1 }
        case .bytes(let text):
            bytes += 1
            sketch(StableHash.of(text))
            note(shape: "bytes{\(Base64.decode(text)?.count ?? 0)}")
        }
        present += 1
    }

    private mutating func note(shape: String) {
        shapes[shapes.count >= Self.shapeLimit && shapes[shape] == nil ? "…" : shape, default: 0] += 1
    }

    private mutating func noteDecimals(_ value: Double) {
        var scaled = value
        for _ in 0..<decimals { scaled *= 10 }
        while decimals < 6 && abs(scaled - scaled.rounded()) > 1e-6 * max(1, abs(scaled)) {
            decimals += 1
            scaled *= 10
        }
    }

    private mutating func notePrefix(_ text: String) {
        guard let known = prefix else {
            prefix = Array(text.utf8.prefix(24))
            return
        }
        if known.isEmpty { return }
        let same = zip(known, text.utf8).prefix { $0 == $1 }.count
        if same < known.count { prefix = Array(known.prefix(same)) }
    }

    private mutating func count(_ text: String) {
        sketch(StableHash.of(text))
        if hasManyValues { return }
        if categories[text] == nil && categories.count >= Self.categoryLimit {
            categories = [:]
            hasManyValues = true
            return
        }
        categories[text, default: 0] += 1
    }

    /// Keeps the least hashes: how densely they lie says how many values there are (Bar-Yossef et al., RANDOM 2002).
    private mutating func sketch(_ hash: UInt64) {
        if smallest.count == Self.sketchSize, let last = smallest.last, hash >= last { return }
        var (low, high) = (0, smallest.count)
        while low < high {
            let middle = (low + high) / 2
            if smallest[middle] < hash { low = middle + 1 } else { high = middle }
        }
        if low < smallest.count && smallest[low] == hash { return }
        smallest.insert(hash, at: low)
        if smallest.count > Self.sketchSize { smallest.removeLast() }
    }

    /// How many different values there are; an estimate from 512 on.
    package var distinct: Double {
        guard smallest.count == Self.sketchSize, let last = smallest.last else { return Double(smallest.count) }
        return Double(Self.sketchSize - 1) / (Double(last) / 0x1p64)
    }

    package var distinctShare: Double { present == 0 ? 0 : distinct / Double(present) }
    package var isNumeric: Bool { present > 0 && numbers * 20 >= present * 19 }
    package var isWhole: Bool { isNumeric && whole == numbers }
    package var isBool: Bool { present > 0 && bools == present }

    /// The unit in ns of a field that says when the exchange happened; nil for every other field.
    package var eventTimeUnit: UInt64? {
        times.filter { $0.value * 10 >= present * 9 && present > 0 }.max { ($0.value, $0.key) < ($1.value, $1.key) }?
            .key
    }

    /// The class of personal data that it holds, by its name or by what most of its texts look like.
    var personal: PersonalClass? {
        if let named { return named }
        let found = looks.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
        return looks.values.reduce(0, +) * 2 > looked ? found?.key : nil
    }

    /// Its values tell one thing from all others, by its name or by the long numbers in most of them; none of them is a
    /// category, however few there are.
    var isIdentifier: Bool { hasIdentifierName || named == .accountID || (looked > 0 && serials * 2 > looked) }
}

/// What a text looks like without what it says: letters, digits and signs in runs.
package enum TextShape {
    /// `u0000000017` is `a#{10}`, a UUID `x{8}-x{4}-x{4}-x{4}-x{12}`; runs from 33 on are `{33+}`.
    package static func of(_ text: String) -> String {
        // Of an address the domain says whose it is; what a mailbox looks like stands before it.
        if let at = text.firstIndex(of: "@"), at > text.startIndex, text[at...].contains("."), !text.contains(" ") {
            return of(String(text[..<at])) + "@"
        }
        let bytes = Array(text.utf8)
        let isHex =
            bytes.count >= 16 && bytes.allSatisfy { isDigit($0) || (0x61...0x66).contains($0) || $0 == 0x2D }
            && bytes.contains { (0x61...0x66).contains($0) }
        var shape = ""
        var last: Character?
        var run = 0
        func close() {
            guard let last else { return }
            shape.append(last)
            if run > 32 { shape += "{33+}" } else if run > 1 { shape += "{\(run)}" }
        }
        for scalar in text.unicodeScalars {
            let kind: Character
            switch scalar.value {
            case 0x30...0x39: kind = isHex ? "x" : "#"
            case 0x61...0x7A: kind = isHex ? "x" : "a"
            case 0x41...0x5A: kind = "A"
            case 0x20...0x7E: kind = Character(scalar)
            default: kind = "ü"
            }
            if kind == last {
                run += 1
                continue
            }
            close()
            if shape.utf8.count > 120 { return shape + "…" }
            (last, run) = (kind, 1)
        }
        close()
        return shape
    }

    /// The shape of names and sentences: a word is as good as another of any length, with or without marks on its letters.
    /// `José de Souza` is `Aa{5} a{5} Aa{5}`; what is written without letters with case keeps its length.
    package static func ofWords(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            let isWord = word.unicodeScalars.count > 1 && word.allSatisfy { $0.isLowercase || $0.isUppercase }
            guard isWord, let first = word.first else { return of(String(word)) }
            return first.isUppercase ? "Aa{5}" : "a{5}"
        }.prefix(12).joined(separator: " ")
    }

    /// True where five digits or more, or eight hexadecimal ones, follow each other.
    static func isSerial(_ shape: String) -> Bool {
        var rest = shape[...]
        while let brace = rest.firstIndex(of: "{") {
            let kind = brace > shape.startIndex ? shape[shape.index(before: brace)] : " "
            let count = rest[rest.index(after: brace)...].prefix { $0.isNumber }
            if let number = Int(count), (kind == "#" && number >= 5) || (kind == "x" && number >= 8) { return true }
            rest = rest[rest.index(after: brace)...]
        }
        return false
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
}
