import CRandom
import Glibc

/// Memory that lives as long as its owner, with bounds checked at each access.
///
/// The inner loop of synthesis reads and writes these instead of arrays: a table is two plain words, so that using one
/// costs neither reference counting nor checks for unique ownership. All unsafe code of the module stands in this file.
/// Safe, because memory is freed only by the ``TableOwner``, which whoever holds tables holds too, and every access is
/// checked against `count`.
@safe struct Table<Element: BitwiseCopyable>: BitwiseCopyable, @unchecked Sendable {
    fileprivate let base: UnsafeMutablePointer<Element>
    let count: Int

    fileprivate init(_ base: UnsafeMutablePointer<Element>, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    @inline(__always)
    subscript(_ index: Int) -> Element {
        get {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            return unsafe base[index]
        }
        nonmutating set {
            precondition(UInt(bitPattern: index) < UInt(bitPattern: count))
            unsafe base[index] = newValue
        }
    }

    /// Sets every element.
    func fill(_ value: Element) { unsafe base.update(repeating: value, count: count) }

    /// The very same memory.
    func isSame(as other: Table<Element>) -> Bool { unsafe base == other.base }

    /// Copies the first `length` elements of `other`.
    func copy(_ other: Table<Element>, _ length: Int) {
        precondition(length >= 0 && length <= count && length <= other.count)
        unsafe memcpy(base, other.base, length * MemoryLayout<Element>.stride)
    }

    fileprivate func free() { unsafe base.deallocate() }
}

extension Table where Element == UInt8 {
    /// Copies `length` bytes of `other` from `start` to `index`; the two may be the same table, but may not overlap.
    @inline(__always)
    func copy(_ other: Table<UInt8>, from start: Int, _ length: Int, to index: Int) {
        precondition(
            length >= 0 && start >= 0 && index >= 0 && start <= other.count - length && index <= count - length)
        unsafe memcpy(base + index, other.base + start, length)
    }

    /// Stores the bytes of an integer as they are in memory.
    @inline(__always)
    func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at index: Int) {
        precondition(index >= 0 && index <= count - MemoryLayout<T>.size)
        unsafe UnsafeMutableRawPointer(base + index).storeBytes(of: value, as: T.self)
    }

    func copy(_ values: UnsafeBufferPointer<UInt8>, to index: Int) {
        let size = values.count
        precondition(index >= 0 && index <= count - size)
        if let start = values.baseAddress { unsafe memcpy(base + index, start, size) }
    }

    /// An integer from the bytes as they are in memory.
    @inline(__always)
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at index: Int) -> T {
        precondition(index >= 0 && index <= count - MemoryLayout<T>.size)
        return unsafe UnsafeRawPointer(base + index).loadUnaligned(as: T.self)
    }

    func withSpan<E: Error>(_ length: Int, _ body: (RawSpan) throws(E) -> Void) throws(E) {
        precondition(length >= 0 && length <= count)
        try body(unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: length))
    }

    func array(_ range: Range<Int>) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe [UInt8](UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }
}

extension Table where Element == UInt64 {
    /// Makes all draws for every lane: draw i of lane j at i·lanes + j. There must be `lanes` elements for each draw, and
    /// for each register; every scope is a register.
    func fill(_ draws: Draws, _ registers: Table<UInt64>, lanes: Int) {
        precondition(count == draws.count * lanes)
        precondition(registers.count > draws.lastScope * lanes + lanes - 1)
        if lanes == 1 {
            unsafe tinct_draw_one(
                draws.keys.base, draws.uppers.base, draws.scopes.base, draws.count, registers.base, base)
        } else {
            unsafe tinct_draw_lanes(
                draws.keys.base, draws.uppers.base, draws.scopes.base, draws.count, registers.base, lanes, base)
        }
    }

    /// Where a permutation puts the indices of a column of `registers`, which has as many elements as this table.
    func fill(_ permutation: Permutation, _ registers: Table<UInt64>, column: Int) {
        precondition(count % 4 == 0 && column >= 0 && (column + 1) * count <= registers.count)
        unsafe tinct_permute(
            permutation.count, permutation.a, permutation.b, permutation.key, registers.base + column * count, count,
            base)
    }

    /// Of the `count` elements from `start` on, which rise, the last that is at most `value`, counted from `start`; the
    /// first when none is. Without a branch that depends on the elements, because none could be foretold.
    @inline(__always)
    func lastNotAbove(_ value: UInt64, from start: Int, count: Int) -> Int {
        var low = 0
        var length = count
        while length > 1 {
            let half = length >> 1
            low &+= self[start &+ low &+ half] <= value ? half : 0
            length &-= half
        }
        return low
    }
}

/// Allocates tables and frees them with itself.
final class TableOwner: @unchecked Sendable {
    private var releases: [() -> Void] = []

    func make<Element: BitwiseCopyable>(_ values: [Element]) -> Table<Element> {
        let table = make(count: values.count, values.first)
        for (i, value) in values.enumerated() { table[i] = value }
        return table
    }

    /// `value` fills it; nil leaves an empty table.
    func make<Element: BitwiseCopyable>(count: Int, _ value: Element?) -> Table<Element> {
        let base = UnsafeMutablePointer<Element>.allocate(capacity: max(1, count))
        if let value { unsafe base.initialize(repeating: value, count: count) }
        let table = unsafe Table(base, count: value == nil ? 0 : count)
        releases.append { table.free() }
        return table
    }

    /// With whatever was in the memory: only pages that are written to count.
    func makeUnfilled<Element: BitwiseCopyable>(count: Int, of type: Element.Type) -> Table<Element> {
        let base = UnsafeMutablePointer<Element>.allocate(capacity: max(1, count))
        let table = unsafe Table(base, count: count)
        releases.append { table.free() }
        return table
    }

    deinit { for release in releases { release() } }
}
