import Bytes

/// Why a value cannot be written as a schema asks: where in it, what is wrong there, and what to do. Holds no values.
package struct ComposingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Dotted, as in `req.user.userId`; empty for the whole value.
    package var path: String
    package var message: String
    package var remedy: String

    package init(_ path: [String], _ message: String, remedy: String = "") {
        self.path = path.joined(separator: ".")
        self.message = message
        self.remedy = remedy
    }

    package var description: String {
        (path.isEmpty ? message : "\(path): \(message)") + (remedy.isEmpty ? "" : ". \(remedy)")
    }

    static func unknownField(_ name: String, in structure: SchemaStructure, at path: [String]) -> ComposingError {
        let names = structure.fields.map(\.name)
        let near = nearestName(name, in: names).map { "Did you mean '\($0)'? " } ?? ""
        let known = names.isEmpty ? "It has no fields" : "It has \(names.prefix(24).joined(separator: ", "))"
        return ComposingError(
            path + [name], "\(structure.title) has no such field",
            remedy: near + known + (names.count > 24 ? ", …" : "."))
    }

    static func missingField(_ field: SchemaField, in structure: SchemaStructure, at path: [String]) -> ComposingError {
        ComposingError(
            path + [field.name], "\(structure.title) requires this field", remedy: "Give it \(field.type.kind.wanted).")
    }

    static func unknownCase(_ enumeration: SchemaEnumeration, at path: [String]) -> ComposingError {
        let names = enumeration.cases.map(\.name)
        return ComposingError(
            path, "this is no case of \(enumeration.name)",
            remedy: "Expected one of: \(names.prefix(24).joined(separator: ", "))\(names.count > 24 ? ", …" : "").")
    }
}

extension SchemaStructure {
    /// As messages name it.
    fileprivate var title: String {
        switch kind {
        case .arguments: "the method"
        case .result: "the method's result"
        case .structure, .union, .exception: name.isEmpty ? "the object" : name
        }
    }
}

extension SchemaType.Kind {
    /// What a value of the type looks like in JSON, for messages.
    var wanted: String {
        switch self {
        case .bool: "true or false"
        case .i8: "a whole number from -128 to 127"
        case .i16: "a whole number of 16 bits"
        case .i32: "a whole number of 32 bits"
        case .i64: "a whole number of 64 bits"
        case .double: "a number"
        case .string: "a text"
        case .binary: "a text, or an object with its bytes as base64"
        case .uuid: "a UUID as a text"
        case .list, .set: "a list"
        case .map: "an object"
        case .enumeration: "the name of a case"
        case .structure: "an object"
        case .any: "a value"
        }
    }
}
