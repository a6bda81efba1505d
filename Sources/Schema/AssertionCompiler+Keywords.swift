import Bytes
import Expression
import JSON

enum JSONSchemaKeywords {
    /// Those that say something about values (2020-12 and OpenAPI 3.0's own).
    static let constraining: Set<String> = [
        "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minLength",
        "maxLength", "pattern", "format", "items", "prefixItems", "additionalItems", "contains", "minContains",
        "maxContains", "minItems", "maxItems", "uniqueItems", "properties", "patternProperties", "additionalProperties",
        "required", "propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas",
        "dependencies", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "unevaluatedItems",
        "unevaluatedProperties", "nullable",
    ]

    /// Those that do not.
    static let other: Set<String> = [
        "$schema", "$id", "id", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor",
        "$defs", "definitions", "$comment", "$vocabulary", "title", "description", "default", "example", "examples",
        "deprecated", "readOnly", "writeOnly", "discriminator", "externalDocs", "xml", "contentEncoding",
        "contentMediaType", "contentSchema", "summary",
    ]
}

extension AssertionCompiler {
    mutating func types(_ object: JSONObject, _ place: SchemaPlace, _ rules: inout [SchemaAssertion.Rule]) {
        for key in object.keys
        where !key.hasPrefix("x-") && !JSONSchemaKeywords.constraining.contains(key)
            && !JSONSchemaKeywords.other.contains(key)
        {
            let near = nearestName(
                key, in: JSONSchemaKeywords.constraining.sorted() + JSONSchemaKeywords.other.sorted())
            findings.append(
                documents.finding(
                    near == nil ? .note : .warning, "unknown-keyword", place[key],
                    "'\(key)' is no keyword of JSON Schema",
                    near.map { "Did you mean '\($0)'?" } ?? "Extensions begin with 'x-'."))
        }
        if let value = object["type"] {
            var types: SchemaAssertion.Types = []
            for name in value.array?.map({ $0.string }) ?? [value.string] {
                if let found = SchemaAssertion.Types.names.first(where: { $0.0 == name }) {
                    types.insert(found.1)
                } else {
                    let near = name.flatMap { nearestName($0, in: SchemaAssertion.Types.names.map(\.0)) }
                    wrong(
                        place["type"], "a type of JSON Schema",
                        (near.map { "Did you mean '\($0)'? " } ?? "")
                            + "Types are \(SchemaAssertion.Types.names.map(\.0).joined(separator: ", ")).")
                    types = []
                    break
                }
            }
            // OpenAPI 3.0.
            if object["nullable"]?.bool == true, !types.isEmpty { types.insert(.null) }
            if !types.isEmpty { rules.append(.types(types)) }
        }
        if let value = object["const"] { rules.append(.values([value.canonical], [value])) }
        if let value = object["enum"] {
            guard var values = value.array, !values.isEmpty else {
                wrong(place["enum"], "a list of at least one value", "Write it like 'enum: [a, b]'.")
                return
            }
            if Set(values.map(\.canonical)).count < values.count {
                findings.append(
                    documents.finding(.warning, "duplicate-value", place["enum"], "a value stands twice", "Remove one.")
                )
            }
            if object["nullable"]?.bool == true { values.append(.null) }
            rules.append(.values(Set(values.map(\.canonical)), values))
        }
    }

    private mutating func number(_ key: String, _ object: JSONObject, _ place: SchemaPlace) -> ExactNumber? {
        guard let value = object[key] else { return nil }
        guard let number = value.number, let exact = ExactNumber(number.text) else {
            wrong(place[key], "a number", "Write it like '\(key): 10', without quotes.")
            return nil
        }
        return exact
    }

    mutating func numbers(_ object: JSONObject, _ place: SchemaPlace, _ rules: inout [SchemaAssertion.Rule]) {
        var low: SchemaAssertion.Bound?
        var high: SchemaAssertion.Bound?
        if let value = number("minimum", object, place) { low = .init(value: value, isExclusive: false) }
        if let value = number("maximum", object, place) { high = .init(value: value, isExclusive: false) }
        // A number since draft 6, a flag beside minimum and maximum in OpenAPI 3.0.
        if let flag = object["exclusiveMinimum"]?.bool {
            low?.isExclusive = flag
        } else if let value = number("exclusiveMinimum", object, place), low.map({ $0.value <= value }) ?? true {
            low = .init(value: value, isExclusive: true)
        }
        if let flag = object["exclusiveMaximum"]?.bool {
            high?.isExclusive = flag
        } else if let value = number("exclusiveMaximum", object, place), high.map({ value <= $0.value }) ?? true {
            high = .init(value: value, isExclusive: true)
        }
        if let low { rules.append(.minimum(low)) }
        if let high { rules.append(.maximum(high)) }
        if let low, let high,
            high.value < low.value || (low.value == high.value && (low.isExclusive || high.isExclusive))
        {
            contradiction(place, "the minimum", "the maximum")
        }
        if let value = number("multipleOf", object, place) {
            if value > 0, value.isMultiple(of: value) != nil {
                rules.append(.multiple(value))
            } else {
                wrong(place["multipleOf"], "a number above 0 of at most 30 digits", "Write it like 'multipleOf: 0.01'.")
            }
        }
    }

    mutating func texts(_ object: JSONObject, _ place: SchemaPlace, _ rules: inout [SchemaAssertion.Rule]) {
        let bounds = (count("minLength", object, place), count("maxLength", object, place))
        if bounds.0 != nil || bounds.1 != nil { rules.append(.length(minimum: bounds.0, maximum: bounds.1)) }
        if let low = bounds.0, let high = bounds.1, low > high { contradiction(place, "minLength", "maxLength") }
        if let value = object["pattern"] {
            if let text = value.string {
                if let pattern = pattern(text, place["pattern"]) { rules.append(.pattern(pattern)) }
            } else {
                wrong(place["pattern"], "a pattern as a text", "Put it in quotes.")
            }
        }
        if let value = object["format"] {
            if let name = value.string {
                if TextFormat.names.contains(name) { rules.append(.format(name)) }
            } else {
                wrong(place["format"], "a format's name", "Write it like 'format: date-time'.")
            }
        }
    }

    mutating func arrays(
        _ object: JSONObject, _ place: SchemaPlace, _ depth: Int, _ rules: inout [SchemaAssertion.Rule]
    ) throws(SchemaError) {
        var prefix = try compile(list: "prefixItems", place, depth) ?? []
        var rest: Int?
        if object["items"]?.array != nil {
            // Before 2020-12 a list of items was what prefixItems is now.
            prefix = try compile(list: "items", place, depth) ?? []
            rest = try compile("additionalItems", place, depth)
        } else {
            rest = try compile("items", place, depth)
        }
        if !prefix.isEmpty || rest != nil { rules.append(.items(prefix: prefix, rest: rest)) }
        if let schema = try compile("contains", place, depth) {
            rules.append(
                .contains(
                    schema, minimum: count("minContains", object, place) ?? 1,
                    maximum: count("maxContains", object, place)))
        }
        let bounds = (count("minItems", object, place), count("maxItems", object, place))
        if bounds.0 != nil || bounds.1 != nil { rules.append(.count(minimum: bounds.0, maximum: bounds.1)) }
        if let low = bounds.0, let high = bounds.1, low > high { contradiction(place, "minItems", "maxItems") }
        if object["uniqueItems"]?.bool == true { rules.append(.unique) }
        if let schema = try compile("unevaluatedItems", place, depth) { rules.append(.unevaluatedItems(schema)) }
    }

    mutating func objects(
        _ object: JSONObject, _ place: SchemaPlace, _ depth: Int, _ rules: inout [SchemaAssertion.Rule]
    ) throws(SchemaError) {
        let properties = try compile(map: "properties", place, depth)
        var patterns: [SchemaAssertion.PatternProperty] = []
        for (text, schema) in try compile(map: "patternProperties", place, depth) ?? [] {
            if let pattern = pattern(text, place["patternProperties"][text]) {
                patterns.append(.init(pattern: pattern, schema: schema))
            }
        }
        let additional = try compile("additionalProperties", place, depth)
        if properties != nil || !patterns.isEmpty || additional != nil {
            let byName = Dictionary(properties ?? []) { $1 }
            rules.append(.properties(byName, patterns: patterns, additional: additional))
        }
        if let value = object["required"], let names = strings(value, place["required"]) {
            rules.append(.required(names))
            if object["additionalProperties"]?.bool == false, patterns.isEmpty, let properties {
                for name in names where !properties.contains(where: { $0.0 == name }) {
                    contradiction(place["required"], "'\(name)' is required and", "additionalProperties false")
                }
            }
        }
        if let schema = try compile("propertyNames", place, depth) { rules.append(.propertyNames(schema)) }
        let bounds = (count("minProperties", object, place), count("maxProperties", object, place))
        if bounds.0 != nil || bounds.1 != nil { rules.append(.members(minimum: bounds.0, maximum: bounds.1)) }
        if let low = bounds.0, let high = bounds.1, low > high {
            contradiction(place, "minProperties", "maxProperties")
        }
        var required: [String: [String]] = [:]
        var schemas: [String: Int] = [:]
        for key in ["dependentRequired", "dependentSchemas", "dependencies"] {
            for member in object[key]?.object?.members ?? [] {
                if member.value.array != nil {
                    required[member.key] = strings(member.value, place[key][member.key]) ?? []
                } else {
                    schemas[member.key] = try compile(place[key][member.key], depth: depth + 1)
                }
            }
        }
        if !required.isEmpty { rules.append(.dependentRequired(required)) }
        if !schemas.isEmpty { rules.append(.dependentSchemas(schemas)) }
        if let schema = try compile("unevaluatedProperties", place, depth) {
            rules.append(.unevaluatedProperties(schema))
        }
    }

    private mutating func strings(_ value: JSONValue, _ place: SchemaPlace) -> [String]? {
        let names = value.array?.compactMap(\.string)
        guard let names, names.count == value.array?.count else {
            wrong(
                place, "a list of names",
                "Write it like '[id, amount]'; in OpenAPI 3 'required' stands beside 'properties'.")
            return nil
        }
        return names
    }

    mutating func combinations(
        _ object: JSONObject, _ place: SchemaPlace, _ depth: Int, _ rules: inout [SchemaAssertion.Rule]
    ) throws(SchemaError) {
        if let schemas = try compile(list: "allOf", place, depth) { rules.append(.all(schemas)) }
        if let schemas = try compile(list: "anyOf", place, depth) { rules.append(.any(schemas)) }
        if let schemas = try compile(list: "oneOf", place, depth) { rules.append(.one(schemas)) }
        if let schema = try compile("not", place, depth) { rules.append(.not(schema)) }
        let then = try compile("then", place, depth)
        let otherwise = try compile("else", place, depth)
        if let test = try compile("if", place, depth) {
            rules.append(.condition(test, then: then, otherwise: otherwise))
        } else if then != nil || otherwise != nil {
            findings.append(
                documents.finding(
                    .warning, "no-if", place, "'then' and 'else' do nothing without 'if'", "Add 'if', or remove them."))
        }
    }
}
