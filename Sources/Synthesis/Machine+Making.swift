/// What each step that fills a cell puts there.
extension Machine {
    /// One step for the first `count` of the lanes.
    mutating func make(_ step: Program.Step, _ lanes: Table<Int32>, _ count: Int, _ tables: Tables) {
        switch step.op {
        case .setConstant: each(step, lanes, count) { _, cell, _ in Self.take(Int(step.table), into: &cell, tables) }
        case .markPresent: each(step, lanes, count) { _, _, _ in }
        case .weights:
            let (start, last) = (Int(step.a), Int(step.count) - 1)
            each(step, lanes, count) { machine, cell, lane in
                let chosen = WeightTable.find(machine.bits(step, lane), tables.thresholds, start, last)
                Self.take(Int(step.table) + chosen, into: &cell, tables)
            }
        case .uniform:
            // A span of 0 stands for all of 2^64.
            let span = UInt64(bitPattern: step.b)
            each(step, lanes, count) { machine, cell, lane in
                let bits = machine.bits(step, lane)
                cell.int = step.a &+ Int64(bitPattern: span == 0 ? bits : scale(bits, to: span))
            }
        case .normal, .logNormal:
            let (least, most) = (tables.choices[Int(step.table)].int, tables.choices[Int(step.table) + 1].int)
            each(step, lanes, count) { machine, cell, lane in
                let z = NormalSampler.value(machine.normalBits(step, lane), tables.normals)
                let value =
                    step.op == .normal
                    ? step.a &+ Q32.multiply(step.b, z)
                    : Q32.multiply(step.a, PowerTable.exp2(Q32.multiply(step.b, z), tables.powers))
                cell.int = max(least, min(most, value))
            }
        case .zipf:
            let zipf = tables.zipfs[Int(step.table)]
            each(step, lanes, count) { machine, cell, lane in
                cell.int = Int64(clamping: ZipfSampler.rank(machine.bits(step, lane), zipf))
            }
        case .quantiles:
            each(step, lanes, count) { machine, cell, lane in
                cell.int = QuantileTable.value(
                    machine.bits(step, lane), tables.thresholds, tables.choices, first: Int(step.table),
                    start: Int(step.a), count: Int(step.count), shift: step.b)
            }
        case .eventTime:
            each(step, lanes, count) { machine, cell, lane in
                cell.int = Int64(clamping: machine.identities[lane].timeNanos / UInt64(step.a))
            }
        case .time:
            each(step, lanes, count) { machine, cell, lane in
                let within = scale(machine.bits(step, lane), to: UInt64(step.b))
                cell.int = Int64(clamping: UInt64(step.a) &+ within) / step.c
            }
        case .copy, .first, .last, .middle: cut(step, lanes, count)
        case .setZero: each(step, lanes, count) { _, _, _ in }
        case .compute, .equalsText, .exists, .drawn, .copula, .evenBits:
            for i in 0..<count { compute(step, Int(lanes[i]), tables) }
        case .lookup: lookUp(step, lanes, count, tables)
        case .addTerm: for i in 0..<count { addTerm(step, Int(lanes[i]), tables) }
        default: write(step, lanes, count, tables)
        }
    }

    /// Fills the step's cell in each of the lanes with what `body` makes of an empty one.
    @inline(__always)
    private func each(
        _ step: Program.Step, _ lanes: Table<Int32>, _ count: Int, _ body: (borrowing Machine, inout Cell, Int) -> Void
    ) {
        let start = Int32(truncatingIfNeeded: arena.count)
        for i in 0..<count {
            let lane = Int(lanes[i])
            var cell = Cell(int: 0, start: start, length: 0, isPresent: true)
            body(self, &cell, lane)
            setCell(step.cell, lane, cell)
        }
    }

    @inline(__always)
    static func take(_ index: Int, into cell: inout Cell, _ tables: Tables) {
        let choice = tables.choices[index]
        cell.int = choice.int
        cell.start = choice.start
        cell.length = choice.length
    }

    /// 64 bits of the step's own by its scope: those that were made with all others, or made now.
    @inline(__always)
    func block(_ step: Program.Step, _ lane: Int, _ number: Int = 0) -> UInt64 {
        if step.draws >= 0 { return draws[(Int(step.draws) &+ number) &* lanes &+ lane] }
        return step.philox.draw(register(Int(step.scope), lane), UInt64(number))
    }

    /// The step's own bits, or those that a copula made for it.
    @inline(__always)
    func bits(_ step: Program.Step, _ lane: Int) -> UInt64 {
        step.bits < 0 ? block(step, lane) : UInt64(bitPattern: cell(step.bits, lane).int)
    }

    /// Likewise for a normal value, whose bits have the sign first.
    @inline(__always)
    private func normalBits(_ step: Program.Step, _ lane: Int) -> UInt64 {
        if step.bits < 0 { return block(step, lane) }
        return NormalSampler.signed(UInt64(bitPattern: cell(step.bits, lane).int))
    }

    // MARK: From other cells

    private func cut(_ step: Program.Step, _ lanes: Table<Int32>, _ count: Int) {
        for i in 0..<count {
            let lane = Int(lanes[i])
            var cell = cell(step.other, lane)
            switch step.op {
            case .first, .last: cut(&cell, to: Int32(step.a), fromEnd: step.op == .last)
            case .middle:
                let skipped = min(cell.length, Int32(step.b))
                cell.start += skipped
                cell.length -= skipped
                cut(&cell, to: Int32(step.a), fromEnd: false)
            default: break
            }
            setCell(step.cell, lane, cell)
        }
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

    private mutating func lookUp(_ step: Program.Step, _ lanes: Table<Int32>, _ count: Int, _ tables: Tables) {
        var text = step
        text.a = 1
        for i in 0..<count {
            let lane = Int(lanes[i])
            var cell = cell(step.other, lane)
            guard cell.isPresent else { continue }
            guard let found = find(text, cell, tables) else {
                strangeLane = lane
                continue
            }
            cell.int = tables.choices[Int(step.table) + found].int
            setCell(step.cell, lane, cell)
        }
    }

    private func addTerm(_ step: Program.Step, _ lane: Int, _ tables: Tables) {
        var product = step.a
        for i in 0..<Int(step.count) {
            let factor = cell(tables.operands[Int(step.table) + i], lane)
            if !factor.isPresent { return }
            product = product.multipliedReportingOverflow(by: factor.int).partialValue
        }
        var sum = cell(step.cell, lane)
        sum.int &+= product
        setCell(step.cell, lane, sum)
    }
}
