import Bytes

/// Finds where a JSON value that begins with a bracket or brace ends, in as many calls as its bytes need to arrive.
struct JSONSkipper: Sendable {
    private(set) var offset: Int
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    init(at offset: Int) { self.offset = offset }

    /// The offset just behind the value, or nil when more bytes are needed.
    mutating func resume(_ bytes: RawSpan) -> Int? {
        while offset < bytes.byteCount {
            let byte = bytes[byte: offset]
            offset += 1
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5C {
                    isEscaped = true
                } else if byte == 0x22 {
                    isInString = false
                }
                continue
            }
            switch byte {
            case 0x22: isInString = true
            case 0x5B, 0x7B: depth += 1
            case 0x5D, 0x7D:
                depth -= 1
                if depth <= 0 { return offset }
            default: break
            }
        }
        return nil
    }
}
