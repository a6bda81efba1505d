import JSON
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
                            program: Int32(kind.programs[0]), kind: Int32(k),
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
        _ output: inout Output, _ slot: Slot, index: UInt64, _ wishes: Wishes
    ) throws {
        var identity = Machine.Identity(index: index, timeNanos: slot.timeNanos, cohort: UInt64(slot.cohort))
        let stream = slot.kind >= 0 ? plan.kinds[Int(slot.kind)].spec.stream : plan.streamOfProgram[Int(slot.program)]
        var (place, found) = (UInt64.max, slot.kind >= 0 ? Int(slot.kind) : nil)
        if slot.kind < 0 && !slot.isFlow {
            place = plan.place(ofStream: stream, slot.number)
            found = plan.kind(ofStream: stream, at: place) ?? plan.drift(of: identity, stream: stream)
        }
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
            output.exchange.labels = output.stated < 0 ? [] : [plan.statedLabel(output.stated, identity)]
            output.exchange.expected = output.exchange.labels.first?.expected ?? machines[program].expected()
            return
        }
        output.kind = kind
        let member = plan.member(kind, identity, place, slot.number, UInt64(slot.member))
        try make(&output, kind, member, identity, wishes)
    }

    private func make(
        _ output: inout Output, _ kind: Int, _ member: Member, _ identity: Machine.Identity, _ wishes: Wishes
    ) throws {
        let spec = plan.kinds[kind].spec
        let program = plan.kinds[kind].programs[member.stage]
        let injections = plan.kinds[kind].injections[member.stage]
        machines[program].run(member.identity)
        if wishes.twins && !spec.type.isHardNegative {
            try makeTwin(kind, program, identity, member, &output, wishes)
        }
        var labels: [Label] = []
        for injection in injections {
            var label = plan.label(kind, injection, member, identity, machines[program])
            do throws(Inapplicable) {
                label.parameters += try injection.apply(&machines[program], member.draw(injection))
            } catch {
                throw SynthesisError.notApplicable(anomaly: injection.name, index: identity.index, reason: error.reason)
            }
            if label.detectableAt == AnomalyType.Detection.schema.rawValue,
                !injection.isRefusedBySchema(machines[program])
            {
                label.detectableAt = AnomalyType.Detection.record.rawValue
            }
            labels.append(label)
        }
        let digits = try write(program, member.identity, identity, into: &output, wishes)
        if let last = injections.last, case .bytes(let inject) = last.type.injector {
            labels[labels.count - 1].parameters += try damage(&output, inject, last, member, digits, identity)
        }
        let rule = machines[program].expected()
        output.exchange.expected = spec.expected == "pass" ? rule : spec.expected
        output.exchange.labels = labels
        machines[program].restore()
    }

    private func damage(
        _ output: inout Output, _ inject: ByteInjector, _ injection: Injection, _ member: Member, _ digits: Range<Int>,
        _ identity: Machine.Identity
    ) throws -> [Label.Parameter] {
        let clean = output.exchange.request?.wire ?? []
        output.exchange.request = nil
        var draft = WireDraft(bytes: clean, format: plan.format.wire, lengthDigits: digits)
        let parameters: [Label.Parameter]
        do throws(Inapplicable) {
            parameters = try inject(&draft, member.draw(injection), injection.parameters)
        } catch {
            throw SynthesisError.notApplicable(anomaly: injection.name, index: identity.index, reason: error.reason)
        }
        output.exchange.request = Message(
            wire: draft.bytes, startNanos: identity.timeNanos, endNanos: identity.timeNanos)
        // So that a replay can tag the request before it spoils it again.
        let fault = WireFault(clean: clean, spoiled: draft.bytes, plan.format.wire)
        return parameters + [.init(WireFault.parameter, fault.text)]
    }

    /// The same exchange without its anomaly; for a campaign's member, what an innocent exchange would be in its place.
    private func makeTwin(
        _ kind: Int, _ program: Int, _ identity: Machine.Identity, _ member: Member, _ output: inout Output,
        _ wishes: Wishes
    ) throws {
        var clean = Output()
        var used = program
        if plan.kinds[kind].campaign != nil {
            used = plan.kinds[kind].spec.stream
            machines[used].run(identity)
        }
        _ = try write(used, used != program ? identity : member.identity, identity, into: &clean, wishes)
        clean.exchange.expected = machines[used].expected()
        output.twin = clean.exchange
        output.twinJSON = clean.json
        output.twinRow = clean.row
    }

    /// Writes what the machine made of `made`, as exchange `identity`; returns where an HTTP request states its length.
    private func write(
        _ program: Int, _ made: Machine.Identity, _ identity: Machine.Identity, into output: inout Output,
        _ wishes: Wishes
    ) throws -> Range<Int> {
        if machines[program].strangeCell >= 0 {
            throw SynthesisError.impossible(
                "a value made for exchange \(identity.index) is no name of its field's enumeration",
                remedy: "Give the enumeration's own names where the value is made.")
        }
        let stream = plan.streamOfProgram[program]
        let format = plan.streams[stream].format
        let digits = format.write(machines[program], index: made.index, into: &spaces[stream])
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
