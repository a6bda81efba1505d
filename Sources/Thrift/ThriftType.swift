/// How values are laid out within a message.
package enum ThriftEncoding: UInt8, Sendable, Hashable, CaseIterable { case binary, compact }

/// How the end of a message is known.
package enum ThriftFraming: UInt8, Sendable, Hashable, CaseIterable {
    /// An i32 length stands before each message.
    case framed
    /// The message alone; only parsing it tells where it ends.
    case unframed
}

package enum MessageType: UInt8, Sendable, Hashable, CaseIterable {
    case call = 1
    case reply, exception, oneway

    package var isRequest: Bool { self == .call || self == .oneway }
}

/// The type of a value, numbered as in the Binary encoding.
package enum ThriftType: UInt8, Sendable, Hashable, CaseIterable {
    /// Ends a struct; as an element type it stands for the unknown type of an empty container.
    case stop = 0
    case bool = 2
    case i8 = 3
    case double = 4
    case i16 = 6
    case i32 = 8
    case i64 = 10
    /// `string` and `binary` are the same on the wire.
    case binary = 11
    case structure = 12
    case map = 13
    case set = 14
    case list = 15
    case uuid = 16

    /// Limits that hold for every reader in this module.
    package enum Limit {
        /// Containers within containers; Apache's own libraries stop at 64 as well.
        package static let depth = 64
        /// The longest frame: larger lengths would collide with the magic numbers of other transports.
        package static let frameLength = 0x3FFF_FFFF
        /// What a compressed payload may grow to.
        package static let payloadLength = 64 << 20
        /// Bytes of Finagle's header struct; its contexts are small.
        package static let finagleHeaderLength = 32 << 10
        /// Bytes of a method name. Real ones stay far below; longer ones are another protocol's bytes.
        package static let nameLength = 4096
    }

    /// The type that a Compact field header or element nibble stands for; nil for numbers that mean nothing.
    package init?(compact: UInt8) {
        switch compact {
        case 0: self = .stop
        case 1, 2: self = .bool
        case 3: self = .i8
        case 4: self = .i16
        case 5: self = .i32
        case 6: self = .i64
        case 7: self = .double
        case 8: self = .binary
        case 9: self = .list
        case 10: self = .set
        case 11: self = .map
        case 12: self = .structure
        case 13: self = .uuid
        default: return nil
        }
    }

    /// The number of this type in Compact; for a boolean that of `true`, which is what Apache writes for elements.
    package var compact: UInt8 {
        switch self {
        case .stop: 0
        case .bool: 1
        case .i8: 3
        case .i16: 4
        case .i32: 5
        case .i64: 6
        case .double: 7
        case .binary: 8
        case .list: 9
        case .set: 10
        case .map: 11
        case .structure: 12
        case .uuid: 13
        }
    }

    /// Bytes of a value whose width does not depend on it; nil otherwise.
    package func fixedWidth(in encoding: ThriftEncoding) -> Int? {
        switch (self, encoding) {
        case (.bool, _), (.i8, _): 1
        case (.double, _): 8
        case (.uuid, _): 16
        case (.i16, .binary): 2
        case (.i32, .binary): 4
        case (.i64, .binary): 8
        default: nil
        }
    }

    /// The least number of bytes that a value of this type takes.
    package func leastWidth(in encoding: ThriftEncoding) -> Int {
        if let width = fixedWidth(in: encoding) { return width }
        return switch (self, encoding) {
        case (.binary, .binary): 4
        case (.list, .binary), (.set, .binary): 5
        case (.map, .binary): 6
        default: 1
        }
    }

    /// The name that the IDL uses.
    package var name: String {
        switch self {
        case .stop: "stop"
        case .bool: "bool"
        case .i8: "i8"
        case .double: "double"
        case .i16: "i16"
        case .i32: "i32"
        case .i64: "i64"
        case .binary: "string"
        case .structure: "struct"
        case .map: "map"
        case .set: "set"
        case .list: "list"
        case .uuid: "uuid"
        }
    }
}
