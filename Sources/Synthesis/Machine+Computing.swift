/// Arithmetic in whole numbers: a cell has a number of 10^-scale, and each step brings its operands to one scale.
extension Machine {
    /// What ``Program/Op/compute`` does; in the step's `count`.
    enum Operator: Int32, Sendable {
        /// left·a ± right·b
        case add, subtract
        /// left·right / c, and left·a / (right·b), to the nearest
        case multiply, divide
        /// left·a against right·b
        case equal, notEqual, less, lessOrEqual
        case and, or
        case not, negate, absolute
        /// left·a / c: another scale, to the nearest or to the one below
        case rescale, floor
        case least, greatest
        /// left·a where the cell `bits` is not 0, otherwise right·b
        case choose
    }

    func compute(_ step: Program.Step, _ lane: Int, _ tables: Tables) {
        var result = Cell(isPresent: true)
        switch step.op {
        case .equalsText:
            let cell = cell(step.other, lane)
            guard cell.isPresent else { return }
            result.int = find(step, cell, tables) == nil ? 0 : 1
        case .exists: result.int = cell(step.other, lane).isPresent ? 1 : 0
        case .drawn: result.int = isDrawn(step, lane, tables) ? 1 : 0
        case .copula:
            // A row of the Cholesky factor: a sum of independent normal values.
            var z: Int64 = 0
            for i in 0..<Int(step.count) {
                let own = NormalSampler.value(block(step, lane, i), tables.normals)
                z = z &+ Q32.multiply(tables.choices[Int(step.table) + i].int, own)
            }
            result.int = Int64(bitPattern: NormalSampler.rank(of: z, tables.normals))
        case .evenBits:
            let permutation = tables.permutations[Int(step.other)]
            let rank = permutation.wrapping(register(Int(step.scope), lane))
            // The middle of the step: rank and a half of count, in 2^-64.
            result.int = Int64(bitPattern: permutation.count.dividingFullWidth((rank, 1 << 63)).quotient)
        default:
            guard let value = value(step, lane) else { return }
            result.int = Int64(clamping: value)
        }
        setCell(step.cell, lane, result)
    }

    private func value(_ step: Program.Step, _ lane: Int) -> Int128? {
        guard let op = Operator(rawValue: step.count) else { return nil }
        let left = cell(step.other, lane)
        let right = step.table >= 0 ? cell(step.table, lane) : Cell(isPresent: true)
        switch op {
        case .choose:
            let condition = cell(step.bits, lane)
            guard condition.isPresent else { return nil }
            let chosen = condition.int != 0 ? left : right
            return chosen.isPresent ? Int128(chosen.int) * Int128(condition.int != 0 ? step.a : step.b) : nil
        case .and: return left.isPresent && left.int != 0 && right.isPresent && right.int != 0 ? 1 : 0
        case .or: return (left.isPresent && left.int != 0) || (right.isPresent && right.int != 0) ? 1 : 0
        case .not: return left.isPresent && left.int != 0 ? 0 : 1
        default: break
        }
        guard left.isPresent, right.isPresent else { return nil }
        let (x, y) = (Int128(left.int) * Int128(step.a), Int128(right.int) * Int128(step.b))
        switch op {
        case .add: return x + y
        case .subtract: return x - y
        case .multiply: return nearest(Int128(left.int) * Int128(right.int), Int128(step.c))
        case .divide: return y == 0 ? nil : nearest(x, y)
        case .equal: return x == y ? 1 : 0
        case .notEqual: return x != y ? 1 : 0
        case .less: return x < y ? 1 : 0
        case .lessOrEqual: return x <= y ? 1 : 0
        case .negate: return -x
        case .absolute: return x < 0 ? -x : x
        case .least: return min(x, y)
        case .greatest: return max(x, y)
        case .floor: return x >= 0 ? x / Int128(step.c) : -((-x + Int128(step.c) - 1) / Int128(step.c))
        default: return nearest(x, Int128(step.c))
        }
    }

    /// The quotient, halves away from zero.
    private func nearest(_ value: Int128, _ divisor: Int128) -> Int128 {
        if divisor == 1 { return value }
        let (x, y) = (value.magnitude, divisor.magnitude)
        let quotient = Int128((x + y / 2) / y)
        return (value < 0) == (divisor < 0) ? quotient : -quotient
    }

    /// The numbers drawn in each period stand one after the other; those of the last `c` periods still count.
    private func isDrawn(_ step: Program.Step, _ lane: Int, _ tables: Tables) -> Bool {
        let identity = identities[lane]
        let start = image.program.startNanos
        if identity.timeNanos < start { return false }
        let period = Int(clamping: (identity.timeNanos - start) / UInt64(step.a))
        let width = Int(step.count)
        let register = register(Int(step.other), lane)
        for number in max(0, period - Int(step.c) + 1)...period {
            let first = Int(step.table) + number * width
            if first + width > Int(step.b) { break }
            for at in first..<first + width where tables.numbers[at] == register { return true }
        }
        return false
    }
}
