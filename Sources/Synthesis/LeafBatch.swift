/// Makes exchanges without anomalies, many at once: those of a window of slots that run the same program fill the lanes
/// of one machine.
struct LeafBatch {
    private let plan: SynthesisPlan
    /// By program; nil for those of anomalies.
    private var machines: [Machine?]
    /// By program, the positions in the window that wait for a lane.
    private var waiting: [[Int]]
    private var results: [Made?] = []
    /// Requests of the window, by stream.
    private var spaces: [RequestSpace]
    private(set) var json = Arena()
    private(set) var row = Arena()
    /// Where a list or a map is written before it goes into CSV.
    private var field = Arena()

    /// What became of a slot: ranges of the batch's memory, until the next window.
    struct Made {
        var request = 0..<0
        var json = 0..<0
        var row = 0..<0
        /// The rules of the program that hold, or -1.
        var decision: Int32
        /// The scenario's label, or -1.
        var stated: Int32
        /// The number of the first entity.
        var entity: UInt64
    }

    /// So few that what they have is still near when their requests are written.
    private static let lanes = 8

    init(_ plan: SynthesisPlan) {
        self.plan = plan
        let anomalous = Set(plan.kinds.flatMap(\.programs))
        machines = plan.images.enumerated().map { number, image in
            anomalous.contains(number)
                ? nil : Machine(image, cohortCount: plan.scenario.cohortCount, lanes: Self.lanes)
        }
        waiting = plan.images.map { _ in [] }
        spaces = plan.streams.map { RequestSpace($0.format) }
    }

    /// What was made for a position of the window; nil for what is to be made alone.
    func made(_ position: Int) -> Made? { results[position] }

    func request(_ made: Made, _ stream: Int) -> TableSlice { spaces[stream].bytes(made.request) }

    func decision(_ made: Made, _ program: Int) -> String {
        made.decision < 0 ? "" : plan.images[program].rules.decisions[Int(made.decision)]
    }

    /// - Parameter base: the index of the first slot's exchange.
    mutating func make(_ slots: ArraySlice<LeafSlot>, _ base: UInt64, _ wishes: LeafMaker.Wishes) throws {
        for stream in spaces.indices { spaces[stream].removeAll() }
        json.truncate(to: 0)
        row.truncate(to: 0)
        results.removeAll(keepingCapacity: true)
        for (position, slot) in slots.enumerated() {
            results.append(nil)
            let identity = identity(slot, base + UInt64(position))
            if slot.kind < 0,
                plan.kind(of: slot, identity, stream: plan.streamOfProgram[Int(slot.program)]).kind == nil
            {
                waiting[Int(slot.program)].append(position)
            }
        }
        for program in waiting.indices where !waiting[program].isEmpty {
            for start in stride(from: 0, to: waiting[program].count, by: Self.lanes) {
                try make(program, start..<min(waiting[program].count, start + Self.lanes), slots, base, wishes)
            }
            waiting[program].removeAll(keepingCapacity: true)
        }
    }

    private func identity(_ slot: LeafSlot, _ index: UInt64) -> Machine.Identity {
        var identity = Machine.Identity(index: index, timeNanos: slot.timeNanos, cohort: UInt64(slot.cohort))
        if slot.isFlow { (identity.campaign, identity.member) = (slot.number, UInt64(slot.member)) }
        return identity
    }

    /// Makes those of a program that wait at `range`.
    private mutating func make(
        _ program: Int, _ range: Range<Int>, _ slots: ArraySlice<LeafSlot>, _ base: UInt64, _ wishes: LeafMaker.Wishes
    ) throws {
        guard var machine = machines[program].take() else { return }
        defer { machines[program] = machine }
        for (lane, at) in range.enumerated() {
            let position = waiting[program][at]
            machine.identities[lane] = identity(slots[slots.startIndex + position], base + UInt64(position))
        }
        machine.run(count: range.count)
        if machine.strangeLane >= 0 { throw SynthesisError.strangeName(machine.identities[machine.strangeLane].index) }
        let stream = plan.streamOfProgram[program]
        let hasEntity = machine.image.program.registerCount > 2
        for (lane, at) in range.enumerated() {
            var made = Made(
                decision: Int32(machine.first(machine.image.rules, lane)),
                stated: Int32(plan.statedRule(machine, lane)), entity: hasEntity ? machine.register(2, lane) : 0)
            let start = spaces[stream].count
            _ = plan.streams[stream].format.write(
                machine, lane, index: machine.identities[lane].index, into: &spaces[stream])
            made.request = start..<spaces[stream].count
            if wishes.json {
                let start = json.count
                RequestWriter.json(machine, lane, into: &json)
                made.json = start..<json.count
            }
            if wishes.row {
                let start = row.count
                plan.appendRow(machine, lane, wishes.rowStyle, &field, into: &row)
                made.row = start..<row.count
            }
            results[waiting[program][at]] = made
        }
    }
}
