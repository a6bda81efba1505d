import Bytes

/// Segments that wait for others before them.
extension Reassembler {
    /// Keeps the parts of `segment` that no waiting segment covers.
    mutating func insert(_ segment: PendingSegment, _ stream: StreamState) {
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
    mutating func drain(_ flow: Flow, _ slot: Int) -> Bool {
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
