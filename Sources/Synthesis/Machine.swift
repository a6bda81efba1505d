/// Runs a program for several exchanges side by side, reusing all its memory.
///
/// Each exchange has a lane. A step is carried out for one lane after the other before the next step begins, so that what
/// a step costs beside its arithmetic is paid once for all lanes. Cells, registers and draws are columns: those of one
/// cell stand together, one for each lane. Most machines have a single lane, and then a column is one element.
struct Machine {
    let image: Image
    /// How many exchanges it makes at once; 1 or a multiple of 8.
    let lanes: Int
    let cells: Table<Cell>
    /// The program's texts, then what these exchanges made.
    var arena: Arena
    /// The exchange's index, the campaign's or flow's number, then a number for each entity.
    let registers: Table<UInt64>
    let slots: Table<Int32>
    /// What ``Draws`` made for these exchanges.
    let draws: Table<UInt64>
    /// Those for picking entities.
    let pickDraws: Table<UInt64>
    /// By lane, where a permutation put a number.
    let places: Table<UInt64>
    let identities: Table<Identity>
    /// By lane, the step at which it goes on.
    private let resumes: Table<Int32>
    /// Every lane, and those that a conditional step is for.
    private let allLanes: Table<Int32>
    private let chosenLanes: Table<Int32>
    /// How many slots hold something else than the program says.
    var substituted = 0
    /// How the request is laid out: the program's emissions, or for a moment an anomaly's.
    var layout: Table<Program.Emission>
    private let owner: TableOwner
    let cohortCount: UInt64
    /// The lane with a value that its field's enumeration does not have, or -1: the scenario's fault, found only now.
    var strangeLane = -1

    var program: Program { image.program }

    /// What the exchange is, before any value is drawn.
    struct Identity: Sendable {
        var index: UInt64 = 0
        var timeNanos: UInt64 = 0
        var cohort: UInt64 = 0
        /// The campaign's number and the member's position in its stage from 0, among so many; 0, 0 and 1 outside one.
        var campaign: UInt64 = 0
        /// The step of a flow's instance, from 0.
        var member: UInt64 = 0
        var place: UInt64 = 0
        var places: UInt64 = 1
    }

    /// Cells more than the program has: for what anomalies put in place of others.
    static let spareCells = 16

    init(_ image: Image, cohortCount: Int, lanes: Int = 1) {
        precondition(lanes == 1 || lanes % 8 == 0)
        self.image = image
        self.lanes = lanes
        layout = image.emissions
        self.cohortCount = UInt64(cohortCount)
        owner = TableOwner()
        cells = owner.make(count: (image.program.cellCount + Machine.spareCells) * lanes, Cell())
        registers = owner.make(count: image.program.registerCount * lanes, 0)
        slots = owner.make(image.program.slots)
        draws = owner.make(count: image.draws.count * lanes, 0)
        pickDraws = owner.make(count: image.pickDraws.count * lanes, 0)
        places = owner.make(count: lanes, 0)
        identities = owner.make(count: lanes, Identity())
        resumes = owner.make(count: lanes, 0)
        allLanes = owner.make((0..<lanes).map { Int32($0) })
        chosenLanes = owner.make(count: lanes, 0)
        arena = Arena(capacity: image.text.count + 4096 * lanes)
        arena.append(image.program.arena)
        for constant in image.constants {
            let (choice, cell) = (constant.choice, Int(constant.cell))
            for lane in 0..<lanes {
                cells[cell * lanes + lane] = Cell(
                    int: choice.int, start: choice.start, length: choice.length, isPresent: true)
            }
        }
    }

    @inline(__always)
    func cell(_ number: Int32, _ lane: Int) -> Cell { cells[Int(number) &* lanes &+ lane] }

    @inline(__always)
    func setCell(_ number: Int32, _ lane: Int, _ value: Cell) { cells[Int(number) &* lanes &+ lane] = value }

    @inline(__always)
    func register(_ number: Int, _ lane: Int) -> UInt64 { registers[number &* lanes &+ lane] }

    /// Makes every value of one exchange.
    mutating func run(_ identity: Identity) {
        identities[0] = identity
        run(count: 1)
    }

    /// Makes every value of the exchanges in the first `count` lanes, which ``identities`` names.
    mutating func run(count: Int) {
        let steps = image.steps
        let tables = Tables(image)
        prepare(count)
        pickDraws.fill(image.pickDraws, registers, lanes: lanes)
        var at = 0
        while at < image.pickCount {
            let step = steps[at]
            for lane in 0..<count { pick(step, lane, tables) }
            at += 1
        }
        // With the entities known, every counter is.
        draws.fill(image.draws, registers, lanes: lanes)
        while at < steps.count {
            let step = steps[at]
            at += 1
            if !step.isConditional {
                perform(step, at, allLanes, count, tables)
                continue
            }
            var chosen = 0
            for lane in 0..<count {
                chosenLanes[chosen] = Int32(truncatingIfNeeded: lane)
                chosen &+= resumes[lane] < at ? 1 : 0
            }
            if chosen > 0 { perform(step, at, chosenLanes, chosen, tables) }
        }
    }

    /// Empties what an exchange may leave empty, and sets the first two registers.
    private mutating func prepare(_ count: Int) {
        let emptied = image.emptied
        for at in 0..<emptied.count {
            let column = Int(emptied[at]) * lanes
            for lane in 0..<count { cells[column + lane] = Cell() }
        }
        arena.truncate(to: image.text.count)
        for lane in 0..<count {
            resumes[lane] = 0
            registers[lane] = identities[lane].index
            registers[lanes + lane] = identities[lane].campaign
        }
    }

    /// One step for the first `count` of the lanes; `next` is the position of the step behind it.
    private mutating func perform(
        _ step: Program.Step, _ next: Int, _ lanes: Table<Int32>, _ count: Int, _ tables: Tables
    ) {
        switch step.op {
        case .skipUnlessDrawn:
            jump(step, lanes, count) { machine, lane in
                machine.bits(step, lane) < UInt64(bitPattern: step.a)
            }
        case .skipUnlessPresent: jump(step, lanes, count) { machine, lane in machine.cell(step.cell, lane).isPresent }
        case .skipUnlessAbove:
            jump(step, lanes, count) { machine, lane in
                let cell = machine.cell(step.cell, lane)
                return cell.isPresent && cell.int > step.a
            }
        case .skipUnlessIn:
            jump(step, lanes, count) { machine, lane in
                machine.find(step, machine.cell(step.cell, lane), tables) != nil
            }
        case .skipUnlessWithin:
            jump(step, lanes, count) { machine, lane in
                let cell = machine.cell(step.cell, lane)
                return cell.isPresent && cell.int >= step.a && cell.int <= step.b
            }
        case .branch:
            for i in 0..<count {
                let lane = Int(lanes[i])
                let found = find(step, cell(step.other, lane), tables) ?? Int(step.count)
                resumes[lane] = tables.operands[Int(step.b) + found]
            }
        case .jump: for i in 0..<count { resumes[Int(lanes[i])] = step.other }
        default: make(step, lanes, count, tables)
        }
    }

    /// Lanes for which `holds` does not hold go on at the step's target.
    @inline(__always)
    private func jump(
        _ step: Program.Step, _ lanes: Table<Int32>, _ count: Int, _ holds: (borrowing Machine, Int) -> Bool
    ) {
        for i in 0..<count {
            let lane = Int(lanes[i])
            if !holds(self, lane) { resumes[lane] = step.other }
        }
    }

    /// How the request is written, unless an anomaly has changed it.
    @inline(__always)
    func plan(_ style: WritePlan.Style) -> WritePlan? {
        if substituted > 0 || !layout.isSame(as: image.emissions) { return nil }
        return style == .json ? image.json : image.thriftBinary
    }

    /// The image's tables, two words each, so that the loop does not touch the image itself.
    struct Tables {
        let choices: Table<Program.Choice>
        let thresholds: Table<UInt64>
        let operands: Table<Int32>
        let zipfs: Table<Image.ZipfTable>
        let permutations: Table<Permutation>
        let numbers: Table<UInt64>
        let normals: Table<Int64>
        let powers: Table<UInt64>

        init(_ image: Image) {
            choices = image.choices
            thresholds = image.thresholds
            operands = image.operands
            zipfs = image.zipfs
            permutations = image.permutations
            numbers = image.numbers
            normals = image.normals
            powers = image.powers
        }
    }
}
