import Bytes
import Schema
import Tape

/// L1: what is done to one field.
enum FieldInjectors {
    @Sendable static func remove(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        _ = try injection.cell(target, machine)
        machine.substitute(target.slot, Cell())
        return [
            .init("rule", target.isRequired ? "required by the schema" : "present in every clean request"),
            .init("missing", injection.mechanism),
        ]
    }

    @Sendable static func null(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        _ = try injection.cell(injection.primary, machine)
        if let layout = injection.layout { machine.layout = layout.emissions }
        return [.init("rule", "a value, not null")]
    }

    @Sendable static func reset(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        var cell = try injection.cell(target, machine)
        if target.form == .enumeration { throw Inapplicable("'\(target.path)' is an enumeration, without a default") }
        cell.int = 0
        cell.length = 0
        machine.substitute(target.slot, cell)
        return [.init("rule", "a value, not the type's default")]
    }

    @Sendable static func addUnknown(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        let value = Int64(draw.below(1000))
        machine.substitute(injection.unknownSlot, Cell(int: value, isPresent: true))
        return [.init("id", "\(injection.parameters.number("id") ?? 0)"), .init("value", "\(value)")]
    }

    @Sendable static func swapType(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary, let layout = injection.layout else { return [] }
        var cell = try injection.cell(target, machine)
        if target.form == .string {
            cell.int = Int64(draw.below(1_000_000))
        } else if target.form != .enumeration {
            var digits = Arena(capacity: 64)
            digits.append(cell.int, scale: target.scale)
            machine.setText(
                target.form == .bool ? Array((cell.int != 0 ? "true" : "false").utf8) : digits.array(), in: &cell)
        }
        machine.substitute(target.slot, cell)
        machine.layout = layout.emissions
        return [.init("rule", target.form == .string ? "text" : target.form == .enumeration ? "a case" : "a number")]
    }

    @Sendable static func leaveEnumeration(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        var cell = try injection.cell(target, machine)
        let greatest = target.cases.map { Int64($0.value) }.max() ?? 0
        cell.int = greatest + 1 + Int64(draw.below(100))
        // Names have the looks of names, so that only the list of cases tells them apart.
        machine.setText(Array("case\(cell.int)".utf8), in: &cell)
        machine.substitute(target.slot, cell)
        return [.init("rule", "one of \(target.cases.count) cases"), .init("value", "\(cell.int)")]
    }

    // MARK: Numbers

    private static func greatest(_ form: Program.Emission.Form) -> Int64 {
        switch form {
        case .i8: 127
        case .i16: 32_767
        case .i32: 2_147_483_647
        default: .max
        }
    }

    @Sendable static func passBounds(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        _ = try injection.cell(target, machine)
        let (low, high) = (injection.parameters.number("min") ?? 0, injection.parameters.number("max") ?? 0)
        let extreme = max(min(greatest(target.form), 2_147_483_647), high + 1)
        let value = [low - 1, high + 1, extreme][Int(draw.below(3))]
        injection.put(value, target, &machine)
        return [.init("rule", "from \(low) to \(high)"), .init("value", "\(value)")]
    }

    @Sendable static func touchBounds(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        _ = try injection.cell(target, machine)
        let (low, high) = (injection.parameters.number("min") ?? 0, injection.parameters.number("max") ?? 0)
        let value = draw.below(2) == 0 ? low : high
        injection.put(value, target, &machine)
        return [.init("rule", "from \(low) to \(high)"), .init("value", "\(value)")]
    }

    @Sendable static func overflow(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        _ = try injection.cell(target, machine)
        let most = greatest(target.form)
        // JSON has no types of numbers: what does not fit 32 or 53 bits is written all the same.
        let wide: [Int64] = [2_147_483_648, -2_147_483_649, 9_007_199_254_740_993, .max]
        let narrow: [Int64] = [most, -most - 1]
        let choices = injection.isHTTP || target.form == .i64 ? wide : narrow
        let value = choices[Int(draw.below(UInt64(choices.count)))]
        injection.put(value, target, &machine)
        return [.init("value", "\(value)")]
    }

    @Sendable static func negateZero(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary, let layout = injection.layout else { return [] }
        if !injection.isHTTP && target.form != .double {
            throw Inapplicable("'\(target.path)' is a whole number, of which Thrift has no -0")
        }
        _ = try injection.cell(target, machine)
        injection.put(0, target, &machine)
        machine.layout = layout.emissions
        return [.init("value", "-0")]
    }

    @Sendable static func refine(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary, let layout = injection.layout else { return [] }
        let cell = try injection.cell(target, machine)
        // Never a multiple of ten, so that no decimal falls away.
        let extra = 1 + Int64(draw.below(99)) * 10 + Int64(draw.below(9, 1))
        let (value, overflow) = cell.int.multipliedReportingOverflow(by: 1000)
        if overflow { throw Inapplicable("'\(target.path)' is too great for more decimals") }
        injection.put(value + (value < 0 ? -extra : extra), target, &machine)
        machine.layout = layout.emissions
        return [.init("rule", "at most \(injection.parameters.number("decimals") ?? 0) decimals")]
    }

    @Sendable static func shiftUnit(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        let cell = try injection.cell(target, machine)
        guard cell.int > 0 else { throw Inapplicable("'\(target.path)' is not above 0") }
        let divides = draw.below(2) == 0 && cell.int >= 100
        injection.put(divides ? cell.int / 100 : cell.int * 100, target, &machine)
        return [.init("factor", divides ? "0.01" : "100")]
    }

    // MARK: Times

    @Sendable static func shiftZone(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        let cell = try injection.cell(target, machine)
        // Offsets that are in use, in minutes: Mexico, Brazil, India, China, Japan.
        let minutes: Int64 = [-360, -180, 330, 480, 540][Int(draw.below(5))]
        let second: Int64 = injection.parameters.text("unit") == "seconds" ? 1 : 1000
        injection.put(cell.int + minutes * 60 * second, target, &machine)
        return [.init("minutes", "\(minutes)")]
    }

    @Sendable static func divideTime(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        injection.put(try injection.cell(target, machine).int / 1000, target, &machine)
        return [.init("rule", "milliseconds")]
    }

    // MARK: Identifiers

    @Sendable static func breakCheckDigit(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        let kind = injection.parameters.identifier
        var text = try injection.text(target, machine)
        guard text.count > 8,
            CheckDigits.of(text.dropLast(kind.checkLength), kind) == Array(text.suffix(kind.checkLength))
        else { throw Inapplicable("'\(target.path)' holds no valid \(kind.rawValue)") }
        // A card's BIN and last four stand in other fields too, so the wrong digit is one between them; the others get a
        // wrong check character.
        let at = kind == .card ? 8 + Int(draw.below(UInt64(text.count - 12), 1)) : text.count - 1
        let old = text[at]
        let digit = old >= 0x30 && old <= 0x39 ? old - 0x30 : 0
        text[at] = 0x30 + (digit + 1 + UInt8(draw.below(9))) % 10
        injection.put(text, target, &machine)
        return [.init("rule", kind.rawValue), .init("position", "\(at)")]
    }

    @Sendable static func makeImpossible(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        let kind = injection.parameters.identifier
        let text = try injection.text(target, machine)
        guard text.count > kind.checkLength else { throw Inapplicable("'\(target.path)' holds no \(kind.rawValue)") }
        var payload = Array(text.dropLast(kind.checkLength))
        guard let rule = ImpossibleIdentifiers.change(&payload, kind, draw.bits()) else {
            throw Inapplicable("a \(kind.rawValue) has no impossible values of that length")
        }
        injection.put(payload + CheckDigits.of(payload, kind), target, &machine)
        return [.init("rule", rule)]
    }
}
