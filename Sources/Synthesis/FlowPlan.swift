import YAML

/// The instances of a flow. Each is a walk that is a function of its number alone; how long the walks are is counted
/// once for a plan, so that any leaf knows how many exchanges came before it.
struct FlowPlan: Sendable {
    let spec: Scenario.FlowSpec
    private(set) var instances: UInt64
    /// Exchanges of all instances.
    private(set) var exchanges: UInt64
    /// The program of each state, an index into the plan's images.
    let programs: [Int]
    /// Evaluates what guards read.
    private let image: Image
    /// Tests of each state's transitions.
    private let guards: [[[Program.Step]]]
    private let walks: Philox
    private let starts: Philox
    private let cohortKey: Philox
    private let cohortCount: Int
    /// The share of the expected volume before which instances start, so that the last one ends in time.
    private let reach: UInt64
    /// Exchanges before each block of instances.
    private var before: [UInt64]
    /// Exchanges that the scenario asks for; what the walks come to differs from it by chance.
    private let asked: UInt64
    private static let blockSize: UInt64 = 1024

    struct Step: Sendable {
        var state: Int
        /// Since the instance's start.
        var offsetNanos: UInt64
    }

    init(
        _ spec: Scenario.FlowSpec, programs: [Int], _ builder: ProgramBuilder, total: UInt64, shape: TimeShape
    ) throws(YAMLError) {
        var builder = builder
        self.spec = spec
        self.programs = programs
        let keys = builder.keys
        walks = keys.philox("flow:\(spec.name)#walk")
        starts = keys.philox("flow:\(spec.name)#start")
        cohortKey = keys.philox("flow:\(spec.name)#cohort")
        cohortCount = builder.scenario.cohortCount
        guard spec.withinNanos < shape.spanNanos else {
            throw YAMLError(
                "the flow may last longer than the scenario", at: spec.mark, remedy: "Lower 'within' or raise 'span'.")
        }
        reach = max(1, shape.share(shape.startNanos + shape.spanNanos - spec.withinNanos))
        var guards: [[[Program.Step]]] = []
        for state in spec.states {
            var row: [[Program.Step]] = []
            for transition in state.next { row.append(try builder.tests(transition.condition)) }
            guards.append(row)
        }
        self.guards = guards
        image = Image(builder.program)

        var plan = Walker(spec, guards, image, walks, cohortKey, cohortCount)
        let wanted: UInt64
        let share: UInt64?
        switch spec.size {
        case .instances(let count): (wanted, share) = (count, nil)
        case .share(let part):
            // The mean length of a walk is that of the first ones.
            var lengths: UInt64 = 0
            for number in 0..<4096 as Range<UInt64> { lengths += UInt64(plan.walk(number).count) }
            let exchanges = Quotas.rounded(total, part)
            (wanted, share) = (UInt64(UInt128(exchanges) * 4096 / UInt128(max(4096, lengths))), exchanges)
        }
        var before: [UInt64] = [0]
        var sum: UInt64 = 0
        for number in 0..<wanted {
            sum += UInt64(plan.walk(number).count)
            if number % Self.blockSize == Self.blockSize - 1 { before.append(sum) }
        }
        instances = wanted
        exchanges = sum
        asked = share ?? sum
        self.before = before
    }

    /// Leaves the last instances out until so many exchanges fewer are made, or none is more than was asked for.
    mutating func shorten(by excess: UInt64) {
        guard exchanges > asked else { return }
        let most = max(asked, exchanges - min(excess, exchanges))
        var walker = walker()
        while exchanges > most {
            instances -= 1
            exchanges -= UInt64(walker.walk(instances).count)
        }
        before.removeSubrange((Int(instances / Self.blockSize) + 1)...)
    }

    /// Makes walks; each thread has its own.
    struct Walker {
        private let spec: Scenario.FlowSpec
        private let guards: [[[Program.Step]]]
        private var machine: Machine
        private let walks: Philox
        private let cohorts: Philox
        private let cohortCount: Int
        private let hasGuards: Bool
        /// Up to which instance exchanges were counted last, and how many there were.
        fileprivate var counted: (number: UInt64, sum: UInt64) = (0, 0)

        init(
            _ spec: Scenario.FlowSpec, _ guards: [[[Program.Step]]], _ image: Image, _ walks: Philox,
            _ cohorts: Philox, _ cohortCount: Int
        ) {
            self.spec = spec
            self.guards = guards
            self.walks = walks
            self.cohorts = cohorts
            self.cohortCount = cohortCount
            machine = Machine(image, cohortCount: cohortCount)
            hasGuards = guards.contains { $0.contains { !$0.isEmpty } }
        }

        mutating func walk(_ number: UInt64) -> [Step] {
            if hasGuards {
                machine.run(
                    Machine.Identity(
                        index: 0, timeNanos: 0, cohort: cohorts.below(UInt64(cohortCount), number), campaign: number))
            }
            var steps = [Step(state: 0, offsetNanos: 0)]
            while steps.count < spec.stepLimit {
                let last = steps[steps.count - 1]
                let bits = walks.block(number, UInt64(steps.count))
                guard let next = choose(last.state, bits.0), let state = next.state else { break }
                let delay = next.delay.lowerBound + scale(bits.1, to: next.delay.upperBound - next.delay.lowerBound + 1)
                guard last.offsetNanos + delay <= spec.withinNanos else { break }
                steps.append(Step(state: state, offsetNanos: last.offsetNanos + delay))
            }
            return steps
        }

        /// One of the transitions whose guards hold, by weight.
        private func choose(_ state: Int, _ bits: UInt64) -> Scenario.FlowSpec.Transition? {
            let next = spec.states[state].next
            var total: UInt64 = 0
            for (i, item) in next.enumerated() where guards[state][i].isEmpty || machine.holds(guards[state][i]) {
                total += item.weight
            }
            if total == 0 { return nil }
            var rest = scale(bits, to: total)
            for (i, item) in next.enumerated() where guards[state][i].isEmpty || machine.holds(guards[state][i]) {
                if rest < item.weight { return item }
                rest -= item.weight
            }
            return nil
        }
    }

    func walker() -> Walker { Walker(spec, guards, image, walks, cohortKey, cohortCount) }

    func exchanges(before number: UInt64, _ walker: inout Walker) -> UInt64 {
        let block = number / Self.blockSize
        var (first, sum) = (block * Self.blockSize, before[Int(block)])
        // Leaves come in order, so that the count mostly goes on where it stood.
        if walker.counted.number > first && walker.counted.number <= number { (first, sum) = walker.counted }
        for instance in first..<number { sum += UInt64(walker.walk(instance).count) }
        walker.counted = (number, sum)
        return sum
    }

    func cohort(of number: UInt64) -> UInt64 { cohortKey.below(UInt64(cohortCount), number) }

    /// Instances are spread one to each equal share of the volume, anywhere within it.
    func start(of number: UInt64, _ shape: TimeShape) -> UInt64 {
        let low = UInt64(UInt128(reach) * UInt128(number) / UInt128(max(1, instances)))
        let high = UInt64(UInt128(reach) * UInt128(number + 1) / UInt128(max(1, instances)))
        return shape.time(low + starts.below(max(1, high - low), number))
    }

    /// Instances that may have exchanges between two times.
    func instances(from: UInt64, to: UInt64, _ shape: TimeShape) -> Range<UInt64> {
        if instances == 0 { return 0..<0 }
        let early = from > spec.withinNanos ? from - spec.withinNanos : 0
        let low = UInt128(early <= shape.startNanos ? 0 : shape.share(early)) * UInt128(instances) / UInt128(reach)
        let high = UInt128(to == .max ? UInt64.max : shape.share(to)) * UInt128(instances) / UInt128(reach)
        let first = min(instances, UInt64(clamping: low))
        return (first == 0 ? 0 : first - 1)..<min(instances, UInt64(clamping: high) + 2)
    }
}
