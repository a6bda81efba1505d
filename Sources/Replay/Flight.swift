/// One request in flight: it was written, or stands in its connection's output, and its reply has not come.
///
/// What its end needs stands here, in one line of the processor's caches: the template has left them by then.
@safe
struct Flight {
    /// What its end must look at besides.
    struct Traits: OptionSet {
        let rawValue: UInt8
        /// It keeps an order that its connection does not keep.
        static let ordered = Traits(rawValue: 1)
        /// It has a part in bindings.
        static let bound = Traits(rawValue: 2)
        static let oneway = Traits(rawValue: 4)
    }

    /// Nil while the place is free, and when its time ran out but its reply is still to be thrown away.
    var template: UnsafeMutablePointer<Template>?
    var due: UInt64 = 0
    var sentAt: UInt64 = 0
    /// When waiting for its reply ends; 0 while the place is free.
    var deadline: UInt64 = 0
    /// What comes later than this after the due time is late.
    var lateNanos: UInt64 = 0
    var round: UInt32 = 0
    var blockSlot: Int32 = -1
    var seqid: UInt32 = 0
    /// Neighbours on its connection in the order of sending; while free, the next free place.
    var next: Int32 = -1
    var previous: Int32 = -1
    var operation: UInt16 = 0
    /// How often it was sent before, and failed.
    var attempt: UInt8 = 0
    var traits: Traits = []
}

/// Seqids of calls: which place of its connection a call takes, below a number that changes with every call.
///
/// They have 29 bits of which the topmost is set, so that they take five bytes in Compact's varints, whatever their value.
enum Seqid {
    static let compactLength = 5
    private static let fixed: UInt32 = 1 << 28

    @inline(__always)
    static func make(generation: UInt32, place: UInt32, placeBits: UInt32) -> UInt32 {
        fixed | (generation << placeBits | place) & (fixed - 1)
    }

    @inline(__always)
    static func place(_ seqid: UInt32, placeBits: UInt32) -> Int32 {
        Int32(truncatingIfNeeded: seqid & (1 << placeBits - 1))
    }

    @inline(__always)
    static func store(_ seqid: UInt32, at bytes: UnsafeMutablePointer<UInt8>, isCompact: Bool) {
        if isCompact {
            unsafe bytes[0] = UInt8(truncatingIfNeeded: seqid) | 0x80
            unsafe bytes[1] = UInt8(truncatingIfNeeded: seqid >> 7) | 0x80
            unsafe bytes[2] = UInt8(truncatingIfNeeded: seqid >> 14) | 0x80
            unsafe bytes[3] = UInt8(truncatingIfNeeded: seqid >> 21) | 0x80
            unsafe bytes[4] = UInt8(truncatingIfNeeded: seqid >> 28)
        } else {
            unsafe UnsafeMutableRawPointer(bytes).storeBytes(of: seqid.bigEndian, as: UInt32.self)
        }
    }
}
