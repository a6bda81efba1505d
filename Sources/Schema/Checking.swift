package import JSON

extension SchemaSet {
    /// Makes sure that a JSON body is what an OpenAPI document says of it: types, required and known fields, cases of
    /// enumerations. Bounds, patterns and formats are the service's to judge.
    ///
    /// - Throws: the first place at which it does not fit, and what would.
    package func check(_ json: JSONValue, as type: SchemaType) throws(ComposingError) {
        var path: [String] = []
        try check(json, type, &path, depth: 0)
    }

    private func check(
        _ json: JSONValue, _ type: SchemaType, _ path: inout [String], depth: Int
    ) throws(ComposingError) {
        if json.isNull && type.constraints.isNullable { return }
        if depth > 64 { throw ComposingError(path, "nested too deep") }
        switch type.kind {
        case .any: return
        case .bool: if json.bool != nil { return }
        case .i8, .i16, .i32, .i64: if json.number?.isInteger == true { return }
        case .double: if json.number != nil { return }
        case .string, .binary, .uuid: if json.string != nil { return }
        case .enumeration(let index):
            if let name = json.string, enumerations[index].value(of: name) != nil { return }
            throw ComposingError.unknownCase(enumerations[index], at: path)
        case .list(let element), .set(let element):
            guard let values = json.array else { break }
            for (index, value) in values.enumerated() {
                path.append(String(index))
                try check(value, element, &path, depth: depth + 1)
                path.removeLast()
            }
            return
        case .map(_, let value):
            guard let object = json.object else { break }
            for member in object.members {
                path.append(member.key)
                try check(member.value, value, &path, depth: depth + 1)
                path.removeLast()
            }
            return
        case .structure(let index):
            guard let object = json.object else { break }
            return try check(object, structures[index], &path, depth: depth)
        }
        throw ComposingError(path, "expected \(type.kind.wanted)")
    }

    private func check(
        _ object: JSONObject, _ structure: SchemaStructure, _ path: inout [String], depth: Int
    ) throws(ComposingError) {
        for member in object.members {
            guard let field = structure.field(named: member.key) else {
                throw ComposingError.unknownField(member.key, in: structure, at: path)
            }
            path.append(member.key)
            try check(member.value, field.type, &path, depth: depth + 1)
            path.removeLast()
        }
        for field in structure.fields where field.presence == .required && object[field.name] == nil {
            throw ComposingError.missingField(field, in: structure, at: path)
        }
    }
}
