import Bytes
package import Expression
import HTTP1
package import JSON
import Schema
package import Tape

/// Looks up values of one exchange by path, for `--where`, `--columns` and `--sample-key`. What a path does not need is not
/// decoded.
///
/// | path | is |
/// |---|---|
/// | `id`, `flow`, `ordinal`, `operation`, `client`, `server`, `protocol`, `transport`, `encoding` | of the exchange |
/// | `time`, `startNanos` | its first byte, as RFC 3339 or in ns since 1970 |
/// | `latencyNanos`, `latencyMicros` | request first byte to response last byte |
/// | `status`, `tagged` | the HTTP status; whether the request carries the tag |
/// | `request.user.id`, `response.decision` | a field of the decoded JSON body, Thrift arguments or result, by name |
/// | `request.1.5.2`, `response.0.2` | a Thrift field by ids: argument, then fields |
/// | `request.method`, `request.uri`, `response.bytes`, `request.body`, `request.args`, … | the message itself, as in `show --json` |
/// | anything else | the exchange as in `show --json`: `lost.0.reason`, `labels.0.type`, `expected`, `run.outcome` |
///
/// A Thrift call with one struct as its argument, and a result, may be named with or without that outer step:
/// `request.user.id` is `request.req.user.id`, `response.decision` is `response.success.decision`. A field of the content
/// goes before a member of the message that has the same name.
package struct ExchangeFields {
    private let exchange: Exchange
    private let view: ExchangeView
    private var request: JSONValue?
    private var response: JSONValue?
    private var requestByID: JSONValue?
    private var responseByID: JSONValue?
    private var whole: JSONValue?

    /// - Parameter view: must show payload, or content has no fields.
    package init(_ exchange: Exchange, _ view: ExchangeView) {
        self.exchange = exchange
        self.view = view
    }

    /// Nil when there is nothing at the path.
    package mutating func value(at path: ExpressionPath) -> JSONValue? {
        let rest = path.segments.dropFirst()
        switch path.name {
        case "request": return value(at: rest, in: .request)
        case "response": return value(at: rest, in: .response)
        default:
            if rest.isEmpty, let value = scalar(path.name) { return value }
            let json = whole ?? view.json(exchange)
            whole = json
            return json[path.jsonPath]
        }
    }

    private mutating func scalar(_ name: String) -> JSONValue? {
        switch name {
        case "id": return JSONValue(exchange.id)
        case "flow": return JSONValue(exchange.flow)
        case "operation": return JSONValue(exchange.operation)
        case "client": return JSONValue(exchange.client)
        case "server": return JSONValue(exchange.server)
        case "time": return JSONValue(Timestamp.rfc3339(exchange.startNanos))
        case "startNanos": return JSONValue(exchange.startNanos)
        case "latencyNanos": return exchange.latencyNanos.map { JSONValue($0) } ?? .null
        case "latencyMicros": return exchange.latencyNanos.map { JSONValue($0 / 1000) } ?? .null
        case "status": return side(.response)["status"]
        case "tagged": return JSONValue(!exchange.tags.isEmpty)
        default: return nil
        }
    }

    private mutating func value(at steps: ArraySlice<String>, in kind: HTTPKind) -> JSONValue? {
        let message = side(kind)
        guard let first = steps.first else { return message }
        if message.isNull { return nil }
        let path = JSONPath(steps: steps.map { JSONPath.Step($0) })
        if let value = Self.content(of: message, at: path) { return value }
        let isID = first.utf8.allSatisfy { (0x30...0x39).contains($0) }
        if isID, exchange.format.thrift != nil, let value = Self.content(of: sideByID(kind), at: path) {
            return value
        }
        return message[path]
    }

    /// A field of what the message carries; one wrapper that is not named is looked into.
    private static func content(of message: JSONValue, at path: JSONPath) -> JSONValue? {
        // Thrift in an HTTP body stands one level deeper.
        let message = message["thrift"] ?? message
        guard let content = message["args"] ?? message["result"] ?? message["body"] else { return nil }
        if let value = content[path] { return value }
        guard let object = content.object, object.count == 1, let only = object.members.first,
            only.key != path.steps.first?.key
        else { return nil }
        return only.value[path]
    }

    private mutating func side(_ kind: HTTPKind) -> JSONValue {
        if let known = kind == .request ? request : response { return known }
        let value = view.side(kind, of: exchange)
        if kind == .request { request = value } else { response = value }
        return value
    }

    private mutating func sideByID(_ kind: HTTPKind) -> JSONValue {
        if let known = kind == .request ? requestByID : responseByID { return known }
        let value = Self.idView.side(kind, of: exchange)
        if kind == .request { requestByID = value } else { responseByID = value }
        return value
    }

    /// Without a schema everything goes by its id.
    private static let idView = ExchangeView(showsPayload: true) { message, _ in SchemaSet().render(message) }
}
