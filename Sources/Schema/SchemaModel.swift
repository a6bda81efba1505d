package import JSON

/// Annotations of the IDL (`tinct.id = "true"`) and extensions of OpenAPI (`x-tinct-id: true`), by name. A flag without a
/// value is `"1"` in Thrift; scalars of OpenAPI are kept as their text.
package typealias Annotations = [String: String]

/// The type of a field, element or body.
package struct SchemaType: Sendable, Equatable {
    package indirect enum Kind: Sendable, Equatable {
        case bool, i8, i16, i32, i64, double, string, binary, uuid
        case list(SchemaType)
        case set(SchemaType)
        case map(SchemaType, SchemaType)
        /// An index into ``SchemaSet/enumerations``.
        case enumeration(Int)
        /// An index into ``SchemaSet/structures``.
        case structure(Int)
        /// Anything at all: JSON Schema without a type.
        case any
    }

    package var kind: Kind
    package var constraints: Constraints
    /// Of the type itself and of the typedefs that led to it.
    package var annotations: Annotations

    package init(_ kind: Kind, constraints: Constraints = Constraints(), annotations: Annotations = [:]) {
        self.kind = kind
        self.constraints = constraints
        self.annotations = annotations
    }
}

package struct SchemaField: Sendable, Equatable {
    package enum Presence: Sendable, Equatable {
        case required, optional
        /// Thrift without either word: written always, read if there.
        case unspecified
    }

    /// The field id of Thrift; 0 in OpenAPI.
    package var id: Int16
    package var name: String
    package var type: SchemaType
    package var presence: Presence
    /// Enumeration cases by name.
    package var defaultValue: JSONValue?
    /// Of the field and of its type; the field's win.
    package var annotations: Annotations
    /// The comment (`/** … */`) or description that stands with it; empty when there is none.
    package var documentation: String

    package init(
        id: Int16, name: String, type: SchemaType, presence: Presence = .unspecified, defaultValue: JSONValue? = nil,
        annotations: Annotations = [:], documentation: String = ""
    ) {
        self.documentation = documentation
        self.id = id
        self.name = name
        self.type = type
        self.presence = presence
        self.defaultValue = defaultValue
        self.annotations = annotations
    }

    /// The value identifies the request, so sending it twice is a duplicate: `(tinct.id = "true")`, `x-tinct-id: true`.
    package var isIdentity: Bool { annotations["tinct.id"] == "true" || annotations["x-tinct-id"] == "true" }

    /// The value is the time at which something happened, which a replay may shift: `(tinct.time = "ms")`,
    /// `x-tinct-time: ms`. The unit of a number (`s`, `ms`, `us`, `ns`), or another text when it goes by the number's size.
    package var eventTimeUnit: String? { annotations["tinct.time"] ?? annotations["x-tinct-time"] }

    /// The class of personal data that the field holds: `(pii.class = "phone")`, `x-pii-class: phone`.
    package var personalDataClass: String? { annotations["pii.class"] ?? annotations["x-pii-class"] }
}

package struct SchemaStructure: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case structure, union, exception
        /// The parameters of a method, and what it gives: `success` with id 0 unless it is void, and its exceptions.
        case arguments, result
    }

    package var kind: Kind
    /// As declared, without its document: `RiskRequest`.
    package var name: String
    /// The document that declares it: `risk_decision`.
    package var scope: String
    /// In the order of declaration.
    package var fields: [SchemaField]
    package var annotations: Annotations
    package var documentation: String

    package init(
        _ kind: Kind, name: String, scope: String, fields: [SchemaField] = [], annotations: Annotations = [:],
        documentation: String = ""
    ) {
        self.documentation = documentation
        self.kind = kind
        self.name = name
        self.scope = scope
        self.fields = fields
        self.annotations = annotations
    }

    package func field(id: Int16) -> SchemaField? { fields.first { $0.id == id } }
    package func field(named name: String) -> SchemaField? { fields.first { $0.name == name } }
}

package struct SchemaEnumeration: Sendable, Equatable {
    package struct Case: Sendable, Equatable {
        package var name: String
        /// On the wire in Thrift; its position in OpenAPI.
        package var value: Int32
        package var annotations: Annotations
        package var documentation: String

        package init(_ name: String, _ value: Int32, annotations: Annotations = [:], documentation: String = "") {
            self.name = name
            self.value = value
            self.annotations = annotations
            self.documentation = documentation
        }
    }

    package var name: String
    package var scope: String
    package var cases: [Case]
    package var annotations: Annotations
    package var documentation: String

    package init(
        name: String, scope: String, cases: [Case], annotations: Annotations = [:], documentation: String = ""
    ) {
        self.documentation = documentation
        self.name = name
        self.scope = scope
        self.cases = cases
        self.annotations = annotations
    }

    package func name(of value: Int64) -> String? { cases.first { Int64($0.value) == value }?.name }
    package func value(of name: String) -> Int32? { cases.first { $0.name == name }?.value }
}

/// A method of a Thrift service.
package struct ThriftOperation: Sendable, Equatable {
    package var service: String
    package var method: String
    /// The document that declares the service.
    package var scope: String
    /// Indices into ``SchemaSet/structures``.
    package var arguments: Int
    package var result: Int
    package var isOneway: Bool
    /// The service whose declaration holds the method, when `service` has it by `extends`.
    package var declaringService: String
    package var annotations: Annotations
    package var documentation = ""

    /// `RiskDecision.evaluate`.
    package var name: String { "\(service).\(method)" }
}
