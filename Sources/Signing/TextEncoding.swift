/// Writing bytes as text, into memory that is there.
package enum TextEncoding: UInt8, Sendable {
    /// Lower-case hexadecimal.
    case hex
    /// RFC 4648 section 4, padded.
    case base64
    /// RFC 4648 section 5, without padding.
    case base64url

    /// Of `count` bytes, in characters.
    package func length(of count: Int) -> Int {
        switch self {
        case .hex: count * 2
        case .base64: (count + 2) / 3 * 4
        case .base64url: (count * 4 + 2) / 3
        }
    }

    /// Writes ``length(of:)`` characters.
    func write(_ bytes: UnsafePointer<UInt8>, _ count: Int, to target: UnsafeMutablePointer<UInt8>) {
        switch self {
        case .hex:
            for index in 0..<count {
                let byte = unsafe bytes[index]
                unsafe target[index * 2] = TextEncoding.hexDigit(byte >> 4)
                unsafe target[index * 2 + 1] = TextEncoding.hexDigit(byte & 15)
            }
        case .base64, .base64url:
            var at = 0
            let length = length(of: count)
            var from = 0
            while from < count {
                let left = count - from
                var group = UInt32(unsafe bytes[from]) << 16
                if left > 1 { group |= UInt32(unsafe bytes[from + 1]) << 8 }
                if left > 2 { group |= UInt32(unsafe bytes[from + 2]) }
                for place in 0..<4 where at < length {
                    let value = UInt8(truncatingIfNeeded: group >> UInt32(18 - 6 * place)) & 63
                    unsafe target[at] = place <= left ? character(value) : 0x3D
                    at += 1
                }
                from += 3
            }
        }
    }

    @inline(__always)
    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    @inline(__always)
    private func character(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: 0x41 + value
        case 26..<52: 0x47 + value
        case 52..<62: value &- 4
        case 62: self == .base64url ? 0x2D : 0x2B
        default: self == .base64url ? 0x5F : 0x2F
        }
    }
}
