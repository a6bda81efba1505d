import Bytes
import Tape

/// Changes the bytes that go out, and says what it drew.
typealias ByteInjector =
    @Sendable (inout WireDraft, Draw, AnomalyParameters) throws(Inapplicable) -> [Label.Parameter]

/// A finished request that is about to be spoiled.
struct WireDraft {
    var bytes: [UInt8]
    let format: WireFormat
    /// Where an HTTP request says its body's length.
    let lengthDigits: Range<Int>

    var isHTTP: Bool { format.protocol == .http1 }
    var isCompact: Bool { format.encoding == .compact }
    var isFramed: Bool { format.transport == .framed }
    /// Where the body begins, or the message behind its frame's length.
    var start: Int { isHTTP ? lengthDigits.upperBound + 4 : isFramed ? 4 : 0 }

    mutating func stateFrame(_ length: Int64) {
        if isFramed { bytes.store(bigEndian: UInt32(truncatingIfNeeded: length), at: 0) }
    }

    /// Adds a field to the arguments, before their end, and keeps the frame's length right.
    mutating func appendArgument(_ field: [UInt8]) {
        bytes.insert(contentsOf: field, at: bytes.count - 1)
        stateFrame(Int64(bytes.count - 4))
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

/// L0: what is done to the envelope of a Thrift message, or to all of a request.
enum WireInjectors {
    @Sendable static func misstateFrame(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let length = Int64(draft.bytes.count - 4)
        let most = max(1, min(parameters.number("delta") ?? 64, length - 1))
        let size = 1 + Int64(draw.below(UInt64(clamping: most)))
        let delta = draw.bits(1) & 1 == 0 ? size : -size
        draft.stateFrame(length + delta)
        return [.init("offset", "0"), .init("delta", "\(delta)")]
    }

    @Sendable static func exceedFrame(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let limit = max(1, min(2_147_400_000, parameters.number("limit") ?? 16_384_000))
        let stated = limit + 1 + Int64(draw.below(1024))
        draft.stateFrame(stated)
        return [.init("offset", "0"), .init("limit", "\(limit)"), .init("stated", "\(stated)")]
    }

    @Sendable static func truncate(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        // At least the frame's length, or the head of an HTTP request, stays.
        let kept = draft.start
        let cut = kept + Int(draw.below(UInt64(clamping: draft.bytes.count - kept)))
        let whole = draft.bytes.count
        draft.bytes.removeSubrange(cut...)
        return [.init("offset", "\(cut)"), .init("missing", "\(whole - cut)"), .init("outcome", "no reply, or closed")]
    }

    @Sendable static func merge(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let at = draft.bytes.count
        draft.bytes += draft.bytes
        return [.init("offset", "\(at)"), .init("messages", "2")]
    }

    @Sendable static func split(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let length = draft.bytes.count - 4
        let cut = 1 + Int(draw.below(UInt64(clamping: length - 1)))
        var head: [UInt8] = []
        head.append(bigEndian: UInt32(length - cut))
        draft.bytes.insert(contentsOf: head, at: 4 + cut)
        draft.stateFrame(Int64(cut))
        return [.init("offset", "\(4 + cut)"), .init("frames", "2")]
    }

    @Sendable static func breakVersion(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let at = draft.start
        // Binary: 80 01; Compact: 82, and the version in the low five bits of the second byte.
        draft.bytes[at] = draft.isCompact ? 0x83 : 0x81 + UInt8(draw.below(16))
        return [.init("offset", "\(at)"), .init("exception", "PROTOCOL_ERROR")]
    }

    @Sendable static func renameMethod(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let range = nameRange(draft)
        guard !range.isEmpty else { throw Inapplicable("the method has no name") }
        let at = range.lowerBound + Int(draw.below(UInt64(range.count)))
        draft.bytes[at] = draft.bytes[at] == 0x58 ? 0x5A : 0x58
        return [.init("offset", "\(at)"), .init("exception", "UNKNOWN_METHOD")]
    }

    /// Where the method's name stands.
    private static func nameRange(_ draft: WireDraft) -> Range<Int> {
        let bytes = draft.bytes
        if draft.isCompact {
            // Sequence number and length are varints; a method's name is short.
            var at = draft.start + 2
            while at < bytes.count && bytes[at] >= 0x80 { at += 1 }
            let length = at + 1 < bytes.count ? Int(bytes[at + 1]) : 0
            return at + 2..<min(bytes.count, at + 2 + length)
        }
        let at = draft.start + 4
        let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
        return at + 4..<min(bytes.count, at + 4 + length)
    }

    @Sendable static func retype(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        // Reply or exception, which no client sends.
        let type = 2 + UInt8(draw.below(2))
        let at = draft.isCompact ? draft.start + 1 : draft.start + 3
        draft.bytes[at] = draft.isCompact ? type << 5 | draft.bytes[at] & 31 : type
        return [.init("offset", "\(at)"), .init("type", "\(type)"), .init("exception", "INVALID_MESSAGE_TYPE")]
    }

    @Sendable static func renumber(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        if draft.isCompact {
            let at = draft.start + 2
            var end = at
            while draft.bytes[end] >= 0x80 { end += 1 }
            draft.bytes.replaceSubrange(at...end, with: [0])
            draft.stateFrame(Int64(draft.bytes.count - 4))
            return [.init("offset", "\(at)"), .init("seqid", "0")]
        }
        let at = nameRange(draft).upperBound
        let seqid: UInt32 = draw.below(2) == 0 ? 0 : 0x7FFF_0000 | UInt32(draw.below(65_536, 1))
        draft.bytes.store(bigEndian: seqid, at: at)
        return [.init("offset", "\(at)"), .init("seqid", "\(seqid)")]
    }

    // MARK: Values

    /// The id that added fields have, and their header of a given type.
    private static func header(_ draft: WireDraft, binary: UInt8, compact: UInt8) -> [UInt8] {
        // Zigzag of 31,000 is 62,000: F0 E4 03.
        draft.isCompact ? [compact, 0xB0, 0xE4, 0x03] : [binary, 0x79, 0x18]
    }

    private static func limit(_ draft: WireDraft, _ crossed: String) -> [Label.Parameter] {
        [.init("offset", "\(draft.bytes.count - 1)"), .init("limit", crossed)]
    }

    @Sendable static func addUnknownType(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let result = limit(draft, "wire types")
        // 14 and 15 are no types of Compact; 17 and up none of Binary.
        draft.appendArgument(
            header(draft, binary: 0x20 + UInt8(draw.below(64)), compact: 14 + UInt8(draw.below(2))) + [0, 0, 0, 0])
        return result
    }

    @Sendable static func addNegativeSize(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let result = limit(draft, "sizes from 0")
        draft.appendArgument(
            header(draft, binary: 11, compact: 8)
                + (draft.isCompact ? [0xFF, 0xFF, 0xFF, 0xFF, 0x0F] : [0xFF, 0xFF, 0xFF, 0xFF]))
        return result
    }

    @Sendable static func addBomb(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let result = limit(draft, "container size")
        draft.appendArgument(
            header(draft, binary: 15, compact: 9)
                + (draft.isCompact ? [0xF6, 0xFF, 0xFF, 0xFF, 0xFF, 0x07] : [10, 0x7F, 0xFF, 0xFF, 0xFF]))
        return result
    }

    @Sendable static func addDepth(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let depth = parameters.text("depth") == "64" ? 64 : 65
        let result = limit(draft, "depth 64") + [.init("depth", "\(depth)")]
        var field = header(draft, binary: 12, compact: 12)
        // Field 1 of each struct is the next one; the arguments are the first.
        for _ in 0..<depth - 2 { field += draft.isCompact ? [0x1C] : [12, 0, 1] }
        field += [UInt8](repeating: 0, count: depth - 1)
        draft.appendArgument(field)
        return result
    }

    @Sendable static func addVarint(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let result = limit(draft, "ten bytes")
        draft.appendArgument(header(draft, binary: 10, compact: 6) + [UInt8](repeating: 0xFF, count: 11) + [0x01])
        return result
    }
}
