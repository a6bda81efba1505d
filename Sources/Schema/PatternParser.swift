import Bytes

/// Reads an expression by recursive descent: alternatives of sequences of quantified atoms.
struct PatternParser {
    private static let depthLimit = 64
    private static let countLimit = 1000

    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    private var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        at += 1
        return true
    }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[at...].starts(with: wanted) else { return false }
        at += wanted.count
        return true
    }

    mutating func parse() throws(PatternError) -> Pattern.Node {
        let node = try alternatives()
        if peek != nil { throw PatternError(at, "a ')' that closes nothing", "Write '\\)' for the character itself.") }
        return node
    }

    private mutating func alternatives() throws(PatternError) -> Pattern.Node {
        depth += 1
        defer { depth -= 1 }
        if depth > PatternParser.depthLimit {
            throw PatternError(at, "groups nested deeper than \(PatternParser.depthLimit)", "Write it flatter.")
        }
        var nodes = [try sequence()]
        while take("|") { nodes.append(try sequence()) }
        return nodes.count == 1 ? nodes[0] : .alternatives(nodes)
    }

    private mutating func sequence() throws(PatternError) -> Pattern.Node {
        var nodes: [Pattern.Node] = []
        while let next = peek, next != "|", next != ")" {
            let start = at
            let atom = try atom()
            nodes.append(try quantified(atom, from: start))
        }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .empty : .sequence(nodes)
    }

    private mutating func quantified(_ node: Pattern.Node, from start: Int) throws(PatternError) -> Pattern.Node {
        guard let bounds = try quantifier() else { return node }
        switch node {
        case .start, .end, .wordBoundary, .lookahead:
            throw PatternError(start, "nothing that can be repeated", "Remove the quantifier after it.")
        default: break
        }
        // Lazy or not makes no difference to whether there is a match.
        _ = take("?")
        if let next = peek, next == "*" || next == "+" || next == "?" {
            throw PatternError(at, "a quantifier after another", "Put the inner part into (?: ).")
        }
        return .repetition(node, minimum: bounds.0, maximum: bounds.1)
    }

    private mutating func quantifier() throws(PatternError) -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = at
        guard take("{") else { return nil }
        guard let minimum = number() else {
            throw PatternError(start, "a '{' that begins no count", "Write '{2}', '{2,5}', or '\\{' for the character.")
        }
        var maximum: Int? = minimum
        if take(",") { maximum = number() }
        guard take("}") else {
            throw PatternError(start, "a count that is not closed", "Write '{2}', '{2,}' or '{2,5}'.")
        }
        if let maximum, maximum < minimum {
            throw PatternError(start, "a count whose bounds are reversed", "Write the smaller one first.")
        }
        if max(minimum, maximum ?? 0) > PatternParser.countLimit {
            throw PatternError(
                start, "a count beyond \(PatternParser.countLimit)", "Use minLength and maxLength for long texts.")
        }
        return (minimum, maximum)
    }

    private mutating func number() -> Int? {
        let start = at
        var value = 0
        while let digit = peek, let number = digit.value.digit {
            value = min(value * 10 + number, 1_000_000)
            at += 1
        }
        return at > start ? value : nil
    }

    private mutating func atom() throws(PatternError) -> Pattern.Node {
        let start = at
        guard let next = peek else { return .empty }
        at += 1
        switch next {
        case "^": return .start
        case "$": return .end
        case ".": return .characters(Pattern.CharacterSet.lineEnds.inverted)
        case "(": return try group(from: start)
        case "[": return .characters(try bracket(from: start))
        case "\\": return try escape(from: start)
        case "*", "+", "?":
            throw PatternError(
                start, "a quantifier without anything before it", "Write '\\\(next)' for the character itself.")
        case "{", "}", "]":
            throw PatternError(start, "a '\(next)' that stands alone", "Write '\\\(next)' for the character itself.")
        default: return .characters(Pattern.CharacterSet(next.value))
        }
    }

    private mutating func group(from start: Int) throws(PatternError) -> Pattern.Node {
        var look: Bool?
        if take("?:") {
        } else if take("?=") {
            look = false
        } else if take("?!") {
            look = true
        } else if take("?<=") || take("?<!") {
            throw PatternError(
                start, "lookbehind is not supported", "Say what must stand there with a lookahead, or in 'not'.")
        } else if take("?<") || take("?P<") {
            while let next = peek, next != ">" {
                guard next.properties.isAlphabetic || next == "_" || next.value.digit != nil else { break }
                at += 1
            }
            guard take(">") else {
                throw PatternError(start, "a group's name that is not closed", "Write '(?<name>…)'.")
            }
        } else if peek == "?" {
            throw PatternError(
                start, "a group of an unknown kind", "Flags such as (?i) are not part of ECMA 262: write [Aa].")
        }
        let node = try alternatives()
        guard take(")") else {
            throw PatternError(start, "a '(' that is not closed", "Close it, or write '\\(' for the character.")
        }
        // A group may be repeated whatever is in it.
        return look.map { .lookahead(node, isNegative: $0) } ?? .sequence([node])
    }

    private mutating func escape(from start: Int) throws(PatternError) -> Pattern.Node {
        switch peek {
        case "b":
            at += 1
            return .wordBoundary(true)
        case "B":
            at += 1
            return .wordBoundary(false)
        case "A":
            at += 1
            return .start
        case "z", "Z":
            at += 1
            return .end
        case .some(let next) where next.value.digit.map { $0 > 0 } == true:
            throw PatternError(start, "backreferences are not supported", "Write out what may stand there.")
        case "k": throw PatternError(start, "backreferences are not supported", "Write out what may stand there.")
        default: return .characters(try escapedSet(from: start))
        }
    }

    /// What follows a backslash, in or outside of brackets.
    private mutating func escapedSet(from start: Int) throws(PatternError) -> Pattern.CharacterSet {
        guard let next = peek else {
            throw PatternError(start, "a '\\' with nothing after it", "Write '\\\\' for the character itself.")
        }
        at += 1
        switch next {
        case "d": return .digit
        case "D": return Pattern.CharacterSet.digit.inverted
        case "w": return .word
        case "W": return Pattern.CharacterSet.word.inverted
        case "s": return .space
        case "S": return Pattern.CharacterSet.space.inverted
        case "t": return Pattern.CharacterSet(0x09)
        case "n": return Pattern.CharacterSet(0x0A)
        case "v": return Pattern.CharacterSet(0x0B)
        case "f": return Pattern.CharacterSet(0x0C)
        case "r": return Pattern.CharacterSet(0x0D)
        case "0": return Pattern.CharacterSet(0)
        case "x": return Pattern.CharacterSet(try hex(2, from: start))
        case "u": return Pattern.CharacterSet(try unicode(from: start))
        case "c":
            guard let letter = peek, (letter.value | 0x20) &- 0x61 < 26 else {
                throw PatternError(start, "a control character without its letter", "Write it like '\\cJ' or '\\x0A'.")
            }
            at += 1
            return Pattern.CharacterSet(letter.value & 0x1F)
        case "p", "P": return try property(isInverted: next == "P", from: start)
        case _ where (next.value | 0x20) &- 0x61 < 26 || next == "_":
            throw PatternError(start, "'\\\(next)' has no meaning", "Remove the backslash.")
        default: return Pattern.CharacterSet(next.value)
        }
    }

    private mutating func hex(_ count: Int, from start: Int) throws(PatternError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let digit = peek.flatMap({ UInt8(exactly: $0.value) }).flatMap({ Hex.value($0) }) else {
                throw PatternError(start, "expected \(count) hexadecimal digits", "Write it like '\\x0A' or '\\u00E9'.")
            }
            value = value * 16 + UInt32(digit)
            at += 1
        }
        return value
    }

    private mutating func unicode(from start: Int) throws(PatternError) -> UInt32 {
        if take("{") {
            var value: UInt32 = 0
            while let next = peek, let digit = UInt8(exactly: next.value).flatMap({ Hex.value($0) }), value <= 0x10FFFF
            {
                value = value * 16 + UInt32(digit)
                at += 1
            }
            guard take("}"), value <= 0x10FFFF else {
                throw PatternError(start, "expected a code point", "Write it like '\\u{1F600}', up to 10FFFF.")
            }
            return value
        }
        let first = try hex(4, from: start)
        guard 0xD800...0xDBFF ~= first, take("\\u") else { return first }
        let second = try hex(4, from: start)
        guard 0xDC00...0xDFFF ~= second else {
            throw PatternError(start, "half of a surrogate pair", "Write the character itself, or '\\u{…}'.")
        }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func property(isInverted: Bool, from start: Int) throws(PatternError) -> Pattern.CharacterSet {
        guard take("{") else { throw PatternError(start, "a property without its name", "Write it like '\\p{L}'.") }
        var name = ""
        while let next = peek, next != "}" {
            name.unicodeScalars.append(next)
            at += 1
        }
        guard take("}"), let set = Pattern.CharacterSet.property(name) else {
            throw PatternError(
                start, "a property that is not known", "General categories are: \\p{L}, \\p{Lu}, \\p{Nd}, ….")
        }
        return isInverted ? set.inverted : set
    }

    private mutating func bracket(from start: Int) throws(PatternError) -> Pattern.CharacterSet {
        let isInverted = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while true {
            guard let next = peek else {
                throw PatternError(start, "a '[' that is not closed", "Close it, or write '\\[' for the character.")
            }
            if take("]") { break }
            if next == "[", at + 1 < scalars.count, scalars[at + 1] == ":" {
                throw PatternError(
                    at, "classes like [:alpha:] are not part of ECMA 262", "Write the ranges, or \\p{L}.")
            }
            let place = at
            let low = try classAtom()
            guard peek == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
                ranges += low.ranges
                continue
            }
            at += 1
            let high = try classAtom()
            guard let first = low.single, let last = high.single else {
                throw PatternError(place, "a range whose end is a class", "Put the '-' first or last, or write '\\-'.")
            }
            guard first <= last else {
                throw PatternError(place, "a range whose ends are reversed", "Write the smaller one first.")
            }
            ranges.append(first...last)
        }
        let set = Pattern.CharacterSet(ranges)
        return isInverted ? set.inverted : set
    }

    private mutating func classAtom() throws(PatternError) -> Pattern.CharacterSet {
        let start = at
        guard let next = peek else {
            throw PatternError(start, "a '[' that is not closed", "Close it, or write '\\[' for the character.")
        }
        at += 1
        guard next == "\\" else { return Pattern.CharacterSet(next.value) }
        if take("b") { return Pattern.CharacterSet(0x08) }
        if take("-") { return Pattern.CharacterSet(0x2D) }
        return try escapedSet(from: start)
    }
}

extension Pattern.CharacterSet {
    fileprivate var single: UInt32? {
        guard ranges.count == 1, let range = ranges.first, range.count == 1 else { return nil }
        return range.lowerBound
    }
}

extension UInt32 {
    /// As an ASCII digit.
    fileprivate var digit: Int? { 0x30...0x39 ~= self ? Int(self - 0x30) : nil }
}
