import Bytes
import Expression
import YAML

/// The parts that generators are written with: references, conditions, terms, times, shares.
extension GeneratorReader {
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

    static func slice(_ map: YAMLMapping) throws(YAMLError) -> Generator.Slice {
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
