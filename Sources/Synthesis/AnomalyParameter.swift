import YAML

extension AnomalyType {
    /// A key of the scenario that a type reads.
    package struct Parameter: Sendable {
        package enum Kind: String, Sendable {
            /// A written field by its dotted name.
            case field
            /// An entity of the scenario.
            case entity
            case number, share, duration, text
            /// `[least, greatest]`, or one number for both.
            case range
            /// One of ``Parameter/words``.
            case word
            /// `a * b + c - d` over fields.
            case terms
            /// Values by key; a list where several are right.
            case table
            /// A kind of identifier.
            case identifier
        }

        package let name: String
        package let kind: Kind
        package let help: String
        package let isRequired: Bool
        /// Used when the scenario does not say; nil when required or without any.
        let value: AnomalyParameters.Value?
        package let words: [String]

        private init(
            _ name: String, _ kind: Kind, _ help: String, isRequired: Bool, value: AnomalyParameters.Value? = nil,
            words: [String] = []
        ) {
            self.name = name
            self.kind = kind
            self.help = help
            self.isRequired = isRequired
            self.value = value
            self.words = words
        }

        static func required(_ name: String, _ kind: Kind, _ help: String) -> Parameter {
            Parameter(name, kind, help, isRequired: true)
        }

        static func optional(
            _ name: String, _ kind: Kind, _ help: String, _ value: AnomalyParameters.Value? = nil
        ) -> Parameter { Parameter(name, kind, help, isRequired: false, value: value) }

        static func word(_ name: String, _ words: [String], _ help: String) -> Parameter {
            Parameter(
                name, .word, help, isRequired: false, value: words.first.map { .text($0) }, words: words)
        }

        static let field = required("field", .field, "The field that is changed.")

        /// As a scenario would say it.
        package var defaultText: String? { value?.text }
    }
}

/// The parameters of one anomaly of a scenario, by name; those that it does not give have their defaults.
struct AnomalyParameters: Sendable {
    enum Value: Sendable {
        case reference(Generator.Reference)
        case number(Int64)
        /// Billionths.
        case share(UInt64)
        /// ns.
        case duration(UInt64)
        case range(ClosedRange<UInt64>)
        case text(String)
        case terms([Generator.Term])
        case table([Row])
        case identifier(IdentifierKind)

        var text: String {
            switch self {
            case .reference(let reference): reference.name
            case .number(let number): "\(number)"
            case .share(let share): "\(Double(share) / 10_000_000)%"
            case .duration(let nanos): AnomalyParameters.duration(nanos)
            case .range(let range): "[\(range.lowerBound), \(range.upperBound)]"
            case .text(let text): text
            case .terms, .table: ""
            case .identifier(let kind): kind.rawValue
            }
        }
    }

    struct Row: Sendable {
        var key: String
        var values: [String]
    }

    var values: [String: Value] = [:]

    func reference(_ name: String) -> Generator.Reference? {
        if case .reference(let value)? = values[name] { value } else { nil }
    }

    func number(_ name: String) -> Int64? { if case .number(let value)? = values[name] { value } else { nil } }
    func share(_ name: String) -> UInt64 { if case .share(let value)? = values[name] { value } else { 0 } }
    func duration(_ name: String) -> UInt64 { if case .duration(let value)? = values[name] { value } else { 0 } }

    func range(_ name: String) -> ClosedRange<UInt64> {
        if case .range(let value)? = values[name] { value } else { 1...1 }
    }

    func text(_ name: String) -> String { if case .text(let value)? = values[name] { value } else { "" } }
    var terms: [Generator.Term] { if case .terms(let value)? = values["parts"] { value } else { [] } }
    var table: [Row] { if case .table(let value)? = values["table"] { value } else { [] } }

    var identifier: IdentifierKind {
        if case .identifier(let value)? = values["identifier"] { value } else { .card }
    }

    /// Fields that are named directly, in the order of the type's parameters.
    func fields(of type: AnomalyType) -> [(name: String, reference: Generator.Reference)] {
        type.parameters.compactMap { parameter in
            guard parameter.kind == .field, let reference = reference(parameter.name) else { return nil }
            return (parameter.name, reference)
        }
    }

    /// `90s`, `10m`, `3d`: the largest unit that divides it.
    static func duration(_ nanos: UInt64) -> String {
        let units: [(UInt64, String)] = [
            (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (60_000_000_000, "m"), (1_000_000_000, "s"),
            (1_000_000, "ms"), (1000, "us"),
        ]
        for (unit, name) in units where nanos >= unit && nanos % unit == 0 { return "\(nanos / unit)\(name)" }
        return "\(nanos)ns"
    }
}
