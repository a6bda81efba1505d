/// Parts of a value that it mostly does without.
protocol RareParts: Equatable, Sendable {
    init()
}

/// Parts that take one word until one of them is set.
///
/// A value with a dozen arrays and strings costs a reference count for each of them whenever it is copied, moved or
/// destroyed, empty or not: that was a fifth of what recording cost. Copies share the parts until one of them writes.
struct Rare<Parts: RareParts>: Equatable, Sendable {
    // Written only while nothing else refers to it.
    private final class Box: @unchecked Sendable {
        // Only ever reached through a value that is being read or written itself, which is checked already.
        @exclusivity(unchecked) var parts: Parts
        init(_ parts: Parts) { unsafe self.parts = parts }
    }

    private var box: Box?

    /// Nil when none was ever set.
    var parts: Parts? {
        @inline(__always) get { unsafe box?.parts }
    }

    var isEmpty: Bool {
        @inline(__always) get { box == nil }
    }

    /// Forgets all parts.
    mutating func removeAll() { box = nil }

    /// The parts, to be changed; made now if there are none.
    var value: Parts {
        get { parts ?? Parts() }
        _modify {
            if !isKnownUniquelyReferenced(&box) { box = Box(unsafe box?.parts ?? Parts()) }
            var none = Parts()
            // There is one now, always.
            if let box { yield unsafe &box.parts } else { yield &none }
        }
    }

    static func == (a: Self, b: Self) -> Bool { a.box === b.box || a.value == b.value }
}
