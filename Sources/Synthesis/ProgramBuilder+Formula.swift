import Expression
import YAML

/// Formulas as steps: every node becomes a cell with a number of 10^-scale.
extension ProgramBuilder {
    /// A value on the way, with its decimals.
    private struct Operand {
        var cell: Int32
        var scale: Int
    }

    /// Decimals that a product or a quotient keeps.
    private static let scaleLimit = 9
    private static let quotientScale = 6

    mutating func formula(
        _ formula: Formula, into cell: Int32, scale: Int, _ context: Context, at mark: YAMLMark
    ) throws(YAMLError) -> CellInfo {
        let value = try operand(formula.root, context, mark)
        let raised = max(0, scale - value.scale)
        emit(
            .rescale, value.cell, a: Self.powerOfTen(raised), c: Self.powerOfTen(max(0, value.scale - scale)),
            into: cell)
        return CellInfo(cell: cell, hasInt: true, hasText: false, scale: scale)
    }

    private mutating func emit(
        _ op: Machine.Operator, _ left: Int32, _ right: Int32 = -1, a: Int64 = 1, b: Int64 = 1, c: Int64 = 1,
        bits: Int32 = -1, into cell: Int32
    ) {
        program.steps.append(
            .init(op: .compute, cell: cell, other: left, table: right, count: op.rawValue, bits: bits, a: a, b: b, c: c)
        )
    }

    private mutating func operand(
        _ node: Formula.Node, _ context: Context, _ mark: YAMLMark
    ) throws(YAMLError) -> Operand {
        switch node {
        case .number(let value, let scale):
            let cell = newCell()
            let table = Int32(program.choices.count)
            program.choices.append(.init(int: value, start: 0, length: 0))
            program.steps.append(.init(op: .setConstant, cell: cell, table: table))
            return Operand(cell: cell, scale: scale)
        case .text:
            throw YAMLError(
                "a text is only compared, with == or in", at: mark, remedy: "As in if(country == \"BR\", 1, 0).")
        case .path(let path):
            let info = try resolve(reference(path, mark), context)
            guard info.hasInt else {
                throw YAMLError("'\(path)' is no number", at: mark, remedy: "Compare texts with == or in.")
            }
            return Operand(cell: info.cell, scale: info.scale)
        case .exists(let path):
            let cell = newCell()
            let other = try resolve(reference(path, mark), context).cell
            program.steps.append(.init(op: .exists, cell: cell, other: other))
            return Operand(cell: cell, scale: 0)
        case .negate(let inner): return try unary(.negate, inner, context, mark)
        case .absolute(let inner): return try unary(.absolute, inner, context, mark)
        case .not(let inner):
            var result = try unary(.not, inner, context, mark)
            result.scale = 0
            return result
        case .floor(let inner):
            let value = try operand(inner, context, mark)
            let cell = newCell()
            emit(.floor, value.cell, c: Self.powerOfTen(value.scale), into: cell)
            return Operand(cell: cell, scale: 0)
        case .round(let inner, let digits):
            let value = try operand(inner, context, mark)
            if value.scale <= digits { return value }
            let cell = newCell()
            emit(.rescale, value.cell, c: Self.powerOfTen(value.scale - digits), into: cell)
            return Operand(cell: cell, scale: digits)
        case .choose(let condition, let first, let second):
            let test = try operand(condition, context, mark)
            let (x, y, scale) = try aligned(first, second, context, mark)
            let cell = newCell()
            emit(.choose, x.cell, y.cell, a: factor(x, scale), b: factor(y, scale), bits: test.cell, into: cell)
            return Operand(cell: cell, scale: scale)
        case .binary(let op, let left, let right): return try binary(op, left, right, context, mark)
        }
    }

    private func reference(_ path: ExpressionPath, _ mark: YAMLMark) -> Generator.Reference {
        .init(name: path.segments.joined(separator: "."), mark: mark)
    }

    private func factor(_ operand: Operand, _ scale: Int) -> Int64 { Self.powerOfTen(scale - operand.scale) }

    private mutating func unary(
        _ op: Machine.Operator, _ node: Formula.Node, _ context: Context, _ mark: YAMLMark
    ) throws(YAMLError) -> Operand {
        let value = try operand(node, context, mark)
        let cell = newCell()
        emit(op, value.cell, into: cell)
        return Operand(cell: cell, scale: value.scale)
    }

    private mutating func aligned(
        _ left: Formula.Node, _ right: Formula.Node, _ context: Context, _ mark: YAMLMark
    ) throws(YAMLError) -> (Operand, Operand, Int) {
        let (x, y) = (try operand(left, context, mark), try operand(right, context, mark))
        return (x, y, max(x.scale, y.scale))
    }

    private mutating func binary(
        _ op: Formula.Operator, _ left: Formula.Node, _ right: Formula.Node, _ context: Context, _ mark: YAMLMark
    ) throws(YAMLError) -> Operand {
        if op == .equal || op == .notEqual {
            if case .text(let text) = right { return try equals(left, text, op, context, mark) }
            if case .text(let text) = left { return try equals(right, text, op, context, mark) }
        }
        let (x, y, scale) = try aligned(left, right, context, mark)
        let cell = newCell()
        switch op {
        case .multiply:
            let product = x.scale + y.scale
            let kept = min(product, Self.scaleLimit)
            emit(.multiply, x.cell, y.cell, c: Self.powerOfTen(product - kept), into: cell)
            return Operand(cell: cell, scale: kept)
        case .divide:
            let kept = Self.quotientScale
            let shift = kept + y.scale - x.scale
            emit(
                .divide, x.cell, y.cell, a: Self.powerOfTen(shift), b: Self.powerOfTen(-shift), into: cell)
            return Operand(cell: cell, scale: kept)
        default: break
        }
        let (operation, isTruth) = Self.operators(op)
        emit(operation, x.cell, y.cell, a: factor(x, scale), b: factor(y, scale), into: cell)
        return Operand(cell: cell, scale: isTruth ? 0 : scale)
    }

    private static func operators(_ op: Formula.Operator) -> (Machine.Operator, isTruth: Bool) {
        switch op {
        case .add: (.add, false)
        case .subtract: (.subtract, false)
        case .multiply: (.multiply, false)
        case .divide: (.divide, false)
        case .least: (.least, false)
        case .greatest: (.greatest, false)
        case .equal: (.equal, true)
        case .notEqual: (.notEqual, true)
        case .less: (.less, true)
        case .lessOrEqual: (.lessOrEqual, true)
        case .and: (.and, true)
        case .or: (.or, true)
        }
    }

    private mutating func equals(
        _ node: Formula.Node, _ text: String, _ op: Formula.Operator, _ context: Context, _ mark: YAMLMark
    ) throws(YAMLError) -> Operand {
        guard case .path(let path) = node else {
            throw YAMLError(
                "a text is compared with a value's name", at: mark, remedy: "As in country == \"BR\".")
        }
        let info = try resolve(reference(path, mark), context)
        guard info.hasText else {
            throw YAMLError("'\(path)' is a number", at: mark, remedy: "Write the number without quotes.")
        }
        let cell = newCell()
        let table = piece(text)
        program.steps.append(.init(op: .equalsText, cell: cell, other: info.cell, table: table, count: 1, a: 1))
        if op == .equal { return Operand(cell: cell, scale: 0) }
        let negated = newCell()
        emit(.not, cell, into: negated)
        return Operand(cell: negated, scale: 0)
    }
}
