/// Buffers of output that no connection needs now. The one that was used last is taken first, so that those who write in
/// turn write into the same memory, which is in the processor's caches.
@safe
struct SpareBuffers: ~Copyable {
    @safe private struct Entry {
        var bytes: UnsafeMutablePointer<UInt8>
        var capacity: Int
    }

    private let entries: UnsafeMutablePointer<Entry>
    private let limit: Int
    private var count = 0

    /// Keeps at most so many.
    init(limit: Int) {
        self.limit = limit
        unsafe entries = .allocate(capacity: max(1, limit))
    }

    deinit {
        for index in 0..<count { unsafe entries[index].bytes.deallocate() }
        unsafe entries.deallocate()
    }

    /// The one that was given last, when it holds so many bytes; else it makes way for one that does.
    @inline(__always)
    mutating func take(atLeast needed: Int) -> (bytes: UnsafeMutablePointer<UInt8>, capacity: Int)? {
        if count == 0 { return nil }
        count -= 1
        if unsafe entries[count].capacity < needed {
            unsafe entries[count].bytes.deallocate()
            return nil
        }
        return unsafe (entries[count].bytes, entries[count].capacity)
    }

    /// Takes over a buffer.
    @inline(__always)
    mutating func give(_ bytes: UnsafeMutablePointer<UInt8>, _ capacity: Int) {
        if count == limit {
            unsafe bytes.deallocate()
            return
        }
        unsafe (entries + count).initialize(to: Entry(bytes: bytes, capacity: capacity))
        count += 1
    }
}
