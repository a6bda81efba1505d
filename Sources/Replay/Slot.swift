/// A span of a template whose bytes are filled at a send: its width is fixed, its value a function of what the feeder put
/// here and of the round or the time.
@safe
struct Slot: @unchecked Sendable {
    enum Kind: UInt8 {
        // Fresh in each later round; in the first one the recorded value stands there.
        /// Decimal digits.
        case digits
        /// Big-endian integer.
        case integer
        /// Integer of Compact.
        case zigzag
        /// A text of so few letters and digits that its number fits into 63 bits.
        case radix
        /// Hexadecimal digits, with or without dashes between them.
        case hexadecimal
        case text
        // Filled at each send.
        /// An event's time, written as ``form`` says.
        case time
        /// The time of the send, written likewise.
        case now
        /// Hexadecimal digits, others at each send.
        case nonce
    }

    var offset: Int32
    var length: Int32
    var kind: Kind
    /// Of a time: a ``TimeForm``.
    var form: UInt8 = 0
    var isNegative = false
    /// Of an identity: fresh in the first round too.
    var isEveryRound = false
    /// Of a time: what its text adds to UTC.
    var zoneMinutes: Int16 = 0
    /// Of a number, its permuted distance from ``low``; of a text its digest; of a time its ns since 1970.
    var state: UInt64 = 0
    var low: UInt64 = 0
    /// How many values a number may have.
    var size: UInt64 = 0
    /// What stood there, within the arena of the block that the slot belongs to; nil in a draft, which is why a slot may go
    /// to another thread.
    var original: UnsafePointer<UInt8>?

    init(range: Range<Int>, kind: Kind) {
        offset = Int32(clamping: range.lowerBound)
        length = Int32(clamping: range.count)
        self.kind = kind
    }

    var isIdentity: Bool { kind.rawValue < Kind.time.rawValue }
    /// Whether the recorded value is not sent even in the first round.
    var isFilledFirst: Bool { !isIdentity || isEveryRound }
}
