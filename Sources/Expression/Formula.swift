/// An expression that computes a number or a truth value, compiled into a tree for whoever evaluates it.
///
/// ```
/// round(amount * 0.035, 0) + if(country == "BR", 99, 0)
/// ```
///
/// | form | meaning |
/// |---|---|
/// | `a + b`, `a - b`, `a * b`, `a / b`, `-a` | arithmetic; a hyphen between names needs spaces around it |
/// | `==` `!=` `<` `<=` `>` `>=`, `x in ["a", 1]` | comparison, as in ``Expression`` |
/// | `not`, `and`, `or`, `( )` | likewise |
/// | `if(condition, a, b)` | `a` where the condition holds, otherwise `b` |
/// | `min(a, b, …)`, `max(a, b, …)`, `abs(a)` | |
/// | `round(a, digits)`, `floor(a)` | to so many decimals, halves away from zero; to the whole number below |
/// | `exists(path)` | true when there is a value |
///
/// Pure: no clock, socket, file or Foundation. Nesting is limited to 64 levels.
package struct Formula: Sendable, Equatable {
    package enum Operator: Sendable, Equatable {
        case add, subtract, multiply, divide, equal, notEqual, less, lessOrEqual, and, or, least, greatest
    }

    package indirect enum Node: Sendable, Equatable {
        /// A whole number of 10^-scale.
        case number(Int64, scale: Int)
        case text(String)
        case path(ExpressionPath)
        case exists(ExpressionPath)
        case negate(Node)
        case not(Node)
        case absolute(Node)
        case floor(Node)
        case round(Node, digits: Int)
        case binary(Operator, Node, Node)
        case choose(Node, Node, Node)
    }

    /// As written.
    package let text: String
    package let root: Node
    /// Every path that it reads, each once.
    package let paths: [ExpressionPath]

    /// - Throws: ``ExpressionError`` with the column and what was expected there.
    package init(_ text: String) throws(ExpressionError) {
        var parser = try FormulaParser(text)
        root = try parser.whole()
        paths = parser.paths
        self.text = text
    }
}

extension ExactNumber {
    /// As a whole number of 10^-scale; nil when it has more than 18 digits or decimals.
    var scaled: (value: Int64, scale: Int)? {
        guard digits.count <= 18, exponent <= 18 - digits.count, exponent >= -18 else { return nil }
        var value: Int64 = 0
        for digit in digits { value = value * 10 + Int64(digit) }
        for _ in 0..<max(0, exponent) { value *= 10 }
        return (isNegative ? -value : value, max(0, -exponent))
    }
}
