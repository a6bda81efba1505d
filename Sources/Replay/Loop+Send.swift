import EventLoop
import Glibc
import Metrics

/// Sends: a request that is alone on its connection straight out of its template, others gathered so that one system call
/// takes as many as are due.
extension Loop {
    /// Sends a template over a connection that has room. Takes over one use of the block. What is gathered goes out with
    /// the next ``flushGathered()``.
    mutating func send(
        _ connection: Int, _ template: UnsafeMutablePointer<Template>, due: UInt64, round: UInt32, slot: Int32,
        attempt: UInt8 = 0
    ) {
        if unsafe template.pointee.bound >= 0 || template.pointee.needsSharedToken,
            unsafe failsDependency(connection, template, due, round, slot)
        {
            return
        }
        let c = unsafe connections + connection
        let flight = unsafe takeFlight(connection)
        let index = unsafe c.pointee.lastFlight
        unsafe c.pointee.generation &+= 1
        unsafe flight.pointee.template = template
        unsafe flight.pointee.due = due
        unsafe flight.pointee.sentAt = now
        unsafe flight.pointee.deadline = now &+ template.pointee.timeoutNanos
        unsafe flight.pointee.lateNanos = min(template.pointee.timeoutNanos, template.pointee.budgetNanos)
        unsafe flight.pointee.operation = template.pointee.operation
        unsafe flight.pointee.traits = traits(of: template, on: connection)
        unsafe flight.pointee.round = round
        unsafe flight.pointee.attempt = attempt
        unsafe flight.pointee.blockSlot = slot
        unsafe flight.pointee.seqid = Seqid.make(
            generation: c.pointee.generation, place: UInt32(truncatingIfNeeded: index - c.pointee.firstPlace),
            placeBits: placeBits)
        unsafe c.pointee.speech = template.pointee.speech
        unsafe c.pointee.requests &+= 1
        unsafe c.pointee.isExclusive = template.pointee.isExclusive
        if unsafe template.pointee.reply != .none { unsafe c.pointee.reply = template.pointee.reply }
        report.sent += 1
        second.sent += 1
        if unsafe template.pointee.isTagged { report.tagged += 1 }
        if unsafe template.pointee.isWireFault { report.wireFaults += 1 }
        if due < measuredFrom { unsafe countWarmUp(template) }
        if unsafe template.pointee.bound >= 0, let request = unsafe boundRequest(flight, index) {
            sendBound(connection, request, index)
            return
        }
        if unsafe c.pointee.window > 1 {
            unsafe gather(connection, flight, index)
            return
        }
        unsafe c.pointee.state = .busy
        let bytes = unsafe template.pointee.bytes
        let length = Int(unsafe template.pointee.length)
        unsafe fill(flight, in: bytes)
        if unsafe c.pointee.isInRing && template.pointee.reply != .none, unsafe stage(connection, bytes, length) {
            return
        }
        let sent = unsafe write(connection, bytes, length)
        if sent == length {
            report.bytesSent += UInt64(length)
            if unsafe template.pointee.reply == .none { finishOneway(connection, index) }
            return
        }
        unsafe sendRest(connection, bytes, length, sent)
    }

    @inline(__always)
    private func traits(of template: UnsafeMutablePointer<Template>, on connection: Int) -> Flight.Traits {
        var traits: Flight.Traits = []
        let owner = unsafe template.pointee.flow == Template.free ? -1 : connection
        if unsafe isOrderedHere(template, owner) { traits.insert(.ordered) }
        if unsafe template.pointee.bound >= 0 { traits.insert(.bound) }
        if unsafe template.pointee.reply == .none { traits.insert(.oneway) }
        return traits
    }

    /// Writes what changes at each send into the template's bytes, or a copy of them.
    @inline(__always)
    mutating func fill(_ flight: UnsafeMutablePointer<Flight>, in bytes: UnsafeMutablePointer<UInt8>) {
        unsafe fillFields(flight, in: bytes)
        guard let template = unsafe flight.pointee.template else { return }
        if unsafe template.pointee.stepCount > 0 { unsafe finishRequest(template, in: bytes) }
        if tape != nil, unsafe template.pointee.isUnrepeatable {
            unsafe keepSent(bytes, Int(template.pointee.length), flight)
        }
    }

    /// Everything but what is signed.
    @inline(__always)
    mutating func fillFields(_ flight: UnsafeMutablePointer<Flight>, in bytes: UnsafeMutablePointer<UInt8>) {
        guard let template = unsafe flight.pointee.template else { return }
        let seqidOffset = Int(unsafe template.pointee.seqidOffset)
        if seqidOffset >= 0 {
            let seqid = unsafe flight.pointee.seqid
            unsafe Seqid.store(seqid, at: bytes + seqidOffset, isCompact: template.pointee.isCompact)
            if unsafe template.pointee.hasHeaderSeqid {
                unsafe Seqid.store(seqid, at: bytes + Template.headerSeqidOffset, isCompact: false)
            }
        }
        if unsafe template.pointee.slotCount > 0 { unsafe fillSlots(template, flight, in: bytes) }
    }

    // MARK: One at a time

    mutating func sendRest(
        _ connection: Int, _ bytes: UnsafePointer<UInt8>, _ length: Int, _ sent: Int
    ) {
        if sent < 0 && sent != -Int(EAGAIN) && sent != -Int(EINTR) {
            // The peer had closed: not a byte of the request left, but it counts as one that met a closed connection.
            loseBroken(connection, sent)
            return
        }
        let done = max(0, sent)
        report.bytesSent += UInt64(done)
        // The template may be filled anew before the rest is written, so the rest is copied.
        unsafe appendOutput(connection, bytes + done, length - done)
        awaitRoom(connection)
    }

    mutating func finishOneway(_ connection: Int, _ index: Int32) {
        finishRequest(connection, index, .ok, replyLength: -1)
        unsafe connections[connection].state = .idle
    }

    // MARK: Several at a time

    private mutating func gather(_ connection: Int, _ flight: UnsafeMutablePointer<Flight>, _ index: Int32) {
        guard let template = unsafe flight.pointee.template else { return }
        let copy = unsafe appendOutput(connection, template.pointee.bytes, Int(template.pointee.length))
        unsafe fill(flight, in: copy)
        addToGathering(connection, index)
    }

    mutating func addToGathering(_ connection: Int, _ index: Int32) {
        let c = unsafe connections + connection
        if unsafe c.pointee.firstUnwritten < 0 { unsafe c.pointee.firstUnwritten = index }
        if unsafe !c.pointee.isGathering {
            unsafe c.pointee.isGathering = true
            unsafe c.pointee.nextGathering = gatheringHead
            gatheringHead = Int32(truncatingIfNeeded: connection)
        }
        unsafe c.pointee.state = c.pointee.hasRoom ? .idle : .busy
    }

    /// Where the copy stands.
    @discardableResult
    mutating func appendOutput(
        _ connection: Int, _ bytes: UnsafePointer<UInt8>, _ count: Int
    ) -> UnsafeMutablePointer<UInt8> {
        let c = unsafe connections + connection
        let end = unsafe c.pointee.outEnd
        guard let out = unsafe c.pointee.out, unsafe end + count <= c.pointee.outCapacity else {
            return unsafe appendGrowing(connection, bytes, count)
        }
        unsafe memcpy(out + end, bytes, count)
        unsafe c.pointee.outEnd = end + count
        return unsafe out + end
    }

    private mutating func appendGrowing(
        _ connection: Int, _ bytes: UnsafePointer<UInt8>, _ count: Int
    ) -> UnsafeMutablePointer<UInt8> {
        let c = unsafe connections + connection
        if unsafe c.pointee.out == nil, let spare = unsafe spares.take(atLeast: count) {
            unsafe c.pointee.out = spare.bytes
            unsafe c.pointee.outCapacity = spare.capacity
            unsafe memcpy(spare.bytes, bytes, count)
            unsafe c.pointee.outEnd = count
            return unsafe spare.bytes
        }
        let held = unsafe c.pointee.outEnd - c.pointee.outBegin
        let needed = unsafe max(held + count, min(c.pointee.outCapacity * 2, Connection.outputLimit), 4096)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: needed)
        if let out = unsafe c.pointee.out {
            unsafe memcpy(larger, out + c.pointee.outBegin, held)
            unsafe out.deallocate()
        }
        unsafe memcpy(larger + held, bytes, count)
        unsafe c.pointee.out = larger
        unsafe c.pointee.outCapacity = needed
        unsafe c.pointee.outBegin = 0
        unsafe c.pointee.outEnd = held + count
        return unsafe larger + held
    }

    /// Writes what was gathered for every connection since the last time. What is gathered meanwhile, because oneway
    /// calls were written, is left for the next time.
    @inline(__always)
    mutating func flushGathered() {
        var connection = gatheringHead
        gatheringHead = -1
        while connection >= 0 {
            let next = unsafe connections[Int(connection)].nextGathering
            unsafe connections[Int(connection)].isGathering = false
            flushNew(Int(connection))
            connection = next
        }
    }

    /// Begins to write what was gathered for a connection: that is when its requests are sent.
    private mutating func flushNew(_ connection: Int) {
        let c = unsafe connections + connection
        var index = unsafe c.pointee.firstUnwritten
        // Lost meanwhile, with all that it held.
        if index < 0 { return }
        unsafe c.pointee.firstUnwritten = -1
        now = Clock.monotonicNanos()
        var hasOneway = false
        while index >= 0 {
            let flight = unsafe flights + Int(index)
            unsafe flight.pointee.deadline &+= now &- flight.pointee.sentAt
            unsafe flight.pointee.sentAt = now
            if unsafe flight.pointee.traits.contains(.oneway) { hasOneway = true }
            index = unsafe flight.pointee.next
        }
        // What is already waiting goes first, when the socket has room.
        if unsafe !c.pointee.awaitsWritable { writeOutput(connection, completesOneways: hasOneway) }
    }

    /// Writes as much of the output as the socket takes.
    mutating func writeOutput(_ connection: Int, completesOneways: Bool) {
        let c = unsafe connections + connection
        guard let out = unsafe c.pointee.out else { return }
        let rest = unsafe c.pointee.outEnd - c.pointee.outBegin
        let sent = unsafe write(connection, out + c.pointee.outBegin, rest)
        if sent < 0 && sent != -Int(EAGAIN) && sent != -Int(EINTR) {
            loseBroken(connection, sent)
            return
        }
        report.bytesSent += UInt64(max(0, sent))
        unsafe c.pointee.outBegin += max(0, sent)
        if sent < rest {
            if unsafe !c.pointee.awaitsWritable { awaitRoom(connection) }
            return
        }
        unsafe c.pointee.outBegin = 0
        unsafe c.pointee.outEnd = 0
        unsafe spares.give(out, c.pointee.outCapacity)
        unsafe c.pointee.out = nil
        unsafe c.pointee.outCapacity = 0
        let hasWaited = unsafe c.pointee.awaitsWritable
        if hasWaited {
            guard setInterest(connection, .readable) else { return }
            unsafe c.pointee.awaitsWritable = false
            now = Clock.monotonicNanos()
        }
        if completesOneways { finishOneways(connection) }
        unsafe c.pointee.state = c.pointee.hasRoom ? .idle : .busy
        if unsafe (hasWaited || completesOneways) && c.pointee.state == .idle { serve(connection) }
    }

    /// The socket has no room: goes on when it has.
    private mutating func awaitRoom(_ connection: Int) {
        unsafe connections[connection].awaitsWritable = true
        unsafe connections[connection].state = .busy
        if unsafe connections[connection].isListed { leaveIdle(connection) }
        _ = setInterest(connection, [.readable, .writable])
    }

    /// Oneway calls are done when they are written.
    private mutating func finishOneways(_ connection: Int) {
        var index = unsafe connections[connection].firstFlight
        while index >= 0 {
            let next = unsafe flights[Int(index)].next
            if unsafe flights[Int(index)].template?.pointee.reply == Template.Reply.none {
                finishRequest(connection, index, .ok, replyLength: -1)
            }
            index = next
        }
    }
}
