import Bytes

/// The header lines that came last, by their place in the head, with what they meant to a reader: most are the same in
/// every message of a kind, and are then compared instead of read.
///
/// Only lines that mean the same in every head are to be kept.
package struct HeaderLines: Sendable {
    /// Lines that were known, one after the other.
    package struct Run {
        package fileprivate(set) var count = 0
        /// Where the next line begins.
        package fileprivate(set) var end: Int
        /// Whatever the reader noted of any of them.
        package fileprivate(set) var effects: UInt16 = 0
        /// Where the last value stands of those that the reader noted; empty when there is none.
        package fileprivate(set) var value = 0..<0
    }

    /// Lines of a request, and as many of a response.
    private static let places = 32
    /// A place has the line's length, its value's beginning and end, its effect, and the line.
    private static let stride = 128
    private static let longest = stride - 8
    private var bytes: [UInt8] = []
    private let isKeeping: Bool

    /// - Parameter isKeeping: false for a reader of one head.
    package init(isKeeping: Bool = true) { self.isKeeping = isKeeping }

    package static func firstPlace(_ kind: HTTPKind) -> Int { kind == .request ? 0 : places }

    /// The lines from `start` on that are those which stood last at their places, of which `place` is the first.
    package func known(from place: Int, _ head: RawSpan, _ start: Int, _ headEnd: Int) -> Run {
        var run = Run(end: start)
        let end = min(headEnd, head.byteCount)
        guard !bytes.isEmpty, place < 2 * Self.places, start >= 0 else { return run }
        let kept = bytes.rawSpan
        for place in place..<2 * Self.places {
            let entry = place &* Self.stride
            let header = kept.word(at: entry, before: entry &+ 8)
            let count = Int(truncatingIfNeeded: header & 0xFF)
            // A byte behind the line tells whether it goes on there; it lies within the head, as all before it do.
            guard count > 0, count < end &- run.end, head.isSame(run.end, count, as: kept, entry &+ 8) else { break }
            let next = head[byte: run.end &+ count]
            if next == 0x20 || next == 9 { break }
            let value = Int(truncatingIfNeeded: header >> 8 & 0xFF)
            let valueEnd = Int(truncatingIfNeeded: header >> 16 & 0xFF)
            if value < valueEnd { run.value = run.end + value..<run.end + valueEnd }
            run.effects |= UInt16(truncatingIfNeeded: header >> 24)
            run.count &+= 1
            run.end = run.end &+ count
        }
        return run
    }

    /// Keeps a line, or several that were read as one.
    package mutating func note(
        _ place: Int, _ head: RawSpan, _ range: Range<Int>, effect: UInt16 = 0, value: Range<Int>? = nil
    ) {
        // The last line of a head that was cut has no end.
        guard isKeeping, place < 2 * Self.places, range.count <= Self.longest, range.upperBound <= head.byteCount
        else { return }
        if bytes.isEmpty { bytes = Array(repeating: 0, count: 2 * Self.places * Self.stride) }
        let first = place * Self.stride
        bytes[first] = UInt8(range.count)
        bytes[first + 1] = UInt8((value?.lowerBound ?? range.lowerBound) - range.lowerBound)
        bytes[first + 2] = UInt8((value?.upperBound ?? range.lowerBound) - range.lowerBound)
        bytes[first + 3] = UInt8(truncatingIfNeeded: effect)
        bytes[first + 4] = UInt8(truncatingIfNeeded: effect >> 8)
        unsafe bytes.withUnsafeMutableBytes { target in
            unsafe head.extracting(range).withUnsafeBytes { source in
                // A line is no longer than its place, of which there are as many as checked above.
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[first + 8..<first + 8 + source.count])
                    .copyMemory(from: source)
            }
        }
    }
}
