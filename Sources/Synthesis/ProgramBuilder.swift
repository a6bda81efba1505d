import Bytes
import Schema
import YAML

/// Compiles a scenario into a ``Program``.
///
/// Values are compiled when something asks for them, dependencies first and outside every branch, so that each stands
/// ready wherever it is used and nothing is made that no field needs.
struct ProgramBuilder {
    let scenario: Scenario
    let stream: Int
    let shape: RequestShape
    let keys: KeyRing
    let relations: Relations
    /// N, above which an exchange's unique ids would repeat.
    let total: UInt64
    let purpose: Purpose
    /// What the program's exchanges make otherwise.
    let overrides: [FieldSpec]
    let campaign: Scenario.CampaignSpec?
    /// The stage of the campaign that the program is for.
    let stage: Int
    /// It is for anomalies of which one entity has only so many.
    let isCapped: Bool
    /// Prefix of the paths that are drawn by campaign.
    let campaignName: String

    /// What the program is for.
    enum Purpose {
        case clean
        case anomaly(Scenario.AnomalySpec, stage: Int)
        case flow(Scenario.FlowSpec, Scenario.FlowSpec.State?)
        /// The attributes of one entity, whose number is set from outside.
        case attributes(String)
    }

    var program = Program()
    /// Cells by `entity.attribute`, `value:name` and `field:name`.
    var known: [String: CellInfo] = [:]
    var pending: Set<String> = []
    var registers: [String: Int] = [:]
    /// Fields by name, overrides applied.
    var fields: [FieldSpec] = []
    var lists: [String: ListInfo] = [:]
    /// The register that counts each copula's draws.
    var copulaScopes: [String: Int] = [:]

    struct CellInfo {
        var cell: Int32
        var hasInt: Bool
        var hasText: Bool
        var scale: Int
    }

    init(
        _ scenario: Scenario, stream: Int, _ shape: RequestShape, _ keys: KeyRing, _ relations: Relations,
        total: UInt64, _ purpose: Purpose = .clean
    ) throws(YAMLError) {
        self.scenario = scenario
        self.stream = stream
        self.shape = shape
        self.keys = keys
        self.relations = relations
        self.total = total
        self.purpose = purpose
        switch purpose {
        case .anomaly(let spec, let stage):
            let own = spec.campaign?.stages[stage].overrides ?? []
            overrides = spec.overrides.filter { item in !own.contains { $0.name == item.name } } + own
            (campaign, campaignName, self.stage) = (spec.campaign, spec.name, stage)
            isCapped = !spec.type.isDrift && scenario.anomalies.capPerEntity != nil
        case .flow(let flow, let state):
            (overrides, campaign, campaignName) = (state?.overrides ?? [], nil, flow.name)
            (stage, isCapped) = (0, false)
        case .clean, .attributes:
            (overrides, campaign, campaignName) = ([], nil, "")
            (stage, isCapped) = (0, false)
        }
        program.startNanos = scenario.time.startNanos
        fields = ScenarioReader.override(scenario.streams[stream].fields, with: overrides)
        for cast in campaign?.stages[stage].casts ?? [] where entity(cast.entity.name) == nil {
            throw unknown(cast.entity, "entity", scenario.entities.map(\.name))
        }
        if case .flow(_, let state?) = purpose {
            for draw in state.draws where entity(draw.entity.name) == nil {
                throw unknown(draw.entity, "entity", scenario.entities.map(\.name))
            }
        }
        // Every entity gets its register first, so that owners stand before what they own.
        if case .attributes(let name) = purpose {
            guard let spec = entity(name) else { return }
            _ = try register(spec)
        } else {
            for entity in scenario.entities { _ = try register(entity) }
        }
    }

    /// Compiles what makes and writes a request.
    static func build(
        _ scenario: Scenario, stream: Int, _ shape: RequestShape, _ keys: KeyRing, _ relations: Relations,
        total: UInt64, _ purpose: Purpose = .clean
    ) throws(YAMLError) -> Program {
        var builder = try ProgramBuilder(
            scenario, stream: stream, shape, keys, relations, total: total, purpose)
        try builder.emitRequest()
        return builder.program
    }

    // MARK: Entities

    func entity(_ name: String) -> Scenario.EntitySpec? { scenario.entities.first { $0.name == name } }

    /// How many there are of an entity, and of its owners' owners.
    func population(_ spec: Scenario.EntitySpec, depth: Int = 0) throws(YAMLError) -> UInt64 {
        guard let owner = spec.owner, spec.count == 0 else { return spec.count }
        guard depth < 8, let parent = entity(owner.name) else {
            throw unknown(owner, "entity", scenario.entities.map(\.name))
        }
        let (count, overflow) = try population(parent, depth: depth + 1).multipliedReportingOverflow(by: spec.each)
        guard !overflow, count <= 1_000_000_000 else {
            throw YAMLError(
                "more than 10^9 of '\(spec.name)'", at: spec.mark, remedy: "Lower 'each', or the number of owners.")
        }
        return count
    }

    // MARK: References

    /// Where a reference is looked up: inside an entity, inside a list's element, or neither.
    struct Context {
        var entity: String?
        /// `items.0.`
        var prefix = ""
        /// The fields of the element.
        var siblings: [FieldSpec] = []
        /// The list's length, above which the element must stand.
        var guards: [Guard] = []
    }

    /// What must hold for a value to be made at all.
    enum Guard {
        case present(Int32)
        case above(Int32, Int)
    }

    mutating func resolve(_ reference: Generator.Reference, _ context: Context) throws(YAMLError) -> CellInfo {
        let name = reference.name
        if let own = context.entity, let spec = entity(own),
            let field = spec.attributes.first(where: { $0.name == name })
        {
            return try attribute(field, of: spec)
        }
        if let dot = name.firstIndex(of: "."), let spec = entity(String(name[..<dot])) {
            let rest = String(name[name.index(after: dot)...])
            if let field = spec.attributes.first(where: { $0.name == rest }) {
                if let own = context.entity, !owns(own, spec.name) {
                    throw YAMLError(
                        "'\(own)' does not belong to a '\(spec.name)'", at: reference.mark,
                        remedy: "Give '\(own)' the key owner: \(spec.name), or use a value of its own.")
                }
                return try attribute(field, of: spec)
            }
        }
        if context.entity != nil { throw unknown(reference, "attribute", attributeNames(context.entity)) }
        if let sibling = context.siblings.first(where: { $0.name == name }) {
            return try compile(sibling, as: context.prefix + name, context)
        }
        if case .flow(let flow, _) = purpose, let value = flow.values.first(where: { $0.name == name }) {
            let path = "flow:\(flow.name)/value:\(name)"
            return try once(path, value.mark) { (builder) throws(YAMLError) in
                try builder.conditional(value, path: path, scope: 1, type: nil, Context(), guards: [])
            }
        }
        if let value = scenario.values.first(where: { $0.name == name }) { return try self.value(value) }
        if let field = fields.first(where: { $0.name == name }), field.generator != nil { return try self.field(field) }
        throw unknown(
            reference, "value",
            scenario.values.map(\.name) + fields.map(\.name)
                + scenario.entities.flatMap { spec in spec.attributes.map { "\(spec.name).\($0.name)" } })
    }

    private func owns(_ name: String, _ ancestor: String) -> Bool {
        var at = entity(name)
        for _ in 0..<8 {
            if at?.name == ancestor { return true }
            // What several share belongs to none of them.
            at = at?.count == 0 ? at?.owner.flatMap { entity($0.name) } : nil
        }
        return false
    }

    private func attributeNames(_ name: String?) -> [String] {
        name.flatMap { entity($0) }?.attributes.map(\.name) ?? []
    }

    func unknown(_ reference: Generator.Reference, _ what: String, _ names: [String]) -> YAMLError {
        let near =
            nearestName(reference.name, in: names).map { "Did you mean '\($0)'?" }
            ?? "Known: \(names.prefix(40).joined(separator: ", "))."
        return YAMLError("there is no \(what) '\(reference.name)'", at: reference.mark, remedy: near)
    }

    // MARK: Values by kind

    mutating func attribute(_ field: FieldSpec, of spec: Scenario.EntitySpec) throws(YAMLError) -> CellInfo {
        // What is like another entity has its attributes, each the same function of the number.
        let path = "entity:\(spec.kind)/\(field.name)"
        return try once("entity:\(spec.name)/\(field.name)", field.mark) { (builder) throws(YAMLError) in
            let scope = builder.registers[spec.name] ?? 0
            return try builder.conditional(
                field, path: path, scope: scope, type: nil, Context(entity: spec.name), guards: [])
        }
    }

    private mutating func value(_ field: FieldSpec) throws(YAMLError) -> CellInfo {
        let path = "value:" + field.name
        return try once(path, field.mark) { (builder) throws(YAMLError) in
            try builder.conditional(field, path: path, scope: 0, type: nil, Context(), guards: [])
        }
    }

    /// A written field that is no list and no map.
    mutating func field(_ field: FieldSpec) throws(YAMLError) -> CellInfo {
        try compile(field, as: field.name, Context())
    }

    /// A field under its full name (`items.0.quantity`), whose schema name is the same without element numbers.
    mutating func compile(_ field: FieldSpec, as name: String, _ context: Context) throws(YAMLError) -> CellInfo {
        let schemaName = name.split(separator: ".").filter { Int($0) == nil }.joined(separator: ".")
        let (schema, path) = try shape.field(schemaName, at: field.mark)
        // Elements differ by their number, which is no part of the schema's path.
        let ordinal = name.split(separator: ".").filter { Int($0) != nil }.joined(separator: ".")
        let key = "field:" + path + (ordinal.isEmpty ? "" : "#" + ordinal)
        return try once("name:" + name, field.mark) { (builder) throws(YAMLError) in
            let guards = context.prefix.isEmpty ? try builder.enclosing(field.name) : context.guards
            return try builder.conditional(field, path: key, scope: 0, type: schema.type, context, guards: guards)
        }
    }

    /// The presence cells of the structs around a field.
    mutating func enclosing(_ name: String) throws(YAMLError) -> [Guard] {
        var guards: [Guard] = []
        var parts = name.split(separator: ".").map(String.init)
        while parts.count > 1 {
            parts.removeLast()
            let outer = parts.joined(separator: ".")
            if let cell = try presence(ofStruct: outer) { guards.insert(.present(cell), at: 0) }
        }
        return guards
    }

    /// The cell that is present when the struct `name` is, or nil when it always is.
    mutating func presence(ofStruct name: String) throws(YAMLError) -> Int32? {
        guard let spec = fields.first(where: { $0.name == name }), spec.generator == nil else { return nil }
        return try once("name:" + name, spec.mark) { (builder) throws(YAMLError) in
            let (_, path) = try builder.shape.field(name, at: spec.mark)
            let guards = try builder.enclosing(name)
            return try builder.conditional(spec, path: "field:" + path, scope: 0, type: nil, Context(), guards: guards)
        }.cell
    }

    mutating func once(
        _ name: String, _ mark: YAMLMark, _ make: (inout ProgramBuilder) throws(YAMLError) -> CellInfo
    ) throws(YAMLError) -> CellInfo {
        if let info = known[name] { return info }
        guard pending.insert(name).inserted else {
            throw YAMLError("this value depends on itself", at: mark, remedy: "Break the circle of references.")
        }
        let info = try make(&self)
        known[name] = info
        return info
    }

    mutating func newCell() -> Int32 {
        program.cellCount += 1
        return Int32(program.cellCount - 1)
    }
}

extension Scenario {
    /// The entity whose numbers the cohorts divide: the first that has no owner.
    var cohortEntity: String? { entities.first { $0.owner == nil }?.name }
}
