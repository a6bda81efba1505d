/// A compiled expression.
indirect enum ExpressionNode: Sendable, Equatable {
    enum Comparison: Sendable, Equatable { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }

    case literal(ExpressionValue)
    case path(ExpressionPath)
    case exists(ExpressionPath)
    case not(ExpressionNode)
    case and(ExpressionNode, ExpressionNode)
    case or(ExpressionNode, ExpressionNode)
    case compare(Comparison, ExpressionNode, ExpressionNode)
    case contains(list: ExpressionNode, member: ExpressionNode)
    case matches(ExpressionNode, Glob)

    func value(_ resolve: (ExpressionPath) -> ExpressionValue) -> ExpressionValue {
        switch self {
        case .literal(let value): return value
        case .path(let path): return resolve(path)
        case .exists(let path): return .bool(resolve(path) != .missing)
        case .not(let operand): return .bool(operand.value(resolve) != .bool(true))
        case .and(let left, let right):
            return .bool(left.value(resolve) == .bool(true) && right.value(resolve) == .bool(true))
        case .or(let left, let right):
            return .bool(left.value(resolve) == .bool(true) || right.value(resolve) == .bool(true))
        case .compare(let comparison, let left, let right):
            return .bool(Self.holds(comparison, left.value(resolve), right.value(resolve)))
        case .contains(let list, let member):
            guard case .list(let values) = list.value(resolve) else { return .bool(false) }
            let wanted = member.value(resolve)
            return .bool(values.contains { Self.equal($0, wanted) })
        case .matches(let operand, let glob):
            guard let text = operand.value(resolve).scalarText else { return .bool(false) }
            return .bool(glob.matches(text))
        }
    }

    private static func holds(_ comparison: Comparison, _ a: ExpressionValue, _ b: ExpressionValue) -> Bool {
        switch comparison {
        case .equal: equal(a, b)
        case .notEqual: !equal(a, b)
        case .less: less(a, b)
        case .greater: less(b, a)
        case .lessOrEqual: less(a, b) || (isOrdered(a, b) && equal(a, b))
        case .greaterOrEqual: less(b, a) || (isOrdered(a, b) && equal(a, b))
        }
    }

    private static func equal(_ a: ExpressionValue, _ b: ExpressionValue) -> Bool {
        switch (a, b) {
        case (.missing, .null), (.null, .missing), (.missing, .missing): true
        case (.object, .object): false
        // Swift compares canonically equivalent texts as equal; on the wire they differ.
        case (.string(let x), .string(let y)): x.utf8.elementsEqual(y.utf8)
        default: a == b
        }
    }

    private static func isOrdered(_ a: ExpressionValue, _ b: ExpressionValue) -> Bool {
        switch (a, b) {
        case (.number, .number), (.string, .string): true
        default: false
        }
    }

    private static func less(_ a: ExpressionValue, _ b: ExpressionValue) -> Bool {
        switch (a, b) {
        case (.number(let x), .number(let y)): x < y
        case (.string(let x), .string(let y)): x.utf8.lexicographicallyPrecedes(y.utf8)
        default: false
        }
    }
}
