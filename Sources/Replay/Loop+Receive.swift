import EventLoop
import Glibc
import Metrics

/// Receives, and takes the replies one by one out of what came.
extension Loop {
    /// What was found at the beginning of the bytes that came.
    enum Step {
        /// A reply was there and is counted; another may follow it.
        case replied
        /// More must come first.
        case incomplete
        /// The connection was lost, or is opened anew.
        case ended
    }

    /// Why bytes are no reply.
    enum Fault: UInt8, CaseIterable {
        case unreadable
        case unknownSeqid
        case tooLong
        case switchedProtocols
        case unasked

        var text: String {
            switch self {
            case .unreadable: "bytes that are no reply of the protocol"
            case .unknownSeqid: "a reply whose seqid no call in flight on its connection carried"
            case .tooLong: "a reply longer than 64 MiB, or a head longer than 64 KiB"
            case .switchedProtocols: "status 101, which nobody asked for"
            case .unasked: "bytes that came although no request was in flight"
            }
        }
    }

    mutating func receive(_ connection: Int) {
        let c = unsafe connections + connection
        if unsafe c.pointee.fd < 0 { return }
        let received = unsafe read(
            connection, c.pointee.buffer + c.pointee.end, c.pointee.capacity - c.pointee.end)
        now = Clock.monotonicNanos()
        if received <= 0 {
            if received == -Int(EAGAIN) || received == -Int(EINTR) { return }
            if received < 0 { loseBroken(connection, received) } else { streamEnded(connection) }
            return
        }
        accept(connection, received)
    }

    /// Looks at bytes that were received into the connection's buffer, behind those that were there.
    @inline(__always)
    mutating func accept(_ connection: Int, _ received: Int) {
        let c = unsafe connections + connection
        report.bytesReceived += UInt64(received)
        unsafe c.pointee.lastReceivedAt = now
        unsafe c.pointee.end += received
        if unsafe c.pointee.flightCount == 0 {
            // Nobody asked: the stream cannot be trusted any more.
            fail(connection, .unasked)
            return
        }
        takeReplies(connection, received)
    }

    /// Takes replies until there is none left, then gives the connection its next requests.
    @inline(__always)
    private mutating func takeReplies(_ connection: Int, _ received: Int) {
        let c = unsafe connections + connection
        var received = received
        while true {
            switch advance(connection, received) {
            case .ended: return
            case .incomplete:
                compact(connection)
                // Replies before this one may have made room.
                if unsafe c.pointee.window == 1 { return }
            case .replied:
                received = unsafe c.pointee.end - c.pointee.begin
                if received > 0 && (unsafe c.pointee.flightCount > 0) { continue }
                // An answer before the request was written leaves the stream unusable, and so does one too many.
                if received > 0 || (unsafe c.pointee.outEnd > 0 && c.pointee.flightCount == 0) {
                    reopen(connection)
                    return
                }
                unsafe c.pointee.begin = 0
                unsafe c.pointee.end = 0
            }
            break
        }
        unsafe c.pointee.state = c.pointee.hasRoom ? .idle : .busy
        if unsafe c.pointee.state == .idle { serve(connection) }
        if gatheringHead >= 0 { flushGathered() }
    }

    mutating func streamEnded(_ connection: Int) {
        let c = unsafe connections + connection
        if unsafe c.pointee.phase == .untilClose, unsafe c.pointee.firstFlight >= 0 {
            unsafe c.pointee.keepsAlive = false
            _ = completeHTTP(connection, unsafe c.pointee.end - c.pointee.begin)
            return
        }
        lose(connection, .reset)
    }

    /// Looks at what has come of a reply; `received` bytes of it are new.
    @inline(__always)
    private mutating func advance(_ connection: Int, _ received: Int) -> Step {
        let c = unsafe connections + connection
        switch unsafe c.pointee.phase {
        case .head:
            switch unsafe c.pointee.reply {
            case .http, .httpHead: return advanceHead(connection)
            case .frame: return advanceFrame(connection)
            case .unframed: return advanceUnframed(connection)
            case .none: return fail(connection, .unasked)
            }
        case .fixed: return advanceFixed(connection, received)
        case .chunked: return advanceChunked(connection)
        case .untilClose: return makeRoom(connection)
        }
    }

    /// Ends the flights of a connection whose stream cannot be read on.
    @discardableResult
    mutating func fail(_ connection: Int, _ fault: Fault) -> Step {
        report.faults[Int(fault.rawValue)] += 1
        lose(connection, .protocolError)
        return .ended
    }

    /// A reply of so many bytes has ended: counts it for its flight.
    @inline(__always)
    mutating func complete(_ connection: Int, _ flight: Int32, _ outcome: Outcome, length: Int) -> Step {
        let c = unsafe connections + connection
        if unsafe flights[Int(flight)].template == nil {
            dropAbandoned(flight, of: connection)
        } else {
            finishRequest(connection, flight, outcome, replyLength: length)
        }
        unsafe c.pointee.phase = .head
        unsafe c.pointee.failures = 0
        unsafe c.pointee.begin += length
        if unsafe c.pointee.keepsAlive && !plan.opensForEach { return .replied }
        unsafe c.pointee.keepsAlive = true
        // What was sent behind this request will not be answered.
        lose(connection, .reset)
        return .ended
    }

    // MARK: Room for more

    /// Moves what has come of a reply to the front.
    private func compact(_ connection: Int) {
        let c = unsafe connections + connection
        let begin = unsafe c.pointee.begin
        if begin == 0 { return }
        unsafe memmove(c.pointee.buffer, c.pointee.buffer + begin, c.pointee.end - begin)
        unsafe c.pointee.end -= begin
        unsafe c.pointee.begin = 0
    }

    /// Room for more of a body: thrown away when nobody wants it, else the buffer grows.
    mutating func makeRoom(_ connection: Int) -> Step {
        let c = unsafe connections + connection
        if !plan.keepsReplies {
            unsafe c.pointee.begin = 0
            unsafe c.pointee.end = 0
            unsafe c.pointee.scanned = 0
            return .incomplete
        }
        return needMore(connection)
    }

    /// Room for at least one more byte, and for `needed` of this reply.
    mutating func needMore(_ connection: Int, atLeast needed: Int = 0) -> Step {
        compact(connection)
        let c = unsafe connections + connection
        let length = unsafe c.pointee.end
        let capacity = unsafe c.pointee.capacity
        if length < capacity && needed <= capacity { return .incomplete }
        let larger = max(capacity * 2, needed)
        if larger > Connection.longestReply + 4 { return fail(connection, .tooLong) }
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        unsafe buffer.initialize(from: c.pointee.buffer, count: length)
        unsafe c.pointee.buffer.deallocate()
        unsafe c.pointee.buffer = buffer
        unsafe c.pointee.capacity = larger
        return .incomplete
    }
}
