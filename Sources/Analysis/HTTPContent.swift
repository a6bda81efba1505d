import Bytes
import Compression
package import HTTP1
package import Tape

/// An HTTP message of a tape, taken apart.
package struct HTTPContent: Sendable {
    /// Most that a compressed body may grow to when it is decoded for people.
    package static let decodedLimit = 64 << 20

    package let head: HTTPHead
    package let method: String
    package let uri: String
    package let fields: [(name: String, value: String)]
    /// The body after de-chunking and before decompression; bytes that were not captured are left out.
    package let body: [UInt8]
    /// Length of the body as it was sent, with the bytes that were not captured.
    package let bodyLength: UInt64
    /// False when the tape does not hold the whole body.
    package let isWhole: Bool
    /// The codings of the body, see ``HTTPHead/codings(_:)``.
    package let codings: [String]
    /// What is in the message over which readers disagree.
    package let oddities: [String]

    /// Nil when the message's head cannot be read.
    ///
    /// - Parameter answered: for a response, the method of its request: HEAD and CONNECT change what follows the head.
    package init?(_ message: Message, _ kind: HTTPKind, answered: String = "GET") {
        let bytes = message.wire.rawSpan
        var scanned = 0
        guard let found = try? HTTPHead.parse(bytes, kind: kind, scanned: &scanned) else { return nil }
        head = found
        method = found.methodString(bytes)
        uri = found.uriString(bytes)
        var fields: [(name: String, value: String)] = []
        var iterator = HTTPFieldIterator(found)
        while let field = iterator.next(bytes) {
            fields.append((HTTPHead.string(bytes, field.name), HTTPHead.string(bytes, field.value)))
        }
        self.fields = fields
        codings = found.codings(bytes)
        let asked: HTTPMethod =
            switch answered {
            case "HEAD": .head
            case "CONNECT": .connect
            default: .other
            }
        let framing = found.framing(responseTo: asked)
        let content = Self.content(message, found.length, framing)
        (body, isWhole, bodyLength) = (content.body, content.isWhole, content.length)
        oddities = found.notes.oddities + (content.isOdd ? ["chunkLineInvalid"] : [])
    }

    /// The value of the first field with this name, case aside.
    package func value(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    /// The body with its codings undone; nil when it has none, or one that is not read here, or is damaged, or would grow
    /// beyond ``decodedLimit``.
    package var decodedBody: [UInt8]? {
        guard isWhole, !body.isEmpty, !codings.isEmpty else { return nil }
        return ContentCoding.undo(codings, body, limit: Self.decodedLimit)
    }

    /// Runs the body's framing over the captured bytes and over the holes between them.
    private static func content(
        _ message: Message, _ start: Int, _ framing: HTTPFraming
    ) -> (body: [UInt8], isWhole: Bool, length: UInt64, isOdd: Bool) {
        let bytes = message.wire.rawSpan
        var state = HTTPBody(framing)
        var content: [UInt8] = []
        var at = start
        var skipped: UInt64 = 0
        for hole in message.holes.sorted(by: { $0.offset < $1.offset }) {
            let end = Int(clamping: hole.offset &- skipped)
            guard end >= at, end <= bytes.byteCount else { return (content, false, state.contentBytes, false) }
            let piece = bytes.extracting(0..<end)
            while let range = try? state.next(piece, &at) { content += [UInt8](copying: bytes.extracting(range)) }
            if state.skipHole(hole.length) < hole.length { return (content, false, state.contentBytes, false) }
            skipped += hole.length
        }
        while let range = try? state.next(bytes, &at) { content += [UInt8](copying: bytes.extracting(range)) }
        let ended = state.isComplete || state.endsWithConnection
        return (content, ended && message.isWhole, state.contentBytes, state.sawBareLineFeed)
    }
}
