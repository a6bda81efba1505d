import Bytes
import HTTP1
import Tagging

/// Makes a recorded HTTP request fit for another server and a connection of our own: hop-by-hop fields go (RFC 9110
/// section 7.6.1), the target is in origin form, the version is 1.1, and Host names the target.
enum RequestRewriting {
    struct Rewritten {
        var bytes: [UInt8]
        var isHead: Bool
    }

    /// - Parameters:
    ///   - host: for the Host header; nil keeps the recorded one.
    ///   - closes: the connection carries no other request.
    /// - Throws: `unsupported` for requests that change the protocol of their connection, `malformed` for no request.
    static func rewrite(_ request: [UInt8], host: [UInt8]?, closes: Bool = false) throws(TagError) -> Rewritten {
        let head = try HeaderEditing.head(of: request)
        if head.method == .connect || head.notes.contains(.upgrade) {
            throw TagError(.unsupported, "the request changes the protocol of its connection")
        }
        if head.contentLength == nil && !head.isChunked && request.count > head.length {
            throw TagError(.malformed, "the request has a body of unknown length")
        }
        let bytes = unsafe request.span.bytes
        var result: [UInt8] = []
        result.reserveCapacity(request.count + 64)
        result += request[head.methodRange.range]
        result.append(0x20)
        appendOriginForm(request[head.uri.range], to: &result)
        result += version
        if closes { result += connectionClose }
        // Fields are copied in runs, which end before a line that is left out or edited.
        var from = head.fieldsStart
        var hasHost = false
        var fields = HTTPFieldIterator(head)
        while let field = fields.next(bytes) {
            if isHopByHop(field.name, bytes) {
                result += request[from..<field.name.lower]
                from = lineEnd(request, field.value.upper)
            } else if HTTPHead.matches(bytes, field.name, "host") {
                guard let host else { continue }
                result += request[from..<field.value.lower]
                if !hasHost { result += host }
                from = field.value.upper
                hasHost = true
            }
        }
        if let host, !hasHost {
            // In front of the others, where RFC 9110 section 7.2 wants it.
            result.append(contentsOf: [0x48, 0x6F, 0x73, 0x74, 0x3A, 0x20])
            result += host
            result += [13, 10]
        }
        result += request[from...]
        return Rewritten(bytes: result, isHead: head.method == .head)
    }

    private static let connectionClose = Array("Connection: close\r\n".utf8)
    private static let version = Array(" HTTP/1.1\r\n".utf8)

    private static func isHopByHop(_ name: HTTPRange, _ bytes: RawSpan) -> Bool {
        switch name.count {
        case 2: HTTPHead.matches(bytes, name, "te")
        case 6: HTTPHead.matches(bytes, name, "expect")
        case 10: HTTPHead.matches(bytes, name, "connection") || HTTPHead.matches(bytes, name, "keep-alive")
        case 16: HTTPHead.matches(bytes, name, "proxy-connection")
        case 19: HTTPHead.matches(bytes, name, "proxy-authorization")
        default: false
        }
    }

    private static func lineEnd(_ bytes: [UInt8], _ start: Int) -> Int {
        var at = start
        while at < bytes.count && bytes[at] != 10 { at += 1 }
        return min(at + 1, bytes.count)
    }

    /// `http://host/path` → `/path`; everything else stays.
    private static func appendOriginForm(_ target: ArraySlice<UInt8>, to result: inout [UInt8]) {
        guard let first = target.first, first != 0x2F, first != 0x2A else {
            result += target
            return
        }
        var at = target.startIndex
        while at + 2 < target.endIndex, !(target[at] == 0x3A && target[at + 1] == 0x2F && target[at + 2] == 0x2F) {
            at += 1
        }
        guard at + 2 < target.endIndex else {
            result += target
            return
        }
        guard let path = target[(at + 3)...].firstIndex(where: { $0 == 0x2F || $0 == 0x3F }) else {
            result.append(0x2F)
            return
        }
        if target[path] == 0x3F { result.append(0x2F) }
        result += target[path...]
    }
}
