import Bytes

extension Reassembler {
    @inline(__always)
    func distance(_ to: UInt32, _ from: UInt32) -> Int { Int(Int32(bitPattern: to &- from)) }

    /// Sorts one segment into its flow.
    mutating func receive(_ segment: Segment, _ packet: RawSpan, _ flow: Flow, _ slot: Int) {
        flow.value.packets += 1
        let direction = segment.source == flow.value.first ? 0 : 1
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
        } else if !flags.contains(.rst) && !isSYN {
            noteEmpty(sequence, stream)
        }
        if flags.contains(.fin) && stream.value.finSequence == nil && !flags.contains(.rst) {
            let fin = sequence &+ UInt32(truncatingIfNeeded: count)
            // One that lies behind what was delivered belongs to a connection before this one.
            if distance(fin, stream.value.next) >= 0 { stream.value.finSequence = fin }
            endIfDone(flow, direction, slot, segment.timeNanos)
        }
        if flags.contains(.rst) { flow.value.isReset = true }

        settleDown(flow.value.forward)
        settleDown(flow.value.backward)
        if !flow.value.forward.value.pending.isEmpty || !flow.value.backward.value.pending.isEmpty {
            if drain(flow, slot) { flow.value.stalled = 0 } else { flow.value.stalled += 1 }
            let isFull = isFull(flow.value.forward) || isFull(flow.value.backward)
            if flow.value.stalled >= limits.patiencePackets || isFull {
                if isFull { hurriedGaps += 1 }
                // Where holes come faster than patience ends, those that are as old go together.
                repeat { giveUpWaiting(flow, slot) } while isOverdue(flow, 0) || isOverdue(flow, 1)
                flow.value.stalled = 0
            }
            if heldBytes > limits.totalBytes { makeRoomForAll(flow, slot) }
        }
    }

    /// Memory is full: lets go of this flow's hope for what is missing.
    private mutating func makeRoomForAll(_ flow: Flow, _ slot: Int) {
        while heldBytes > limits.totalBytes,
            !flow.value.forward.value.pending.isEmpty || !flow.value.backward.value.pending.isEmpty
        {
            hurriedGaps += 1
            giveUpWaiting(flow, slot)
        }
    }

    /// A segment without data tells, if it is among the first things seen of its side, where that side's data begins.
    @inline(__always)
    private func noteEmpty(_ sequence: UInt32, _ stream: StreamState) {
        if !stream.value.hasBase {
            stream.value.hasBase = true
            stream.value.settling = limits.settlingPackets
        } else if stream.value.settling == 0 || distance(sequence, stream.value.next) >= 0 {
            return
        }
        stream.value.next = sequence
        stream.value.base = sequence
    }

    @inline(__always)
    private func settleDown(_ stream: StreamState) {
        if stream.value.settling > 0 { stream.value.settling -= 1 }
    }

    private func isOverdue(_ flow: Flow, _ direction: Int) -> Bool {
        guard let head = flow[direction].value.pending.first else { return false }
        return flow.value.packets - head.arrival >= UInt64(limits.patiencePackets)
    }

    private func isFull(_ stream: StreamState) -> Bool {
        stream.value.pendingBytes > limits.pendingBytes || stream.value.pending.count > limits.pendingSegments
    }

    private mutating func handshake(_ segment: Segment, _ flow: Flow, _ direction: Int) {
        let stream = flow[direction]
        let start = segment.sequence &+ 1
        if !stream.value.hasBase {
            stream.value.hasBase = true
            stream.value.next = start
            stream.value.base = start
            stream.value.startsAtSYN = true
        } else if stream.value.base == start {
            stream.value.startsAtSYN = true
        } else if stream.value.settling > 0 {
            // Data overtook its SYN, see isNewConnection.
            stream.value.next = start
            stream.value.base = start
            stream.value.startsAtSYN = true
        }
        stream.value.settling = 0
        guard segment.flags.contains(.ack) else {
            flow.value.hasHandshake = true
            return
        }
        flow.value.hasHandshake = true
        let other = 1 - direction
        if !flow[other].value.hasBase {
            flow[other].value.hasBase = true
            flow[other].value.next = segment.acknowledgement
            flow[other].value.base = segment.acknowledgement
            flow[other].value.startsAtSYN = true
        }
        flow[other].value.settling = 0
    }

    private func noteAcknowledgement(_ value: UInt32, _ stream: StreamState) {
        if let known = stream.value.acknowledged, distance(value, known) <= 0 { return }
        stream.value.acknowledged = value
    }

    /// Delivers the payload, keeps it for later, or counts it as seen before.
    private mutating func place(
        _ payload: RawSpan, _ segment: Segment, _ sequence: UInt32, _ flow: Flow, _ direction: Int, _ slot: Int,
        isCounted: Bool = false
    ) {
        let stream = flow[direction]
        if !isCounted { stream.value.account.captured += UInt64(payload.byteCount) }
        if !stream.value.hasBase { pickUp(segment, sequence, stream) }
        let ahead = distance(sequence, stream.value.next)
        let hasAck = segment.flags.contains(.ack)
        if ahead == 0 && stream.value.pending.isEmpty && stream.value.settling == 0
            && !isHeld(segment.acknowledgement, hasAck, flow[1 - direction])
        {
            deliver(
                payload, cut: segment.payloadWireCount - segment.payloadCount, segment.timeNanos, flow, direction, slot
            )
            return
        }
        if ahead >= 1 << 30 || ahead <= -(1 << 30) {
            stream.value.account.outOfWindow += UInt64(payload.byteCount)
            return
        }
        if ahead < 0 && !stream.value.startsAtSYN {
            if stream.value.settling > 0 {
                stream.value.next = sequence
                stream.value.base = sequence
                place(payload, segment, sequence, flow, direction, slot, isCounted: true)
                return
            }
            if isBeforeBeginning(sequence, payload.byteCount, stream) {
                stream.value.account.outOfWindow += UInt64(payload.byteCount)
                return
            }
        }
        // What lies before the next expected byte was there already.
        let behind = min(max(0, -ahead), segment.payloadWireCount)
        if behind > 0 {
            let seen = min(behind, payload.byteCount)
            compareWithDelivered(payload.extracting(0..<seen), sequence, stream)
            stream.value.account.duplicate += UInt64(seen)
        }
        if behind >= segment.payloadWireCount { return }
        if ahead > 0 { stream.value.account.outOfOrderSegments += 1 }
        let skip = min(behind, payload.byteCount)
        let rest = PendingSegment(
            sequence: sequence &+ UInt32(truncatingIfNeeded: behind),
            bytes: [UInt8](copying: payload.extracting(skip..<payload.byteCount)),
            cut: segment.payloadWireCount - max(behind, segment.payloadCount), acknowledgement: segment.acknowledgement,
            hasAcknowledgement: hasAck, timeNanos: segment.timeNanos,
            arrival: flow.value.packets)
        insert(rest, stream)
        if drain(flow, slot) { flow.value.stalled = 0 }
    }

    /// Begins a stream at data whose beginning was not captured.
    private func pickUp(_ segment: Segment, _ sequence: UInt32, _ stream: StreamState) {
        stream.value.hasBase = true
        stream.value.next = sequence
        // A single byte that was acknowledged before it came is a keep-alive probe and means nothing.
        if segment.payloadWireCount == 1, let acknowledged = stream.value.acknowledged,
            distance(acknowledged, sequence) == 1
        {
            stream.value.next = acknowledged
        } else {
            stream.value.settling = limits.settlingPackets
        }
        stream.value.base = stream.value.next
    }

    /// All of it lies before the first byte of a stream that was picked up in the middle: it was not there before. (Behind
    /// 2³⁰ bytes nobody can tell.)
    private func isBeforeBeginning(_ sequence: UInt32, _ count: Int, _ stream: StreamState) -> Bool {
        stream.value.account.delivered + stream.value.account.missing < 1 << 30
            && distance(sequence, stream.value.base) + count <= 0
    }

    /// A segment whose sender had received more than is known here waits, so that causes come before effects. One byte
    /// of difference is the FIN of a side that has ended.
    @inline(__always)
    private func isHeld(_ acknowledgement: UInt32, _ hasAck: Bool, _ other: StreamState) -> Bool {
        guard hasAck, other.value.hasBase else { return false }
        let missing = distance(acknowledgement, other.value.next)
        return missing > (other.value.isEnded ? 1 : 0) && missing < 1 << 30
    }

    /// Appends bytes to what can be read.
    private mutating func deliver(
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
                unsafe payload.withUnsafeBytes { unsafe stream.value.bytes.append(contentsOf: $0) }
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
    private mutating func skip(
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

    private func compareWithDelivered(_ copy: RawSpan, _ sequence: UInt32, _ stream: StreamState) {
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

    /// Keeps the parts of `segment` that no waiting segment covers.
    private mutating func insert(_ segment: PendingSegment, _ stream: StreamState) {
        var rest = segment
        // Segments mostly come in order: those that end before this one are passed over from the back.
        var index = stream.value.pending.count
        while index > 0 {
            let known = stream.value.pending[index - 1]
            if distance(known.sequence, rest.sequence) + known.length <= 0 { break }
            index -= 1
        }
        while index < stream.value.pending.count {
            let known = stream.value.pending[index]
            let offset = distance(known.sequence, rest.sequence)
            if offset >= rest.length { break }
            let knownEnd = offset + known.length
            // Overlap: [max(offset, 0), min(knownEnd, length)) of `rest` is a later copy.
            let from = max(offset, 0)
            let to = min(knownEnd, rest.length)
            for i in from..<to where i < rest.bytes.count {
                stream.value.account.duplicate += 1
                let there = i - offset
                if there < known.bytes.count && known.bytes[there] != rest.bytes[i] {
                    stream.value.account.conflicting += 1
                }
            }
            if from > 0 {
                let part = rest.part(0..<from)
                stream.value.pending.insert(part, at: index)
                stream.value.pendingBytes += part.bytes.count
                heldBytes += part.cost
                index += 1
            }
            if to >= rest.length { return }
            rest = rest.part(to..<rest.length)
            index += 1
        }
        stream.value.pending.insert(rest, at: index)
        stream.value.pendingBytes += rest.bytes.count
        heldBytes += rest.cost
    }

    /// Delivers whatever has come to its turn; true when anything moved.
    private mutating func drain(_ flow: Flow, _ slot: Int) -> Bool {
        var moved = false
        var again = true
        while again {
            again = false
            for direction in 0...1 {
                while flow[direction].value.settling == 0, let head = flow[direction].value.pending.first,
                    distance(head.sequence, flow[direction].value.next) <= 0,
                    !isHeld(head.acknowledgement, head.hasAcknowledgement, flow[1 - direction])
                {
                    flow[direction].value.pending.removeFirst()
                    flow[direction].value.pendingBytes -= head.bytes.count
                    heldBytes -= head.cost
                    deliver(head.bytes.rawSpan, cut: head.cut, head.timeNanos, flow, direction, slot)
                    again = true
                    moved = true
                }
            }
        }
        return moved
    }

    /// Takes what is missing for lost, beginning with what the earliest waiting segment waits for.
    mutating func giveUpWaiting(_ flow: Flow, _ slot: Int) {
        flow.value.forward.value.settling = 0
        flow.value.backward.value.settling = 0
        if drain(flow, slot) { return }
        let heads = (flow.value.forward.value.pending.first, flow.value.backward.value.pending.first)
        let direction: Int
        switch heads {
        case (let a?, let b?): direction = a.timeNanos <= b.timeNanos ? 0 : 1
        case (_?, nil): direction = 0
        case (nil, _?): direction = 1
        case (nil, nil): return
        }
        guard let head = flow[direction].value.pending.first else { return }
        let other = 1 - direction
        // A request is lost before the response to it is: what the server had received comes before its own gap, what
        // the client had received after it.
        var lost = 0
        if head.hasAcknowledgement && flow[other].value.hasBase {
            lost = distance(head.acknowledgement, flow[other].value.next)
            if let waiting = flow[other].value.pending.first {
                lost = min(lost, max(distance(waiting.sequence, flow[other].value.next), 0))
            }
        }
        let missing = distance(head.sequence, flow[direction].value.next)
        if lost > (flow[other].value.isEnded ? 1 : 0) && lost < 1 << 30 && (direction == 1 || missing <= 0) {
            skip(lost, .gap, head.timeNanos, flow, other, slot)
        } else if missing > 0 {
            skip(missing, .gap, head.timeNanos, flow, direction, slot)
        } else {
            // Both directions wait for each other: this one goes first.
            flow[direction].value.pending[0].hasAcknowledgement = false
        }
        _ = drain(flow, slot)
    }

    private mutating func endIfDone(_ flow: Flow, _ direction: Int, _ slot: Int, _ timeNanos: UInt64) {
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

    /// Everything that waits is delivered or its lack declared; then what the acknowledgements say was lost at the end.
    mutating func settle(_ flow: Flow, _ slot: Int) {
        while !flow.value.forward.value.pending.isEmpty || !flow.value.backward.value.pending.isEmpty {
            giveUpWaiting(flow, slot)
        }
        for direction in 0...1 where flow[direction].value.hasBase && !flow[direction].value.isEnded {
            if let fin = flow[direction].value.finSequence {
                let missing = distance(fin, flow[direction].value.next)
                if missing > 0 && missing < 1 << 30 { skip(missing, .gap, 0, flow, direction, slot) }
                endIfDone(flow, direction, slot, 0)
            } else if let acknowledged = flow[direction].value.acknowledged {
                let missing = distance(acknowledged, flow[direction].value.next)
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
