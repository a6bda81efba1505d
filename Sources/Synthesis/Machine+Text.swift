/// Texts that are made for an exchange, in the machine's arena.
extension Machine {
    /// One step that makes texts, for the first `count` of the lanes.
    mutating func write(_ step: Program.Step, _ lanes: Table<Int32>, _ count: Int, _ tables: Tables) {
        switch step.op {
        case .pattern:
            if step.a == 1 {
                let size = Int(tables.choices[Int(step.table)].length) / 4
                each(step, lanes, count) { machine, _, lane in
                    for number in 0..<size { machine.arena.append(hexOfSixteens: machine.block(step, lane, number)) }
                }
            } else {
                each(step, lanes, count) { machine, _, lane in machine.appendPattern(step, lane, tables) }
            }
        case .sequence:
            each(step, lanes, count) { machine, cell, lane in
                cell.int = step.a &+ step.b &* Int64(truncatingIfNeeded: machine.register(Int(step.scope), lane))
                machine.appendPiece(Int(step.table), tables)
                machine.arena.append(decimal: cell.int)
            }
        case .unique:
            permute(step, lanes, count, tables)
            each(step, lanes, count) { machine, cell, lane in
                cell.int = Int64(clamping: machine.places[lane])
                machine.appendPiece(Int(step.table), tables)
                machine.arena.append(UInt64(cell.int), digits: Int(step.a))
            }
        case .permuted:
            permute(step, lanes, count, tables)
            each(step, lanes, count) { machine, cell, lane in
                cell.int = step.a &+ Int64(bitPattern: machine.places[lane])
                machine.arena.append(decimal: cell.int)
            }
        case .uuid:
            permute(step, lanes, count, tables)
            each(step, lanes, count) { machine, _, lane in
                machine.appendUUID(machine.places[lane], machine.block(step, lane))
            }
        case .bytes:
            each(step, lanes, count) { machine, _, lane in
                var left = Int(step.a)
                var number = 0
                while left > 0 {
                    machine.arena.append(raw: machine.block(step, lane, number).littleEndian, length: min(8, left))
                    number += 1
                    left -= 8
                }
            }
        case .template: each(step, lanes, count) { machine, _, lane in machine.appendTemplate(step, lane, tables) }
        case .date:
            each(step, lanes, count) { machine, cell, lane in
                cell.int = step.a + Int64(scale(machine.bits(step, lane), to: UInt64(step.b)))
                machine.appendDate(Int(cell.int))
            }
        case .identifier:
            if IdentifierKind.inOrder[Int(step.a)] != .card { permute(step, lanes, count, tables) }
            each(step, lanes, count) { machine, _, lane in machine.appendIdentifier(step, lane, tables) }
        case .format:
            for i in 0..<count {
                let lane = Int(lanes[i])
                let source = cell(step.other, lane)
                guard source.isPresent else { continue }
                let start = arena.count
                arena.append(source.int, scale: Int(step.a))
                setCell(
                    step.cell, lane,
                    Cell(
                        int: source.int, start: Int32(start), length: Int32(arena.count - start), isPresent: true))
            }
        default: break
        }
    }

    /// Fills the step's cell in each of the lanes with the text that `body` appends.
    @inline(__always)
    private mutating func each(
        _ step: Program.Step, _ lanes: Table<Int32>, _ count: Int, _ body: (inout Machine, inout Cell, Int) -> Void
    ) {
        for i in 0..<count {
            let lane = Int(lanes[i])
            var cell = Cell(int: 0, start: Int32(truncatingIfNeeded: arena.count), length: 0, isPresent: true)
            body(&self, &cell, lane)
            cell.length = Int32(truncatingIfNeeded: arena.count) - cell.start
            setCell(step.cell, lane, cell)
        }
    }

    /// Puts each lane's number through the step's permutation into ``places``.
    private func permute(_ step: Program.Step, _ lanes: Table<Int32>, _ count: Int, _ tables: Tables) {
        let permutation = tables.permutations[Int(step.other)]
        if count > 1 && count * 2 > self.lanes {
            return places.fill(permutation, registers, column: Int(step.scope))
        }
        for i in 0..<count {
            let lane = Int(lanes[i])
            places[lane] = permutation.wrapping(register(Int(step.scope), lane))
        }
    }

    private mutating func appendTemplate(_ step: Program.Step, _ lane: Int, _ tables: Tables) {
        for i in 0..<Int(step.count) {
            let operand = tables.operands[Int(step.table) + i]
            // Below zero: a literal among the choices.
            if operand < 0 {
                appendPiece(Int(-1 - operand), tables)
            } else {
                let part = cell(operand, lane)
                if part.isPresent { arena.appendOwn(Int(part.start), Int(part.length)) }
            }
        }
    }

    @inline(__always)
    private mutating func appendPiece(_ choice: Int, _ tables: Tables) {
        let piece = tables.choices[choice]
        arena.appendOwn(Int(piece.start), Int(piece.length))
    }

    /// `#` is a digit, `^` a capital, `~` a small letter, `%` a hexadecimal digit; `\` takes the next as it is.
    private mutating func appendPattern(_ step: Program.Step, _ lane: Int, _ tables: Tables) {
        let pattern = tables.choices[Int(step.table)]
        arena.reserve(Int(pattern.length))
        var bits = block(step, lane)
        var used = 0
        var number = 0
        var isEscaped = false
        for at in Int(pattern.start)..<Int(pattern.start + pattern.length) {
            let byte = arena[at]
            let bound: UInt64
            switch byte {
            case _ where isEscaped: bound = 0
            case 0x23: bound = 10
            case 0x5E, 0x7E: bound = 26
            case 0x25: bound = 16
            case 0x5C:
                isEscaped = true
                continue
            default: bound = 0
            }
            isEscaped = false
            if bound == 0 {
                arena.append(byte)
                continue
            }
            if used == 4 {
                number += 1
                bits = block(step, lane, number)
                used = 0
            }
            // Sixteen bits a character.
            let value = UInt8(((bits & 0xFFFF) * bound) >> 16)
            bits >>= 16
            used += 1
            switch byte {
            case 0x23: arena.append(0x30 + value)
            case 0x5E: arena.append(0x41 + value)
            case 0x7E: arena.append(0x61 + value)
            default: arena.append(value < 10 ? 0x30 + value : 0x57 + value)
            }
        }
    }

    /// Version 4 by its looks (RFC 9562 §5.4): 62 permuted bits, which no two indices share, and 60 random ones.
    private mutating func appendUUID(_ unique: UInt64, _ bits: UInt64) {
        let high = (unique >> 14) << 16 | 0x4000 | (unique >> 2) & 0x0FFF
        let low = 0x8000_0000_0000_0000 | (unique & 3) << 60 | bits >> 4
        arena.append(hex: UInt32(high >> 32))
        arena.append(0x2D)
        arena.append(hex: UInt16(truncatingIfNeeded: high >> 16))
        arena.append(0x2D)
        arena.append(hex: UInt16(truncatingIfNeeded: high))
        arena.append(0x2D)
        arena.append(hex: UInt16(low >> 48))
        arena.append(0x2D)
        arena.append(hex: UInt16(truncatingIfNeeded: low >> 32))
        arena.append(hex: UInt32(truncatingIfNeeded: low))
    }

    private mutating func appendDate(_ days: Int) {
        let (year, month, day) = calendarDay(days)
        arena.append(UInt64(year), digits: 4)
        arena.append(0x2D)
        arena.append(UInt64(month), digits: 2)
        arena.append(0x2D)
        arena.append(UInt64(day), digits: 2)
    }

    private mutating func appendIdentifier(_ step: Program.Step, _ lane: Int, _ tables: Tables) {
        let kind = IdentifierKind.inOrder[Int(step.a)]
        func range(_ number: Int32) -> Range<Int> {
            if number < 0 { return 0..<0 }
            let value = cell(number, lane)
            return value.isPresent ? Int(value.start)..<Int(value.start + value.length) : 0..<0
        }
        let prefix = range(Int32(step.c))
        let counter = register(Int(step.scope), lane)
        // Cards have a permutation for each length of what stands behind the prefix, the first for none.
        let which = Int(step.other) + max(0, min(15, prefix.count))
        let serial = kind == .card ? tables.permutations[which].wrapping(counter) : places[lane]
        // Only this kind looks at the second half.
        let bits = kind == .clabe ? step.philox.block(counter) : (block(step, lane), 0)
        IdentifierWriter.append(
            kind, serial: serial, bits: bits, date: range(Int32(step.b)), prefix: prefix, to: &arena)
    }
}
