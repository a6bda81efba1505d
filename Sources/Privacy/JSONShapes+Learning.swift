import Bytes

extension JSONShapes {
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
                guard let end = JSONValueReader.end(bytes, at + 1, range) else { return false }
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
                guard let end = JSONValueReader.end(bytes, at + 1, range) else { return nil }
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
