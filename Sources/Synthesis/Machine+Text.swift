/// Texts that are made for one exchange, in its arena.
extension Machine {
    mutating func appendText(_ start: Int, _ count: Int) {
        arena.appendOwn(start, count)
    }

    @inline(__always)
    mutating func appendPiece(_ choice: Int, _ tables: Tables) {
        let piece = tables.choices[choice]
        appendText(Int(piece.start), Int(piece.length))
    }

    /// `#` is a digit, `^` a capital, `~` a small letter, `%` a hexadecimal digit; `\` takes the next as it is.
    mutating func appendPattern(_ step: Program.Step, _ counter: UInt64, _ tables: Tables) {
        let pattern = tables.choices[Int(step.table)]
        var bits = step.philox.draw(counter)
        var used = 0
        var block: UInt64 = 0
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
                block += 1
                bits = step.philox.draw(counter, block)
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
    mutating func appendUUID(_ unique: UInt64, _ bits: UInt64) {
        let high = (unique >> 14) << 16 | 0x4000 | (unique >> 2) & 0x0FFF
        let low = 0x8000_0000_0000_0000 | (unique & 3) << 60 | bits >> 4
        for i in 0..<32 {
            if i == 8 || i == 12 || i == 16 || i == 20 { arena.append(0x2D) }
            let word = i < 16 ? high : low
            let digit = UInt8(word >> UInt64(60 - 4 * (i % 16)) & 15)
            arena.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }

    mutating func appendDate(_ days: Int) {
        let (year, month, day) = calendarDay(days)
        arena.append(UInt64(year), digits: 4)
        arena.append(0x2D)
        arena.append(UInt64(month), digits: 2)
        arena.append(0x2D)
        arena.append(UInt64(day), digits: 2)
    }

    mutating func appendIdentifier(_ step: Program.Step, _ counter: UInt64, _ tables: Tables) {
        guard let kind = IdentifierKind.allCases.dropFirst(Int(step.a)).first else { return }
        func range(_ cell: Int32) -> Range<Int> {
            if cell < 0 { return 0..<0 }
            let value = cells[Int(cell)]
            return value.isPresent ? Int(value.start)..<Int(value.start + value.length) : 0..<0
        }
        let prefix = range(Int32(step.c))
        // Cards have a permutation for each length of what stands behind the prefix.
        let which = kind == .card ? Int(step.other) + max(0, min(15, prefix.count)) : Int(step.other)
        let permutation = tables.permutations[which]
        IdentifierWriter.append(
            kind, serial: permutation[counter % permutation.count], bits: step.philox.block(counter),
            date: range(Int32(step.b)), prefix: prefix, to: &arena)
    }
}
