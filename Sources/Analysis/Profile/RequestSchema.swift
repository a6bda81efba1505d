import JSON
package import Schema

/// What the schema says of a request's fields, as a scenario names them.
package struct RequestSchema: Sendable {
    package let schemas: SchemaSet
    /// The struct that a scenario's fields belong to: the only argument if that is a struct, the arguments otherwise; the
    /// body in HTTP.
    let root: SchemaStructure

    /// - Parameter operations: of several the fields are those of all of them; what two call by one name is as the first
    ///   has it.
    /// - Returns: nil when the schemas have none of them, or the requests are no structs.
    package init?(_ schemas: SchemaSet, operations: [String]) {
        self.schemas = schemas
        let all = operations.compactMap { Self.root(of: $0, schemas) }
        guard var first = all.first else { return nil }
        for field in all.dropFirst().flatMap(\.fields) where first.field(named: field.name) == nil {
            first.fields.append(field)
        }
        root = first
    }

    private static func root(of name: String, _ schemas: SchemaSet) -> SchemaStructure? {
        if let operation = schemas.operation(named: name) {
            let arguments = schemas.arguments(of: operation)
            guard arguments.fields.count == 1, case .structure(let index) = arguments.fields[0].type.kind else {
                return arguments
            }
            return schemas.structures[index]
        }
        guard case .structure(let index)? = schemas.route(named: name)?.requestBody?.kind else { return nil }
        return schemas.structures[index]
    }

    func structure(_ type: SchemaType?) -> SchemaStructure? {
        if case .structure(let index)? = type?.kind { schemas.structures[index] } else { nil }
    }

    /// The type of a list's elements or of a map's values.
    func inner(_ type: SchemaType?) -> SchemaType? {
        switch type?.kind {
        case .list(let element)?, .set(let element)?: element
        case .map(_, let value)?: value
        default: nil
        }
    }

    /// The values that the type tells everybody: an enumeration's cases, or those that are allowed.
    func declared(_ type: SchemaType?) -> [String] {
        switch type?.kind {
        case .enumeration(let index)?: schemas.enumerations[index].cases.map(\.name)
        case .bool?: ["true", "false"]
        default: type?.constraints.allowed.compactMap(\.string) ?? []
        }
    }

    /// What numbers of the type may be; nil for what is none.
    static func bounds(_ type: SchemaType?) -> ClosedRange<Double>? {
        var bounds: ClosedRange<Double>
        switch type?.kind {
        case .i8?: bounds = -128...127
        case .i16?: bounds = -32_768...32_767
        case .i32?: bounds = -2_147_483_648...2_147_483_647
        case .i64?, .any?, nil: bounds = -4.6e18...4.6e18
        case .double?: bounds = -9e15...9e15
        default: return nil
        }
        guard let constraints = type?.constraints else { return bounds }
        let low = constraints.minimum.map { $0.double + (constraints.isMinimumExclusive ? 1 : 0) } ?? bounds.lowerBound
        let high = constraints.maximum.map { $0.double - (constraints.isMaximumExclusive ? 1 : 0) } ?? bounds.upperBound
        if low <= high { bounds = max(low, bounds.lowerBound)...max(low, min(high, bounds.upperBound)) }
        return bounds
    }

    static func isWhole(_ type: SchemaType?) -> Bool {
        switch type?.kind {
        case .i8?, .i16?, .i32?, .i64?: true
        default: false
        }
    }

    /// A generator of any value of the type, where there are none to learn from.
    func anything(_ type: SchemaType) -> String {
        let declared = declared(type)
        if !declared.isEmpty {
            return "{weights: {\(declared.map { "\(ProfileDraft.quoted($0)): 1" }.joined(separator: ", "))}}"
        }
        switch type.kind {
        case .i8, .i16, .i32, .i64, .double:
            let bounds = Self.bounds(type) ?? 0...0
            return "{constant: \(ProfileDraft.text(min(max(0, bounds.lowerBound), bounds.upperBound), 0))}"
        case .uuid: return "{unique: uuid}"
        case .binary: return "{bytes: 8}"
        case .list, .set: return "{list: {count: 0, of: {constant: \"\"}}}"
        case .map: return "{map: {}}"
        default: return type.constraints.format == "uuid" ? "{unique: uuid}" : "{pattern: \"~~~~~~~~\"}"
        }
    }

    /// What else a struct cannot be without: fields that it requires and that `known` does not have, with generators.
    func missing(_ structure: SchemaStructure?, _ known: [String], prefix: String = "") -> [(String, String)] {
        (structure?.fields ?? []).flatMap { field -> [(String, String)] in
            guard field.presence == .required, !known.contains(field.name) else { return [] }
            guard let inner = self.structure(field.type) else { return [(prefix + field.name, anything(field.type))] }
            let needed = missing(inner, [], prefix: prefix + field.name + ".")
            guard needed.isEmpty, let first = inner.fields.first(where: { self.structure($0.type) == nil }) else {
                return needed
            }
            return [("\(prefix)\(field.name).\(first.name)", anything(first.type))]
        }
    }
}

extension ProfileDraft {
    /// Gives each field of the tree its type, and takes out what a scenario cannot say of it.
    func fit(_ node: Node, to structure: SchemaStructure?, _ schema: RequestSchema, isElement: Bool = false) -> [String]
    {
        var notes: [String] = []
        node.members.removeAll { member in
            guard let field = structure?.field(named: member.name) else {
                notes.append("\(member.path) is left out: the schema does not have it")
                return true
            }
            member.type = field.type
            member.isRequired = field.presence == .required
            return !fits(member, schema, &notes)
        }
        return notes
    }

    private func fits(_ node: Node, _ schema: RequestSchema, _ notes: inout [String]) -> Bool {
        func refuse(_ why: String) -> Bool {
            notes.append("\(node.path) is left out: \(why)")
            return false
        }
        switch node.type?.kind {
        case .structure?:
            if node.members.isEmpty { return refuse("it has no fields that are fitted") }
            notes += fit(node, to: schema.structure(node.type), schema)
            return !node.members.isEmpty || refuse("it has no fields that are fitted")
        case .list(let element)?, .set(let element)?:
            guard node.lengthColumn != nil else { return refuse("it is no list on the tape") }
            node.element?.type = element
            guard let structure = schema.structure(element) else { return true }
            if let inner = node.element { notes += fit(inner, to: structure, schema) }
            return true
        case .map(let key, let value)?:
            guard key.kind == .string || key.kind == .any, node.lengthColumn == nil else {
                return refuse("a map whose keys are no texts")
            }
            for entry in node.members { entry.type = value }
            let nested = node.members.count { !$0.members.isEmpty || $0.lengthColumn != nil }
            node.members.removeAll { !$0.members.isEmpty || $0.lengthColumn != nil }
            if nested > 0 { notes.append("\(nested) entries of \(node.path) are left out: they are no single values") }
            return !node.members.isEmpty
        default:
            if node.lengthColumn != nil || !node.members.isEmpty { return refuse("it is a single value in the schema") }
            return true
        }
    }
}
