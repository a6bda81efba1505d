/// Which connection each recorded flow has, where every flow opens one of its own: what a loop knows of them.
///
/// A flow of another round of the tape is another flow. Places for connections are limited; flows that find none wait, and
/// get theirs in the order in which they came.
struct RecordedConnections {
    /// A flow that waits for a place, with its requests: nodes of the loop's pool.
    struct Waiting {
        var target: Int
        var head: Int32 = -1
        var tail: Int32 = -1
        /// Its last request is among them.
        var hasEnded = false
    }

    private(set) var places: [UInt64: Int] = [:]
    /// By connection; ``nobody`` where the place is free.
    private(set) var keys: [UInt64]
    /// Free places, by target.
    private var free: [[Int]]
    private(set) var waiting: [UInt64: Waiting] = [:]
    /// Flows that wait, by target, from ``first`` on; those that wait no longer are passed over.
    private var queues: [[UInt64]]
    private var first: [Int]
    /// Connections that were in use at the same time; flows that had to wait for one, since ``takeWaited()``.
    private(set) var peak = 0
    private(set) var waited: UInt64 = 0

    static let nobody = UInt64.max

    static func key(_ flow: UInt32, round: UInt32) -> UInt64 { UInt64(round) << 32 | UInt64(flow) }

    /// - Parameter poolStart: the first connection of each target, and the end behind the last.
    init(poolStart: [Int]) {
        let targets = max(0, poolStart.count - 1)
        keys = .init(repeating: Self.nobody, count: poolStart.last ?? 0)
        free = (0..<targets).map { Array((poolStart[$0]..<poolStart[$0 + 1]).reversed()) }
        queues = .init(repeating: [], count: targets)
        first = .init(repeating: 0, count: targets)
    }

    /// Flows that had to wait since the last call.
    mutating func takeWaited() -> UInt64 {
        defer { waited = 0 }
        return waited
    }

    var hasWaiting: Bool { !waiting.isEmpty }

    /// A place for a new flow; nil when there is none, or when others have waited longer.
    mutating func take(_ key: UInt64, target: Int) -> Int? {
        guard first[target] == queues[target].count, let connection = free[target].popLast() else { return nil }
        assign(connection, key)
        return connection
    }

    private mutating func assign(_ connection: Int, _ key: UInt64) {
        keys[connection] = key
        places[key] = connection
        peak = max(peak, places.count)
    }

    /// Lets a request wait; a node below 0 stands for none.
    mutating func wait(
        _ key: UInt64, target: Int, node: Int32, ends: Bool, _ nodes: UnsafeMutablePointer<Replay.Waiting>
    ) {
        var flow = waiting[key] ?? Waiting(target: target)
        if waiting[key] == nil {
            queues[target].append(key)
            waited += 1
        }
        flow.hasEnded = flow.hasEnded || ends
        if node >= 0 {
            unsafe nodes[Int(node)].next = -1
            if flow.tail >= 0 { unsafe nodes[Int(flow.tail)].next = node } else { flow.head = node }
            flow.tail = node
        }
        waiting[key] = flow
    }

    /// No further request of a waiting flow will come.
    mutating func end(_ key: UInt64) { waiting[key]?.hasEnded = true }

    /// Gives a place up. It goes to the flow of its target that has waited longest, which is returned.
    mutating func release(_ connection: Int, target: Int, toNext: Bool) -> Waiting? {
        places[keys[connection]] = nil
        keys[connection] = Self.nobody
        while toNext, first[target] < queues[target].count {
            let key = queues[target][first[target]]
            first[target] += 1
            if first[target] == queues[target].count {
                queues[target] = []
                first[target] = 0
            }
            guard let flow = waiting.removeValue(forKey: key) else { continue }
            if flow.head < 0 { continue }
            assign(connection, key)
            return flow
        }
        free[target].append(connection)
        return nil
    }

    /// Takes the requests out of those that wait, flow by flow, whose time is over.
    mutating func takeExpired(_ nodes: UnsafeMutablePointer<Replay.Waiting>, isOver: (Int32) -> Bool) -> [Int32] {
        var over: [Int32] = []
        for key in waiting.keys {
            guard var flow = waiting[key] else { continue }
            while flow.head >= 0, isOver(flow.head) {
                over.append(flow.head)
                flow.head = unsafe nodes[Int(flow.head)].next
            }
            if flow.head < 0 { flow.tail = -1 }
            waiting[key] = flow.head < 0 && flow.hasEnded ? nil : flow
        }
        return over
    }

    /// Takes every chain of requests that waits.
    mutating func takeAll() -> [Int32] {
        defer {
            waiting = [:]
            for target in queues.indices { (queues[target], first[target]) = ([], 0) }
        }
        return waiting.values.map(\.head).filter { $0 >= 0 }
    }
}
