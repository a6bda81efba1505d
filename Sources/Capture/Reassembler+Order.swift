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
    func isHeld(_ acknowledgement: UInt32, _ hasAck: Bool, _ other: StreamState) -> Bool {
        guard hasAck, other.value.hasBase else { return false }
        let missing = distance(acknowledgement, other.value.next)
        return missing > (other.value.isEnded ? 1 : 0) && missing < 1 << 30
    }
}
