import JSON

extension OpenAPILowering {
    /// Schemas within schemas.
    private static let depthLimit = 64

    /// The type of the schema at a place.
    ///
    /// - Parameter name: for a struct or enumeration that is declared here.
    mutating func type(at place: SchemaPlace, name: String, depth: Int) throws(SchemaError) -> SchemaType {
        if let known = named[place] { return known }
        guard depth < OpenAPILowering.depthLimit else {
            throw failure(
                place, "schemas nested deeper than \(OpenAPILowering.depthLimit) levels",
                "Name inner schemas under 'components/schemas' or '$defs' and refer to them.")
        }
        try count(place)
        let form = form(place)
        let assertion = try compiler.compile(place)
        // Lists of themselves, or maps: a type has no end there, the assertion has.
        guard open.insert(place).inserted else {
            var result = SchemaType(.any)
            result.constraints.assertion = assertion
            result.constraints.unexpressed = ["$ref"]
            return result
        }
        defer { open.remove(place) }
        var result = SchemaType(.any)
        if form.object != nil {
            if let reference = form["$ref"]?.string {
                let target = try compiler.documents.resolve(reference, at: place)
                result = try type(at: target, name: target.steps.last ?? name, depth: depth + 1)
            } else {
                result = try base(form, place, name: name, depth: depth)
            }
            if form["$ref"] == nil || !compiler.documents.ignoresSiblings[place.tree] {
                read(&result.constraints, from: form)
            }
            result.annotations.merge(OpenAPILowering.extensions(form)) { _, new in new }
        } else if form.bool == false {
            result.constraints.unexpressed = ["false"]
        }
        result.constraints.assertion = assertion
        named[place] = result
        return result
    }

    /// The type without the constraints that the form itself adds.
    private mutating func base(
        _ form: JSONValue, _ place: SchemaPlace, name: String, depth: Int
    ) throws(SchemaError) -> SchemaType {
        if let cases = textCases(form) { return SchemaType(enumeration(cases, name, form)) }
        for key in ["oneOf", "anyOf"] {
            guard let alternatives = form[key]?.array else { continue }
            // One alternative beside null is that alternative.
            let others = alternatives.indices.filter { alternatives[$0]["type"]?.string != "null" }
            if others.count == 1 { return try type(at: place[key][others[0]], name: name, depth: depth + 1) }
            if form["properties"] != nil || form["allOf"] != nil { continue }
            return try alternative(others, key, form, place, name: name, depth: depth)
        }
        if let result = try merged(form, place, name: name, depth: depth) { return result }
        return SchemaType(try kind(form, place, name: name, depth: depth))
    }

    /// Several alternatives: any of them.
    private mutating func alternative(
        _ indices: [Int], _ key: String, _ form: JSONValue, _ place: SchemaPlace, name: String, depth: Int
    ) throws(SchemaError) -> SchemaType {
        var result = SchemaType(.any)
        for index in indices {
            result.constraints.alternatives.append(
                try type(at: place[key][index], name: "\(name)\(index + 1)", depth: depth + 1))
        }
        result.constraints.discriminator = form["discriminator"]?["propertyName"]?.string
        return result
    }

    /// `allOf` of something else than objects: the first part with a type, with the constraints of all.
    private mutating func merged(
        _ form: JSONValue, _ place: SchemaPlace, name: String, depth: Int
    ) throws(SchemaError) -> SchemaType? {
        guard let parts = form["allOf"]?.array, !parts.isEmpty, form["properties"] == nil else { return nil }
        if let own = typeName(form), own != "object" { return nil }
        var result: SchemaType?
        for index in parts.indices {
            let part = try dereference(place["allOf"][index])
            let form = self.form(part)
            if form["properties"] != nil || form["allOf"] != nil || typeName(form) == "object" { return nil }
            if result == nil, typeName(form) != nil || textCases(form) != nil {
                result = try type(at: place["allOf"][index], name: name, depth: depth + 1)
            }
        }
        guard var result else { return nil }
        for index in parts.indices {
            read(&result.constraints, from: self.form(try dereference(place["allOf"][index])))
        }
        return result
    }

    private mutating func kind(
        _ form: JSONValue, _ place: SchemaPlace, name: String, depth: Int
    ) throws(SchemaError) -> SchemaType.Kind {
        switch typeName(form) {
        case "boolean": return .bool
        case "integer": return form["format"]?.string == "int32" ? .i32 : .i64
        case "number": return .double
        case "string":
            let isBinary = ["byte", "binary"].contains(form["format"]?.string) || form["contentEncoding"] != nil
            return isBinary ? .binary : .string
        case "array":
            guard form["items"]?.object != nil else { return .list(SchemaType(.any)) }
            return .list(try type(at: place["items"], name: "\(name)Item", depth: depth + 1))
        case "object": return try object(form, place, name: name, depth: depth)
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
        if form["properties"] != nil || form["allOf"] != nil || form["additionalProperties"]?.object != nil {
            return "object"
        }
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
                name: name, scope: scope,
                cases: cases.enumerated().map { SchemaEnumeration.Case($1, Int32(clamping: $0)) },
                annotations: OpenAPILowering.extensions(form), documentation: OpenAPILowering.documentation(form)))
        return .enumeration(set.enumerations.count - 1)
    }

    private mutating func object(
        _ form: JSONValue, _ place: SchemaPlace, name: String, depth: Int
    ) throws(SchemaError) -> SchemaType.Kind {
        if form["properties"] == nil, form["allOf"] == nil {
            // An object that only says what its values are is a map.
            guard form["additionalProperties"]?.object != nil else {
                return .map(SchemaType(.string), SchemaType(.any))
            }
            let value = try type(at: place["additionalProperties"], name: "\(name)Value", depth: depth + 1)
            return .map(SchemaType(.string), value)
        }
        let index = set.structures.count
        set.structures.append(
            SchemaStructure(
                .structure, name: name, scope: scope, annotations: OpenAPILowering.extensions(form),
                documentation: OpenAPILowering.documentation(form)))
        var early = SchemaType(.structure(index))
        early.constraints.assertion = try compiler.compile(place)
        named[place] = early
        let fields = try fields(place, name: name, depth: depth)
        set.structures[index].fields = fields
        return .structure(index)
    }

    /// The properties of an object and of everything that its `allOf` names.
    private mutating func fields(_ place: SchemaPlace, name: String, depth: Int) throws(SchemaError) -> [SchemaField] {
        guard depth < OpenAPILowering.depthLimit else {
            throw failure(
                place, "allOf nested deeper than \(OpenAPILowering.depthLimit) levels",
                "Let no allOf lead back to the schema that it stands in.")
        }
        try count(place)
        let form = form(place)
        var fields: [SchemaField] = []
        for index in (form["allOf"]?.array ?? []).indices {
            let part = try dereference(place["allOf"][index])
            for field in try self.fields(part, name: name, depth: depth + 1) {
                fields.removeAll { $0.name == field.name }
                fields.append(field)
            }
        }
        for property in form["properties"]?.object?.members ?? [] {
            let type = try type(
                at: place["properties"][property.key], name: "\(name).\(property.key)", depth: depth + 1)
            fields.removeAll { $0.name == property.key }
            fields.append(
                SchemaField(
                    id: 0, name: property.key, type: type, presence: .optional, defaultValue: property.value["default"],
                    annotations: type.annotations, documentation: OpenAPILowering.documentation(property.value)))
        }
        let required = Set((form["required"]?.array ?? []).compactMap(\.string))
        for index in fields.indices where required.contains(fields[index].name) { fields[index].presence = .required }
        return fields
    }
}
