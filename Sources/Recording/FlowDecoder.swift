import Bytes
import Capture
import HTTP1
import Tape
import Thrift

/// What is known about a flow besides its bytes.
struct FlowDecoderStorage {
    enum Speech: Equatable { case unknown, http, thrift }

    var speech = Speech.unknown
    /// Why payload of this flow is not decoded; empty when it is.
    var opaqueReason = ""
    let forward = StreamReader(StreamReaderStorage())
    let backward = StreamReader(StreamReaderStorage())
    /// The direction in which requests travel, once known.
    var requestDirection: Int?
    /// Exchanges that wait for their response, oldest first.
    var outstanding = Deque<WaitingExchange>()
    /// Responses to the request that is still being read: interim ones, and a final one that came early.
    var early: [EarlyResponse] = []
    var nextOrdinal: UInt32 = 0
    var client = ""
    var server = ""
    /// A Finagle upgrade call was seen.
    var isUpgradeAsked = false
    /// It was answered without exception: a header stands before each message from now on.
    var isFinagle = false
}

/// What is known about a flow besides its bytes, in place.
typealias FlowDecoder = Place<FlowDecoderStorage>

extension Place where Value == FlowDecoderStorage {
    /// Takes the oldest waiting exchange.
    func popOutstanding() -> ExchangeSlot? { value.outstanding.popFirst()?.exchange }

    @inline(__always)
    subscript(direction: Int) -> StreamReader { direction == 0 ? value.forward : value.backward }

    /// Leaves the rest of both directions undecoded.
    func makeOpaque(_ reason: String) {
        if value.opaqueReason.isEmpty { value.opaqueReason = reason }
        value.forward.value.mode = .opaque
        value.backward.value.mode = .opaque
    }

    func destroyAll() {
        while let waiting = value.outstanding.popFirst() { waiting.exchange.destroy() }
        value.forward.value.destroyScanner()
        value.backward.value.destroyScanner()
        value.forward.destroy()
        value.backward.destroy()
        destroy()
    }
}

/// An exchange that is being put together. It stays where it is until it has been handed over: with its dozen arrays and
/// strings, each of which a copy would count, moving it about was a fifth of what recording cost.
typealias ExchangeSlot = Place<Exchange>

extension Place where Value == Exchange {
    // Asked in this way nothing is copied: comparing with nil counts a reference to every part of the message.
    var hasRequest: Bool { if case .some = value.request { true } else { false } }
    var hasResponse: Bool { if case .some = value.response { true } else { false } }
}

/// An exchange whose request was not answered yet, with what pairing needs to know of it.
struct WaitingExchange {
    var exchange: ExchangeSlot
    var key: WaitingKey
}

struct WaitingKey {
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
struct StreamReaderStorage {
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
    /// Exchanges below this ordinal were waiting when a hole last took a message of unknown kind.
    var lostBelow: UInt32 = 0

    // HTTP: bytes of the present message, holes left out, that have been looked at
    var position = 0
    var hasHead = false
    var head = HTTPHead()
    var framing = HTTPFraming.none
    var body = HTTPBody(.none)
    var oversized: Oversized?
    // Asked in this way nothing is copied.
    var isOversized: Bool { if case .some = oversized { true } else { false } }

    // Thrift
    private var scannerPlace: Place<ThriftScanner>?
    var needed = 0
    var hasSpokenThrift = false

    /// A message beyond the body limit: its beginning, its digest so far, its length so far.
    struct Oversized {
        var wire: [UInt8]
        var digest: SHA256Stream?
        var length: UInt64
    }

    /// Reads Thrift. It takes more than 1 KB, so a stream that has no use for it has none.
    var scanner: ThriftScanner {
        get { scannerPlace?.value ?? ThriftScanner(ThriftFormat(.framed, .binary)) }
        _modify {
            let place = scannerPlace ?? Place(ThriftScanner(ThriftFormat(.framed, .binary)))
            scannerPlace = place
            yield &place.value
        }
    }

    /// Frees what the reader has of its own.
    func destroyScanner() { scannerPlace?.destroy() }

    /// Forgets the present message.
    mutating func reset() {
        isBegun = false
        if !holes.isEmpty { holes = [] }
        holeBytes = 0
        position = 0
        hasHead = false
        needed = 0
        if isOversized { oversized = nil }
        scannerPlace?.value.reset()
    }

    /// Follows an HTTP body as far as `message`, which begins at the message's first byte, goes.
    mutating func advanceBody(_ message: RawSpan) throws(ParsingError) {
        while try body.next(message, &position) != nil {}
    }

    /// Notes when the message begins or goes on.
    @inline(__always)
    mutating func touch(_ timeNanos: UInt64) {
        if !isBegun {
            isBegun = true
            startNanos = timeNanos
            endNanos = timeNanos
        } else if timeNanos > endNanos {
            endNanos = timeNanos
        }
    }
}

/// How far one direction has been read, in place.
typealias StreamReader = Place<StreamReaderStorage>
