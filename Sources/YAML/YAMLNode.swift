/// A node of a YAML document with the place where it stands.
package struct YAMLNode: Sendable, Equatable {
    package enum Value: Sendable, Equatable {
        case null
        case bool(Bool)
        case int(Int64)
        /// A number with a fraction or an exponent, or too big for 64 bits, as written; `.inf` and `.nan` are strings here.
        case decimal(String)
        case string(String)
        case sequence([YAMLNode])
        /// In the order written; keys are scalars and unique.
        case mapping([Entry])
    }

    package struct Entry: Sendable, Equatable {
        package var key: String
        package var keyMark: YAMLMark
        package var value: YAMLNode
    }

    package var value: Value
    package var mark: YAMLMark
    /// A scalar as written, whatever it means; empty for collections. `00123` is the int 123 with the text `00123`.
    package var text: String

    package init(_ value: Value, at mark: YAMLMark, text: String = "") {
        self.value = value
        self.mark = mark
        self.text = text
    }

    /// `a string`, `a list`, …: what the node is, for messages.
    package var kind: String {
        switch value {
        case .null: "nothing"
        case .bool: "true or false"
        case .int: "a whole number"
        case .decimal: "a decimal number"
        case .string: "a string"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    package var isScalar: Bool {
        switch value {
        case .sequence, .mapping: false
        default: true
        }
    }

    package var isNull: Bool { value == .null }
}
