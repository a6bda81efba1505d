import Bytes

/// Typed access that fails with place, expectation and suggestion.
extension YAMLNode {
    /// - Parameter remedy: what to write instead.
    package func expected(_ what: String, remedy: String) -> YAMLError {
        YAMLError("expected \(what), found \(kind)", at: mark, remedy: remedy)
    }

    /// When another kind of node stands here than `what` is; says how that kind is written.
    private func expected(_ what: String, as form: Form) -> YAMLError {
        if isNull { return expected(what, remedy: "Write it behind the key, or leave the key out.") }
        switch form {
        case .text:
            return expected(
                what, remedy: "Write a single value; put it in quotes if it begins with a bracket or a brace.")
        case .number:
            if case .decimal = value { return expected(what, remedy: "Write it without a decimal point.") }
            let isQuoted = CoreSchema.number(text) != nil
            return expected(
                what, remedy: isQuoted ? "Take the quotes away: in quotes it is a text." : "Write a number, like 12.")
        case .flag: return expected(what, remedy: "Write true or false, without quotes; yes, no, on and off are texts.")
        case .list:
            return expected(what, remedy: "Write it in brackets, like [a, b], or one below the other behind '- '.")
        case .mapping: return expected(what, remedy: "Write keys with their values, like {key: value}.")
        }
    }

    private enum Form { case text, number, flag, list, mapping }

    /// The text of any scalar but null; a mapping or a list is refused.
    package func string(_ what: String = "a string") throws(YAMLError) -> String {
        guard isScalar, !isNull else { throw expected(what, as: .text) }
        return text
    }

    package func bool() throws(YAMLError) -> Bool {
        guard case .bool(let flag) = value else { throw expected("true or false", as: .flag) }
        return flag
    }

    package func int(_ what: String = "a whole number", in range: ClosedRange<Int64> = .min ... .max)
        throws(YAMLError) -> Int64
    {
        guard case .int(let number) = value else { throw expected(what, as: .number) }
        guard range.contains(number) else {
            throw YAMLError(
                "\(number) is out of range", at: mark,
                remedy: "Expected \(what) from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// A number with at most `scale` decimals, as a whole number of 10^-scale: `12.5` at scale 2 is 1250.
    package func scaled(_ scale: Int, _ what: String = "a number") throws(YAMLError) -> Int64 {
        switch value {
        case .int, .decimal: break
        default: throw expected(what, as: .number)
        }
        guard let number = parseScaled(text, scale: scale) else {
            throw YAMLError(
                "\(text) is not \(what) with at most \(scale) decimals", at: mark,
                remedy: "Write it without an exponent, within 18 digits.")
        }
        return number
    }

    package func sequence(_ what: String = "a list") throws(YAMLError) -> [YAMLNode] {
        guard case .sequence(let nodes) = value else { throw expected(what, as: .list) }
        return nodes
    }

    package func entries(_ what: String = "a mapping") throws(YAMLError) -> [Entry] {
        guard case .mapping(let entries) = value else { throw expected(what, as: .mapping) }
        return entries
    }

    /// A mapping that may hold only `keys`; any other key is refused with the nearest known one.
    package func mapping(_ what: String, keys: [String]) throws(YAMLError) -> YAMLMapping {
        let entries = try entries("\(what) as a mapping")
        for entry in entries where !keys.contains(entry.key) {
            throw unknown(entry.key, at: entry.keyMark, what: "key of \(what)", among: keys)
        }
        return YAMLMapping(entries: entries, mark: mark, what: what)
    }

    /// One of the given words.
    package func choice(_ what: String, of words: [String]) throws(YAMLError) -> String {
        let word = try string(what)
        guard words.contains(word) else { throw unknown(word, at: mark, what: what, among: words) }
        return word
    }

    private func unknown(_ word: String, at mark: YAMLMark, what: String, among known: [String]) -> YAMLError {
        let near = nearestName(word, in: known).map { "Did you mean '\($0)'? " } ?? ""
        let article = what.first.map { "aeio".contains($0) } == true ? "an" : "a"
        return YAMLError(
            "'\(word)' is not \(article) \(what)", at: mark,
            remedy: near + "Expected one of: \(known.joined(separator: ", ")).")
    }
}

/// A mapping whose keys were checked.
package struct YAMLMapping: Sendable {
    package let entries: [YAMLNode.Entry]
    package let mark: YAMLMark
    /// What it describes, for messages.
    package let what: String

    /// The value at `key`, or nil when the key is absent or its value is null.
    package subscript(_ key: String) -> YAMLNode? {
        guard let node = entries.first(where: { $0.key == key })?.value, !node.isNull else { return nil }
        return node
    }

    package func required(_ key: String) throws(YAMLError) -> YAMLNode {
        guard let node = self[key] else {
            throw YAMLError("\(what) needs '\(key)'", at: mark, remedy: "Add the key '\(key)'.")
        }
        return node
    }
}

/// Parses an optionally signed decimal without exponent into units of 10^-scale; nil when it has more decimals or more
/// than 18 digits.
package func parseScaled(_ text: String, scale: Int) -> Int64? {
    var value: Int64 = 0
    var decimals: Int?
    var hasDigits = false
    var negative = false
    for (i, byte) in text.utf8.enumerated() {
        switch byte {
        case 0x2B where i == 0: continue
        case 0x2D where i == 0: negative = true
        case 0x2E where decimals == nil: decimals = 0
        case 0x30...0x39:
            if let count = decimals {
                if count >= scale {
                    if byte != 0x30 { return nil }
                    continue
                }
                decimals = count + 1
            }
            hasDigits = true
            let (tens, isTooBig) = value.multipliedReportingOverflow(by: 10)
            let (next, overflow) = tens.addingReportingOverflow(Int64(byte - 0x30))
            if isTooBig || overflow { return nil }
            value = next
        default: return nil
        }
    }
    if !hasDigits { return nil }
    for _ in 0..<max(0, scale - (decimals ?? 0)) {
        let (next, overflow) = value.multipliedReportingOverflow(by: 10)
        if overflow { return nil }
        value = next
    }
    return negative ? -value : value
}
