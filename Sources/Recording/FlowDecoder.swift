import Bytes
import Capture
import HTTP1
import Tape
import Thrift

/// What is known about a flow besides its bytes.
///
/// A class, like ``StreamReader``: both are large, and live in one place instead of being
/// copied on the way of each packet.
final class FlowDecoder {
    enum Speech: Equatable { case unknown, http, thrift }

    var speech = Speech.unknown
    /// Why payload of this flow is not decoded; empty when it is.
    var opaqueReason = ""
    let forward = StreamReader()
    let backward = StreamReader()
    /// The direction in which requests travel, once known.
    var requestDirection: Int?
    /// Requests that wait for their response, oldest first.
    var outstanding = Deque<Waiting>()
    /// Responses to the request that is still being read: interim ones, and a final one that came early.
    var early: [EarlyResponse] = []
    var nextOrdinal: UInt32 = 0
    var client = ""
    var server = ""
    /// A Finagle upgrade call was answered without exception: frames are preceded by headers from now on.
    var isFinagle = false

    subscript(direction: Int) -> StreamReader { direction == 0 ? forward : backward }

    /// Leaves the rest of both directions undecoded.
    func makeOpaque(_ reason: String) {
        if opaqueReason.isEmpty { opaqueReason = reason }
        forward.mode = .opaque
        backward.mode = .opaque
    }
}

/// A request that was seen and not answered yet.
struct Waiting {
    var exchange: Exchange
    var method = HTTPMethod.other
    /// The method's name without its service.
    var name = ""
    var seqid: Int32 = 0
}

/// A response that came before the last byte of its request.
struct EarlyResponse {
    var message: Message
    var isInterim: Bool
    var loss: Loss?
}

/// How far one direction has been read.
final class StreamReader {
    enum Mode: Equatable {
        /// At the stream's first captured byte; the protocol may be known from the other direction.
        case start
        case http
        case thrift
        /// The boundary was lost; looking for the next beginning of a message.
        case searching
        /// Passing over the rest of a message that is lost.
        case skipping(UInt64)
        case opaque
    }

    var mode = Mode.start
    var use = Balance.StreamUse()
    /// Something of a message (or of what may become one) is unread.
    var isBegun = false
    var startNanos: UInt64 = 0
    var endNanos: UInt64 = 0
    var holes: [Extent] = []
    var holeBytes: UInt64 = 0
    var holeReason = ""

    // HTTP: bytes of the present message, holes left out, that have been looked at
    var position = 0
    var hasHead = false
    var head = HTTPHead()
    var framing = HTTPFraming.none
    var body = HTTPBody(.none)
    var oversized: Oversized?

    // Thrift
    var scanner = MessageScanner(.framed, .binary)
    var needed = 0
    var hasSpokenThrift = false

    /// A message beyond the body limit: its beginning, its digest so far, its length so far.
    struct Oversized {
        var wire: [UInt8]
        var digest: SHA256Stream?
        var length: UInt64
    }

    /// Forgets the present message.
    func reset() {
        isBegun = false
        if !holes.isEmpty { holes = [] }
        holeBytes = 0
        position = 0
        hasHead = false
        needed = 0
        if oversized != nil { oversized = nil }
        scanner.reset()
    }

    /// Follows an HTTP body as far as `message`, which begins at the message's first byte, goes.
    func advanceBody(_ message: RawSpan) throws(ParsingError) {
        // Local copies: each access to a property of an object is checked for exclusivity.
        var body = body
        var at = position
        defer {
            self.body = body
            position = at
        }
        while try body.next(message, &at) != nil {}
    }

    /// Notes when the message begins or goes on.
    @inline(__always)
    func touch(_ timeNanos: UInt64) {
        if !isBegun {
            isBegun = true
            startNanos = timeNanos
            endNanos = timeNanos
        } else if timeNanos > endNanos {
            endNanos = timeNanos
        }
    }
}
