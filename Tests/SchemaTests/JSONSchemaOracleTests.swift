import JSON
import TestSupport
import Testing

@testable import Schema

/// Our checks against Python's `jsonschema`, on schemas and values that are made of the same few parts.
@Suite(.requires(.python)) struct JSONSchemaOracleTests {
    private static let script = """
        import json, sys
        from jsonschema import Draft202012Validator, Draft7Validator
        for line in sys.stdin:
            case = json.loads(line)
            schema = case["schema"]
            kind = Draft7Validator if "draft-07" in str(schema.get("$schema") if isinstance(schema, dict) else "") else Draft202012Validator
            kind.check_schema(schema)
            validator = kind(schema)
            print(json.dumps([validator.is_valid(value) for value in case["values"]]))
        """

    private func compare(_ cases: [(schema: JSONValue, values: [JSONValue])]) throws -> (valid: Int, invalid: Int) {
        var input: [UInt8] = []
        for one in cases {
            let line: JSONValue = ["schema": one.schema, "values": .array(one.values)]
            input += line.encoded() + [10]
        }
        let result = try python(JSONSchemaOracleTests.script, input: input)
        try #require(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n")
        try #require(lines.count == cases.count)
        var counts = (valid: 0, invalid: 0)
        for (one, line) in zip(cases, lines) {
            let answers = try #require(try JSONValue(parsing: String(line)).array)
            var set = SchemaSet()
            try set.load(SchemaSource(name: "case.json", bytes: one.schema.encoded()))
            let root = try #require(set.roots["case"])
            for (value, answer) in zip(one.values, answers) {
                let violations = set.violations(of: value, as: root, checksFormats: false)
                if violations.isEmpty != (answer.bool == true) {
                    Issue.record("\(one.schema.text)\n\(value.text)\njsonschema says \(answer.text), we \(violations)")
                }
                if answer.bool == true { counts.valid += 1 } else { counts.invalid += 1 }
            }
        }
        return counts
    }

    @Test func agreesOnRandomSchemas() throws {
        var maker = SchemaMaker(seed: 5)
        let cases = (0..<300).map { _ in (maker.document(), (0..<15).map { _ in maker.value(3) }) }
        let counts = try compare(cases)
        #expect(counts.valid > 500 && counts.invalid > 500, "\(counts)")
    }

    /// What people get wrong, keyword by keyword.
    @Test func agreesOnEachKeyword() throws {
        let cases = try JSONSchemaCases.all.map { one in
            (try JSONValue(parsing: one.schema), try #require(try JSONValue(parsing: one.values).array))
        }
        _ = try compare(cases)
    }
}

/// Makes schemas and values at random.
struct SchemaMaker {
    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    private mutating func below(_ count: UInt64) -> Int { Int(random.next() % count) }
    private mutating func pick<T>(_ list: [T]) -> T { list[below(UInt64(list.count))] }

    private static let names = ["a", "b", "c", "id", "x-y"]

    mutating func value(_ depth: Int) -> JSONValue {
        switch below(depth > 0 ? 9 : 6) {
        case 0: return .null
        case 1: return .bool(below(2) == 0)
        case 2: return JSONValue(below(12) - 3)
        case 3: return pick([1.5, 2.0, -0.5, 1e2, 0.25])
        case 4, 5: return .string(pick(["", "a", "ab", "abc", "id", "12", "é😀", "b1", "long text"]))
        case 6: return .array((0..<below(5)).map { _ in value(depth - 1) })
        default:
            var object = JSONObject()
            for name in SchemaMaker.names where below(2) == 0 { object.append(name, value(depth - 1)) }
            return .object(object)
        }
    }

    mutating func document() -> JSONValue {
        var definitions = JSONObject()
        for name in ["one", "two"] {
            var form = schema(2).object ?? JSONObject()
            // Anchors of 2020-12.
            form["$anchor"] = .string("at-\(name)")
            // A definition leads nowhere else: circles are another test's.
            form["$ref"] = nil
            definitions.append(name, .object(form))
        }
        var root = schema(3, refers: true).object ?? JSONObject()
        root["$defs"] = .object(definitions)
        return .object(root)
    }

    mutating func schema(_ depth: Int, refers: Bool = false) -> JSONValue {
        if below(14) == 0 { return .bool(below(3) > 0) }
        var object = JSONObject()
        if refers, below(4) == 0 {
            object["$ref"] = .string(pick(["#/$defs/one", "#/$defs/two", "#at-one", "#at-two", "#/%24defs/one"]))
        }
        for _ in 0...below(3) {
            let (key, value) = keyword(depth, refers)
            object[key] = value
        }
        return .object(object)
    }

    private mutating func schemas(_ depth: Int, _ refers: Bool) -> JSONValue {
        .array((0...below(3)).map { _ in schema(depth - 1, refers: refers) })
    }

    private mutating func byName(_ depth: Int, _ refers: Bool, _ names: [String]) -> JSONValue {
        var object = JSONObject()
        for name in names where below(2) == 0 { object.append(name, schema(depth - 1, refers: refers)) }
        return .object(object)
    }

    private mutating func keyword(_ depth: Int, _ refers: Bool) -> (String, JSONValue) {
        let types = ["null", "boolean", "integer", "number", "string", "array", "object"]
        let count = JSONValue(below(4))
        switch below(depth > 0 ? 34 : 15) {
        case 0, 1, 2: return ("type", .string(pick(types)))
        case 3: return ("type", .array([.string(types[below(3)]), .string(types[3 + below(4)])]))
        case 4: return ("enum", .array([value(1), value(0), .string("unlikely")]))
        case 5: return ("const", value(1))
        case 6: return ("minimum", pick([0, 1, 1.5, -1]))
        case 7: return ("maximum", pick([0, 3, 2.5, 8]))
        case 8: return ("exclusiveMinimum", pick([0, 1]))
        case 9: return ("exclusiveMaximum", pick([2, 5]))
        case 10: return ("multipleOf", pick([2, 0.5, 3, 1]))
        case 11: return ("minLength", count)
        case 12: return ("maxLength", count)
        case 13: return ("pattern", .string(pick(["^a", "\\d", "^[a-c]+$", "b|d", "^.{2}$"])))
        case 14: return ("uniqueItems", true)
        case 15, 16, 17: return ("properties", byName(depth, refers, SchemaMaker.names))
        case 18: return ("required", .array([.string(pick(SchemaMaker.names))]))
        case 19: return ("additionalProperties", schema(depth - 1, refers: refers))
        case 20: return ("patternProperties", byName(depth, refers, ["^a", "[bd]", "^i"]))
        case 21: return ("propertyNames", schema(depth - 1, refers: refers))
        case 22: return (pick(["minProperties", "maxProperties"]), count)
        case 23: return ("dependentRequired", ["a": ["b"], "id": []])
        case 24: return ("dependentSchemas", byName(depth, refers, ["a", "c"]))
        case 25: return ("items", schema(depth - 1, refers: refers))
        case 26: return ("prefixItems", schemas(depth, refers))
        case 27: return ("contains", schema(depth - 1, refers: refers))
        case 28: return (pick(["minItems", "maxItems"]), count)
        case 29: return ("allOf", schemas(depth, refers))
        case 30: return ("anyOf", schemas(depth, refers))
        case 31: return ("oneOf", schemas(depth, refers))
        case 32: return ("not", schema(depth - 1, refers: refers))
        default:
            let key = pick(["if", "then", "else", "unevaluatedProperties", "unevaluatedItems", "minContains"])
            return (key, key == "minContains" ? count : schema(depth - 1, refers: refers))
        }
    }
}
