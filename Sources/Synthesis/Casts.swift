import YAML

extension Scenario.CampaignSpec {
    /// Where each of the cast stands among the entities of its kind that a campaign has for itself, and how many it has.
    func casting(_ kind: String, _ scenario: Scenario) -> (first: [String: UInt64], count: UInt64) {
        var first: [String: UInt64] = [:]
        var sizes: [(name: String, size: UInt64)] = []
        for stage in stages {
            for cast in stage.casts where scenario.kind(of: cast.entity.name) == kind && cast.who != .same("own") {
                let size: UInt64 =
                    switch cast.who {
                    case .same: 1
                    case .each, .ring: stage.members.upperBound
                    case .next: stage.members.upperBound + 1
                    case .pool(_, let count): count
                    }
                if let at = sizes.firstIndex(where: { $0.name == cast.who.name }) {
                    sizes[at].size = max(sizes[at].size, size)
                } else {
                    sizes.append((cast.who.name, size))
                }
            }
        }
        var count: UInt64 = 0
        for (name, size) in sizes {
            first[name] = count
            count += size
        }
        return (first, count)
    }
}

extension Scenario {
    func kind(of name: String) -> String { entities.first { $0.name == name }?.kind ?? name }
}

extension ProgramBuilder {
    /// The step that gives an entity the part that the campaign's stage says, or nil where it says nothing.
    mutating func castStep(_ spec: Scenario.EntitySpec, register: Int) throws(YAMLError) -> Program.Step? {
        guard let campaign, stage < campaign.stages.count else {
            return isCapped && spec.name == scenario.cohortEntity ? try cappedStep(spec, register) : nil
        }
        let casts = campaign.stages[stage].casts
        guard let cast = casts.first(where: { $0.entity.name == spec.name }) else { return nil }
        var step = Program.Step(op: .pickCast)
        step.cell = Int32(register)
        if cast.who == .same("own"), spec.count == 0, let owner = spec.owner, let at = registers[owner.name],
            casts.contains(where: {
                if case .same = $0.who { $0.entity.name == owner.name } else { false }
            })
        {
            // One of its owner's, the same in the whole campaign.
            step.op = .pickOwned
            step.other = Int32(at)
            step.a = Int64(spec.each)
            step.count = Program.Pick.byCampaign.rawValue
            step.philox = keys.philox("campaign:\(campaignName)/\(spec.name)")
            return step
        }
        var (first, count) = campaign.casting(spec.kind, scenario)
        if cast.who == .same("own") {
            first["own"] = count
            count += 1
        }
        let isCohortKind = spec.kind == scenario.cohortEntity
        let cohorts = isCohortKind ? UInt64(scenario.cohortCount) : 1
        let population = try population(spec) / cohorts
        guard population >= count else {
            throw YAMLError(
                "fewer '\(spec.name)' than a campaign needs", at: cast.entity.mark,
                remedy: "It needs \(count * cohorts).")
        }
        step.table = Int32(program.permutations.count)
        program.permutations.append(
            Permutation(count: population, key: keys.key("campaign:\(campaignName)/\(spec.kind)")))
        step.a = Int64(first[cast.who.name] ?? 0)
        step.b = Int64(count)
        step.c = isCohortKind ? 1 : 0
        let mode: Program.CastMode
        switch cast.who {
        case .same: mode = .same
        case .each: mode = .each
        case .pool(_, let size):
            mode = .pool
            step.other = Int32(size)
        case .next: mode = .next
        case .ring: mode = .ring
        }
        step.count = mode.rawValue
        return step
    }

    /// Where one entity may have so many anomalies only, they are dealt out by their number.
    private mutating func cappedStep(
        _ spec: Scenario.EntitySpec, _ register: Int
    ) throws(YAMLError) -> Program.Step {
        var step = Program.Step(op: .pickCast)
        step.cell = Int32(register)
        step.table = Int32(program.permutations.count)
        let reach = try population(spec) / UInt64(scenario.cohortCount)
        program.permutations.append(Permutation(count: max(1, reach), key: keys.key("anomalies/\(spec.kind)")))
        (step.b, step.c) = (1, 1)
        step.count = Program.CastMode.same.rawValue
        return step
    }
}

extension Program {
    enum CastMode: Int32, Sendable { case same, each, pool, next, ring }
}

extension Machine {
    /// The entity of the campaign's own that a member's part calls for: `a` is where the part begins among the `b` that
    /// each campaign has, and a keyed permutation keeps campaigns apart.
    @inline(never)
    func pickCast(_ step: Program.Step, _ lane: Int, _ permutations: Table<Permutation>) {
        let identity = identities[lane]
        let place: UInt64 =
            switch Program.CastMode(rawValue: step.count) ?? .same {
            case .same: 0
            case .each: identity.place
            case .pool: identity.place % UInt64(step.other)
            case .next: identity.place + 1
            case .ring: (identity.place + 1) % identity.places
            }
        let permutation = permutations[Int(step.table)]
        let ordinal = identity.campaign &* UInt64(step.b) &+ UInt64(step.a) &+ place
        let cohorts = step.c == 1 ? cohortCount : 1
        let cohort = step.c == 1 ? identity.cohort : 0
        registers[Int(step.cell) &* lanes &+ lane] = permutation[ordinal % permutation.count] &* cohorts &+ cohort
    }
}
