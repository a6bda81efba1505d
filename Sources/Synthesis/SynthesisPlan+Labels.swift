import Tape

/// What an exchange is within its kind.
struct Member: Sendable {
    /// What its values are drawn by; that of the first member, for copies.
    var identity: Machine.Identity
    var stage = 0
    var member: UInt64 = 0
    /// Of the campaign; 1 outside one.
    var count: UInt64 = 1
    var mirroredNanos: UInt64 = 0

    func draw(_ injection: Injection) -> Draw {
        var draw = Draw(philox: injection.philox, index: identity.index, timeNanos: identity.timeNanos)
        (draw.campaign, draw.member, draw.count, draw.stage) = (identity.campaign, member, count, stage)
        draw.mirroredNanos = mirroredNanos
        return draw
    }
}

extension SynthesisPlan {
    /// A keyed permutation puts the first of all places to the first type, and so on, so that counts are exact and
    /// places are anywhere.
    func place(ofStream stream: Int, _ number: UInt64) -> UInt64 {
        streams[stream].placed.isEmpty ? .max : streams[stream].placement[number]
    }

    /// The anomaly of single exchanges that stands at a place of a stream.
    func kind(ofStream stream: Int, at place: UInt64) -> Int? {
        // Most places are behind all of them.
        guard let last = streams[stream].placed.last, place < last.end else { return nil }
        for range in streams[stream].placed where place < range.end { return range.kind }
        return nil
    }

    /// What kind of exchange a slot is for, nil for one like all others, and at which place of its stream it stands.
    func kind(
        of slot: LeafSlot, _ identity: Machine.Identity, stream: Int
    ) -> (place: UInt64, kind: Int?) {
        if slot.kind >= 0 { return (.max, Int(slot.kind)) }
        if slot.isFlow { return (.max, nil) }
        return (slot.place, kind(ofStream: stream, at: slot.place) ?? drift(of: identity, stream: stream))
    }

    /// The first of the scenario's label rules that holds for an exchange made like all others, or -1.
    func statedRule(_ machine: borrowing Machine, _ lane: Int = 0) -> Int {
        let rule = machine.first(machine.image.labels, lane)
        return rule < 0 ? -1 : Int(machine.image.labels.decisions[rule]) ?? -1
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

    /// The regime that an exchange without an anomaly belongs to, by chance as time goes on.
    func drift(of identity: Machine.Identity, stream: Int) -> Int? {
        for kind in drifts where kinds[kind].spec.stream == stream {
            guard case .drift(let drift) = kinds[kind].spec.type.injector else { continue }
            let parameters = kinds[kind].spec.parameters
            let onset = scenario.time.startNanos + parameters.duration("onset")
            if identity.timeNanos < onset { continue }
            let share = drift.share(
                elapsed: identity.timeNanos - onset, ramp: parameters.duration("ramp"),
                magnitude: parameters.share("magnitude"))
            let draw = kinds[kind].injections[0][0].philox.draw(identity.index, 1 << 40)
            if share > 0, scale(draw, to: 1_000_000_000) < share { return kind }
        }
        return nil
    }

    func member(
        _ kind: Int, _ identity: Machine.Identity, _ place: UInt64, _ number: UInt64, _ member: UInt64
    ) -> Member {
        var result = Member(identity: identity)
        guard let campaign = kinds[kind].campaign else {
            if let cap = scenario.anomalies.capPerEntity { result.identity.campaign = place / cap }
            return result
        }
        let count = campaign.size(of: number)
        let position = campaign.position(member, of: count)
        (result.stage, result.member, result.count) = (position.stage, member, count)
        (result.identity.campaign, result.identity.place, result.identity.places) = (
            number, position.place, position.places
        )
        let start = campaign.start(of: number, timeShape)
        result.mirroredNanos = start + campaign.offset(number, count - 1 - member, of: count)
        if kinds[kind].spec.campaign?.stages[position.stage].isCopy == true {
            // Beyond the exchanges' own numbers, so that ids stay unique.
            result.identity.index = total + kinds[kind].firstCampaign + number
            result.identity.timeNanos = start + campaign.offset(number, 0, of: count)
        }
        return result
    }

    func label(
        _ index: Int, _ injection: Injection, _ member: Member, _ identity: Machine.Identity,
        _ machine: borrowing Machine
    ) -> Label {
        let kind = kinds[index]
        let spec = kind.spec.parts.first { $0.name == injection.name } ?? kind.spec
        let type = injection.type
        var label = Label()
        label.type = type.name
        label.layer = type.layer.rawValue
        label.detectableAt = type.detectableAt.rawValue
        label.minHistory = type.minHistory
        label.expected = kind.spec.parts.isEmpty ? spec.expected : kind.spec.expected
        label.difficulty = spec.difficulty
        label.eventNanos = identity.timeNanos
        label.labelNanos = identity.timeNanos + spec.labelDelayNanos
        if !type.isHardNegative { label.twin = identity.index }
        var names = scenario.cohortEntity.map { [$0] } ?? []
        if let campaign = spec.campaign, let plan = kind.campaign {
            let stage = campaign.stages[member.stage]
            let stated = plan.stated(member.member, member.identity.campaign, of: member.count)
            label.campaign = "\(spec.name)-\(member.identity.campaign)"
            label.role = type.isHardNegative ? "bystander" : stage.role
            (label.k, label.n) = (UInt32(clamping: stated.k), UInt32(clamping: stated.n))
            // Members of a single stage may come in any order; their stages tell the ends apart.
            let isEnd = label.k == 1 ? "first" : label.k == label.n ? "last" : "middle"
            label.stage = campaign.stages.count == 1 ? isEnd : stage.name
            label.minHistory = min(label.n - 1, type.minHistory)
            let window = AnomalyParameters.duration(campaign.windowNanos)
            if type.detectableAt == .window { label.detectableAt = "window:\(campaign.windowNanos / 1_000_000_000)s" }
            names = stage.casts.map(\.entity.name)
            label.parameters = [.init("window", window)]
            for cast in stage.casts { label.parameters.append(.init("who." + cast.entity.name, cast.who.text)) }
            if !spec.parameters.text("edge").isEmpty {
                label.parameters.append(.init("edge", spec.parameters.text("edge")))
            }
            if type.isHardNegative { label.parameters += [.init("fraud", "no"), .init("mimics", spec.mimics)] }
        }
        if type.isDrift {
            label.parameters += [.init("regime", spec.name), .init("kind", spec.parameters.text("kind"))]
        }
        for name in names {
            guard let register = machine.image.program.registerOfEntity[name] else { continue }
            label.entities.append("\(scenario.kind(of: name)):\(machine.registers[register])")
        }
        return label
    }
}
