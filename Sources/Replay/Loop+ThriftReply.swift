import Glibc
import Metrics
import Tape
import Thrift

/// Ends of Thrift replies, which are matched with their calls by seqid, in whatever order they come.
extension Loop {
    @inline(__always)
    mutating func advanceFrame(_ connection: Int) -> Step {
        let c = unsafe connections + connection
        let length = unsafe c.pointee.end - c.pointee.begin
        if length < 4 { return needMore(connection) }
        let frame = unsafe c.pointee.buffer + c.pointee.begin
        let size = Int(unsafe UInt32(bigEndian: UnsafeRawPointer(frame).loadUnaligned(as: UInt32.self)))
        if size > Connection.longestReply { return fail(connection, .tooLong) }
        if length < 4 + size { return needMore(connection, atLeast: 4 + size) }
        var start = 4
        if size >= 10 {
            let magic = unsafe UInt16(frame[4]) << 8 | UInt16(frame[5])
            if magic == 0x0FFF || magic == 0x1000 {
                if size > 12, unsafe frame[15] != 0 {
                    return completeTransformed(connection, magic == 0x0FFF ? .theader : .ttheader, 4 + size)
                }
                start = 14 + Int(unsafe UInt16(frame[12]) << 8 | UInt16(frame[13])) * 4
                // The payload of a TTHeader frame may be framed itself.
                if start + 4 < 4 + size, unsafe frame[start] & 0x80 == 0 { start += 4 }
            }
        }
        if start >= 4 + size { return fail(connection, .unreadable) }
        return completeThrift(connection, unsafe ThriftReply(frame + start, 4 + size - start), length: 4 + size)
    }

    mutating func advanceUnframed(_ connection: Int) -> Step {
        let c = unsafe connections + connection
        let (begin, end) = unsafe (c.pointee.begin, c.pointee.end)
        let span = unsafe UnsafeRawBufferPointer(start: c.pointee.buffer + begin, count: end - begin).bytes
        // Begun anew at each piece: replies come in one or few.
        let isCompact = unsafe c.pointee.speech & 0xFF == UInt32(WireFormat.Encoding.compact.rawValue)
        var scanner = MessageScanner(.unframed, isCompact ? .compact : .binary)
        switch scanner.scan(span) {
        case .message(let found):
            let reply = unsafe ThriftReply(c.pointee.buffer + begin, found.length)
            return completeThrift(connection, reply, length: found.length)
        case .needMore: return needMore(connection)
        case .invalid: return fail(connection, .unreadable)
        }
    }

    /// A reply whose payload is compressed.
    private mutating func completeTransformed(_ connection: Int, _ transport: ThriftTransport, _ length: Int) -> Step {
        let c = unsafe connections + connection
        let span = unsafe UnsafeRawBufferPointer(start: c.pointee.buffer + c.pointee.begin, count: length).bytes
        var scanner = ThriftScanner(ThriftFormat(transport, .binary))
        guard case .message(let found) = scanner.scan(span), let payload = found.payload else {
            return fail(connection, .unreadable)
        }
        let start = payload.first.map { $0 & 0x80 == 0 } ?? true ? 4 : 0
        let reply: ThriftReply = unsafe payload.withUnsafeBufferPointer { bytes in
            // Every message is longer than the length before it.
            guard let base = bytes.baseAddress, start < bytes.count else { return ThriftReply() }
            return unsafe ThriftReply(base + start, bytes.count - start)
        }
        return completeThrift(connection, reply, length: length)
    }

    @inline(__always)
    private mutating func completeThrift(_ connection: Int, _ reply: ThriftReply, length: Int) -> Step {
        if reply.kind == .invalid { return fail(connection, .unreadable) }
        let flight = flight(of: connection, seqid: reply.seqid)
        if flight < 0 { return fail(connection, .unknownSeqid) }
        return complete(connection, flight, reply.kind == .success ? .ok : .exception, length: length)
    }
}
