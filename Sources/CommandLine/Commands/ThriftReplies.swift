import JSON
import Schema
import Thrift

/// Thrift replies as a judge of outcomes wants them: by name, without what only the wire needs.
enum ThriftReplies {
    /// The result of a reply (framed or not, Binary or Compact), or the exception as an object under its name; nil when it
    /// cannot be read.
    static func render(_ reply: [UInt8], _ schemas: SchemaSet) -> JSONValue? {
        guard let first = reply.first else { return nil }
        let framing: ThriftFraming = first & 0x80 == 0 ? .framed : .unframed
        let start = framing == .framed ? 4 : 0
        guard start < reply.count else { return nil }
        let encoding: ThriftEncoding = reply[start] == 0x82 ? .compact : .binary
        guard let message = try? unsafe ThriftMessage(decoding: reply.span.bytes, framing, encoding) else { return nil }
        let rendered = schemas.render(message)
        return rendered["success"] ?? rendered["0"] ?? rendered
    }
}
