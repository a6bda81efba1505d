import Bytes
import Expression
import HTTP1
import JSON
import Schema
import Thrift

/// The fields of one request, decoded when the first of them is asked for.
///
/// `request.…` is the JSON body or the arguments by name (the one struct around them may be left out, ids will do too),
/// `header.NAME`, `query.NAME`, `method` and `uri` are HTTP's, `operation` and `number` (of the request, from 1) are ours.
struct RequestFields {
    enum Form {
        case http(HTTPHead, HTTPFraming)
        case thrift(ThriftFraming, ThriftEncoding)
    }

    private let bytes: [UInt8]
    private let form: Form
    private let operation: String
    private let number: UInt64
    private let schemas: SchemaSet
    private var content: JSONValue?
    private var contentByID: JSONValue?

    init(_ bytes: [UInt8], _ form: Form, operation: String, number: UInt64, _ schemas: SchemaSet) {
        self.bytes = bytes
        self.form = form
        self.operation = operation
        self.number = number
        self.schemas = schemas
    }

    /// Nil when there is nothing at the path.
    mutating func value(at path: ExpressionPath) -> JSONValue? {
        let rest = path.segments.dropFirst()
        switch path.name {
        case "request": return content(at: rest)
        case "operation" where rest.isEmpty: return .string(operation)
        case "number" where rest.isEmpty: return JSONValue(number)
        default: break
        }
        guard case .http(let head, _) = form else { return nil }
        switch path.name {
        case "method" where rest.isEmpty: return .string(head.methodString(bytes.rawSpan))
        case "uri" where rest.isEmpty: return .string(head.uriString(bytes.rawSpan))
        case "header" where rest.count == 1:
            return header(rest.first?.lowercased() ?? "", head)
        case "query" where rest.count == 1: return query(rest.first ?? "", head)
        default: return nil
        }
    }

    private mutating func content(at steps: ArraySlice<String>) -> JSONValue? {
        let content = decoded()
        let path = JSONPath(steps: steps.map { JSONPath.Step($0) })
        if let value = content[path] { return value }
        if let object = content.object, object.count == 1, let only = object.members.first, only.key != steps.first,
            let value = only.value[path]
        {
            return value
        }
        guard case .thrift = form, Int16(steps.first ?? "") != nil else { return nil }
        let byID = contentByID ?? decode(SchemaSet())
        contentByID = byID
        return byID[path]
    }

    private mutating func decoded() -> JSONValue {
        if let content { return content }
        let decoded = decode(schemas)
        content = decoded
        return decoded
    }

    private func decode(_ schemas: SchemaSet) -> JSONValue {
        switch form {
        case .http(let head, let framing):
            guard let body = try? HTTPScanner.contentArray(bytes.rawSpan, head: head, framing: framing) else {
                return .null
            }
            return (try? JSONValue(parsing: body)) ?? .null
        case .thrift(let framing, let encoding):
            guard let message = try? ThriftMessage(decoding: bytes.rawSpan, framing, encoding) else { return .null }
            return schemas.render(message, schemas.operation(named: operation))
        }
    }

    private func header(_ name: String, _ head: HTTPHead) -> JSONValue? {
        var fields = HTTPFieldIterator(head)
        while let field = fields.next(bytes.rawSpan) {
            if HTTPHead.string(bytes.rawSpan, field.name).lowercased() == name {
                return .string(HTTPHead.string(bytes.rawSpan, field.value))
            }
        }
        return nil
    }

    private func query(_ name: String, _ head: HTTPHead) -> JSONValue? {
        let uri = head.uriString(bytes.rawSpan).prefix { $0 != "#" }
        guard let mark = uri.firstIndex(of: "?") else { return nil }
        for pair in uri[uri.index(after: mark)...].split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if Self.decoded(sides[0]) == name { return .string(sides.count > 1 ? Self.decoded(sides[1]) : "") }
        }
        return nil
    }

    /// A query's text: `+` is a space, `%XX` a byte.
    private static func decoded(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == 0x25, at + 2 < bytes.count,
                let byte = Hex.decode(String(decoding: bytes[at + 1...at + 2], as: UTF8.self))?.first
            {
                result.append(byte)
                at += 3
            } else {
                result.append(bytes[at] == 0x2B ? 0x20 : bytes[at])
                at += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
