package import JSON

extension SchemaType.Kind {
    /// As an IDL author writes it: `list<string>`, `RiskRequest`.
    package func title(in set: SchemaSet) -> String {
        switch self {
        case .bool: "bool"
        case .i8: "i8"
        case .i16: "i16"
        case .i32: "i32"
        case .i64: "i64"
        case .double: "double"
        case .string: "string"
        case .binary: "binary"
        case .uuid: "uuid"
        case .list(let element): "list<\(element.kind.title(in: set))>"
        case .set(let element): "set<\(element.kind.title(in: set))>"
        case .map(let key, let value): "map<\(key.kind.title(in: set)), \(value.kind.title(in: set))>"
        case .enumeration(let index): set.enumerations[index].name
        case .structure(let index): set.structures[index].name
        case .any: "any"
        }
    }
}

extension Constraints {
    /// One text for each constraint: `from 1`, `at most 64 characters`, `pattern ^[A-Z]{3}$`.
    package var titles: [String] {
        var result: [String] = []
        if let minimum { result.append("\(isMinimumExclusive ? "above" : "from") \(minimum)") }
        if let maximum { result.append("\(isMaximumExclusive ? "below" : "up to") \(maximum)") }
        if let multipleOf { result.append("a multiple of \(multipleOf)") }
        if let minimumLength { result.append("length from \(minimumLength)") }
        if let maximumLength { result.append("length up to \(maximumLength)") }
        if let minimumBytes { result.append("bytes from \(minimumBytes)") }
        if let maximumBytes { result.append("bytes up to \(maximumBytes)") }
        if let pattern { result.append("pattern \(pattern)") }
        if let format { result.append("format \(format)") }
        if let prefix { result.append("begins with \(prefix)") }
        if let suffix { result.append("ends with \(suffix)") }
        if let infix { result.append("contains \(infix)") }
        if let refusedInfix { result.append("does not contain \(refusedInfix)") }
        if !allowed.isEmpty { result.append("one of \(allowed.map(\.text).joined(separator: ", "))") }
        if !refused.isEmpty { result.append("none of \(refused.map(\.text).joined(separator: ", "))") }
        if isUnique { result.append("unique") }
        if isNullable { result.append("or null") }
        if isDefinedOnly { result.append("only cases") }
        if isNotNil { result.append("set") }
        if !unexpressed.isEmpty { result.append("checked by \(unexpressed.joined(separator: ", "))") }
        if !unread.isEmpty { result.append("not checked: \(unread.joined(separator: ", "))") }
        return result
    }

    /// For ``SchemaType/json(in:)``; members that say nothing are left out.
    fileprivate func add(to object: inout JSONObject) {
        func put(_ key: String, _ value: JSONValue?) { if let value { object.append(key, value) } }
        put(isMinimumExclusive ? "exclusiveMinimum" : "minimum", minimum.map { .number($0) })
        put(isMaximumExclusive ? "exclusiveMaximum" : "maximum", maximum.map { .number($0) })
        put("multipleOf", multipleOf.map { .number($0) })
        put("minLength", minimumLength.map { JSONValue($0) })
        put("maxLength", maximumLength.map { JSONValue($0) })
        put("minBytes", minimumBytes.map { JSONValue($0) })
        put("maxBytes", maximumBytes.map { JSONValue($0) })
        put("pattern", pattern.map { .string($0) })
        put("format", format.map { .string($0) })
        put("prefix", prefix.map { .string($0) })
        put("suffix", suffix.map { .string($0) })
        put("contains", infix.map { .string($0) })
        put("notContains", refusedInfix.map { .string($0) })
        put("allowed", allowed.isEmpty ? nil : .array(allowed))
        put("refused", refused.isEmpty ? nil : .array(refused))
        put("unique", isUnique ? true : nil)
        put("nullable", isNullable ? true : nil)
        put("definedOnly", isDefinedOnly ? true : nil)
        put("notNil", isNotNil ? true : nil)
        put("discriminator", discriminator.map { .string($0) })
        put("checkedBy", unexpressed.isEmpty ? nil : .array(unexpressed.map { .string($0) }))
        put("notChecked", unread.isEmpty ? nil : .array(unread.map { .string($0) }))
    }
}

extension SchemaType {
    /// By schemas/output/schema.schema.json: structs and enumerations by name, parts within.
    package func json(in set: SchemaSet) -> JSONValue {
        var object = JSONObject()
        switch kind {
        case .list(let element):
            object.append("type", "list")
            object.append("element", element.json(in: set))
        case .set(let element):
            object.append("type", "set")
            object.append("element", element.json(in: set))
        case .map(let key, let value):
            object.append("type", "map")
            object.append("key", key.json(in: set))
            object.append("value", value.json(in: set))
        case .enumeration(let index):
            object.append("type", "enum")
            object.append("name", .string("\(set.enumerations[index].scope).\(set.enumerations[index].name)"))
        case .structure(let index):
            object.append("type", "struct")
            object.append("name", .string("\(set.structures[index].scope).\(set.structures[index].name)"))
        default: object.append("type", .string(kind.title(in: set)))
        }
        constraints.add(to: &object)
        if !constraints.alternatives.isEmpty {
            object.append("alternatives", .array(constraints.alternatives.map { $0.json(in: set) }))
        }
        return .object(object)
    }
}

extension SchemaField {
    package func json(in set: SchemaSet) -> JSONValue {
        var object = JSONObject()
        object.append("name", .string(name))
        if id != 0 { object.append("id", JSONValue(id)) }
        object.append("presence", .string(presence == .unspecified ? "default" : "\(presence)"))
        object.append("type", type.json(in: set))
        if let defaultValue { object.append("default", defaultValue) }
        if let personalDataClass { object.append("personalDataClass", .string(personalDataClass)) }
        if isIdentity { object.append("identity", true) }
        if let eventTimeUnit { object.append("eventTime", .string(eventTimeUnit)) }
        if !documentation.isEmpty { object.append("documentation", .string(documentation)) }
        if !annotations.isEmpty { object.append("annotations", annotations.json) }
        return .object(object)
    }
}

extension Annotations {
    package var json: JSONValue {
        .object(JSONObject(sorted { $0.key < $1.key }.map { JSONObject.Member($0.key, .string($0.value)) }))
    }
}
