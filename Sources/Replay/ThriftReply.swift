/// What a Thrift reply says, from its first bytes.
enum ThriftReply {
    enum Kind { case success, exception, invalid }

    /// - Parameters:
    ///   - bytes: the message without its frame length.
    ///   - seqid: what the call carried; nil when it was not ours to set.
    @inline(__always)
    static func kind(_ bytes: UnsafePointer<UInt8>, _ count: Int, seqid: UInt32?) -> Kind {
        if count < 5 { return .invalid }
        return unsafe bytes[0] == 0x82 ? unsafe compact(bytes, count) : unsafe binary(bytes, count, seqid)
    }

    @inline(__always)
    private static func word(_ bytes: UnsafePointer<UInt8>, _ at: Int) -> UInt32 {
        unsafe UInt32(bigEndian: UnsafeRawPointer(bytes + at).loadUnaligned(as: UInt32.self))
    }

    private static func binary(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ seqid: UInt32?) -> Kind {
        guard count >= 13 else { return .invalid }
        let version = unsafe word(bytes, 0)
        guard version >> 16 == 0x8001 else { return .invalid }
        let length = Int(unsafe word(bytes, 4))
        guard length <= count - 13 else { return .invalid }
        if let seqid, unsafe word(bytes, 8 + length) != seqid { return .invalid }
        switch version & 0xFF {
        case 2: break
        case 3: return .exception
        default: return .invalid
        }
        let body = 12 + length
        // The result struct's first field: 0 is the success value, a stop byte is a void result.
        if unsafe bytes[body] == 0 { return .success }
        guard count >= body + 3 else { return .invalid }
        return unsafe bytes[body + 1] == 0 && bytes[body + 2] == 0 ? .success : .exception
    }

    private static func compact(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Kind {
        guard count >= 5, unsafe bytes[0] == 0x82, unsafe bytes[1] & 0x1F == 1 else { return .invalid }
        switch unsafe bytes[1] >> 5 {
        case 2: break
        case 3: return .exception
        default: return .invalid
        }
        var at = 2
        guard unsafe varint(bytes, count, &at) != nil, let length = unsafe varint(bytes, count, &at),
            length < UInt64(count - at)
        else { return .invalid }
        at += Int(length)
        let head = unsafe bytes[at]
        if head == 0 { return .success }
        if head & 0xF0 != 0 { return .exception }
        guard at + 1 < count else { return .invalid }
        return unsafe bytes[at + 1] == 0 ? .success : .exception
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
