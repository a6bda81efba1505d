import Schema
import Tape
import YAML

/// One anomaly as the oracle sees it: where to look, and what of a request breaks it.
final class OracleRule: Sendable {
    let spec: Scenario.AnomalySpec
    let typeName: String
    let check: OracleCheck
    /// Watches of the fields that the type reads, by parameter.
    let watches: [String: Int]
    /// Products whose sum the first must be: the sign and the watches of the factors.
    let terms: [(sign: Int64, factors: [Int])]
    let cases: [(name: [UInt8], value: Int64)]
    /// Their values alone.
    let caseValues: [Int64]
    /// The type's `min` and `max`.
    let bounds: (least: Int64, most: Int64)
    let secondCases: [(name: [UInt8], value: Int64)]
    let fieldType: SchemaType?
    /// Dotted names of all fields that it reads or changes.
    let fields: [String]
    /// What `with` fixes, for each stage.
    let constants: [[Constant]]
    /// For each stage, the entities whose part can be told from a written field.
    let casts: [[CastWatch]]
    /// The entity whose numbers stand in labels; what tells the stages apart there.
    let stageNames: [String]
    let path: String

    struct Constant: Sendable {
        var field: String
        var watch: Int
        var text: [UInt8]
        var number: Int64?
    }

    struct CastWatch: Sendable {
        var watch: Int
        /// The kind of entity and the written attribute: values of one space.
        var space: String
        var who: CampaignPattern.Who
    }

    var isCampaign: Bool { spec.campaign != nil }
    var isWireFault: Bool { spec.type.isWireFault }
    /// An innocent exchange never has it.
    var isStrict: Bool { check.isStrict && !spec.type.isDrift && !isCampaign }

    /// The watch of a parameter's field, or -1.
    func watch(_ name: String) -> Int { watches[name] ?? -1 }
    /// Of the first field that the type names.
    let first: Int
    let second: Int

    init(_ spec: Scenario.AnomalySpec, _ scenario: Scenario, _ looks: inout OracleWatches) throws {
        self.spec = spec
        typeName = spec.type.name
        check = OracleCheck.of(typeName)
        var watches: [String: Int] = [:]
        let named = spec.parameters.fields(of: spec.type)
        for (name, reference) in named { watches[name] = try looks.watch(reference) }
        if typeName == "unknownField" {
            watches["field"] = looks.watchUnknown(
                name: spec.parameters.text("name"), id: spec.parameters.number("id") ?? 0)
        }
        self.watches = watches
        first = named.first.flatMap { watches[$0.name] } ?? watches["field"] ?? -1
        second = named.dropFirst().first.flatMap { watches[$0.name] } ?? -1
        terms = try spec.parameters.terms.map { term in
            (term.isNegative ? -1 : 1, try term.factors.map { try looks.watch($0) })
        }
        cases = named.first.map { looks.cases(of: $0.reference) } ?? []
        caseValues = cases.map(\.value)
        bounds = (spec.parameters.number("min") ?? .min, spec.parameters.number("max") ?? .max)
        secondCases = named.dropFirst().first.map { looks.cases(of: $0.reference) } ?? []
        fieldType = named.first.flatMap { try? looks.shape.field($0.reference.name, at: $0.reference.mark).field.type }
        path = named.first?.reference.name ?? (typeName == "unknownField" ? spec.parameters.text("name") : "")
        fields =
            named.map(\.reference.name) + spec.parameters.terms.flatMap { $0.factors.map(\.name) }
            + (named.isEmpty ? [path] : [])
        let stages = spec.campaign?.stages.map { ($0.overrides, $0.casts) } ?? [([], [])]
        constants = try stages.map { own, _ in
            try Self.constants(
                spec.overrides.filter { override in !own.contains { $0.name == override.name } } + own, &looks)
        }
        casts = try stages.map { _, casts in try Self.casts(casts, scenario, spec.stream, &looks) }
        stageNames = spec.campaign?.stages.map(\.name) ?? []
    }

    /// Fields that are one plain value in every such exchange.
    private static func constants(_ overrides: [FieldSpec], _ looks: inout OracleWatches) throws -> [Constant] {
        var result: [Constant] = []
        for override in overrides where override.condition == nil && override.presence == nil {
            guard case .constant(let node)? = override.generator, node.isScalar else { continue }
            let text = Array(node.text.utf8)
            // Other characters may be escaped in JSON.
            guard text.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C && $0 != 0x2E }) else {
                continue
            }
            let reference = Generator.Reference(name: override.name, mark: override.mark)
            let number =
                looks.cases(of: reference).first { $0.name == text }?.value
                ?? (node.text == "true" ? 1 : node.text == "false" ? 0 : Int64(node.text))
            result.append(
                Constant(field: override.name, watch: try looks.watch(reference), text: text, number: number))
        }
        return result
    }

    /// The written fields that tell the entities apart: plain copies of an attribute that is unique.
    private static func casts(
        _ casts: [Scenario.Cast], _ scenario: Scenario, _ stream: Int, _ looks: inout OracleWatches
    ) throws -> [CastWatch] {
        var result: [CastWatch] = []
        for cast in casts {
            guard let spec = scenario.entities.first(where: { $0.name == cast.entity.name }) else { continue }
            let unique = spec.attributes.filter {
                switch $0.generator {
                case .unique, .uuid, .identifier: true
                default: false
                }
            }
            for field in scenario.streams[stream].fields {
                guard case .reference(let reference, .all)? = field.generator,
                    let attribute = unique.first(where: { "\(spec.name).\($0.name)" == reference.name })
                else { continue }
                result.append(
                    CastWatch(
                        watch: try looks.watch(Generator.Reference(name: field.name, mark: field.mark)),
                        space: "\(spec.kind).\(attribute.name)", who: cast.who))
                break
            }
        }
        return result
    }

    func describes(_ label: Label) -> Bool {
        guard label.type == typeName else { return false }
        if isCampaign {
            return label.campaign.count > spec.name.count && label.campaign.hasPrefix(spec.name + "-")
                && !label.campaign.dropFirst(spec.name.count + 1).contains("-")
        }
        if spec.type.isDrift { return label.parameters.contains { $0.name == "regime" && $0.value == spec.name } }
        return path.isEmpty || label.parameters.contains { $0.name == "path" && $0.value == path }
    }

    /// True when the two may change what the other one looks at.
    func touches(_ other: OracleRule) -> Bool {
        fields.contains { mine in
            other.fields.contains { $0 == mine || $0.hasPrefix(mine + ".") || mine.hasPrefix($0 + ".") }
        }
    }

    /// False when a value that the stage fixes is another one, unless an anomaly of the exchange may have changed it.
    func holdsConstants(_ stage: Int, _ view: borrowing OracleView, changed: [String]) -> Bool {
        for constant in constants[stage] where !changed.contains(where: { Self.overlap($0, constant.field) }) {
            guard let value = view.readings.first(constant.watch) else {
                // A struct around it may be left out.
                continue
            }
            let isEqual =
                value.isText
                ? view.bytes[value.start..<value.end].elementsEqual(constant.text)
                : value.isDouble || value.int == constant.number
            if !isEqual { return false }
        }
        return true
    }

    private static func overlap(_ a: String, _ b: String) -> Bool {
        a == b || a.hasPrefix(b + ".") || b.hasPrefix(a + ".")
    }
}

/// What the oracle has read of one exchange.
struct OracleView {
    let readings: OracleReadings
    /// Of an exchange with labels they start at index 0.
    let bytes: TableSlice
    /// The request as it goes out, which ``bytes`` are, too, where no transform was applied to them.
    let frame: TableSlice
    let index: UInt64
    let timeNanos: UInt64
    let format: WireFormat
    let fault: OracleCursor.Fault
    let deepest: Int
    let bodyStart: Int
    let stated: Int?
    let countedFrom: Int
    let message: (type: Int, name: Range<Int>, seqid: Int64)
    let method: [UInt8]

    func text(_ watch: Int) -> TableSlice? {
        guard watch >= 0, let value = readings.first(watch), value.isText else { return nil }
        return bytes[value.start..<value.end]
    }

    func string(_ watch: Int) -> String? { text(watch).map { String(decoding: $0, as: UTF8.self) } }
    func int(_ watch: Int) -> Int64? {
        guard watch >= 0, let value = readings.first(watch), !value.isText, !value.isNull else { return nil }
        return value.int
    }
}
