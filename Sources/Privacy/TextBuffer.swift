/// One text, in memory that is used for the next one too.
///
/// An array would be asked whether anybody shares it before each byte that is written, and would change its length through
/// a general replacement; both cost more than what is done with the byte. Copies of a reference are the same text.
@safe final class TextBuffer: RandomAccessCollection, MutableCollection {
    // Whoever calls a method is the only one who is here: the buffer is private to its owner, and not for several threads.
    @exclusivity(unchecked) private var base: UnsafeMutablePointer<UInt8>
    @exclusivity(unchecked) private var capacity: Int
    @exclusivity(unchecked) private var length = 0

    init() {
        unsafe capacity = 256
        unsafe base = .allocate(capacity: 256)
        unsafe base.initialize(repeating: 0, count: 256)
    }

    deinit { unsafe base.deallocate() }

    var startIndex: Int { 0 }
    @inline(__always) var endIndex: Int { unsafe length }
    @inline(__always) var count: Int { unsafe length }

    @inline(__always) subscript(at: Int) -> UInt8 {
        get {
            precondition(at >= 0 && at < count)
            return unsafe base[at]
        }
        set {
            precondition(at >= 0 && at < count)
            unsafe base[at] = newValue
        }
    }

    /// Makes room for `needed` bytes, and keeps what there is.
    @inline(__always) private func reserve(_ needed: Int) {
        if needed > (unsafe capacity) { grow(needed) }
    }

    @inline(never) private func grow(_ needed: Int) {
        let larger = Swift.max(needed, 2 * (unsafe capacity))
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        unsafe moved.initialize(repeating: 0, count: larger)
        unsafe moved.update(from: base, count: count)
        unsafe base.deallocate()
        unsafe (base, capacity) = (moved, larger)
    }

    /// Puts bytes in the place of all that was there.
    @inline(__always) func assign(_ bytes: RawSpan, _ range: Range<Int>) {
        reserve(range.count)
        unsafe length = range.count
        unsafe bytes.extracting(range).withUnsafeBytes { source in
            guard let from = source.baseAddress else { return }
            // There is room for all of them.
            unsafe UnsafeMutableRawPointer(base).copyMemory(from: from, byteCount: source.count)
        }
    }

    func assign(_ bytes: some Collection<UInt8>) {
        reserve(bytes.count)
        unsafe length = bytes.count
        for (at, byte) in bytes.enumerated() { unsafe base[at] = byte }
    }

    /// What is there until it is changed.
    @inline(__always) var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    @inline(__always) func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer) -> R) -> R {
        unsafe body(UnsafeMutableRawBufferPointer(start: base, count: count))
    }
}
