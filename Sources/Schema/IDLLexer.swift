import Bytes

/// A token of the Thrift IDL.
struct IDLToken: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// Keywords are identifiers too; a dot may stand inside.
        case identifier(String)
        case literal(String)
        case integer(Int64)
        /// As written.
        case double(String)
        /// One of `{}()[]<>,;:=*&`.
        case symbol(UInt8)
        case end
    }

    var kind: Kind
    /// Bytes from the beginning of the document.
    var offset: Int
    /// The `/** */` or `///` comment that stands directly before it.
    var documentation: String?

    /// For messages.
    var description: String {
        switch kind {
        case .identifier(let name): "'\(name)'"
        case .literal: "a string"
        case .integer(let value): "'\(value)'"
        case .double(let text): "'\(text)'"
        case .symbol(let byte): "'\(Character(Unicode.Scalar(byte)))'"
        case .end: "the end of the file"
        }
    }
}

/// What the lexer and the parser throw before the document's name is known to them.
struct IDLError: Error {
    var offset: Int
    var message: String
    /// What to do about it; may be empty.
    var remedy = ""
}

/// Splits a Thrift IDL into tokens; comments (`//`, `#`, `/* */`) count as space, those that document are kept with the
/// token after them.
struct IDLLexer {
    let bytes: [UInt8]
    private var offset = 0
    private var documentation: String?

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark is what some editors put before UTF-8.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
    }

    private func byte(_ ahead: Int = 0) -> UInt8? {
        offset + ahead < bytes.count ? bytes[offset + ahead] : nil
    }

    mutating func next() throws(IDLError) -> IDLToken {
        documentation = nil
        try skipSpace()
        let start = offset
        var token = try token()
        token.documentation = documentation
        token.offset = start
        return token
    }

    private mutating func token() throws(IDLError) -> IDLToken {
        let start = offset
        guard let first = byte() else { return IDLToken(kind: .end, offset: start) }
        switch first {
        case 0x22, 0x27: return IDLToken(kind: .literal(try literal(first)), offset: start)
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            return IDLToken(kind: try number(), offset: start)
        case _ where IDLLexer.startsIdentifier(first):
            while let byte = byte(), IDLLexer.startsIdentifier(byte) || byte == 0x2E || byte &- 0x30 < 10 {
                offset += 1
            }
            return IDLToken(kind: .identifier(text(from: start)), offset: start)
        case _ where "{}()[]<>,;:=*&".utf8.contains(first):
            offset += 1
            return IDLToken(kind: .symbol(first), offset: start)
        default:
            throw IDLError(
                offset: start, message: "a character that has no meaning in a Thrift IDL",
                remedy: first < 0x80
                    ? "Remove it." : "Names are of ASCII letters, digits and '_'; other text goes in quotes.")
        }
    }

    private func text(from start: Int) -> String { String(decoding: bytes[start..<offset], as: UTF8.self) }

    private static func startsIdentifier(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte == 0x5F
    }

    private mutating func skipSpace() throws(IDLError) {
        while let first = byte() {
            switch first {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            case UInt8(ascii: "#"): skipLine()
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"):
                let start = offset
                skipLine()
                document(lineFrom: start)
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"):
                let start = offset
                offset += 2
                while !(byte() == UInt8(ascii: "*") && byte(1) == UInt8(ascii: "/")) {
                    guard byte() != nil else {
                        throw IDLError(
                            offset: start, message: "expected '*/' to end this comment",
                            remedy: "Close it; comments do not nest.")
                    }
                    offset += 1
                }
                offset += 2
                document(blockFrom: start)
            default: return
            }
        }
    }

    /// `/** text */`, without the stars at which its lines begin.
    private mutating func document(blockFrom start: Int) {
        guard offset - start > 4, bytes[start + 2] == UInt8(ascii: "*") else { return }
        let text = String(decoding: bytes[(start + 3)..<(offset - 2)], as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let bare = line.trimmed
            return bare.first == "*" ? bare.dropFirst().trimmed : bare
        }
        let trimmed = lines.joined(separator: "\n").trimmed
        documentation = trimmed.isEmpty ? nil : String(trimmed)
    }

    /// `/// text`, joined with such lines before it.
    private mutating func document(lineFrom start: Int) {
        guard offset - start > 3, bytes[start + 2] == UInt8(ascii: "/"), bytes[start + 3] != UInt8(ascii: "/") else {
            return
        }
        let text = String(decoding: bytes[(start + 3)..<offset], as: UTF8.self)
        documentation = [documentation, String(Substring(text).trimmed)].compactMap { $0 }.joined(separator: "\n")
    }

    private mutating func skipLine() {
        while let byte = byte(), byte != 0x0A { offset += 1 }
    }

    /// A string in either quotes, with the escapes of the compiler's lexer.
    private mutating func literal(_ quote: UInt8) throws(IDLError) -> String {
        let start = offset
        offset += 1
        var text: [UInt8] = []
        while let byte = byte(), byte != quote {
            offset += 1
            guard byte == 0x5C else {
                text.append(byte)
                continue
            }
            guard let escaped = self.byte() else { break }
            offset += 1
            switch escaped {
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case 0x22, 0x27, 0x5C: text.append(escaped)
            // The compiler keeps what it does not know, as patterns in annotations need it.
            default: text += [0x5C, escaped]
            }
        }
        guard byte() == quote else {
            throw IDLError(
                offset: start, message: "expected a quote to end this string",
                remedy: "Close it with \(quote == 0x22 ? "a double" : "a single") quote, as it was opened.")
        }
        offset += 1
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func number() throws(IDLError) -> IDLToken.Kind {
        let start = offset
        if byte() == UInt8(ascii: "+") || byte() == UInt8(ascii: "-") { offset += 1 }
        if byte() == 0x30, byte(1) == UInt8(ascii: "x") || byte(1) == UInt8(ascii: "X") {
            offset += 2
            while let byte = byte(), Hex.value(byte) != nil { offset += 1 }
            let digits = text(from: start).filter { $0 != "+" && $0 != "x" && $0 != "X" }
            guard let value = Int64(digits, radix: 16) else {
                throw IDLError(
                    offset: start, message: "expected a whole number of 64 bits", remedy: "Write it like 0x1F.")
            }
            return .integer(value)
        }
        while let byte = byte(),
            byte &- 0x30 < 10 || byte == 0x2E || byte | 0x20 == UInt8(ascii: "e")
                || (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"))
                    && bytes[offset - 1] | 0x20 == UInt8(ascii: "e")
        {
            offset += 1
        }
        let text = text(from: start)
        if let value = Int64(text) { return .integer(value) }
        guard text.contains(where: { ".eE".contains($0) }), Double(text) != nil else {
            throw IDLError(
                offset: start, message: "expected a number",
                remedy: "Write it like 12, 0x1F, 1.5 or 1e9, within 64 bits.")
        }
        return .double(text)
    }
}

extension Substring {
    /// Without white space at either end.
    fileprivate var trimmed: Substring {
        var rest = self
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}

extension String {
    fileprivate var trimmed: Substring { Substring(self).trimmed }
}
