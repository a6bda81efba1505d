import Bytes

/// The grammar of RFC 8259 over borrowed bytes: passes over tokens and values, and says where they stand.
struct JSONTokenizer: ~Escapable {
    let bytes: RawSpan
    let depthLimit: Int
    var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, depthLimit: Int) {
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    /// The byte at the cursor; nil at the end.
    var peek: UInt8? {
        // The comparison is the bounds check.
        offset < bytes.byteCount ? unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self) : nil
    }

    mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    func unexpected(_ what: StaticString) -> ParsingError {
        ParsingError(offset < bytes.byteCount ? .invalid : .truncated, at: offset, what)
    }

    mutating func expect(_ byte: UInt8, _ what: StaticString) throws(ParsingError) {
        guard peek == byte else { throw unexpected(what) }
        offset += 1
    }

    /// Passes over `byte` if it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    /// Nothing but space may be left.
    mutating func end() throws(ParsingError) {
        skipSpace()
        guard offset == bytes.byteCount else { throw ParsingError(.invalid, at: offset, "end of the JSON text") }
    }

    mutating func literal(_ text: StaticString) throws(ParsingError) {
        for i in 0..<text.utf8CodeUnitCount {
            // `i` is below the literal's length.
            guard let byte = peek, unsafe byte == text.utf8Start[i] else { throw unexpected("true, false or null") }
            offset += 1
        }
    }

    /// The range of the number at the cursor.
    mutating func number() throws(ParsingError) -> Range<Int> {
        let start = offset
        _ = take(0x2D)
        if !take(0x30) { try digits() }
        if take(0x2E) { try digits() }
        if take(0x65) || take(0x45) {
            if !take(0x2B) { _ = take(0x2D) }
            try digits()
        }
        return start..<offset
    }

    private mutating func digits() throws(ParsingError) {
        let start = offset
        while let byte = peek, byte &- 0x30 < 10 { offset += 1 }
        if offset == start { throw unexpected("digit") }
    }

    /// Where the text of a string stands, without its quotes.
    struct StringToken {
        var range: Range<Int>
        var hasEscapes: Bool
        var isASCII: Bool
    }

    /// Passes over the string at the cursor; checks everything but its UTF-8.
    mutating func string() throws(ParsingError) -> StringToken {
        try expect(0x22, "string")
        let start = offset
        var escapes = false
        var highBits: UInt8 = 0
        while let byte = peek {
            if byte == 0x22 {
                offset += 1
                return StringToken(range: start..<offset - 1, hasEscapes: escapes, isASCII: highBits < 0x80)
            }
            if byte == 0x5C {
                escapes = true
                offset += 1
                _ = try escape()
                continue
            }
            if byte < 0x20 { throw ParsingError(.invalid, at: offset, "string without control characters") }
            highBits |= byte
            offset += 1
        }
        throw ParsingError(.truncated, at: offset, "closing quote")
    }

    /// Reads what follows a backslash. A surrogate must be followed by its other half.
    mutating func escape() throws(ParsingError) -> Unicode.Scalar {
        guard let byte = peek else { throw ParsingError(.truncated, at: offset, "escape") }
        offset += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let start = offset - 2
            let first = try hexadecimal()
            if let scalar = Unicode.Scalar(first) { return scalar }
            // `Scalar` refuses surrogates only, the value having 16 bits.
            guard first < 0xDC00, take(0x5C), take(UInt8(ascii: "u")) else {
                throw ParsingError(offset < bytes.byteCount ? .invalid : .truncated, at: start, "surrogate pair")
            }
            let second = try hexadecimal()
            guard (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
            else { throw ParsingError(.invalid, at: start, "surrogate pair") }
            return scalar
        default: throw ParsingError(.invalid, at: offset - 1, "escape")
        }
    }

    private mutating func hexadecimal() throws(ParsingError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Hex.value(byte) else { throw unexpected("four hexadecimal digits") }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    /// The text of a string with its escapes resolved. Throws when it is not UTF-8.
    func text(_ token: StringToken) throws(ParsingError) -> String {
        if !token.hasEscapes { return try validated(bytes.extracting(token.range), at: token.range.lowerBound) }
        var result: [UInt8] = []
        result.reserveCapacity(token.range.count)
        var inner = JSONTokenizer(bytes, depthLimit: depthLimit)
        inner.offset = token.range.lowerBound
        while inner.offset < token.range.upperBound, let byte = inner.peek {
            inner.offset += 1
            if byte == 0x5C {
                result.append(contentsOf: String(Character(try inner.escape())).utf8)
            } else {
                result.append(byte)
            }
        }
        return try validated(result.rawSpan, at: token.range.lowerBound)
    }

    private func validated(_ text: RawSpan, at start: Int) throws(ParsingError) -> String {
        let string = unsafe text.withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
        guard let string else { throw ParsingError(.invalid, at: start, "string in UTF-8") }
        return string
    }

    /// Passes over the value at the cursor, checking it, and returns where it stood. `depth` counts enclosing containers.
    mutating func skipValue(depth: Int = 0) throws(ParsingError) -> Range<Int> {
        skipSpace()
        let start = offset
        switch peek {
        case 0x7B:
            try enter(depth)
            if !closes(0x7D) {
                repeat {
                    _ = try key()
                    _ = try skipValue(depth: depth + 1)
                    skipSpace()
                } while take(0x2C)
                try expect(0x7D, "comma or closing brace")
            }
        case 0x5B:
            try enter(depth)
            if !closes(0x5D) {
                repeat {
                    _ = try skipValue(depth: depth + 1)
                    skipSpace()
                } while take(0x2C)
                try expect(0x5D, "comma or closing bracket")
            }
        case 0x22:
            let token = try string()
            if !token.isASCII { _ = try text(token) }
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        case .some(let byte) where byte == 0x2D || byte &- 0x30 < 10: _ = try number()
        default: throw unexpected("JSON value")
        }
        return start..<offset
    }

    /// Passes over the opening bracket.
    mutating func enter(_ depth: Int) throws(ParsingError) {
        if depth >= depthLimit { throw ParsingError(.limit, at: offset, "nesting depth") }
        offset += 1
    }

    /// True, and past it, when the container that was just entered is empty.
    mutating func closes(_ byte: UInt8) -> Bool {
        skipSpace()
        return take(byte)
    }

    /// Passes over a member's key and its colon.
    mutating func key() throws(ParsingError) -> StringToken {
        skipSpace()
        guard peek == 0x22 else { throw unexpected("key in quotes") }
        let token = try string()
        if !token.isASCII { _ = try text(token) }
        skipSpace()
        try expect(0x3A, "colon")
        return token
    }
}
