/// How much of the time of a run's exchanges was spent in the dependencies of its target.
///
/// A call of a dependency belongs to an exchange when both carry the same trace id and the call began while the exchange
/// lasted. Calls to one dependency that overlap count once; a call without an answer lasts to the exchange's end. What lies in
/// no call at all is the target's own time, and that of the network.
package struct DependencyTimes {
    /// One call of a dependency, ns since 1970.
    package struct Call: Sendable {
        package var trace: UInt64
        package var dependency: UInt16
        package var startNanos: UInt64
        /// Nil without an answer.
        package var endNanos: UInt64?

        package init(trace: String, dependency: Int, startNanos: UInt64, endNanos: UInt64?) {
            self.trace = DependencyTimes.hash(trace)
            self.dependency = UInt16(clamping: dependency)
            self.startNanos = startNanos
            self.endNanos = endNanos
        }
    }

    /// What exchanges are told apart by: in time, slower than the bound, or given up.
    package enum Group: String, Sendable, CaseIterable { case fast, slow, timedOut }

    /// Of the exchanges of one operation and group: sums of ns.
    package struct Row: Sendable, Equatable {
        package var operation: String
        package var group: Group
        package var exchanges: UInt64 = 0
        /// Exchanges of which no call was found.
        package var withoutCalls: UInt64 = 0
        package var totalNanos: UInt64 = 0
        package var outsideNanos: UInt64 = 0
        package var dependencies: [Part]

        init(operation: String, group: Group, count: Int) {
            self.operation = operation
            self.group = group
            dependencies = .init(repeating: Part(), count: count)
        }
    }

    package struct Part: Sendable, Equatable {
        package var calls: UInt64 = 0
        package var unanswered: UInt64 = 0
        package var nanos: UInt64 = 0
        /// Exchanges that spent more time here than anywhere else.
        package var dominated: UInt64 = 0
    }

    /// One exchange that took long.
    package struct Example: Sendable, Equatable {
        package var position: UInt64
        package var round: UInt64
        package var operation: String
        package var outcome: String
        package var totalNanos: UInt64
        package var outsideNanos: UInt64
        package var dependencies: [Part]
    }

    package let names: [String]
    /// What takes longer is slow.
    package let slowNanos: UInt64
    package private(set) var exchanges: UInt64 = 0
    /// Exchanges without a trace id.
    package private(set) var withoutTrace: UInt64 = 0
    /// Calls on the dependencies' tapes, by dependency: all, those without a trace id, and those that belong to an exchange.
    package private(set) var calls: [UInt64]
    package private(set) var callsWithoutTrace: [UInt64]
    package private(set) var joined: [UInt64]
    /// The slowest, slowest first.
    package private(set) var examples: [Example] = []

    private let sorted: [Call]
    private var isJoined: [Bool]
    private var rowIndex: [String: Int] = [:]
    private var rowList: [Row] = []
    private let exampleLimit: Int

    /// - Parameters:
    ///   - calls: of all dependencies, whose index in `names` they bear.
    ///   - withoutTrace: by dependency, calls that carried no trace id.
    package init(
        names: [String], calls: [Call], withoutTrace: [UInt64], slowNanos: UInt64, exampleLimit: Int = 10
    ) {
        self.names = names
        self.slowNanos = slowNanos
        self.exampleLimit = exampleLimit
        callsWithoutTrace = withoutTrace
        self.calls = withoutTrace
        for call in calls { self.calls[Int(call.dependency)] += 1 }
        joined = .init(repeating: 0, count: names.count)
        sorted = calls.sorted { ($0.trace, $0.startNanos) < ($1.trace, $1.startNanos) }
        isJoined = .init(repeating: false, count: calls.count)
    }

    /// Operations in order of appearance, their groups in order.
    package var rows: [Row] {
        var order: [String: Int] = [:]
        for (index, row) in rowList.enumerated() where order[row.operation] == nil { order[row.operation] = index }
        func place(_ group: Group) -> Int { Group.allCases.firstIndex(of: group) ?? 0 }
        return rowList.sorted {
            (order[$0.operation] ?? 0, place($0.group)) < (order[$1.operation] ?? 0, place($1.group))
        }
    }

    /// FNV-1a: ids need only be told apart.
    package static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// - Parameters:
    ///   - trace: nil when it carries none.
    ///   - endNanos: when its outcome was decided.
    package mutating func add(
        trace: String?, operation: String, outcome: String, position: UInt64, round: UInt64, startNanos: UInt64,
        endNanos: UInt64
    ) {
        exchanges += 1
        let total = endNanos > startNanos ? endNanos - startNanos : 0
        let isGivenUp = ["noReply", "connectTimeout", "lateReply"].contains(outcome)
        let group: Group = isGivenUp ? .timedOut : total > slowNanos ? .slow : .fast
        var parts = [Part](repeating: Part(), count: names.count)
        var spans: [[(from: UInt64, to: UInt64)]] = .init(repeating: [], count: names.count)
        if let trace {
            for index in find(Self.hash(trace), from: startNanos, to: endNanos) {
                let call = sorted[index]
                let dependency = Int(call.dependency)
                // Several exchanges may share a trace id; a call is counted once.
                if !isJoined[index] { joined[dependency] += 1 }
                isJoined[index] = true
                parts[dependency].calls += 1
                if call.endNanos == nil { parts[dependency].unanswered += 1 }
                spans[dependency].append(
                    (call.startNanos, min(endNanos, max(call.startNanos, call.endNanos ?? endNanos))))
            }
        } else {
            withoutTrace += 1
        }
        for dependency in names.indices { parts[dependency].nanos = Self.union(spans[dependency]) }
        let outside = total - min(total, Self.union(spans.flatMap { $0 }))
        note(operation, group, total, outside, parts)
        keep(
            Example(
                position: position, round: round, operation: operation, outcome: outcome, totalNanos: total,
                outsideNanos: outside, dependencies: parts))
    }

    /// Where the calls of a trace stand that began within a time.
    private func find(_ trace: UInt64, from: UInt64, to: UInt64) -> Range<Int> {
        func first(_ isBehind: (Call) -> Bool) -> Int {
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if isBehind(sorted[middle]) { high = middle } else { low = middle + 1 }
            }
            return low
        }
        let start = first { ($0.trace, $0.startNanos) >= (trace, from) }
        return start..<max(start, first { ($0.trace, $0.startNanos) > (trace, to) })
    }

    /// The time that any of the spans covers.
    static func union(_ spans: [(from: UInt64, to: UInt64)]) -> UInt64 {
        var sum: UInt64 = 0
        var reached: UInt64 = 0
        for span in spans.sorted(by: { $0.from < $1.from }) where span.to > reached {
            sum += span.to - max(span.from, reached)
            reached = span.to
        }
        return sum
    }

    private mutating func note(
        _ operation: String, _ group: Group, _ total: UInt64, _ outside: UInt64, _ parts: [Part]
    ) {
        let key = "\(operation)\u{0}\(group.rawValue)"
        let index = rowIndex[key] ?? rowList.count
        if index == rowList.count {
            rowIndex[key] = index
            rowList.append(Row(operation: operation, group: group, count: names.count))
        }
        rowList[index].exchanges += 1
        if parts.allSatisfy({ $0.calls == 0 }) { rowList[index].withoutCalls += 1 }
        rowList[index].totalNanos += total
        rowList[index].outsideNanos += outside
        let largest = parts.map(\.nanos).max() ?? 0
        for (dependency, part) in parts.enumerated() {
            rowList[index].dependencies[dependency].calls += part.calls
            rowList[index].dependencies[dependency].unanswered += part.unanswered
            rowList[index].dependencies[dependency].nanos += part.nanos
            if part.nanos == largest && largest > outside { rowList[index].dependencies[dependency].dominated += 1 }
        }
    }

    private mutating func keep(_ example: Example) {
        if examples.count == exampleLimit, let last = examples.last, last.totalNanos >= example.totalNanos { return }
        let place = examples.firstIndex { $0.totalNanos < example.totalNanos } ?? examples.count
        examples.insert(example, at: place)
        if examples.count > exampleLimit { examples.removeLast() }
    }
}
