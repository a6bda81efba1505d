import Bytes
import HTTP1

/// A recorded message taken apart: head, and content after de-chunking (before decompression).
struct HTTPContent: Sendable {
    var head: HTTPHead
    /// Content bytes that are there.
    var bytes: [UInt8]
    /// Length of the content with its holes.
    var length: UInt64
    /// The head and every byte of content are there, and the message ended where it should.
    var isWhole: Bool

    /// - Parameters:
    ///   - message: captured bytes, from the first byte of the head.
    ///   - answered: for a response, the method of its request.
    ///   - holes: offset in the original message and length of bytes that are left out of `message`, ascending.
    /// - Throws: `invalid` when not even the start line can be read. Content that is malformed further on ends there.
    init(
        _ message: RawSpan, _ kind: HTTPKind, responseTo answered: HTTPMethod = .get,
        holes: [(offset: UInt64, length: UInt64)] = []
    ) throws(ParsingError) {
        var scanned = 0
        bytes = []
        length = 0
        isWhole = false
        guard let head = try HTTPHead.parse(message, kind: kind, scanned: &scanned) else {
            guard let cut = HTTPHead.parseCut(message, kind: kind) else {
                throw ParsingError(.truncated, at: message.byteCount, "HTTP head")
            }
            self.head = cut
            return
        }
        self.head = head
        var body = HTTPBody(head.framing(responseTo: answered))
        var at = head.length
        var skipped: UInt64 = 0
        var isSound = true
        for hole in holes + [(offset: UInt64.max, length: 0)] where isSound {
            let stop = hole.offset == .max ? message.byteCount : Int(clamping: hole.offset &- skipped)
            guard stop <= message.byteCount else { break }
            let piece = message.extracting(0..<stop)
            do {
                while let range = try body.next(piece, &at) {
                    unsafe message.extracting(range).withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
                }
            } catch { isSound = false }
            if hole.length > 0 {
                isSound = body.skipHole(hole.length) == hole.length
                skipped += hole.length
            }
        }
        length = body.contentBytes
        isWhole = isSound && holes.isEmpty && (body.isComplete || body.endsWithConnection)
    }
}
