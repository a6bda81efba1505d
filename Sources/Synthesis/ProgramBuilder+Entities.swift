import YAML

/// Which entities take part: a register for each, and the step that sets it.
extension ProgramBuilder {
    mutating func register(_ spec: Scenario.EntitySpec) throws(YAMLError) -> Int {
        if let known = registers[spec.name] { return known }
        guard pending.insert("entity:" + spec.name).inserted else {
            throw YAMLError("'\(spec.name)' owns itself", at: spec.mark, remedy: "Break the circle of owners.")
        }
        var step = Program.Step(op: .pickFree)
        if case .attributes = purpose {
            // The number comes from outside; what it belongs to follows from it.
            if let owner = spec.owner {
                throw YAMLError(
                    "'\(spec.name)' belongs to '\(owner.name)' and cannot be counted one by one", at: spec.mark,
                    remedy: "Use an entity without 'owner'.")
            }
            return newRegister(spec)
        }
        if let owner = spec.owner {
            guard let parent = entity(owner.name) else { throw unknown(owner, "entity", scenario.entities.map(\.name)) }
            step.op = spec.count == 0 ? .pickOwned : .pickShared
            step.other = Int32(try register(parent))
            step.a = Int64(spec.each)
        }
        if let near = spec.near {
            guard let centre = entity(near.entity.name) else {
                throw unknown(near.entity, "entity", scenario.entities.map(\.name))
            }
            guard spec.owner == nil else {
                throw YAMLError(
                    "'near' and 'owner' exclude each other", at: spec.mark, remedy: "Leave out one.")
            }
            step.op = .pickNear
            step.other = Int32(try register(centre))
        }
        if spec.weight != nil { step.op = .pickWeighted }
        let population = try population(spec)
        let number = newRegister(spec)
        step.cell = Int32(number)
        step.b = Int64(population)
        let pick = pick(of: spec.name)
        step.count = pick.rawValue
        step.philox = keys.philox(pickPath(spec.name, pick))
        let isCohortEntity = spec.name == scenario.cohortEntity && step.op == .pickFree
        let cohorts = isCohortEntity ? UInt64(scenario.cohortCount) : 1
        guard population >= cohorts else {
            throw YAMLError(
                "fewer '\(spec.name)' than cohorts", at: spec.mark, remedy: "Raise the count or lower 'cohorts'.")
        }
        switch step.op {
        case .pickFree:
            step.table = zipf(population / cohorts, spec.skew)
            step.c = isCohortEntity ? 1 : 0
        case .pickShared:
            step.table = zipf(population, spec.skew)
            step.c = Int64(bitPattern: keys.key("link:\(spec.kind)"))
        case .pickNear:
            let near = try relations.neighbours(spec, self)
            step.a = Int64(program.numbers.count)
            program.numbers += near.starts
            step.c = Int64(program.numbers.count)
            program.numbers += near.members
        case .pickWeighted:
            step.a = Int64(program.numbers.count)
            program.numbers += try relations.weights(spec, self).thresholds
        default: break
        }
        if let cast = try castStep(spec, register: number) { step = cast }
        program.steps.append(step)
        return number
    }

    private mutating func newRegister(_ spec: Scenario.EntitySpec) -> Int {
        let number = program.registerCount
        program.registerCount += 1
        registers[spec.name] = number
        program.registerOfEntity[spec.name] = number
        return number
    }

    private mutating func zipf(_ count: UInt64, _ exponent: Int64) -> Int32 {
        program.zipfs.append(ZipfSampler(count: count, exponent: exponent))
        return Int32(program.zipfs.count - 1)
    }

    /// All exchanges of a flow have the same ones; who takes part in a campaign is cast, see `Casts.swift`.
    private func pick(of name: String) -> Program.Pick {
        if case .flow = purpose { return .byCampaign }
        return .byExchange
    }

    private func pickPath(_ name: String, _ pick: Program.Pick) -> String {
        if case .flow(let flow, let state) = purpose {
            if let draw = state?.draws.first(where: { $0.entity.name == name }) {
                return "flow:\(flow.name)/\(entity(name)?.kind ?? name)@\(draw.key)"
            }
            return "flow:\(flow.name)/\(name)"
        }
        return "pick:\(name)"
    }

    /// How many numbers a register takes, as far as that is known: how often a unique id is drawn.
    func reach(ofScope scope: Int) throws(YAMLError) -> UInt64? {
        if scope == 0 { return total }
        guard let name = registers.first(where: { $0.value == scope })?.key, let spec = entity(name) else { return nil }
        return try population(spec)
    }
}
