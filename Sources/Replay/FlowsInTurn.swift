import Tape

/// Exchanges of another source with those of one flow behind each other, for users who go through one flow after the other.
///
/// It looks ahead a bounded window; a flow that is longer, or has longer pauses, comes in several visits.
final class FlowsInTurn: ExchangeSource, @unchecked Sendable {
    // Used by the feeder's thread alone.
    private let source: any ExchangeSource
    private var window: [Exchange] = []
    private var position = 0

    static let windowCount = 16_384
    static let windowBytes = 64 << 20

    init(_ source: any ExchangeSource) { self.source = source }

    func next(into exchange: inout Exchange) throws(ReplayError) -> Bool {
        if position == window.count { try fill() }
        if position == window.count { return false }
        exchange = window[position]
        position += 1
        return true
    }

    func rewind() throws(ReplayError) {
        window = []
        position = 0
        try source.rewind()
    }

    private func fill() throws(ReplayError) {
        var flows: [[Exchange]] = []
        var index: [UInt64: Int] = [:]
        var bytes = 0
        var count = 0
        var exchange = Exchange()
        while count < FlowsInTurn.windowCount, bytes < FlowsInTurn.windowBytes, try source.next(into: &exchange) {
            count += 1
            bytes += (exchange.request?.wire.count ?? 0) + (exchange.response?.wire.count ?? 0)
            if let known = index[exchange.flow] {
                flows[known].append(exchange)
            } else {
                index[exchange.flow] = flows.count
                flows.append([exchange])
            }
        }
        window = flows.flatMap { $0 }
        position = 0
    }
}

/// Users who think: those whose next request may go later, in the order of that time.
struct ThinkingUsers {
    private var entries: [(lane: UInt32, wakeAt: UInt64)] = []
    private var first = 0

    var nextWake: UInt64? { first < entries.count ? entries[first].wakeAt : nil }

    mutating func add(_ lane: UInt32, wakeAt: UInt64) { entries.append((lane, wakeAt)) }

    /// The lane of one who is ready by now; nil when nobody is.
    mutating func take(_ now: UInt64) -> UInt32? {
        guard first < entries.count, entries[first].wakeAt <= now else { return nil }
        defer {
            first += 1
            if first * 2 > entries.count + 64 {
                entries.removeFirst(first)
                first = 0
            }
        }
        return entries[first].lane
    }
}
