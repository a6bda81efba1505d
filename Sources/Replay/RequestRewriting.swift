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

    /// - Parameter host: for the Host header; nil keeps the recorded one.
    /// - Throws: `unsupported` for requests that change the protocol of their connection, `malformed` for no request.
    static func rewrite(_ request: [UInt8], host: String?) throws(TagError) -> Rewritten {
        let head = try HeaderEditing.head(of: request)
        if head.method == .connect || head.notes.contains(.upgrade) {
            throw TagError(.unsupported, "the request changes the protocol of its connection")
        }
        if head.contentLength == nil && !head.isChunked && request.count > head.length {
            throw TagError(.malformed, "the request has a body of unknown length")
        }
        var bytes = Array(request)
        for name in ["connection", "keep-alive", "proxy-connection", "expect", "te", "proxy-authorization"] {
            try HeaderEditing.remove(name, from: &bytes)
        }
        if let host { try HeaderEditing.set("host", to: host, in: &bytes) }
        // The start line last, so that the head can be parsed until then.
        let edited = try HeaderEditing.head(of: bytes)
        let line = edited.fieldsStart
        let method = Array(bytes[edited.methodRange.range])
        let target = originForm(Array(bytes[edited.uri.range]))
        bytes.replaceSubrange(0..<line, with: method + [0x20] + target + Array(" HTTP/1.1\r\n".utf8))
        return Rewritten(bytes: bytes, isHead: head.method == .head)
    }

    /// `http://host/path` → `/path`; everything else stays.
    private static func originForm(_ target: [UInt8]) -> [UInt8] {
        guard let first = target.first, first != 0x2F, first != 0x2A else { return target }
        var at = 0
        while at + 2 < target.count, !(target[at] == 0x3A && target[at + 1] == 0x2F && target[at + 2] == 0x2F) {
            at += 1
        }
        guard at + 2 < target.count else { return target }
        let rest = target[(at + 3)...]
        guard let path = rest.firstIndex(where: { $0 == 0x2F || $0 == 0x3F }) else { return [0x2F] }
        return (target[path] == 0x3F ? [0x2F] : []) + Array(target[path...])
    }
}
