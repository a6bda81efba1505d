import YAML

/// Correlated values: each member's uniform bits are the rank of a normal value, and those are correlated.
extension ProgramBuilder {
    struct CopulaMember {
        var copula: Scenario.CopulaSpec
        var index: Int
    }

    /// The copula that the value drawn under `path` belongs to.
    func copula(_ path: String) throws(YAMLError) -> CopulaMember? {
        var found: CopulaMember?
        for copula in scenario.copulas where copula.stream ?? stream == stream {
            for (index, member) in copula.members.enumerated() {
                guard let own = try self.path(of: member, isShared: copula.stream == nil) else { continue }
                if path == own || path.hasPrefix(own + "/") { found = CopulaMember(copula: copula, index: index) }
            }
        }
        return found
    }

    /// Nil when only other streams have such a field, which is all right where the values of all are correlated.
    private func path(of member: Generator.Reference, isShared: Bool) throws(YAMLError) -> String? {
        if scenario.values.contains(where: { $0.name == member.name }) { return "value:" + member.name }
        if let dot = member.name.firstIndex(of: "."), let spec = entity(String(member.name[..<dot])),
            spec.attributes.contains(where: { $0.name == member.name[member.name.index(after: dot)...] })
        {
            return "entity:\(spec.kind)/\(member.name[member.name.index(after: dot)...])"
        }
        if fields.contains(where: { $0.name == member.name }) {
            return "field:" + (try shape.field(member.name, at: member.mark).path)
        }
        if isShared, scenario.streams.contains(where: { $0.fields.contains { $0.name == member.name } }) { return nil }
        throw unknown(
            member, "value",
            scenario.values.map(\.name) + fields.map(\.name)
                + scenario.entities.flatMap { spec in spec.attributes.map { "\(spec.name).\($0.name)" } })
    }

    /// The cell with the member's bits.
    mutating func correlatedBits(_ member: CopulaMember, scope: Int) throws(YAMLError) -> Int32 {
        let copula = member.copula
        if let known = copulaScopes[copula.name], known != scope {
            throw YAMLError(
                "'\(copula.name)' correlates values of different owners", at: copula.mark,
                remedy: "Correlate values of an exchange with each other, or attributes of one entity.")
        }
        copulaScopes[copula.name] = scope
        let factor = try Self.choleskyRow(copula, member.index)
        let cell = newCell()
        let table = Int32(program.choices.count)
        program.choices += factor.map { .init(int: $0, start: 0, length: 0) }
        program.steps.append(
            .init(
                op: .copula, scope: UInt8(scope), cell: cell, table: table, count: Int32(factor.count),
                philox: keys.philox("copula:" + copula.name)))
        return cell
    }

    /// Row `index` of the Cholesky factor of the normal correlations, scaled by 2^32.
    private static func choleskyRow(_ copula: Scenario.CopulaSpec, _ index: Int) throws(YAMLError) -> [Int64] {
        var rows: [[Int64]] = []
        for i in 0...index {
            var row: [Int64] = []
            for j in 0...i {
                var rest = i == j ? Q32.one : normalCorrelation(copula.correlations[i][j])
                for k in 0..<j { rest -= Q32.multiply(row[k], j == i ? row[k] : rows[j][k]) }
                if i == j {
                    guard rest > 0 else {
                        throw YAMLError(
                            "no values can be correlated like this", at: copula.mark,
                            remedy: "The matrix must be positive definite: lower the correlations.")
                    }
                    row.append(Int64(squareRoot(UInt128(rest) << 32)))
                } else {
                    row.append(Int64(clamping: (Int128(rest) << 32) / Int128(rows[j][j])))
                }
            }
            rows.append(row)
        }
        return rows[index]
    }

    /// The correlation of normal values whose ranks have the correlation `rank` (in ten-thousandths): 2·sin(π·rank/6).
    private static func normalCorrelation(_ rank: Int64) -> Int64 {
        let x = Int64(Int128(rank) * 2_248_839_617 / 10_000)
        let square = Q32.multiply(x, x)
        // Taylor to x^9, below 2^-32 for |x| up to π/6.
        var term = x
        var sum = x
        for k in [6, 20, 42, 72] as [Int64] {
            term = -Q32.multiply(term, square) / k
            sum += term
        }
        return 2 * sum
    }
}
