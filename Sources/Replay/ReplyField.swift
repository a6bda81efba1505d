import Bytes
import HTTP1
import JSON
import Schema
import Tape
import Thrift

/// Names a value in a reply: `id`, `body.id` and `header.location` in HTTP; `success.id`, `id` or `0.3` in Thrift, where
/// the result's struct need not be named.
enum ReplyField: Sendable {
    /// In lower case.
    case header(String)
    case json(JSONPath)
    case thrift(FieldPath)

    /// Nil when the schemas know no such field.
    init?(_ path: String, _ format: WireFormat, operation: String, _ schemas: SchemaSet?) {
        if format.protocol == .http1 {
            if path.hasPrefix("header.") {
                self = .header(path.dropFirst("header.".count).lowercased())
            } else {
                self = .json(JSONPath(path.hasPrefix("body.") ? String(path.dropFirst("body.".count)) : path))
            }
            return
        }
        if let fields = FieldPath(path) {
            self = .thrift(fields)
            return
        }
        guard let schemas, let method = schemas.operation(named: operation),
            let fields = schemas.thriftResultPath(path, of: method)
                ?? schemas.thriftResultPath("success.\(path)", of: method)
        else { return nil }
        self = .thrift(fields)
    }

    /// The value as text, numbers in decimal digits; nil when the reply has none.
    func value(in reply: [UInt8], _ format: WireFormat) -> [UInt8]? {
        switch self {
        case .thrift(let path): return FieldLocator.thrift(path, in: reply, format)?.text(in: reply)
        case .header(let name):
            guard let head = ReplyField.head(reply) else { return nil }
            var fields = HTTPFieldIterator(head)
            while let field = fields.next(reply.rawSpan) {
                if HTTPHead.string(reply.rawSpan, field.name).lowercased() == name {
                    return Array(reply[field.value.range])
                }
            }
            return nil
        case .json(let path):
            guard let head = ReplyField.head(reply),
                let content = try? HTTPScanner.contentArray(reply.rawSpan, head: head, framing: head.framing()),
                let range = (try? JSONScanner.find(path, in: content.rawSpan)) ?? nil,
                let value = try? JSONValue(parsing: Array(content[range]))
            else { return nil }
            switch value {
            case .string(let text): return Array(text.utf8)
            case .number(let number): return Array(number.text.utf8)
            case .bool(let flag): return Array("\(flag)".utf8)
            default: return nil
            }
        }
    }

    private static func head(_ reply: [UInt8]) -> HTTPHead? {
        var scanned = 0
        return (try? HTTPHead.parse(reply.rawSpan, kind: .response, scanned: &scanned)) ?? nil
    }
}
