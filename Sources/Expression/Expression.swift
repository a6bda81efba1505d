/// # Expression
///
/// One small language for `--success`, `--decision`, `--expect`, scenarios and rules. It is compiled once and then
/// evaluated over whatever can answer "what stands at this path?".
///
/// ```swift
/// let rule = try Expression(#"status == 200 and response.decision in ["approve", "review"]"#)
/// rule.isTrue { path in path.name == "status" ? .number(200) : .string("approve") }   // true
/// ```
///
/// | form | meaning |
/// |---|---|
/// | `response.decision`, `reasons.0`, `headers."x-id"` | the value at a path; digits index a list or a Thrift field id |
/// | `"text"`, `'text'`, `12.50`, `0.1%`, `200ms`, `true`, `false`, `null` | literals; a percentage is a share, a duration is in nanoseconds |
/// | `==` `!=` `<` `<=` `>` `>=` | comparison; numbers compare exactly, by their decimal digits, texts by their bytes |
/// | `x in ["a", 1]`, `"a" in reasons`, `x not in […]` | membership in a list |
/// | `x matches "card-*"` | glob over the whole text: `*`, `?`, `[a-z]`, `[!a-z]`, `\` takes the next character as it is |
/// | `exists(path)` | true when there is anything at the path, `null` included |
/// | `not`, `and`, `or`, `( )` | in this order of binding, strongest first |
///
/// What is missing equals `null` and nothing else. Values of different kinds are never equal and have no order, so that
/// a comparison between them is false (`!=` is true). Only `true` is true: a text or a number alone is no condition.
///
/// Pure: no clock, socket, file or Foundation. Nesting is limited to 64 levels.
package struct Expression: Sendable, Equatable, CustomStringConvertible {
    /// As written.
    package let text: String
    /// Every path that the expression reads, each once; ``ExpressionPath/index`` is its position here.
    package let paths: [ExpressionPath]
    let root: ExpressionNode

    /// Compiles `text`.
    ///
    /// - Throws: ``ExpressionError`` with the column and what was expected there.
    package init(_ text: String) throws(ExpressionError) {
        var parser = try ExpressionParser(text)
        root = try parser.wholeExpression()
        paths = parser.paths
        self.text = text
    }

    package var description: String { text }

    /// The value of the expression; `resolve` answers with ``ExpressionValue/missing`` for what is not there.
    package func evaluate(_ resolve: (ExpressionPath) -> ExpressionValue) -> ExpressionValue {
        root.value(resolve)
    }

    /// True when the value is exactly `true`.
    package func isTrue(_ resolve: (ExpressionPath) -> ExpressionValue) -> Bool {
        root.value(resolve) == .bool(true)
    }
}

/// What an expression works on.
package enum ExpressionValue: Sendable, Equatable {
    /// There is nothing at the path.
    case missing
    case null
    case bool(Bool)
    case number(ExactNumber)
    case string(String)
    case list([ExpressionValue])
    /// An object or a struct: it exists, and compares with nothing.
    case object

    /// The text of a scalar as a reader would write it, nil for what is missing, lists and objects.
    package var scalarText: String? {
        switch self {
        case .missing, .list, .object: nil
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let number): number.description
        case .string(let text): text
        }
    }
}
