import Expression
import JSON
import Schema
import Thrift

/// A rule's answer as bytes.
enum ComposedAnswer: Sendable {
    /// A whole message; so much of it is the head.
    case http([UInt8], headLength: Int)
    /// The result struct, in both encodings.
    case thrift(binary: [UInt8], compact: [UInt8])

    /// For HTTP.
    init(_ answer: StubRule.Answer, _ resolve: (ExpressionPath) -> JSONValue?) {
        var type = "application/json"
        var body: [UInt8] = []
        if let text = answer.text {
            type = "text/plain; charset=utf-8"
            let value = text.filled(resolve)
            body = Array((value.string ?? (value.isNull ? "" : value.text)).utf8)
        } else if let template = answer.body {
            body = template.filled(resolve).encoded()
        }
        var head = "HTTP/1.1 \(answer.status) \(Self.reason(answer.status))\r\n"
        for (name, template) in answer.headers {
            let value = template.filled(resolve)
            // What comes from a request cannot end its line.
            let text = (value.string ?? (value.isNull ? "" : value.text)).unicodeScalars.filter {
                $0.value >= 32 && $0.value != 127
            }
            head += "\(name): \(String(String.UnicodeScalarView(text)))\r\n"
        }
        let hasBody = answer.status >= 200 && answer.status != 204 && answer.status != 304
        if hasBody && !answer.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            head += "Content-Type: \(type)\r\n"
        }
        if hasBody { head += "Content-Length: \(body.count)\r\n" }
        let bytes = Array((head + "\r\n").utf8)
        self = .http(bytes + (hasBody ? body : []), headLength: bytes.count)
    }

    /// For Thrift.
    init(
        _ answer: StubRule.Answer, _ operation: ThriftOperation, _ schemas: SchemaSet,
        _ resolve: (ExpressionPath) -> JSONValue?
    ) throws(ComposingError) {
        var fields: [ThriftField] = []
        if let thrown = answer.thrown {
            fields = try schemas.compose(thrown: thrown.filled(resolve), of: operation)
        } else if let body = answer.body {
            fields = try schemas.compose(success: body.filled(resolve), of: operation)
        }
        var writers = [ThriftWriter(.binary), ThriftWriter(.compact)]
        for index in writers.indices { writers[index].element(.structure(fields)) }
        self = .thrift(binary: writers[0].bytes, compact: writers[1].bytes)
    }

    /// RFC 9110 §15; a client does not look at it.
    static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 204: "No Content"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 409: "Conflict"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}
