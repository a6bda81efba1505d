import Bytes
internal import CScan

/// Reads the values of a text of JSON whose blocks are known, each of the kind that the shape of the text says.
struct JSONValueReader: ~Escapable {
    let bytes: RawSpan
    let range: Range<Int>
    let blocks: Span<JSONShapes.Block>

    @_lifetime(copy bytes, copy blocks)
    init(_ bytes: RawSpan, _ range: Range<Int>, _ blocks: Span<JSONShapes.Block>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.byteCount)
        self.bytes = bytes
        self.range = range
        self.blocks = blocks
    }

    /// 0 behind the text.
    @inline(__always) private func byte(_ at: Int) -> UInt8 {
        // `at` is never in front of the range, which lies within the bytes.
        at < range.upperBound ? unsafe bytes.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self) : 0
    }

    @inline(__always) private func blanksEnd(_ start: Int) -> Int {
        var at = start
        while byte(at) == 0x20 || byte(at) == 10 || byte(at) == 13 || byte(at) == 9 { at = at &+ 1 }
        return at
    }

    /// Looks at the value that begins at `at`, inside of the text, and returns its end, behind the quote of a string;
    /// -1 when it is of another kind.
    @inline(__always) func end(
        of kind: JSONShapes.Kind, _ meaning: FieldNames.Meaning, _ at: Int, _ found: inout [ValueFinder.Finding]
    ) -> Int {
        switch kind {
        case .string: string(meaning, at, &found)
        case .number: number(nil, at, &found)
        case .namedNumber: number(meaning, at, &found)
        case .word: word(at)
        case .strings, .numbers, .namedNumbers: list(kind, meaning, at, &found)
        }
    }

    @inline(__always) private func string(
        _ meaning: FieldNames.Meaning, _ at: Int, _ found: inout [ValueFinder.Finding]
    ) -> Int {
        let index = (at &- range.lowerBound) >> 6
        let above = UInt64.max << UInt64((at &- range.lowerBound) & 63)
        guard index < blocks.count else { return -1 }
        let quotes = blocks[index].quotes & above
        if quotes == 0 { return longString(meaning, at, &found) }
        let inside = above & (quotes &- 1) & ~quotes
        if blocks[index].backslashes & inside != 0 { return escaped(meaning, at, &found) }
        let events = blocks[index].events.all & inside
        let end = range.lowerBound &+ index << 6 &+ quotes.trailingZeroBitCount
        note(at..<end, meaning, isPlain: events == 0 || isNothing(events, index), &found)
        return end &+ 1
    }

    /// A string without escapes; a plain one has nothing in it that could be a value.
    @inline(__always) private func note(
        _ value: Range<Int>, _ meaning: FieldNames.Meaning, isPlain: Bool, _ found: inout [ValueFinder.Finding]
    ) {
        if value.isEmpty { return }
        if meaning.personal != nil {
            found.append(.init(range: value, meaning: meaning, kind: .named))
        } else if meaning == .none && (!isPlain || Words.mayBeWhole(bytes, value)) {
            look(value, isString: true, &found)
        }
    }

    /// Whether all of these events are runs of digits before a small letter, as in hexadecimal ids.
    @inline(__always) private func isNothing(_ events: UInt64, _ index: Int) -> Bool {
        if events & (~blocks[index].events.runs | blocks[index].events.others) != 0 { return false }
        let digits = blocks[index].digits
        var left = events
        while left != 0 {
            // Adding one of a run's digits carries to the place behind it.
            let behind = (digits &+ (left & (0 &- left))) & ~digits
            if behind & blocks[index].small == 0 { return false }
            left &= left &- 1
        }
        return true
    }

    /// A string that goes on in the next block.
    @inline(never) private func longString(
        _ meaning: FieldNames.Meaning, _ at: Int, _ found: inout [ValueFinder.Finding]
    ) -> Int {
        var index = (at - range.lowerBound) >> 6
        var above = UInt64.max << UInt64((at - range.lowerBound) & 63)
        var isPlain = true
        while index < blocks.count {
            let quotes = blocks[index].quotes & above
            let inside = quotes == 0 ? above : above & (quotes &- 1) & ~quotes
            if blocks[index].backslashes & inside != 0 { return escaped(meaning, at, &found) }
            let events = blocks[index].events.all & inside
            if events != 0 && !isNothing(events, index) { isPlain = false }
            if quotes != 0 {
                let end = range.lowerBound + 64 * index + quotes.trailingZeroBitCount
                note(at..<end, meaning, isPlain: isPlain, &found)
                return end + 1
            }
            above = .max
            index += 1
        }
        return -1
    }

    @inline(never) private func escaped(
        _ meaning: FieldNames.Meaning, _ at: Int, _ found: inout [ValueFinder.Finding]
    ) -> Int {
        guard let end = Self.end(bytes, at, range) else { return -1 }
        found.append(.init(range: at..<end, meaning: meaning, kind: .escaped))
        return end + 1
    }

    @inline(never) private func look(
        _ value: Range<Int>, isString: Bool, _ found: inout [ValueFinder.Finding]
    ) {
        var cursor = ValueFinder.Cursor(bytes, range, isJSON: true, isNumber: false)
        cursor.look(in: value, isString: isString, blocks, &found)
    }

    /// Behind the digits that begin at `start`.
    @inline(__always) private func digitsEnd(_ start: Int) -> Int {
        var at = start
        while true {
            let index = (at &- range.lowerBound) >> 6
            guard index < blocks.count else { return at }
            let bit = (at &- range.lowerBound) & 63
            // What is shifted in is no digit.
            let count = (~(blocks[index].digits >> UInt64(bit))).trailingZeroBitCount
            at = at &+ count
            if bit &+ count < 64 || count == 0 { return at }
        }
    }

    /// - Parameter meaning: of a number that stands behind its name.
    @inline(__always) private func number(
        _ meaning: FieldNames.Meaning?, _ start: Int, _ found: inout [ValueFinder.Finding]
    ) -> Int {
        var at = byte(start) == 0x2D ? start &+ 1 : start
        let first = at
        at = digitsEnd(at)
        var longest = at &- first
        if longest == 0 { return -1 }
        if byte(at) == 0x2E {
            let fraction = at &+ 1
            at = digitsEnd(fraction)
            if at == fraction { return -1 }
            longest = max(longest, at &- fraction)
        }
        if byte(at) | 32 == 0x65 { return -1 }
        if let meaning {
            if meaning.personal != nil {
                found.append(.init(range: start..<at, meaning: meaning, kind: .named, isNumber: true))
            }
        } else if longest >= 13 {
            // No shorter number without quotes is a value.
            look(start..<at, isString: false, &found)
        }
        return at
    }

    @inline(__always) private func word(_ start: Int) -> Int {
        var at = start
        while byte(at) &- 0x61 < 26 { at = at &+ 1 }
        return at > start ? at : -1
    }

    private func list(
        _ kind: JSONShapes.Kind, _ meaning: FieldNames.Meaning, _ start: Int, _ found: inout [ValueFinder.Finding]
    ) -> Int {
        guard byte(start) == 0x5B else { return -1 }
        var at = blanksEnd(start + 1)
        if byte(at) == 0x5D { return at + 1 }
        while true {
            switch kind {
            case .strings: at = byte(at) == 0x22 ? string(meaning, at + 1, &found) : -1
            case .namedNumbers: at = number(meaning, at, &found)
            default: at = number(nil, at, &found)
            }
            if at < 0 { return -1 }
            at = blanksEnd(at)
            if byte(at) == 0x5D { return at + 1 }
            guard byte(at) == 0x2C else { return -1 }
            at = blanksEnd(at + 1)
        }
    }

    /// The quote that closes a string with escapes, which begins at `start`.
    static func end(_ bytes: RawSpan, _ start: Int, _ range: Range<Int>) -> Int? {
        var at = start
        while at < range.upperBound {
            if bytes[byte: at] == 0x22 { return at }
            at += bytes[byte: at] == 0x5C ? 2 : 1
        }
        return nil
    }
}
