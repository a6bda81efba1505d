import Bytes
import HTTP1
package import JSON
import Schema
package import Tape

/// Finds identities by the paths that were declared for each operation, and every other place in the request where the
/// same value stands.
package struct DeclaredIdentities: IdentityFinder {
    /// Paths into a JSON body by operation; those under "" hold for every operation.
    package var jsonPaths: [String: [JSONPath]]
    /// Names Thrift fields and says which are identities.
    var schemas: SchemaSet?
    /// As `--id` gave them.
    var paths: [String] = []
    let cache = FieldPathCache()

    package init(jsonPaths: [String: [JSONPath]] = [:]) { self.jsonPaths = jsonPaths }

    package func slots(in request: [UInt8], _ exchange: Exchange) -> [IdentitySpan] {
        var spans: [IdentitySpan] = []
        if exchange.format.protocol == .http1 {
            spans = jsonSpans(request, exchange.operation)
        } else {
            spans = thriftSpans(request, exchange)
        }
        return DeclaredIdentities.withEchoes(spans, in: request)
    }

    private func jsonSpans(_ request: [UInt8], _ operation: String) -> [IdentitySpan] {
        let paths = (jsonPaths[operation] ?? []) + (jsonPaths[""] ?? [])
        if paths.isEmpty { return [] }
        var scanned = 0
        let bytes = unsafe request.span.bytes
        // The body of a chunked request does not lie in one piece.
        guard let head = try? HTTPHead.parse(bytes, kind: .request, scanned: &scanned), !head.isChunked else {
            return []
        }
        let body = bytes.extracting(head.length..<bytes.byteCount)
        var spans: [IdentitySpan] = []
        for path in paths {
            guard let found = (try? JSONScanner.find(path, in: body)) ?? nil, !found.isEmpty else { continue }
            var range = found.lowerBound + head.length..<found.upperBound + head.length
            switch request[range.lowerBound] {
            case 0x22:
                range = range.lowerBound + 1..<range.upperBound - 1
                // Escapes in an identity would not survive new letters.
                if range.isEmpty || request[range].contains(0x5C) { continue }
            case 0x30...0x39: break
            default: continue
            }
            spans.append(IdentitySpan(range, .text))
        }
        return spans
    }

    /// Adds the other places where a value of at least eight bytes stands, so that a request stays consistent.
    static func withEchoes(_ spans: [IdentitySpan], in request: [UInt8]) -> [IdentitySpan] {
        var all: [IdentitySpan] = []
        for span in spans where !all.contains(where: { $0.range.overlaps(span.range) }) { all.append(span) }
        for span in all where span.kind == .text && span.range.count >= 8 {
            let value = request[span.range]
            guard let first = value.first, request.count >= value.count else { continue }
            var at = 0
            while at <= request.count - value.count {
                if request[at] == first, request[at..<at + value.count].elementsEqual(value) {
                    let range = at..<at + value.count
                    if !all.contains(where: { $0.range.overlaps(range) }) { all.append(IdentitySpan(range, .text)) }
                    at += value.count
                } else {
                    at += 1
                }
            }
        }
        return all
    }
}
