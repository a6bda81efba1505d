/// One direction of a flow: what has been put in order and not been taken yet, and what waits for its place.
package struct StreamStorage {
    /// Bytes in order, without the holes between them. Those before ``taken`` were taken and are kept for a while, to
    /// compare retransmissions with.
    var bytes = ByteQueue()
    package internal(set) var taken = 0
    /// How many bytes at the end of ``bytes`` have consecutive sequence numbers up to ``next``.
    var comparable = 0
    /// The sequence number of the first byte that is missing.
    var next: UInt32 = 0
    /// ``next`` means something: a SYN, an acknowledged SYN or data was seen.
    var hasBase = false
    /// The stream's beginning is known, not merely the first byte that was captured.
    package internal(set) var startsAtSYN = false
    var base: UInt32 = 0
    /// Picked up in the middle a moment ago: an earlier segment may still come, so nothing is delivered until so many more
    /// packets of the flow have passed.
    var settling = 0
    var finSequence: UInt32?
    package internal(set) var isEnded = false
    /// The highest acknowledgement by the other side.
    var acknowledged: UInt32?
    /// In order of sequence, without overlaps.
    var pending: [PendingSegment] = []
    var pendingBytes = 0
    package internal(set) var account = StreamAccount()

    /// How many bytes were put in order and not been taken.
    var unread: Int { bytes.count - taken }

    /// Lets go of bytes that are kept only for comparison, but for the last `history`, and of memory that is not needed.
    /// Returns how many bytes went.
    mutating func forgetTaken(butFor history: Int) -> Int {
        let dropped = max(0, taken - history)
        bytes.shrink(dropping: dropped)
        taken -= dropped
        comparable = min(comparable, bytes.count)
        return dropped
    }
}

/// One direction of a flow, in place.
typealias StreamState = Place<StreamStorage>

/// What became of the payload bytes that were captured in one direction: they are delivered, or one of the rest.
package struct StreamAccount: Sendable, Equatable {
    /// Payload bytes captured, duplicates included.
    package var captured: UInt64 = 0
    package var delivered: UInt64 = 0
    /// Bytes whose place was already taken.
    package var duplicate: UInt64 = 0
    /// Duplicate bytes that differed from the first copy.
    package var conflicting: UInt64 = 0
    /// Bytes too far from anything expected, or before the first byte of a stream that was picked up in the middle.
    package var outOfWindow: UInt64 = 0
    /// Dropped because of a memory limit.
    package var dropped: UInt64 = 0
    /// Bytes that were on the wire and not captured (not part of ``captured``).
    package var missing: UInt64 = 0
    package var outOfOrderSegments: UInt64 = 0

    package var closes: Bool { captured == delivered + duplicate + outOfWindow + dropped }

    package init() {}

    package static func += (a: inout StreamAccount, b: StreamAccount) {
        a.captured += b.captured
        a.delivered += b.delivered
        a.duplicate += b.duplicate
        a.conflicting += b.conflicting
        a.outOfWindow += b.outOfWindow
        a.dropped += b.dropped
        a.missing += b.missing
        a.outOfOrderSegments += b.outOfOrderSegments
    }
}

/// A segment that came before its turn.
struct PendingSegment: Sendable {
    var sequence: UInt32
    var bytes: [UInt8]
    /// Bytes behind ``bytes`` that the snap length cut.
    var cut: Int
    var acknowledgement: UInt32
    var hasAcknowledgement: Bool
    var timeNanos: UInt64
    /// How many packets of its flow had come by then.
    var arrival: UInt64

    var length: Int { bytes.count + cut }
    /// What it takes of ``Reassembler/Limits/totalBytes``, its own upkeep included.
    var cost: Int { bytes.count + 128 }
}

/// Something that happened on a stream, to be handled in order.
package struct StreamEvent: Sendable {
    package enum Kind: Sendable, Equatable {
        /// ``StreamEvent/length`` bytes, which begin where a segment or its uncovered part began.
        case data
        /// ``StreamEvent/length`` bytes were on the wire and are not in the capture.
        case gap
        /// The same, because the snap length cut a packet.
        case cut
        /// ``StreamEvent/length`` bytes were captured and dropped for a memory limit.
        case limit
        /// The sender closed its direction.
        case end
        /// The same, without the sender having said so: the capture or the connection is over.
        case stop
        /// The flow is over: nothing more will come in either direction.
        case closed
    }

    package var kind: Kind
    package var flow: Int
    /// 0: from the flow's first endpoint to its second; 1: back.
    package var direction: Int
    package var length: UInt64 = 0
    /// Bytes delivered on the stream up to and including this event's.
    package var end: UInt64 = 0
    package var timeNanos: UInt64 = 0
}
