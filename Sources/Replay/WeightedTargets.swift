/// The targets of one protocol, which share its requests by weight.
struct WeightedTargets: Sendable {
    /// Index in the run's list of targets, and the sum of the weights up to and including it.
    private var entries: [(target: Int, end: UInt64)] = []

    init(_ targets: [Target], _ scheme: Target.Scheme) {
        var sum: UInt64 = 0
        for (index, target) in targets.enumerated() where target.scheme == scheme {
            sum += UInt64(max(1, target.weight))
            entries.append((index, sum))
        }
    }

    var isSingle: Bool { entries.count <= 1 }
    var first: Int? { entries.first?.target }

    /// The target at a point of the circle on which each takes up as much as its weight.
    func target(at point: UInt64) -> Int? {
        guard let sum = entries.last?.end else { return nil }
        let place = point % sum
        return entries.first { place < $0.end }?.target
    }
}
