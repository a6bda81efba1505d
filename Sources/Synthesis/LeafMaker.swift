import JSON
package import Tape

/// Makes whole leaves, one after the other or any at all. Each thread has its own.
package final class LeafMaker {
    package let plan: SynthesisPlan
    var machines: [Machine]
    private var batch: LeafBatch
    /// One for each stream.
    private var spaces: [RequestSpace]
    var walkers: [FlowPlan.Walker]
    /// One for each stream.
    var memories: [Arrivals.Memory]
    /// Where a list or a map is written before it goes into CSV.
    private var field = Arena()
    /// Of the last exchange that was made alone, and of its twin.
    private var texts = Texts()
    private var twinTexts = Texts()

    private struct Texts {
        var json = Arena()
        var row = Arena()
    }

    /// The last request that was damaged.
    var spoiled = Arena()
    /// Of the leaf that is being made, in order.
    var slots: [LeafSlot] = []
    /// Memory for putting them in order.
    var unordered: [LeafSlot] = []
    private let owner = TableOwner()
    /// Numbers in a stream, and their places in the permuted order.
    let numbers: Table<UInt64>
    let places: Table<UInt64>
    var buckets: [Int32] = []

    package init(_ plan: SynthesisPlan) {
        self.plan = plan
        batch = LeafBatch(plan)
        numbers = owner.make(count: 64, 0)
        places = owner.make(count: 64, 0)
        machines = plan.images.map { Machine($0, cohortCount: plan.scenario.cohortCount) }
        spaces = plan.streams.map { RequestSpace($0.format) }
        walkers = plan.flows.map { $0.walker() }
        memories = plan.streams.map { $0.arrivals.memory() }
    }

    /// What is handed to the sink for each exchange; slices last until the next one is made.
    package struct Output {
        package var head = ExchangeHead()
        /// Left as it was when ``Wishes/exchanges`` is false and the exchange has no label.
        package var exchange = Exchange()
        /// The bytes of the request, until the next exchange is made.
        var request = TableSlice.empty
        /// The request as JSON, by names and before any wire fault; only when asked for.
        package var json = TableSlice.empty
        package var twin: Exchange?
        package var twinJSON = TableSlice.empty
        /// Which kind it is, as an index into anomalies and then hard negatives; nil when clean.
        package var kind: Int?
        /// The scenario's rule that states its label, or -1.
        package var stated = -1
        /// Which stream's operation it is.
        package var stream = 0
        /// Values for CSV, one for each of ``SynthesisPlan/columns``; only when asked for.
        package var row = TableSlice.empty
        package var twinRow = TableSlice.empty
    }

    /// What a caller wants beside the exchange.
    package struct Wishes: Sendable {
        package var json = false
        package var row = false
        package var twins = false
        package var rowStyle = RowStyle.csv
        /// False when the bytes alone will do for exchanges without a label.
        package var exchanges = true

        package init(
            json: Bool = false, row: Bool = false, twins: Bool = false, rowStyle: RowStyle = .csv,
            exchanges: Bool = true
        ) {
            self.exchanges = exchanges
            self.json = json
            self.row = row
            self.twins = twins
            self.rowStyle = rowStyle
        }
    }

    /// Makes the exchanges of one leaf in order.
    package func make(
        _ leaf: Int, _ wishes: Wishes, _ body: (Output) throws -> Void
    ) throws {
        let base = try collect(leaf)
        var output = Output()
        for start in stride(from: 0, to: slots.count, by: Self.window) {
            let end = min(slots.count, start + Self.window)
            try batch.make(slots[start..<end], base + UInt64(start), wishes)
            for position in start..<end {
                if let made = batch.made(position - start) {
                    deliver(made, slots[position], base + UInt64(position), wishes, &output)
                } else {
                    try fill(&output, slots[position], index: base + UInt64(position), wishes)
                }
                try body(output)
            }
        }
    }

    /// So many exchanges are made in one go.
    private static let window = 128

    /// Hands on what was made with others like it.
    private func deliver(
        _ made: LeafBatch.Made, _ slot: LeafSlot, _ index: UInt64, _ wishes: Wishes, _ output: inout Output
    ) {
        let stream = plan.streamOfProgram[Int(slot.program)]
        output.kind = nil
        output.twin = nil
        output.stated = Int(made.stated)
        output.request = batch.request(made, stream)
        if wishes.json { output.json = batch.json.slice(made.json) }
        if wishes.row { output.row = batch.row.slice(made.row) }
        (output.head.id, output.head.timeNanos) = (index, slot.timeNanos)
        if output.stream != stream || output.head.operation.isEmpty {
            output.head.operation = plan.streams[stream].format.operation
        }
        output.stream = stream
        if made.stated >= 0 {
            var identity = Machine.Identity(index: index, timeNanos: slot.timeNanos, cohort: UInt64(slot.cohort))
            if slot.isFlow { (identity.campaign, identity.member) = (slot.number, UInt64(slot.member)) }
            let label = plan.statedLabel(Int(made.stated), identity)
            (output.head.labels, output.head.expected) = ([label], label.expected)
        } else {
            if !output.head.labels.isEmpty { output.head.labels = [] }
            output.head.expected = batch.decision(made, Int(slot.program))
        }
        if wishes.exchanges || made.stated >= 0 { complete(&output, entity: made.entity) }
    }

    /// Makes the whole exchange of what the output has beside it.
    func complete(_ output: inout Output, entity: UInt64) {
        let (head, format) = (output.head, plan.streams[output.stream].format)
        output.exchange.id = head.id
        // Exchanges of one entity share a flow and keep their order in it; a flow's ordinals rise without being dense.
        output.exchange.flow = entity % 256
        output.exchange.ordinal = UInt32(truncatingIfNeeded: head.id)
        output.exchange.format = format.wire
        output.exchange.operation = head.operation
        output.exchange.expected = head.expected
        output.exchange.labels = head.labels
        output.exchange.request = Message(
            wire: Array(output.request), startNanos: head.timeNanos, endNanos: head.timeNanos)
    }

    /// The index of a leaf's first exchange, and how many there are.
    func extent(_ leaf: Int) throws -> (base: UInt64, count: UInt64) {
        let base = try collect(leaf)
        return (base, UInt64(slots.count))
    }

    /// Makes the exchange at `index` of the leaf that was collected last, and says how.
    func explain(_ index: UInt64, _ base: UInt64, into object: inout JSONObject) throws {
        guard index >= base, index - base < UInt64(slots.count) else { return }
        let slot = slots[Int(index - base)]
        var output = Output()
        try fill(&output, slot, index: index, Wishes(json: true))
        let identity = Machine.Identity(index: index, timeNanos: slot.timeNanos, cohort: UInt64(slot.cohort))
        var (program, drawIndex) = (Int(slot.program), index)
        if let kind = output.kind {
            let place = slot.kind >= 0 ? 0 : plan.place(ofStream: Int(slot.program), slot.number)
            let member = plan.member(kind, identity, place, slot.number, UInt64(slot.member))
            (program, drawIndex) = (plan.kinds[kind].programs[member.stage], member.identity.index)
        }
        let machine = machines[program]
        try describe(
            Place(
                isBackground: slot.kind < 0 && !slot.isFlow, cohort: slot.cohort, number: slot.number,
                member: slot.member,
                drawIndex: drawIndex,
                registers: machine.image.program.registerOfEntity.mapValues { machine.registers[$0] }), output,
            into: &object)
    }

    // MARK: One exchange

    private func fill(
        _ output: inout Output, _ slot: LeafSlot, index: UInt64, _ wishes: Wishes
    ) throws {
        var identity = Machine.Identity(index: index, timeNanos: slot.timeNanos, cohort: UInt64(slot.cohort))
        let stream = slot.kind >= 0 ? plan.kinds[Int(slot.kind)].spec.stream : plan.streamOfProgram[Int(slot.program)]
        let (place, found) = plan.kind(of: slot, identity, stream: stream)
        output.stream = stream
        output.stated = -1
        output.twin = nil
        guard let kind = found else {
            output.kind = nil
            if slot.isFlow { (identity.campaign, identity.member) = (slot.number, UInt64(slot.member)) }
            let program = Int(slot.program)
            machines[program].run(identity)
            _ = try write(program, identity, identity, into: &output, wishes)
            output.stated = plan.statedRule(machines[program])
            output.head.labels = output.stated < 0 ? [] : [plan.statedLabel(output.stated, identity)]
            output.head.expected = output.head.labels.first?.expected ?? machines[program].expected()
            return complete(&output, entity: entity(program))
        }
        output.kind = kind
        let member = plan.member(kind, identity, place, slot.number, UInt64(slot.member))
        try make(&output, kind, member, identity, wishes)
    }

    /// Writes what the machine made of `made`, as exchange `identity`; returns where an HTTP request states its length.
    func write(
        _ program: Int, _ made: Machine.Identity, _ identity: Machine.Identity, into output: inout Output,
        _ wishes: Wishes, isTwin: Bool = false
    ) throws -> Range<Int> {
        if machines[program].strangeLane >= 0 { throw SynthesisError.strangeName(identity.index) }
        let stream = plan.streamOfProgram[program]
        let format = plan.streams[stream].format
        spaces[stream].removeAll()
        let digits = format.write(machines[program], 0, index: made.index, into: &spaces[stream])
        if isTwin {
            write(program, &twinTexts, into: &output, wishes)
        } else {
            write(program, &texts, into: &output, wishes)
        }
        output.head.id = identity.index
        output.head.timeNanos = identity.timeNanos
        output.head.operation = format.operation
        output.request = spaces[stream].bytes(0..<spaces[stream].count)
        return digits
    }

    private func write(_ program: Int, _ texts: inout Texts, into output: inout Output, _ wishes: Wishes) {
        if wishes.json {
            texts.json.truncate(to: 0)
            RequestWriter.json(machines[program], 0, into: &texts.json)
            output.json = texts.json.all
        }
        if wishes.row {
            texts.row.truncate(to: 0)
            plan.appendRow(machines[program], 0, wishes.rowStyle, &field, into: &texts.row)
            output.row = texts.row.all
        }
    }

    /// The number of the first entity that takes part.
    func entity(_ program: Int) -> UInt64 {
        let machine = machines[program]
        return machine.image.program.registerCount > 2 ? machine.register(2, 0) : 0
    }
}
