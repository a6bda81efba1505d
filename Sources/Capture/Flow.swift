/// A TCP connection as far as the capture shows it.
package struct FlowStorage {
    /// Numbered from 0 in order of appearance.
    package let number: UInt64
    /// Sender of the connection's first packet, unless that was a SYN-ACK: then its receiver.
    package let first: Endpoint
    package let second: Endpoint
    /// ``first`` sent a SYN or was sent a SYN-ACK, so it is the client.
    package var hasHandshake = false
    let forward = StreamState(StreamStorage())
    let backward = StreamState(StreamStorage())
    var isReset = false
    /// Packets since something began to wait without coming nearer.
    var stalled = 0
    var packets: UInt64 = 0
    var lastPacket: UInt64 = 0
    var lastNanos: UInt64 = 0
    /// The end was reported; only the reader's ``Reassembler/release(_:)`` is missing.
    var isClosed = false

    /// Both sides said that they are done, or one broke the connection off.
    var isOver: Bool { isReset || (forward.value.isEnded && backward.value.isEnded) }

    init(number: UInt64, first: Endpoint, second: Endpoint) {
        self.number = number
        self.first = first
        self.second = second
    }
}

/// A flow, in place.
package typealias Flow = Place<FlowStorage>

extension Place where Value == FlowStorage {
    package func account(_ direction: Int) -> StreamAccount { self[direction].value.account }
    package func startsAtSYN(_ direction: Int) -> Bool { self[direction].value.startsAtSYN }

    /// The other side acknowledged bytes of this direction, or spoke without ever being answered: so there were some
    /// that the capture does not have.
    package func lacks(_ direction: Int) -> Bool {
        self[direction].value.account.missing > 0 || !self[direction].value.hasBase
    }

    /// 0: from the first endpoint to the second; 1: back.
    @inline(__always)
    subscript(direction: Int) -> StreamState { direction == 0 ? value.forward : value.backward }

    func destroyAll() {
        value.forward.destroy()
        value.backward.destroy()
        destroy()
    }
}

/// Finds a flow's slot by its endpoints: open addressing, linear probing, no allocation for a lookup.
struct FlowTable {
    struct Key: Equatable {
        var a: Endpoint
        var b: Endpoint
        /// The segment goes from `b` to `a`.
        var isSwapped: Bool

        init(_ source: Endpoint, _ destination: Endpoint) {
            isSwapped =
                (destination.high, destination.low, destination.port) < (source.high, source.low, source.port)
            a = isSwapped ? destination : source
            b = isSwapped ? source : destination
        }

        static func == (x: Key, y: Key) -> Bool { x.a == y.a && x.b == y.b }

        var hash: UInt64 {
            var h = a.low &* 0x9E37_79B9_7F4A_7C15 ^ b.low
            h = (h ^ h >> 29) &* 0xBF58_476D_1CE4_E5B9
            h ^= a.high &* 0x94D0_49BB_1331_11EB ^ b.high
            h = (h ^ h >> 32) &* 0x9E37_79B9_7F4A_7C15
            h ^= UInt64(a.port) << 32 | UInt64(b.port) << 8 | (a.isV6 ? 1 : 0)
            h = (h ^ h >> 29) &* 0xBF58_476D_1CE4_E5B9
            return h ^ h >> 32
        }
    }

    private var keys: [Key?]
    private var slots: [Int32]
    private(set) var count = 0
    /// What was found last: segments of one flow mostly follow each other.
    private var last: (key: Key, slot: Int)?

    init() {
        keys = Array(repeating: nil, count: 256)
        slots = Array(repeating: 0, count: 256)
    }

    mutating func find(_ key: Key) -> Int? {
        if let last, last.key == key { return last.slot }
        var at = Int(truncatingIfNeeded: key.hash) & (keys.count - 1)
        while let found = keys[at] {
            if found == key {
                last = (key, Int(slots[at]))
                return Int(slots[at])
            }
            at = (at + 1) & (keys.count - 1)
        }
        return nil
    }

    mutating func set(_ key: Key, _ slot: Int) {
        last = nil
        if count * 2 >= keys.count { grow() }
        var at = Int(truncatingIfNeeded: key.hash) & (keys.count - 1)
        while let found = keys[at], found != key { at = (at + 1) & (keys.count - 1) }
        if keys[at] == nil { count += 1 }
        keys[at] = key
        slots[at] = Int32(truncatingIfNeeded: slot)
    }

    /// Removes and closes the probe sequence behind it (Knuth, volume 3, 6.4 R).
    mutating func remove(_ key: Key) {
        last = nil
        let mask = keys.count - 1
        var hole = Int(truncatingIfNeeded: key.hash) & mask
        while let found = keys[hole], found != key { hole = (hole + 1) & mask }
        if keys[hole] == nil { return }
        count -= 1
        var at = hole
        while true {
            keys[hole] = nil
            while true {
                at = (at + 1) & mask
                guard let found = keys[at] else { return }
                let home = Int(truncatingIfNeeded: found.hash) & mask
                if (at - home) & mask >= (at - hole) & mask { break }
            }
            keys[hole] = keys[at]
            slots[hole] = slots[at]
            hole = at
        }
    }

    private mutating func grow() {
        let old = (keys, slots)
        keys = Array(repeating: nil, count: old.0.count * 2)
        slots = Array(repeating: 0, count: old.0.count * 2)
        count = 0
        for (key, slot) in zip(old.0, old.1) {
            if let key { set(key, Int(slot)) }
        }
    }
}
