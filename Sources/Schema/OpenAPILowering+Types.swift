import JSON

extension OpenAPILowering {
    /// Schemas within schemas.
    private static let depthLimit = 64

    /// The type behind a reference to a schema.
    mutating func reference(_ reference: String, depth: Int) throws(SchemaError) -> SchemaType {
        if let known = named[reference] { return known }
        let form = try target(reference, reference)
        let name = reference.split(separator: "/").last.map(String.init) ?? reference
        return try type(form, reference, name: name, reference: reference, depth: depth)
    }

    /// - Parameters:
    ///   - name: for a struct or enumeration that is declared here.
    ///   - reference: under which the result is to be known before its parts are read.
    mutating func type(
        _ form: JSONValue, _ place: String, name: String, reference: String? = nil, depth: Int
    ) throws(SchemaError) -> SchemaType {
        guard depth < OpenAPILowering.depthLimit else {
            throw failure(place, "schemas nested deeper than \(OpenAPILowering.depthLimit) levels")
        }
        try count(place)
        // `true` is any value in JSON Schema; there is no use for `false` in a body.
        guard form.object != nil else {
            guard form.bool == true else { throw failure(place, "expected a schema") }
            return SchemaType(.any)
        }
        var result: SchemaType
        if let other = form["$ref"]?.string {
            result = try self.reference(other, depth: depth + 1)
        } else {
            result = SchemaType(try kind(form, place, name: name, reference: reference, depth: depth))
        }
        read(&result.constraints, from: form)
        result.annotations.merge(OpenAPILowering.extensions(form)) { _, new in new }
        if let reference { named[reference] = result }
        return result
    }

    private mutating func kind(
        _ form: JSONValue, _ place: String, name: String, reference: String?, depth: Int
    ) throws(SchemaError) -> SchemaType.Kind {
        if let cases = textCases(form) { return enumeration(cases, name, form) }
        // One alternative beside null is that alternative.
        for key in ["oneOf", "anyOf"] {
            let alternatives = (form[key]?.array ?? []).filter { $0["type"]?.string != "null" }
            if alternatives.count == 1, let only = alternatives.first {
                return try type(only, "\(place).\(key)", name: name, depth: depth + 1).kind
            }
            if alternatives.count > 1 { return .any }
        }
        switch typeName(form) {
        case "boolean": return .bool
        case "integer": return form["format"]?.string == "int32" ? .i32 : .i64
        case "number": return .double
        case "string":
            let isBinary = ["byte", "binary"].contains(form["format"]?.string) || form["contentEncoding"] != nil
            return isBinary ? .binary : .string
        case "array":
            let element = try form["items"].map { items throws(SchemaError) in
                try type(items, "\(place).items", name: "\(name)Item", depth: depth + 1)
            }
            return .list(element ?? SchemaType(.any))
        case "object": return try object(form, place, name: name, reference: reference, depth: depth)
        default: return .any
        }
    }

    /// The one type that is not null, spelt out or implied by the keywords that only it has.
    private func typeName(_ form: JSONValue) -> String? {
        if let name = form["type"]?.string { return name }
        if let names = form["type"]?.array {
            let others = names.compactMap(\.string).filter { $0 != "null" }
            return others.count == 1 ? others.first : nil
        }
        if form["properties"] != nil || form["allOf"] != nil || form["additionalProperties"] != nil { return "object" }
        return form["items"] != nil ? "array" : nil
    }

    private func textCases(_ form: JSONValue) -> [String]? {
        if let text = form["const"]?.string { return [text] }
        guard let values = form["enum"]?.array else { return nil }
        let texts = values.compactMap(\.string)
        return texts.count == values.filter({ !$0.isNull }).count && !texts.isEmpty ? texts : nil
    }

    private mutating func enumeration(_ cases: [String], _ name: String, _ form: JSONValue) -> SchemaType.Kind {
        set.enumerations.append(
            SchemaEnumeration(
                name: name, scope: source.scope,
                cases: cases.enumerated().map { SchemaEnumeration.Case($1, Int32(clamping: $0)) },
                annotations: OpenAPILowering.extensions(form)))
        return .enumeration(set.enumerations.count - 1)
    }

    private mutating func object(
        _ form: JSONValue, _ place: String, name: String, reference: String?, depth: Int
    ) throws(SchemaError) -> SchemaType.Kind {
        if form["properties"] == nil, form["allOf"] == nil {
            // An object that only says what its values are is a map.
            guard let values = form["additionalProperties"], values.object != nil else {
                return .map(SchemaType(.string), SchemaType(.any))
            }
            let value = try type(values, "\(place).additionalProperties", name: "\(name)Value", depth: depth + 1)
            return .map(SchemaType(.string), value)
        }
        let index = set.structures.count
        set.structures.append(
            SchemaStructure(.structure, name: name, scope: source.scope, annotations: OpenAPILowering.extensions(form)))
        if let reference { named[reference] = SchemaType(.structure(index)) }
        set.structures[index].fields = try fields(form, place, name: name, depth: depth)
        return .structure(index)
    }

    /// The properties of an object and of everything that its `allOf` names.
    private mutating func fields(
        _ form: JSONValue, _ place: String, name: String, depth: Int
    ) throws(SchemaError) -> [SchemaField] {
        guard depth < OpenAPILowering.depthLimit else {
            throw failure(place, "allOf nested deeper than \(OpenAPILowering.depthLimit) levels")
        }
        try count(place)
        var fields: [SchemaField] = []
        for part in form["allOf"]?.array ?? [] {
            let part =
                try part["$ref"]?.string.map { reference throws(SchemaError) in
                    try target(reference, place)
                } ?? part
            for field in try self.fields(part, "\(place).allOf", name: name, depth: depth + 1) {
                fields.removeAll { $0.name == field.name }
                fields.append(field)
            }
        }
        for property in form["properties"]?.object?.members ?? [] {
            let place = "\(place).\(property.key)"
            let type = try type(
                property.value, place, name: "\(name).\(property.key)", depth: depth + 1)
            fields.removeAll { $0.name == property.key }
            fields.append(
                SchemaField(
                    id: 0, name: property.key, type: type, presence: .optional, defaultValue: property.value["default"],
                    annotations: type.annotations))
        }
        let required = Set((form["required"]?.array ?? []).compactMap(\.string))
        for index in fields.indices where required.contains(fields[index].name) { fields[index].presence = .required }
        return fields
    }

    private func read(_ constraints: inout Constraints, from form: JSONValue) {
        if let value = form["minimum"]?.number { constraints.minimum = value }
        if let value = form["maximum"]?.number { constraints.maximum = value }
        // A number in 3.1, a flag beside minimum and maximum in 3.0.
        if let value = form["exclusiveMinimum"]?.number {
            (constraints.minimum, constraints.isMinimumExclusive) = (value, true)
        } else if let flag = form["exclusiveMinimum"]?.bool {
            constraints.isMinimumExclusive = flag
        }
        if let value = form["exclusiveMaximum"]?.number {
            (constraints.maximum, constraints.isMaximumExclusive) = (value, true)
        } else if let flag = form["exclusiveMaximum"]?.bool {
            constraints.isMaximumExclusive = flag
        }
        if let value = form["multipleOf"]?.number { constraints.multipleOf = value }
        for key in ["minLength", "minItems", "minProperties"] {
            if let value = form[key]?.int { constraints.minimumLength = value }
        }
        for key in ["maxLength", "maxItems", "maxProperties"] {
            if let value = form[key]?.int { constraints.maximumLength = value }
        }
        if let value = form["pattern"]?.string { constraints.pattern = value }
        if let value = form["format"]?.string { constraints.format = value }
        if let value = form["uniqueItems"]?.bool { constraints.isUnique = value }
        let types = form["type"]?.array?.compactMap(\.string) ?? []
        let alternatives = (form["oneOf"]?.array ?? []) + (form["anyOf"]?.array ?? [])
        if form["nullable"]?.bool == true || types.contains("null")
            || alternatives.contains(where: { $0["type"]?.string == "null" })
        {
            constraints.isNullable = true
        }
    }
}
