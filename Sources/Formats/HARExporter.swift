import Analysis
import Bytes
import HTTP1
import JSON
import Tape

/// HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/). Times have microseconds.
///
/// An exchange without a response has status 0 and empty content, as browsers write it. Bodies are decoded
/// (Content-Encoding undone) and stand as text, or in base64 when they are no text; for requests, where HAR 1.2 has no
/// such mark, the member is `_encoding`.
struct HARExporter: Exporter {
    private let creator: (name: String, version: String)
    private var isFirst = true

    init(_ creator: (name: String, version: String)) { self.creator = creator }

    mutating func begin(_ out: inout [UInt8]) {
        var json = JSONWriter()
        json.beginObject()
        json.key("name")
        json.string(creator.name)
        json.key("version")
        json.string(creator.version)
        json.endObject()
        out += "{\"log\":{\"version\":\"1.2\",\"creator\":".utf8
        out += json.bytes
        out += ",\"entries\":[\n".utf8
    }

    mutating func finish(_ out: inout [UInt8]) { out += "\n]}}\n".utf8 }

    mutating func append(_ exchange: Exchange, to out: inout [UInt8]) -> LeftOut? {
        let (found, reason) = HTTPParts.of(exchange)
        guard let parts = found, let request = exchange.request else { return reason }
        var entry = JSONObject()
        entry.append("startedDateTime", JSONValue(Self.time(request.startNanos)))
        let timings = Self.timings(exchange)
        entry.append("time", JSONValue(timings.send + timings.wait + timings.receive))
        entry.append("request", Self.request(parts))
        entry.append("response", Self.response(exchange, parts.content.method))
        entry.append("cache", .object(JSONObject()))
        var times = JSONObject()
        times.append("send", JSONValue(timings.send))
        times.append("wait", JSONValue(timings.wait))
        times.append("receive", JSONValue(timings.receive))
        entry.append("timings", .object(times))
        let address = Self.address(exchange.server)
        if !address.isEmpty { entry.append("serverIPAddress", JSONValue(address)) }
        entry.append("connection", JSONValue(String(exchange.flow)))
        if !isFirst { out += ",\n".utf8 }
        isFirst = false
        out += JSONValue.object(entry).encoded()
        return nil
    }

    private static func time(_ nanos: UInt64) -> String { String(Timestamp.rfc3339(nanos).dropLast(4)) + "Z" }

    /// In milliseconds, none below 0.
    private static func timings(_ exchange: Exchange) -> (send: Double, wait: Double, receive: Double) {
        func millis(_ from: UInt64, _ to: UInt64) -> Double { to > from ? Double((to - from) / 1000) / 1000 : 0 }
        guard let request = exchange.request else { return (0, 0, 0) }
        let send = millis(request.startNanos, request.endNanos)
        guard let response = exchange.response else { return (send, 0, 0) }
        return (
            send, millis(request.endNanos, response.startNanos), millis(response.startNanos, response.endNanos)
        )
    }

    private static func address(_ server: String) -> String {
        guard let colon = server.lastIndex(of: ":") else { return "" }
        return String(server[..<colon].filter { $0 != "[" && $0 != "]" })
    }

    private static func request(_ parts: HTTPParts) -> JSONValue {
        let content = parts.content
        var object = JSONObject()
        object.append("method", JSONValue(content.method))
        object.append("url", JSONValue(parts.url))
        object.append("httpVersion", JSONValue("HTTP/1.\(content.head.minorVersion)"))
        object.append("cookies", JSONValue(cookies(content, "cookie")))
        object.append("headers", JSONValue(headers(content)))
        object.append("queryString", JSONValue(query(parts.url)))
        if !content.body.isEmpty {
            var post = JSONObject()
            post.append("mimeType", JSONValue(content.value("content-type") ?? ""))
            post.append("params", JSONValue([JSONValue]()))
            append(content, to: &post, encoding: "_encoding")
            object.append("postData", .object(post))
        }
        object.append("headersSize", JSONValue(content.head.length))
        object.append("bodySize", JSONValue(content.bodyLength))
        return .object(object)
    }

    private static func response(_ exchange: Exchange, _ method: String) -> JSONValue {
        let content = exchange.response.flatMap { HTTPContent($0, .response, answered: method) }
        var object = JSONObject()
        object.append("status", JSONValue(content?.head.status ?? 0))
        object.append("statusText", JSONValue(exchange.response.map { reason($0) } ?? ""))
        object.append("httpVersion", JSONValue("HTTP/1.\(content?.head.minorVersion ?? 1)"))
        object.append("cookies", JSONValue(content.map { cookies($0, "set-cookie") } ?? []))
        object.append("headers", JSONValue(content.map { headers($0) } ?? []))
        var body = JSONObject()
        let shown = content.map { $0.decodedBody ?? $0.body } ?? []
        body.append("size", JSONValue(shown.count))
        if let content, content.decodedBody != nil {
            body.append("compression", JSONValue(shown.count - content.body.count))
        }
        body.append("mimeType", JSONValue(content?.value("content-type") ?? ""))
        if let content, !shown.isEmpty { append(content, to: &body, encoding: "encoding") }
        object.append("content", .object(body))
        object.append("redirectURL", JSONValue(content?.value("location") ?? ""))
        object.append("headersSize", JSONValue(content.map { Int64($0.head.length) } ?? -1))
        object.append("bodySize", JSONValue(content.map { Int64(clamping: $0.bodyLength) } ?? -1))
        return .object(object)
    }

    private static func append(_ content: HTTPContent, to object: inout JSONObject, encoding: String) {
        let bytes = content.decodedBody ?? content.body
        if let text = HTTPParts.text(bytes) {
            object.append("text", JSONValue(text))
        } else {
            object.append("text", JSONValue(Base64.encode(bytes)))
            object.append(encoding, JSONValue("base64"))
        }
        if !content.isWhole {
            object.append("comment", JSONValue("\(content.body.count) of \(content.bodyLength) bytes were captured"))
        }
    }

    private static func headers(_ content: HTTPContent) -> [JSONValue] {
        content.fields.map { pair($0.name, $0.value) }
    }

    private static func cookies(_ content: HTTPContent, _ field: String) -> [JSONValue] {
        var cookies: [JSONValue] = []
        for (name, value) in content.fields where name.lowercased() == field {
            let pairs = value.split(separator: ";")
            for text in field == "cookie" ? pairs[...] : pairs.prefix(1) {
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let name = parts.first.map { String($0.drop { $0 == " " }) } ?? ""
                cookies.append(pair(name, parts.count > 1 ? String(parts[1]) : ""))
            }
        }
        return cookies
    }

    private static func query(_ url: String) -> [JSONValue] {
        guard let mark = url.firstIndex(of: "?") else { return [] }
        let query = url[url.index(after: mark)...].prefix { $0 != "#" }
        return query.split(separator: "&").map { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return pair(decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
        }
    }

    private static func decoded(_ text: Substring) -> String {
        // A plus is a blank in a query, and none when it is written as %2B.
        let bytes = PercentEncoding.decoded(text.utf8.map { $0 == 0x2B ? 0x20 : $0 }[...])
        return HTTPParts.text(bytes) ?? String(text)
    }

    /// The words behind the status.
    private static func reason(_ response: Message) -> String {
        let line = response.wire.prefix { $0 != 13 && $0 != 10 }
        let words = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        return words.count > 2 ? String(decoding: words[2], as: UTF8.self) : ""
    }

    private static func pair(_ name: String, _ value: String) -> JSONValue {
        .object(JSONObject([.init("name", JSONValue(name)), .init("value", JSONValue(value))]))
    }
}
