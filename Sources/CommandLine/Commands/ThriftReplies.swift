import Bytes
import JSON
import Schema
import Thrift

/// Thrift replies as a judge of outcomes wants them: by name, without what only the wire needs.
enum ThriftReplies {
    /// The result of a reply (framed or not, Binary or Compact, with THeader or TTHeader), or the exception as an object under its name; nil when it
    /// cannot be read.
    static func render(_ reply: [UInt8], _ schemas: SchemaSet) -> JSONValue? {
        guard let first = reply.first else { return nil }
        let framing: ThriftFraming = first & 0x80 == 0 ? .framed : .unframed
        let start = framing == .framed ? 4 : 0
        guard start < reply.count else { return nil }
        let encoding: ThriftEncoding = reply[start] == 0x82 ? .compact : .binary
        let magic = reply.count > 5 ? UInt16(reply[4]) << 8 | UInt16(reply[5]) : 0
        let decoded: ThriftMessage?
        if framing == .framed, let kind = HeaderTransport.Kind(rawValue: magic) {
            let format = ThriftFormat(kind == .theader ? .theader : .ttheader, .binary)
            decoded = try? ThriftFrame(decoding: reply.rawSpan, format).message
        } else {
            decoded = try? ThriftMessage(decoding: reply.rawSpan, framing, encoding)
        }
        guard let message = decoded else { return nil }
        let rendered = schemas.render(message)
        return rendered["success"] ?? rendered["0"] ?? rendered
    }
}
