import HTTP1
import Tape

/// One connection of a loop, with at most one request in flight.
@safe
struct Connection {
    enum State: UInt8 {
        /// No socket; ``retryAt`` says when the next attempt begins.
        case down
        case connecting
        case idle
        /// A request is in flight, or its bytes are still being written.
        case busy
    }

    enum Phase: UInt8 { case head, fixed, chunked, untilClose, frame, unframed }

    var fd: Int32 = -1
    var state = State.down
    var phase = Phase.head
    var keepsAlive = true
    /// Waits for room to write, or for the connection to stand.
    var awaitsWritable = false
    var target: UInt8 = 0
    var failures: UInt8 = 0
    var status: Int32 = 0
    var seqid: UInt32 = 0
    /// What it has spoken; a connection may change the service it calls, not the protocol.
    var format: WireFormat?

    var buffer: UnsafeMutablePointer<UInt8>
    var capacity: Int
    var length = 0
    /// Bytes of a fixed body that are still to come.
    var remaining = 0
    /// Where the chunk cursor stands in the buffer.
    var scanned = 0
    var body = HTTPBody(.none)

    var template: UnsafeMutablePointer<Template>?
    var blockSlot: Int32 = -1
    var round: UInt32 = 0
    var due: UInt64 = 0
    var sentAt: UInt64 = 0
    /// Sent over it, and over those that it replaced.
    var requests: UInt64 = 0
    var pending: UnsafeMutablePointer<UInt8>?
    var pendingLength = 0
    var pendingOffset = 0

    /// Requests that wait for this connection: nodes of the loop's pool.
    var queueHead: Int32 = -1
    var queueTail: Int32 = -1
    /// Neighbours in the idle list (while idle) or in the list of requests in flight, oldest first (while busy).
    var previous: Int32 = -1
    var next: Int32 = -1
    /// Monotonic: next attempt while down, beginning of the attempt while connecting.
    var retryAt: UInt64 = 0

    static let usualCapacity = 16 << 10
    /// Replies that must be held whole (Thrift, judged ones) may be as long as this.
    static let longestReply = 64 << 20

    init(buffer: UnsafeMutablePointer<UInt8>, target: UInt8) {
        unsafe self.buffer = buffer
        capacity = Connection.usualCapacity
        self.target = target
    }
}

/// A request that came due and waits for a connection.
@safe
struct Waiting {
    var template: UnsafeMutablePointer<Template>
    var due: UInt64
    var round: UInt32
    var blockSlot: Int32
    var next: Int32
}
