import EventLoop
import HTTP1
import Metrics
import Tape

/// One connection of a loop, with a bounded number of requests in flight.
@safe
struct Connection {
    enum State: UInt8 {
        /// No socket; ``retryAt`` says when the next attempt begins.
        case down
        case connecting
        /// Takes another request.
        case idle
        /// As many requests are in flight as may be, or bytes wait to be written.
        case busy
    }

    /// What of a reply has been found: Thrift's replies are looked at only when they are whole.
    enum Phase: UInt8 { case head, fixed, chunked, untilClose }

    var fd: Int32 = -1
    /// Nil on a plain connection.
    var tls: TLSStream?
    /// Of the last TLS connection, for the next one.
    var session: TLSStream.Session?
    var state = State.down
    var phase = Phase.head
    var keepsAlive = true
    /// Waits for room to write, or for the connection to stand.
    var awaitsWritable = false
    /// The ring receives for it.
    var isInRing = false
    var target: UInt8 = 0
    /// How often it failed, or was lost, since the last reply.
    var failures: UInt8 = 0
    /// Stands in its target's list of idle connections.
    var isListed = false
    /// Nothing more of its recorded flow will come due.
    var hasEnded = false
    /// The request in flight cannot be told apart by its reply, so no other one may join it.
    var isExclusive = false
    var status: Int32 = 0
    /// How the replies to what it has sent end.
    var reply = Template.Reply.none
    /// What it has spoken, as ``Template/speech``, or 0; a connection may change the service it calls, not the protocol.
    var speech: UInt32 = 0

    /// Its places in the loop's table of flights.
    let firstPlace: Int32
    let window: Int32
    var freePlace: Int32 = -1
    /// In the order of sending.
    var firstFlight: Int32 = -1
    var lastFlight: Int32 = -1
    /// Places in use, and those of them whose reply nobody waits for any more.
    var flightCount: Int32 = 0
    var abandonedCount: Int32 = 0
    /// The first flight whose bytes stand in the output and were never offered to the socket.
    var firstUnwritten: Int32 = -1
    /// Stands in the list of connections whose output is to be written, before this one.
    var isGathering = false
    var nextGathering: Int32 = -1
    /// Counts calls, for their seqids.
    var generation: UInt32 = 0
    /// Counts sockets, so that what the ring says of an earlier one is known as such.
    var socketNumber: UInt32 = 0
    /// The copy of what the ring is to send, until the completions of that turn are worked off.
    var staged: UnsafePointer<UInt8>?
    var stagedLength = 0
    var lastReceivedAt: UInt64 = 0

    /// What was received and belongs to no reply that has ended: from ``begin`` to ``end``.
    var buffer: UnsafeMutablePointer<UInt8>
    var capacity: Int
    var begin = 0
    var end = 0
    /// Bytes of a fixed body that are still to come.
    var remaining = 0
    /// Where the chunk cursor stands, from ``begin``.
    var scanned = 0
    var body = HTTPBody(.none)

    /// Sent over it, and over those that it replaced.
    var requests: UInt64 = 0
    /// What is to be written, from ``outBegin`` to ``outEnd``; nil while there is nothing. A request that is alone on its
    /// connection goes out of its template.
    var out: UnsafeMutablePointer<UInt8>?
    var outCapacity = 0
    var outBegin = 0
    var outEnd = 0

    /// Requests that wait for this connection: nodes of the loop's pool.
    var queueHead: Int32 = -1
    var queueTail: Int32 = -1
    /// When it stood, and what had been sent before; 0 while it does not.
    var openedAt: UInt64 = 0
    var requestsBefore: UInt64 = 0
    /// Of its requests, those that failed, by ``Outcome``'s raw value.
    var failed = InlineArray<18, UInt32>(repeating: 0)
    /// Neighbours in the idle list.
    var previous: Int32 = -1
    var next: Int32 = -1
    /// Monotonic: next attempt while down, beginning of the attempt while connecting.
    var retryAt: UInt64 = 0

    static let usualCapacity = 16 << 10
    /// A connection with so much to write takes no further request.
    static let outputLimit = 256 << 10
    /// Replies that must be held whole (Thrift, judged ones) may be as long as this.
    static let longestReply = 64 << 20

    init(buffer: UnsafeMutablePointer<UInt8>, target: UInt8, firstPlace: Int32, window: Int32) {
        unsafe self.buffer = buffer
        capacity = Connection.usualCapacity
        self.target = target
        self.firstPlace = firstPlace
        self.window = window
    }

    /// Whether another request may join those in flight.
    @inline(__always)
    var hasRoom: Bool {
        flightCount < window && !isExclusive && !awaitsWritable && outEnd - outBegin < Connection.outputLimit
    }

    func deallocate() {
        unsafe buffer.deallocate()
        unsafe out?.deallocate()
    }
}

/// A request that came due and waits for a connection.
@safe
struct Waiting {
    var template: UnsafeMutablePointer<Template>
    /// The template's.
    var bytes: UnsafeMutablePointer<UInt8>
    var due: UInt64
    var round: UInt32
    var blockSlot: Int32
    var next: Int32
    /// The template's, which may be far from the processor's caches.
    var overlap: Int32
    /// How often it was sent before, and how that ended the last time.
    var attempt: UInt8 = 0
    var failure: Outcome?
}
