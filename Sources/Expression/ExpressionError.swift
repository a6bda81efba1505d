/// Why an expression could not be compiled, and where.
package struct ExpressionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// In characters, from 1.
    package var column: Int
    /// What should have stood there.
    package var expected: String
    /// What stood there; `end of text` at the end.
    package var found: String
    /// What to write instead; empty when there is no telling.
    package var suggestion: String

    package init(column: Int, expected: String, found: String, suggestion: String = "") {
        self.column = column
        self.expected = expected
        self.found = found
        self.suggestion = suggestion
    }

    package var description: String {
        let hint = suggestion.isEmpty ? "" : "; \(suggestion)"
        return "column \(column): expected \(expected), found \(found)\(hint)"
    }
}
