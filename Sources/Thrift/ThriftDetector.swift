import Bytes

/// Tells from the first bytes of a direction what is spoken on it.
///
/// ```
/// byte 0          4            6
///      +----------+------------+---
///      | length   | 80 01      |      framed strict Binary        80 01     unframed strict Binary
///      | ≤ 3FFF…  | 82 TTT00001|      framed Compact              82 TTT1   unframed Compact
///      |          | 0F FF      |      THeader                     FF AF     mesh
///      |          | 10 00      |      TTHeader                    [         JSON
///      |          | [          |      framed JSON
///      |          | 0A 00      |      Finagle's RequestHeader, after its upgrade
///      |          | name length|      framed old Binary
///      +----------+------------+---
/// ```
///
/// No frame length has its first byte above 0x3F, which is why the two columns cannot be confused.
package enum ThriftDetector {
    package enum Detection: Sendable, Hashable {
        /// What is read here: strict Binary or Compact.
        case thrift(ThriftFraming, ThriftEncoding)
        /// The bytes so far fit more than one answer.
        case needMore
        case theader
        case ttheader
        case json(ThriftFraming)
        case oldBinary(ThriftFraming)
        /// Fits a Finagle `RequestHeader`; believe it only if the upgrade call was seen on this connection.
        case finagle
        case mesh
        case notThrift
    }

    /// Bytes after which an answer other than ``Detection/needMore`` is sure.
    package static let sufficientBytes = 8

    /// Never changes its mind: what it says of a prefix (other than `needMore`) it says of every continuation.
    package static func detect(_ bytes: RawSpan) -> Detection {
        guard bytes.byteCount > 0 else { return .needMore }
        switch bytes[byte: 0] {
        case 0x80: return at(1, bytes) { $0 == 0x01 ? .thrift(.unframed, .binary) : .notThrift }
        case 0x82: return at(1, bytes) { isCompactVersion($0) ? .thrift(.unframed, .compact) : .notThrift }
        case 0xFF: return at(1, bytes) { $0 == 0xAF ? .mesh : .notThrift }
        case 0x5B: return json(bytes, from: 0, .unframed)
        case 0x40...: return .notThrift
        case 0x16:
            // A TLS handshake record (16 03); as a frame length it would be 369 MB.
            guard bytes.byteCount > 1 else { return .needMore }
            if bytes[byte: 1] == 0x03 { return .notThrift }
        default: break
        }
        return framed(bytes)
    }

    private static func framed(_ bytes: RawSpan) -> Detection {
        guard bytes.byteCount > 4 else { return .needMore }
        switch bytes[byte: 4] {
        case 0x80: return at(5, bytes) { $0 == 0x01 ? .thrift(.framed, .binary) : .notThrift }
        case 0x82: return at(5, bytes) { isCompactVersion($0) ? .thrift(.framed, .compact) : .notThrift }
        case 0x10: return at(5, bytes) { $0 == 0x00 ? .ttheader : .notThrift }
        case 0x0F: return at(5, bytes) { $0 == 0xFF ? .theader : .notThrift }
        case 0x0A: return at(5, bytes) { $0 == 0x00 ? .finagle : .notThrift }
        case 0x5B: return json(bytes, from: 4, .framed)
        case 0x00:
            guard bytes.byteCount >= 6 else { return .needMore }
            guard bytes[byte: 5] == 0 else { return .notThrift }
            guard let frame = length(bytes, at: 0), let name = length(bytes, at: 4) else { return .needMore }
            // Behind the name's length: the name, the type, the seqid and at least a stop byte.
            return name > 0 && name <= 256 && frame >= 4 + name + 6 ? .oldBinary(.framed) : .notThrift
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
            guard let name = length(bytes, at: 0) else { return .needMore }
            return name > 0 && name <= 256 ? .oldBinary(.unframed) : .notThrift
        default: return .notThrift
        }
    }

    /// Every message of the JSON protocol begins with its version: `[1,"`.
    private static func json(_ bytes: RawSpan, from start: Int, _ framing: ThriftFraming) -> Detection {
        let opening: [4 of UInt8] = [0x5B, 0x31, 0x2C, 0x22]
        for i in 0..<4 {
            guard start + i < bytes.byteCount else { return .needMore }
            if bytes[byte: start + i] != opening[i] { return .notThrift }
        }
        return .json(framing)
    }

    private static func at(_ offset: Int, _ bytes: RawSpan, _ decide: (UInt8) -> Detection) -> Detection {
        offset < bytes.byteCount ? decide(bytes[byte: offset]) : .needMore
    }

    private static func isCompactVersion(_ byte: UInt8) -> Bool {
        byte & 0x1F == 1 && MessageType(rawValue: byte >> 5) != nil
    }

    private static func length(_ bytes: RawSpan, at offset: Int) -> Int? {
        var reader = ByteReader(bytes, offset: offset)
        return (try? reader.bigEndianUInt32()).map(Int.init)
    }
}
