package import JSON

extension SchemaSet {
    /// The value that a cell of a table holds for a field of `type`: a text as it is, numbers and truth values by their
    /// text, anything with parts as JSON.
    ///
    /// - Throws: when the text is no value of the type. Only ``check(_:as:)`` and composing look inside what has parts.
    package func value(
        ofCell text: String, as type: SchemaType, at path: [String] = []
    ) throws(ComposingError) -> JSONValue {
        switch type.kind {
        case .string, .binary, .uuid: return .string(text)
        case .bool:
            switch text.lowercased() {
            case "true", "1", "yes": return true
            case "false", "0", "no": return false
            default: break
            }
        case .i8, .i16, .i32, .i64: if let number = JSONNumber(text: text), number.isInteger { return .number(number) }
        case .double:
            if let number = JSONNumber(text: text) { return .number(number) }
            if ["NaN", "Infinity", "-Infinity"].contains(text) { return .string(text) }
        case .enumeration(let index):
            if enumerations[index].value(of: text) != nil { return .string(text) }
            if let number = JSONNumber(text: text), number.isInteger { return .number(number) }
            throw ComposingError.unknownCase(enumerations[index], at: path)
        case .any: return (try? JSONValue(parsing: Array(text.utf8))) ?? .string(text)
        case .list, .set, .map, .structure:
            if let value = try? JSONValue(parsing: Array(text.utf8)) { return value }
            throw ComposingError(path, "expected \(type.kind.wanted) as JSON")
        }
        throw ComposingError(path, "expected \(type.kind.wanted)")
    }

    /// The type of the value at `steps` below a struct: fields by name or id, elements by index, values of maps by key. Nil
    /// when the schema says nothing about it.
    ///
    /// - Throws: when a struct on the way has no such field.
    package func type(at steps: [String], in structure: SchemaStructure) throws(ComposingError) -> SchemaType? {
        var current = SchemaType(.any)
        var container: SchemaStructure? = structure
        for (position, step) in steps.enumerated() {
            let path = Array(steps[..<position])
            if let structure = container {
                guard
                    let field = structure.field(named: step) ?? Int16(step).flatMap({ structure.field(id: $0) })
                else { throw ComposingError.unknownField(step, in: structure, at: path) }
                current = field.type
            } else {
                switch current.kind {
                case .list(let element), .set(let element):
                    guard let index = Int(step), index >= 0 else {
                        throw ComposingError(path + [step], "expected a position in the list, from 0")
                    }
                    current = element
                case .map(_, let value): current = value
                case .any: return nil
                default: throw ComposingError(path + [step], "there is nothing below \(current.kind.wanted)")
                }
            }
            container = if case .structure(let index) = current.kind { structures[index] } else { nil }
        }
        return current
    }
}
