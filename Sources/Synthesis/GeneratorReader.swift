import Bytes
import Expression
import YAML

/// Reads generators, conditions and field lists from YAML.
enum GeneratorReader {
    static let kinds = [
        "constant", "weights", "pack", "uniform", "normal", "logNormal", "exponential", "gamma", "weibull", "quantiles",
        "zipf", "pattern", "sequence", "unique", "bytes", "from", "text", "by", "expression", "eventTime", "time",
        "date", "identifier", "total", "drawn", "list", "map",
    ]
    private static let companions: [String: [String]] = [
        "uniform": ["decimals"], "normal": ["decimals"], "logNormal": ["decimals"], "exponential": ["decimals"],
        "gamma": ["decimals"], "weibull": ["decimals"], "quantiles": ["decimals", "even"], "expression": ["decimals"],
        "from": ["first", "last", "middle"], "by": ["cases", "else"], "identifier": ["birthDate", "bin"],
    ]

    static func fields(_ node: YAMLNode, _ what: String) throws(YAMLError) -> [FieldSpec] {
        var result: [FieldSpec] = []
        for entry in try node.entries(what) { result.append(try field(entry)) }
        return result
    }

    static func field(_ entry: YAMLNode.Entry) throws(YAMLError) -> FieldSpec {
        var spec = FieldSpec(name: entry.key, mark: entry.keyMark)
        guard case .mapping(let entries) = entry.value.value else {
            spec.generator = try generator(entry.value)
            return spec
        }
        for part in entries {
            if part.key == "when" { spec.condition = try condition(part.value) }
            if part.key == "present" { spec.presence = try share(part.value) }
        }
        if entries.contains(where: { $0.key != "when" && $0.key != "present" }) || entries.isEmpty {
            spec.generator = try generator(entry.value)
        }
        return spec
    }

    private static func unreadable(_ error: ExpressionError, in node: YAMLNode) -> YAMLError {
        var mark = node.mark
        mark.column += error.column - 1
        let hint = error.suggestion
        return YAMLError(
            "column \(error.column): expected \(error.expected), found \(error.found)", at: mark,
            remedy: hint.isEmpty
                ? "Write it like 'amount * 2 + fee'." : hint.prefix(1).uppercased() + hint.dropFirst() + ".")
    }

    static func generator(_ node: YAMLNode) throws(YAMLError) -> Generator {
        guard case .mapping(let entries) = node.value else {
            if case .sequence = node.value {
                throw node.expected(
                    "a value or a generator", remedy: "To choose among values, write {weights: {a: 1, b: 1}}.")
            }
            if node.isNull { throw node.expected("a value", remedy: "Give it one, or leave the field out.") }
            return .constant(node)
        }
        let named = entries.filter { kinds.contains($0.key) }
        guard let kind = named.first?.key, named.count == 1 else {
            let strange = entries.first { $0.key != "when" && $0.key != "present" }
            let near = strange.flatMap { nearestName($0.key, in: kinds) }.map { "Did you mean '\($0)'? " } ?? ""
            let problem = named.isEmpty ? "no generator stands here" : "two generators stand here"
            throw YAMLError(
                problem, at: strange?.keyMark ?? node.mark,
                remedy: near + "Expected one of: \(kinds.joined(separator: ", ")).")
        }
        let map = try node.mapping("a '\(kind)' generator", keys: [kind, "when", "present"] + (companions[kind] ?? []))
        let value = try map.required(kind)
        switch kind {
        case "constant": return .constant(value)
        case "weights": return .weights(try choices(value))
        case "pack": return .pack(try reference(value))
        case "uniform", "normal", "logNormal", "zipf": return try distribution(kind, value, map)
        case "exponential", "gamma", "weibull", "quantiles": return try tabulated(kind, value, map)
        case "expression":
            let scale = Int(try map["decimals"]?.int("decimals", in: 0...9) ?? 0)
            let text = try value.string("an expression")
            do throws(ExpressionError) {
                return .formula(try Formula(text), mark: value.mark, scale: scale)
            } catch {
                throw unreadable(error, in: value)
            }
        case "drawn":
            let parts = try value.mapping("a drawn entity", keys: ["entity", "count", "every", "lasting"])
            let (every, lasting) = (
                try duration(try parts.required("every")), try duration(try parts.required("lasting"))
            )
            guard lasting / every <= 1000 else {
                throw YAMLError("more than 1000 draws last at a time", at: value.mark, remedy: "Draw less often.")
            }
            return .drawn(
                try reference(try parts.required("entity")),
                count: UInt64(try parts.required("count").int("a count", in: 1...1000)), everyNanos: every,
                lastingNanos: lasting)
        case "pattern": return .pattern(try value.string("a pattern such as 'SKU-####'"))
        case "sequence":
            let parts = try value.mapping("a sequence", keys: ["prefix", "start", "step"])
            return .sequence(
                prefix: try parts["prefix"]?.string() ?? "", start: try parts["start"]?.int() ?? 0,
                step: try parts["step"]?.int() ?? 1)
        case "unique":
            if value.isScalar, value.text == "uuid" { return .uuid }
            let parts = try value.mapping("'uuid' or a unique id", keys: ["prefix", "digits", "from", "to"])
            if let from = parts["from"] {
                let (low, high) = (
                    try from.int(in: -(1 << 60)...(1 << 60)), try parts.required("to").int(in: -(1 << 60)...(1 << 60))
                )
                guard low <= high, parts["digits"] == nil, parts["prefix"] == nil else {
                    throw YAMLError(
                        "numbers are unique from a least to a greatest one", at: value.mark,
                        remedy: "Write {from: 1000, to: 9999}.")
                }
                return .permutation(low: low, high: high)
            }
            return .unique(
                prefix: try parts["prefix"]?.string() ?? "",
                digits: Int(try parts.required("digits").int("digits", in: 1...18)))
        case "bytes": return .bytes(Int(try value.int("a number of bytes", in: 0...4096)))
        case "from": return .reference(try reference(value), try slice(map))
        case "text": return .template(try template(value))
        case "by": return try table(try reference(value), map)
        case "eventTime": return .eventTime(unitNanos: try unit(value))
        case "time":
            let parts = try value.mapping("a time", keys: ["from", "to", "unit"])
            let (from, to) = (try instant(try parts.required("from")), try instant(try parts.required("to")))
            guard from <= to else {
                throw YAMLError("the time ends before it begins", at: value.mark, remedy: "Swap them.")
            }
            return .time(from: from, to: to, unitNanos: try parts["unit"].map(unit) ?? 1_000_000)
        case "date":
            let parts = try value.mapping("a date", keys: ["from", "to"])
            let (from, to) = (try day(try parts.required("from")), try day(try parts.required("to")))
            guard from <= to else {
                throw YAMLError("the date ends before it begins", at: value.mark, remedy: "Swap them.")
            }
            return .date(from: from, to: to)
        case "identifier":
            let word = try value.choice("kind of identifier", of: IdentifierKind.allCases.map(\.rawValue))
            let kind = IdentifierKind(rawValue: word) ?? .card
            let date = try map["birthDate"].map(reference)
            let prefix = try map["bin"].map(reference)
            if kind == .card && prefix == nil {
                throw YAMLError(
                    "card needs 'bin'", at: value.mark, remedy: "Name a value with the number's first digits.")
            }
            return .identifier(kind, date: date, prefix: prefix)
        case "total": return .total(try terms(value))
        case "list":
            let parts = try value.mapping("a list", keys: ["count", "of"])
            let of = try parts.required("of")
            let count = try generator(try parts.required("count"))
            if case .mapping(let entries) = of.value, !entries.contains(where: { kinds.contains($0.key) }) {
                return .list(count: count, element: .structure(try fields(of, "an element's fields")))
            }
            return .list(count: count, element: .scalar(try generator(of)))
        default: return .map(try fields(value, "the map's entries"))
        }
    }

    private static func table(_ on: Generator.Reference, _ map: YAMLMapping) throws(YAMLError) -> Generator {
        var cases: [Generator.Case] = []
        for entry in try map.required("cases").entries("cases by value") {
            let value = Generator.Choice(text: entry.key, weight: 1, mark: entry.keyMark)
            cases.append(.init(value: value, range: range(entry.key), generator: try generator(entry.value)))
        }
        return .table(on, cases: cases, otherwise: try map["else"].map(generator))
    }

    /// `10..99`, `..9`, `100..`; nil for any other text.
    static func range(_ text: String) -> ClosedRange<Int64>? {
        guard let dots = text.firstRange(of: "..") else { return nil }
        let (from, to) = (text[..<dots.lowerBound], text[dots.upperBound...])
        if from.isEmpty && to.isEmpty { return nil }
        guard let low = from.isEmpty ? Int64.min : Int64(from), let high = to.isEmpty ? Int64.max : Int64(to),
            low <= high
        else { return nil }
        return low...high
    }
}
