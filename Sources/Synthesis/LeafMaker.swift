package import Tape

/// Makes whole leaves, one after the other or any at all. Each thread has its own.
package final class LeafMaker {
    package let plan: SynthesisPlan
    private var machines: [Machine]
    /// One for each stream.
    private var spaces: [RequestSpace]
    private var walkers: [FlowPlan.Walker]
    /// Where a list or a map is written before it goes into CSV.
    private var field = Arena()
    private var slots: [Slot] = []

    /// A place in time that an exchange takes.
    private struct Slot {
        var timeNanos: UInt64
        /// Breaks ties: what it belongs to, its number and the member.
        var order: UInt64
        /// Of the clean exchange, the campaign or the flow's state.
        var program: Int32
        /// Below 0: none is known yet.
        var kind: Int32
        var member: UInt32
        var cohort: UInt32
        /// The stream's number, the campaign's or the flow's.
        var number: UInt64
        var isFlow = false
    }

    package init(_ plan: SynthesisPlan) {
        self.plan = plan
        machines = plan.images.map { Machine($0, cohortCount: plan.scenario.cohortCount) }
        spaces = plan.streams.map { RequestSpace($0.format) }
        walkers = plan.flows.map { $0.walker() }
    }

    /// What is handed to the sink for each exchange.
    package struct Output {
        package var exchange = Exchange()
        /// The request as JSON, by names and before any wire fault; only when asked for.
        package var json = Arena()
        package var twin: Exchange?
        package var twinJSON = Arena()
        /// Which kind it is, as an index into anomalies and then hard negatives; nil when clean.
        package var kind: Int?
        /// The scenario's rule that states its label, or -1.
        package var stated = -1
        /// Which stream's operation it is.
        package var stream = 0
        /// Values for CSV, one for each of ``SynthesisPlan/columns``; only when asked for.
        package var row = Arena()
        package var twinRow = Arena()
    }

    /// What a caller wants beside the exchange.
    package struct Wishes: Sendable {
        package var json = false
        package var row = false
        package var twins = false
        package var rowStyle = RowStyle.csv

        package init(json: Bool = false, row: Bool = false, twins: Bool = false, rowStyle: RowStyle = .csv) {
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
        for (position, slot) in slots.enumerated() {
            try fill(&output, slot, index: base + UInt64(position), wishes)
            try body(output)
        }
    }

    // MARK: Slots

    /// Gathers and orders the slots of a leaf; returns the index of its first exchange.
    private func collect(_ leaf: Int) throws -> UInt64 {
        slots.removeAll(keepingCapacity: true)
        let cohorts = 1 << plan.cohortDepth
        let shift = UInt64(64 - plan.depth)
        let isLast = leaf == plan.leafCount - 1
        let fromNanos = leaf == 0 ? 0 : plan.timeShape.time(UInt64(leaf) << shift)
        let toNanos = isLast ? .max : plan.timeShape.time(UInt64(leaf + 1) << shift)
        var index: UInt64 = 0
        for (number, stream) in plan.streams.enumerated() {
            let found = stream.arrivals.places(leaf, from: fromNanos, to: toNanos)
            index += found.before
            for place in found.places {
                slots.append(
                    Slot(
                        timeNanos: place.timeNanos, order: UInt64(number) << 48 | place.number,
                        program: Int32(number), kind: -1, member: 0, cohort: place.cohort, number: place.number))
            }
        }
        for (f, flow) in plan.flows.enumerated() {
            let range = flow.instances(from: fromNanos, to: toNanos, plan.timeShape)
            index += flow.exchanges(before: range.lowerBound, &walkers[f])
            for instance in range {
                let start = flow.start(of: instance, plan.timeShape)
                let cohort = UInt32(truncatingIfNeeded: flow.cohort(of: instance))
                for (member, step) in walkers[f].walk(instance).enumerated() {
                    let time = start + step.offsetNanos
                    if time < fromNanos { index += 1 }
                    if time < fromNanos || time >= toNanos { continue }
                    slots.append(
                        Slot(
                            timeNanos: time, order: 1 << 62 | UInt64(f) << 54 | instance << 6 | UInt64(member),
                            program: Int32(flow.programs[step.state]), kind: -1, member: UInt32(member),
                            cohort: cohort, number: instance, isFlow: true))
                }
            }
        }
        for (k, kind) in plan.kinds.enumerated() {
            guard let campaigns = kind.campaign, campaigns.campaigns > 0 else { continue }
            let range = campaigns.campaigns(from: fromNanos, to: toNanos, plan.timeShape)
            index += campaigns.members(before: range.lowerBound)
            for campaign in range {
                let size = campaigns.size(of: campaign)
                let start = campaigns.start(of: campaign, plan.timeShape)
                let cohort = UInt32(campaigns.cohort(of: campaign, count: cohorts))
                for member in 0..<size {
                    let time = start + campaigns.offset(campaign, member, of: size)
                    if time < fromNanos { index += 1 }
                    if time < fromNanos || time >= toNanos { continue }
                    slots.append(
                        Slot(
                            timeNanos: time, order: 1 << 63 | UInt64(k) << 48 | campaign << 16 | member,
                            program: Int32(kind.program), kind: Int32(k),
                            member: UInt32(member), cohort: cohort, number: campaign))
                }
            }
        }
        guard slots.count <= LeafPlan.hardLimit else {
            throw SynthesisError.impossible(
                "a leaf would hold \(slots.count) exchanges, more than \(LeafPlan.hardLimit)",
                remedy: "Spread the campaigns over more time, or lower their rates.")
        }
        slots.sort { ($0.timeNanos, $0.order) < ($1.timeNanos, $1.order) }
        return index
    }

    // MARK: One exchange

    private func fill(
        _ output: inout Output, _ slot: Slot, index: UInt64, _ wishes: Wishes
    ) throws {
        let kind =
            slot.kind >= 0 ? Int(slot.kind) : slot.isFlow ? nil : plan.kind(ofStream: Int(slot.program), slot.number)
        var identity = Machine.Identity(
            index: index, timeNanos: slot.timeNanos, cohort: UInt64(slot.cohort))
        output.kind = kind
        output.stated = -1
        output.twin = nil
        guard let kind else {
            if slot.isFlow { (identity.campaign, identity.member) = (slot.number, UInt64(slot.member)) }
            let program = Int(slot.program)
            output.stream = plan.streamOfProgram[program]
            machines[program].run(identity)
            _ = try write(program, identity, into: &output, wishes)
            output.stated = plan.statedRule(machines[program])
            output.exchange.labels = output.stated < 0 ? [] : [plan.statedLabel(output.stated, identity)]
            output.exchange.expected = output.exchange.labels.first?.expected ?? machines[program].expected()
            return
        }
        let spec = plan.kinds[kind].spec
        if spec.campaign != nil {
            identity.campaign = slot.number
            identity.member = UInt64(slot.member)
            identity.memberLimit = spec.campaign?.size.upperBound ?? 1
        }
        let program = plan.kinds[kind].program
        output.stream = spec.stream
        machines[program].run(identity)
        if wishes.twins && !spec.type.isHardNegative {
            try makeTwin(kind, program, identity, &output, wishes)
        }
        var label = plan.label(kind, identity, machines[program])
        switch plan.kinds[kind].injection.apply(&machines[program], index: index) {
        case .success(let parameters): label.parameters += parameters
        case .failure(let reason):
            throw SynthesisError.notApplicable(anomaly: spec.name, index: index, reason: reason.text)
        }
        let digits = try write(program, identity, into: &output, wishes)
        if spec.type.isWireFault, var bytes = output.exchange.request?.wire {
            output.exchange.request = nil
            label.parameters += plan.kinds[kind].injection.damage(
                &bytes, plan.streams[spec.stream].format, index: index, lengthDigits: digits)
            output.exchange.request = Message(
                wire: bytes, startNanos: identity.timeNanos, endNanos: identity.timeNanos)
        }
        let rule = machines[program].expected()
        output.exchange.expected = spec.expected == "pass" ? rule : spec.expected
        output.exchange.labels = [label]
        machines[program].restore()
    }

    /// The same exchange without its anomaly; for a campaign's member, what an innocent exchange would be in its place.
    private func makeTwin(
        _ kind: Int, _ program: Int, _ identity: Machine.Identity, _ output: inout Output, _ wishes: Wishes
    ) throws {
        var clean = Output()
        var used = program
        if plan.kinds[kind].campaign != nil {
            used = plan.kinds[kind].spec.stream
            machines[used].run(identity)
        }
        _ = try write(used, identity, into: &clean, wishes)
        clean.exchange.expected = machines[used].expected()
        output.twin = clean.exchange
        output.twinJSON = clean.json
        output.twinRow = clean.row
    }

    /// Writes what the machine made; returns where an HTTP request states its length.
    private func write(
        _ program: Int, _ identity: Machine.Identity, into output: inout Output, _ wishes: Wishes
    ) throws -> Range<Int> {
        if machines[program].strangeCell >= 0 {
            throw SynthesisError.impossible(
                "a value made for exchange \(identity.index) is no name of its field's enumeration",
                remedy: "Give the enumeration's own names where the value is made.")
        }
        let stream = plan.streamOfProgram[program]
        let format = plan.streams[stream].format
        let digits = format.write(machines[program], index: identity.index, into: &spaces[stream])
        if wishes.json {
            output.json.truncate(to: 0)
            RequestWriter.json(machines[program], into: &output.json)
        }
        if wishes.row {
            output.row.truncate(to: 0)
            plan.appendRow(machines[program], wishes.rowStyle, &field, into: &output.row)
        }
        output.exchange.id = identity.index
        // Exchanges of one entity share a flow and keep their order in it; a flow's ordinals rise without being dense.
        output.exchange.flow = machines[program].registers.count > 2 ? machines[program].registers[2] % 256 : 0
        output.exchange.ordinal = UInt32(truncatingIfNeeded: identity.index)
        output.exchange.format = format.wire
        output.exchange.operation = format.operation
        output.exchange.request = Message(
            wire: spaces[stream].bytes(), startNanos: identity.timeNanos, endNanos: identity.timeNanos)
        return digits
    }
}

extension SynthesisPlan {
    /// The anomaly that exchange `number` of a stream has: a keyed permutation puts the first of all places to the first
    /// type, and so on, so that counts are exact and places are anywhere.
    func kind(ofStream stream: Int, _ number: UInt64) -> Int? {
        let placed = streams[stream].placed
        if placed.isEmpty { return nil }
        let place = streams[stream].placement[number]
        for range in placed where place < range.end { return range.kind }
        return nil
    }

    /// The first of the scenario's label rules that holds for an exchange made like all others, or -1.
    func statedRule(_ machine: borrowing Machine) -> Int {
        for rule in machine.image.program.labels where machine.holds(rule.tests) { return Int(rule.decision) ?? -1 }
        return -1
    }

    func statedLabel(_ number: Int, _ identity: Machine.Identity) -> Label {
        let spec = scenario.labels[number]
        var label = Label()
        label.type = spec.type
        label.layer = "L4"
        label.expected = spec.expected
        label.difficulty = "medium"
        label.detectableAt = "record"
        label.eventNanos = identity.timeNanos
        label.labelNanos = identity.timeNanos + spec.labelDelayNanos
        label.parameters = [.init("rule", "\(number + 1)")]
        if let flow = spec.flow {
            label.campaign = "\(flow)-\(identity.campaign)"
            label.k = UInt32(clamping: identity.member + 1)
        }
        return label
    }

    /// Up to which place, exclusive, exchanges are of a kind; in rising order.
    struct PlacedKind: Sendable {
        var end: UInt64
        var kind: Int
    }

    func label(_ index: Int, _ identity: Machine.Identity, _ machine: Machine) -> Label {
        let kind = kinds[index]
        let spec = kind.spec
        var label = Label()
        label.type = spec.type.rawValue
        label.layer = spec.type.layer
        label.expected = spec.expected
        label.difficulty = spec.difficulty
        label.eventNanos = identity.timeNanos
        label.labelNanos = identity.timeNanos + spec.labelDelayNanos
        if !spec.type.isHardNegative { label.twin = identity.index }
        var names: [String] = []
        if let campaign = spec.campaign, let plan = kind.campaign {
            label.campaign = "\(spec.name)-\(identity.campaign)"
            label.role = spec.type == .cardTesting ? "tester" : spec.type.isHardNegative ? "bystander" : "actor"
            label.n = UInt32(clamping: plan.size(of: identity.campaign))
            label.k = UInt32(clamping: identity.member + 1)
            label.stage = label.k == 1 ? "first" : label.k == label.n ? "last" : "middle"
            label.detectableAt = "window:\(campaign.windowNanos / 1_000_000_000)s"
            label.minHistory = min(label.n - 1, 3)
            names = campaign.same.map(\.name) + campaign.distinct.map(\.name)
            label.parameters = [
                .init("window", "\(campaign.windowNanos / 1_000_000_000)s"),
                .init("same", campaign.same.map(\.name).joined(separator: "+")),
                .init("distinct", campaign.distinct.map(\.name).joined(separator: "+")),
            ]
            if spec.type.isHardNegative { label.parameters += [.init("fraud", "no"), .init("mimics", spec.mimics)] }
        } else {
            names = scenario.cohortEntity.map { [$0] } ?? []
            switch spec.type.layer {
            case "L0": label.detectableAt = "wire"
            case "L1":
                label.detectableAt = spec.type == .requiredMissing && !kind.injection.isSchemaRule ? "record" : "schema"
            default: label.detectableAt = "record"
            }
            if spec.type == .checkDigitBroken || spec.type == .secondsForMillis { label.detectableAt = "record" }
        }
        for name in names {
            guard let register = machine.image.program.registerOfEntity[name] else { continue }
            label.entities.append("\(name):\(machine.registers[register])")
        }
        return label
    }
}
