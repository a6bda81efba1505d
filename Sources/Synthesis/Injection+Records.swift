import Bytes
import Schema
import Tape

/// L2: what is done to fields that belong together.
enum RecordInjectors {
    @Sendable static func offTotal(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        let cell = try injection.cell(target, machine)
        let most = UInt64(clamping: max(1, cell.int / 2))
        let delta = Int64(1 + draw.below(most)) * (draw.bits(1) & 1 == 0 ? 1 : -1)
        let total = cell.int + delta >= 0 ? cell.int + delta : cell.int - delta
        injection.put(total, target, &machine)
        return [.init("delta", "\(total - cell.int)")]
    }

    @Sendable static func offRate(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("rate") else { return [] }
        let cell = try injection.cell(target, machine)
        guard cell.int != 0 else { throw Inapplicable("'\(target.path)' is 0") }
        // Decimal point misplaced, or off by a third to a half.
        let value = draw.below(2) == 0 ? cell.int * 10 : cell.int + cell.int * Int64(33 + draw.below(17, 1)) / 100
        injection.put(value, target, &machine)
        return [.init("constraint", "rate by currency")]
    }

    @Sendable static func exceedSecond(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("refund") else { return [] }
        _ = try injection.cell(target, machine)
        let paid = try injection.cell(injection.target("paid"), machine)
        let excess = 1 + Int64(draw.below(UInt64(clamping: max(1, paid.int))))
        injection.put(paid.int + excess, target, &machine)
        return [.init("constraint", "refund at most paid"), .init("excess", "\(excess)")]
    }

    @Sendable static func reverseTimes(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("earlier") else { return [] }
        _ = try injection.cell(target, machine)
        let later = try injection.cell(injection.target("later"), machine)
        // Up to 30 days in milliseconds.
        let lead = 1 + Int64(draw.below(2_592_000_000))
        injection.put(later.int + lead, target, &machine)
        return [.init("lead", "\(lead)")]
    }

    /// The second field gets what is right for another key and not for this one.
    @Sendable static func mismatch(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        let (key, wrong, target) = try pickWrong(injection, machine, draw)
        var cell = try injection.cell(target, machine)
        if target.form == .enumeration, let item = target.cases.first(where: { $0.name == wrong }) {
            cell.int = Int64(item.value)
        }
        machine.setText(Array(wrong.utf8), in: &cell)
        if [.i8, .i16, .i32, .i64].contains(target.form) { cell.int = Int64(wrong) ?? 0 }
        machine.substitute(target.slot, cell)
        return names(injection, key, wrong)
    }

    /// The same, where the table holds beginnings.
    @Sendable static func mismatchPrefix(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        let (key, wrong, target) = try pickWrong(injection, machine, draw)
        let text = try injection.text(target, machine)
        let right = injection.parameters.table.first { $0.key == key }?.values ?? []
        guard let old = right.first(where: { text.starts(with: $0.utf8) }) else {
            throw Inapplicable("'\(target.path)' does not begin as its key says")
        }
        injection.put(Array(wrong.utf8) + text.dropFirst(old.utf8.count), target, &machine)
        return names(injection, key, wrong)
    }

    private static func names(_ injection: Injection, _ key: String, _ wrong: String) -> [Label.Parameter] {
        let fields = injection.type.parameters.filter { $0.kind == .field }.map(\.name)
        return [.init(fields[0], key), .init(fields[1], wrong)]
    }

    private static func pickWrong(
        _ injection: Injection, _ machine: borrowing Machine, _ draw: Draw
    ) throws(Inapplicable) -> (key: String, wrong: String, target: Injection.Target) {
        let fields = injection.type.parameters.filter { $0.kind == .field }.map(\.name)
        let given = try injection.cell(injection.target(fields[0]), machine)
        guard let target = injection.target(fields[1]) else { throw Inapplicable("a field is not named") }
        _ = try injection.cell(target, machine)
        let key = given.length > 0 ? machine.text(given) : "\(given.int)"
        guard let right = injection.parameters.table.first(where: { $0.key == key })?.values else {
            throw Inapplicable("'\(key)' is not in the table")
        }
        var wrong: [String] = []
        for row in injection.parameters.table {
            for value in row.values where !right.contains(value) && !wrong.contains(value) { wrong.append(value) }
        }
        guard !wrong.isEmpty else { throw Inapplicable("the table has nothing else") }
        return (key, wrong[Int(draw.below(UInt64(wrong.count)))], target)
    }

    @Sendable static func offAge(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("age") else { return [] }
        let cell = try injection.cell(target, machine)
        let years = Int64(3 + draw.below(30)) * (draw.bits(1) & 1 == 0 || cell.int < 40 ? 1 : -1)
        injection.put(cell.int + years, target, &machine)
        return [.init("constraint", "age by birth date"), .init("years", "\(years)")]
    }

    @Sendable static func passLimit(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.target("amount") else { return [] }
        _ = try injection.cell(target, machine)
        let limit = injection.parameters.number("limit") ?? 0
        let excess = 1 + Int64(draw.below(UInt64(clamping: injection.parameters.number("excess") ?? 1)))
        injection.put(limit + excess, target, &machine)
        return [.init("limit", "\(limit)"), .init("excess", "\(excess)")]
    }

    @Sendable static func swap(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let first = injection.target("first"), let second = injection.target("second") else { return [] }
        let (a, b) = (try injection.cell(first, machine), try injection.cell(second, machine))
        machine.substitute(first.slot, b)
        machine.substitute(second.slot, a)
        return [.init("with", second.path)]
    }

    @Sendable static func duplicate(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        let source = injection.target("source")
        _ = try injection.cell(target, machine)
        machine.substitute(target.slot, try injection.cell(source, machine))
        return [.init("source", source?.path ?? "")]
    }

    @Sendable static func stayBelow(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        _ = try injection.cell(target, machine)
        let threshold = injection.parameters.number("threshold") ?? 0
        let below = 1 + Int64(draw.below(UInt64(clamping: injection.parameters.number("margin") ?? 1)))
        injection.put(threshold - below, target, &machine)
        return [.init("threshold", "\(threshold)"), .init("below", "\(below)")]
    }
}
