import Bytes
import HTTP1
import JSON

/// What an HTTP request is recognised by: its method, target and body, headers aside.
struct HTTPReading {
    private var hash: Fingerprint
    /// The JSON value to give back, as a range of the message.
    private(set) var echo: Range<Int>?

    var fingerprint: UInt64 { hash.value }

    /// Reads the whole message in `bytes`.
    init(_ bytes: RawSpan, _ head: HTTPHead, _ framing: HTTPFraming, _ operation: AnswerBook.Operation, seed: UInt64) {
        hash = Fingerprint(seed: seed)
        hash.mix(bytes.extracting(head.methodRange.range))
        hash.mix(bytes.extracting(head.uri.range))
        let body = head.length..<bytes.byteCount
        if body.isEmpty {
            hash.mix(0)
            return
        }
        if case .chunked = framing {
            // De-chunked, so that the cuts do not count. Answers cannot give back what does not stand in one piece.
            guard let content = try? HTTPScanner.contentArray(bytes, head: head, framing: framing) else { return }
            _ = mix(content.rawSpan, 0..<content.count, operation)
        } else {
            echo = mix(bytes, body, operation)
        }
    }

    /// Mixes the body without the members that do not count; returns where the value to give back stands.
    private mutating func mix(_ bytes: RawSpan, _ body: Range<Int>, _ operation: AnswerBook.Operation) -> Range<Int>? {
        var holes: [Range<Int>] = []
        for path in operation.excludedPaths {
            if let hole = Self.value(at: path, bytes, body) { holes.append(hole) }
        }
        let echo = operation.echoPath.isEmpty ? nil : Self.value(at: operation.echoPath, bytes, body)
        holes.sort { $0.lowerBound < $1.lowerBound }
        var start = body.lowerBound
        for hole in holes where hole.lowerBound >= start {
            hash.mix(bytes.extracting(start..<hole.lowerBound))
            start = hole.upperBound
        }
        hash.mix(bytes.extracting(start..<body.upperBound))
        return echo
    }

    /// Where the value at `path` stands in the JSON text at `body`; nil when there is none.
    private static func value(at path: [String], _ bytes: RawSpan, _ body: Range<Int>) -> Range<Int>? {
        nil
    }
}
