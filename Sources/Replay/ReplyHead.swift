import Glibc

/// What of a reply's HTTP head must be known to find its end and to judge it; read in one pass without allocating.
///
/// The full parser of HTTP1 is not used here because every reply of a run goes through this: only the fields that frame
/// the message are looked at (RFC 9112 section 6.3).
@safe
struct ReplyHead {
    enum Scan { case needMore, invalid, head }

    var status = 0
    /// Up to and including the blank line.
    var length = 0
    /// Below 0: not stated.
    var contentLength = -1
    var isChunked = false
    var hasTransferEncoding = false
    var keepsAlive = true

    static let longest = 1 << 16

    @inline(__always)
    mutating func scan(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Scan {
        if count < 13 { return unsafe count > 0 && bytes[0] != 0x48 ? .invalid : .needMore }
        // "HTTP/1." in two loads; the version digit decides about keep-alive.
        let prefix = unsafe UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self)
        guard prefix & 0x00FF_FFFF_FFFF_FFFF == 0x002E_312F_5054_5448, unsafe bytes[8] == 0x20 else { return .invalid }
        let (a, b, c) = unsafe (bytes[9] &- 48, bytes[10] &- 48, bytes[11] &- 48)
        guard a >= 1, a <= 9, b <= 9, c <= 9 else { return .invalid }
        status = Int(a) * 100 + Int(b) * 10 + Int(c)
        keepsAlive = UInt8(truncatingIfNeeded: prefix >> 56) != 0x30
        var at = 12
        while true {
            guard let newline = unsafe memchr(bytes + at, 10, count - at) else { return .needMore }
            at = unsafe UnsafeRawPointer(newline) - UnsafeRawPointer(bytes) + 1
            if at >= count { return .needMore }
            switch unsafe bytes[at] | 0x20 {
            case 0x2D:
                // A carriage return (0x0D) with the bit set: the blank line.
                if unsafe bytes[at] != 0x0D { continue }
                if at + 1 >= count { return .needMore }
                if unsafe bytes[at + 1] != 0x0A { return .invalid }
                length = at + 2
                return .head
            case 0x2A where unsafe bytes[at] == 0x0A:
                length = at + 1
                return .head
            case 0x63:
                if unsafe ReplyHead.isNamed("content-length", bytes + at, count - at) {
                    if unsafe !readLength(bytes + at + 15, count - at - 15) { return .invalid }
                } else if unsafe ReplyHead.isNamed("connection", bytes + at, count - at) {
                    unsafe readConnection(bytes + at + 11, count - at - 11)
                }
            case 0x74 where unsafe ReplyHead.isNamed("transfer-encoding", bytes + at, count - at):
                hasTransferEncoding = true
                if unsafe ReplyHead.contains("chunked", bytes + at + 18, count - at - 18) { isChunked = true }
            default: continue
            }
        }
    }

    /// Whether a line begins with `name` (lower case) and a colon.
    @inline(__always)
    private static func isNamed(_ name: StaticString, _ line: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let length = name.utf8CodeUnitCount
        if count <= length { return false }
        let text = unsafe name.utf8Start
        for index in 0..<length where unsafe line[index] | 0x20 != text[index] { return false }
        return unsafe line[length] == 0x3A
    }

    /// False when the value is no number, or another one than before.
    private mutating func readLength(_ value: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var at = 0
        while at < count, unsafe value[at] == 32 || value[at] == 9 { at += 1 }
        var number = 0
        let start = at
        while at < count, case let digit = unsafe value[at] &- 48, digit <= 9 {
            if at - start > 15 { return false }
            number = number * 10 + Int(digit)
            at += 1
        }
        // The line may still be arriving; the scan begins again then.
        if at == count { return true }
        let end = unsafe value[at]
        guard at > start, end == 13 || end == 10 || end == 32 || end == 9 else { return false }
        if contentLength >= 0 && contentLength != number { return false }
        contentLength = number
        return true
    }

    private mutating func readConnection(_ value: UnsafePointer<UInt8>, _ count: Int) {
        if unsafe ReplyHead.contains("close", value, count) { keepsAlive = false }
        if unsafe ReplyHead.contains("keep-alive", value, count) { keepsAlive = true }
    }

    /// Whether the rest of the line contains `word` (lower case).
    private static func contains(_ word: StaticString, _ line: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        let length = word.utf8CodeUnitCount
        let text = unsafe word.utf8Start
        var at = 0
        while at + length <= count, unsafe line[at] != 10 {
            var index = 0
            while index < length, unsafe line[at + index] | 0x20 == text[index] { index += 1 }
            if index == length { return true }
            at += 1
        }
        return false
    }
}
