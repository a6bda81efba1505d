import Bytes
package import HTTP1
package import JSON
package import Tape
package import Thrift

/// Renders exchanges for people and programs: the vocabulary of `tinct show --json`.
///
/// Payload (header values, bodies, Thrift arguments and results) stands in the output only when asked for.
package struct ExchangeView: Sendable {
    /// Renders the body of a Thrift message, by name where an IDL is known.
    package typealias ThriftRenderer = @Sendable (ThriftMessage, _ operation: String) -> JSONValue

    let showsPayload: Bool
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

    /// One side of an exchange as it stands in ``json(_:)``; null when it is missing.
    package func side(_ kind: HTTPKind, of exchange: Exchange) -> JSONValue {
        guard let message = kind == .request ? exchange.request : exchange.response else { return .null }
        let answered = exchange.request.map { Self.method(of: $0, exchange.format) } ?? "GET"
        return self.message(message, kind, exchange, answered)
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
        case .http1: http(message, kind, answered, exchange, &object)
        case .thrift: thrift(message, exchange, &object)
        case .unknown: break
        }
        return .object(object)
    }

    private func http(
        _ message: Message, _ kind: HTTPKind, _ answered: String, _ exchange: Exchange, _ object: inout JSONObject
    ) {
        guard let content = HTTPContent(message, kind, answered: answered) else { return }
        if kind == .request {
            object.append("method", JSONValue(content.method))
            object.append("uri", JSONValue(content.uri))
        } else {
            object.append("status", JSONValue(content.head.status))
        }
        if !content.oddities.isEmpty { object.append("oddities", JSONValue(content.oddities.map { JSONValue($0) })) }
        object.append("bodyBytes", JSONValue(content.bodyLength))
        if !content.codings.isEmpty { object.append("codings", JSONValue(content.codings.map { JSONValue($0) })) }
        let isKnown = !content.body.isEmpty && UInt64(content.body.count) == content.bodyLength
        object.append("bodySha256", isKnown ? JSONValue(SHA256.hex(content.body)) : .null)
        let body = content.decodedBody ?? content.body
        let thrift = exchange.format.thrift.flatMap { format in
            ThriftProtocol(beginning: body.rawSpan).map { ThriftFormat(format.transport, $0) }
        }
        if let thrift {
            var inner = JSONObject()
            self.thrift(body, isWhole: content.isWhole, thrift, exchange.operation, &inner)
            object.append("thrift", .object(inner))
        }
        guard showsPayload else { return }
        object.append(
            "headers", JSONValue(content.fields.map { JSONValue([JSONValue($0.name), JSONValue($0.value)]) }))
        if thrift == nil { object.append("body", Self.body(body)) }
    }

    /// JSON as such, other text as a string, anything else in base64 or, when it is empty, null.
    private static func body(_ bytes: [UInt8]) -> JSONValue {
        if bytes.isEmpty { return .null }
        if let value = try? JSONValue(parsing: bytes) { return value }
        if let text = String(validating: bytes, as: UTF8.self) { return JSONValue(text) }
        var object = JSONObject()
        object.append("base64", JSONValue(Base64.encode(bytes)))
        return .object(object)
    }

    private func thrift(_ message: Message, _ exchange: Exchange, _ object: inout JSONObject) {
        guard let format = exchange.format.thrift else { return }
        thrift(message.wire, isWhole: message.isWhole, format, exchange.operation, &object)
    }

    /// Renders a message with everything around it; of one that is not whole, what its header says.
    private func thrift(
        _ wire: [UInt8], isWhole: Bool, _ format: ThriftFormat, _ operation: String, _ object: inout JSONObject
    ) {
        guard isWhole, let frame = try? ThriftFrame(decoding: wire.rawSpan, format), let message = frame.message else {
            var scanner = ThriftScanner(format)
            _ = scanner.scan(wire.rawSpan)
            guard let header = scanner.header, header.nameRange.upperBound <= wire.count else { return }
            object.append("method", JSONValue(header.name(in: wire.rawSpan)))
            object.append("type", JSONValue("\(header.type)"))
            object.append("seqid", JSONValue(header.seqid))
            return
        }
        object.append("method", JSONValue(message.name))
        object.append("type", JSONValue("\(message.type)"))
        object.append("seqid", JSONValue(message.seqid))
        guard showsPayload else { return }
        if let infos = frame.header?.infos, !infos.isEmpty { object.append("infos", Self.json(infos)) }
        if !frame.finagleHeader.isEmpty {
            let header = ThriftMessage(name: "", type: .call, seqid: 0, body: frame.finagleHeader)
            object.append("finagleHeader", renderThrift(header, ""))
        }
        object.append(message.type.isRequest ? "args" : "result", renderThrift(message, operation))
    }

    /// The headers of a THeader or TTHeader frame, as names and values; numbers stand for names in IntKV.
    private static func json(_ infos: [HeaderTransport.Info]) -> JSONValue {
        var pairs: [JSONValue] = []
        func add(_ name: String, _ value: [UInt8]) {
            let text = String(validating: value, as: UTF8.self).map { JSONValue($0) }
            pairs.append(JSONValue([JSONValue(name), text ?? JSONValue(Hex.encode(value))]))
        }
        for info in infos {
            switch info {
            case .pairs(let list): for pair in list { add(String(decoding: pair.key, as: UTF8.self), pair.value) }
            case .numbered(let list): for pair in list { add(String(pair.key), pair.value) }
            case .token(let token): add("token", token)
            case .unread: continue
            }
        }
        return JSONValue(pairs)
    }

    private static func method(of request: Message, _ format: WireFormat) -> String {
        format.protocol == .http1 ? HTTPContent(request, .request)?.method ?? "GET" : ""
    }
}
