import Glibc
import HTTP1
import Metrics

/// Ends of HTTP replies. Replies come in the order of their requests, so each belongs to the connection's first flight.
extension Loop {
    @inline(__always)
    mutating func advanceHead(_ connection: Int) -> Step {
        let c = unsafe connections + connection
        var head = ReplyHead()
        let length = unsafe c.pointee.end - c.pointee.begin
        switch unsafe head.scan(c.pointee.buffer + c.pointee.begin, length) {
        case .needMore:
            return length >= ReplyHead.longest ? fail(connection, .tooLong) : needMore(connection)
        case .invalid: return fail(connection, .unreadable)
        case .head: break
        }
        if head.status < 200 { return skipInterim(connection, head) }
        unsafe c.pointee.status = Int32(truncatingIfNeeded: head.status)
        unsafe c.pointee.keepsAlive = head.keepsAlive
        let hasNoBody =
            unsafe head.status == 204 || head.status == 304
            || flights[Int(c.pointee.firstFlight)].template?.pointee.reply == .httpHead
        if head.contentLength >= 0 && !head.hasTransferEncoding || hasNoBody {
            let total = head.length + (hasNoBody ? 0 : head.contentLength)
            if length >= total { return completeHTTP(connection, total) }
            unsafe c.pointee.phase = .fixed
            unsafe c.pointee.remaining = total - length
            return makeRoom(connection)
        }
        if head.isChunked {
            unsafe c.pointee.phase = .chunked
            unsafe c.pointee.body = .init(.chunked)
            unsafe c.pointee.scanned = head.length
            return advanceChunked(connection)
        }
        unsafe c.pointee.phase = .untilClose
        unsafe c.pointee.keepsAlive = false
        return makeRoom(connection)
    }

    /// Passes over a 1xx reply. 101 would change the protocol, which nobody asked for.
    private mutating func skipInterim(_ connection: Int, _ head: ReplyHead) -> Step {
        if head.status == 101 { return fail(connection, .switchedProtocols) }
        let c = unsafe connections + connection
        unsafe c.pointee.begin += head.length
        return unsafe c.pointee.begin < c.pointee.end ? advanceHead(connection) : needMore(connection)
    }

    mutating func advanceFixed(_ connection: Int, _ received: Int) -> Step {
        let c = unsafe connections + connection
        unsafe c.pointee.remaining -= received
        if unsafe c.pointee.remaining > 0 { return makeRoom(connection) }
        return completeHTTP(connection, unsafe c.pointee.end - c.pointee.begin + c.pointee.remaining)
    }

    mutating func advanceChunked(_ connection: Int) -> Step {
        let c = unsafe connections + connection
        let (begin, end) = unsafe (c.pointee.begin, c.pointee.end)
        let span = unsafe UnsafeRawBufferPointer(start: c.pointee.buffer + begin, count: end - begin).bytes
        do {
            while try unsafe c.pointee.body.next(span, &c.pointee.scanned) != nil {}
        } catch {
            return fail(connection, .unreadable)
        }
        if unsafe c.pointee.body.isComplete { return completeHTTP(connection, unsafe c.pointee.scanned) }
        return makeRoom(connection)
    }

    @inline(__always)
    mutating func completeHTTP(_ connection: Int, _ length: Int) -> Step {
        let c = unsafe connections + connection
        let status = unsafe c.pointee.status
        let outcome: Outcome = status < 400 ? .ok : status == 429 ? .throttled : .httpError
        return complete(connection, unsafe c.pointee.firstFlight, outcome, length: length)
    }
}
