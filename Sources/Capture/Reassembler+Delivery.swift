import Bytes

/// What leaves the reassembler: bytes in order, holes, ends.
extension Reassembler {
    /// Appends bytes to what can be read.
    mutating func deliver(
        _ payload: RawSpan, cut: Int, _ timeNanos: UInt64, _ flow: Flow, _ direction: Int, _ slot: Int
    ) {
        let stream = flow[direction]
        let count = payload.byteCount
        stream.value.next &+= UInt32(truncatingIfNeeded: count)
        if count > 0 {
            if stream.value.unread + count > limits.unreadBytes || heldBytes + count > limits.totalBytes {
                stream.value.account.dropped += UInt64(count)
                stream.value.comparable = 0
                emit(
                    StreamEvent(
                        kind: .limit, flow: slot, direction: direction, length: UInt64(count),
                        end: stream.value.account.delivered, timeNanos: timeNanos))
            } else {
                makeRoom(count, stream)
                stream.value.bytes.append(payload)
                heldBytes += count
                stream.value.comparable += count
                stream.value.account.delivered += UInt64(count)
                emit(
                    StreamEvent(
                        kind: .data, flow: slot, direction: direction, length: UInt64(count),
                        end: stream.value.account.delivered, timeNanos: timeNanos))
            }
        }
        if cut > 0 { skip(cut, .cut, timeNanos, flow, direction, slot) }
        endIfDone(flow, direction, slot, timeNanos)
    }

    /// Declares bytes missing.
    mutating func skip(
        _ count: Int, _ kind: StreamEvent.Kind, _ timeNanos: UInt64, _ flow: Flow, _ direction: Int, _ slot: Int
    ) {
        let stream = flow[direction]
        stream.value.next &+= UInt32(truncatingIfNeeded: count)
        stream.value.comparable = 0
        stream.value.account.missing += UInt64(count)
        emit(
            StreamEvent(
                kind: kind, flow: slot, direction: direction, length: UInt64(count),
                end: stream.value.account.delivered,
                timeNanos: timeNanos))
    }

    /// Forgets bytes that were taken long ago, before the buffer grows.
    private mutating func makeRoom(_ count: Int, _ stream: StreamState) {
        let history = 2048
        guard stream.value.bytes.count + count > max(stream.value.bytes.capacity, 8192), stream.value.taken > history
        else { return }
        let dropped = stream.value.taken - history
        if dropped * 2 < stream.value.bytes.count { return }
        stream.value.bytes.removeFirst(dropped)
        heldBytes -= dropped
        stream.value.taken = history
        stream.value.comparable = min(stream.value.comparable, stream.value.bytes.count)
    }

    func compareWithDelivered(_ copy: RawSpan, _ sequence: UInt32, _ stream: StreamState) {
        // A one-byte probe before the expected byte is a keep-alive; its byte means nothing.
        if copy.byteCount == 1 && distance(sequence, stream.value.next) == -1 { return }
        let end = stream.value.bytes.count
        var different: UInt64 = 0
        for i in 0..<copy.byteCount {
            let back = -(distance(sequence, stream.value.next) + i)
            if back <= 0 || back > stream.value.comparable || back > end { continue }
            if stream.value.bytes[end - back] != copy[byte: i] { different += 1 }
        }
        stream.value.account.conflicting += different
    }

    mutating func endIfDone(_ flow: Flow, _ direction: Int, _ slot: Int, _ timeNanos: UInt64) {
        let stream = flow[direction]
        guard !stream.value.isEnded, let fin = stream.value.finSequence,
            distance(fin, stream.value.next) <= 0
        else { return }
        stream.value.isEnded = true
        emit(
            StreamEvent(
                kind: .end, flow: slot, direction: direction, end: stream.value.account.delivered,
                timeNanos: timeNanos))
    }
}
