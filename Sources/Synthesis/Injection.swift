import Bytes
import Schema
import Tape
import YAML

/// Puts one anomaly into one exchange, and says what it drew.
struct Injection: Sendable {
    let type: AnomalyType
    private let name: String
    private let philox: Philox
    private let parameters: Scenario.AnomalyParameters
    private let slot: Int
    private let second: Int
    private let form: Program.Emission.Form
    /// Of the enumeration, or empty.
    private let greatest: Int64
    private let cases: Int
    /// Name and slot, for the label.
    let path: String
    /// The schema itself says that the field must be there.
    let isSchemaRule: Bool

    init(
        _ spec: Scenario.AnomalySpec, _ program: Program, _ shape: RequestShape, _ scenario: Scenario, _ keys: KeyRing
    ) throws(YAMLError) {
        type = spec.type
        name = spec.name
        philox = keys.philox("anomaly:" + spec.name)
        parameters = spec.parameters
        func find(_ reference: Generator.Reference?) throws(YAMLError) -> Int {
            guard let reference else { return -1 }
            if let slot = program.slotOfField[reference.name] { return slot }
            let names = program.slotOfField.keys.sorted()
            let near = nearestName(reference.name, in: names).map { "Did you mean '\($0)'?" } ?? ""
            throw YAMLError("no field '\(reference.name)' is written", at: reference.mark, remedy: near)
        }
        slot = try find(spec.parameters.field)
        second = try find(spec.parameters.second)
        path = spec.parameters.field?.name ?? ""
        let slot = slot
        let emission = program.emissions.first { $0.op == .value && Int($0.slot) == slot }
        form = emission?.form ?? .structure
        var greatest: Int64 = 0
        var cases = 0
        var isRequired = false
        if let field = spec.parameters.field, let found = try? shape.field(field.name, at: field.mark).field {
            isRequired = found.presence == .required
            if case .enumeration(let index) = found.type.kind {
                greatest = shape.schemas.enumerations[index].cases.map { Int64($0.value) }.max() ?? 0
                cases = shape.schemas.enumerations[index].cases.count
            }
        }
        self.greatest = greatest
        self.cases = cases
        isSchemaRule = isRequired
        let mark = spec.parameters.field?.mark ?? spec.mark
        let isNumber = [.i8, .i16, .i32, .i64].contains(form)
        switch type {
        case .enumOutside where form != .enumeration: throw YAMLError("'\(path)' is no enumeration", at: mark)
        case .checkDigitBroken where form != .string: throw YAMLError("'\(path)' is no text", at: mark)
        case .boundaryOverflow, .secondsForMillis, .partsNotTotal, .timesReversed, .justUnderThreshold:
            if !isNumber { throw YAMLError("'\(path)' is no whole number", at: mark) }
        case .countryCurrencyMismatch where form != .string: throw YAMLError("'\(path)' is no text", at: mark)
        case .frameLengthWrong:
            guard case .thrift(_, isFramed: true) = scenario.protocol else {
                throw YAMLError("only framed Thrift has a frame's length", at: mark)
            }
        case .contentLengthMismatch:
            guard case .http = scenario.protocol else {
                throw YAMLError("only HTTP has a Content-Length", at: mark)
            }
        case .truncate:
            if case .thrift(_, isFramed: false) = scenario.protocol {
                throw YAMLError("an unframed request has no end to cut before", at: mark)
            }
        default: break
        }
    }

    /// Changes what the machine will write. Returns nil with a reason when it does not apply.
    func apply(_ machine: inout Machine, index: UInt64) -> Result<[Label.Parameter], Reason> {
        let bits = philox.block(index)
        var result = path.isEmpty ? [] : [Label.Parameter("path", path)]
        let cell = slot >= 0 ? machine.cells[Int(machine.slots[slot])] : Cell()
        if slot >= 0 && !cell.isPresent { return .failure(Reason(text: "'\(path)' is absent")) }
        switch type {
        case .requiredMissing:
            machine.substitute(slot, Cell())
            result.append(.init("rule", isSchemaRule ? "required by the schema" : "present in every clean request"))
        case .enumOutside:
            var value = cell
            let extra = Int64(scale(bits.0, to: 100))
            value.int = greatest + 1 + extra
            // Names have the looks of names, so that only the list of cases tells them apart.
            machine.setText(Array("case\(value.int)".utf8), in: &value)
            machine.substitute(slot, value)
            result.append(.init("rule", "one of \(cases) cases"))
            result.append(.init("value", "\(value.int)"))
        case .checkDigitBroken: return breakCheckDigit(cell, bits, &machine, result)
        case .boundaryOverflow:
            let extreme: Int64 = form == .i8 ? 127 : form == .i16 ? 32_767 : 2_147_483_647
            let choices = [parameters.low - 1, parameters.high + 1, max(extreme, parameters.high + 1)]
            let value = choices[Int(scale(bits.0, to: 3))]
            machine.substitute(slot, number: value)
            result.append(.init("rule", "from \(parameters.low) to \(parameters.high)"))
            result.append(.init("value", "\(value)"))
        case .secondsForMillis:
            machine.substitute(slot, number: cell.int / 1000)
            result.append(.init("rule", "milliseconds"))
        case .partsNotTotal:
            let most = UInt64(clamping: max(1, cell.int / 2))
            let delta = Int64(1 + scale(bits.0, to: most)) * (bits.1 & 1 == 0 ? 1 : -1)
            let total = cell.int + delta >= 0 ? cell.int + delta : cell.int - delta
            machine.substitute(slot, number: total)
            result.append(.init("delta", "\(total - cell.int)"))
        case .timesReversed:
            let later = machine.cells[Int(machine.slots[second])]
            if !later.isPresent { return .failure(Reason(text: "the later time is absent")) }
            // Up to 30 days in milliseconds.
            let lead = 1 + Int64(scale(bits.0, to: 2_592_000_000))
            machine.substitute(slot, number: later.int + lead)
            result.append(.init("lead", "\(lead)"))
        case .countryCurrencyMismatch: return mismatchCurrency(cell, bits.0, &machine, result)
        case .justUnderThreshold:
            let below = 1 + Int64(scale(bits.0, to: UInt64(clamping: parameters.low)))
            machine.substitute(slot, number: parameters.high - below)
            result += [.init("threshold", "\(parameters.high)"), .init("below", "\(below)")]
        case .frameLengthWrong, .truncate, .contentLengthMismatch, .cardTesting, .velocity, .flashSale, .paydayFanIn:
            break
        }
        return .success(result)
    }

    struct Reason: Error { var text: String }

    private func breakCheckDigit(
        _ cell: Cell, _ bits: (UInt64, UInt64), _ machine: inout Machine, _ known: [Label.Parameter]
    ) -> Result<[Label.Parameter], Reason> {
        let kind = parameters.identifier
        var text = machine.arena.array(Int(cell.start)..<Int(cell.start + cell.length))
        guard text.count > 8,
            CheckDigits.of(text.dropLast(kind.checkLength), kind) == Array(text.suffix(kind.checkLength))
        else { return .failure(Reason(text: "'\(path)' holds no valid \(kind.rawValue)")) }
        // A card's BIN and last four stand in other fields too, so the wrong digit is one between them; the others get a
        // wrong check character.
        let at = kind == .card ? 8 + Int(scale(bits.1, to: UInt64(text.count - 12))) : text.count - 1
        let old = text[at]
        let digit = old >= 0x30 && old <= 0x39 ? old - 0x30 : 0
        text[at] = 0x30 + (digit + 1 + UInt8(scale(bits.0, to: 9))) % 10
        var value = cell
        machine.setText(text, in: &value)
        machine.substitute(slot, value)
        return .success(known + [.init("rule", kind.rawValue), .init("position", "\(at)")])
    }

    private func mismatchCurrency(
        _ cell: Cell, _ bits: UInt64, _ machine: inout Machine, _ known: [Label.Parameter]
    ) -> Result<[Label.Parameter], Reason> {
        let currency = machine.cells[Int(machine.slots[second])]
        let country = machine.text(cell)
        guard currency.isPresent, let right = parameters.table.first(where: { $0.0 == country })?.1 else {
            return .failure(Reason(text: "the country is not in the table"))
        }
        let wrong = parameters.table.map(\.1).filter { $0 != right }
        guard !wrong.isEmpty else { return .failure(Reason(text: "the table has one currency")) }
        let chosen = wrong[Int(scale(bits, to: UInt64(wrong.count)))]
        var value = currency
        machine.setText(Array(chosen.utf8), in: &value)
        machine.substitute(second, value)
        return .success(known + [.init("country", country), .init("currency", chosen)])
    }

    /// L0: changes the bytes that go out. `lengthDigits` is where an HTTP request says its body's length.
    func damage(
        _ bytes: inout [UInt8], _ format: RequestFormat, index: UInt64, lengthDigits: Range<Int>
    ) -> [Label.Parameter] {
        let bits = philox.block(index)
        switch type {
        case .frameLengthWrong:
            let length = Int64(bytes.count - 4)
            let most = UInt64(clamping: min(64, length - 1))
            let size = 1 + Int64(scale(bits.0, to: most))
            let delta = bits.1 & 1 == 0 ? size : -size
            bytes.store(bigEndian: UInt32(truncatingIfNeeded: length + delta), at: 0)
            return [.init("offset", "0"), .init("delta", "\(delta)")]
        case .truncate:
            // At least the frame's length, or the head of an HTTP request, stays.
            let kept = format.wire.protocol == .http1 ? lengthDigits.upperBound + 4 : 4
            let room = UInt64(clamping: bytes.count - kept)
            let cut = kept + Int(scale(bits.0, to: max(1, room)))
            let whole = bytes.count
            bytes.removeSubrange(cut...)
            return [.init("offset", "\(cut)"), .init("missing", "\(whole - cut)")]
        case .contentLengthMismatch:
            let body = Int64(bytes.count - lengthDigits.upperBound - 4)
            let size = 1 + Int64(scale(bits.0, to: UInt64(clamping: max(1, min(64, body)))))
            let delta = bits.1 & 1 == 0 || size > body ? size : -size
            var digits: [UInt8] = []
            digits.append(contentsOf: "\(body + delta)".utf8)
            bytes.replaceSubrange(lengthDigits, with: digits)
            return [.init("offset", "\(lengthDigits.lowerBound)"), .init("delta", "\(delta)")]
        default: return []
        }
    }
}

extension Machine {
    /// Puts another value in place of what `slot` writes, until ``restore()``. An exchange has at most two.
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
        if substituted == 0 { return }
        slots.copy(image.slots, slots.count)
        substituted = 0
    }
}
