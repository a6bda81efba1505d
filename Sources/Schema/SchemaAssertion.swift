import Expression
import JSON

/// One schema of JSON Schema 2020-12 (or of OpenAPI), ready to check values. Schemas within it are indices into
/// ``SchemaSet/assertions``.
struct SchemaAssertion: Sendable, Equatable {
    struct Types: OptionSet, Sendable {
        let rawValue: UInt8
        static let null = Types(rawValue: 1)
        static let boolean = Types(rawValue: 2)
        static let integer = Types(rawValue: 4)
        static let number = Types(rawValue: 8)
        static let string = Types(rawValue: 16)
        static let array = Types(rawValue: 32)
        static let object = Types(rawValue: 64)

        static let names: [(String, Types)] = [
            ("null", .null), ("boolean", .boolean), ("integer", .integer), ("number", .number), ("string", .string),
            ("array", .array), ("object", .object),
        ]

        var names: [String] { Types.names.filter { contains($0.1) }.map(\.0) }
    }

    struct Bound: Sendable, Equatable {
        var value: ExactNumber
        var isExclusive: Bool
    }

    enum Rule: Sendable, Equatable {
        /// `false`: nothing is valid.
        case never
        case reference(Int)
        case types(Types)
        /// Canonical texts, and what to show.
        case values(Set<String>, [JSONValue])
        case minimum(Bound)
        case maximum(Bound)
        case multiple(ExactNumber)
        case length(minimum: Int?, maximum: Int?)
        case pattern(Pattern)
        case format(String)
        case items(prefix: [Int], rest: Int?)
        case contains(Int, minimum: Int, maximum: Int?)
        case count(minimum: Int?, maximum: Int?)
        case unique
        case properties([String: Int], patterns: [PatternProperty], additional: Int?)
        case required([String])
        case propertyNames(Int)
        case members(minimum: Int?, maximum: Int?)
        case dependentRequired([String: [String]])
        case dependentSchemas([String: Int])
        case all([Int])
        case any([Int])
        case one([Int])
        case not(Int)
        case condition(Int, then: Int?, otherwise: Int?)
        case unevaluatedItems(Int)
        case unevaluatedProperties(Int)
    }

    struct PatternProperty: Sendable, Equatable {
        var pattern: Pattern
        var schema: Int
    }

    var rules: [Rule] = []
    /// Where it stands, for reports: `risk.schema.json#/$defs/User`.
    var place: String

    /// Schemas that are applied to the same value: a circle of these would never end.
    var inPlace: [Int] {
        rules.flatMap { rule -> [Int] in
            switch rule {
            case .reference(let one), .not(let one): [one]
            case .all(let several), .any(let several), .one(let several): several
            case .condition(let test, let then, let otherwise): [test] + [then, otherwise].compactMap { $0 }
            case .dependentSchemas(let schemas): schemas.keys.sorted().compactMap { schemas[$0] }
            default: []
            }
        }
    }
}

extension JSONValue {
    /// A text that is the same for values that JSON Schema calls equal: `1` and `1.0`, members in any order.
    var canonical: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let number): ExactNumber(number.text)?.description ?? number.text
        case .string(let text): "\"\(text.count):\(text)"
        case .array(let values): "[\(values.map(\.canonical).joined(separator: ","))]"
        case .object(let object):
            "{\(Dictionary(object.members.map { ($0.key, $0.value.canonical) }) { $1 }.sorted { $0.key < $1.key }.map { "\($0.key.count):\($0.key)=\($0.value)" }.joined(separator: ","))}"
        }
    }
}

extension JSONNumber {
    var exact: ExactNumber? { ExactNumber(text) }
}
