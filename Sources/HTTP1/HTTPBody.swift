package import Bytes

/// Follows a body through whatever pieces it arrives in, and says which of the bytes are content.
///
/// ```swift
/// var body = HTTPBody(head.framing(responseTo: .get))
/// var at = 0
/// while let content = try body.next(piece, &at) { … piece[content] … }
/// // at: how much of `piece` belongs to this message; body.isComplete: whether it has ended
/// ```
package struct HTTPBody: Sendable, Equatable {
    enum State: UInt8, Sendable {
        case fixed, untilClose
        case sizeStart, size, sizeBlank, chunkExtension, sizeLineFeed, data, dataEnd, dataLineFeed
        case trailerStart, trailer, trailerBlank
        case done
    }

    var state: State
    /// Bytes to come of a fixed body or of the current chunk.
    var remaining: UInt64 = 0
    private var lineLength = 0
    /// Content bytes passed so far, after de-chunking; holes count.
    package private(set) var contentBytes: UInt64 = 0

    /// A line of the chunk framing ended without carriage return, over which readers disagree.
    package private(set) var sawBareLineFeed = false

    package init(_ framing: HTTPFraming) {
        switch framing {
        case .none, .tunnel: state = .done
        case .length(let length):
            state = length == 0 ? .done : .fixed
            remaining = length
        case .chunked: state = .sizeStart
        case .untilClose: state = .untilClose
        }
    }

    package var isComplete: Bool { state == .done }
    /// Content bytes that are still to come, where that is known.
    package var missingBytes: UInt64? { state == .fixed ? remaining : nil }
    package var endsWithConnection: Bool { state == .untilClose }

    /// Takes bytes of `piece` from `at` on: skips framing, advances `at`, and returns the next run of content; nil when
    /// `piece` is used up or the message has ended.
    ///
    /// - Throws: `invalid` for a chunk size that is none, or does not fit 60 bits; `limit` for endless size lines.
    package mutating func next(_ piece: RawSpan, _ at: inout Int) throws(ParsingError) -> Range<Int>? {
        let count = piece.byteCount
        while at < count {
            switch state {
            case .done: return nil
            case .untilClose:
                contentBytes += UInt64(count - at)
                defer { at = count }
                return at..<count
            case .fixed, .data:
                let taken = Int(min(remaining, UInt64(count - at)))
                remaining -= UInt64(taken)
                contentBytes += UInt64(taken)
                if remaining == 0 { state = state == .fixed ? .done : .dataEnd }
                defer { at += taken }
                return at..<at + taken
            default:
                try step(piece[byte: at], at)
                at += 1
            }
        }
        return nil
    }

    /// One byte of chunk framing (RFC 9112 section 7.1).
    private mutating func step(_ byte: UInt8, _ at: Int) throws(ParsingError) {
        switch state {
        case .sizeStart, .size:
            if let digit = HTTPBody.hexDigit(byte) {
                if remaining >> 56 != 0 { throw ParsingError(.invalid, at: at, "chunk size") }
                remaining = remaining << 4 | UInt64(digit)
                if state == .sizeStart { lineLength = 0 }
                state = .size
                try countLine(at)
            } else if state == .sizeStart {
                throw ParsingError(.invalid, at: at, "chunk size")
            } else {
                try endSize(byte, at)
            }
        case .sizeBlank: try endSize(byte, at)
        case .chunkExtension:
            try countLine(at)
            if byte == 13 {
                state = .sizeLineFeed
            } else if byte == 10 {
                sawBareLineFeed = true
                beginChunk()
            }
        case .sizeLineFeed:
            if byte != 10 { throw ParsingError(.invalid, at: at, "chunk line end") }
            beginChunk()
        case .dataEnd:
            if byte == 13 {
                state = .dataLineFeed
            } else if byte == 10 {
                sawBareLineFeed = true
                state = .sizeStart
            } else {
                throw ParsingError(.invalid, at: at, "chunk end")
            }
        case .dataLineFeed:
            if byte != 10 { throw ParsingError(.invalid, at: at, "chunk end") }
            state = .sizeStart
        case .trailerStart:
            if byte == 10 {
                state = .done
            } else if byte == 13 {
                state = .trailerBlank
            } else {
                lineLength = 0
                state = .trailer
            }
        case .trailer:
            try countLine(at)
            if byte == 10 { state = .trailerStart }
        case .trailerBlank:
            if byte != 10 { throw ParsingError(.invalid, at: at, "trailer end") }
            state = .done
        case .fixed, .untilClose, .data, .done: break
        }
    }

    private mutating func countLine(_ at: Int) throws(ParsingError) {
        lineLength += 1
        if lineLength > HTTPLimits.chunkLineBytes { throw ParsingError(.limit, at: at, "chunk line") }
    }

    private mutating func endSize(_ byte: UInt8, _ at: Int) throws(ParsingError) {
        switch byte {
        case 13: state = .sizeLineFeed
        case 10:
            sawBareLineFeed = true
            beginChunk()
        case 32, 9:
            try countLine(at)
            state = .sizeBlank
        case 0x3B: state = .chunkExtension
        default: throw ParsingError(.invalid, at: at, "chunk size")
        }
    }

    private mutating func beginChunk() { state = remaining == 0 ? .trailerStart : .data }

    /// Passes over `count` bytes that were never seen, when they lie wholly inside content.
    ///
    /// - Returns: how many of them belong to this body; less than `count` when it ends inside the hole, and 0 when the
    ///   hole covers framing, so that the end cannot be known.
    package mutating func skipHole(_ count: UInt64) -> UInt64 {
        switch state {
        case .untilClose:
            contentBytes += count
            return count
        case .fixed:
            let taken = min(count, remaining)
            remaining -= taken
            contentBytes += taken
            if remaining == 0 { state = .done }
            return taken
        case .data where remaining >= count:
            remaining -= count
            contentBytes += count
            if remaining == 0 { state = .dataEnd }
            return count
        default: return 0
        }
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
