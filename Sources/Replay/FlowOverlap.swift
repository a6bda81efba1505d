import Tape

/// How many requests of a flow were in flight when another one was sent, as recorded: how far it may run ahead of its
/// predecessors' replies when it is sent again.
///
/// A request without a reply on the tape counts as answered at once, so that nothing runs ahead of what is not known.
struct FlowOverlap {
    /// Ends of the replies that may still be outstanding, by flow.
    private var ends: [UInt64: [UInt64]] = [:]

    /// Flows that are remembered at a time, and replies of each.
    static let flowLimit = 1 << 16
    static let replyLimit = 4096

    /// Takes the next exchange of the tape.
    mutating func next(_ exchange: borrowing Exchange) -> UInt16 {
        guard let start = exchange.request?.startNanos else { return 0 }
        let end = exchange.response?.endNanos ?? 0
        if ends[exchange.flow] == nil && ends.count >= FlowOverlap.flowLimit { forget(before: start) }
        return ends[exchange.flow, default: []].pass(start, end)
    }

    private mutating func forget(before start: UInt64) {
        ends = ends.filter { $0.value.contains { $0 > start } }
        if ends.count >= FlowOverlap.flowLimit { ends = [:] }
    }
}

extension [UInt64] {
    /// Drops the replies that had come at `start`, adds one that comes at `end`, and says how many were outstanding.
    fileprivate mutating func pass(_ start: UInt64, _ end: UInt64) -> UInt16 {
        if !isEmpty { removeAll { $0 <= start } }
        let outstanding = UInt16(clamping: count)
        if end > start && count < FlowOverlap.replyLimit { append(end) }
        return outstanding
    }
}
