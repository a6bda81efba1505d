/// Splits the text of an expression into tokens.
struct ExpressionLexer {
    enum Token: Equatable {
        case end
        case name(String)
        case number(ExactNumber)
        case string(String)
        /// `==`, `(`, `.`, …
        case symbol(String)

        /// As an error names it. A literal is the user's own text on the command line, not payload.
        var found: String {
            switch self {
            case .end: "end of text"
            case .name(let name): "'\(name)'"
            case .number(let number): "the number \(number)"
            case .string: "a text"
            case .symbol(let symbol): "'\(symbol)'"
            }
        }
    }

    let characters: [Character]
    private(set) var at = 0
    /// Column of the token that ``next()`` returned last, from 1.
    private(set) var column = 1

    init(_ text: String) { characters = Array(text) }

    static func startsName(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F || byte >= 0x80
    }

    /// A hyphen continues a name (there is no subtraction), so that header names need no quotes.
    static func continuesName(_ byte: UInt8) -> Bool {
        startsName(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
    }

    private static func startsName(_ character: Character) -> Bool { character.utf8.first.map(startsName) ?? false }
    private static func continuesName(_ character: Character) -> Bool { character.utf8.allSatisfy(continuesName) }
    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

    private var peeked: Character? { at < characters.count ? characters[at] : nil }

    private mutating func take(while condition: (Character) -> Bool) -> String {
        let start = at
        while let character = peeked, condition(character) { at += 1 }
        return String(characters[start..<at])
    }

    mutating func skipSpace() {
        while let character = peeked, character.isWhitespace { at += 1 }
    }

    mutating func next() throws(ExpressionError) -> Token {
        skipSpace()
        column = at + 1
        guard let character = peeked else { return .end }
        if Self.startsName(character) { return .name(take(while: Self.continuesName)) }
        if Self.isDigit(character) { return .number(try number()) }
        if character == "-", at + 1 < characters.count, Self.isDigit(characters[at + 1]) {
            return .number(try number())
        }
        if character == "\"" || character == "'" { return .string(try quoted(character)) }
        for symbol in ["==", "!=", "<=", ">=", "&&", "||", "=~"] where has(symbol) {
            at += 2
            return .symbol(symbol)
        }
        at += 1
        return .symbol(String(character))
    }

    private func has(_ symbol: String) -> Bool {
        characters.count - at >= symbol.count && characters[at..<at + symbol.count].elementsEqual(symbol)
    }

    /// Digits with an optional unit: `%`, `ns`, `us`, `ms`, `s`, `m`, `h`.
    private mutating func number() throws(ExpressionError) -> ExactNumber {
        let start = at
        if peeked == "-" { at += 1 }
        _ = take(while: Self.isDigit)
        if peeked == ".", at + 1 < characters.count, Self.isDigit(characters[at + 1]) {
            at += 1
            _ = take(while: Self.isDigit)
        }
        if peeked == "e" || peeked == "E" {
            let mark = at
            at += 1
            if peeked == "-" || peeked == "+" { at += 1 }
            if take(while: Self.isDigit).isEmpty { at = mark }
        }
        let text = String(characters[start..<at])
        guard let value = ExactNumber(text) else {
            throw ExpressionError(column: start + 1, expected: "a number of sane size", found: "'\(text)'")
        }
        let unitColumn = at + 1
        if peeked == "%" {
            at += 1
            return value.scaled(shift: -2)
        }
        let unit = take(while: Self.continuesName)
        switch unit {
        case "", "ns": return value
        case "us", "µs", "μs": return value.scaled(shift: 3)
        case "ms": return value.scaled(shift: 6)
        case "s": return value.scaled(shift: 9)
        case "m", "min": return value.scaled(by: 60, shift: 9)
        case "h": return value.scaled(by: 36, shift: 11)
        default:
            throw ExpressionError(
                column: unitColumn, expected: "one of the units %, ns, us, ms, s, m, h", found: "'\(unit)'")
        }
    }

    /// A text in the quotes that open it; `\` takes the next character as it is, `\n` and `\t` are what they are in C.
    private mutating func quoted(_ quote: Character) throws(ExpressionError) -> String {
        let start = at + 1
        at += 1
        var result = ""
        while let character = peeked {
            at += 1
            if character == quote { return result }
            if character == "\\", let escaped = peeked {
                at += 1
                result.append(escaped == "n" ? "\n" : escaped == "t" ? "\t" : escaped)
            } else {
                result.append(character)
            }
        }
        throw ExpressionError(
            column: start, expected: "a closing \(quote)", found: "end of text", suggestion: "close the text begun here"
        )
    }

    /// The rest of a path whose first segment was read: `.name`, `.0`, `."quoted"`, any number of times.
    mutating func pathTail() throws(ExpressionError) -> [String] {
        var segments: [String] = []
        while peeked == "." {
            at += 1
            segments.append(try segment(wildcards: false))
        }
        if peeked == "[" {
            throw ExpressionError(
                column: at + 1, expected: "an operator or the end", found: "'['",
                suggestion: "write an index as a segment, as in reasons.0")
        }
        return segments
    }

    private mutating func segment(wildcards: Bool) throws(ExpressionError) -> String {
        if let quote = peeked, quote == "\"" || quote == "'" { return try quoted(quote) }
        let segment = take { character in
            Self.continuesName(character) || (wildcards && "*?[]!\\".contains(character))
        }
        if segment.isEmpty {
            let found = peeked.map { "'\($0)'" } ?? "end of text"
            throw ExpressionError(
                column: at + 1, expected: "a name, an index or a quoted name", found: found,
                suggestion: #"a path looks like response.reasons.0 or headers."x-id""#)
        }
        return segment
    }

    /// The whole text as one path.
    mutating func wholePath(wildcards: Bool = false) throws(ExpressionError) -> [String] {
        skipSpace()
        var segments = [try segment(wildcards: wildcards)]
        while peeked == "." {
            at += 1
            segments.append(try segment(wildcards: wildcards))
        }
        skipSpace()
        if let character = peeked {
            throw ExpressionError(
                column: at + 1, expected: "the end of the path", found: "'\(character)'",
                suggestion: "a path is names joined by dots")
        }
        if segments.count > ExpressionParser.depthLimit {
            throw ExpressionError(
                column: 1, expected: "at most \(ExpressionParser.depthLimit) segments", found: "\(segments.count)")
        }
        return segments
    }
}
