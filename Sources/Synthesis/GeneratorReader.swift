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

    private static func distribution(_ kind: String, _ value: YAMLNode, _ map: YAMLMapping) throws(YAMLError)
        -> Generator
    {
        let scale = Int(try map["decimals"]?.int("decimals", in: 0...9) ?? 0)
        switch kind {
        case "uniform":
            let ends = try value.sequence("[least, greatest]")
            guard ends.count == 2 else {
                throw value.expected("[least, greatest]", remedy: "Write two numbers, like [1, 100].")
            }
            let (low, high) = (try ends[0].scaled(scale), try ends[1].scaled(scale))
            guard low <= high else {
                throw YAMLError("the least is above the greatest", at: value.mark, remedy: "Swap them.")
            }
            return .uniform(low: low, high: high, scale: scale)
        case "zipf":
            let parts = try value.mapping("a Zipf distribution", keys: ["count", "exponent"])
            return .zipf(
                count: UInt64(try parts.required("count").int("a count", in: 1...1_000_000_000_000)),
                exponent: try exponent(try parts.required("exponent")))
        default:
            let centre = kind == "normal" ? "mean" : "median"
            let width = kind == "normal" ? "sd" : "sigma"
            let parts = try value.mapping("a \(kind) distribution", keys: [centre, width, "min", "max"])
            let middle = try parts.required(centre).scaled(scale)
            let low = try parts["min"]?.scaled(scale) ?? (kind == "normal" ? Int64.min / 4 : 0)
            let high = try parts["max"]?.scaled(scale) ?? Int64.max / 4
            guard low <= high else { throw YAMLError("min is above max", at: value.mark, remedy: "Swap them.") }
            if kind == "normal" {
                let deviation = try parts.required(width).scaled(scale)
                guard deviation >= 0 else {
                    throw YAMLError("sd is negative", at: value.mark, remedy: "Give a deviation of 0 or more.")
                }
                return .normal(mean: middle, deviation: deviation, low: low, high: high, scale: scale)
            }
            let sigma = try parts.required(width).scaled(4)
            guard (0...50_000).contains(sigma), middle > 0 else {
                throw YAMLError(
                    "a median above 0 and a sigma from 0 to 5 are needed", at: value.mark,
                    remedy: "Write {median: 4500, sigma: 0.9}.")
            }
            return .logNormal(median: middle, sigma: sigma, low: low, high: high, scale: scale)
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
    private static func range(_ text: String) -> ClosedRange<Int64>? {
        guard let dots = text.firstRange(of: "..") else { return nil }
        let (from, to) = (text[..<dots.lowerBound], text[dots.upperBound...])
        if from.isEmpty && to.isEmpty { return nil }
        guard let low = from.isEmpty ? Int64.min : Int64(from), let high = to.isEmpty ? Int64.max : Int64(to),
            low <= high
        else { return nil }
        return low...high
    }

    /// Distributions that become a ``QuantileTable``.
    private static func tabulated(_ kind: String, _ value: YAMLNode, _ map: YAMLMapping) throws(YAMLError) -> Generator
    {
        let scale = Int(try map["decimals"]?.int("decimals", in: 0...9) ?? 0)
        func positive(_ node: YAMLNode) throws(YAMLError) -> Int64 {
            let number = try node.scaled(scale)
            guard number > 0, number < QuantileTable.limit >> 20 else {
                throw YAMLError(
                    "a number above 0 is needed", at: node.mark, remedy: "At most \(QuantileTable.limit >> 20).")
            }
            return number
        }
        func shape(_ node: YAMLNode, _ least: Int64, _ greatest: Int64) throws(YAMLError) -> Int64 {
            let number = try node.scaled(4, "a shape")
            guard (least...greatest).contains(number) else {
                throw YAMLError(
                    "the shape is out of range", at: node.mark,
                    remedy: "It lies between \(least / 10_000).\((least % 10_000) / 100) and \(greatest / 10_000).")
            }
            return number
        }
        switch kind {
        case "exponential":
            let mean = try value.mapping("an exponential distribution", keys: ["mean"]).required("mean")
            return .quantiles(.weibull(shape: 10_000, scale: try positive(mean)), scale: scale)
        case "gamma":
            let parts = try value.mapping("a gamma distribution", keys: ["shape", "scale"])
            return .quantiles(
                .gamma(
                    shape: try shape(try parts.required("shape"), 500, 10_000_000),
                    scale: try positive(try parts.required("scale"))), scale: scale)
        case "weibull":
            let parts = try value.mapping("a Weibull distribution", keys: ["shape", "scale"])
            return .quantiles(
                .weibull(
                    shape: try shape(try parts.required("shape"), 1000, 100_000),
                    scale: try positive(try parts.required("scale"))), scale: scale)
        default:
            var points: [(probability: UInt64, value: Int64)] = []
            for entry in try value.entries("values by probability") {
                let key = YAMLNode(.string(entry.key), at: entry.keyMark, text: entry.key)
                let number = try entry.value.scaled(scale)
                guard abs(number) < QuantileTable.limit >> QuantileTable.shift else {
                    throw YAMLError("the number is too big", at: entry.value.mark, remedy: "Give fewer decimals.")
                }
                points.append((try share(key), number))
            }
            points.sort { $0.probability < $1.probability }
            guard points.count >= 2, points.first?.probability == 0, points.last?.probability == 1_000_000_000,
                zip(points, points.dropFirst()).allSatisfy({ $0.value <= $1.value })
            else {
                throw YAMLError(
                    "quantiles rise from probability 0 to 1", at: value.mark,
                    remedy: "Write {0: 100, 0.5: 2500, 0.99: 90000, 1: 500000}.")
            }
            return .quantiles(QuantileTable(points: points), scale: scale, isEven: try map["even"]?.bool() ?? false)
        }
    }

    static func choices(_ node: YAMLNode) throws(YAMLError) -> [Generator.Choice] {
        var result: [Generator.Choice] = []
        for entry in try node.entries("weights by value") {
            let weight = try entry.value.scaled(3, "a weight")
            guard (1...1_000_000_000_000).contains(weight) else {
                throw YAMLError(
                    "a weight must be above 0", at: entry.value.mark, remedy: "Leave out what never happens.")
            }
            result.append(.init(text: entry.key, weight: UInt64(weight), mark: entry.keyMark))
        }
        guard !result.isEmpty, result.count <= 100_000 else {
            throw node.expected("at least one weight", remedy: "Write values with weights, like {app: 3, web: 1}.")
        }
        return result
    }

    static func reference(_ node: YAMLNode) throws(YAMLError) -> Generator.Reference {
        .init(name: try node.string("the name of a value"), mark: node.mark)
    }

    static func condition(_ node: YAMLNode) throws(YAMLError) -> Condition {
        var tests: [Condition.Test] = []
        for entry in try node.entries("conditions by the name of a value") {
            let reference = Generator.Reference(name: entry.key, mark: entry.keyMark)
            switch entry.value.value {
            case .mapping:
                let ends = try entry.value.mapping("a range", keys: ["min", "max"])
                let low = try ends["min"]?.int() ?? .min
                let high = try ends["max"]?.int() ?? .max
                guard low <= high else {
                    throw YAMLError("min is above max", at: entry.value.mark, remedy: "Swap them.")
                }
                tests.append(.init(reference: reference, values: [], range: low...high))
            case .sequence(let nodes):
                var values: [Generator.Choice] = []
                for node in nodes { values.append(.init(text: try node.string(), weight: 1, mark: node.mark)) }
                tests.append(.init(reference: reference, values: values))
            default:
                let value = Generator.Choice(text: try entry.value.string(), weight: 1, mark: entry.value.mark)
                tests.append(.init(reference: reference, values: [value]))
            }
        }
        return Condition(tests: tests)
    }

    static func terms(_ node: YAMLNode) throws(YAMLError) -> [Generator.Term] {
        var terms: [Generator.Term] = []
        var isNegative = false
        var text = ""
        func finish() throws(YAMLError) {
            let names = text.split(separator: "*", omittingEmptySubsequences: false).map { part in
                String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
            }
            guard !names.contains("") else {
                throw node.expected("a sum of products of names", remedy: "Write it like 'price * quantity + fee'.")
            }
            terms.append(.init(isNegative: isNegative, factors: names.map { .init(name: $0, mark: node.mark) }))
            text = ""
        }
        for character in try node.string("a sum such as 'items.quantity * items.price + fee'") {
            if character == "+" || character == "-" {
                try finish()
                isNegative = character == "-"
            } else {
                text.append(character)
            }
        }
        try finish()
        return terms
    }

    static func template(_ node: YAMLNode) throws(YAMLError) -> [Generator.Piece] {
        var pieces: [Generator.Piece] = []
        var rest = Substring(try node.string("a text with {names} in it"))
        while !rest.isEmpty {
            guard let open = rest.firstIndex(of: "{") else {
                pieces.append(.literal(String(rest)))
                break
            }
            if open > rest.startIndex { pieces.append(.literal(String(rest[..<open]))) }
            guard let close = rest[open...].firstIndex(of: "}") else {
                throw YAMLError("'{' has no '}'", at: node.mark, remedy: "Write {name} for a value.")
            }
            pieces.append(.reference(.init(name: String(rest[rest.index(after: open)..<close]), mark: node.mark)))
            rest = rest[rest.index(after: close)...]
        }
        return pieces
    }

    private static func slice(_ map: YAMLMapping) throws(YAMLError) -> Generator.Slice {
        if let first = map["first"] { return .first(Int(try first.int("a number of characters", in: 1...1000))) }
        if let last = map["last"] { return .last(Int(try last.int("a number of characters", in: 1...1000))) }
        if let middle = map["middle"] {
            let ends = try middle.sequence("[first character, how many]")
            guard ends.count == 2 else {
                throw middle.expected("[first character, how many]", remedy: "Write two numbers, like [3, 4].")
            }
            return .middle(
                Int(try ends[0].int("a place from 1", in: 1...1000)), Int(try ends[1].int("a length", in: 1...1000)))
        }
        return .all
    }

    static func unit(_ node: YAMLNode) throws(YAMLError) -> UInt64 {
        switch try node.choice("unit of time", of: ["seconds", "millis", "micros", "nanos"]) {
        case "seconds": 1_000_000_000
        case "millis": 1_000_000
        case "micros": 1000
        default: 1
        }
    }

    static func instant(_ node: YAMLNode) throws(YAMLError) -> UInt64 {
        guard let nanos = Timestamp.parse(try node.string("a time")) else {
            throw YAMLError("not a time", at: node.mark, remedy: "Write it like 2026-07-01 or 2026-07-01T08:30:00Z.")
        }
        return nanos
    }

    /// Days since 1970; birth dates lie before it too.
    static func day(_ node: YAMLNode) throws(YAMLError) -> Int {
        let parts = try node.string("a day").split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3, (1000...9999).contains(parts[0]), (1...12).contains(parts[1]),
            (1...31).contains(parts[2])
        else { throw YAMLError("not a day", at: node.mark, remedy: "Write it like 1987-02-28.") }
        let days = Timestamp.daysSince1970(year: parts[0], month: parts[1], day: parts[2])
        guard Timestamp.civil(daysSince1970: days) == (parts[0], parts[1], parts[2]) else {
            throw YAMLError("there is no such day", at: node.mark, remedy: "Look at the length of the month.")
        }
        return days
    }

    /// A share in billionths: `2%` or `0.02`.
    static func share(_ node: YAMLNode) throws(YAMLError) -> UInt64 {
        let text = try node.string("a share such as 2% or 0.02")
        let isPercent = text.hasSuffix("%")
        let value = parseScaled(isPercent ? String(text.dropLast()) : text, scale: isPercent ? 7 : 9)
        guard let value, (0...1_000_000_000).contains(value) else {
            throw YAMLError("not a share", at: node.mark, remedy: "Write it like 2%, 0.5% or 0.02; at most 100%.")
        }
        return UInt64(value)
    }

    /// An exponent from 0 to 8, scaled by 2^32.
    static func exponent(_ node: YAMLNode) throws(YAMLError) -> Int64 {
        let value = try node.scaled(4, "an exponent")
        guard (0...80_000).contains(value) else {
            throw YAMLError("an exponent lies between 0 and 8", at: node.mark, remedy: "1 is usual; 0 is even.")
        }
        return (value << 32) / 10_000
    }

    /// ns from `10m`, `24h`, `250ms`, …
    static func duration(_ node: YAMLNode) throws(YAMLError) -> UInt64 {
        let text = try node.string("a duration")
        let units: [(String, Int64)] = [
            ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
            ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
        ]
        for (unit, nanos) in units where text.hasSuffix(unit) {
            guard let value = parseScaled(String(text.dropLast(unit.count)), scale: 3), value > 0 else { continue }
            let product = Int128(value) * Int128(nanos) / 1000
            if product <= Int128(Int64.max) { return UInt64(product) }
        }
        throw YAMLError("not a duration", at: node.mark, remedy: "Write it like 250ms, 10m, 24h or 7d.")
    }
}
