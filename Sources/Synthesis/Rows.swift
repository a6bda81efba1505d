/// CSV (RFC 4180): a column for each field outside lists and maps, and one for each of those as JSON.
extension SynthesisPlan {
    /// A field that only some kinds of exchange have has a column too.
    static func columns(of programs: [Program]) -> [String] {
        var result: [String] = []
        for program in programs {
            var last = -1
            for (name, _) in columnEmissions(program) {
                if let known = result.firstIndex(of: name) {
                    last = known
                } else {
                    last += 1
                    result.insert(name, at: last)
                }
            }
        }
        return result
    }

    /// The fields that make a column, each with its emission.
    static func columnEmissions(_ program: Program) -> [(name: String, at: Int)] {
        var names = [String](repeating: "", count: program.slots.count)
        for (name, slot) in program.slotOfField { names[slot] = name }
        var result: [(String, Int)] = []
        var at = 0
        while at < program.emissions.count {
            let emission = program.emissions[at]
            switch emission.op {
            case .value: result.append((names[Int(emission.slot)], at))
            case .beginList, .beginMap:
                result.append((names[Int(emission.slot)], at))
                at = Int(emission.skip) - 1
            default: break
            }
            at += 1
        }
        return result
    }

    package func appendHeader(into row: inout Arena) {
        row.append(contentsOf: "id,time,operation,expected,labels".utf8)
        for column in columns {
            row.append(0x2C)
            var name = Arena(capacity: 64)
            name.append(contentsOf: column.utf8)
            row.append(field: name, 0, name.count)
        }
        row.append(0x0D)
        row.append(0x0A)
    }

    /// The fields of one exchange, each after a comma.
    func appendRow(
        _ machine: borrowing Machine, _ lane: Int, _ style: RowStyle, _ space: inout Arena, into row: inout Arena
    ) {
        for column in rowPlans[machine.image.program.number] {
            row.append(style == .csv ? 0x2C : 0x09)
            guard column >= 0 else {
                style.appendNothing(to: &row)
                continue
            }
            let emission = machine.layout[column]
            let cell = machine.value(emission.slot, lane)
            guard cell.isPresent, isReached(column, machine, lane) else {
                style.appendNothing(to: &row)
                continue
            }
            if emission.op == .value {
                switch emission.form {
                case .string, .enumeration:
                    style.append(machine.arena, Int(cell.start), Int(cell.length), to: &row)
                case .binary where style == .copy:
                    row.append(contentsOf: "\\\\x".utf8)
                    for at in Int(cell.start)..<Int(cell.start + cell.length) { row.append(hex: machine.arena[at]) }
                case .binary:
                    space.truncate(to: 0)
                    RequestWriter.json(cell, emission, machine.arena, into: &space)
                    row.append(space, 1, space.count - 2)
                default: RequestWriter.json(cell, emission, machine.arena, into: &row)
                }
            } else {
                space.truncate(to: 0)
                space.append(emission.op == .beginList ? 0x5B : 0x7B)
                var at = column + 1
                RequestWriter.json(machine, lane, from: &at, to: Int(emission.skip) - 1, into: &space)
                space.append(emission.op == .beginList ? 0x5D : 0x7D)
                style.append(space, 0, space.count, to: &row)
            }
        }
    }

    /// The table that COPY fills, and the line before its rows.
    package func appendCopyHeader(into text: inout Arena) {
        var types = [String](repeating: "text", count: columns.count)
        for (number, plan) in rowPlans.enumerated() {
            for (i, at) in plan.enumerated() where at >= 0 {
                let emission = images[number].emissions[at]
                guard emission.op == .value else {
                    types[i] = "jsonb"
                    continue
                }
                switch emission.form {
                case .bool: types[i] = "boolean"
                case .i8, .i16: types[i] = "smallint"
                case .i32: types[i] = "integer"
                case .i64: types[i] = "bigint"
                case .double: types[i] = "double precision"
                case .binary: types[i] = "bytea"
                case .string, .enumeration, .structure, .null, .negativeZero, .swappedCase: break
                }
            }
        }
        let fixed = [
            ("id", "bigint"), ("time", "timestamptz"), ("operation", "text"), ("expected", "text"), ("labels", "jsonb"),
        ]
        let all = fixed + Array(zip(columns.map { "request." + $0 }, types))
        let names = all.map { "\"\($0.0)\"" }.joined(separator: ", ")
        let declared = all.map { "  \"\($0.0)\" \($0.1)" }.joined(separator: ",\n")
        text.append(contentsOf: "CREATE TABLE IF NOT EXISTS exchanges (\n\(declared)\n);\n".utf8)
        text.append(contentsOf: "COPY exchanges (\(names)) FROM stdin;\n".utf8)
    }

    /// False when a struct around the emission is absent.
    private func isReached(_ target: Int, _ machine: borrowing Machine, _ lane: Int) -> Bool {
        var at = 0
        while at < target {
            let emission = machine.image.emissions[at]
            at += 1
            switch emission.op {
            case .beginStruct where !machine.value(emission.slot, lane).isPresent: at = Int(emission.skip)
            case .beginList, .beginMap: at = Int(emission.skip)
            default: break
            }
        }
        return at == target
    }

    static func makeRowPlans(_ programs: [Program], columns: [String]) -> [[Int]] {
        programs.map { program in
            let known = Dictionary(columnEmissions(program), uniquingKeysWith: { first, _ in first })
            return columns.map { known[$0] ?? -1 }
        }
    }
}

/// How rows are written: as CSV (RFC 4180), or for PostgreSQL's COPY in its text format.
package enum RowStyle: Sendable {
    case csv, copy

    /// What stands for an absent value.
    func appendNothing(to row: inout Arena) {
        if self == .csv { return }
        row.append(0x5C)
        row.append(0x4E)
    }

    func append(_ text: Arena, _ start: Int, _ length: Int, to row: inout Arena) {
        if self == .csv { return row.append(field: text, start, length) }
        for at in start..<start + length {
            let byte = text[at]
            let escaped: UInt8? =
                switch byte {
                case 0x5C: 0x5C
                case 0x09: 0x74
                case 0x0A: 0x6E
                case 0x0D: 0x72
                default: nil
                }
            if escaped != nil { row.append(0x5C) }
            row.append(escaped ?? byte)
        }
    }
}

extension Machine {
    /// What a slot writes.
    @inline(__always)
    func value(_ slot: Int32, _ lane: Int) -> Cell { cell(slots[Int(slot)], lane) }
}

extension Arena {
    /// A CSV field, in quotes where it needs them.
    mutating func append(field text: Arena, _ start: Int, _ length: Int) {
        var needsQuotes = false
        for at in start..<start + length {
            let byte = text[at]
            needsQuotes = needsQuotes || byte == 0x22 || byte == 0x2C || byte == 0x0A || byte == 0x0D
        }
        if !needsQuotes { return append(text, start, length) }
        append(0x22)
        for at in start..<start + length {
            if text[at] == 0x22 { append(0x22) }
            append(text[at])
        }
        append(0x22)
    }
}
