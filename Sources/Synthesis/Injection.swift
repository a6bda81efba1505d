import Bytes
import JSON
import Schema
import Tape
import YAML

/// Changes values of one exchange and says what it drew.
typealias CellInjector =
    @Sendable (Injection, inout Machine, Draw) throws(Inapplicable) -> [Label.Parameter]

/// Why an anomaly cannot be put into an exchange.
struct Inapplicable: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
}

/// The randomness and the place of one exchange, as an injector sees them.
struct Draw: Sendable {
    let philox: Philox
    /// What the exchange's own draws count by.
    let index: UInt64
    let timeNanos: UInt64
    /// The campaign's number, the member's position from 0 and their number; 0, 0 and 1 outside one.
    var campaign: UInt64 = 0
    var member: UInt64 = 0
    var count: UInt64 = 1
    /// The position of the member's stage.
    var stage = 0
    /// When the member acts that is as far from the end as this one is from the beginning.
    var mirroredNanos: UInt64 = 0

    /// 64 bits of the exchange's own; `place` tells draws apart.
    func bits(_ place: UInt64 = 0) -> UInt64 { philox.draw(index, place) }
    func below(_ bound: UInt64, _ place: UInt64 = 0) -> UInt64 { philox.below(max(1, bound), index, place) }
    /// 64 bits that all members of the campaign share.
    func shared(_ place: UInt64 = 0) -> UInt64 { philox.draw(campaign, 1 << 32 | place) }
}

/// Puts one anomaly of a scenario into exchanges.
struct Injection: Sendable {
    /// A written field that the anomaly reads or changes.
    struct Target: Sendable {
        var path: String
        var slot: Int
        /// The emission that writes it.
        var emission: Int
        var form: Program.Emission.Form
        var scale: Int
        var type: SchemaType
        /// The schema itself says that it must be there.
        var isRequired: Bool
        var cases: [SchemaEnumeration.Case]
    }

    let type: AnomalyType
    let name: String
    let parameters: AnomalyParameters
    let philox: Philox
    private let targets: [(name: String, target: Target)]
    let isHTTP: Bool
    /// Another way to lay the request out, for faults that no value can express.
    let layout: Layout?
    /// The slot of a field that the schema does not have, for ``AnomalyType`` `unknownField`.
    let unknownSlot: Int
    /// Whether given values make an exchange lack its field (missing given others, given itself), or chance alone.
    let mechanism: String

    init(
        _ spec: Scenario.AnomalySpec, _ program: inout Program, _ shape: RequestShape, _ scenario: Scenario,
        _ keys: KeyRing
    ) throws(YAMLError) {
        type = spec.type
        name = spec.name
        parameters = spec.parameters
        philox = keys.philox("anomaly:" + spec.name)
        if case .http = scenario.protocol { isHTTP = true } else { isHTTP = false }
        try Self.check(spec, scenario)
        var targets: [(String, Target)] = []
        for (name, reference) in spec.parameters.fields(of: spec.type) {
            targets.append((name, try Self.target(reference, program, shape)))
        }
        self.targets = targets
        unknownSlot = spec.type.name == "unknownField" ? program.appendUnknownField(spec.parameters) : -1
        layout = Layout(spec.type.name, program, targets.first?.1)
        let own = targets.first?.1.path ?? ""
        mechanism =
            spec.overrides.contains { $0.name == own }
            ? "given itself" : spec.overrides.isEmpty ? "completely at random" : "given others"
        if let problem = Self.misfit(spec.type.name, targets.map(\.1)) {
            throw YAMLError(
                problem, at: spec.parameters.fields(of: spec.type).first?.reference.mark ?? spec.mark,
                remedy: "'tinct anomalies' says which fields each anomaly is for.")
        }
    }

    /// The field that the label names.
    var path: String { targets.first?.target.path ?? (unknownSlot >= 0 ? parameters.text("name") : "") }

    func target(_ name: String) -> Target? { targets.first { $0.name == name }?.target }
    /// The field that the type is about.
    var primary: Target? { targets.first?.target }

    /// Changes what the machine will write and returns what the label says about it.
    func apply(_ machine: inout Machine, _ draw: Draw) throws(Inapplicable) -> [Label.Parameter] {
        let inject: CellInjector
        switch type.injector {
        case .cells(let injector): inject = injector
        case .campaign(let pattern):
            guard let member = pattern.member else { return [] }
            inject = member
        case .drift(let drift):
            guard let change = drift.change else { return [] }
            inject = change
        case .bytes: return []
        }
        var result = path.isEmpty ? [] : [Label.Parameter("path", path)]
        result += try inject(self, &machine, draw)
        return result
    }

    /// The cell of a target, which must be there.
    func cell(_ target: Target?, _ machine: borrowing Machine) throws(Inapplicable) -> Cell {
        guard let target else { throw Inapplicable("a field is not named") }
        let cell = machine.cells[Int(machine.slots[target.slot])]
        guard cell.isPresent else { throw Inapplicable("'\(target.path)' is absent") }
        return cell
    }

    /// The text of a target, which must be there.
    func text(_ target: Target?, _ machine: borrowing Machine) throws(Inapplicable) -> [UInt8] {
        let cell = try cell(target, machine)
        return machine.arena.array(Int(cell.start)..<Int(cell.start + cell.length))
    }

    func put(_ text: [UInt8], _ target: Target, _ machine: inout Machine) {
        var cell = machine.cells[Int(machine.slots[target.slot])]
        cell.isPresent = true
        machine.setText(text, in: &cell)
        machine.substitute(target.slot, cell)
    }

    func put(_ number: Int64, _ target: Target, _ machine: inout Machine) {
        machine.substitute(target.slot, number: number)
    }

    // MARK: At load

    private static func check(_ spec: Scenario.AnomalySpec, _ scenario: Scenario) throws(YAMLError) {
        let fits: Bool
        switch (spec.type.carrier, scenario.protocol) {
        case (.any, _), (.thrift, .thrift), (.http, .http): fits = true
        case (.framed, .thrift(let format, _)): fits = format.statesLength
        case (.binary, .thrift(let format, _)): fits = format.encoding == .binary || format.encoding == .binaryOld
        case (.compact, .thrift(let format, _)): fits = format.encoding == .compact
        case (.binaryOrCompact, .thrift(let format, _)): fits = format.encoding != .json
        case (.versioned, .thrift(let format, _)): fits = format.encoding != .binaryOld
        default: fits = false
        }
        guard !fits else { return }
        throw YAMLError(
            "only \(spec.type.carrier.title) can have '\(spec.type.name)'", at: spec.mark,
            remedy: "Leave it out, or change the protocol.")
    }

    private static func target(
        _ reference: Generator.Reference, _ program: Program, _ shape: RequestShape
    ) throws(YAMLError) -> Target {
        guard let slot = program.slotOfField[reference.name],
            let emission = program.emissions.firstIndex(where: {
                Int($0.slot) == slot && [.value, .beginStruct, .beginList, .beginMap].contains($0.op)
            })
        else {
            let near = nearestName(reference.name, in: program.slotOfField.keys.sorted())
            throw YAMLError(
                "no field '\(reference.name)' is written", at: reference.mark,
                remedy: near.map { "Did you mean '\($0)'?" } ?? "")
        }
        let written = program.emissions[emission]
        var result = Target(
            path: reference.name, slot: slot, emission: emission,
            form: written.op == .value ? written.form : .structure, scale: Int(program.scaleOfSlot[slot]),
            type: SchemaType(.any), isRequired: false, cases: [])
        let schemaName = reference.name.split(separator: ".").filter { Int($0) == nil }.joined(separator: ".")
        if let field = try? shape.field(schemaName, at: reference.mark).field {
            result.isRequired = field.presence == .required
            result.type = field.type
            if case .enumeration(let index) = field.type.kind {
                result.cases = shape.schemas.enumerations[index].cases
            }
        }
        return result
    }

    /// Why the fields do not fit the type, or nil.
    private static func misfit(_ type: String, _ targets: [Target]) -> String? {
        guard let first = targets.first else { return nil }
        let isNumber = [.i8, .i16, .i32, .i64].contains(first.form)
        switch type {
        case "enumOutside": return first.form == .enumeration ? nil : "'\(first.path)' is no enumeration"
        case "boundaryOverflow", "boundaryValue", "numberOverflow", "secondsForMillis", "partsNotTotal",
            "timesReversed", "justUnderThreshold", "minorUnitWrong", "timeZoneShift", "refundExceedsPaid",
            "balanceMismatch", "limitBypass", "ageBirthDateMismatch":
            return isNumber ? nil : "'\(first.path)' is no whole number"
        case "checkDigitBroken", "identifierImpossible", "countryCurrencyMismatch", "lengthOutside", "patternBroken",
            "currencyUnknown", "homoglyph", "fullWidth", "rightToLeft", "zeroWidth", "mojibake", "injectionString",
            "oversize", "personalDataInClear":
            return first.form == .string ? nil : "'\(first.path)' is no text"
        case "negativeZero", "precision":
            return first.form == .double || (type == "negativeZero" && isNumber)
                ? nil
                : "'\(first.path)' is no number with decimals"
        case "typeSwap":
            return first.form == .structure || first.form == .binary
                ? "'\(first.path)' is neither number nor text" : nil
        case "swappedFields", "duplicatedField":
            return targets.count == 2 && targets[0].form == targets[1].form ? nil : "the two fields differ in type"
        default: return nil
        }
    }
}

/// Emissions of a program with one of them changed.
final class Layout: Sendable {
    let emissions: Table<Program.Emission>
    private let owner = TableOwner()

    /// Nil for types that change values alone.
    init?(_ type: String, _ program: Program, _ target: Injection.Target?) {
        guard let target else { return nil }
        var changed = program.emissions
        switch type {
        case "nullValue": changed[target.emission].form = .null
        case "negativeZero": changed[target.emission].form = .negativeZero
        case "precision": changed[target.emission].scale += 3
        case "typeSwap":
            changed[target.emission].form =
                target.form == .string ? .i64 : target.form == .enumeration ? .swappedCase : .string
        default: return nil
        }
        emissions = owner.make(changed)
    }
}

extension Program {
    /// Adds a field at the end of the request that is absent until an anomaly fills it; returns its slot.
    mutating func appendUnknownField(_ parameters: AnomalyParameters) -> Int {
        let name = parameters.text("name")
        slots.append(Int32(cellCount))
        scaleOfSlot.append(0)
        cellCount += 1
        slotOfField[name] = slots.count - 1
        var emission = Emission(
            op: .value, form: .i64, id: Int16(clamping: parameters.number("id") ?? 31_999),
            slot: Int32(slots.count - 1))
        emission.nameStart = Int32(arena.count)
        arena.append(jsonQuoted: name)
        arena.append(0x3A)
        emission.nameLength = Int32(arena.count) - emission.nameStart
        if isWrapped {
            emissions.insert(emission, at: emissions.count - 1)
            emissions[0].skip += 1
        } else {
            emissions.append(emission)
        }
        return slots.count - 1
    }
}

extension Machine {
    /// Puts another value in place of what `slot` writes, until ``restore()``.
    mutating func substitute(_ slot: Int, _ value: Cell) {
        let spare = cells.count - Machine.spareCells + min(substituted, Machine.spareCells - 1)
        substituted += 1
        cells[spare] = value
        slots[slot] = Int32(spare)
    }

    mutating func substitute(_ slot: Int, number: Int64) {
        var value = cells[Int(slots[slot])]
        value.int = number
        substitute(slot, value)
    }

    mutating func setText(_ text: [UInt8], in cell: inout Cell) {
        cell.start = Int32(arena.count)
        cell.length = Int32(text.count)
        arena.append(contentsOf: text)
    }

    func text(_ cell: Cell) -> String {
        String(decoding: arena.array(Int(cell.start)..<Int(cell.start + cell.length)), as: UTF8.self)
    }

    /// Takes back what was substituted.
    mutating func restore() {
        layout = image.emissions
        if substituted == 0 { return }
        slots.copy(image.slots, slots.count)
        substituted = 0
    }
}
