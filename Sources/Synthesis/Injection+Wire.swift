import Bytes
import Tape

/// Changes the bytes that go out, and says what it drew.
typealias ByteInjector =
    @Sendable (inout WireDraft, Draw, AnomalyParameters) throws(Inapplicable) -> [Label.Parameter]

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
        // The first frame keeps the header, if there is one.
        let header = draft.start - 4
        let length = draft.bytes.count - 4
        let cut = header + 1 + Int(draw.below(UInt64(clamping: length - header - 1)))
        var head: [UInt8] = []
        head.append(bigEndian: UInt32(length - cut))
        draft.bytes.insert(contentsOf: head, at: 4 + cut)
        draft.stateFrame(Int64(cut))
        return [.init("offset", "\(4 + cut)"), .init("frames", "2")]
    }

    @Sendable static func breakVersion(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let at = draft.breakVersion(UInt8(draw.below(16)))
        return [.init("offset", "\(at)"), .init("exception", "PROTOCOL_ERROR")]
    }

    @Sendable static func renameMethod(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let range = draft.nameRange
        guard !range.isEmpty else { throw Inapplicable("the method has no name") }
        let at = range.lowerBound + Int(draw.below(UInt64(range.count)))
        draft.bytes[at] = draft.bytes[at] == 0x58 ? 0x5A : 0x58
        return [.init("offset", "\(at)"), .init("exception", "UNKNOWN_METHOD")]
    }

    @Sendable static func retype(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        // Reply or exception, which no client sends.
        let type = 2 + UInt8(draw.below(2))
        let at = draft.setType(type)
        return [.init("offset", "\(at)"), .init("type", "\(type)"), .init("exception", "INVALID_MESSAGE_TYPE")]
    }

    @Sendable static func renumber(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let isZero = draft.isCompact || draw.below(2) == 0
        let seqid: UInt32 = isZero ? 0 : 0x7FFF_0000 | UInt32(draw.below(65_536, 1))
        let at = draft.setSequence(seqid)
        return [.init("offset", "\(at)"), .init("seqid", "\(seqid)")]
    }

    // MARK: Values

    /// A field with the id that added fields have, in the draft's encoding: its type and what follows it.
    private static func field(
        _ draft: WireDraft, binary: (type: UInt8, rest: [UInt8]), compact: (type: UInt8, rest: [UInt8]),
        json: @autoclosure () -> String
    ) -> [UInt8] {
        switch draft.format.encoding {
        // Zigzag of 31,000 is 62,000: F0 E4 03.
        case .compact: [compact.type, 0xB0, 0xE4, 0x03] + compact.rest
        case .json: Array("\"31000\":{\(json())}".utf8)
        default: [binary.type, 0x79, 0x18] + binary.rest
        }
    }

    private static func limit(_ draft: WireDraft, _ crossed: String) -> [Label.Parameter] {
        [.init("offset", "\(draft.argumentsEnd)"), .init("limit", crossed)]
    }

    @Sendable static func addUnknownType(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let result = limit(draft, "wire types")
        let (choice, zeros) = (draw.below(64), [UInt8](repeating: 0, count: 4))
        // 14 and 15 are no types of Compact; 17 and up none of Binary.
        draft.appendArgument(
            field(
                draft, binary: (0x20 + UInt8(choice), zeros), compact: (14 + UInt8(draw.below(2)), zeros),
                json: "\"u\(choice)\":0"))
        return result
    }

    @Sendable static func addNegativeSize(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let result = limit(draft, "sizes from 0")
        draft.appendArgument(
            field(
                draft, binary: (11, [0xFF, 0xFF, 0xFF, 0xFF]), compact: (8, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
                // A text's length stands nowhere in JSON: the scenario is refused.
                json: ""))
        return result
    }

    @Sendable static func addBomb(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let result = limit(draft, "container size")
        draft.appendArgument(
            field(
                draft, binary: (15, [10, 0x7F, 0xFF, 0xFF, 0xFF]), compact: (9, [0xF6, 0xFF, 0xFF, 0xFF, 0xFF, 0x07]),
                json: "\"lst\":[\"i64\",2147483647]"))
        return result
    }

    @Sendable static func addDepth(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let depth = parameters.text("depth") == "64" ? 64 : 65
        let result = limit(draft, "depth 64") + [.init("depth", "\(depth)")]
        // Field 1 of each struct is the next one; the arguments are the first.
        func nested(_ head: [UInt8]) -> [UInt8] {
            Array(repeatElement(head, count: depth - 2).joined()) + [UInt8](repeating: 0, count: depth - 1)
        }
        draft.appendArgument(
            field(
                draft, binary: (12, nested([12, 0, 1])), compact: (12, nested([0x1C])),
                json: "\"rec\":" + String(repeating: "{\"1\":{\"rec\":", count: depth - 2) + "{}"
                    + String(repeating: "}}", count: depth - 2)))
        return result
    }

    @Sendable static func addVarint(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let result = limit(draft, "ten bytes")
        draft.appendArgument(
            field(
                draft, binary: (10, []), compact: (6, [UInt8](repeating: 0xFF, count: 11) + [0x01]), json: ""))
        return result
    }
}
