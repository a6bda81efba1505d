/// Runs a program for one exchange after the other, reusing all its memory.
struct Machine {
    let image: Image
    let cells: Table<Cell>
    /// The program's texts, then what this exchange made.
    var arena: Arena
    /// The exchange's index, the campaign's or flow's number, then a number for each entity.
    let registers: Table<UInt64>
    let slots: Table<Int32>
    /// How many slots hold something else than the program says.
    var substituted = 0
    /// How the request is laid out: the program's emissions, or for a moment an anomaly's.
    var layout: Table<Program.Emission>
    private let owner: TableOwner
    let cohortCount: UInt64
    /// A value that its field's enumeration does not have: the scenario's fault, found only now.
    private(set) var strangeCell: Int32 = -1

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

    init(_ image: Image, cohortCount: Int) {
        self.image = image
        layout = image.emissions
        self.cohortCount = UInt64(cohortCount)
        owner = TableOwner()
        cells = owner.make(count: image.program.cellCount + Machine.spareCells, Cell())
        registers = owner.make(count: image.program.registerCount, 0)
        slots = owner.make(image.program.slots)
        arena = Arena(capacity: image.text.count + 4096)
        for byte in image.program.arena { arena.append(byte) }
    }

    /// Makes every value of one exchange.
    mutating func run(_ identity: Identity) {
        let steps = image.steps
        let tables = Tables(image)
        cells.fill(Cell())
        arena.truncate(to: image.text.count)
        registers[0] = identity.index
        registers[1] = identity.campaign
        var at = 0
        while at < steps.count {
            let step = steps[at]
            at += 1
            switch step.op {
            case .pickFree, .pickOwned, .pickShared, .pickNear, .pickWeighted: pick(step, identity, tables)
            case .pickCast: pickCast(step, identity, tables.permutations)
            case .skipUnlessDrawn:
                if step.philox.draw(registers[Int(step.scope)]) >= UInt64(bitPattern: step.a) { at = Int(step.other) }
            case .skipUnlessPresent: if !cells[Int(step.cell)].isPresent { at = Int(step.other) }
            case .skipUnlessAbove:
                let cell = cells[Int(step.cell)]
                if !cell.isPresent || cell.int <= step.a { at = Int(step.other) }
            case .skipUnlessIn: if find(step, cells[Int(step.cell)], tables) == nil { at = Int(step.other) }
            case .skipUnlessWithin:
                let cell = cells[Int(step.cell)]
                if !cell.isPresent || cell.int < step.a || cell.int > step.b { at = Int(step.other) }
            case .branch:
                let found = find(step, cells[Int(step.other)], tables) ?? Int(step.count)
                at = Int(tables.operands[Int(step.b) + found])
            case .jump: at = Int(step.other)
            case .markPresent: cells[Int(step.cell)] = Cell(isPresent: true)
            default: make(step, identity, tables)
            }
        }
    }

    /// The decision of the first rule whose tests all hold; empty when none does.
    func expected() -> String { image.program.rules.first { holds($0.tests) }?.decision ?? "" }

    /// True when every test holds over the cells as they are.
    func holds(_ tests: [Program.Step]) -> Bool {
        tests.allSatisfy { test in
            let cell = cells[Int(test.cell)]
            if test.op == .skipUnlessIn { return find(test, cell, Tables(image)) != nil }
            return cell.isPresent && cell.int >= test.a && cell.int <= test.b
        }
    }

    /// Which of the step's choices the cell equals: by number (a = 0) or by text.
    @inline(__always)
    func find(_ step: Program.Step, _ cell: Cell, _ tables: Tables) -> Int? {
        if !cell.isPresent { return nil }
        let start = Int(step.table)
        if step.a == 2 {
            // Ranges: two choices each.
            for i in 0..<Int(step.count)
            where cell.int >= tables.choices[start + 2 * i].int && cell.int <= tables.choices[start + 2 * i + 1].int {
                return i
            }
            return nil
        }
        for i in 0..<Int(step.count) {
            let choice = tables.choices[start + i]
            if step.a == 0 {
                if choice.int == cell.int { return i }
            } else if choice.length == cell.length && isSame(Int(choice.start), Int(cell.start), Int(cell.length)) {
                return i
            }
        }
        return nil
    }

    private func isSame(_ a: Int, _ b: Int, _ count: Int) -> Bool {
        for i in 0..<count where arena[a + i] != arena[b + i] { return false }
        return true
    }

    private mutating func make(_ step: Program.Step, _ identity: Identity, _ tables: Tables) {
        let counter = registers[Int(step.scope)]
        var cell = Cell(int: 0, start: Int32(arena.count), length: 0, isPresent: true)
        switch step.op {
        case .setConstant: take(Int(step.table), into: &cell, tables)
        case .weights:
            let bits = draw(step, counter)
            var low = 0
            var high = Int(step.count) - 1
            let start = Int(step.a)
            while low < high {
                let middle = (low + high) / 2
                if tables.thresholds[start + middle] <= bits { low = middle + 1 } else { high = middle }
            }
            take(Int(step.table) + low, into: &cell, tables)
        case .uniform:
            // A span of 0 stands for all of 2^64.
            let bits = draw(step, counter)
            cell.int = step.a &+ Int64(bitPattern: step.b == 0 ? bits : scale(bits, to: UInt64(bitPattern: step.b)))
        case .normal:
            let z = NormalSampler.value(drawNormal(step, counter), tables.normals)
            let value = step.a.addingReportingOverflow(Q32.multiply(step.b, z))
            cell.int = max(
                tables.choices[Int(step.table)].int, min(tables.choices[Int(step.table) + 1].int, value.partialValue))
        case .logNormal:
            let z = NormalSampler.value(drawNormal(step, counter), tables.normals)
            let value = Q32.multiply(step.a, PowerTable.exp2(Q32.multiply(step.b, z), tables.powers))
            cell.int = max(tables.choices[Int(step.table)].int, min(tables.choices[Int(step.table) + 1].int, value))
        case .zipf:
            cell.int = Int64(clamping: ZipfSampler.rank(draw(step, counter), tables.zipfs[Int(step.table)]))
        case .quantiles:
            cell.int = QuantileTable.value(
                draw(step, counter), tables.thresholds, tables.choices, first: Int(step.table), start: Int(step.a),
                count: Int(step.count))
        case .pattern: appendPattern(step, counter, tables)
        case .sequence:
            cell.int = step.a &+ step.b &* Int64(truncatingIfNeeded: counter)
            appendPiece(Int(step.table), tables)
            arena.append(decimal: cell.int)
        case .unique:
            let permutation = tables.permutations[Int(step.other)]
            cell.int = Int64(clamping: permutation[counter % permutation.count])
            appendPiece(Int(step.table), tables)
            arena.append(UInt64(cell.int), digits: Int(step.a))
        case .permuted:
            let permutation = tables.permutations[Int(step.other)]
            cell.int = step.a &+ Int64(bitPattern: permutation[counter % permutation.count])
            arena.append(decimal: cell.int)
        case .uuid: appendUUID(tables.permutations[Int(step.other)][counter % (1 << 62)], step.philox.draw(counter))
        case .bytes:
            var left = Int(step.a)
            var block: UInt64 = 0
            while left > 0 {
                var bits = step.philox.draw(counter, block)
                block += 1
                for _ in 0..<min(8, left) {
                    arena.append(UInt8(truncatingIfNeeded: bits))
                    bits >>= 8
                }
                left -= 8
            }
        case .copy:
            cell = cells[Int(step.other)]
            cells[Int(step.cell)] = cell
            return
        case .first, .last:
            cell = cells[Int(step.other)]
            cut(&cell, to: Int32(step.a), fromEnd: step.op == .last)
            cells[Int(step.cell)] = cell
            return
        case .middle:
            cell = cells[Int(step.other)]
            let skipped = min(cell.length, Int32(step.b))
            cell.start += skipped
            cell.length -= skipped
            cut(&cell, to: Int32(step.a), fromEnd: false)
            cells[Int(step.cell)] = cell
            return
        case .compute, .equalsText, .exists, .drawn, .copula: return compute(step, identity, counter, tables)
        case .template:
            for i in 0..<Int(step.count) {
                let operand = Int(tables.operands[Int(step.table) + i])
                // Below zero: a literal among the choices.
                if operand < 0 {
                    appendPiece(-1 - operand, tables)
                } else {
                    let part = cells[operand]
                    if part.isPresent { appendText(Int(part.start), Int(part.length)) }
                }
            }
        case .eventTime: cell.int = Int64(clamping: identity.timeNanos / UInt64(step.a))
        case .time:
            cell.int = Int64(clamping: UInt64(step.a) &+ scale(draw(step, counter), to: UInt64(step.b))) / step.c
        case .date:
            cell.int = step.a + Int64(scale(draw(step, counter), to: UInt64(step.b)))
            appendDate(Int(cell.int))
        case .identifier: appendIdentifier(step, counter, tables)
        case .format:
            let source = cells[Int(step.other)]
            guard source.isPresent else { return }
            cell.int = source.int
            arena.append(source.int, scale: Int(step.a))
        case .lookup:
            cell = cells[Int(step.other)]
            guard cell.isPresent else { return }
            var text = step
            text.a = 1
            if let found = find(text, cell, tables) {
                cell.int = tables.choices[Int(step.table) + found].int
                cells[Int(step.cell)] = cell
            } else {
                strangeCell = step.cell
            }
            return
        case .setZero: break
        case .addTerm:
            var product = step.a
            for i in 0..<Int(step.count) {
                let factor = cells[Int(tables.operands[Int(step.table) + i])]
                if !factor.isPresent { return }
                product = product.multipliedReportingOverflow(by: factor.int).partialValue
            }
            var sum = cells[Int(step.cell)]
            sum.int &+= product
            cells[Int(step.cell)] = sum
            return
        default: break
        }
        if step.op != .setConstant && step.op != .weights { cell.length = Int32(arena.count) - cell.start }
        cells[Int(step.cell)] = cell
    }

    /// The step's own bits, or those that a copula made for it.
    @inline(__always)
    private func draw(_ step: Program.Step, _ counter: UInt64) -> UInt64 {
        step.bits < 0 ? step.philox.draw(counter) : UInt64(bitPattern: cells[Int(step.bits)].int)
    }

    /// Likewise for a normal value, whose bits have the sign first.
    @inline(__always)
    private func drawNormal(_ step: Program.Step, _ counter: UInt64) -> UInt64 {
        if step.bits < 0 { return step.philox.draw(counter) }
        return NormalSampler.signed(UInt64(bitPattern: cells[Int(step.bits)].int))
    }

    @inline(__always)
    private func take(_ index: Int, into cell: inout Cell, _ tables: Tables) {
        let choice = tables.choices[index]
        cell.int = choice.int
        cell.start = choice.start
        cell.length = choice.length
    }

    private func cut(_ cell: inout Cell, to count: Int32, fromEnd: Bool) {
        if cell.length <= count { return }
        // A character of several bytes is kept whole or left out.
        func isContinuation(_ at: Int32) -> Bool { arena[Int(at)] & 0xC0 == 0x80 }
        if fromEnd {
            cell.start += cell.length - count
            cell.length = count
            while cell.length > 0 && isContinuation(cell.start) {
                cell.start += 1
                cell.length -= 1
            }
        } else {
            let end = cell.start + cell.length
            cell.length = count
            while cell.length > 0 && cell.start + cell.length < end && isContinuation(cell.start + cell.length) {
                cell.length -= 1
            }
        }
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
