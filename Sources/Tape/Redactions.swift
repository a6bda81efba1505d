import Bytes

/// A span of a message that was masked in place.
package struct Redaction: Sendable, Hashable {
    package var offset: UInt64
    package var length: UInt64
    /// `authorization`, `cookie`, `card`.
    package var kind: String

    package init(offset: UInt64, length: UInt64, kind: String) {
        self.offset = offset
        self.length = length
        self.kind = kind
    }
}

/// The redactions of a message, as they stand on the tape: nearly every message that is recorded has some, and hardly
/// anybody reads them, so that a list of texts would cost more than what it says.
///
/// One word that refers to nothing until there are some. Copies share their memory until one of them is changed.
package struct Redactions: Sequence, Sendable, Equatable, ExpressibleByArrayLiteral {
    private var storage: Storage?

    package init() {}

    package init(_ redactions: some Sequence<Redaction>) {
        for redaction in redactions { append(redaction) }
    }

    package init(arrayLiteral redactions: Redaction...) { self.init(redactions) }

    /// What a redaction is of, in the bytes in which it stands on the tape.
    package struct Kind: Sendable {
        fileprivate var packed = SIMD32<UInt8>()
        fileprivate let count: Int

        /// - Parameter name: 1 to 30 bytes.
        package init(_ name: String) {
            precondition((1...30).contains(name.utf8.count))
            count = name.utf8.count + 2
            packed[0] = 3 << 3 | 2
            packed[1] = UInt8(name.utf8.count)
            for (index, byte) in name.utf8.enumerated() { packed[index + 2] = byte }
        }
    }

    package var count: Int { unsafe storage?.count ?? 0 }
    package var isEmpty: Bool { count == 0 }
    package var first: Redaction? { first { _ in true } }

    package mutating func append(_ redaction: Redaction) {
        var kind: [UInt8] = []
        if !redaction.kind.isEmpty {
            kind.append(3 << 3 | 2)
            kind.append(varint: UInt64(redaction.kind.utf8.count))
            kind += redaction.kind.utf8
        }
        unsafe kind.withUnsafeBytes { unsafe append(redaction.offset, redaction.length, $0) }
    }

    package mutating func append(offset: UInt64, length: UInt64, _ kind: Kind) {
        unsafe withUnsafeBytes(of: kind.packed) { bytes in
            unsafe append(offset, length, UnsafeRawBufferPointer(rebasing: bytes[..<kind.count]))
        }
    }

    @inline(__always)
    private mutating func append(_ offset: UInt64, _ length: UInt64, _ kind: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&storage) { storage = Storage(copying: storage) }
        unsafe storage?.append(offset, length, kind)
    }

    /// Lends `body` the fields as they stand on the tape.
    @inline(__always)
    func withPacked(_ body: (UnsafeRawBufferPointer) -> Void) {
        guard let storage else { return }
        unsafe body(UnsafeRawBufferPointer(start: storage.base, count: storage.used))
    }

    package static func == (a: Redactions, b: Redactions) -> Bool {
        a.storage === b.storage || a.elementsEqual(b)
    }

    /// Removes all of them, and keeps their memory unless somebody else needs it.
    package mutating func empty() {
        if isKnownUniquelyReferenced(&storage) { storage?.empty() } else { storage = nil }
    }

    /// Fields 5 of `tinct.Message`, one after the other.
    @safe fileprivate final class Storage: @unchecked Sendable {
        // Written only while nothing else refers to it, by whoever holds the one value that does.
        @exclusivity(unchecked) private(set) var base: UnsafeMutablePointer<UInt8>
        @exclusivity(unchecked) private var capacity: Int
        @exclusivity(unchecked) private(set) var used = 0
        @exclusivity(unchecked) private(set) var count = 0

        init(copying other: Storage?) {
            let needed = unsafe Swift.max(240, other?.used ?? 0)
            unsafe capacity = needed
            unsafe base = .allocate(capacity: needed)
            if let other {
                unsafe base.update(from: other.base, count: other.used)
                unsafe (used, count) = (other.used, other.count)
            }
        }

        deinit { unsafe base.deallocate() }

        func empty() { unsafe (used, count) = (0, 0) }

        private func grow(_ needed: Int) {
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: 2 * needed)
            unsafe larger.update(from: base, count: used)
            unsafe base.deallocate()
            unsafe (base, capacity) = (larger, 2 * needed)
        }

        @inline(__always)
        private func put(_ value: UInt64) {
            var rest = value
            while rest >= 0x80 {
                unsafe base[used] = UInt8(truncatingIfNeeded: rest) | 0x80
                unsafe used &+= 1
                rest >>= 7
            }
            unsafe base[used] = UInt8(truncatingIfNeeded: rest)
            unsafe used &+= 1
        }

        private static func width(_ value: UInt64) -> Int { (64 - (value | 1).leadingZeroBitCount + 6) / 7 }

        func append(_ offset: UInt64, _ length: UInt64, _ kind: UnsafeRawBufferPointer) {
            // Keys and lengths in front of the kind are three of one byte and three of ten at most.
            let needed = unsafe used + 40 + kind.count
            if unsafe needed > capacity { grow(needed) }
            put(5 << 3 | 2)
            // As proto3 has it, what is 0 is left out.
            put(
                UInt64(
                    (offset == 0 ? 0 : 1 + Self.width(offset)) + (length == 0 ? 0 : 1 + Self.width(length)) + kind.count
                ))
            if offset != 0 {
                put(1 << 3)
                put(offset)
            }
            if length != 0 {
                put(2 << 3)
                put(length)
            }
            if let start = kind.baseAddress {
                unsafe UnsafeMutableRawPointer(base + used).copyMemory(from: start, byteCount: kind.count)
            }
            unsafe used += kind.count
            unsafe count += 1
        }
    }

    package struct Iterator: IteratorProtocol {
        fileprivate let packed: [UInt8]
        private var at = 0

        fileprivate init(_ packed: [UInt8]) { self.packed = packed }

        private mutating func varint() -> UInt64 {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while at < packed.count {
                let byte = packed[at]
                at += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { break }
                shift += 7
            }
            return value
        }

        package mutating func next() -> Redaction? {
            if at >= packed.count { return nil }
            at += 1
            let size = Int(varint())
            let end = at + size
            var redaction = Redaction(offset: 0, length: 0, kind: "")
            while at < end {
                at += 1
                switch packed[at - 1] {
                case 1 << 3: redaction.offset = varint()
                case 2 << 3: redaction.length = varint()
                default:
                    let length = Int(varint())
                    redaction.kind = String(decoding: packed[at..<at + length], as: UTF8.self)
                    at += length
                }
            }
            return redaction
        }
    }

    package func makeIterator() -> Iterator {
        var packed: [UInt8] = []
        unsafe withPacked { unsafe packed.append(contentsOf: $0) }
        return Iterator(packed)
    }
}
