package import Bytes
import HTTP1
import JSON
package import Recording
import Tape

/// Reads a HAR 1.2 file entry by entry. The file is held in memory, its entries become trees one at a time.
///
/// A HAR does not hold the bytes of the wire: each message is written anew as HTTP/1.1, with the body as HAR has it (decoded)
/// and fields that say so: Content-Encoding and Transfer-Encoding go, Content-Length is that of the body.
package struct HARReader {
    package static let fileLimit = 1 << 30

    private let bytes: [UInt8]
    private let entries: [Range<Int>]
    private var at = 0
    /// Flow and number of entries so far of each connection.
    private var connections: [String: (flow: UInt64, count: UInt32)] = [:]
    private var flows: UInt64 = 0

    /// - Throws: when it is no JSON, or has no `log.entries`.
    package init(_ bytes: [UInt8]) throws(ParsingError) {
        self.bytes = bytes
        let mark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard
            let found = try JSONScanner.elements("log.entries", in: bytes.rawSpan.extracting(mark..<bytes.count))
        else { throw ParsingError(.invalid, at: 0, "HAR: log.entries") }
        entries = found.map { $0.lowerBound + mark..<$0.upperBound + mark }
    }

    package var entryCount: Int { entries.count }

    /// The next exchange's messages; nil at the end. Refusals are counted in `balance`.
    package mutating func next(_ balance: inout ImportBalance) -> ImportRecorder.Source? {
        while at < entries.count {
            let range = entries[at]
            at += 1
            balance.records += 1
            guard let entry = try? JSONValue(parsing: Array(bytes[range])) else {
                balance.refused["malformed", default: 0] += 1
                continue
            }
            switch source(entry) {
            case .success(let source):
                balance.used += 1
                return source
            case .failure(let refusal): balance.refused[refusal.reason, default: 0] += 1
            }
        }
        return nil
    }

    private struct Refusal: Error { var reason: String }

    private mutating func source(_ entry: JSONValue) -> Result<ImportRecorder.Source, Refusal> {
        guard let request = entry["request"], let url = request["url"]?.string, let method = request["method"]?.string
        else { return .failure(Refusal(reason: "noRequest")) }
        guard let started = entry["startedDateTime"]?.string.flatMap({ Timestamp.parse($0) }) else {
            return .failure(Refusal(reason: "badTime"))
        }
        guard let target = Target(url) else { return .failure(Refusal(reason: "notHTTP")) }
        var times = Times(started, entry)
        guard var sent = HARMessage.request(request, method: method, target: target) else {
            return .failure(Refusal(reason: "malformed"))
        }
        sent.startNanos = times.take("blocked", "dns", "connect")
        sent.endNanos = times.take("send")
        var source = ImportRecorder.Source()
        source.request = sent
        if let status = entry["response"]?["status"]?.int, status != 0, let response = entry["response"] {
            guard var answer = HARMessage.response(response, status: status, method: method) else {
                return .failure(Refusal(reason: "malformed"))
            }
            answer.startNanos = times.take("wait")
            answer.endNanos = times.take("receive")
            source.response = answer
        }
        let address = entry["serverIPAddress"]?.string ?? ""
        let host = address.isEmpty ? target.host : address.contains(":") ? "[\(address)]" : address
        source.server = "\(host):\(target.port)"
        (source.flow, source.ordinal) = place(entry["connection"]?.string, source.server)
        return .success(source)
    }

    /// Entries of one connection are one flow; without a name for it each entry is its own.
    private mutating func place(_ connection: String?, _ server: String) -> (UInt64, UInt32) {
        guard let key = connection.map({ "\(server) \($0)" }) else {
            flows += 1
            return (flows - 1, 0)
        }
        if connections[key] == nil {
            connections[key] = (flows, 0)
            flows += 1
        }
        let (flow, count) = connections[key] ?? (0, 0)
        connections[key] = (flow, count &+ 1)
        return (flow, count)
    }
}

/// The points in time of one entry: from when it began, over what each step took in ms.
private struct Times {
    private var nanos: UInt64
    private let timings: JSONValue?

    init(_ started: UInt64, _ entry: JSONValue) {
        nanos = started
        timings = entry["timings"]
    }

    /// Adds the steps; those that are missing or -1 took no time.
    mutating func take(_ steps: String...) -> UInt64 {
        for step in steps {
            guard let millis = timings?[step]?.number?.double, millis > 0, millis < 1e12 else { continue }
            let (sum, overflow) = nanos.addingReportingOverflow(UInt64(millis * 1_000_000))
            if !overflow { nanos = sum }
        }
        return nanos
    }
}

/// Where a URL leads, and what stands in the request line.
struct Target {
    var host: String
    var port: UInt16
    /// Host and, if the URL has one, port.
    var authority: String
    var path: String

    init?(_ url: String) {
        let schemes: [(String, UInt16)] = [("http://", 80), ("https://", 443)]
        guard let (scheme, usual) = schemes.first(where: { url.lowercased().hasPrefix($0.0) }) else { return nil }
        let rest = url.dropFirst(scheme.count)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        authority = String(rest[..<end])
        if let at = authority.lastIndex(of: "@") { authority = String(authority[authority.index(after: at)...]) }
        let tail = rest[end...].prefix { $0 != "#" }
        path = tail.hasPrefix("/") ? String(tail) : "/" + tail
        host = authority
        port = usual
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            guard let number = UInt16(authority[authority.index(after: colon)...]) else { return nil }
            port = number
            host = String(authority[..<colon])
        }
        if host.isEmpty { return nil }
    }
}

/// Messages written anew. Nil for what HTTP/1.1 cannot say: names that are no tokens, values with line breaks.
private enum HARMessage {
    static func request(_ request: JSONValue, method: String, target: Target) -> Message? {
        guard isToken(method), isTarget(target.path), isValue(target.authority) else { return nil }
        var wire = Array("\(method) \(target.path) HTTP/1.1\r\n".utf8)
        let fields = request["headers"]?.array ?? []
        if !fields.contains(where: { $0["name"]?.string?.lowercased() == "host" }) {
            wire += "Host: \(target.authority)\r\n".utf8
        }
        guard append(fields, to: &wire) else { return nil }
        let post = request["postData"]
        guard let body = body(post, encoding: post?["encoding"] ?? post?["_encoding"]) ?? form(post) else { return nil }
        if !body.isEmpty || ["POST", "PUT", "PATCH"].contains(method) {
            wire += "Content-Length: \(body.count)\r\n".utf8
        }
        return Message(wire: wire + [13, 10] + body)
    }

    static func response(_ response: JSONValue, status: Int, method: String) -> Message? {
        let words = response["statusText"]?.string ?? ""
        guard (100...999).contains(status), isValue(words) else { return nil }
        var wire = Array("HTTP/1.1 \(status) \(words)\r\n".utf8)
        guard append(response["headers"]?.array ?? [], to: &wire),
            let body = body(response["content"], encoding: response["content"]?["encoding"])
        else { return nil }
        let hasBody = method != "HEAD" && status >= 200 && status != 204 && status != 304
        if hasBody { wire += "Content-Length: \(body.count)\r\n".utf8 }
        return Message(wire: wire + [13, 10] + (hasBody ? body : []))
    }

    private static func append(_ fields: [JSONValue], to wire: inout [UInt8]) -> Bool {
        let left = ["content-length", "transfer-encoding", "content-encoding"]
        for field in fields {
            guard let name = field["name"]?.string, let value = field["value"]?.string else { return false }
            // HTTP/2 writes its request line as fields.
            if name.hasPrefix(":") || left.contains(name.lowercased()) { continue }
            guard isToken(name), isValue(value) else { return false }
            wire += "\(name): \(value)\r\n".utf8
        }
        return true
    }

    /// Empty when there is none; nil when it is said to be in base64 and is not.
    private static func body(_ holder: JSONValue?, encoding: JSONValue?) -> [UInt8]? {
        guard let text = holder?["text"]?.string, !text.isEmpty else { return holder?["params"] == nil ? [] : nil }
        if encoding?.string?.lowercased() != "base64" { return Array(text.utf8) }
        return Base64.decode(text)
    }

    /// Posted parameters that stand in place of a text.
    private static func form(_ post: JSONValue?) -> [UInt8]? {
        guard let params = post?["params"]?.array, post?["text"]?.string ?? "" == "" else { return nil }
        let pairs = params.map {
            "\(PercentEncoding.encoded($0["name"]?.string ?? ""))=\(PercentEncoding.encoded($0["value"]?.string ?? ""))"
        }
        return Array(pairs.joined(separator: "&").utf8)
    }

    private static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(HTTPHead.isToken) }
    private static func isTarget(_ text: String) -> Bool { text.utf8.allSatisfy { $0 > 32 && $0 != 127 } }
    private static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 32 && $0 != 127 || $0 == 9 }
    }
}
