import Bytes
package import Expression
import HTTP1
package import JSON
package import Tape
package import Thrift

/// A response as a diff sees it: how it ended, and its content as a tree.
package struct ResponseContent: Sendable, Equatable {
    /// `200`, `reply`, `exception`.
    package var status: String
    /// The body of an HTTP response or the result of a Thrift call; nil when it cannot be read.
    package var body: JSONValue?
    /// True for an HTTP status of 400 to 499, and for an exception, declared or not.
    package var isRejection = false

    /// - Parameters:
    ///   - response: of `exchange`, or of its replay.
    ///   - exchange: whose format and request say how the response is to be read.
    package init(
        _ response: Message, of exchange: Exchange, renderThrift: (ThriftMessage, _ operation: String) -> JSONValue
    ) {
        status = "unreadable"
        switch exchange.format.protocol {
        case .http1:
            let method = exchange.request.flatMap { HTTPContent($0, .request)?.method } ?? "GET"
            guard let content = HTTPContent(response, .response, answered: method) else { return }
            status = String(content.head.status)
            isRejection = (400..<500).contains(content.head.status)
            let bytes = content.decodedBody ?? content.body
            if exchange.format.transport == .http, content.isWhole,
                let form = ThriftProtocol(beginning: bytes.rawSpan),
                let message = try? ThriftMessage(decoding: bytes.rawSpan, protocol: form)
            {
                take(message, exchange.operation, renderThrift)
            } else {
                body = Self.tree(content)
            }
        case .thrift:
            guard let format = exchange.format.thrift, response.isWhole,
                let message = try? ThriftFrame(decoding: response.wire.rawSpan, format).message
            else { return }
            take(message, exchange.operation, renderThrift)
        case .unknown: return
        }
    }

    private mutating func take(
        _ message: ThriftMessage, _ operation: String, _ render: (ThriftMessage, _ operation: String) -> JSONValue
    ) {
        let isDeclared = message.type == .reply && message.body.first.map { $0.id != 0 } ?? false
        status = message.type == .exception || isDeclared ? "exception" : "reply"
        isRejection = status == "exception"
        body = Self.success(render(message, operation))
    }

    /// JSON as such, other text as one string; what is neither is told apart by its size alone.
    private static func tree(_ content: HTTPContent) -> JSONValue? {
        guard content.isWhole else { return nil }
        let bytes = content.decodedBody ?? content.body
        if bytes.isEmpty { return .null }
        if let value = try? JSONValue(parsing: bytes) { return value }
        if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
        return .object(
            JSONObject([.init("bytes", JSONValue(bytes.count)), .init("sha256", JSONValue(SHA256.hex(bytes)))]))
    }

    /// The result itself, without the `success` that only the wire needs.
    private static func success(_ result: JSONValue) -> JSONValue {
        guard let object = result.object, object.count == 1, let value = object["success"] ?? object["0"] else {
            return result
        }
        return value
    }

    /// The text of the scalar at `path`; nil when there is none. A leading `response` may be left out. An exception has no
    /// decision, even if a field of its own has the decision's id.
    package func decision(at path: ExpressionPath) -> String? {
        guard let body, status != "exception" else { return nil }
        let steps = path.segments.first == "response" ? Array(path.segments.dropFirst()) : path.segments
        let value = body[JSONPath(steps: steps.map { JSONPath.Step($0) })]
        return value.map { ExpressionValue($0) }?.scalarText
    }

    /// Where a decision seems to stand: the member nearest to the root whose name has `decision` in it and whose value is
    /// a text, a number or a boolean.
    package var likelyDecision: ExpressionPath? {
        guard let body, status != "exception" else { return nil }
        var level: [(path: [String], value: JSONValue)] = [([], body)]
        for _ in 0..<4 {
            var below: [(path: [String], value: JSONValue)] = []
            for (path, value) in level {
                for member in value.object?.members ?? [] {
                    let inner = path + [member.key]
                    if member.key.lowercased().contains("decision"), ExpressionValue(member.value).scalarText != nil,
                        !member.value.isNull
                    {
                        return ExpressionPath(segments: inner)
                    }
                    below.append((inner, member.value))
                }
            }
            level = below
        }
        return nil
    }
}
