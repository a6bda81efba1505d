import Tape

/// L0: what is done to the JSON of a body.
extension WireInjectors {
    /// Where values of a kind begin: behind `":`, by their first byte.
    private static func places(_ body: [UInt8], _ fits: (UInt8) -> Bool) -> [Int] {
        var result: [Int] = []
        for at in body.indices.dropFirst(2) where body[at - 1] == 0x3A && body[at - 2] == 0x22 && fits(body[at]) {
            // Within a text the quotation mark before the colon is escaped.
            if at < 3 || body[at - 3] != 0x5C { result.append(at) }
        }
        return result
    }

    private static func pick(_ places: [Int], _ draw: Draw) throws(Inapplicable) -> Int {
        guard !places.isEmpty else { throw Inapplicable("there is no such value in the body") }
        return places[Int(draw.below(UInt64(places.count)))]
    }

    /// Puts bytes at the beginning of a text.
    private static func intoText(
        _ draft: inout WireDraft, _ draw: Draw, _ bytes: [UInt8]
    ) throws(Inapplicable) -> [Label.Parameter] {
        var body = draft.body
        let at = try pick(places(body) { $0 == 0x22 }, draw) + 1
        body.insert(contentsOf: bytes, at: at)
        draft.setBody(body)
        return [.init("offset", "\(at)")]
    }

    /// Puts a word in place of a number.
    private static func overNumber(
        _ draft: inout WireDraft, _ draw: Draw, _ word: String
    ) throws(Inapplicable) -> [Label.Parameter] {
        var body = draft.body
        let at = try pick(places(body) { $0 == 0x2D || (0x30...0x39).contains($0) }, draw)
        var end = at
        while end < body.count, body[end] != 0x2C, body[end] != 0x7D, body[end] != 0x5D { end += 1 }
        body.replaceSubrange(at..<end, with: Array(word.utf8))
        draft.setBody(body)
        return [.init("offset", "\(at)"), .init("value", word)]
    }

    @Sendable static func markOrder(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        draft.setBody([0xEF, 0xBB, 0xBF] + draft.body)
        return [.init("offset", "0"), .init("class", "ignored or refused")]
    }

    @Sendable static func breakUTF8(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        // A lone continuation, an overlong slash, a byte that never comes, a sequence that breaks off.
        let forms: [[UInt8]] = [[0x80], [0xC0, 0xAF], [0xFF], [0xE4, 0xB8, 0x20]]
        return try intoText(&draft, draw, forms[Int(draw.below(4, 1))]) + [.init("class", "replaced or refused")]
    }

    @Sendable static func halveSurrogate(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let half = draw.below(2, 1) == 0 ? "\\ud83d" : "\\ude00"
        return try intoText(&draft, draw, Array(half.utf8)) + [.init("class", "replaced, kept or refused")]
    }

    @Sendable static func repeatKey(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        var body = draft.body
        guard let end = body.dropFirst(2).firstIndex(of: 0x22) else { throw Inapplicable("the body has no member") }
        let key = Array(body[1...end])
        let isFirst = draw.below(2) == 0
        // Before the right one, or behind it: the last one counts for most readers.
        let member = key + Array(":\"duplicate\"".utf8)
        if isFirst {
            body.insert(contentsOf: member + [0x2C], at: 1)
        } else {
            body.insert(contentsOf: [0x2C] + member, at: body.count - 1)
        }
        draft.setBody(body)
        return [.init("class", isFirst ? "last wins" : "first wins")]
    }

    @Sendable static func writeNaN(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        try overNumber(&draft, draw, ["NaN", "Infinity", "-Infinity"][Int(draw.below(3, 1))])
    }

    @Sendable static func writeHuge(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] { try overNumber(&draft, draw, "1e400") }

    @Sendable static func writeBig(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] { try overNumber(&draft, draw, "9007199254740993") }

    @Sendable static func nest(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let depth = Int(clamping: max(1, min(1 << 20, parameters.number("depth") ?? 1000)))
        var body = draft.body
        let member =
            Array(",\"nested\":".utf8) + [UInt8](repeating: 0x5B, count: depth)
            + [UInt8](repeating: 0x5D, count: depth)
        body.insert(contentsOf: member, at: body.count - 1)
        draft.setBody(body)
        return [.init("depth", "\(depth)")]
    }

    @Sendable static func trail(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let tail = ["{}", "]", "\u{0}", ";"][Int(draw.below(4))]
        let at = draft.body.count
        draft.setBody(draft.body + Array(tail.utf8))
        return [.init("offset", "\(at)")]
    }
}
