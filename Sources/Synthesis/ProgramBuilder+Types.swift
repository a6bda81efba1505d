import Bytes
import Schema
import YAML

/// Fitting values to the types of the schema.
extension ProgramBuilder {
    /// True when the cell may be written as it is. Throws when it cannot be made to fit.
    func fits(_ info: CellInfo, _ type: SchemaType?, at mark: YAMLMark) throws(YAMLError) -> Bool {
        switch type?.kind {
        case nil, .any: return true
        case .bool:
            guard info.hasInt else { throw mismatch("true or false", at: mark) }
            return true
        case .i8, .i16, .i32, .i64:
            guard info.hasInt, info.scale == 0 else { throw mismatch("a whole number", at: mark) }
            return true
        case .double:
            guard info.hasInt else { throw mismatch("a number", at: mark) }
            return true
        case .string: return info.hasText
        case .binary, .uuid:
            guard info.hasText else { throw mismatch("bytes or a text", at: mark) }
            return true
        // A name becomes a value by looking it up.
        case .enumeration: return false
        case .list, .set, .map, .structure: throw mismatch("a list, a map or fields of their own", at: mark)
        }
    }

    private func mismatch(_ what: String, at mark: YAMLMark) -> YAMLError {
        YAMLError("the schema wants \(what) here", at: mark, remedy: "Choose another generator for this field.")
    }

    /// Makes the value in `info.cell` fit the type, in place.
    mutating func adapt(_ info: inout CellInfo, to type: SchemaType?, at mark: YAMLMark) throws(YAMLError) {
        if case .enumeration(let index)? = type?.kind {
            // Constants and weights were given their values when they were compiled.
            if info.hasInt && info.hasText && !needsLookup { return }
            guard info.hasText else { throw mismatch("a name of the enumeration", at: mark) }
            let table = Int32(program.choices.count)
            let cases = shape.schemas.enumerations[index].cases
            for item in cases {
                var choice = intern(item.name)
                choice.int = Int64(item.value)
                program.choices.append(choice)
            }
            program.steps.append(
                .init(op: .lookup, cell: info.cell, other: info.cell, table: table, count: Int32(cases.count)))
            info.hasInt = true
            return
        }
        if try !fits(info, type, at: mark) {
            guard info.hasInt else { throw mismatch("a text", at: mark) }
            program.steps.append(.init(op: .format, cell: info.cell, other: info.cell, a: Int64(info.scale)))
            info.hasText = true
        }
    }

    /// The step compiled last copies a value that was made without knowing the enumeration.
    private var needsLookup: Bool {
        switch program.steps.last?.op {
        case .setConstant, .weights: false
        default: true
        }
    }

    mutating func constant(
        _ node: YAMLNode, _ step: inout Program.Step, _ type: SchemaType?
    ) throws(YAMLError) -> CellInfo {
        var info = CellInfo(cell: step.cell, hasInt: true, hasText: true, scale: 0)
        var choice = intern(node.text)
        switch node.value {
        case .int(let value): choice.int = value
        case .bool(let value): choice.int = value ? 1 : 0
        case .decimal(let text):
            info.scale = min(18, text.split(separator: ".").dropFirst().first?.utf8.count ?? 0)
            choice.int = try node.scaled(info.scale)
        case .string(let text):
            info.hasInt = false
            if let value = try enumerated(text, type, at: node.mark) {
                choice.int = value
                info.hasInt = true
            }
        default: throw node.expected("a value", remedy: "Write a single text or number.")
        }
        if info.hasInt { try check(choice.int, choice.int, info.scale, type, at: node.mark) }
        step.table = Int32(program.choices.count)
        program.choices.append(choice)
        program.steps.append(step)
        return info
    }

    mutating func weights(
        _ items: [Generator.Choice], _ step: inout Program.Step, _ type: SchemaType?
    ) throws(YAMLError) -> CellInfo {
        var info = CellInfo(cell: step.cell, hasInt: true, hasText: true, scale: 0)
        step.op = .weights
        step.table = Int32(program.choices.count)
        step.count = Int32(items.count)
        step.a = Int64(program.thresholds.count)
        program.thresholds += WeightTable.thresholds(items.map(\.weight))
        // Numbers with decimals share one scale.
        let decimals = items.map { item -> Int? in
            if item.text == "true" || item.text == "false" { return nil }
            return parseScaled(item.text, scale: 9) == nil
                ? nil : item.text.split(separator: ".").dropFirst().first?.utf8.count ?? 0
        }
        if !decimals.contains(nil) { info.scale = decimals.compactMap { $0 }.max() ?? 0 }
        for item in items {
            var choice = intern(item.text)
            if let value = try enumerated(item.text, type, at: item.mark) {
                choice.int = value
            } else if let value = parseScaled(item.text, scale: info.scale) {
                choice.int = value
                try check(value, value, info.scale, type, at: item.mark)
            } else if item.text == "true" || item.text == "false" {
                choice.int = item.text == "true" ? 1 : 0
            } else {
                info.hasInt = false
            }
            program.choices.append(choice)
        }
        program.steps.append(step)
        return info
    }

    /// The value of an enumeration's name; nil when the type is no enumeration.
    private func enumerated(_ text: String, _ type: SchemaType?, at mark: YAMLMark) throws(YAMLError) -> Int64? {
        guard case .enumeration(let index)? = type?.kind else { return nil }
        let enumeration = shape.schemas.enumerations[index]
        if let value = enumeration.value(of: text) { return Int64(value) }
        let names = enumeration.cases.map(\.name)
        let near = nearestName(text, in: names).map { "Did you mean '\($0)'? " } ?? ""
        throw YAMLError(
            "\(enumeration.name) has no '\(text)'", at: mark, remedy: near + "It has: \(names.joined(separator: ", "))."
        )
    }

    func check(_ low: Int64, _ high: Int64, _ scale: Int, _ type: SchemaType?, at mark: YAMLMark) throws(YAMLError) {
        let bounds: ClosedRange<Int64>
        switch type?.kind {
        case .i8: bounds = -128...127
        case .i16: bounds = -32_768...32_767
        case .i32: bounds = -2_147_483_648...2_147_483_647
        case .double:
            // Up to 2^53 a whole number has its own double, so that the quotient is rounded once.
            bounds = -(1 << 53)...(1 << 53)
        default: return
        }
        guard bounds.contains(low), bounds.contains(high) else {
            throw YAMLError(
                "the value does not fit the field's type", at: mark,
                remedy: "It holds \(bounds.lowerBound) to \(bounds.upperBound).")
        }
    }
}
