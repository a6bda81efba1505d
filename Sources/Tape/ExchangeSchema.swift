import Bytes

/// The protobuf schema of `tinct.Exchange` (proto3), as a table. Field numbers are the format: they are never reused.
///
/// The codec is written by hand for speed; a test walks encoded exchanges with this table and fails on any difference.
package enum ExchangeSchema {
    package static let name = "tinct.Exchange"

    enum FieldType: Equatable {
        case bool, uint32, uint64, fixed64, string, bytes
        case message(String)
        case enumeration(String)

        /// `FieldDescriptorProto.Type`.
        var descriptorType: UInt64 {
            switch self {
            case .bool: 8
            case .uint32: 13
            case .uint64: 4
            case .fixed64: 6
            case .string: 9
            case .bytes: 12
            case .message: 11
            case .enumeration: 14
            }
        }

        /// 0 varint, 1 eight bytes, 2 length-delimited.
        var wireType: UInt64 {
            switch self {
            case .bool, .uint32, .uint64, .enumeration: 0
            case .fixed64: 1
            case .string, .bytes, .message: 2
            }
        }

        var typeName: String? {
            switch self {
            case .message(let name), .enumeration(let name): ".tinct.\(name)"
            default: nil
            }
        }
    }

    enum Presence { case single, optional, repeated }

    struct Field {
        var number: UInt64
        var name: String
        var type: FieldType
        var presence: Presence

        init(_ number: UInt64, _ name: String, _ type: FieldType, _ presence: Presence = .single) {
            self.number = number
            self.name = name
            self.type = type
            self.presence = presence
        }
    }

    static let messages: [(name: String, fields: [Field])] = [
        (
            "Exchange",
            [
                Field(1, "id", .uint64), Field(2, "flow", .uint64), Field(3, "ordinal", .uint32),
                Field(4, "protocol", .enumeration("Protocol")), Field(5, "transport", .enumeration("Transport")),
                Field(6, "encoding", .enumeration("Encoding")), Field(7, "operation", .string),
                Field(8, "client", .string), Field(9, "server", .string), Field(10, "request", .message("Message")),
                Field(11, "response", .message("Message")), Field(12, "interim", .message("Message"), .repeated),
                Field(13, "losses", .message("Loss"), .repeated), Field(14, "tags", .message("TagSighting"), .repeated),
                Field(15, "labels", .message("Label"), .repeated), Field(16, "expected", .string),
                Field(17, "run", .message("RunRecord")),
            ]
        ),
        (
            "Message",
            [
                Field(1, "wire", .bytes), Field(2, "start_nanos", .fixed64), Field(3, "end_nanos", .fixed64),
                Field(4, "wire_length", .uint64), Field(5, "redactions", .message("Redaction"), .repeated),
                Field(6, "holes", .message("Extent"), .repeated), Field(7, "digest", .bytes),
                Field(8, "omitted", .string),
            ]
        ),
        ("Extent", [Field(1, "offset", .uint64), Field(2, "length", .uint64)]),
        ("Redaction", [Field(1, "offset", .uint64), Field(2, "length", .uint64), Field(3, "kind", .string)]),
        ("Loss", [Field(1, "reason", .string), Field(2, "side", .string), Field(3, "bytes", .uint64)]),
        ("TagSighting", [Field(1, "carrier", .string), Field(2, "value", .string)]),
        (
            "Label",
            [
                Field(1, "type", .string), Field(2, "layer", .string), Field(3, "campaign", .string),
                Field(4, "role", .string), Field(5, "stage", .string), Field(6, "k", .uint32), Field(7, "n", .uint32),
                Field(8, "entities", .string, .repeated), Field(9, "parameters", .message("Parameter"), .repeated),
                Field(10, "twin", .uint64, .optional), Field(11, "detectable_at", .string),
                Field(12, "min_history", .uint32), Field(13, "expected", .string), Field(14, "difficulty", .string),
                Field(15, "event_nanos", .fixed64), Field(16, "label_nanos", .fixed64),
            ]
        ),
        ("Parameter", [Field(1, "name", .string), Field(2, "value", .string)]),
        (
            "RunRecord",
            [
                Field(1, "source_id", .uint64), Field(2, "round", .uint32), Field(3, "due_nanos", .fixed64),
                Field(4, "sent_nanos", .fixed64), Field(5, "outcome", .string), Field(6, "target", .string),
                Field(7, "source_tape", .string), Field(8, "mirror", .bool), Field(9, "end_nanos", .fixed64),
            ]
        ),
    ]

    /// Values stand in the order of the Swift enums' raw values. proto3 wants their names unique in the package.
    static let enumerations: [(name: String, values: [String])] = [
        ("Protocol", WireFormat.WireProtocol.allCases.map { "PROTOCOL_\($0)".uppercased() }),
        ("Transport", WireFormat.Transport.allCases.map { "TRANSPORT_\($0)".uppercased() }),
        ("Encoding", WireFormat.Encoding.allCases.map { "ENCODING_\($0)".uppercased() }),
    ]

    /// A serialized `FileDescriptorSet` (google/protobuf/descriptor.proto) with the one file `tinct/exchange.proto`.
    package static let fileDescriptorSet: [UInt8] = {
        var file = DescriptorWriter()
        file.string(1, "tinct/exchange.proto")
        file.string(2, "tinct")
        for message in messages {
            file.message(4) { descriptor in
                descriptor.string(1, message.name)
                var oneofs: [String] = []
                for field in message.fields {
                    descriptor.message(2) { entry in
                        entry.string(1, field.name)
                        entry.varint(3, field.number)
                        entry.varint(4, field.presence == .repeated ? 3 : 1)
                        entry.varint(5, field.type.descriptorType)
                        if let typeName = field.type.typeName { entry.string(6, typeName) }
                        if field.presence == .optional {
                            // proto3 says presence with a oneof of one member, named so.
                            entry.varint(9, UInt64(oneofs.count))
                            entry.varint(17, 1)
                            oneofs.append("_" + field.name)
                        }
                    }
                }
                for name in oneofs { descriptor.message(8) { $0.string(1, name) } }
            }
        }
        for enumeration in enumerations {
            file.message(5) { descriptor in
                descriptor.string(1, enumeration.name)
                for (number, name) in enumeration.values.enumerated() {
                    descriptor.message(2) { value in
                        value.string(1, name)
                        value.varint(2, UInt64(number))
                    }
                }
            }
        }
        file.string(12, "proto3")
        var set = DescriptorWriter()
        set.bytes(1, file.bytes)
        return set.bytes
    }()
}

/// Writes the few protobuf forms that descriptors need; not fast, done once.
private struct DescriptorWriter {
    var bytes: [UInt8] = []

    mutating func varint(_ field: UInt64, _ value: UInt64) {
        bytes.append(varint: field << 3)
        bytes.append(varint: value)
    }

    mutating func bytes(_ field: UInt64, _ value: [UInt8]) {
        bytes.append(varint: field << 3 | 2)
        bytes.append(varint: UInt64(value.count))
        bytes += value
    }

    mutating func string(_ field: UInt64, _ value: String) { bytes(field, Array(value.utf8)) }

    mutating func message(_ field: UInt64, _ fill: (inout DescriptorWriter) -> Void) {
        var inner = DescriptorWriter()
        fill(&inner)
        bytes(field, inner.bytes)
    }
}
