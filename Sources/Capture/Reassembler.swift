import Bytes

/// Puts TCP segments in order (RFC 9293), without ever guessing what was not captured.
///
/// Add segments as they come; after each, handle ``events`` in order, ``take(_:_:_:)`` what was understood, and call
/// ``clearEvents()``. The first copy of a byte wins; later copies are counted, and compared as long as the first one is
/// still in memory. A segment waits until what comes before it in its own direction is there, and until what its sender
/// had already received is there too; so events come in the order of cause and effect, whatever the order on file. What
/// stays missing becomes a gap once enough packets have passed, or at the end.
package struct Reassembler: ~Copyable {
    package struct Limits: Sendable {
        /// Packets of a flow after which something missing is held to be lost.
        package var patiencePackets = 64
        /// Packets of a flow, picked up in the middle, that may still bring what came before the first segment seen.
        package var settlingPackets = 3
        /// Bytes that wait for their turn in one direction before a gap is declared.
        package var pendingBytes = 4 << 20
        /// The same in segments: tiny ones take more memory than their bytes, and time to sort.
        package var pendingSegments = 4096
        /// Flows followed at the same time; the one that was quiet longest gives way.
        package var flows = 65_536
        /// Unread bytes of one direction; what its reader does not take is then dropped.
        package var unreadBytes = 24 << 20
        /// Bytes held in memory for all flows together.
        package var totalBytes = 128 << 20
        /// How long a flow may be quiet before it is held to be over; 0: for ever.
        package var idleNanos: UInt64 = 0
        /// How long a flow that is over is remembered, for packets that come late.
        package var lingerNanos: UInt64 = 10_000_000_000
        /// How long a flow may be quiet before bytes are let go of that are kept only to compare retransmissions with.
        package var historyNanos: UInt64 = 1_000_000_000

        package init() {}
    }

    package var limits: Limits
    package private(set) var events: [StreamEvent] = []
    /// Slots; those that are not in use are empty.
    var flows: [Flow?] = []
    var freeSlots: [Int] = []
    var table = FlowTable()
    package private(set) var flowCount: UInt64 = 0
    /// Flows that were ended early because of ``Limits/flows``.
    package private(set) var evictedFlows: UInt64 = 0
    /// Flows that were ended because of ``Limits/idleNanos``.
    package internal(set) var idleFlows: UInt64 = 0
    /// Gaps that were declared before their time because of a memory limit.
    package internal(set) var hurriedGaps: UInt64 = 0
    /// Bytes kept in all streams, for ``Limits/totalBytes``.
    package internal(set) var heldBytes = 0
    private var packets: UInt64 = 0

    package init(limits: Limits = Limits()) { self.limits = limits }

    deinit {
        for case let flow? in flows { flow.destroyAll() }
    }

    package mutating func clearEvents() {
        // One by one: removing all at once goes through a general replacement, and mostly there is one.
        while !events.isEmpty { events.removeLast() }
    }

    /// Takes one segment; `packet` are the captured bytes of its packet.
    package mutating func add(_ segment: Segment, _ packet: RawSpan) {
        packets &+= 1
        let key = FlowTable.Key(segment.source, segment.destination)
        let slot: Int
        if let found = table.find(key) {
            if isNewConnection(segment, slot: found) {
                close(slot: found)
                slot = open(segment, key)
            } else {
                slot = found
            }
        } else {
            slot = open(segment, key)
        }
        if heldBytes > limits.totalBytes / 2 && packets & 1023 == 0 { forgetTakenBytes() }
        guard let flow = flows[slot] else { return }
        flow.value.lastPacket = packets
        flow.value.lastNanos = segment.timeNanos
        receive(segment, packet, flow, slot)
    }

    /// Ends every flow, in order of appearance; afterwards the capture is over.
    package mutating func finish() {
        let open = flows.indices.filter { flows[$0]?.value.isClosed == false }
        for slot in open.sorted(by: { (flows[$0]?.value.number ?? 0) < (flows[$1]?.value.number ?? 0) }) {
            close(slot: slot)
        }
    }

    /// Calls `body` with the unread bytes of a stream up to those of `event`, and marks as many of them as taken as it
    /// returns.
    @inline(__always)
    package mutating func read(_ event: StreamEvent, _ body: (Flow, RawSpan) -> Int) {
        guard let flow = flows[event.flow] else { return }
        let direction = event.direction
        let later = Int(clamping: flow[direction].value.account.delivered - event.end)
        let taken = flow[direction].value.taken
        let end = max(taken, flow[direction].value.bytes.count - later)
        let count = body(flow, flow[direction].value.bytes.span(taken..<end))
        flow[direction].value.taken += min(max(count, 0), end - taken)
        // After a large message its memory is given back: thousands of flows may have had one.
        if flow[direction].value.taken > 1 << 18 && flow[direction].value.unread == 0 {
            heldBytes -= flow[direction].value.forgetTaken(butFor: 2048)
        }
    }

    /// Drops a flow after its ``StreamEvent/Kind/closed`` event was handled.
    package mutating func release(_ slot: Int) {
        guard let flow = flows[slot] else { return }
        for direction in 0...1 {
            heldBytes -= flow[direction].value.pending.reduce(flow[direction].value.bytes.count) { $0 + $1.cost }
        }
        flow.destroyAll()
        flows[slot] = nil
        freeSlots.append(slot)
    }

    // MARK: Opening and closing

    private mutating func open(_ segment: Segment, _ key: FlowTable.Key) -> Int {
        if table.count >= limits.flows { evict() }
        let isAnswer = segment.flags.contains(.syn) && segment.flags.contains(.ack)
        let flow = Flow(
            FlowStorage(
                number: flowCount, first: isAnswer ? segment.destination : segment.source,
                second: isAnswer ? segment.source : segment.destination))
        flowCount += 1
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            flows[slot] = flow
        } else {
            slot = flows.count
            flows.append(flow)
        }
        table.set(key, slot)
        return slot
    }

    /// A SYN with another initial sequence number on a port pair that is in use begins a new connection; so does, when
    /// the SYN was missed, its answer on a pair whose connection is over.
    private func isNewConnection(_ segment: Segment, slot: Int) -> Bool {
        guard segment.flags.contains(.syn), let flow = flows[slot] else { return false }
        let direction = segment.source == flow.value.first ? 0 : 1
        let isAnswer = segment.flags.contains(.ack)
        if !flow[direction].value.hasBase { return flow.value.isReset && !isAnswer }
        // Data that overtook its own SYN.
        let overtaken = flow[direction].value.base &- (segment.sequence &+ 1)
        if flow[direction].value.settling > 0 && overtaken < 1 << 20 { return false }
        return flow[direction].value.base != segment.sequence &+ 1 && (!isAnswer || flow.value.isOver)
    }

    /// Settles what waits, reports the end, and forgets the flow's name; the slot stays until it is released.
    mutating func close(slot: Int) {
        guard let flow = flows[slot], !flow.value.isClosed else { return }
        flow.value.isClosed = true
        settle(flow, slot)
        let key = FlowTable.Key(flow.value.first, flow.value.second)
        if table.find(key) == slot { table.remove(key) }
        for direction in 0...1 where !flow[direction].value.isEnded {
            let end = flow[direction].value.account.delivered
            events.append(StreamEvent(kind: .stop, flow: slot, direction: direction, end: end))
        }
        events.append(StreamEvent(kind: .closed, flow: slot, direction: 0))
    }

    private mutating func evict() {
        // A sweep over all slots, paid once for each eighth of the table that is freed.
        let known = flows.indices.filter { flows[$0]?.value.isClosed == false }
            .sorted { (flows[$0]?.value.lastPacket ?? 0) < (flows[$1]?.value.lastPacket ?? 0) }
        for slot in known.prefix(max(1, limits.flows / 8)) {
            if flows[slot]?.value.isOver == false { evictedFlows += 1 }
            close(slot: slot)
        }
    }

    /// Lets go of bytes that are kept only to compare retransmissions with.
    private mutating func forgetTakenBytes() {
        for case let flow? in flows { forgetTakenBytes(of: flow) }
    }

    mutating func forgetTakenBytes(of flow: Flow) {
        for direction in 0...1 where flow[direction].value.taken > 0 {
            heldBytes -= flow[direction].value.forgetTaken(butFor: 0)
        }
    }

    mutating func emit(_ event: StreamEvent) { events.append(event) }
}
