import Analysis
import Bytes
import HTTP1
import Tape

/// The request of an HTTP exchange, as formats of single messages need it.
struct HTTPParts {
    let content: HTTPContent
    /// Absolute: `http://host/path?query`.
    let url: String

    static func of(_ exchange: Exchange) -> (parts: HTTPParts?, reason: LeftOut?) {
        guard exchange.format.protocol == .http1 else { return (nil, .notHTTP) }
        guard let request = exchange.request else { return (nil, .noRequest) }
        guard let content = HTTPContent(request, .request) else { return (nil, .malformed) }
        return (HTTPParts(content: content, url: url(content, exchange.server)), nil)
    }

    private static func url(_ content: HTTPContent, _ server: String) -> String {
        let uri = content.uri
        if uri.contains("://") { return uri }
        if content.method == "CONNECT" { return "http://\(uri)" }
        let host = content.value("host") ?? server
        let known = host.isEmpty ? "localhost" : host
        return uri.hasPrefix("/") ? "http://\(known)\(uri)" : "http://\(known)/" + (uri == "*" ? "" : uri)
    }

    /// Fields that say how the body is framed or the connection kept: a client makes its own.
    static func isFraming(_ name: String) -> Bool {
        [
            "content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "te", "trailer",
            "upgrade",
        ]
        .contains(name.lowercased())
    }

    /// Text without what a JSON or a shell could not hold; nil when the bytes are not UTF-8.
    static func text(_ bytes: [UInt8]) -> String? { String(validating: bytes, as: UTF8.self) }
}
