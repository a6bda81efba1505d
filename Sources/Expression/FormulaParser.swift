/// Recursive descent over the grammar of ``Formula``, strongest binding last: or, and, not, comparison, sum, product, sign.
struct FormulaParser {
    private var lexer: ExpressionLexer
    private var token: ExpressionLexer.Token = .end
    private var column = 1
    private var depth = 0
    private(set) var paths: [ExpressionPath] = []

    private static let words: Set<String> = ["and", "or", "not", "in"]
    private static let functions = ["if", "min", "max", "abs", "round", "floor", "exists"]

    init(_ text: String) throws(ExpressionError) {
        lexer = ExpressionLexer(text)
        try advance()
    }

    private mutating func advance() throws(ExpressionError) {
        token = try lexer.next()
        column = lexer.column
    }

    private func failure(_ expected: String, suggestion: String = "") -> ExpressionError {
        var hint = suggestion
        if hint.isEmpty, case .number(let number) = token, number < 0 { hint = "write spaces around a minus" }
        if hint.isEmpty, token == .symbol("=") { hint = "write == to compare" }
        return ExpressionError(column: column, expected: expected, found: token.found, suggestion: hint)
    }

    mutating func whole() throws(ExpressionError) -> Formula.Node {
        let node = try disjunction()
        guard token == .end else { throw failure("an operator or the end") }
        return node
    }

    private mutating func disjunction() throws(ExpressionError) -> Formula.Node {
        depth += 1
        defer { depth -= 1 }
        if depth > ExpressionParser.depthLimit { throw failure("at most \(ExpressionParser.depthLimit) levels") }
        var node = try conjunction()
        while token == .name("or") {
            try advance()
            node = .binary(.or, node, try conjunction())
        }
        return node
    }

    private mutating func conjunction() throws(ExpressionError) -> Formula.Node {
        var node = try negation()
        while token == .name("and") {
            try advance()
            node = .binary(.and, node, try negation())
        }
        return node
    }

    private mutating func negation() throws(ExpressionError) -> Formula.Node {
        var isNegated = false
        while token == .name("not") {
            try advance()
            isNegated.toggle()
        }
        let node = try comparison()
        return isNegated ? .not(node) : node
    }

    private mutating func comparison() throws(ExpressionError) -> Formula.Node {
        let left = try sum()
        if token == .name("in") { return try membership(left) }
        guard case .symbol(let symbol) = token, ["==", "!=", "<", "<=", ">", ">="].contains(symbol) else { return left }
        try advance()
        let right = try sum()
        switch symbol {
        case "==": return .binary(.equal, left, right)
        case "!=": return .binary(.notEqual, left, right)
        case "<": return .binary(.less, left, right)
        case "<=": return .binary(.lessOrEqual, left, right)
        case ">": return .binary(.less, right, left)
        default: return .binary(.lessOrEqual, right, left)
        }
    }

    private mutating func membership(_ left: Formula.Node) throws(ExpressionError) -> Formula.Node {
        try advance()
        guard token == .symbol("[") else { throw failure("a list", suggestion: #"as in country in ["BR", "MX"]"#) }
        try advance()
        var node: Formula.Node?
        repeat {
            if token == .symbol(",") { try advance() }
            let test = Formula.Node.binary(.equal, left, try primary())
            node = node.map { .binary(.or, $0, test) } ?? test
        } while token == .symbol(",")
        guard let node, token == .symbol("]") else { throw failure("',' or ']'") }
        try advance()
        return node
    }

    private mutating func sum() throws(ExpressionError) -> Formula.Node {
        var node = try product()
        while token == .symbol("+") || token == .symbol("-") {
            let op: Formula.Operator = token == .symbol("+") ? .add : .subtract
            try advance()
            node = .binary(op, node, try product())
        }
        return node
    }

    private mutating func product() throws(ExpressionError) -> Formula.Node {
        var node = try sign()
        while token == .symbol("*") || token == .symbol("/") {
            let op: Formula.Operator = token == .symbol("*") ? .multiply : .divide
            try advance()
            node = .binary(op, node, try sign())
        }
        return node
    }

    private mutating func sign() throws(ExpressionError) -> Formula.Node {
        guard token == .symbol("-") else { return try primary() }
        try advance()
        return .negate(try primary())
    }

    private mutating func primary() throws(ExpressionError) -> Formula.Node {
        switch token {
        case .number(let number):
            guard let (value, scale) = number.scaled else { throw failure("a number of at most 18 digits") }
            try advance()
            return .number(value, scale: scale)
        case .string(let text):
            try advance()
            return .text(text)
        case .name("true"), .name("false"):
            let value: Int64 = token == .name("true") ? 1 : 0
            try advance()
            return .number(value, scale: 0)
        case .symbol("("):
            try advance()
            let node = try disjunction()
            try close()
            return node
        case .name(let name) where !Self.words.contains(name):
            var ahead = lexer
            if try ahead.next() == .symbol("(") { return try call(name) }
            return .path(try path(name))
        default: throw failure("a name, a number, a text or '('")
        }
    }

    private mutating func close() throws(ExpressionError) {
        guard token == .symbol(")") else { throw failure("')'") }
        try advance()
    }

    private mutating func call(_ name: String) throws(ExpressionError) -> Formula.Node {
        guard Self.functions.contains(name) else {
            throw failure("a function", suggestion: "there are \(Self.functions.joined(separator: ", "))")
        }
        try advance()
        try advance()
        var arguments = [try disjunction()]
        while token == .symbol(",") {
            try advance()
            arguments.append(try disjunction())
        }
        let mark = column
        try close()
        switch (name, arguments.count) {
        case ("if", 3): return .choose(arguments[0], arguments[1], arguments[2])
        case ("abs", 1): return .absolute(arguments[0])
        case ("floor", 1): return .floor(arguments[0])
        case ("round", 1): return .round(arguments[0], digits: 0)
        case ("round", 2):
            if case .number(let digits, scale: 0) = arguments[1], (0...9).contains(digits) {
                return .round(arguments[0], digits: Int(digits))
            }
        case ("exists", 1): if case .path(let path) = arguments[0] { return .exists(path) }
        case ("min", 2...), ("max", 2...):
            let op: Formula.Operator = name == "min" ? .least : .greatest
            return arguments.dropFirst().reduce(arguments[0]) { .binary(op, $0, $1) }
        default: break
        }
        throw ExpressionError(
            column: mark, expected: "the arguments of \(name)", found: "others",
            suggestion: "write if(condition, a, b), min(a, b), max(a, b), abs(a), round(a, 2), floor(a) or exists(path)"
        )
    }

    private mutating func path(_ name: String) throws(ExpressionError) -> ExpressionPath {
        let segments = [name] + (try lexer.pathTail())
        try advance()
        if segments.count > ExpressionParser.depthLimit { throw failure("a shorter path") }
        if let known = paths.first(where: { $0.segments == segments }) { return known }
        let path = ExpressionPath(segments: segments, index: paths.count)
        paths.append(path)
        return path
    }
}
