import Bytes
package import JSON
package import Thrift

extension SchemaSet {
    /// A message by the names of its operation: `{"req":{"requestId":"r-1","scene":"payment"}}` for a call,
    /// `{"success":…}` or the name of the declared exception for a reply, `{"message":…,"type":…}` for an exception.
    ///
    /// What the schema does not know, or knows as another type than the wire has, goes by field id. Binary fields, and strings
    /// that are not UTF-8, become `{"base64":"…"}`, enumeration values their names where they have one, numbers that JSON does not have
    /// their names (`"NaN"`), maps whose keys are neither text nor whole numbers lists of pairs.
    ///
    /// - Parameter operation: nil to look it up by the message's own name.
    package func render(_ message: ThriftMessage, _ operation: ThriftOperation? = nil) -> JSONValue {
        if message.holdsBase64 && !rendersBase64 {
            var schemas = self
            schemas.rendersBase64 = true
            return schemas.render(message, operation)
        }
        if message.type == .exception {
            return render(fields: message.body, SchemaSet.applicationException)
        }
        guard let operation = operation ?? self.operation(named: message.name) else {
            return render(fields: message.body, nil)
        }
        let isReply = message.type == .reply
        return render(fields: message.body, structures[isReply ? operation.result : operation.arguments])
    }

    /// A value by the names of its type.
    package func render(_ value: ThriftValue, as type: SchemaType?) -> JSONValue {
        switch value {
        case .bool(let value): return .bool(value)
        case .i8(let value): return JSONValue(value)
        case .i16(let value): return JSONValue(value)
        case .i32(let value):
            if case .enumeration(let index)? = type?.kind, let name = enumerations[index].name(of: Int64(value)) {
                return .string(name)
            }
            return JSONValue(value)
        case .i64(let value): return JSONValue(value)
        case .double(let value): return SchemaSet.render(value)
        case .binary(let bytes):
            // What is declared as bytes looks the same whatever the bytes are.
            if type?.kind == .binary {
                let isText = rendersBase64 && String(validating: bytes, as: UTF8.self) != nil
                // Apache's C++ library leaves the padding away, its Python library does not.
                let padding = String(repeating: "=", count: (4 - bytes.count % 4) % 4)
                let text = isText ? String(decoding: bytes, as: UTF8.self) + padding : Base64.encode(bytes)
                return ["base64": .string(text)]
            }
            return SchemaSet.render(bytes)
        case .uuid(let bytes): return .string(SchemaSet.uuid(bytes))
        case .structure(let fields):
            if case .structure(let index)? = type?.kind { return render(fields: fields, structures[index]) }
            return render(fields: fields, nil)
        case .list(_, let values), .set(_, let values):
            var element: SchemaType?
            switch type?.kind {
            case .list(let inner)?, .set(let inner)?: element = inner
            default: break
            }
            return .array(values.map { render($0, as: element) })
        case .map(let keyType, _, let pairs): return render(pairs: pairs, keyType, as: type)
        }
    }

    private func render(fields: [ThriftField], _ structure: SchemaStructure?) -> JSONValue {
        .object(
            JSONObject(
                fields.map { field in
                    guard let declared = structure?.field(id: field.id), accepts(declared.type, field.value) else {
                        return JSONObject.Member(String(field.id), render(field.value, as: nil))
                    }
                    return JSONObject.Member(declared.name, render(field.value, as: declared.type))
                }))
    }

    private func render(pairs: [ThriftPair], _ keyType: ThriftType, as type: SchemaType?) -> JSONValue {
        var types: (key: SchemaType?, value: SchemaType?) = (nil, nil)
        if case .map(let key, let value)? = type?.kind { types = (key, value) }
        var object = JSONObject()
        for pair in pairs {
            let key: String
            switch render(pair.key, as: types.key) {
            case .string(let text): key = text
            case .number(let number) where keyType != .double: key = number.text
            default:
                return .array(pairs.map { [render($0.key, as: types.key), render($0.value, as: types.value)] })
            }
            object.append(key, render(pair.value, as: types.value))
        }
        return .object(object)
    }

    /// Whether a value on the wire can be one of `type`; a schema may be older or newer than the message.
    private func accepts(_ type: SchemaType, _ value: ThriftValue) -> Bool {
        type.kind.wireType == nil || type.kind.wireType == value.type
    }

    private static let applicationException = SchemaStructure(
        .exception, name: "TApplicationException", scope: "",
        fields: [
            SchemaField(id: 1, name: "message", type: SchemaType(.string)),
            SchemaField(id: 2, name: "type", type: SchemaType(.i32)),
        ])

    private static func render(_ value: Double) -> JSONValue {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return JSONValue(value)
    }

    private static func render(_ bytes: [UInt8]) -> JSONValue {
        if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
        return ["base64": .string(Base64.encode(bytes))]
    }

    private static func uuid(_ bytes: [UInt8]) -> String {
        let hex = Array(Hex.encode(bytes))
        guard hex.count == 32 else { return String(hex) }
        return [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]].map { String($0) }
            .joined(separator: "-")
    }
}

extension SchemaType.Kind {
    /// The type that a value has on a Thrift wire; nil for `any`.
    package var wireType: ThriftType? {
        switch self {
        case .bool: .bool
        case .i8: .i8
        case .i16: .i16
        case .i32, .enumeration: .i32
        case .i64: .i64
        case .double: .double
        case .string, .binary: .binary
        case .uuid: .uuid
        case .list: .list
        case .set: .set
        case .map: .map
        case .structure: .structure
        case .any: nil
        }
    }
}
