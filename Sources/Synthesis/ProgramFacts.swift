/// What holds of a program whatever it draws: which steps always run, which cells they always fill, and with what.
struct ProgramFacts {
    /// How many steps pick entities at the beginning; the builder has all of them stand there.
    let pickCount: Int
    /// By step: a jump may pass it.
    private(set) var isConditional: [Bool]
    /// By cell: it is filled anew for each exchange.
    private(set) var isAlwaysPresent: [Bool]
    /// By cell that holds the same choice in every exchange.
    private(set) var constants: [Int: Program.Choice] = [:]
    /// By cell: its text, if it has one, needs no escape in JSON.
    private(set) var isPlain: [Bool]
    /// By cell, the steps that write it.
    private let writers: [Int32: [Program.Step]]

    init(_ program: Program) {
        pickCount = program.steps.firstIndex { !$0.isPick } ?? program.steps.count
        precondition(!program.steps.dropFirst(pickCount).contains(where: \.isPick), "an entity is picked late")
        isConditional = [Bool](repeating: false, count: program.steps.count)
        isAlwaysPresent = [Bool](repeating: false, count: program.cellCount)
        isPlain = isAlwaysPresent
        writers = Dictionary(grouping: program.steps.filter(\.writesCell), by: \.cell)
        for (at, step) in program.steps.enumerated() {
            if let end = jumpEnd(step, program) {
                for passed in at + 1..<max(at + 1, end) { isConditional[passed] = true }
            } else if step.writesCell && !isConditional[at] {
                note(step, program)
            }
        }
        // Dependencies come first, so that one pass suffices.
        for step in program.steps where step.writesCell && !isPlain[Int(step.cell)] {
            isPlain[Int(step.cell)] = (writers[step.cell] ?? []).allSatisfy { leavesPlain($0, program) }
        }
    }

    /// Where a jump may lead; nil for steps that do not jump, and for those that never do.
    private func jumpEnd(_ step: Program.Step, _ program: Program) -> Int? {
        switch step.op {
        case .skipUnlessPresent: isAlwaysPresent[Int(step.cell)] ? nil : Int(step.other)
        case .skipUnlessDrawn, .skipUnlessAbove, .skipUnlessIn, .skipUnlessWithin, .jump: Int(step.other)
        case .branch: Int(program.operands[Int(step.b) + Int(step.count)])
        default: nil
        }
    }

    private mutating func note(_ step: Program.Step, _ program: Program) {
        let cell = Int(step.cell)
        let isOnlyWriter = writers[step.cell]?.count == 1
        switch step.op {
        case .compute, .equalsText, .exists, .drawn, .copula, .evenBits, .format, .lookup, .addTerm: return
        case .copy, .first, .last, .middle:
            isAlwaysPresent[cell] = isAlwaysPresent[Int(step.other)]
            if step.op == .copy && isOnlyWriter { constants[cell] = constants[Int(step.other)] }
        case .setConstant:
            isAlwaysPresent[cell] = true
            if isOnlyWriter { constants[cell] = program.choices[Int(step.table)] }
        default: isAlwaysPresent[cell] = true
        }
    }

    private func leavesPlain(_ step: Program.Step, _ program: Program) -> Bool {
        func isPlain(piece: Int) -> Bool {
            let choice = program.choices[piece]
            return program.arena[Int(choice.start)..<Int(choice.start + choice.length)].allSatisfy {
                $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C
            }
        }
        switch step.op {
        case .setConstant, .pattern, .sequence, .unique: return isPlain(piece: Int(step.table))
        case .weights: return (0..<Int(step.count)).allSatisfy { isPlain(piece: Int(step.table) + $0) }
        case .copy, .first, .last, .middle, .lookup: return step.other == step.cell || self.isPlain[Int(step.other)]
        case .identifier: return step.c < 0 || self.isPlain[Int(step.c)]
        case .template:
            return (0..<Int(step.count)).allSatisfy {
                let operand = Int(program.operands[Int(step.table) + $0])
                return operand < 0 ? isPlain(piece: -1 - operand) : self.isPlain[operand]
            }
        case .bytes: return false
        // Numbers, dates and UUIDs.
        default: return true
        }
    }
}

extension Program.Step {
    var isPick: Bool {
        switch op {
        case .pickFree, .pickOwned, .pickShared, .pickNear, .pickWeighted, .pickCast: true
        default: false
        }
    }

    /// Everything else jumps, or sets a register.
    var writesCell: Bool {
        switch op {
        case .skipUnlessDrawn, .skipUnlessPresent, .skipUnlessAbove, .skipUnlessIn, .skipUnlessWithin, .branch, .jump:
            false
        default: !isPick
        }
    }

    /// The register that its draws count by.
    var drawScope: Int {
        if !isPick { return Int(scope) }
        return Program.Pick(rawValue: count) == .byCampaign ? 1 : 0
    }

    /// How many blocks of random bits it draws by its scope, at 0, 1, 2 and so on.
    func drawCount(_ program: Program) -> Int {
        switch op {
        case .weights, .uniform, .normal, .logNormal, .zipf, .quantiles, .time, .date: bits < 0 ? 1 : 0
        case .uuid, .identifier, .skipUnlessDrawn: 1
        case .pickFree, .pickOwned, .pickShared, .pickNear, .pickWeighted: 1
        case .pattern: max(1, (PatternText(program, self).randomCount + 3) / 4)
        case .bytes: Int(a + 7) / 8
        case .copula: Int(count)
        default: 0
        }
    }
}

/// The text of a pattern: what each character of it stands for.
struct PatternText {
    /// Characters that are drawn.
    private(set) var randomCount = 0
    /// Every character is a hexadecimal digit, and they come in fours.
    private(set) var isHexadecimal = true

    init(_ program: Program, _ step: Program.Step) {
        let text = program.choices[Int(step.table)]
        var isEscaped = false
        for byte in program.arena[Int(text.start)..<Int(text.start + text.length)] {
            if !isEscaped && [0x23, 0x5E, 0x7E, 0x25].contains(byte) { randomCount += 1 }
            if isEscaped || byte != 0x25 { isHexadecimal = false }
            isEscaped = !isEscaped && byte == 0x5C
        }
        if randomCount == 0 || randomCount % 4 != 0 { isHexadecimal = false }
    }
}
