import Bytes

/// The shapes of the JSON texts that came last: everything of them but their values.
///
/// Messages of a kind differ in their values alone. A text that has a known shape is compared with it, and only its values
/// are looked at, which costs a fifth of reading it; what is found is what ``ValueFinder`` finds without this. A shape is
/// kept only when it leads to the very findings on the text that it was learnt from.
struct JSONShapes {
    /// What 64 bytes of a text are.
    struct Block {
        var quotes: UInt64 = 0
        var backslashes: UInt64 = 0
        var digits: UInt64 = 0
        var small: UInt64 = 0
        var events = ByteClasses.Events()

        init() {}

        @inline(__always) init(_ classes: ByteClasses, _ events: ByteClasses.Events) {
            quotes = classes.quotes
            backslashes = classes.backslashes
            digits = classes.digits
            small = classes.small
            self.events = events
        }
    }

    private enum Kind {
        case string, number
        /// Behind its name.
        case namedNumber
        /// true, false or null.
        case word
        /// Lists of any length.
        case strings, numbers, namedNumbers
    }

    /// A value, and the literal in front of it.
    private struct Slot {
        /// Of ``literals``, behind the one before.
        var literal: Int32
        var kind: Kind
        var meaning: FieldNames.Meaning
    }

    private struct Shape {
        var literals: Range<Int>
        var slots: Range<Int>
        /// The shape that came after this one last: requests and responses take turns.
        var successor = 0
    }

    private static let shapeLimit = 16
    private static let slotLimit = 256
    private static let creditLimit = 64
    /// What a text of no known shape costs: more than one of a known shape saves.
    private static let debit = 4

    private var literals: [UInt8] = []
    private var slots: [Slot] = []
    private var shapes: [Shape] = []
    private var blocks: [Block] = []
    private var last = 0
    /// Goes up with texts of known shapes and down with others: no more is spent on shapes than they save. Where nothing
    /// is left, one text of many is still tried, for traffic changes.
    private var credit = JSONShapes.creditLimit
    private var texts: UInt32 = 0
    private var isTrying: Bool { credit > 0 || texts & 63 == 0 }

    /// Short texts are read as fast, long ones seldom have a shape.
    static func isOfUse(_ range: Range<Int>) -> Bool { range.count >= 32 && range.count <= 16384 }

    /// False when the text is of no known shape: `found` is then as it was.
    mutating func find(_ bytes: RawSpan, _ range: Range<Int>, _ found: inout [ValueFinder.Finding]) -> Bool {
        texts &+= 1
        if shapes.isEmpty || !isTrying { return false }
        readBlocks(bytes, range)
        let expected = shapes[last].successor
        if matches(expected, bytes, range, &found) {
            accept(expected)
            return true
        }
        for index in shapes.indices where index != expected && matches(index, bytes, range, &found) {
            accept(index)
            return true
        }
        return false
    }

    private mutating func accept(_ index: Int) {
        shapes[last].successor = index
        last = index
        credit = min(credit + 1, Self.creditLimit)
    }

    private mutating func readBlocks(_ bytes: RawSpan, _ range: Range<Int>) {
        let count = (range.count + 63) / 64
        if blocks.count < count { blocks = Array(repeating: Block(), count: 2 * count) }
        var before = ByteClasses()
        var runsBefore: UInt64 = 0
        var blocks = blocks.mutableSpan
        for index in 0..<count {
            let classes = ByteClasses(bytes, from: range.lowerBound + 64 * index, in: range)
            let events = ByteClasses.Events(classes, before: before, runsBefore: runsBefore)
            blocks[index] = Block(classes, events)
            (before, runsBefore) = (classes, events.runs)
        }
    }

    // MARK: Reading by a shape

    private func matches(
        _ index: Int, _ bytes: RawSpan, _ range: Range<Int>, _ found: inout [ValueFinder.Finding]
    ) -> Bool {
        let shape = shapes[index]
        let mark = found.count
        let reader = ValueReader(bytes, range, blocks.span.extracting(first: (range.count + 63) / 64))
        let all = literals.rawSpan
        var at = range.lowerBound
        var literal = shape.literals.lowerBound
        for place in shape.slots {
            let slot = slots[place]
            let count = Int(slot.literal)
            // A value takes a byte at least.
            guard count < range.upperBound &- at, bytes.isSame(at, count, as: all, literal) else { break }
            at = reader.end(of: slot.kind, slot.meaning, at &+ count, &found)
            literal = literal &+ count
            if at < 0 { break }
            if place &+ 1 == shape.slots.upperBound {
                let rest = shape.literals.upperBound - literal
                if rest == range.upperBound - at && bytes.isSame(at, rest, as: all, literal) { return true }
            }
        }
        if found.count > mark { found.removeSubrange(mark...) }
        return false
    }

    /// Reads values of a text whose blocks are known.
    private struct ValueReader: ~Escapable {
        let bytes: RawSpan
        let range: Range<Int>
        let blocks: Span<Block>

        @_lifetime(copy bytes, copy blocks)
        init(_ bytes: RawSpan, _ range: Range<Int>, _ blocks: Span<Block>) {
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
            of kind: Kind, _ meaning: FieldNames.Meaning, _ at: Int, _ found: inout [ValueFinder.Finding]
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
            let end = range.lowerBound &+ index << 6 &+ quotes.trailingZeroBitCount
            if end == at { return end &+ 1 }
            if meaning.personal != nil {
                found.append(.init(range: at..<end, meaning: meaning, kind: .named))
            } else if meaning == .none {
                let events = blocks[index].events.all & inside
                if (events != 0 && !isNothing(events, index)) || Words.mayBeWhole(bytes, at..<end) {
                    look(at..<end, isString: true, &found)
                }
            }
            return end &+ 1
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
                    if end == at { return end + 1 }
                    if meaning.personal != nil {
                        found.append(.init(range: at..<end, meaning: meaning, kind: .named))
                    } else if meaning == .none && (!isPlain || Words.mayBeWhole(bytes, at..<end)) {
                        look(at..<end, isString: true, &found)
                    }
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
            guard let end = JSONShapes.end(bytes, at, range) else { return -1 }
            found.append(.init(range: at..<end, meaning: meaning, kind: .escaped))
            return end + 1
        }

        @inline(never) private func look(
            _ value: Range<Int>, isString: Bool, _ found: inout [ValueFinder.Finding]
        ) {
            var cursor = ValueFinder.Cursor(bytes, range, isJSON: true, isNumber: false)
            cursor.look(in: value, isString: isString, blocks, &found)
        }

        /// - Parameter meaning: of a number that stands behind its name.
        @inline(__always) private func number(
            _ meaning: FieldNames.Meaning?, _ start: Int, _ found: inout [ValueFinder.Finding]
        ) -> Int {
            var at = byte(start) == 0x2D ? start &+ 1 : start
            let first = at
            while byte(at) &- 48 < 10 { at = at &+ 1 }
            var longest = at &- first
            if longest == 0 { return -1 }
            if byte(at) == 0x2E {
                let fraction = at &+ 1
                at = fraction
                while byte(at) &- 48 < 10 { at = at &+ 1 }
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
            _ kind: Kind, _ meaning: FieldNames.Meaning, _ start: Int, _ found: inout [ValueFinder.Finding]
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
    }

    /// The quote that closes a string with escapes, which begins at `start`.
    private static func end(_ bytes: RawSpan, _ start: Int, _ range: Range<Int>) -> Int? {
        var at = start
        while at < range.upperBound {
            if bytes[byte: at] == 0x22 { return at }
            at += bytes[byte: at] == 0x5C ? 2 : 1
        }
        return nil
    }

    // MARK: Learning

    /// Learns the shape of a text in which `expected` was found.
    mutating func learn(
        _ bytes: RawSpan, _ range: Range<Int>, _ expected: ArraySlice<ValueFinder.Finding>,
        _ names: FieldNames, _ known: inout NameCache
    ) {
        guard isTrying else { return }
        credit = max(0, credit - Self.debit)
        if shapes.count >= Self.shapeLimit {
            literals.removeAll(keepingCapacity: true)
            slots.removeAll(keepingCapacity: true)
            shapes.removeAll(keepingCapacity: true)
            last = 0
        }
        let before = (literals.count, slots.count)
        var found: [ValueFinder.Finding] = []
        if read(bytes, range, names, &known) {
            shapes.append(Shape(literals: before.0..<literals.count, slots: before.1..<slots.count))
            readBlocks(bytes, range)
            if matches(shapes.count - 1, bytes, range, &found), found[...] == expected {
                shapes[last].successor = shapes.count - 1
                last = shapes.count - 1
                return
            }
            shapes.removeLast()
        }
        literals.removeSubrange(before.0...)
        slots.removeSubrange(before.1...)
    }

    /// Splits a text into literals and values; false when it is no JSON or has escapes in its names.
    private mutating func read(
        _ bytes: RawSpan, _ range: Range<Int>, _ names: FieldNames, _ known: inout NameCache
    ) -> Bool {
        let firstSlot = slots.count
        var at = range.lowerBound
        var literalStart = at
        var meaning = FieldNames.Meaning.none
        /// A number that comes now, or a list of them, stands behind its name.
        var isNamed = false
        func add(_ shapes: inout JSONShapes, _ kind: Kind, _ start: Int, _ end: Int) -> Bool {
            unsafe bytes.extracting(literalStart..<start).withUnsafeBytes {
                unsafe shapes.literals.append(contentsOf: $0)
            }
            shapes.slots.append(Slot(literal: Int32(start - literalStart), kind: kind, meaning: meaning))
            (literalStart, at) = (end, end)
            return shapes.slots.count - firstSlot <= Self.slotLimit
        }
        while at < range.upperBound {
            let byte = bytes[byte: at]
            switch byte {
            case 0x22:
                guard let end = Self.end(bytes, at + 1, range) else { return false }
                var next = end + 1
                while next < range.upperBound, [0x20, 10, 13].contains(bytes[byte: next]) { next += 1 }
                if next < range.upperBound && bytes[byte: next] == 0x3A {
                    for place in at..<end where bytes[byte: place] == 0x5C { return false }
                    meaning = known.meaning(bytes, at + 1..<end, names)
                    isNamed = meaning != .none
                    at = next + 1
                } else {
                    isNamed = false
                    // The opening quote belongs to the literal, the closing one to the value.
                    guard add(&self, .string, at + 1, end + 1) else { return false }
                }
            case 0x2D, 0x30...0x39:
                var end = at + 1
                while end < range.upperBound, bytes[byte: end] &- 48 < 10 || bytes[byte: end] == 0x2E { end += 1 }
                guard add(&self, isNamed ? .namedNumber : .number, at, end) else { return false }
                isNamed = false
            case 0x61...0x7A:
                var end = at + 1
                while end < range.upperBound, bytes[byte: end] &- 0x61 < 26 { end += 1 }
                isNamed = false
                guard add(&self, .word, at, end) else { return false }
            case 0x5B:
                if let (kind, end) = Self.list(bytes, at, range) {
                    let isNumbers = kind == .numbers && isNamed
                    isNamed = false
                    guard add(&self, isNumbers ? .namedNumbers : kind, at, end) else { return false }
                } else {
                    isNamed = false
                    at += 1
                }
            case 0x7B, 0x7D, 0x5D:
                isNamed = false
                at += 1
            case 0x2C, 0x20, 9, 10, 13: at += 1
            default: return false
            }
        }
        unsafe bytes.extracting(literalStart..<range.upperBound).withUnsafeBytes {
            unsafe literals.append(contentsOf: $0)
        }
        return slots.count > firstSlot
    }

    /// What a list is that begins at `start`, and its end: strings, numbers, or nothing, of which either may come; nil for
    /// any other.
    private static func list(_ bytes: RawSpan, _ start: Int, _ range: Range<Int>) -> (Kind, Int)? {
        var at = start + 1
        var kind: Kind?
        while at < range.upperBound {
            switch bytes[byte: at] {
            case 0x5D: return (kind ?? .strings, at + 1)
            case 0x22 where kind != .numbers:
                guard let end = end(bytes, at + 1, range) else { return nil }
                (kind, at) = (.strings, end + 1)
            case 0x2D, 0x2E, 0x30...0x39:
                if kind == .strings { return nil }
                (kind, at) = (.numbers, at + 1)
            case 0x2C, 0x20, 9, 10, 13: at += 1
            default: return nil
            }
        }
        return nil
    }
}
