import YAML

/// What relates entities beyond owning: who stands near whom, and how often each comes up. Computed from their
/// attributes once for a plan, and the same for all its programs.
final class Relations {
    struct Neighbours {
        /// Where the neighbours of each begin in `members`, and the end.
        var starts: [UInt64] = [0]
        var members: [UInt64] = []
    }

    struct Weights {
        /// The upper bound of each but the last, in 2^-64 of the sum.
        var thresholds: [UInt64]
        /// Of all, in units of 10^-scale.
        var sum: UInt128
        var scale: Int
    }

    private var neighbours: [String: Neighbours] = [:]
    private var weights: [String: Weights] = [:]
    /// How many entities may be looked at one by one.
    static let limit: UInt64 = 2_000_000

    /// The neighbours of every entity that `spec` stands near to.
    func neighbours(_ spec: Scenario.EntitySpec, _ builder: ProgramBuilder) throws(YAMLError) -> Neighbours {
        if let known = neighbours[spec.name] { return known }
        guard let near = spec.near, let centre = builder.entity(near.entity.name) else { return Neighbours() }
        let names = near.axes
        let (targets, scale) = try values(of: spec, names, builder)
        let (centres, other) = try values(of: centre, names, builder)
        guard scale == other, scale <= near.scale else {
            throw YAMLError(
                "the attributes of '\(spec.name)' and '\(centre.name)' have different decimals", at: near.entity.mark,
                remedy: "Give each the same 'decimals', at most \(near.scale).")
        }
        var radius = near.radius
        for _ in scale..<near.scale { radius /= 10 }
        // Sorted along the first axis, so that only a strip is looked at.
        let order = targets.indices.sorted { (targets[$0][0], $0) < (targets[$1][0], $1) }
        let sorted = order.map { targets[$0] }
        let firsts = sorted.map { $0[0] }
        let limit = Int128(radius) * Int128(radius)
        var result = Neighbours()
        for point in centres {
            var at = Self.lowerBound(firsts, point[0] - radius)
            targets: while at < firsts.count && firsts[at] <= point[0] + radius {
                defer { at += 1 }
                var distance: Int128 = 0
                for axis in point.indices {
                    let difference = sorted[at][axis] - point[axis]
                    if difference >= radius || difference <= -radius { continue targets }
                    distance += Int128(difference) * Int128(difference)
                }
                if distance < limit { result.members.append(UInt64(order[at])) }
            }
            guard result.members.count <= 20_000_000 else {
                throw YAMLError("more than 20 million neighbours", at: spec.mark, remedy: "Lower the radius.")
            }
            result.starts.append(UInt64(result.members.count))
        }
        neighbours[spec.name] = result
        return result
    }

    private static func lowerBound(_ values: [Int64], _ wanted: Int64) -> Int {
        var (low, high) = (0, values.count)
        while low < high {
            let middle = (low + high) / 2
            if values[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func weights(_ spec: Scenario.EntitySpec, _ builder: ProgramBuilder) throws(YAMLError) -> Weights {
        if let known = weights[spec.name] { return known }
        guard let attribute = spec.weight else { return Weights(thresholds: [], sum: 0, scale: 0) }
        let (rows, scale) = try values(of: spec, [attribute], builder)
        var sum: UInt128 = 0
        let sums = rows.map { row -> UInt128 in
            sum += UInt128(max(0, row[0]))
            return sum
        }
        guard sum > 0, sum < 1 << 62 else {
            throw YAMLError(
                "the weights of '\(spec.name)' add up to 0, or to too much", at: attribute.mark,
                remedy: "Weights are 0 or more, and not all 0.")
        }
        let result = Weights(
            thresholds: sums.map { UInt64(clamping: ($0 << 64) / sum) }, sum: sum, scale: scale)
        weights[spec.name] = result
        return result
    }

    /// Attributes of every one of an entity, and their decimals.
    func values(
        of spec: Scenario.EntitySpec, _ names: [Generator.Reference], _ builder: ProgramBuilder
    ) throws(YAMLError) -> (rows: [[Int64]], scale: Int) {
        guard spec.count <= Self.limit else {
            throw YAMLError("more than \(Self.limit) of '\(spec.name)'", at: spec.mark, remedy: "Lower the count.")
        }
        var own = try ProgramBuilder(
            builder.scenario, stream: builder.stream, builder.shape, builder.keys, self, total: builder.total,
            .attributes(spec.name))
        var infos: [ProgramBuilder.CellInfo] = []
        for name in names {
            guard let field = spec.attributes.first(where: { $0.name == name.name }) else {
                throw own.unknown(name, "attribute of '\(spec.name)'", spec.attributes.map(\.name))
            }
            let info = try own.attribute(field, of: spec)
            guard info.hasInt, infos.isEmpty || infos[0].scale == info.scale else {
                throw YAMLError(
                    "'\(name.name)' is no number, or has other decimals", at: name.mark,
                    remedy: "Give each the same 'decimals'.")
            }
            infos.append(info)
        }
        var machine = Machine(Image(own.program), cohortCount: 1)
        let register = own.registers[spec.name] ?? 0
        var rows: [[Int64]] = []
        for number in 0..<spec.count {
            machine.registers[register] = number
            machine.run(Machine.Identity())
            rows.append(infos.map { machine.cells[Int($0.cell)].int })
        }
        return (rows, infos.first?.scale ?? 0)
    }
}
