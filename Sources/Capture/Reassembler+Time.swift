extension Reassembler {
    /// Says what time it is, in ns since 1970 UTC like the packets' own, which do not come while nothing happens. Call it
    /// about once a second of that time, and handle ``events`` afterwards.
    ///
    /// Ends flows that are over or were quiet for too long, and holds to be lost what others have waited for longer than
    /// `patienceNanos` (nil: for as long as it takes).
    package mutating func advance(toNanos now: UInt64, patienceNanos: UInt64?) {
        for slot in flows.indices {
            guard let flow = flows[slot], !flow.value.isClosed else { continue }
            let last = flow.value.lastNanos
            let quietNanos = now > last ? now - last : 0
            if flow.value.isOver && quietNanos >= limits.lingerNanos {
                close(slot: slot)
            } else if limits.idleNanos > 0 && quietNanos >= limits.idleNanos {
                if !flow.value.isOver { idleFlows += 1 }
                close(slot: slot)
            } else {
                if quietNanos >= limits.historyNanos { forgetTakenBytes(of: flow) }
                guard let patienceNanos else { continue }
                giveUp(flow, slot, before: now > patienceNanos ? now - patienceNanos : 0)
            }
        }
    }

    private mutating func giveUp(_ flow: Flow, _ slot: Int, before nanos: UInt64) {
        func isLate(_ stream: StreamState) -> Bool { stream.value.pending.first.map { $0.timeNanos <= nanos } ?? false }
        while isLate(flow.value.forward) || isLate(flow.value.backward) {
            giveUpWaiting(flow, slot)
            flow.value.stalled = 0
        }
    }
}
