import Bytes

/// Packets of several captures, merged by time; each capture keeps its own order.
package struct CaptureMerge {
    package private(set) var readers: [PacketReader]
    private var heads: [CapturedPacket?] = []

    package init(_ readers: [PacketReader]) { self.readers = readers }

    /// The next packet and the number of the capture that it comes from; nil when all have ended.
    package mutating func next() throws(CaptureError) -> (packet: CapturedPacket, reader: Int)? {
        if readers.count == 1 {
            guard let packet = try readers[0].next() else { return nil }
            return (packet, 0)
        }
        if heads.count < readers.count {
            while heads.count < readers.count { heads.append(try readers[heads.count].next()) }
        } else if let last {
            heads[last] = try readers[last].next()
        }
        var best: Int?
        for (index, head) in heads.enumerated() {
            guard let head else { continue }
            if let known = best, let other = heads[known], other.timeNanos <= head.timeNanos { continue }
            best = index
        }
        last = best
        guard let best, let packet = heads[best] else { return nil }
        return (packet, best)
    }

    private var last: Int?

    /// Shows `body` packets that were read already, in order, as long as it returns true. Returns how many; none where
    /// several captures have to be merged.
    package mutating func forEachBuffered(_ body: (CapturedPacket, RawSpan) -> Bool) -> Int {
        readers.count == 1 ? readers[0].forEachBuffered(body) : 0
    }

    /// Calls `body` with the captured bytes of a packet that ``next()`` has just returned.
    @inline(__always)
    package mutating func withBytes<R, E: Error>(
        of packet: CapturedPacket, _ reader: Int, _ body: (RawSpan) throws(E) -> R
    ) throws(E) -> R {
        try readers[reader].withBytes(of: packet, body)
    }
}
