import Bytes

/// A TCP segment found in a packet.
package struct Segment: Sendable {
    package var source = Endpoint()
    package var destination = Endpoint()
    package var sequence: UInt32 = 0
    package var acknowledgement: UInt32 = 0
    package var flags: Flags = []
    /// Where the payload stands in the packet's captured bytes.
    package var payloadOffset = 0
    package var payloadCount = 0
    /// Payload bytes on the wire; more than ``payloadCount`` when the snap length cut them.
    package var payloadWireCount = 0
    package var timeNanos: UInt64 = 0

    package init() {}

    package struct Flags: OptionSet, Sendable {
        package var rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let fin = Flags(rawValue: 1)
        package static let syn = Flags(rawValue: 2)
        package static let rst = Flags(rawValue: 4)
        package static let ack = Flags(rawValue: 16)
    }
}

/// An address and a port. IPv4 lies in the low 32 bits of ``low`` with ``isV6`` false.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    package var high: UInt64 = 0
    package var low: UInt64 = 0
    package var port: UInt16 = 0
    package var isV6 = false

    package init() {}

    /// `10.0.0.1:80` or `[::1]:80` (RFC 5952).
    package var description: String {
        if !isV6 {
            return "\(low >> 24 & 255).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255):\(port)"
        }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(48 - index % 4 * 16))
        }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8 && groups[end] == 0 { end += 1 }
            if end - start > max(1, best.count) { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ range: Range<Int>) -> String {
            range.map { String(groups[$0], radix: 16) }.joined(separator: ":")
        }
        let address = best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
        return "[\(address)]:\(port)"
    }
}
