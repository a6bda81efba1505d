package import JSON

extension ExpressionValue {
    /// A JSON value as an operand; members of objects are reached by path, not by value.
    package init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let flag): self = .bool(flag)
        // JSON numbers are exact numbers; those with an absurd exponent are kept as text, which equals no number.
        case .number(let number): self = ExactNumber(utf8: number.text.utf8).map { .number($0) } ?? .string(number.text)
        case .string(let text): self = .string(text)
        // Elements are compared as scalars; lists within lists say only that they are there.
        case .array(let values):
            self = .list(
                values.map { element in
                    if case .array = element { .list([]) } else { ExpressionValue(element) }
                })
        case .object: self = .object
        }
    }
}

extension ExpressionPath {
    /// The same steps for readers of JSON.
    package var jsonPath: JSONPath { JSONPath(steps: segments.map { JSONPath.Step($0) }) }
}

extension Expression {
    /// Evaluates over a JSON tree whose members are the first segments.
    package func evaluate(over root: JSONValue) -> ExpressionValue {
        evaluate { root[$0.jsonPath].map { ExpressionValue($0) } ?? .missing }
    }

    package func isTrue(over root: JSONValue) -> Bool { evaluate(over: root) == .bool(true) }
}
