/// Numbers in the order in which they came, as many as fit, chosen by a hash of their position: each has the same chance,
/// and the choice is the same on every machine.
struct ValueSample: Sendable {
    private(set) var values: [Double] = []
    /// How many there were to choose from.
    private(set) var offered: UInt64 = 0
    private var priorities: [UInt64] = []
    private var threshold = UInt64.max
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func add(_ value: Double) {
        let priority = StableHash.mix(offered)
        offered += 1
        if priority > threshold { return }
        values.append(value)
        priorities.append(priority)
        while values.count > limit {
            threshold /= 2
            let kept = priorities.indices.filter { priorities[$0] <= threshold }
            values = kept.map { values[$0] }
            priorities = kept.map { priorities[$0] }
            if threshold == 0 { return }
        }
    }
}
