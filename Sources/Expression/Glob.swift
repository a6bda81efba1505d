/// A pattern over a whole text: `*` any run, `?` one character, `[a-z]` one of, `[!a-z]` none of, `\` takes the next
/// character as it is. Matching works on Unicode scalars and takes time in proportion to text × pattern at worst.
package struct Glob: Sendable, Hashable {
    package let pattern: String
    private let tokens: [Token]

    private enum Token: Sendable, Hashable {
        case run
        case any
        case one(Unicode.Scalar)
        case set([ClosedRange<UInt32>], negated: Bool)
    }

    /// A `[` without its `]` stands for itself.
    package init(_ pattern: String) {
        self.pattern = pattern
        var tokens: [Token] = []
        let scalars = Array(pattern.unicodeScalars)
        var at = 0
        while at < scalars.count {
            let scalar = scalars[at]
            at += 1
            switch scalar {
            case "*": if tokens.last != .run { tokens.append(.run) }
            case "?": tokens.append(.any)
            case "\\" where at < scalars.count:
                tokens.append(.one(scalars[at]))
                at += 1
            case "[":
                if let (set, end) = Self.set(scalars, from: at) {
                    tokens.append(set)
                    at = end
                } else {
                    tokens.append(.one(scalar))
                }
            default: tokens.append(.one(scalar))
            }
        }
        self.tokens = tokens
    }

    private static func set(_ scalars: [Unicode.Scalar], from start: Int) -> (Token, Int)? {
        var at = start
        let negated = at < scalars.count && (scalars[at] == "!" || scalars[at] == "^")
        if negated { at += 1 }
        let first = at
        var ranges: [ClosedRange<UInt32>] = []
        while at < scalars.count {
            let low = scalars[at]
            if low == "]" && at > first { return (.set(ranges, negated: negated), at + 1) }
            if at + 2 < scalars.count, scalars[at + 1] == "-", scalars[at + 2] != "]" {
                let high = scalars[at + 2]
                ranges.append(min(low, high).value...max(low, high).value)
                at += 3
            } else {
                ranges.append(low.value...low.value)
                at += 1
            }
        }
        return nil
    }

    /// True when the pattern has no wildcard, so that it names exactly one text.
    package var isLiteral: Bool {
        tokens.allSatisfy { if case .one = $0 { true } else { false } }
    }

    package func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var at = 0
        var token = 0
        // Where to go on when the text does not fit: the last `*` and what it has taken so far. Only the last one
        // matters, because an earlier one could only have taken less.
        var retry: (token: Int, at: Int)?
        while at < scalars.count {
            if token < tokens.count, tokens[token] == .run {
                token += 1
                retry = (token, at)
            } else if token < tokens.count, Self.fits(tokens[token], scalars[at]) {
                token += 1
                at += 1
            } else if let (start, taken) = retry {
                retry = (start, taken + 1)
                token = start
                at = taken + 1
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .run }
    }

    private static func fits(_ token: Token, _ scalar: Unicode.Scalar) -> Bool {
        switch token {
        case .run: false
        case .any: true
        case .one(let wanted): wanted == scalar
        case .set(let ranges, let negated): ranges.contains { $0.contains(scalar.value) } != negated
        }
    }
}
