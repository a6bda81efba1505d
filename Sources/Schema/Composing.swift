import Bytes
package import JSON
package import Thrift

/// The counterpart of rendering: JSON by the names of a schema → Thrift values.
///
/// Fields go by name or by id. Required fields must be there unless they have a default, which is written for them and for
/// fields without either word, as generated clients do. `null` is the same as leaving a field out. Enumeration values are
/// names or numbers; binary fields are texts, or `{"base64":"…"}` as rendering gives them; maps whose keys are no texts take
/// them as texts, or are lists of pairs.
extension SchemaSet {
    /// The arguments of a call. When the method takes one struct and nothing in `json` has that argument's name, `json` is the
    /// struct itself.
    ///
    /// - Throws: the first place at which `json` does not fit, and what would.
    package func compose(
        arguments json: JSONValue, of operation: ThriftOperation
    ) throws(ComposingError) -> [ThriftField] {
        var composer = Composer(self)
        return try composer.fields(
            wrapped(json, structures[operation.arguments]), structures[operation.arguments], depth: 1)
    }

    /// A result: `json` is what the method returns.
    package func compose(success json: JSONValue, of operation: ThriftOperation) throws(ComposingError) -> [ThriftField]
    {
        var composer = Composer(self)
        guard let success = structures[operation.result].field(id: 0) else { return [] }
        return [ThriftField(0, try composer.value(json, success.type, depth: 1))]
    }

    /// A result that is one of the method's exceptions, by its name in the `throws` list: `{"err":{"code":"notFound",…}}`.
    package func compose(thrown json: JSONValue, of operation: ThriftOperation) throws(ComposingError) -> [ThriftField]
    {
        var composer = Composer(self)
        var result = structures[operation.result]
        result.fields.removeAll { $0.id == 0 }
        let fields = try composer.fields(json, result, depth: 1)
        guard fields.count == 1 else {
            throw ComposingError([], "expected one exception", remedy: "Name one of those that the method throws.")
        }
        return fields
    }

    /// A call's arguments with the one struct around them that the method wants.
    private func wrapped(_ json: JSONValue, _ arguments: SchemaStructure) -> JSONValue {
        guard let only = arguments.fields.first, arguments.fields.count == 1, case .structure = only.type.kind,
            let object = json.object, object[only.name] == nil, object[String(only.id)] == nil
        else { return json }
        return .object(JSONObject([.init(only.name, json)]))
    }
}

/// Composes one message; keeps where it is, for errors.
private struct Composer {
    private let schemas: SchemaSet
    private var path: [String] = []

    init(_ schemas: SchemaSet) { self.schemas = schemas }

    private func expected(_ type: SchemaType) -> ComposingError {
        ComposingError(path, "expected \(type.kind.wanted)")
    }

    mutating func fields(
        _ json: JSONValue, _ structure: SchemaStructure, depth: Int
    ) throws(ComposingError) -> [ThriftField] {
        guard let object = json.object else { throw ComposingError(path, "expected an object") }
        if depth > ThriftType.Limit.depth { throw ComposingError(path, "nested too deep") }
        var given: [Int16: JSONValue] = [:]
        for member in object.members {
            guard
                let field = structure.field(named: member.key)
                    ?? Int16(member.key).flatMap({ structure.field(id: $0) })
            else { throw ComposingError.unknownField(member.key, in: structure, at: path) }
            if given.updateValue(member.value, forKey: field.id) != nil {
                throw ComposingError(path + [member.key], "this field is given twice")
            }
        }
        var fields: [ThriftField] = []
        for field in structure.fields {
            var value = given[field.id]
            if value?.isNull != false { value = field.presence == .optional ? nil : field.defaultValue }
            guard let value else {
                if field.presence == .required { throw ComposingError.missingField(field, in: structure, at: path) }
                continue
            }
            path.append(field.name)
            fields.append(ThriftField(field.id, try self.value(value, field.type, depth: depth + 1)))
            path.removeLast()
        }
        if structure.kind == .union && fields.count != 1 {
            throw ComposingError(path, "expected exactly one field of the union \(structure.name)")
        }
        return fields
    }

    mutating func value(_ json: JSONValue, _ type: SchemaType, depth: Int) throws(ComposingError) -> ThriftValue {
        if depth > ThriftType.Limit.depth { throw ComposingError(path, "nested too deep") }
        switch type.kind {
        case .bool:
            guard let flag = json.bool else { throw expected(type) }
            return .bool(flag)
        case .i8: return .i8(try integer(json, type))
        case .i16: return .i16(try integer(json, type))
        case .i32: return .i32(try integer(json, type))
        case .i64: return .i64(try integer(json, type))
        case .double: return .double(try double(json, type))
        case .string:
            guard let text = json.string else { return .binary(try base64(json, type)) }
            return ThriftValue(text)
        case .binary:
            guard let text = json.string else { return .binary(try base64(json, type)) }
            return ThriftValue(text)
        case .uuid: return .uuid(try uuid(json, type))
        case .enumeration(let index): return .i32(try enumeration(json, schemas.enumerations[index]))
        case .list(let element):
            return .list(element.kind.wireType ?? .binary, try elements(json, element, type, depth))
        case .set(let element): return .set(element.kind.wireType ?? .binary, try elements(json, element, type, depth))
        case .map(let key, let value): return try map(json, key, value, type, depth)
        case .structure(let index): return .structure(try fields(json, schemas.structures[index], depth: depth))
        case .any: throw ComposingError(path, "the schema does not say what this is")
        }
    }

    private func integer<T: FixedWidthInteger>(_ json: JSONValue, _ type: SchemaType) throws(ComposingError) -> T {
        guard let number = json.number?.int64, let value = T(exactly: number) else { throw expected(type) }
        return value
    }

    private func double(_ json: JSONValue, _ type: SchemaType) throws(ComposingError) -> Double {
        if let number = json.number { return number.double }
        switch json.string {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default: throw expected(type)
        }
    }

    private func base64(_ json: JSONValue, _ type: SchemaType) throws(ComposingError) -> [UInt8] {
        guard let object = json.object, object.count == 1, let text = object["base64"]?.string,
            let bytes = Base64.decode(text)
        else { throw expected(type) }
        return bytes
    }

    private func uuid(_ json: JSONValue, _ type: SchemaType) throws(ComposingError) -> [UInt8] {
        guard let text = json.string, let bytes = Hex.decode(text.filter { $0 != "-" }), bytes.count == 16 else {
            throw expected(type)
        }
        return bytes
    }

    private func enumeration(_ json: JSONValue, _ enumeration: SchemaEnumeration) throws(ComposingError) -> Int32 {
        if let name = json.string, let value = enumeration.value(of: name) { return value }
        // A number that is no case is let through: peers of another version have more of them.
        if let number = json.number?.int64, let value = Int32(exactly: number) { return value }
        throw ComposingError.unknownCase(enumeration, at: path)
    }

    private mutating func elements(
        _ json: JSONValue, _ element: SchemaType, _ type: SchemaType, _ depth: Int
    ) throws(ComposingError) -> [ThriftValue] {
        guard let values = json.array else { throw expected(type) }
        var elements: [ThriftValue] = []
        elements.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            path.append(String(index))
            elements.append(try self.value(value, element, depth: depth + 1))
            path.removeLast()
        }
        return elements
    }

    private mutating func map(
        _ json: JSONValue, _ key: SchemaType, _ value: SchemaType, _ type: SchemaType, _ depth: Int
    ) throws(ComposingError) -> ThriftValue {
        var pairs: [ThriftPair] = []
        if let object = json.object {
            for member in object.members {
                path.append(member.key)
                let text = try schemas.value(ofCell: member.key, as: key, at: path)
                pairs.append(
                    ThriftPair(
                        try self.value(text, key, depth: depth + 1),
                        try self.value(member.value, value, depth: depth + 1)))
                path.removeLast()
            }
        } else if let array = json.array {
            for (index, pair) in array.enumerated() {
                path.append(String(index))
                guard let both = pair.array, both.count == 2 else {
                    throw ComposingError(path, "expected a key and its value as a list")
                }
                pairs.append(
                    ThriftPair(
                        try self.value(both[0], key, depth: depth + 1), try self.value(both[1], value, depth: depth + 1)
                    ))
                path.removeLast()
            }
        } else {
            throw expected(type)
        }
        return .map(key.kind.wireType ?? .binary, value.kind.wireType ?? .binary, pairs)
    }
}
