import Bytes
import Schema

/// What a schema says of the fields of Thrift messages, in flat tables that cost nothing to walk. Every message borrows
/// them: a reference costs less than copies of the tables' references.
final class ThriftClasses: Sendable {
    struct Field: Sendable {
        var id: Int16
        var meaning: FieldNames.Meaning
        var type: Int32
    }

    /// What is inside of a value; indices into ``types`` or, of a struct, ``structures``.
    struct Shape: Sendable {
        enum Kind: Sendable { case other, binary, list, map, structure }
        var kind = Kind.other
        var first: Int32 = 0
        var second: Int32 = 0
    }

    /// What texts that name values, as in a map or in JSON, mean.
    let names: FieldNames
    private let structures: [Range<Int>]
    private let fields: [Field]
    private let types: [Shape]
    /// Arguments and result by a hash of the method's name; -1 where services disagree.
    private let methods: [UInt64: (arguments: Int32, result: Int32)]

    /// Nothing is known.
    static let unknown: Int32 = -1

    init(_ schema: SchemaSet, _ names: FieldNames) {
        self.names = names
        var structures: [Range<Int>] = []
        var fields: [Field] = []
        var types = [Shape()]
        var methods: [UInt64: (arguments: Int32, result: Int32)] = [:]
        for structure in schema.structures {
            let start = fields.count
            for field in structure.fields {
                var meaning = FieldNames.Meaning.none
                if let name = field.personalDataClass {
                    // Whoever annotates a field with something else says that it is none of ours.
                    meaning = PersonalClass(named: name).map { .init($0) } ?? .none
                } else if structure.kind != .result {
                    let text = Array(field.name.utf8)
                    meaning = names.meaning(text.rawSpan, 0..<text.count)
                }
                fields.append(Field(id: field.id, meaning: meaning, type: Self.add(field.type, to: &types)))
            }
            structures.append(start..<fields.count)
        }
        for operation in schema.operations {
            let found = (Int32(operation.arguments), Int32(operation.result))
            for name in [operation.method, "\(operation.service):\(operation.method)"] {
                let key = Self.hash(name)
                if let known = methods[key], known != found {
                    methods[key] = (Self.unknown, Self.unknown)
                } else {
                    methods[key] = found
                }
            }
        }
        self.structures = structures
        self.fields = fields
        self.types = types
        self.methods = methods
    }

    private static func add(_ type: SchemaType, to types: inout [Shape]) -> Int32 {
        var shape = Shape()
        switch type.kind {
        case .binary: shape.kind = .binary
        case .list(let element), .set(let element):
            shape = Shape(kind: .list, first: add(element, to: &types), second: 0)
        case .map(let key, let value):
            shape = Shape(kind: .map, first: add(key, to: &types), second: add(value, to: &types))
        case .structure(let index): shape = Shape(kind: .structure, first: Int32(index), second: 0)
        default: return 0
        }
        types.append(shape)
        return Int32(types.count - 1)
    }

    /// The struct of a call's arguments or of its result.
    func structure(_ bytes: RawSpan, method: Range<Int>, isRequest: Bool) -> Int32 {
        if methods.isEmpty { return Self.unknown }
        let found = methods[Self.hash(bytes.extracting(method))]
        return (isRequest ? found?.arguments : found?.result) ?? Self.unknown
    }

    /// The field with this id; nil when it is not declared.
    func field(_ structure: Int32, _ id: Int16) -> Field? {
        guard structure >= 0 else { return nil }
        for index in structures[Int(structure)] where fields[index].id == id { return fields[index] }
        return nil
    }

    func shape(_ type: Int32) -> Shape { types[Int(type)] }

    private static func hash(_ name: String) -> UInt64 {
        let bytes = Array(name.utf8)
        return hash(bytes.rawSpan)
    }

    private static func hash(_ bytes: RawSpan) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for at in 0..<bytes.byteCount { hash = (hash ^ UInt64(bytes[byte: at])) &* 0x0000_0100_0000_01B3 }
        return hash
    }

    /// Adds what OpenAPI documents say of properties and parameters, by their names alone: JSON is not followed along the
    /// schema's paths.
    static func addRoutes(of schema: SchemaSet, to names: inout FieldNames) {
        func add(_ name: String, _ text: String) {
            names.add(name, PersonalClass(named: text).map { .init($0) } ?? .none, isExact: true)
        }
        for structure in schema.structures where structure.kind != .arguments && structure.kind != .result {
            for field in structure.fields {
                if let text = field.personalDataClass { add(field.name, text) }
            }
        }
        for route in schema.routes {
            for parameter in route.parameters {
                if let text = parameter.annotations["x-pii-class"] { add(parameter.name, text) }
            }
        }
    }
}
