import Bytes
internal import CScan

/// The shapes of the JSON texts that came last: everything of them but their values.
///
/// Messages of a kind differ in their values alone. A text that has a known shape is compared with it, and only its values
/// are looked at, which costs a fifth of reading it; what is found is what ``ValueFinder`` finds without this. A shape is
/// kept only when it leads to the very findings on the text that it was learnt from.
struct JSONShapes {
    /// What 64 bytes of a text are.
    typealias Block = tinct_block

    enum Kind {
        case string, number
        /// Behind its name.
        case namedNumber
        /// true, false or null.
        case word
        /// Lists of any length.
        case strings, numbers, namedNumbers
    }

    /// A value, and the literal in front of it.
    struct Slot {
        /// Of ``literals``, behind the one before.
        var literal: Int32
        var kind: Kind
        var meaning: FieldNames.Meaning
    }

    struct Shape {
        var literals: Range<Int>
        var slots: Range<Int>
        /// The shape that came after this one last: requests and responses take turns.
        var successor = 0
    }

    static let shapeLimit = 16
    static let slotLimit = 256
    private static let creditLimit = 64
    /// What a text of no known shape costs: more than one of a known shape saves.
    static let debit = 4

    var literals: [UInt8] = []
    var slots: [Slot] = []
    var shapes: [Shape] = []
    private var blocks: [Block] = []
    var last = 0
    /// Goes up with texts of known shapes and down with others: no more is spent on shapes than they save. Where nothing
    /// is left, one text of many is still tried, for traffic changes.
    var credit = JSONShapes.creditLimit
    private var texts: UInt32 = 0
    var isTrying: Bool { credit > 0 || texts & 63 == 0 }

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

    mutating func readBlocks(_ bytes: RawSpan, _ range: Range<Int>) {
        let count = (range.count + 63) / 64
        if blocks.count < count { blocks = Array(repeating: Block(), count: 2 * count) }
        precondition(range.lowerBound >= 0 && range.upperBound <= bytes.byteCount)
        unsafe blocks.withUnsafeMutableBufferPointer { blocks in
            unsafe bytes.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress, let first = blocks.baseAddress else { return }
                let from = unsafe (start + range.lowerBound).assumingMemoryBound(to: UInt8.self)
                unsafe tinct_blocks_of(from, range.count, bytes.count - range.lowerBound, first)
            }
        }
    }

    // MARK: Reading by a shape

    func matches(
        _ index: Int, _ bytes: RawSpan, _ range: Range<Int>, _ found: inout [ValueFinder.Finding]
    ) -> Bool {
        let shape = shapes[index]
        let mark = found.count
        let reader = JSONValueReader(bytes, range, blocks.span.extracting(first: (range.count + 63) / 64))
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
}
