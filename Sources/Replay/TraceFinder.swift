import Bytes
import HTTP1
import Schema
import Tagging
package import Tape
import Thrift

/// Finds what ties a call of a dependency to the request that caused it: the trace id that both carry.
///
/// Without a field of its own it looks, in this order, for the trace id of W3C's `traceparent` (Trace Context §3.2), for
/// `x-b3-traceid` and `b3` (Zipkin), `x-request-id`, `x-trace-id` and `didi-header-rid`, as HTTP headers or as keys of THeader
/// and TTHeader, and for a field `logId` of a Thrift `Trace` where the schema has one.
package struct TraceFinder: Sendable {
    private let fields: [RequestField]
    private let locator: FieldLocator
    /// Keys and headers, in lower case, and the fields of calls that are looked for last.
    private let names: [String]

    private static let usual = [
        "traceparent", "x-b3-traceid", "b3", "x-request-id", "x-trace-id", "didi-header-rid",
    ]
    private static let usualFields = ["trace.logId", "req.trace.logId", "request.trace.logId", "base.logId"]

    /// - Parameter fields: as `--trace-id` names them; empty for the usual places. A header is looked for among the keys of
    ///   THeader and TTHeader too.
    package init(_ fields: [RequestField], _ locator: FieldLocator) {
        self.locator = locator
        self.fields = fields.isEmpty ? Self.usualFields.compactMap { RequestField(.content($0)) } : fields
        names =
            fields.isEmpty
            ? Self.usual : fields.compactMap { if case .header(let name) = $0.place { name } else { nil } }
    }

    /// The trace id of a request; nil when it has none.
    package func id(in request: [UInt8], _ format: WireFormat, operation: String) -> String? {
        if format.protocol == .http1 {
            for name in names {
                guard let field = RequestField("header." + name),
                    let span = locator.find(field, in: request, format, operation: operation)
                else { continue }
                if let id = Self.id(name, span.text(in: request)) { return id }
            }
        } else if format.transport == .theader || format.transport == .ttheader {
            let keys = Self.keys(request)
            for name in names {
                if let value = keys[name], let id = Self.id(name, value) { return id }
            }
        }
        for field in fields {
            if case .header = field.place { continue }
            if let span = locator.find(field, in: request, format, operation: operation) {
                let text = span.text(in: request)
                if !text.isEmpty { return String(decoding: text, as: UTF8.self) }
            }
        }
        return nil
    }

    private static func keys(_ request: [UInt8]) -> [String: [UInt8]] {
        guard let head = try? HeaderTransport(decoding: request.rawSpan) else { return [:] }
        var keys: [String: [UInt8]] = [:]
        for case .pairs(let pairs) in head.infos {
            for pair in pairs {
                var key = String(decoding: pair.key, as: UTF8.self).lowercased()
                // What travels over all hops, or over one.
                for prefix in ["rpc_persist_", "rpc_transit_"] where key.hasPrefix(prefix) {
                    key = String(key.dropFirst(prefix.count))
                }
                if keys[key] == nil { keys[key] = pair.value }
            }
        }
        return keys
    }

    /// Of `00-TRACEID-PARENTID-FLAGS` the second part, of b3's single header the first; others as they are.
    private static func id(_ name: String, _ value: [UInt8]) -> String? {
        let text = String(decoding: value, as: UTF8.self)
        switch name {
        case "traceparent":
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count >= 4, parts[1].utf8.count == 32, !parts[1].allSatisfy({ $0 == "0" }) else { return nil }
            return parts[1].lowercased()
        case "b3":
            let part = text.split(separator: "-").first.map(String.init) ?? ""
            return part.utf8.count < 16 ? nil : part.lowercased()
        case "x-b3-traceid": return text.isEmpty ? nil : text.lowercased()
        default: return text.isEmpty ? nil : text
        }
    }
}
