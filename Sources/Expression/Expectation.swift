/// A bound on a figure, as `--expect` takes it: `lost<0.1%`, `p95<200ms`, `errors<=10`.
package struct Expectation: Sendable, Equatable, CustomStringConvertible {
    package enum Unit: Sendable, Equatable {
        /// A count.
        case one
        /// A percentage; ``bound`` is the share (0.1 % is 0.001).
        case share
        /// A duration; ``bound`` is in nanoseconds.
        case nanos
    }

    /// As written.
    package let text: String
    package let metric: String
    package let unit: Unit
    package let bound: ExactNumber
    private let comparison: ExpressionNode.Comparison

    /// - Parameter metrics: the names that the command knows.
    /// - Throws: ``ExpressionError`` when `text` is not `metric comparison number`, or names none of `metrics`.
    package init(_ text: String, metrics: [String]) throws(ExpressionError) {
        self.text = text
        var lexer = ExpressionLexer(text)
        guard case .name(let name) = try lexer.next() else {
            throw ExpressionError(
                column: 1, expected: "a metric", found: text.isEmpty ? "end of text" : "'\(text.prefix(1))'",
                suggestion: "as in lost<0.1%")
        }
        guard metrics.contains(name) else {
            throw ExpressionError(
                column: lexer.column, expected: "one of \(metrics.joined(separator: ", "))", found: "'\(name)'")
        }
        metric = name
        let symbol = try lexer.next()
        switch symbol {
        case .symbol("<"): comparison = .less
        case .symbol("<="): comparison = .lessOrEqual
        case .symbol(">"): comparison = .greater
        case .symbol(">="): comparison = .greaterOrEqual
        case .symbol("=="): comparison = .equal
        default:
            throw ExpressionError(
                column: lexer.column, expected: "<, <=, >, >= or ==", found: symbol.found,
                suggestion: symbol == .symbol("=") ? "write == to compare" : "")
        }
        let value = try lexer.next()
        guard case .number(let number) = value else {
            throw ExpressionError(
                column: lexer.column, expected: "a number, a percentage or a duration", found: value.found)
        }
        bound = number
        let end = try lexer.next()
        guard end == .end else {
            throw ExpressionError(column: lexer.column, expected: "the end", found: end.found)
        }
        let last = text.last { !$0.isWhitespace }
        unit = last == "%" ? .share : last.map { $0.isLetter } == true ? .nanos : .one
    }

    package var description: String { text }

    /// True when `value`, a count, a share or nanoseconds according to ``unit``, is within the bound.
    package func holds(_ value: ExactNumber) -> Bool {
        switch comparison {
        case .less: value < bound
        case .lessOrEqual: value <= bound
        case .greater: value > bound
        case .greaterOrEqual: value >= bound
        case .equal: value == bound
        case .notEqual: value != bound
        }
    }

    /// True when `part` of `whole` is within the bound, by cross-multiplication, so that nothing is rounded; a share
    /// of nothing is 0.
    package func holds(part: UInt64, of whole: UInt64) -> Bool {
        if unit != .share { return holds(ExactNumber(part)) }
        if whole == 0 { return holds(0) }
        // bound × whole against part: both exact.
        let product = bound.multiplied(by: ExactNumber(whole))
        let count = ExactNumber(part)
        return switch comparison {
        case .less: count < product
        case .lessOrEqual: count <= product
        case .greater: count > product
        case .greaterOrEqual: count >= product
        case .equal: count == product
        case .notEqual: count != product
        }
    }
}
