import JSON
import Schema
import YAML

extension ProgramBuilder {
    static func powerOfTen(_ exponent: Int) -> Int64 {
        (0..<max(0, min(18, exponent))).reduce(1) { power, _ in power * 10 }
    }

    mutating func intern(_ text: String) -> Program.Choice {
        let start = program.arena.count
        program.arena.append(contentsOf: text.utf8)
        return .init(int: 0, start: Int32(start), length: Int32(program.arena.count - start))
    }

    /// A name as what stands before a member of a JSON object.
    mutating func intern(member name: String) -> Program.Choice {
        let start = program.arena.count
        program.arena.append(jsonQuoted: name)
        program.arena.append(0x3A)
        return .init(int: 0, start: Int32(start), length: Int32(program.arena.count - start))
    }

    // MARK: Generators

    mutating func compile(
        _ generator: Generator, into cell: Int32, path: String, scope: Int, type: SchemaType?, _ context: Context,
        at mark: YAMLMark
    ) throws(YAMLError) -> CellInfo {
        if case .table(let reference, let cases, let otherwise) = generator {
            return try compileTable(
                reference, cases, otherwise, into: cell, path: path, scope: scope, type: type, context, at: mark)
        }
        var info = try leaf(generator, into: cell, path: path, scope: scope, type: type, context, at: mark)
        try adapt(&info, to: type, at: mark)
        return info
    }

    private mutating func compileTable(
        _ reference: Generator.Reference, _ cases: [Generator.Case], _ otherwise: Generator?, into cell: Int32,
        path: String, scope: Int, type: SchemaType?, _ context: Context, at mark: YAMLMark
    ) throws(YAMLError) -> CellInfo {
        let on = try resolve(reference, context)
        let (table, mode) = try caseTable(cases, against: on)
        let jumps = program.operands.count
        program.operands += [Int32](repeating: 0, count: cases.count + 1)
        program.steps.append(
            .init(op: .branch, other: on.cell, table: table, count: Int32(cases.count), a: mode, b: Int64(jumps)))
        var infos: [CellInfo] = []
        var exits: [Int] = []
        for (i, item) in cases.enumerated() {
            program.operands[jumps + i] = Int32(program.steps.count)
            infos.append(
                try compile(
                    item.generator, into: cell, path: path + "/" + item.value.text, scope: scope, type: type, context,
                    at: item.value.mark))
            exits.append(program.steps.count)
            program.steps.append(.init(op: .jump))
        }
        program.operands[jumps + cases.count] = Int32(program.steps.count)
        if let otherwise {
            infos.append(
                try compile(
                    otherwise, into: cell, path: path + "/else", scope: scope, type: type, context, at: mark))
        }
        for exit in exits { program.steps[exit].other = Int32(program.steps.count) }
        let numbers = infos.filter(\.hasInt)
        let isMixed = Set(numbers.map(\.scale)).count > 1
        let hasText = infos.allSatisfy(\.hasText)
        guard !isMixed || hasText else {
            throw YAMLError("the cases have different decimals", at: mark, remedy: "Give each the same 'decimals'.")
        }
        return CellInfo(
            cell: cell, hasInt: numbers.count == infos.count && !isMixed, hasText: hasText,
            scale: isMixed ? 0 : numbers.first?.scale ?? 0)
    }

    private mutating func leaf(
        _ generator: Generator, into cell: Int32, path: String, scope: Int, type: SchemaType?, _ context: Context,
        at mark: YAMLMark
    ) throws(YAMLError) -> CellInfo {
        var step = Program.Step(op: .setConstant, scope: UInt8(scope), cell: cell, philox: keys.philox(path))
        if let member = try copula(path) { step.bits = try correlatedBits(member, scope: scope) }
        var info = CellInfo(cell: cell, hasInt: true, hasText: false, scale: 0)
        switch generator {
        case .constant(let node): return try constant(node, &step, type)
        case .weights(let choices): return try weights(choices, &step, type)
        case .uniform(let low, let high, let scale):
            step.op = .uniform
            step.a = low
            step.b = high &- low &+ 1
            info.scale = scale
            try check(low, high, scale, type, at: mark)
        case .normal(let mean, let deviation, let low, let high, let scale):
            step.op = .normal
            (step.a, step.b) = (mean, deviation)
            step.table = limits(low, high)
            info.scale = scale
        case .logNormal(let median, let sigma, let low, let high, let scale):
            step.op = .logNormal
            // sigma in ten-thousandths, times log2(e): the exponent of two for one standard deviation.
            (step.a, step.b) = (median, Int64((Int128(sigma) * Int128(Q32.log2e)) / 10_000))
            step.table = limits(low, high)
            info.scale = scale
        case .zipf(let count, let exponent):
            step.op = .zipf
            step.table = Int32(program.zipfs.count)
            program.zipfs.append(ZipfSampler(count: count, exponent: exponent))
        case .quantiles(let quantiles, let scale, let isEven):
            step.op = .quantiles
            if isEven { step.bits = try evenBits(isCorrelated: step.bits >= 0, path, scope: scope, at: mark) }
            (step.table, step.a) = (Int32(program.choices.count), Int64(program.thresholds.count))
            (step.b, step.count) = (quantiles.shift, Int32(quantiles.values.count))
            program.choices += quantiles.values.map { .init(int: $0, start: 0, length: 0) }
            program.thresholds += quantiles.probabilities
            info.scale = scale
        case .pack(let reference): return try weights(try packed(reference), &step, type)
        case .permutation(let low, let high):
            step.op = .permuted
            step.a = low
            let domain = UInt64(bitPattern: high &- low) + 1
            try check(unique: domain, scope, at: mark)
            step.other = permutation(domain, path)
            info.hasText = true
        case .formula(let formula, let place, let scale):
            return try self.formula(formula, into: cell, scale: scale, context, at: place)
        case .drawn(let reference, let count, let every, let lasting):
            step.op = .drawn
            step.other = Int32(registers[reference.name] ?? 0)
            try draws(reference, count: count, every: every, &step)
            (step.a, step.c) = (Int64(clamping: every), Int64(clamping: max(1, lasting / every)))
        case .pattern(let text):
            step.op = .pattern
            step.table = piece(text)
            info = CellInfo(cell: cell, hasInt: false, hasText: true, scale: 0)
        case .sequence(let prefix, let start, let increment):
            step.op = .sequence
            (step.a, step.b) = (start, increment)
            step.table = piece(prefix)
            info.hasText = true
        case .unique(let prefix, let digits):
            step.op = .unique
            step.a = Int64(digits)
            step.table = piece(prefix)
            var domain: UInt64 = 1
            for _ in 0..<digits { domain *= 10 }
            try check(unique: domain, scope, at: mark)
            step.other = permutation(domain, path)
            info.hasText = true
        case .uuid:
            step.op = .uuid
            step.other = permutation(1 << 62, path)
            info = CellInfo(cell: cell, hasInt: false, hasText: true, scale: 0)
        case .bytes(let count):
            step.op = .bytes
            step.a = Int64(count)
            info = CellInfo(cell: cell, hasInt: false, hasText: true, scale: 0)
        case .reference(let reference, let slice):
            let source = try resolve(reference, context)
            step.other = source.cell
            info = source
            info.cell = cell
            switch slice {
            case .all: step.op = .copy
            case .first(let count): (step.op, step.a) = (.first, Int64(count))
            case .last(let count): (step.op, step.a) = (.last, Int64(count))
            case .middle(let first, let count): (step.op, step.a, step.b) = (.middle, Int64(count), Int64(first - 1))
            }
            if step.op != .copy {
                guard source.hasText else {
                    throw YAMLError(
                        "'\(reference.name)' has no text", at: reference.mark,
                        remedy: "Make a text of it first: {text: \"{\(reference.name)}\"}.")
                }
                info.hasInt = false
            }
            program.steps.append(
                .init(op: .skipUnlessPresent, cell: source.cell, other: Int32(program.steps.count + 2)))
        case .template(let pieces):
            (step.op, step.count) = (.template, Int32(pieces.count))
            step.table = try template(pieces, context)
            info = CellInfo(cell: cell, hasInt: false, hasText: true, scale: 0)
        case .eventTime(let unit): (step.op, step.a) = (.eventTime, Int64(unit))
        case .time(let from, let to, let unit):
            (step.op, step.a, step.b, step.c) = (
                .time, Int64(clamping: from), Int64(clamping: to - from + 1), Int64(unit)
            )
        case .date(let from, let to):
            (step.op, step.a, step.b) = (.date, Int64(from), Int64(to - from + 1))
            info.hasText = true
        case .identifier(let kind, let date, let prefix):
            step.op = .identifier
            step.a = Int64(IdentifierKind.allCases.firstIndex(of: kind) ?? 0)
            step.b = Int64(try date.map { (reference) throws(YAMLError) in try resolve(reference, context).cell } ?? -1)
            step.c = Int64(
                try prefix.map { (reference) throws(YAMLError) in try resolve(reference, context).cell } ?? -1)
            step.other = Int32(program.permutations.count)
            for length in 0...(kind == .card ? 15 : 0) {
                _ = permutation(IdentifierWriter.serials(kind, prefix: length, isDated: date != nil), path)
            }
            info = CellInfo(cell: cell, hasInt: false, hasText: true, scale: 0)
        case .total(let terms):
            try total(terms, into: cell, context)
            return info
        case .list, .map, .table:
            throw YAMLError(
                "a list or map stands only at a field of that type", at: mark, remedy: "Choose another generator.")
        }
        program.steps.append(step)
        return info
    }

    mutating func total(_ terms: [Generator.Term], into cell: Int32, _ context: Context) throws(YAMLError) {
        program.steps.append(.init(op: .setZero, cell: cell))
        for term in terms {
            var rows: [[Int32]] = []
            for factor in term.factors {
                let cells = try factors(factor, context)
                if rows.isEmpty {
                    rows = cells.map { [$0] }
                } else if cells.count == 1 {
                    rows = rows.map { $0 + cells }
                } else if rows.count == cells.count {
                    rows = zip(rows, cells).map { $0 + [$1] }
                } else {
                    throw YAMLError(
                        "'\(factor.name)' has another number of elements", at: factor.mark,
                        remedy: "Multiply fields of one list with each other, or with single values.")
                }
            }
            for row in rows {
                let table = program.operands.count
                program.operands += row
                program.steps.append(
                    .init(
                        op: .addTerm, cell: cell, table: Int32(table), count: Int32(row.count),
                        a: term.isNegative ? -1 : 1))
            }
        }
    }

    /// The cells of a factor: one, or one for each element of a list.
    mutating func factors(_ reference: Generator.Reference, _ context: Context) throws(YAMLError) -> [Int32] {
        var cells: [Int32] = []
        var infos: [CellInfo] = []
        if let dot = reference.name.lastIndex(of: "."),
            let list = fields.first(where: { $0.name == reference.name[..<dot] }), case .list? = list.generator
        {
            let name = String(reference.name[reference.name.index(after: dot)...])
            let info = try self.list(list)
            for ordinal in 0..<info.limit {
                guard let spec = info.siblings.first(where: { $0.name == name }) else {
                    throw unknown(reference, "value", info.siblings.map { "\(list.name).\($0.name)" })
                }
                infos.append(
                    try compile(spec, as: "\(list.name).\(ordinal).\(name)", info.context(list.name, ordinal)))
            }
        } else {
            infos.append(try resolve(reference, context))
        }
        for info in infos {
            guard info.hasInt, info.scale == 0 else {
                throw YAMLError(
                    "'\(reference.name)' is no whole number", at: reference.mark,
                    remedy: "Add up fields of whole numbers, such as amounts in cents.")
            }
            cells.append(info.cell)
        }
        return cells
    }

    private mutating func template(_ pieces: [Generator.Piece], _ context: Context) throws(YAMLError) -> Int32 {
        var row: [Int32] = []
        for piece in pieces {
            switch piece {
            case .literal(let text): row.append(-1 - self.piece(text))
            case .reference(let reference):
                var info = try resolve(reference, context)
                if !info.hasText {
                    let cell = newCell()
                    program.steps.append(.init(op: .format, cell: cell, other: info.cell, a: Int64(info.scale)))
                    info.cell = cell
                }
                row.append(info.cell)
            }
        }
        let table = program.operands.count
        program.operands += row
        return Int32(table)
    }

    /// Compiles the pieces of a text that stands outside the request: a header's value.
    mutating func text(_ pieces: [Generator.Piece]) throws(YAMLError) -> Int32 {
        let cell = newCell()
        let table = try template(pieces, Context())
        program.steps.append(.init(op: .template, cell: cell, table: table, count: Int32(pieces.count)))
        return cell
    }

    mutating func piece(_ text: String) -> Int32 {
        program.choices.append(intern(text))
        return Int32(program.choices.count - 1)
    }

    private mutating func limits(_ low: Int64, _ high: Int64) -> Int32 {
        program.choices += [.init(int: low, start: 0, length: 0), .init(int: high, start: 0, length: 0)]
        return Int32(program.choices.count - 2)
    }

    /// No unique number is to come twice.
    private func check(unique domain: UInt64, _ scope: Int, at mark: YAMLMark) throws(YAMLError) {
        guard let reach = try reach(ofScope: scope), reach > domain else { return }
        throw YAMLError(
            "there are \(domain) such values, and \(reach) are needed", at: mark,
            remedy: "Give more digits or a wider range.")
    }

    private func packed(_ reference: Generator.Reference) throws(YAMLError) -> [Generator.Choice] {
        let parts = reference.name.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, let pack = scenario.packs[parts[0]] else {
            throw unknown(
                reference, "pack's list",
                scenario.packs.flatMap { name, pack in
                    pack.lists.keys.sorted().map { "\(name).\($0)" }
                }.sorted())
        }
        guard let list = pack.lists[parts[1]] else {
            throw unknown(reference, "list in the pack", pack.lists.keys.sorted().map { "\(parts[0]).\($0)" })
        }
        return list
    }

    /// Which of the entity are drawn in each period of the span: different ones within a period.
    private mutating func draws(
        _ reference: Generator.Reference, count: UInt64, every: UInt64, _ step: inout Program.Step
    ) throws(YAMLError) {
        guard let spec = entity(reference.name) else { return }
        let population = try population(spec)
        let periods = (scenario.time.spanNanos + every - 1) / every
        guard count <= population, periods * count <= 4_000_000 else {
            throw YAMLError(
                "more are drawn than there are of '\(spec.name)', or more than 4 million in all", at: reference.mark,
                remedy: "Draw fewer, or less often.")
        }
        step.table = Int32(program.numbers.count)
        step.count = Int32(count)
        for period in 0..<periods {
            let order = Permutation(count: population, key: step.philox.draw(period))
            for place in 0..<count { program.numbers.append(order[place]) }
        }
        step.b = Int64(program.numbers.count)
    }

    /// The cell with bits that all who count by the scope have at even steps, in an order that is drawn.
    private mutating func evenBits(
        isCorrelated: Bool, _ path: String, scope: Int, at mark: YAMLMark
    ) throws(YAMLError) -> Int32 {
        guard !isCorrelated, let count = try reach(ofScope: scope), count > 0 else {
            throw YAMLError(
                isCorrelated
                    ? "a value is correlated, or its steps are even, not both"
                    : "how many values there are has to be known for even steps", at: mark,
                remedy: "Leave out 'even', or give it to an attribute of an entity.")
        }
        let cell = newCell()
        program.steps.append(.init(op: .evenBits, scope: UInt8(scope), cell: cell, other: permutation(count, path)))
        return cell
    }

    private mutating func permutation(_ domain: UInt64, _ path: String) -> Int32 {
        program.permutations.append(Permutation(count: domain, key: keys.key(path + "!")))
        return Int32(program.permutations.count - 1)
    }
}
