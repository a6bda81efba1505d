import Bytes
import HTTP1
package import JSON
package import Tape
package import Thrift

/// Renders exchanges for people and programs: the vocabulary of `tinct show --json`.
///
/// Payload (header values, bodies, Thrift arguments and results) stands in the output only when asked for.
package struct ExchangeView: Sendable {
    /// Renders the body of a Thrift message, by name where an IDL is known.
    package typealias ThriftRenderer = @Sendable (ThriftMessage, _ operation: String) -> JSONValue

    private let showsPayload: Bool
    private let renderThrift: ThriftRenderer

    package init(showsPayload: Bool = false, renderThrift: @escaping ThriftRenderer) {
        self.showsPayload = showsPayload
        self.renderThrift = renderThrift
    }

    /// One object for an exchange; a side that is missing is null.
    package func json(_ exchange: Exchange) -> JSONValue {
        let format = exchange.format
        let answered = exchange.request.map { Self.method(of: $0, format) } ?? "GET"
        var object = JSONObject()
        object.append("id", JSONValue(exchange.id))
        object.append("flow", JSONValue(exchange.flow))
        object.append("ordinal", JSONValue(exchange.ordinal))
        object.append("protocol", JSONValue("\(format.protocol)"))
        object.append("transport", JSONValue("\(format.transport)"))
        object.append("encoding", JSONValue("\(format.encoding)"))
        object.append("operation", JSONValue(exchange.operation))
        object.append("client", JSONValue(exchange.client))
        object.append("server", JSONValue(exchange.server))
        object.append("requestStartNanos", exchange.request.map { JSONValue($0.startNanos) } ?? .null)
        object.append("latencyNanos", exchange.latencyNanos.map { JSONValue($0) } ?? .null)
        object.append("request", exchange.request.map { message($0, .request, exchange, answered) } ?? .null)
        object.append("response", exchange.response.map { message($0, .response, exchange, answered) } ?? .null)
        object.append("interim", JSONValue(exchange.interim.map { message($0, .response, exchange, answered) }))
        object.append("lost", JSONValue(exchange.losses.map(Self.json)))
        object.append("tags", JSONValue(exchange.tags.map(Self.json)))
        object.append("labels", JSONValue(exchange.labels.map(Self.json)))
        if !exchange.expected.isEmpty { object.append("expected", JSONValue(exchange.expected)) }
        if let run = exchange.run { object.append("run", Self.json(run)) }
        return .object(object)
    }

    private func message(_ message: Message, _ kind: HTTPKind, _ exchange: Exchange, _ answered: String) -> JSONValue {
        var object = JSONObject()
        object.append("bytes", JSONValue(message.wireLength))
        object.append(
            "sha256", JSONValue(message.digest.isEmpty ? SHA256.hex(message.wire) : Hex.encode(message.digest)))
        object.append("startNanos", JSONValue(message.startNanos))
        object.append("endNanos", JSONValue(message.endNanos))
        if !message.redactions.isEmpty { object.append("redacted", JSONValue(message.redactions.count)) }
        if !message.holes.isEmpty { object.append("holes", JSONValue(message.holes.map(Self.json))) }
        if !message.omitted.isEmpty { object.append("omitted", JSONValue(message.omitted)) }
        switch exchange.format.protocol {
        case .http1: http(message, kind, answered, &object)
        case .thrift: thrift(message, exchange, &object)
        case .unknown: break
        }
        return .object(object)
    }

    private func http(_ message: Message, _ kind: HTTPKind, _ answered: String, _ object: inout JSONObject) {
        guard let content = HTTPContent(message, kind, answered: answered) else { return }
        if kind == .request {
            object.append("method", JSONValue(content.method))
            object.append("uri", JSONValue(content.uri))
        } else {
            object.append("status", JSONValue(content.head.status))
        }
        object.append("bodyBytes", JSONValue(content.bodyLength))
        let isKnown = !content.body.isEmpty && UInt64(content.body.count) == content.bodyLength
        object.append("bodySha256", isKnown ? JSONValue(SHA256.hex(content.body)) : .null)
        guard showsPayload else { return }
        object.append(
            "headers", JSONValue(content.fields.map { JSONValue([JSONValue($0.name), JSONValue($0.value)]) }))
        object.append("body", Self.body(content))
    }

    /// JSON as such, other text as a string, anything else in base64 or, when it is empty, null.
    private static func body(_ content: HTTPContent) -> JSONValue {
        let bytes = content.decodedBody ?? content.body
        if bytes.isEmpty { return .null }
        if let value = try? JSONValue(parsing: bytes) { return value }
        if let text = String(validating: bytes, as: UTF8.self) { return JSONValue(text) }
        var object = JSONObject()
        object.append("base64", JSONValue(Base64.encode(bytes)))
        return .object(object)
    }

    private func thrift(_ message: Message, _ exchange: Exchange, _ object: inout JSONObject) {
        guard let encoding = ThriftEncoding(exchange.format.encoding) else { return }
        let start = exchange.format.transport == .framed ? 4 : 0
        guard let header = try? MessageHeader.parse(message.wire.rawSpan, at: start, encoding) else { return }
        object.append("method", JSONValue(header.name(in: message.wire.rawSpan)))
        object.append("type", JSONValue("\(header.type)"))
        object.append("seqid", JSONValue(header.seqid))
        guard showsPayload else { return }
        let framing: ThriftFraming = exchange.format.transport == .framed ? .framed : .unframed
        if message.isWhole, let decoded = try? ThriftMessage(decoding: message.wire.rawSpan, framing, encoding) {
            let isRequest = header.type == .call || header.type == .oneway
            object.append(isRequest ? "args" : "result", renderThrift(decoded, exchange.operation))
        }
    }

    private static func method(of request: Message, _ format: WireFormat) -> String {
        format.protocol == .http1 ? HTTPContent(request, .request)?.method ?? "GET" : ""
    }
}

extension ThriftEncoding {
    /// Nil for encodings that are not decoded.
    package init?(_ encoding: WireFormat.Encoding) {
        switch encoding {
        case .binary: self = .binary
        case .compact: self = .compact
        case .none, .binaryOld, .json: return nil
        }
    }
}
