/// What a Thrift reply says, from its first bytes.
@safe
struct ThriftReply {
    enum Kind { case success, exception, invalid }

    private(set) var kind = Kind.invalid
    private(set) var seqid: UInt32 = 0

    /// No reply.
    init() {}

    /// Reads the message of `count` bytes, without its frame length.
    @inline(__always)
    init(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        if count < 5 { return }
        if unsafe bytes[0] == 0x82 { unsafe readCompact(bytes, count) } else { unsafe readBinary(bytes, count) }
    }

    @inline(__always)
    private static func word(_ bytes: UnsafePointer<UInt8>, _ at: Int) -> UInt32 {
        unsafe UInt32(bigEndian: UnsafeRawPointer(bytes + at).loadUnaligned(as: UInt32.self))
    }

    @inline(__always)
    private mutating func readBinary(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        guard count >= 13 else { return }
        let version = unsafe ThriftReply.word(bytes, 0)
        guard version >> 16 == 0x8001 else { return }
        let length = Int(unsafe ThriftReply.word(bytes, 4))
        guard length <= count - 13 else { return }
        seqid = unsafe ThriftReply.word(bytes, 8 + length)
        switch version & 0xFF {
        case 2: break
        case 3:
            kind = .exception
            return
        default: return
        }
        let body = 12 + length
        // The result struct's first field: 0 is the success value, a stop byte is a void result.
        if unsafe bytes[body] == 0 {
            kind = .success
            return
        }
        guard count >= body + 3 else { return }
        kind = unsafe bytes[body + 1] == 0 && bytes[body + 2] == 0 ? .success : .exception
    }

    private mutating func readCompact(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        guard unsafe bytes[1] & 0x1F == 1 else { return }
        let type = unsafe bytes[1] >> 5
        guard type == 2 || type == 3 else { return }
        var at = 2
        guard let number = unsafe ThriftReply.varint(bytes, count, &at),
            let length = unsafe ThriftReply.varint(bytes, count, &at), length < UInt64(count - at)
        else { return }
        seqid = UInt32(truncatingIfNeeded: number)
        if type == 3 {
            kind = .exception
            return
        }
        at += Int(length)
        let head = unsafe bytes[at]
        if head == 0 {
            kind = .success
        } else if head & 0xF0 != 0 {
            kind = .exception
        } else if at + 1 < count {
            kind = unsafe bytes[at + 1] == 0 ? .success : .exception
        }
    }

    private static func varint(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ at: inout Int) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 35, by: 7) {
            guard at < count else { return nil }
            let byte = unsafe bytes[at]
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
