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

    package func appendHeader(into row: inout [UInt8]) {
        row.append(contentsOf: "id,time,operation,expected,labels".utf8)
        for column in columns {
            row.append(0x2C)
            Self.appendCSV(Array(column.utf8)[...], into: &row)
        }
        row.append(contentsOf: "\r\n".utf8)
    }

    /// The fields of one exchange, each after a comma.
    func appendRow(_ machine: borrowing Machine, into row: inout [UInt8]) {
        var space: [UInt8] = []
        for column in rowPlans[machine.program.number] {
            row.append(0x2C)
            guard column >= 0 else { continue }
            let emission = machine.program.emissions[column]
            let cell = machine.cell(emission.slot)
            guard cell.isPresent, isReached(column, machine) else { continue }
            if emission.op == .value {
                if emission.form == .string || emission.form == .enumeration {
                    Self.appendCSV(machine.arena[Int(cell.start)..<Int(cell.start + cell.length)], into: &row)
                } else {
                    space.removeAll(keepingCapacity: true)
                    RequestWriter.json(cell, emission, machine, into: &space)
                    row.append(contentsOf: emission.form == .binary ? space[1..<space.count - 1] : space[...])
                }
            } else {
                space.removeAll(keepingCapacity: true)
                space.append(emission.op == .beginList ? 0x5B : 0x7B)
                var at = column + 1
                RequestWriter.json(machine, from: &at, to: Int(emission.skip) - 1, into: &space)
                space.append(emission.op == .beginList ? 0x5D : 0x7D)
                Self.appendCSV(space[...], into: &row)
            }
        }
    }

    /// False when a struct around the emission is absent.
    private func isReached(_ target: Int, _ machine: borrowing Machine) -> Bool {
        var at = 0
        while at < target {
            let emission = machine.program.emissions[at]
            at += 1
            switch emission.op {
            case .beginStruct where !machine.cell(emission.slot).isPresent: at = Int(emission.skip)
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

    static func appendCSV(_ text: ArraySlice<UInt8>, into row: inout [UInt8]) {
        guard text.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else {
            row.append(contentsOf: text)
            return
        }
        row.append(0x22)
        for byte in text {
            if byte == 0x22 { row.append(0x22) }
            row.append(byte)
        }
        row.append(0x22)
    }
}
