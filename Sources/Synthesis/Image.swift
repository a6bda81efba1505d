/// A program in tables, as a machine runs it.
final class Image: Sendable {
    let program: Program
    let steps: Table<Program.Step>
    let emissions: Table<Program.Emission>
    let slots: Table<Int32>
    let choices: Table<Program.Choice>
    let thresholds: Table<UInt64>
    let operands: Table<Int32>
    let zipfs: Table<ZipfTable>
    let permutations: Table<Permutation>
    let numbers: Table<UInt64>
    let normals: Table<Int64>
    let powers: Table<UInt64>
    let text: Table<UInt8>
    let draws: Draws
    let pickDraws: Draws
    /// How many steps pick entities, at the beginning.
    let pickCount: Int
    /// Cells that are the same in every exchange.
    let constants: [Constant]
    /// Cells that an exchange may leave empty.
    let emptied: Table<Int32>
    /// What the scenario expects of an exchange, and labels it with.
    let rules: RuleTable
    let labels: RuleTable
    /// How requests are written that no anomaly has changed; nil for what only computes.
    let thriftBinary: WritePlan?
    let json: WritePlan?
    private let owner: TableOwner

    struct Constant: Sendable {
        var cell: Int32
        var choice: Program.Choice
    }

    /// A Zipf sampler's ranks and thresholds.
    struct ZipfTable: BitwiseCopyable {
        var starts: Table<UInt64>
        var cumulative: Table<UInt64>
    }

    init(_ program: Program) {
        let facts = ProgramFacts(program)
        let owner = TableOwner()
        self.program = program
        self.owner = owner
        let (running, operands) = program.runningSteps(facts)
        var steps = running
        pickDraws = Draws(&steps, 0..<facts.pickCount, program, owner)
        draws = Draws(&steps, facts.pickCount..<steps.count, program, owner)
        self.steps = owner.make(steps)
        self.operands = owner.make(operands)
        constants = facts.constants.map { Constant(cell: Int32($0.key), choice: $0.value) }
        pickCount = facts.pickCount
        emptied = owner.make(
            Set(program.steps.filter(\.writesCell).map(\.cell)).sorted().filter { !facts.isAlwaysPresent[Int($0)] })
        emissions = owner.make(program.emissions)
        slots = owner.make(program.slots)
        choices = owner.make(program.choices)
        thresholds = owner.make(program.thresholds)
        zipfs = owner.make(
            program.zipfs.map { ZipfTable(starts: owner.make($0.starts), cumulative: owner.make($0.cumulative)) })
        permutations = owner.make(program.permutations)
        numbers = owner.make(program.numbers)
        normals = owner.make(normalTailQuantiles)
        powers = owner.make(PowerTable.steps)
        text = owner.make(program.arena)
        rules = RuleTable(program.rules, owner)
        labels = RuleTable(program.labels, owner)
        if program.emissions.isEmpty {
            (thriftBinary, json) = (nil, nil)
        } else {
            var arena = Arena()
            arena.append(program.arena)
            thriftBinary = WritePlanBuilder.build(program, facts, .thriftBinary, arena)
            json = WritePlanBuilder.build(program, facts, .json, arena)
        }
    }
}

/// Rules of which the first counts whose tests all hold.
struct RuleTable: Sendable {
    /// Tests of all rules, one after the other, and where those of each end.
    let tests: Table<Program.Step>
    let ends: Table<Int32>
    let decisions: [String]

    init(_ rules: [Program.Rule], _ owner: TableOwner) {
        tests = owner.make(rules.flatMap(\.tests))
        var (ends, end) = ([Int32](), 0)
        for rule in rules {
            end += rule.tests.count
            ends.append(Int32(end))
        }
        self.ends = owner.make(ends)
        decisions = rules.map(\.decision)
    }
}
