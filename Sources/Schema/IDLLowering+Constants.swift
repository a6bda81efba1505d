import Bytes
import JSON

extension IDLLowering {
    mutating func defaultValue(_ form: IDLDocument.Field, _ type: SchemaType) throws(IDLError) -> JSONValue? {
        try form.value.map { value throws(IDLError) in try constant(value, type, depth: 0) }
    }

    mutating func constant(named name: IDLDocument.Name, depth: Int) throws(IDLError) -> JSONValue {
        guard depth <= IDLParser.depthLimit else {
            throw IDLError(
                offset: name.offset, message: "constant \(name.text) leads back to itself",
                remedy: "Give one of the constants in the circle a value of its own.")
        }
        if case .constant(let value, _)? = declaration(name.text) { return value }
        guard let index = constants[name.text] else {
            let known = constants.keys.sorted() + ["true", "false"]
            let near = nearestName(name.text, in: known).map { "Did you mean '\($0)'?" }
            throw IDLError(
                offset: name.offset, message: "expected a declared constant, \(name.text) is none",
                remedy: near ?? "Declare it with const, name a case as 'Enum.CASE', or put a text in quotes.")
        }
        let form = document.constants[index]
        let type = try type(form.type)
        let value = try constant(form.value, type, depth: depth + 1)
        declared.declarations[name.text] = .constant(value, type)
        return value
    }

    private func mismatch(_ form: IDLDocument.Constant, _ type: SchemaType) -> IDLError {
        IDLError(
            offset: form.offset, message: "expected \(type.kind.wanted) as the value",
            remedy: "Give a value of the declared type, or change the type.")
    }

    /// A constant as JSON: enumeration cases by name, doubles as numbers, maps as objects.
    mutating func constant(
        _ form: IDLDocument.Constant, _ type: SchemaType, depth: Int
    ) throws(IDLError) -> JSONValue {
        switch form.form {
        case .integer(let value):
            switch type.kind {
            case .bool: return .bool(value != 0)
            case .enumeration(let index):
                return set.enumerations[index].name(of: value).map { .string($0) } ?? JSONValue(value)
            case .i8, .i16, .i32, .i64, .double, .any: return JSONValue(value)
            default: throw mismatch(form, type)
            }
        case .double(let text):
            guard type.kind == .double || type.kind == .any, let value = Double(text) else {
                throw mismatch(form, type)
            }
            return JSONValue(value)
        case .literal(let text):
            switch type.kind {
            case .string, .binary, .uuid, .any: return .string(text)
            default: throw mismatch(form, type)
            }
        case .name(let name):
            return try named(IDLDocument.Name(text: name, offset: form.offset), form, type, depth: depth)
        case .list(let forms):
            var element = SchemaType(.any)
            switch type.kind {
            case .list(let inner), .set(let inner): element = inner
            case .any: break
            // As Apache's compiler takes `[]` for an empty map.
            case .map where forms.isEmpty: return .object(JSONObject())
            default: throw mismatch(form, type)
            }
            var values: [JSONValue] = []
            for form in forms { values.append(try constant(form, element, depth: depth)) }
            return .array(values)
        case .map(let entries): return try map(entries, form, type, depth: depth)
        }
    }

    private mutating func map(
        _ entries: [(key: IDLDocument.Constant, value: IDLDocument.Constant)], _ form: IDLDocument.Constant,
        _ type: SchemaType, depth: Int
    ) throws(IDLError) -> JSONValue {
        var object = JSONObject()
        for entry in entries {
            var types = (key: SchemaType(.string), value: SchemaType(.any))
            switch type.kind {
            case .map(let key, let value): types = (key, value)
            case .structure, .any: break
            default: throw mismatch(form, type)
            }
            let key = try constant(entry.key, types.key, depth: depth)
            if case .structure(let index) = type.kind {
                let structure = set.structures[index]
                guard let name = key.string, let field = structure.field(named: name) else {
                    let near = key.string.flatMap { nearestName($0, in: structure.fields.map(\.name)) }
                    throw IDLError(
                        offset: entry.key.offset, message: "expected the name of a field of \(structure.name)",
                        remedy: near.map { "Did you mean '\($0)'?" } ?? "Name a field that it declares, in quotes.")
                }
                types.value = field.type
            }
            object.append(key.string ?? key.text, try constant(entry.value, types.value, depth: depth))
        }
        switch type.kind {
        case .map, .structure, .any: return .object(object)
        // As Apache's compiler takes `{}` for an empty list.
        case .list where entries.isEmpty, .set where entries.isEmpty: return .array([])
        default: throw mismatch(form, type)
        }
    }

    /// `true`, `false`, a constant, or a case: `Decision.approve`, `include.Decision.approve`, or bare where the type says.
    private mutating func named(
        _ name: IDLDocument.Name, _ form: IDLDocument.Constant, _ type: SchemaType, depth: Int
    ) throws(IDLError) -> JSONValue {
        if name.text == "true" || name.text == "false" {
            switch type.kind {
            case .bool, .any: return .bool(name.text == "true")
            case .i8, .i16, .i32, .i64: return name.text == "true" ? 1 : 0
            default: throw mismatch(form, type)
            }
        }
        if case .enumeration(let index) = type.kind, set.enumerations[index].value(of: name.text) != nil {
            return .string(name.text)
        }
        if let dot = name.text.lastIndex(of: "."),
            case .type(let owner)? = declaration(String(name.text[..<dot])),
            case .enumeration(let index) = owner.kind
        {
            let enumeration = set.enumerations[index]
            let caseName = String(name.text[name.text.index(after: dot)...])
            guard let value = enumeration.value(of: caseName) else {
                let near = nearestName(caseName, in: enumeration.cases.map(\.name))
                throw IDLError(
                    offset: name.offset, message: "\(enumeration.name) has no case \(caseName)",
                    remedy: near.map { "Did you mean '\($0)'?" } ?? "Name a case that it declares.")
            }
            // A case may stand where a number is wanted.
            if case .enumeration = type.kind { return .string(caseName) }
            return JSONValue(value)
        }
        return try constant(named: name, depth: depth + 1)
    }
}
