/// Reads a Thrift IDL by recursive descent, following the grammar of Apache's compiler (`thrifty.yy`).
struct IDLParser {
    /// Types and constants within one another.
    static let depthLimit = 64

    private var lexer: IDLLexer
    private(set) var token: IDLToken
    private var depth = 0

    init(_ bytes: [UInt8]) throws(IDLError) {
        lexer = IDLLexer(bytes)
        token = try lexer.next()
    }

    static func parse(_ bytes: [UInt8]) throws(IDLError) -> IDLDocument {
        var parser = try IDLParser(bytes)
        return try parser.document()
    }

    // MARK: Tokens

    mutating func advance() throws(IDLError) { token = try lexer.next() }

    func expected(_ what: String, remedy: String = "") -> IDLError {
        IDLError(offset: token.offset, message: "expected \(what), found \(token.description)", remedy: remedy)
    }

    func isSymbol(_ symbol: Character) -> Bool {
        if case .symbol(let byte) = token.kind { byte == symbol.asciiValue } else { false }
    }

    func isWord(_ word: String) -> Bool { token.kind == .identifier(word) }

    mutating func take(_ symbol: Character) throws(IDLError) -> Bool {
        guard isSymbol(symbol) else { return false }
        try advance()
        return true
    }

    mutating func takeWord(_ word: String) throws(IDLError) -> Bool {
        guard isWord(word) else { return false }
        try advance()
        return true
    }

    mutating func expect(_ symbol: Character, _ context: String) throws(IDLError) {
        guard try take(symbol) else { throw expected("'\(symbol)' \(context)", remedy: "Put '\(symbol)' here.") }
    }

    mutating func identifier(_ what: String) throws(IDLError) -> IDLDocument.Name {
        guard case .identifier(let text) = token.kind else {
            throw expected(what, remedy: "A name begins with a letter or '_' and stands without quotes.")
        }
        let name = IDLDocument.Name(text: text, offset: token.offset)
        try advance()
        return name
    }

    mutating func literal(_ what: String) throws(IDLError) -> String {
        guard case .literal(let text) = token.kind else { throw expected(what, remedy: "Put it in quotes.") }
        try advance()
        return text
    }

    /// A comma or a semicolon, either of which may be left out.
    mutating func separator() throws(IDLError) {
        if try take(",") { return }
        _ = try take(";")
    }

    /// `( name = "value", flag )`; nothing is an empty list.
    mutating func annotations() throws(IDLError) -> [IDLDocument.Annotation] {
        var result: [IDLDocument.Annotation] = []
        guard try take("(") else { return result }
        while !(try take(")")) {
            let name = try identifier("an annotation's name or ')'")
            let value = try take("=") ? try literal("an annotation's value in quotes") : "1"
            result.append(IDLDocument.Annotation(name: name, value: value))
            try separator()
        }
        return result
    }

    /// Counts a level of nesting around `body`.
    mutating func nested<T>(_ body: (inout IDLParser) throws(IDLError) -> T) throws(IDLError) -> T {
        guard depth < IDLParser.depthLimit else {
            throw IDLError(
                offset: token.offset, message: "nested deeper than \(IDLParser.depthLimit) levels",
                remedy: "Give the inner part a name with typedef or const.")
        }
        depth += 1
        let result = try body(&self)
        depth -= 1
        return result
    }

    // MARK: Types and constants

    mutating func type() throws(IDLError) -> IDLDocument.TypeUse {
        try nested { (parser) throws(IDLError) in
            let name = try parser.identifier("a type")
            var form: IDLDocument.TypeForm
            switch name.text {
            case "list" where parser.isSymbol("<") || parser.isWord("cpp_type"):
                try parser.skipCPPType()
                try parser.expect("<", "before the element type")
                form = .list(try parser.type())
                try parser.expect(">", "after the element type")
                try parser.skipCPPType()
            case "set" where parser.isSymbol("<") || parser.isWord("cpp_type"):
                try parser.skipCPPType()
                try parser.expect("<", "before the element type")
                form = .set(try parser.type())
                try parser.expect(">", "after the element type")
            case "map" where parser.isSymbol("<") || parser.isWord("cpp_type"):
                try parser.skipCPPType()
                try parser.expect("<", "before the key type")
                let key = try parser.type()
                try parser.expect(",", "between key and value type")
                form = .map(key, try parser.type())
                try parser.expect(">", "after the value type")
            default: form = .named(name)
            }
            return IDLDocument.TypeUse(form: form, annotations: try parser.annotations())
        }
    }

    private mutating func skipCPPType() throws(IDLError) {
        if try takeWord("cpp_type") { _ = try literal("a C++ type in quotes") }
    }

    mutating func constant() throws(IDLError) -> IDLDocument.Constant {
        try nested { (parser) throws(IDLError) in
            let offset = parser.token.offset
            return IDLDocument.Constant(form: try parser.constantForm(), offset: offset)
        }
    }

    private mutating func constantForm() throws(IDLError) -> IDLDocument.Constant.Form {
        switch token.kind {
        case .integer(let value):
            try advance()
            return .integer(value)
        case .double(let text):
            try advance()
            return .double(text)
        case .literal(let text):
            try advance()
            return .literal(text)
        case .identifier: return .name(try identifier("a value").text)
        case .symbol(UInt8(ascii: "[")):
            try advance()
            var values: [IDLDocument.Constant] = []
            while !(try take("]")) {
                values.append(try constant())
                try separator()
            }
            return .list(values)
        case .symbol(UInt8(ascii: "{")):
            try advance()
            var entries: [(key: IDLDocument.Constant, value: IDLDocument.Constant)] = []
            while !(try take("}")) {
                let key = try constant()
                try expect(":", "between key and value")
                entries.append((key, try constant()))
                try separator()
            }
            return .map(entries)
        default:
            throw expected(
                "a value", remedy: "Values are numbers, texts in quotes, names, [lists] and {maps: of pairs}.")
        }
    }
}
