import Bytes
import HTTP1

/// Header fields of whole HTTP replies.
enum ReplyFields {
    /// The value of the first field with a name (in lower case); nil when there is none.
    static func first(_ name: String, in reply: [UInt8]) -> String? {
        let bytes = reply.rawSpan
        var scanned = 0
        guard let head = (try? HTTPHead.parse(bytes, kind: .response, scanned: &scanned)) ?? nil else { return nil }
        var fields = HTTPFieldIterator(head)
        while let field = fields.next(bytes) {
            if HTTPHead.string(bytes, field.name).lowercased() == name { return HTTPHead.string(bytes, field.value) }
        }
        return nil
    }
}
