/// Recursive descent over the grammar of ``Expression``; binds `not` before `and` before `or`.
struct ExpressionParser {
    static let depthLimit = 64

    private var lexer: ExpressionLexer
    private var token: ExpressionLexer.Token = .end
    /// Column of ``token``.
    private var column = 1
    private var depth = 0
    private(set) var paths: [ExpressionPath] = []

    init(_ text: String) throws(ExpressionError) {
        lexer = ExpressionLexer(text)
        try advance()
    }

    private mutating func advance() throws(ExpressionError) {
        token = try lexer.next()
        column = lexer.column
    }

    private func failure(_ expected: String, suggestion: String = "") -> ExpressionError {
        ExpressionError(
            column: column, expected: expected, found: token.found,
            suggestion: suggestion.isEmpty ? hint : suggestion)
    }

    /// What users of other languages write, and what it is called here.
    private var hint: String {
        switch token {
        case .symbol("="): "write == to compare"
        case .symbol("&&"), .symbol("&"): "write 'and'"
        case .symbol("||"), .symbol("|"): "write 'or'"
        case .symbol("!"): "write 'not'"
        case .symbol("=~"), .symbol("~"): "write 'matches' with a glob"
        case .name(let name) where ["AND", "OR", "NOT", "IN"].contains(name): "write '\(name.lowercased())'"
        case .name("is"): "write == to compare"
        case .name("like"), .name("contains"): "write 'matches' with a glob"
        default: ""
        }
    }

    private func isName(_ name: String) -> Bool { token == .name(name) }

    mutating func wholeExpression() throws(ExpressionError) -> ExpressionNode {
        let node = try disjunction()
        if token != .end { throw failure("an operator or the end") }
        return node
    }

    private mutating func nested<T>(
        _ body: (inout ExpressionParser) throws(ExpressionError) -> T
    ) throws(ExpressionError) -> T {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.depthLimit { throw failure("at most \(Self.depthLimit) levels of nesting") }
        return try body(&self)
    }

    private mutating func disjunction() throws(ExpressionError) -> ExpressionNode {
        try balanced(joinedBy: "or", ExpressionNode.or) { (parser) throws(ExpressionError) in try parser.conjunction() }
    }

    private mutating func conjunction() throws(ExpressionError) -> ExpressionNode {
        try balanced(joinedBy: "and", ExpressionNode.and) { (parser) throws(ExpressionError) in try parser.negation() }
    }

    /// Operands of a chain, joined into a tree whose depth is the logarithm of their number: a long chain of `or`
    /// must not nest, for evaluation recurses.
    private mutating func balanced(
        joinedBy word: String, _ join: (ExpressionNode, ExpressionNode) -> ExpressionNode,
        _ operand: (inout ExpressionParser) throws(ExpressionError) -> ExpressionNode
    ) throws(ExpressionError) -> ExpressionNode {
        var operands = [try operand(&self)]
        while isName(word) {
            try advance()
            operands.append(try operand(&self))
        }
        while operands.count > 1 {
            operands = stride(from: 0, to: operands.count, by: 2).map { left in
                left + 1 < operands.count ? join(operands[left], operands[left + 1]) : operands[left]
            }
        }
        return operands[0]
    }

    private mutating func negation() throws(ExpressionError) -> ExpressionNode {
        guard isName("not") else { return try comparison() }
        try advance()
        return .not(try nested { (parser) throws(ExpressionError) in try parser.negation() })
    }

    private mutating func comparison() throws(ExpressionError) -> ExpressionNode {
        let left = try primary()
        switch token {
        case .symbol(let symbol):
            guard let comparison = Self.comparisons[symbol] else { return left }
            try advance()
            let right = try primary()
            if case .symbol(let second) = token, Self.comparisons[second] != nil {
                throw failure("an operator or the end", suggestion: "join two comparisons with 'and'")
            }
            return .compare(comparison, left, right)
        case .name("in"):
            try advance()
            return .contains(list: try list(), member: left)
        case .name("not"):
            try advance()
            guard isName("in") else { throw failure("'in' after 'not'") }
            try advance()
            return .not(.contains(list: try list(), member: left))
        case .name("matches"):
            try advance()
            guard case .string(let pattern) = token else {
                throw failure("a glob in quotes", suggestion: #"as in matches "card-*""#)
            }
            try advance()
            return .matches(left, Glob(pattern))
        default: return left
        }
    }

    private static let comparisons: [String: ExpressionNode.Comparison] = [
        "==": .equal, "!=": .notEqual, "<": .less, "<=": .lessOrEqual, ">": .greater, ">=": .greaterOrEqual,
    ]

    /// The right side of `in`: literals in brackets, or a path at which a list stands.
    private mutating func list() throws(ExpressionError) -> ExpressionNode {
        if case .name(let name) = token, !Self.reserved.contains(name) { return .path(try path(name)) }
        guard token == .symbol("[") else {
            throw failure("a list or a path", suggestion: #"as in decision in ["approve", "review"]"#)
        }
        try advance()
        var values: [ExpressionValue] = []
        while token != .symbol("]") {
            guard let value = literal else { throw failure("a literal or ']'") }
            values.append(value)
            try advance()
            if token == .symbol(",") {
                try advance()
            } else if token != .symbol("]") {
                throw failure("',' or ']'")
            }
        }
        try advance()
        return .literal(.list(values))
    }

    private var literal: ExpressionValue? {
        switch token {
        case .number(let number): .number(number)
        case .string(let text): .string(text)
        case .name("true"): .bool(true)
        case .name("false"): .bool(false)
        case .name("null"): .null
        default: nil
        }
    }

    private static let reserved: Set<String> = ["and", "or", "not", "in", "matches", "true", "false", "null"]

    private mutating func primary() throws(ExpressionError) -> ExpressionNode {
        if let value = literal {
            try advance()
            return .literal(value)
        }
        if token == .symbol("(") {
            try advance()
            let node = try nested { (parser) throws(ExpressionError) in try parser.disjunction() }
            guard token == .symbol(")") else { throw failure("')'") }
            try advance()
            return node
        }
        guard case .name(let name) = token, !Self.reserved.contains(name) else {
            throw failure("a path, a literal, 'not' or '('")
        }
        var ahead = lexer
        guard try ahead.next() == .symbol("(") else { return .path(try path(name)) }
        try advance()
        guard name == "exists" else {
            throw failure("an operator or the end", suggestion: "the only function is exists(path)")
        }
        try advance()
        guard case .name(let inner) = token, !Self.reserved.contains(inner) else { throw failure("a path") }
        let tested = try path(inner)
        guard token == .symbol(")") else { throw failure("')'") }
        try advance()
        return .exists(tested)
    }

    /// The path that begins with `name`, the current token; known paths keep their index.
    private mutating func path(_ name: String) throws(ExpressionError) -> ExpressionPath {
        let segments = [name] + (try lexer.pathTail())
        try advance()
        if segments.count > Self.depthLimit { throw failure("at most \(Self.depthLimit) segments") }
        if let known = paths.first(where: { $0.segments == segments }) { return known }
        let path = ExpressionPath(segments: segments, index: paths.count)
        paths.append(path)
        return path
    }
}
