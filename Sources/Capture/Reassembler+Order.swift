import Bytes

extension Reassembler {
    @inline(__always)
    func distance(_ to: UInt32, _ from: UInt32) -> Int { Int(Int32(bitPattern: to &- from)) }

    /// Sorts one segment into its flow.
    mutating func receive(_ segment: Segment, _ packet: RawSpan, _ flow: Flow, _ slot: Int) {
        let direction = segment.source == flow.first ? 0 : 1
        let stream = flow[direction]
        let flags = segment.flags
        let isSYN = flags.contains(.syn)
        if isSYN { handshake(segment, flow, direction) }
        let sequence = isSYN ? segment.sequence &+ 1 : segment.sequence
        let hasAck = flags.contains(.ack)
        if hasAck { noteAcknowledgement(segment.acknowledgement, flow[1 - direction]) }

        let count = segment.payloadWireCount
        if count > 0 {
            let payload = packet.extracting(segment.payloadOffset..<segment.payloadOffset + segment.payloadCount)
            place(payload, segment, sequence, flow, direction, slot)
        } else if !stream.hasBase && !flags.contains(.rst) && !isSYN {
            // The first thing seen of this side, without data: it tells where its data will begin.
            stream.hasBase = true
            stream.next = sequence
            stream.base = sequence
        }
        if flags.contains(.fin) && stream.finSequence == nil && !flags.contains(.rst) {
            stream.finSequence = sequence &+ UInt32(truncatingIfNeeded: count)
            endIfDone(flow, direction, slot, segment.timeNanos)
        }
        if flags.contains(.rst) { flow.isReset = true }

        if !flow.forward.pending.isEmpty || !flow.backward.pending.isEmpty {
            if drain(flow, slot) { flow.stalled = 0 } else { flow.stalled += 1 }
            let isFull =
                flow.forward.pendingBytes > limits.pendingBytes || flow.backward.pendingBytes > limits.pendingBytes
            if flow.stalled >= limits.patiencePackets || isFull {
                giveUpWaiting(flow, slot)
                flow.stalled = 0
            }
        }
    }

    private mutating func handshake(_ segment: Segment, _ flow: Flow, _ direction: Int) {
        let stream = flow[direction]
        let start = segment.sequence &+ 1
        if !stream.hasBase {
            stream.hasBase = true
            stream.next = start
            stream.base = start
            stream.startsAtSYN = true
        } else if stream.base == start {
            stream.startsAtSYN = true
        }
        guard segment.flags.contains(.ack) else {
            flow.hasHandshake = true
            return
        }
        flow.hasHandshake = true
        let other = 1 - direction
        if !flow[other].hasBase {
            flow[other].hasBase = true
            flow[other].next = segment.acknowledgement
            flow[other].base = segment.acknowledgement
            flow[other].startsAtSYN = true
        }
    }

    private func noteAcknowledgement(_ value: UInt32, _ stream: StreamState) {
        if let known = stream.acknowledged, distance(value, known) <= 0 { return }
        stream.acknowledged = value
    }

    /// Delivers the payload, keeps it for later, or counts it as seen before.
    private mutating func place(
        _ payload: RawSpan, _ segment: Segment, _ sequence: UInt32, _ flow: Flow, _ direction: Int, _ slot: Int
    ) {
        let stream = flow[direction]
        stream.account.captured += UInt64(payload.byteCount)
        if !stream.hasBase {
            stream.hasBase = true
            stream.next = sequence
            stream.base = sequence
        }
        let ahead = distance(sequence, stream.next)
        let hasAck = segment.flags.contains(.ack)
        if ahead == 0 && stream.pending.isEmpty
            && !isHeld(segment.acknowledgement, hasAck, flow[1 - direction])
        {
            deliver(
                payload, cut: segment.payloadWireCount - segment.payloadCount, segment.timeNanos, flow, direction, slot
            )
            return
        }
        if ahead >= 1 << 30 || ahead <= -(1 << 30) {
            stream.account.outOfWindow += UInt64(payload.byteCount)
            return
        }
        // What lies before the next expected byte was there already.
        let behind = min(max(0, -ahead), segment.payloadWireCount)
        if behind > 0 {
            let seen = min(behind, payload.byteCount)
            compareWithDelivered(payload.extracting(0..<seen), sequence, stream)
            stream.account.duplicate += UInt64(seen)
        }
        if behind >= segment.payloadWireCount { return }
        if ahead > 0 { stream.account.outOfOrderSegments += 1 }
        let skip = min(behind, payload.byteCount)
        let rest = PendingSegment(
            sequence: sequence &+ UInt32(truncatingIfNeeded: behind),
            bytes: [UInt8](copying: payload.extracting(skip..<payload.byteCount)),
            cut: segment.payloadWireCount - max(behind, segment.payloadCount), acknowledgement: segment.acknowledgement,
            hasAcknowledgement: hasAck, timeNanos: segment.timeNanos)
        insert(rest, stream)
        if drain(flow, slot) { flow.stalled = 0 }
    }

    /// A segment whose sender had received more than is known here waits, so that causes come before effects. One byte
    /// of difference is the other side's FIN.
    @inline(__always)
    private func isHeld(_ acknowledgement: UInt32, _ hasAck: Bool, _ other: StreamState) -> Bool {
        guard hasAck, other.hasBase else { return false }
        let missing = distance(acknowledgement, other.next)
        return missing > 1 && missing < 1 << 30
    }

    /// Appends bytes to what can be read.
    private mutating func deliver(
        _ payload: RawSpan, cut: Int, _ timeNanos: UInt64, _ flow: Flow, _ direction: Int, _ slot: Int
    ) {
        let stream = flow[direction]
        let count = payload.byteCount
        stream.next &+= UInt32(truncatingIfNeeded: count)
        if count > 0 {
            if stream.unread + count > limits.unreadBytes || heldBytes + count > limits.totalBytes {
                stream.account.dropped += UInt64(count)
                stream.comparable = 0
                emit(
                    StreamEvent(
                        kind: .limit, flow: slot, direction: direction, length: UInt64(count),
                        end: stream.account.delivered, timeNanos: timeNanos))
            } else {
                makeRoom(count, stream)
                unsafe payload.withUnsafeBytes { unsafe stream.bytes.append(contentsOf: $0) }
                heldBytes += count
                stream.comparable += count
                stream.account.delivered += UInt64(count)
                emit(
                    StreamEvent(
                        kind: .data, flow: slot, direction: direction, length: UInt64(count),
                        end: stream.account.delivered, timeNanos: timeNanos))
            }
        }
        if cut > 0 { skip(cut, .cut, timeNanos, flow, direction, slot) }
        endIfDone(flow, direction, slot, timeNanos)
    }

    /// Declares bytes missing.
    private mutating func skip(
        _ count: Int, _ kind: StreamEvent.Kind, _ timeNanos: UInt64, _ flow: Flow, _ direction: Int, _ slot: Int
    ) {
        let stream = flow[direction]
        stream.next &+= UInt32(truncatingIfNeeded: count)
        stream.comparable = 0
        stream.account.missing += UInt64(count)
        emit(
            StreamEvent(
                kind: kind, flow: slot, direction: direction, length: UInt64(count),
                end: stream.account.delivered,
                timeNanos: timeNanos))
    }

    /// Forgets bytes that were taken long ago, before the buffer grows.
    private mutating func makeRoom(_ count: Int, _ stream: StreamState) {
        let history = 2048
        guard stream.bytes.count + count > max(stream.bytes.capacity, 8192), stream.taken > history else { return }
        let dropped = stream.taken - history
        if dropped * 2 < stream.bytes.count { return }
        stream.bytes.removeFirst(dropped)
        heldBytes -= dropped
        stream.taken = history
        stream.comparable = min(stream.comparable, stream.bytes.count)
    }

    private func compareWithDelivered(_ copy: RawSpan, _ sequence: UInt32, _ stream: StreamState) {
        // A one-byte probe before the expected byte is a keep-alive; its byte means nothing.
        if copy.byteCount == 1 && distance(sequence, stream.next) == -1 { return }
        let end = stream.bytes.count
        var different: UInt64 = 0
        for i in 0..<copy.byteCount {
            let back = -(distance(sequence, stream.next) + i)
            if back <= 0 || back > stream.comparable || back > end { continue }
            if stream.bytes[end - back] != copy[byte: i] { different += 1 }
        }
        stream.account.conflicting += different
    }

    /// Keeps the parts of `segment` that no waiting segment covers.
    private mutating func insert(_ segment: PendingSegment, _ stream: StreamState) {
        var rest = segment
        var index = 0
        while index < stream.pending.count {
            let known = stream.pending[index]
            let offset = distance(known.sequence, rest.sequence)
            if offset >= rest.length { break }
            let knownEnd = offset + known.length
            if knownEnd <= 0 {
                index += 1
                continue
            }
            // Overlap: [max(offset, 0), min(knownEnd, length)) of `rest` is a later copy.
            let from = max(offset, 0)
            let to = min(knownEnd, rest.length)
            for i in from..<to where i < rest.bytes.count {
                stream.account.duplicate += 1
                let there = i - offset
                if there < known.bytes.count && known.bytes[there] != rest.bytes[i] { stream.account.conflicting += 1 }
            }
            if from > 0 {
                stream.pending.insert(rest.part(0..<from), at: index)
                stream.pendingBytes += min(from, rest.bytes.count)
                index += 1
            }
            if to >= rest.length { return }
            rest = rest.part(to..<rest.length)
            index += 1
        }
        stream.pending.insert(rest, at: index)
        stream.pendingBytes += rest.bytes.count
    }

    /// Delivers whatever has come to its turn; true when anything moved.
    private mutating func drain(_ flow: Flow, _ slot: Int) -> Bool {
        var moved = false
        var again = true
        while again {
            again = false
            for direction in 0...1 {
                while let head = flow[direction].pending.first, distance(head.sequence, flow[direction].next) <= 0,
                    !isHeld(head.acknowledgement, head.hasAcknowledgement, flow[1 - direction])
                {
                    flow[direction].pending.removeFirst()
                    flow[direction].pendingBytes -= head.bytes.count
                    deliver(head.bytes.rawSpan, cut: head.cut, head.timeNanos, flow, direction, slot)
                    again = true
                    moved = true
                }
            }
        }
        return moved
    }

    /// Takes what is missing for lost, beginning with what the earliest waiting segment waits for.
    private mutating func giveUpWaiting(_ flow: Flow, _ slot: Int) {
        let heads = (flow.forward.pending.first, flow.backward.pending.first)
        let direction: Int
        switch heads {
        case (let a?, let b?): direction = a.timeNanos <= b.timeNanos ? 0 : 1
        case (_?, nil): direction = 0
        case (nil, _?): direction = 1
        case (nil, nil): return
        }
        guard let head = flow[direction].pending.first else { return }
        let missing = distance(head.sequence, flow[direction].next)
        if missing > 0 {
            skip(missing, .gap, head.timeNanos, flow, direction, slot)
        } else {
            let other = 1 - direction
            var lost = distance(head.acknowledgement, flow[other].next)
            if let waiting = flow[other].pending.first {
                lost = min(lost, max(distance(waiting.sequence, flow[other].next), 0))
            }
            if lost > 0 {
                skip(lost, .gap, head.timeNanos, flow, other, slot)
            } else {
                // Both wait for each other: this one goes first.
                flow[direction].pending[0].hasAcknowledgement = false
            }
        }
        _ = drain(flow, slot)
    }

    private mutating func endIfDone(_ flow: Flow, _ direction: Int, _ slot: Int, _ timeNanos: UInt64) {
        let stream = flow[direction]
        guard !stream.isEnded, let fin = stream.finSequence,
            distance(fin, stream.next) <= 0
        else { return }
        stream.isEnded = true
        emit(
            StreamEvent(
                kind: .end, flow: slot, direction: direction, end: stream.account.delivered,
                timeNanos: timeNanos))
    }

    /// Everything that waits is delivered or its lack declared; then what the acknowledgements say was lost at the end.
    mutating func settle(_ flow: Flow, _ slot: Int) {
        while !flow.forward.pending.isEmpty || !flow.backward.pending.isEmpty { giveUpWaiting(flow, slot) }
        for direction in 0...1 where flow[direction].hasBase && !flow[direction].isEnded {
            if let fin = flow[direction].finSequence {
                let missing = distance(fin, flow[direction].next)
                if missing > 0 && missing < 1 << 30 { skip(missing, .gap, 0, flow, direction, slot) }
                endIfDone(flow, direction, slot, 0)
            } else if let acknowledged = flow[direction].acknowledged {
                let missing = distance(acknowledged, flow[direction].next)
                if missing > 1 && missing < 1 << 30 { skip(missing, .gap, 0, flow, direction, slot) }
            }
        }
    }
}

extension PendingSegment {
    /// A stretch of the segment, as a segment of its own.
    func part(_ range: Range<Int>) -> PendingSegment {
        var result = self
        result.sequence = sequence &+ UInt32(truncatingIfNeeded: range.lowerBound)
        let from = min(range.lowerBound, bytes.count)
        let to = min(range.upperBound, bytes.count)
        result.bytes = Array(bytes[from..<to])
        result.cut = range.count - (to - from)
        return result
    }
}
