import Schema
import YAML

/// When a field is there, and what its condition tests.
extension ProgramBuilder {
    /// Compiles a value with the conditions around it: everything it depends on first, then jumps past it where it is
    /// absent, then the value itself.
    mutating func conditional(
        _ field: FieldSpec, path: String, scope: Int, type: SchemaType?, _ context: Context, guards: [Guard]
    ) throws(YAMLError) -> CellInfo {
        if let generator = field.generator { try prepare(generator, context) }
        var tests: [(Condition.Test, CellInfo)] = []
        for test in field.condition?.tests ?? [] { tests.append((test, try resolve(test.reference, context))) }

        // A plain reference of the right form needs no cell of its own.
        if guards.isEmpty, tests.isEmpty, field.presence == nil, case .reference(let reference, .all)? = field.generator
        {
            let info = try resolve(reference, context)
            if try fits(info, type, at: reference.mark) { return info }
        }

        let cell = newCell()
        var exits: [Int] = []
        for item in guards {
            exits.append(program.steps.count)
            switch item {
            case .present(let other): program.steps.append(.init(op: .skipUnlessPresent, cell: other))
            case .above(let other, let ordinal):
                program.steps.append(.init(op: .skipUnlessAbove, cell: other, a: Int64(ordinal)))
            }
        }
        for (test, info) in tests {
            exits.append(program.steps.count)
            program.steps.append(try self.test(test, info))
        }
        if let presence = field.presence, presence < 1_000_000_000 {
            exits.append(program.steps.count)
            let threshold = UInt64((UInt128(presence) << 64) / 1_000_000_000)
            program.steps.append(
                .init(
                    op: .skipUnlessDrawn, scope: UInt8(scope), philox: keys.philox(path + "?"),
                    a: Int64(bitPattern: threshold)))
        }
        var info = CellInfo(cell: cell, hasInt: false, hasText: false, scale: 0)
        if let generator = field.generator {
            info = try compile(generator, into: cell, path: path, scope: scope, type: type, context, at: field.mark)
        } else {
            program.steps.append(.init(op: .markPresent, cell: cell))
        }
        for exit in exits { program.steps[exit].other = Int32(program.steps.count) }
        return info
    }

    /// Compiles everything that a generator reads, outside its branches.
    private mutating func prepare(_ generator: Generator, _ context: Context) throws(YAMLError) {
        switch generator {
        case .total(let terms):
            for term in terms { for factor in term.factors { _ = try factors(factor, context) } }
        case .table(let reference, let cases, let otherwise):
            _ = try resolve(reference, context)
            for item in cases { try prepare(item.generator, context) }
            if let otherwise { try prepare(otherwise, context) }
        case .drawn(let reference, _, _, _):
            guard registers[reference.name] != nil else {
                throw unknown(reference, "entity", scenario.entities.map(\.name))
            }
        default: for reference in generator.references { _ = try resolve(reference, context) }
        }
    }

    mutating func test(_ test: Condition.Test, _ info: CellInfo) throws(YAMLError) -> Program.Step {
        if let range = test.range {
            guard info.hasInt else {
                throw YAMLError(
                    "'\(test.reference.name)' is no number", at: test.reference.mark,
                    remedy: "Compare it with one value or a list of values.")
            }
            let power = Self.powerOfTen(info.scale)
            func scaled(_ bound: Int64) -> Int64 {
                let (product, overflow) = bound.multipliedReportingOverflow(by: power)
                return overflow ? (bound < 0 ? .min : .max) : product
            }
            return .init(
                op: .skipUnlessWithin, cell: info.cell, a: scaled(range.lowerBound), b: scaled(range.upperBound))
        }
        let (table, mode) = try choiceTable(test.values, against: info)
        return .init(op: .skipUnlessIn, cell: info.cell, table: table, count: Int32(test.values.count), a: mode)
    }

    /// Values to compare a cell with: by text where it has one, by number otherwise.
    private mutating func choiceTable(
        _ values: [Generator.Choice], against info: CellInfo
    ) throws(YAMLError) -> (table: Int32, mode: Int64) {
        let table = Int32(program.choices.count)
        for value in values {
            var choice = intern(value.text)
            if !info.hasText {
                let truth: Int64? = value.text == "true" ? 1 : value.text == "false" ? 0 : nil
                guard let number = truth ?? Int64(value.text) else {
                    throw YAMLError(
                        "'\(value.text)' is compared with a number", at: value.mark,
                        remedy: "Write a whole number, or a range such as 10..99.")
                }
                choice.int = number
            }
            program.choices.append(choice)
        }
        return (table, info.hasText ? 1 : 0)
    }

    /// Cases are values, or all of them ranges of whole numbers.
    mutating func caseTable(
        _ cases: [Generator.Case], against info: CellInfo
    ) throws(YAMLError) -> (table: Int32, mode: Int64) {
        guard info.hasInt, info.scale == 0, cases.contains(where: { $0.range != nil }) else {
            return try choiceTable(cases.map(\.value), against: info)
        }
        let table = Int32(program.choices.count)
        for item in cases {
            guard let range = item.range ?? Int64(item.value.text).map({ $0...$0 }) else {
                throw YAMLError(
                    "'\(item.value.text)' stands among ranges", at: item.value.mark, remedy: "Write it like 10..99.")
            }
            program.choices += [
                .init(int: range.lowerBound, start: 0, length: 0), .init(int: range.upperBound, start: 0, length: 0),
            ]
        }
        return (table, 2)
    }
}
