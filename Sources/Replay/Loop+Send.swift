import EventLoop
import Glibc
import HTTP1
import Metrics
import Thrift

/// Sends, receives, and finds the ends of replies.
extension Loop {
    /// Sends a template over a connection that is free and in no list. Takes over one use of the block.
    mutating func send(
        _ connection: Int, _ template: UnsafeMutablePointer<Template>, due: UInt64, round: UInt32, slot: Int32
    ) {
        let c = unsafe connections + connection
        let bytes = unsafe template.pointee.bytes
        let seqidOffset = Int(unsafe template.pointee.seqidOffset)
        if seqidOffset >= 0 {
            unsafe c.pointee.seqid = (c.pointee.seqid &+ 1) & 0x7FFF_FFFF
            unsafe UnsafeMutableRawPointer(bytes + seqidOffset).storeBytes(
                of: c.pointee.seqid.bigEndian, as: UInt32.self)
        }
        if unsafe template.pointee.slotCount > 0 { unsafe fillSlots(template, due, round, slot) }
        let length = Int(unsafe template.pointee.length)
        let sent = unsafe write(connection, bytes, length)
        unsafe c.pointee.template = template
        unsafe c.pointee.blockSlot = slot
        unsafe c.pointee.round = round
        unsafe c.pointee.due = due
        unsafe c.pointee.sentAt = now
        unsafe c.pointee.state = .busy
        unsafe c.pointee.format = template.pointee.format
        enterInFlight(connection)
        unsafe c.pointee.requests &+= 1
        report.sent += 1
        second.sent += 1
        if unsafe template.pointee.isTagged { report.tagged += 1 }
        if unsafe template.pointee.isWireFault { report.wireFaults += 1 }
        if due < measuredFrom { unsafe countWarmUp(template) }
        if sent == length {
            report.bytesSent += UInt64(length)
            if unsafe template.pointee.reply == .none { finishOneway(connection) }
            return
        }
        unsafe sendRest(connection, bytes, length, sent)
    }

    private mutating func sendRest(
        _ connection: Int, _ bytes: UnsafeMutablePointer<UInt8>, _ length: Int, _ sent: Int
    ) {
        if sent < 0 && sent != -Int(EAGAIN) && sent != -Int(EINTR) {
            // The peer had closed: not a byte of the request left, but it counts as one that met a closed connection.
            lose(connection, .reset)
            return
        }
        let c = unsafe connections + connection
        let done = max(0, sent)
        report.bytesSent += UInt64(done)
        // The template may be filled anew before the rest is written, so the rest is copied.
        let rest = UnsafeMutablePointer<UInt8>.allocate(capacity: length - done)
        unsafe rest.initialize(from: bytes + done, count: length - done)
        unsafe c.pointee.pending = rest
        unsafe c.pointee.pendingLength = length - done
        unsafe c.pointee.pendingOffset = 0
        unsafe c.pointee.awaitsWritable = true
        _ = setInterest(connection, [.readable, .writable])
    }

    private mutating func finishOneway(_ connection: Int) {
        finishRequest(connection, .ok, replyLength: 0)
        unsafe connections[connection].state = .idle
    }

    mutating func receive(_ connection: Int) {
        let c = unsafe connections + connection
        if unsafe c.pointee.fd < 0 { return }
        let received = unsafe read(
            connection, c.pointee.buffer + c.pointee.length, c.pointee.capacity - c.pointee.length)
        now = Clock.monotonicNanos()
        if received <= 0 {
            if received == -Int(EAGAIN) || received == -Int(EINTR) { return }
            streamEnded(connection, isReset: received < 0)
            return
        }
        report.bytesReceived += UInt64(received)
        unsafe c.pointee.length += received
        if unsafe c.pointee.state != .busy || c.pointee.template == nil {
            // Nobody asked: the stream cannot be trusted any more.
            lose(connection, .protocolError)
            return
        }
        advance(connection, received)
    }

    private mutating func streamEnded(_ connection: Int, isReset: Bool) {
        let c = unsafe connections + connection
        if unsafe c.pointee.template != nil, !isReset, unsafe c.pointee.phase == .untilClose {
            unsafe c.pointee.keepsAlive = false
            completeHTTP(connection, unsafe c.pointee.length)
            return
        }
        lose(connection, .reset)
    }

    /// Looks at what has come of a reply.
    private mutating func advance(_ connection: Int, _ received: Int) {
        let c = unsafe connections + connection
        switch unsafe c.pointee.phase {
        case .head:
            switch unsafe c.pointee.template?.pointee.reply ?? .none {
            case .http, .httpHead: advanceHead(connection)
            case .frame: advanceFrame(connection)
            case .unframed: advanceUnframed(connection)
            case .none: lose(connection, .protocolError)
            }
        case .fixed:
            unsafe c.pointee.remaining -= received
            if unsafe c.pointee.remaining <= 0 {
                let surplus = unsafe -c.pointee.remaining
                if surplus > 0 { unsafe c.pointee.keepsAlive = false }
                completeHTTP(connection, unsafe c.pointee.length - surplus)
            } else {
                makeRoom(connection)
            }
        case .chunked: advanceChunked(connection)
        case .untilClose: makeRoom(connection)
        case .frame: advanceFrame(connection)
        case .unframed: advanceUnframed(connection)
        }
    }

    @inline(__always)
    private mutating func advanceHead(_ connection: Int) {
        let c = unsafe connections + connection
        var head = ReplyHead()
        let length = unsafe c.pointee.length
        switch unsafe head.scan(c.pointee.buffer, length) {
        case .needMore:
            if length >= ReplyHead.longest { lose(connection, .protocolError) } else { _ = grow(connection) }
            return
        case .invalid:
            lose(connection, .protocolError)
            return
        case .head: break
        }
        if head.status < 200 {
            skipInterim(connection, head)
            return
        }
        unsafe c.pointee.status = Int32(truncatingIfNeeded: head.status)
        unsafe c.pointee.keepsAlive = head.keepsAlive
        let hasNoBody =
            unsafe head.status == 204 || head.status == 304 || c.pointee.template?.pointee.reply == .httpHead
        if head.contentLength >= 0 && !head.hasTransferEncoding || hasNoBody {
            let total = head.length + (hasNoBody ? 0 : head.contentLength)
            if length >= total {
                if length > total { unsafe c.pointee.keepsAlive = false }
                completeHTTP(connection, total)
                return
            }
            unsafe c.pointee.phase = .fixed
            unsafe c.pointee.remaining = total - length
            makeRoom(connection)
        } else if head.isChunked {
            unsafe c.pointee.phase = .chunked
            unsafe c.pointee.body = .init(.chunked)
            unsafe c.pointee.scanned = head.length
            advanceChunked(connection)
        } else {
            unsafe c.pointee.phase = .untilClose
            unsafe c.pointee.keepsAlive = false
            makeRoom(connection)
        }
    }

    /// Passes over a 1xx reply. 101 would change the protocol, which nobody asked for.
    private mutating func skipInterim(_ connection: Int, _ head: ReplyHead) {
        if head.status == 101 {
            lose(connection, .protocolError)
            return
        }
        let c = unsafe connections + connection
        let rest = unsafe c.pointee.length - head.length
        unsafe memmove(c.pointee.buffer, c.pointee.buffer + head.length, rest)
        unsafe c.pointee.length = rest
        if rest > 0 { advanceHead(connection) }
    }

    private mutating func advanceChunked(_ connection: Int) {
        let c = unsafe connections + connection
        let span = unsafe UnsafeRawBufferPointer(start: c.pointee.buffer, count: c.pointee.length).bytes
        do {
            while try unsafe c.pointee.body.next(span, &c.pointee.scanned) != nil {}
        } catch {
            lose(connection, .protocolError)
            return
        }
        if unsafe c.pointee.body.isComplete {
            if unsafe c.pointee.scanned < c.pointee.length { unsafe c.pointee.keepsAlive = false }
            completeHTTP(connection, unsafe c.pointee.scanned)
            return
        }
        makeRoom(connection)
        if unsafe c.pointee.length == 0 { unsafe c.pointee.scanned = 0 }
    }

    private mutating func advanceFrame(_ connection: Int) {
        let c = unsafe connections + connection
        let length = unsafe c.pointee.length
        if length < 4 { return }
        let buffer = unsafe c.pointee.buffer
        let size = Int(unsafe UInt32(bigEndian: UnsafeRawPointer(buffer).loadUnaligned(as: UInt32.self)))
        if size > Connection.longestReply {
            lose(connection, .protocolError)
            return
        }
        if length < 4 + size {
            unsafe c.pointee.phase = .frame
            if !grow(connection, atLeast: 4 + size) { lose(connection, .protocolError) }
            return
        }
        if length > 4 + size { unsafe c.pointee.keepsAlive = false }
        var start = 4
        if size >= 10 {
            let magic = unsafe UInt16(buffer[4]) << 8 | UInt16(buffer[5])
            if magic == 0x0FFF || magic == 0x1000 {
                if size > 12, unsafe buffer[15] != 0 {
                    completeTransformed(connection, magic == 0x0FFF ? .theader : .ttheader, 4 + size)
                    return
                }
                start = 14 + Int(unsafe UInt16(buffer[12]) << 8 | UInt16(buffer[13])) * 4
                // The payload of a TTHeader frame may be framed itself.
                if start + 4 < 4 + size, unsafe buffer[start] & 0x80 == 0 { start += 4 }
            }
        }
        if start >= 4 + size {
            lose(connection, .protocolError)
            return
        }
        completeThrift(connection, start, 4 + size)
    }

    /// A reply whose payload is compressed.
    private mutating func completeTransformed(_ connection: Int, _ transport: ThriftTransport, _ end: Int) {
        let c = unsafe connections + connection
        let span = unsafe UnsafeRawBufferPointer(start: c.pointee.buffer, count: end).bytes
        var scanner = ThriftScanner(ThriftFormat(transport, .binary))
        guard case .message(let found) = scanner.scan(span), let payload = found.payload else {
            lose(connection, .protocolError)
            return
        }
        let start = payload.first.map { $0 & 0x80 == 0 } ?? true ? 4 : 0
        let kind: ThriftReply.Kind = unsafe payload.withUnsafeBufferPointer { bytes in
            // Every message is longer than the length before it.
            guard let base = bytes.baseAddress, start < bytes.count else { return .invalid }
            return unsafe ThriftReply.kind(base + start, bytes.count - start, seqid: nil)
        }
        switch kind {
        case .success: complete(connection, .ok, replyLength: end)
        case .exception: complete(connection, .exception, replyLength: end)
        case .invalid: lose(connection, .protocolError)
        }
    }

    mutating func completeThrift(_ connection: Int, _ start: Int, _ end: Int) {
        let c = unsafe connections + connection
        let seqid: UInt32? = unsafe (c.pointee.template?.pointee.seqidOffset ?? -1) >= 0 ? c.pointee.seqid : nil
        switch unsafe ThriftReply.kind(c.pointee.buffer + start, end - start, seqid: seqid) {
        case .success: complete(connection, .ok, replyLength: end)
        case .exception: complete(connection, .exception, replyLength: end)
        case .invalid: lose(connection, .protocolError)
        }
    }

    private mutating func advanceUnframed(_ connection: Int) {
        let c = unsafe connections + connection
        let length = unsafe c.pointee.length
        guard let template = unsafe c.pointee.template else { return }
        let span = unsafe UnsafeRawBufferPointer(start: c.pointee.buffer, count: length).bytes
        // Begun anew at each piece: replies come in one or few.
        var scanner = MessageScanner(.unframed, unsafe template.pointee.isCompact ? .compact : .binary)
        switch scanner.scan(span) {
        case .message(let found):
            if found.length < length { unsafe c.pointee.keepsAlive = false }
            completeThrift(connection, 0, found.length)
        case .needMore:
            unsafe c.pointee.phase = .unframed
            if !grow(connection) { lose(connection, .protocolError) }
        case .invalid: lose(connection, .protocolError)
        }
    }

    @inline(__always)
    private mutating func completeHTTP(_ connection: Int, _ length: Int) {
        let status = unsafe connections[connection].status
        complete(connection, status < 400 ? .ok : status == 429 ? .throttled : .httpError, replyLength: length)
    }

    /// Room for more of a body: thrown away when nobody wants it, else the buffer grows.
    private mutating func makeRoom(_ connection: Int) {
        if !plan.keepsReplies {
            unsafe connections[connection].length = 0
            return
        }
        if !grow(connection) { lose(connection, .protocolError) }
    }

    /// False when the reply is too long to be held.
    mutating func grow(_ connection: Int, atLeast needed: Int = 0) -> Bool {
        let c = unsafe connections + connection
        let length = unsafe c.pointee.length
        let capacity = unsafe c.pointee.capacity
        if length < capacity && needed <= capacity { return true }
        let larger = max(capacity * 2, needed)
        if larger > Connection.longestReply + 4 { return false }
        let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        unsafe buffer.initialize(from: c.pointee.buffer, count: length)
        unsafe c.pointee.buffer.deallocate()
        unsafe c.pointee.buffer = buffer
        unsafe c.pointee.capacity = larger
        return true
    }
}
