import Bytes
import HTTP1

/// The header lines that came last, by their place in the head, of those in which nothing is masked: most are the same in
/// every message of a kind, and are then compared instead of read.
struct HeaderLines {
    /// Lines that were known, one after the other.
    struct Run {
        fileprivate(set) var count = 0
        /// Where the next line begins.
        fileprivate(set) var end: Int
        /// Where the media type of the body stands, if one of them says it; empty otherwise.
        fileprivate(set) var mediaType = 0..<0
    }

    /// Lines of a request, and as many of a response.
    private static let places = 32
    /// A place has the line's length, where in it a media type begins and ends, and the line.
    private static let stride = 128
    private static let longest = stride - 8
    private var bytes: [UInt8] = []

    static func firstPlace(_ kind: HTTPKind) -> Int { kind == .request ? 0 : places }

    /// The lines from `start` on that are those which stood last at their places, of which `place` is the first.
    func known(from place: Int, _ head: RawSpan, _ start: Int, _ headEnd: Int) -> Run {
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
            let start = Int(truncatingIfNeeded: header >> 8 & 0xFF)
            let stop = Int(truncatingIfNeeded: header >> 16 & 0xFF)
            if start < stop { run.mediaType = run.end + start..<run.end + stop }
            run.count &+= 1
            run.end = run.end &+ count
        }
        return run
    }

    /// Keeps a line, or several that were read as one.
    mutating func note(
        _ place: Int, _ head: RawSpan, _ range: Range<Int>, mediaType: Range<Int>? = nil
    ) {
        // The last line of a head that was cut has no end.
        guard place < 2 * Self.places, range.count <= Self.longest, range.upperBound <= head.byteCount
        else { return }
        if bytes.isEmpty { bytes = Array(repeating: 0, count: 2 * Self.places * Self.stride) }
        let first = place * Self.stride
        bytes[first] = UInt8(range.count)
        bytes[first + 1] = UInt8((mediaType?.lowerBound ?? range.lowerBound) - range.lowerBound)
        bytes[first + 2] = UInt8((mediaType?.upperBound ?? range.lowerBound) - range.lowerBound)
        unsafe bytes.withUnsafeMutableBytes { target in
            unsafe head.extracting(range).withUnsafeBytes { source in
                // A line is no longer than its place, of which there are as many as checked above.
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[first + 8..<first + 8 + source.count])
                    .copyMemory(from: source)
            }
        }
    }
}
