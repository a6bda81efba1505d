import Bytes
package import JSON
package import Schema
import Thrift

/// Makes answers from what a schema says of an operation, for tapes that hold expectations in place of responses.
///
/// Required fields get their default, or the least value of their type. The field whose name has `decision` in it gets
/// the expected decision; a `score` and `reasons` beside it follow from it. A request that is expected to be rejected gets
/// the first declared exception, or status 400. Of the fields that identify the request, the one that the response has
/// too is given back.
package struct SchemaAnswers: AnswerSource {
    private let schemas: SchemaSet
    /// A struct that contains itself ends here.
    private static let depthLimit = 16

    package init(_ schemas: SchemaSet) { self.schemas = schemas }

    private func thriftOperation(_ operation: String, _ method: String) -> ThriftOperation? {
        schemas.operation(named: operation) ?? schemas.operation(named: method)
    }

    private static func isRejection(_ expected: String) -> Bool { ["reject", "4xx"].contains(expected) }

    // MARK: Thrift

    package func thriftAnswer(operation: String, method: String, expected: String) -> MadeReply? {
        guard let operation = thriftOperation(operation, method), !operation.isOneway else { return nil }
        let result = schemas.result(of: operation)
        if Self.isRejection(expected) {
            guard let declared = result.fields.first(where: { $0.id != 0 }) else {
                let body = ThriftValue.structure([
                    ThriftField(1, ThriftValue("refused, as the scenario expects")), ThriftField(2, .i32(7)),
                ])
                return reply(.exception, [body])
            }
            return reply(.reply, [.structure([ThriftField(declared.id, value(declared, expected, 0))])])
        }
        guard let success = result.field(id: 0) else { return reply(.reply, [.structure([])]) }
        guard case .structure(let index) = success.type.kind else {
            return reply(.reply, [.structure([ThriftField(0, value(success, expected, 0))])])
        }
        let echo = echoedField(operation, schemas.structures[index])?.id
        let fields = schemas.structures[index].fields.filter { isWritten($0) || $0.id == echo }
        var encoded: [[UInt8]] = []
        var offsets: [Int] = []
        for encoding in [ThriftEncoding.binary, .compact] {
            var writer = ThriftWriter(encoding)
            var at = 0
            writer.beginStruct()
            writer.beginStruct(field: 0)
            for field in fields {
                if field.id == echo {
                    writer.field(field.id, string: "")
                    at = writer.bytes.count
                } else {
                    writer.field(field.id, value(field, expected, 0))
                }
            }
            writer.endStruct()
            writer.endStruct()
            if echo != nil {
                // The empty text's length: the server writes the real one, with the text behind it.
                let width = encoding == .binary ? 4 : 1
                writer.bytes.removeSubrange(at - width..<at)
                at -= width
            }
            encoded.append(writer.bytes)
            offsets.append(at)
        }
        return MadeReply(
            type: .reply, binary: encoded[0], compact: encoded[1],
            echoAt: echo == nil ? nil : (binary: offsets[0], compact: offsets[1]))
    }

    private func reply(_ type: MessageType, _ body: [ThriftValue]) -> MadeReply {
        var writers = [ThriftWriter(.binary), ThriftWriter(.compact)]
        for i in writers.indices { for value in body { writers[i].element(value) } }
        return MadeReply(type: type, binary: writers[0].bytes, compact: writers[1].bytes)
    }

    private func isWritten(_ field: SchemaField) -> Bool {
        field.presence != .optional || Self.role(field.name) == .decision
    }

    private enum Role { case decision, score, reasons, other }

    private static func role(_ name: String) -> Role {
        let name = name.lowercased()
        if name.contains("decision") { return .decision }
        if name == "score" || name.hasSuffix("score") { return .score }
        return name == "reasons" ? .reasons : .other
    }

    private func value(_ field: SchemaField, _ expected: String, _ depth: Int) -> ThriftValue {
        let role = Self.role(field.name)
        if role == .other, let given = field.defaultValue, let value = scalar(given, field.type) { return value }
        let least = field.type.constraints.minimum?.int64 ?? 0
        let number = role == .score ? Self.score(expected) : least
        switch field.type.kind {
        case .bool: return .bool(false)
        case .i8: return .i8(Int8(clamping: number))
        case .i16: return .i16(Int16(clamping: number))
        case .i32: return .i32(Int32(clamping: number))
        case .i64: return .i64(number)
        case .double: return .double(role == .score ? Double(number) / 1000 : Double(number))
        case .string: return ThriftValue(text(field, expected))
        case .binary, .any: return .binary([])
        case .uuid: return .uuid([UInt8](repeating: 0, count: 16))
        case .enumeration(let index): return .i32(enumerationCase(index, role, expected)?.value ?? 0)
        case .list(let element), .set(let element):
            var elements: [ThriftValue] = []
            if role == .reasons && !Self.isApproval(expected) && depth < Self.depthLimit {
                let reason = SchemaField(id: 1, name: "code", type: element)
                elements.append(value(reason, expected, depth + 1))
            }
            let type = element.kind.wireType ?? .binary
            if case .set = field.type.kind { return .set(type, elements) }
            return .list(type, elements)
        case .map(let key, let value): return .map(key.kind.wireType ?? .binary, value.kind.wireType ?? .binary, [])
        case .structure(let index):
            if depth >= Self.depthLimit { return .structure([]) }
            return .structure(
                schemas.structures[index].fields.filter(isWritten).map {
                    ThriftField($0.id, value($0, expected, depth + 1))
                })
        }
    }

    /// A default of the schema.
    private func scalar(_ value: JSONValue, _ type: SchemaType) -> ThriftValue? {
        switch (type.kind, value) {
        case (.bool, .bool(let flag)): .bool(flag)
        case (.i8, .number(let number)): number.int64.map { .i8(Int8(clamping: $0)) }
        case (.i16, .number(let number)): number.int64.map { .i16(Int16(clamping: $0)) }
        case (.i32, .number(let number)): number.int64.map { .i32(Int32(clamping: $0)) }
        case (.i64, .number(let number)): number.int64.map { .i64($0) }
        case (.double, .number(let number)): .double(number.double)
        case (.string, .string(let text)): ThriftValue(text)
        case (.enumeration(let index), .string(let name)):
            schemas.enumerations[index].value(of: name).map { .i32($0) }
        default: nil
        }
    }

    // MARK: HTTP

    package func httpAnswer(operation: String, expected: String) -> MadeResponse? {
        guard let route = schemas.route(named: operation) else { return nil }
        if Self.isRejection(expected) {
            let body = route.response(status: 400)?.body
            return MadeResponse(status: "400 Bad Request", json: body.map { json($0, expected, echo: nil).bytes } ?? [])
        }
        guard let response = route.response(status: 200) else {
            return MadeResponse(status: "204 No Content", json: [])
        }
        guard let body = response.body else { return MadeResponse(status: "200 OK", json: []) }
        let made = json(body, expected, echo: echoedField(route, body)?.name)
        return MadeResponse(json: made.bytes, echoAt: made.echoAt)
    }

    /// A JSON body; where `echo` stands in it, the value is left out and its offset given.
    private func json(_ type: SchemaType, _ expected: String, echo: String?) -> (bytes: [UInt8], echoAt: Int?) {
        guard case .structure(let index) = type.kind else {
            return (json(SchemaField(id: 0, name: "", type: type), expected, 0).encoded(), nil)
        }
        var writer = JSONWriter()
        var at: Int?
        writer.beginObject()
        for field in schemas.structures[index].fields where isWritten(field) || field.name == echo {
            writer.key(field.name)
            if field.name == echo {
                at = writer.bytes.count
                writer.string("")
            } else {
                writer.value(json(field, expected, 0))
            }
        }
        writer.endObject()
        var bytes = writer.bytes
        if let at { bytes.removeSubrange(at..<at + 2) }
        return (bytes, at)
    }

    private func json(_ field: SchemaField, _ expected: String, _ depth: Int) -> JSONValue {
        let role = Self.role(field.name)
        if role == .other, let given = field.defaultValue { return given }
        switch field.type.kind {
        case .bool: return false
        case .i8, .i16, .i32, .i64:
            return JSONValue(role == .score ? Self.score(expected) : field.type.constraints.minimum?.int64 ?? 0)
        case .double:
            if role == .score { return JSONValue(Double(Self.score(expected)) / 1000) }
            return field.type.constraints.minimum.map { .number($0) } ?? 0
        case .string, .binary, .uuid: return .string(text(field, expected))
        case .enumeration(let index): return .string(enumerationCase(index, role, expected)?.name ?? "")
        case .list(let element), .set(let element):
            if role != .reasons || Self.isApproval(expected) || depth >= Self.depthLimit { return [] }
            return [json(SchemaField(id: 0, name: "code", type: element), expected, depth + 1)]
        case .map: return [:]
        case .any: return .null
        case .structure(let index):
            if depth >= Self.depthLimit { return [:] }
            let fields = schemas.structures[index].fields.filter(isWritten)
            return .object(JSONObject(fields.map { .init($0.name, json($0, expected, depth + 1)) }))
        }
    }

    // MARK: What a decision brings with it

    /// Nothing was expected, or that it passes: such an answer gives no reasons.
    private static func isApproval(_ expected: String) -> Bool {
        ["", "approve", "pass", "allow", "accept"].contains(expected)
    }

    /// From 0, harmless, to 1000.
    private static func score(_ expected: String) -> Int64 {
        switch expected {
        case _ where isApproval(expected): 100
        case "stepUp": 550
        case "review": 700
        default: 950
        }
    }

    private func text(_ field: SchemaField, _ expected: String) -> String {
        if Self.role(field.name) == .decision { return expected.isEmpty ? "approve" : expected }
        if field.name.lowercased().hasSuffix("code") { return "EXPECTED_\(expected.uppercased())" }
        return String(repeating: "0", count: min(max(field.type.constraints.minimumLength ?? 0, 0), 64))
    }

    /// The case that the decision names, else the first.
    private func enumerationCase(_ index: Int, _ role: Role, _ expected: String) -> SchemaEnumeration.Case? {
        let cases = schemas.enumerations[index].cases
        let named = role == .decision ? cases.first { $0.name.lowercased() == expected.lowercased() } : nil
        return named ?? cases.first
    }

    // MARK: Identity

    package func excludedFields(operation: String, method: String) -> [[Int16]] {
        thriftOperation(operation, method).map { schemas.identityPaths(of: $0).map(\.ids) } ?? []
    }

    package func excludedPaths(operation: String) -> [JSONPath] {
        schemas.route(named: operation).map { schemas.identityPaths(of: $0) } ?? []
    }

    package func echoField(operation: String, method: String) -> [Int16]? {
        guard let operation = thriftOperation(operation, method),
            case .structure(let index)? = schemas.result(of: operation).field(id: 0)?.type.kind,
            let echoed = echoedField(operation, schemas.structures[index])
        else { return nil }
        return schemas.identityPaths(of: operation).first {
            schemas.field(at: $0, of: operation)?.field.name == echoed.name
        }?.ids
    }

    package func echoPath(operation: String) -> JSONPath? {
        guard let route = schemas.route(named: operation), let body = route.response(status: 200)?.body,
            let echoed = echoedField(route, body)
        else { return nil }
        return schemas.identityPaths(of: route).first { $0.steps.last?.key == echoed.name }
    }

    private func echoedField(_ operation: ThriftOperation, _ response: SchemaStructure) -> SchemaField? {
        for path in schemas.identityPaths(of: operation) {
            guard let name = schemas.field(at: path, of: operation)?.field.name else { continue }
            if let field = response.field(named: name), field.type.kind == .string { return field }
        }
        return nil
    }

    private func echoedField(_ route: HTTPOperation, _ body: SchemaType) -> SchemaField? {
        guard case .structure(let index) = body.kind else { return nil }
        for path in schemas.identityPaths(of: route) {
            guard let name = path.steps.last?.key else { continue }
            if let field = schemas.structures[index].field(named: name), field.type.kind == .string { return field }
        }
        return nil
    }
}
