/// Answers that wait, in order.
struct HeldAnswers: Sendable {
    /// What happens to the connection behind an answer.
    enum Ending: Sendable { case none, close, reset, halfClose }

    /// Bytes up to `end` may go at `dueNanos`.
    private struct Mark: Sendable {
        var dueNanos: UInt64
        var end: Int
        var ending: Ending
    }

    /// How often a piece of a slowed answer goes out.
    private static let pieceNanos: UInt64 = 10_000_000

    /// What is composed is appended here, and then marked.
    var bytes: [UInt8] = []
    private var marks: [Mark] = []
    private var first = 0
    private var start = 0

    var isEmpty: Bool { first == marks.count }
    var count: Int { bytes.count }
    /// Bytes that have not gone out.
    var waitingCount: Int { bytes.count - start }

    var nextDueNanos: UInt64? {
        guard first < marks.count, marks[first].dueNanos != .max else { return nil }
        return marks[first].dueNanos
    }

    mutating func append(_ more: ArraySlice<UInt8>) { bytes += more }
    mutating func truncate(to count: Int) { bytes.removeSubrange(count...) }

    /// Adds to the answer that was marked last.
    mutating func appendToLast(_ more: [UInt8]) {
        bytes += more
        marks[marks.count - 1].end = bytes.count
    }

    /// Marks what was appended since the last mark: in pieces when it is to be slowed. What ends nothing and holds nothing,
    /// such as the answer to a oneway, leaves no mark.
    mutating func mark(_ dueNanos: UInt64, _ bytesPerSecond: UInt64, _ ending: Ending, evenIfEmpty: Bool = false) {
        var at = marks.last.map(\.end) ?? 0
        var due = dueNanos
        if at == bytes.count && ending == .none && !evenIfEmpty { return }
        if bytesPerSecond > 0 && due != .max {
            // A connection has one line: a slowed answer begins behind the one before it.
            if let last = marks.last, last.dueNanos != .max { due = max(due, last.dueNanos) }
            let interval = max(Self.pieceNanos, 1_000_000_000 / bytesPerSecond)
            let piece = Int(clamping: max(1, bytesPerSecond / (1_000_000_000 / min(interval, 1_000_000_000))))
            while bytes.count - at > piece {
                due = due &+ interval
                at += piece
                marks.append(Mark(dueNanos: due, end: at, ending: .none))
            }
            due = due &+ interval
        }
        marks.append(Mark(dueNanos: due, end: bytes.count, ending: ending))
    }

    /// Moves what is due to `output`, up to the first answer that ends the connection.
    mutating func release(nowNanos: UInt64, into output: inout [UInt8]) -> Ending {
        let before = start
        var ending = Ending.none
        while first < marks.count, marks[first].dueNanos <= nowNanos, marks[first].dueNanos != .max, ending == .none {
            start = marks[first].end
            ending = marks[first].ending
            first += 1
        }
        if start > before { output.append(contentsOf: bytes[before..<start]) }
        if first == marks.count && first > 0 {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
            marks.removeAll(keepingCapacity: true)
            (first, start) = (0, 0)
        } else if start > 1 << 20 {
            bytes.removeFirst(start)
            marks.removeFirst(first)
            for i in marks.indices { marks[i].end -= start }
            (first, start) = (0, 0)
        }
        return ending
    }
}
