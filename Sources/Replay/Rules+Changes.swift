package import Expression
package import JSON
package import YAML

extension Rules {
    /// What is done to the requests that a rule holds for: before they are tagged, and at each send.
    package struct Change: Sendable {
        /// What is constant for the run.
        package enum Edit: Sendable {
            case set(RequestField, JSONValue)
            case remove(RequestField)
            /// The last step of the field's name becomes another one.
            case rename(RequestField, String)
            /// One value for another; without `otherwise`, what is not listed stays.
            case map(RequestField, [String: JSONValue], otherwise: JSONValue?)
        }

        /// How a fresh value looks.
        package enum Form: Sendable, Equatable {
            /// As the recorded one does.
            case like
            /// A random UUID (RFC 9562, version 4).
            case uuid
            /// `#` is a digit, `%` a hexadecimal digit, `~` a letter; everything else stands for itself.
            case pattern(String)
        }

        package var operation: Glob
        package var condition: Expression?
        package var edits: [Edit] = []
        /// Fresh from the first round on, the same for the same recorded value.
        package var fresh: [(field: RequestField, form: Form)] = []
        /// Another one at each send.
        package var nonces: [(field: RequestField, form: Form)] = []
        /// The time of the send, in the form that stands there.
        package var now: [RequestField] = []
        package var tokens: [(field: RequestField, prefix: String, token: Int)] = []
        package var signature: Signature?
        package var mark: YAMLMark
    }

    private static let keys = [
        "operation", "where", "set", "remove", "rename", "map", "fresh", "nonce", "now", "token", "sign",
    ]

    func change(_ node: YAMLNode) throws(YAMLError) -> Change {
        let map = try node.mapping("a rule", keys: Self.keys + ["bind"])
        var change = Change(operation: Glob("*"), mark: node.mark)
        if let operation = map["operation"] { change.operation = Glob(try operation.string("an operation")) }
        if let condition = map["where"] {
            let text = try condition.string("a condition")
            do throws(ExpressionError) { change.condition = try Expression(text) } catch {
                throw YAMLError(
                    "the condition cannot be read: \(error)", at: condition.mark,
                    remedy: "Write it like 'request.amount > 100'.")
            }
        }
        for entry in try map["set"]?.entries("fields with their values") ?? [] {
            change.edits.append(.set(try Self.editable(entry), try Self.value(entry.value)))
        }
        for node in try map["remove"]?.sequence("a list of fields") ?? [] {
            change.edits.append(.remove(try Self.editable(try node.string("a field"), at: node.mark)))
        }
        for entry in try map["rename"]?.entries("fields with their new names") ?? [] {
            let field = try Self.editable(entry)
            let name = try entry.value.string("a name")
            guard field.canBeNamed(name) else {
                throw YAMLError(
                    "'\(entry.key)' cannot be called '\(name)'", at: entry.value.mark,
                    remedy: "Headers, query parameters and members of JSON bodies can be renamed, to one plain name.")
            }
            change.edits.append(.rename(field, name))
        }
        for entry in try map["map"]?.entries("fields with tables") ?? [] {
            change.edits.append(try Self.table(entry))
        }
        for entry in try map["fresh"]?.entries("fields with forms") ?? [] {
            change.fresh.append((try Self.editable(entry), try Self.form(entry.value)))
        }
        for entry in try map["nonce"]?.entries("fields with forms") ?? [] {
            change.nonces.append((try Self.editable(entry), try Self.form(entry.value)))
        }
        for node in try map["now"]?.sequence("a list of fields") ?? [] {
            change.now.append(try Self.editable(try node.string("a field"), at: node.mark))
        }
        for entry in try map["token"]?.entries("fields with tokens") ?? [] {
            change.tokens.append(try tokenPlace(entry))
        }
        if let node = map["sign"] { change.signature = try signature(node) }
        let isEmpty =
            change.edits.isEmpty && change.fresh.isEmpty && change.nonces.isEmpty && change.now.isEmpty
            && change.tokens.isEmpty && change.signature == nil
        if isEmpty {
            throw YAMLError(
                "the rule changes nothing", at: node.mark,
                remedy: "Give one of: bind, \(Self.keys.dropFirst(2).joined(separator: ", ")).")
        }
        return change
    }

    // MARK: Parts

    static func editable(_ entry: YAMLNode.Entry) throws(YAMLError) -> RequestField {
        try editable(entry.key, at: entry.keyMark)
    }

    /// A field that a rule may write: what says how long a request is, where it goes and how its connection is used is
    /// not among them.
    static func editable(_ text: String, at mark: YAMLMark) throws(YAMLError) -> RequestField {
        guard let field = RequestField(text) else {
            throw YAMLError(
                "'\(text)' names no field", at: mark,
                remedy: "As in header.x-env, query.user, path.2, user.id, or 1.4.")
        }
        if case .header(let name) = field.place {
            if Self.framing.contains(name) {
                throw YAMLError(
                    "the header \(name) is Tinct's own to write", at: mark,
                    remedy: "It follows from the body, the target and the connection.")
            }
            guard name.utf8.allSatisfy(Self.isTokenByte) else {
                throw YAMLError(
                    "'\(name)' is no name of a header", at: mark, remedy: "Write letters, digits and '-' alone.")
            }
        }
        return field
    }

    private static let framing: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te", "trailer",
        "upgrade", "expect", "content-encoding", "http2-settings",
    ]

    /// RFC 9110 section 5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E:
            true
        default: false
        }
    }

    private static func value(_ node: YAMLNode) throws(YAMLError) -> JSONValue {
        switch node.value {
        case .bool(let flag): return .bool(flag)
        case .int, .decimal:
            if case .number(let number)? = try? JSONValue(parsing: Array(node.text.utf8)) { return .number(number) }
            return .string(node.text)
        case .null: return .null
        default: return .string(try node.string("a value"))
        }
    }

    private static func table(_ entry: YAMLNode.Entry) throws(YAMLError) -> Change.Edit {
        var table: [String: JSONValue] = [:]
        var otherwise: JSONValue?
        for row in try entry.value.entries("recorded values with new ones") {
            if row.key == "else" {
                otherwise = try value(row.value)
            } else {
                table[row.key] = try value(row.value)
            }
        }
        return .map(try editable(entry), table, otherwise: otherwise)
    }

    static func form(_ node: YAMLNode) throws(YAMLError) -> Change.Form {
        switch try node.string("like, uuid or a pattern") {
        case "like": return .like
        case "uuid": return .uuid
        case let text:
            guard text.hasPrefix("pattern:"), text.utf8.count <= 8 + 256,
                text.dropFirst(8).utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
                text.dropFirst(8).contains(where: { "#%~".contains($0) })
            else {
                throw YAMLError(
                    "'\(text)' is no form", at: node.mark,
                    remedy: "Give like, uuid, or as in \"pattern:ORD-########\" (# digit, % hexadecimal, ~ letter).")
            }
            return .pattern(String(text.dropFirst(8)))
        }
    }

    private func tokenPlace(
        _ entry: YAMLNode.Entry
    ) throws(YAMLError) -> (field: RequestField, prefix: String, token: Int) {
        let field = try Self.editable(entry)
        guard case .header = field.place else {
            throw YAMLError("a token stands in a header", at: entry.keyMark, remedy: "As in header.authorization.")
        }
        let text = try entry.value.string("a text that ends with a token, as in Bearer ${session}")
        guard let start = text.firstRange(of: "${"), text.hasSuffix("}") else {
            throw YAMLError(
                "'\(text)' names no token at its end", at: entry.value.mark, remedy: "As in \"Bearer ${session}\".")
        }
        let name = String(text[start.upperBound...].dropLast())
        guard let index = tokens.firstIndex(where: { $0.name == name }) else {
            throw YAMLError(
                "there is no token '\(name)'", at: entry.value.mark,
                remedy: "Describe it under tokens. There are: \(tokens.map(\.name).joined(separator: ", ")).")
        }
        return (field, String(text[..<start.lowerBound]), index)
    }
}

extension RequestField {
    /// Whether the field's name may become `name`.
    func canBeNamed(_ name: String) -> Bool {
        switch place {
        case .header: !name.isEmpty && name.utf8.allSatisfy(Rules.isTokenByte)
        case .query: !name.isEmpty && name.utf8.allSatisfy(Rules.isTokenByte)
        case .content(let path): !name.isEmpty && Int16(path.prefix { $0 != "." }) == nil
        case .segment: false
        }
    }
}
