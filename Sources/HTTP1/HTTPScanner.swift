package import Bytes

/// Finds the end of one message in a buffer that grows, without reading a byte twice and without allocating.
package struct HTTPScanner: Sendable {
    package enum Progress: Sendable, Equatable {
        /// Call again with the same bytes and more behind them.
        case needMore
        /// The message takes up this many bytes; what follows is the next one (or, in a tunnel, something else).
        case complete(Int)
    }

    package let kind: HTTPKind
    /// Valid once ``hasHead``.
    package private(set) var head = HTTPHead()
    package private(set) var hasHead = false
    package private(set) var body = HTTPBody(.none)
    package private(set) var framing = HTTPFraming.none
    private var scanned = 0
    private let answered: HTTPMethod

    /// - Parameter answered: for a response, the method of its request, since HEAD and CONNECT change the framing.
    package init(_ kind: HTTPKind, responseTo answered: HTTPMethod = .get) {
        self.kind = kind
        self.answered = answered
    }

    /// Looks at `bytes`, which begin with the message's first byte and only ever grow between calls.
    ///
    /// - Parameter endOfStream: no byte will follow; it completes a body that ends with the connection.
    /// - Throws: `invalid` or `limit` when this is no HTTP/1.x message; `truncated` when the stream ended inside it.
    package mutating func advance(_ bytes: RawSpan, endOfStream: Bool = false) throws(ParsingError) -> Progress {
        if !hasHead {
            guard let head = try HTTPHead.parse(bytes, kind: kind, scanned: &scanned) else {
                if endOfStream { throw ParsingError(.truncated, at: bytes.byteCount, "HTTP head") }
                return .needMore
            }
            self.head = head
            hasHead = true
            framing = head.framing(responseTo: answered)
            body = HTTPBody(framing)
            scanned = head.length
        }
        while try body.next(bytes, &scanned) != nil {}
        if body.isComplete { return .complete(scanned) }
        if !endOfStream { return .needMore }
        if body.endsWithConnection { return .complete(scanned) }
        throw ParsingError(.truncated, at: bytes.byteCount, "HTTP body")
    }

    /// The content of a whole message after de-chunking; allocates.
    package static func contentArray(
        _ message: RawSpan, head: HTTPHead, framing: HTTPFraming
    ) throws(ParsingError) -> [UInt8] {
        var body = HTTPBody(framing)
        var at = head.length
        var content: [UInt8] = []
        while let range = try body.next(message, &at) {
            content += [UInt8](copying: message.extracting(range))
        }
        return content
    }
}
