extension RawSpan {
    /// The eight bytes from `at` on, the first of them in the lowest place; those from `end` on are zero.
    @inlinable @inline(__always)
    package func word(at: Int, before end: Int) -> UInt64 {
        precondition(at >= 0 && end <= byteCount)
        let count = end - at
        // All bytes that are loaded are below `end`, or below it by the shift.
        if count >= 8 { return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: at, as: UInt64.self) }
        if count <= 0 { return 0 }
        if end >= 8 {
            return unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: end - 8, as: UInt64.self)
                >> UInt64(64 - 8 * count)
        }
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(self[byte: at + index]) << UInt64(8 * index) }
        return word
    }

    /// Whether `count` bytes from `at` on are those of `other` from `place` on. For short runs, without a call.
    @inlinable @inline(__always)
    package func isSame(_ at: Int, _ count: Int, as other: RawSpan, _ place: Int) -> Bool {
        precondition(at >= 0 && place >= 0 && count <= byteCount - at && count <= other.byteCount - place)
        if count < 8 { return word(at: at, before: at + count) == other.word(at: place, before: place + count) }
        // Every offset below is at most `count - 8`, which both have behind where they begin.
        @inline(__always) func difference(_ offset: Int) -> UInt64 {
            unsafe unsafeLoadUnaligned(fromUncheckedByteOffset: at &+ offset, as: UInt64.self)
                ^ other.unsafeLoadUnaligned(fromUncheckedByteOffset: place &+ offset, as: UInt64.self)
        }
        // The last eight bytes, some of them for the second time, rather than each rest alone.
        let last = count &- 8
        if count <= 16 { return difference(0) | difference(last) == 0 }
        var offset = 0
        repeat {
            if difference(offset) | difference(offset &+ 8) != 0 { return false }
            offset = offset &+ 16
        } while offset < last &- 8
        return difference(last) | difference(last &- 8) == 0
    }
}
