import Bytes
import Tape
import Thrift

/// A finished request that is about to be spoiled.
struct WireDraft {
    var bytes: [UInt8]
    let format: WireFormat
    /// Where an HTTP request says its body's length.
    let lengthDigits: Range<Int>

    var isHTTP: Bool { format.protocol == .http1 }
    var isCompact: Bool { format.encoding == .compact }
    /// Where the body begins, or the message behind its frame's length and header.
    var start: Int {
        if isHTTP { return lengthDigits.upperBound + 4 }
        // Of a header fourteen bytes are fixed, and the last two of them count the others in words.
        return format.hasHeader ? 14 + 4 * (Int(bytes[12]) << 8 | Int(bytes[13])) : format.statesLength ? 4 : 0
    }

    /// Undoes the transforms of a payload that was just written, so that its message can be looked into.
    mutating func openPayload() throws(Inapplicable) {
        guard let plain = try? HeaderTransport(decoding: bytes.rawSpan).payload(of: bytes.rawSpan) else {
            throw Inapplicable("the message is too long to be decompressed")
        }
        bytes.replaceSubrange(start..., with: plain)
    }

    /// Applies them again.
    mutating func closePayload(_ transforms: [FrameTransform]) {
        var transformer = FrameTransformer(transforms)
        var payload = Arena(capacity: bytes.count)
        payload.append(Array(bytes[start...]))
        transformer.apply(to: &payload, from: 0)
        bytes.replaceSubrange(start..., with: payload.array())
        stateFrame(Int64(bytes.count - 4))
    }

    mutating func stateFrame(_ length: Int64) {
        if format.statesLength { bytes.store(bigEndian: UInt32(truncatingIfNeeded: length), at: 0) }
    }

    /// Another body with its right length.
    mutating func setBody(_ body: [UInt8]) {
        bytes.replaceSubrange(start..., with: body)
        bytes.replaceSubrange(lengthDigits, with: Array("\(body.count)".utf8))
    }

    var body: [UInt8] { Array(bytes[start...]) }

    /// Adds a header line before the Content-Length.
    mutating func addHeader(_ line: String) {
        let at = lengthDigits.lowerBound - "Content-Length: ".utf8.count
        bytes.insert(contentsOf: Array((line + "\r\n").utf8), at: at)
    }

    /// Puts other headers in place of the Content-Length, and another body.
    mutating func replaceLength(by lines: String, body: [UInt8]) {
        bytes.replaceSubrange(start..., with: body)
        let from = lengthDigits.lowerBound - "Content-Length: ".utf8.count
        bytes.replaceSubrange(from..<lengthDigits.upperBound, with: Array(lines.utf8))
    }
}
