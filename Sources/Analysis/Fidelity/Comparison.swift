/// How like one another the requests of two tapes are: the measures of fidelity and privacy, and the gates that they must
/// pass. The first tape is the reference; the second was made after it.
package struct Comparison: Sendable {
    /// Bounds; nil: not judged.
    package struct Gates: Sendable, Equatable {
        /// Least complement of the Kolmogorov–Smirnov distance or of the total variation of a field.
        package var field: Double? = 0.95
        /// Least similarity of a pair of fields.
        package var pair: Double? = 0.90
        /// What the population stability index of a field must stay below.
        package var psi: Double? = 0.1
        package var arrival: Double? = 0.95
        /// Greatest relative difference of the 99th percentile of an entity's exchanges; one exchange is always allowed.
        package var entity: Double? = 0.05
        package var transition: Double? = 0.90
        /// Greatest difference of a decision's share.
        package var decision: Double? = 0.01
        package var copies: Double? = 0
        package var personal: Double? = 0

        package init() {}

        package static let names = [
            "field", "pair", "psi", "arrival", "entity", "transition", "decision", "copies", "personal",
        ]

        package subscript(name: String) -> Double? {
            get { Self.path(name).map { self[keyPath: $0] } ?? nil }
            set { if let path = Self.path(name) { self[keyPath: path] = newValue } }
        }

        private static func path(_ name: String) -> WritableKeyPath<Gates, Double?>? {
            switch name {
            case "field": \.field
            case "pair": \.pair
            case "psi": \.psi
            case "arrival": \.arrival
            case "entity": \.entity
            case "transition": \.transition
            case "decision": \.decision
            case "copies": \.copies
            case "personal": \.personal
            default: nil
            }
        }
    }

    package enum Kind: String, Sendable {
        case number, category, structure
        /// Compared by the shapes of its texts.
        case identifier
        /// When the exchange happened: compared by whether it is there.
        case time
        /// Numbers on one tape and texts on the other.
        case mixed
    }

    package struct Field: Sendable {
        package var path: String
        package var kind: Kind
        /// Of the requests that can be read, those that have it.
        package var present: (Double, Double)
        /// The complement of the distance of the distributions; nil where there is nothing to compare.
        package var similarity: Double?
        package var psi: Double?
        package var holds = true
        package var picture = Picture()
    }

    /// Shares by bin or category, for drawing.
    package struct Picture: Sendable {
        package var labels: [String] = []
        package var shares: ([Double], [Double]) = ([], [])
    }

    package struct Pair: Sendable {
        package var first: String
        package var second: String
        /// `correlation` (Spearman's) or `contingency`.
        package var measure: String
        package var values: (Double, Double)?
        package var similarity: Double
        package var holds = true
    }

    package struct EntityResult: Sendable {
        package var path: String
        package var entities: (Int, Int)
        package var p99: (Double, Double)
        package var countHolds = true
        package var transitions: Double?
        package var transitionHolds = true
    }

    /// One gate and the value that is furthest from passing it.
    package struct Check: Sendable, Equatable {
        package var gate: String
        /// What it is about, for people.
        package var measure: String
        package var worst: Double?
        /// The field, pair or entity that has it.
        package var at: String
        package var bound: Double?
        /// How many were judged, and how many of them fail.
        package var judged: Int
        package var failed: Int
        package var holds: Bool { failed == 0 }
    }

    package let gates: Gates
    package let exchanges: (UInt64, UInt64)
    package internal(set) var fields: [Field] = []
    package internal(set) var pairs: [Pair] = []
    package private(set) var arrival: Double?
    /// Shares of the exchanges by hour of the week.
    package private(set) var byHour: ([Double], [Double]) = ([], [])
    package private(set) var entities: [EntityResult] = []
    package private(set) var decisions: [(name: String, shares: (Double, Double))] = []
    package private(set) var operations: Double?
    /// Tuples of the second tape that stand on the first; nil when no fields make one.
    package private(set) var copies: Int?
    package private(set) var quasi: [String] = []
    /// Values of fields that hold personal data or ids, on both tapes.
    package private(set) var personal: [(path: String, count: Int)] = []
    package internal(set) var checks: [Check] = []

    /// Categories that neither tape has so often are one.
    static let pooledBelow: UInt64 = 20
    static let pairColumnLimit = 40
    static let pairRowLimit = 20_000

    package init(_ a: TrafficProfile, _ b: TrafficProfile, _ gates: Gates = Gates()) {
        self.gates = gates
        exchanges = (a.exchanges, b.exchanges)
        compareFields(a, b)
        comparePairs(a, b)
        compareTimes(a, b)
        compareEntities(a, b)
        comparePrivacy(a, b)
        decisions = Self.shares(a.decisions, b.decisions)
        if Set(a.operations.keys).union(b.operations.keys).count > 1 {
            operations = Statistics.totalVariation(a.operations, b.operations).map { 1 - $0 }
        }
        check()
    }

    package var holds: Bool { checks.allSatisfy(\.holds) }

    static func shares(_ a: [String: UInt64], _ b: [String: UInt64]) -> [(name: String, shares: (Double, Double))] {
        let (sumA, sumB) = (a.values.reduce(0, +), b.values.reduce(0, +))
        if sumA == 0 || sumB == 0 { return [] }
        return Set(a.keys).union(b.keys).sorted().map { name in
            (name, (Double(a[name] ?? 0) / Double(sumA), Double(b[name] ?? 0) / Double(sumB)))
        }
    }

    // MARK: Fields

    private mutating func compareFields(_ a: TrafficProfile, _ b: TrafficProfile) {
        let crowds = (Crowd(a), Crowd(b))
        let paths = a.columns.map(\.path) + b.columns.map(\.path).filter { a.column(named: $0) == nil }
        for path in paths {
            let (columnA, columnB) = (a.column(named: path), b.column(named: path))
            let first = columnA.map { a.columns[$0] } ?? FieldColumn(path: path)
            let second = columnB.map { b.columns[$0] } ?? FieldColumn(path: path)
            func share(_ column: FieldColumn, _ profile: TrafficProfile) -> Double {
                Double(column.present) / Double(max(1, profile.exchanges - profile.unreadable))
            }
            var field = Field(
                path: path, kind: Self.kind(first, second), present: (share(first, a), share(second, b)))
            if let columnA, let columnB {
                // What belongs to a few people is no category of a profile either, and is not told in a report.
                var told: Set<String> = []
                if field.kind == .category {
                    let known = crowds.0.tellable(columnA, least: Self.pooledBelow)
                    if known.reduce(0, { $0 + $1.count }) * 2 < first.present { field.kind = .identifier }
                    told = Set(known.map(\.text))
                    told.formUnion(crowds.1.tellable(columnB, least: Self.pooledBelow).map(\.text))
                }
                switch field.kind {
                case .number:
                    let (x, y) = (a.rows.numbers(columnA).sorted(), b.rows.numbers(columnB).sorted())
                    field.similarity = Statistics.kolmogorovSmirnov(x, y).map { 1 - $0 }
                    let edges = Statistics.edges(x, bins: 10)
                    field.psi = Statistics.stabilityIndex(Self.histogram(x, edges), Self.histogram(y, edges))
                    field.picture = Self.picture(x, y)
                case .category: fill(&field, first.categories, second.categories, telling: told)
                case .identifier: fill(&field, first.shapes, second.shapes)
                case .time, .structure: break
                case .mixed: field.similarity = 0
                }
            }
            fields.append(field)
        }
    }

    /// - Parameter told: the names that may stand in a report; nil: all of them.
    private func fill(
        _ field: inout Field, _ a: [String: UInt64], _ b: [String: UInt64], telling told: Set<String>? = nil
    ) {
        let (x, y) = Self.pooled(a, b)
        field.similarity = Statistics.totalVariation(x, y).map { 1 - $0 }
        let keys = Set(x.keys).union(y.keys).sorted()
        field.psi = Statistics.stabilityIndex(keys.map { x[$0] ?? 0 }, keys.map { y[$0] ?? 0 })
        let top = Self.shares(x, y).sorted {
            ($1.shares.0 + $1.shares.1, $0.name) < ($0.shares.0 + $0.shares.1, $1.name)
        }.prefix(12)
        let labels = top.map { told?.contains($0.name) ?? true ? $0.name : "(rare)" }
        field.picture = Picture(labels: labels, shares: (top.map(\.shares.0), top.map(\.shares.1)))
    }

    static func kind(_ a: FieldColumn, _ b: FieldColumn) -> Kind {
        let (filled, other) = a.present > 0 ? (a, b) : (b, a)
        if (filled.structures > 0) != (other.structures > 0) && other.present > 0 { return .mixed }
        if filled.structures > 0 { return .structure }
        if other.present > 0 && filled.isNumeric != other.isNumeric { return .mixed }
        if filled.eventTimeUnit != nil && (other.present == 0 || other.eventTimeUnit != nil) { return .time }
        let columns = [filled, other].filter { $0.present > 0 }
        if filled.isNumeric {
            let name = filled.name.lowercased()
            let isID = name.hasSuffix("id") || name.hasSuffix("number") || name.hasSuffix("seq") || name.hasSuffix("no")
            if columns.contains(where: { $0.isIdentifier || $0.personal?.isOnesOwn ?? false }) { return .identifier }
            return isID && columns.allSatisfy { $0.isWhole && $0.distinctShare > 0.5 } ? .identifier : .number
        }
        // Its values would stand in a report.
        if columns.contains(where: { $0.isIdentifier || $0.personal != nil || $0.bytes > 0 }) { return .identifier }
        let isFew = columns.allSatisfy {
            !$0.hasManyValues && $0.distinct <= 100 && ($0.distinct <= 20 || $0.distinctShare < 0.5)
        }
        return isFew ? .category : .identifier
    }

    private static func histogram(_ values: [Double], _ edges: [Double]) -> [UInt64] {
        var counts = [UInt64](repeating: 0, count: edges.count + 1)
        for value in values { counts[Statistics.bin(value, edges)] += 1 }
        return counts
    }

    /// Rare categories of both as one, named so that it stands apart from every value.
    static func pooled(_ a: [String: UInt64], _ b: [String: UInt64]) -> ([String: UInt64], [String: UInt64]) {
        let rare = Set(a.keys).union(b.keys).filter { (a[$0] ?? 0) < pooledBelow && (b[$0] ?? 0) < pooledBelow }
        if rare.count < 2 { return (a, b) }
        func pool(_ table: [String: UInt64]) -> [String: UInt64] {
            var result = table.filter { !rare.contains($0.key) }
            let sum = table.filter { rare.contains($0.key) }.values.reduce(0, +)
            if sum > 0 { result["(rare)"] = sum }
            return result
        }
        return (pool(a), pool(b))
    }

    private static func picture(_ a: [Double], _ b: [Double]) -> Picture {
        guard let low = Scorecard.quantile(a, 0.005), let high = Scorecard.quantile(a, 0.995), high > low else {
            return Picture()
        }
        let bins = 28
        let edges = (1..<bins).map { low + (high - low) * Double($0) / Double(bins) }
        func shares(_ values: [Double]) -> [Double] {
            histogram(values, edges).map { Double($0) / Double(max(1, values.count)) }
        }
        // Three digits are nobody's own.
        let ends = [low, high].map { "\(ProfileDraft.rounded($0, digits: 3))" }
        return Picture(labels: ends, shares: (shares(a), shares(b)))
    }

    // MARK: The rest

    private mutating func compareTimes(_ a: TrafficProfile, _ b: TrafficProfile) {
        arrival = Statistics.kolmogorovSmirnov(a.gaps.sorted(), b.gaps.sorted()).map { 1 - $0 }
        func shares(_ counts: [UInt64]) -> [Double] {
            let sum = counts.reduce(0, +)
            return counts.map { sum == 0 ? 0 : Double($0) / Double(sum) }
        }
        byHour = (shares(a.byHour), shares(b.byHour))
    }

    private mutating func compareEntities(_ a: TrafficProfile, _ b: TrafficProfile) {
        let others = Dictionary(b.entities.map { ($0.path, $0) }, uniquingKeysWith: { x, _ in x })
        for entity in a.entities {
            let other = others[entity.path]
            let (p, q) = (
                Scorecard.quantile(entity.counts, 0.99) ?? 0, other.flatMap { Scorecard.quantile($0.counts, 0.99) } ?? 0
            )
            var result = EntityResult(
                path: entity.path, entities: (Int(clamping: entity.number), Int(clamping: other?.number ?? 0)),
                p99: (p, q))
            if let bound = gates.entity { result.countHolds = abs(p - q) <= max(1, bound * p) }
            if entity.transitions.count > 1 {
                result.transitions = other.flatMap {
                    let (x, y) = Self.pooled(entity.transitions, $0.transitions)
                    return Statistics.totalVariation(x, y).map { 1 - $0 }
                }
                if let bound = gates.transition { result.transitionHolds = (result.transitions ?? 0) >= bound }
            }
            entities.append(result)
        }
    }

    /// How many values two fields of ids would share if both were drawn from all texts of the commonest shape.
    private static func expected(_ a: FieldColumn, _ b: FieldColumn) -> Double {
        guard let shape = a.shapes.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key else { return .infinity }
        let kinds: [Character: Double] = ["#": 10, "a": 26, "A": 26, "x": 16]
        return a.distinct * b.distinct / ProfileDraft.expand(shape).reduce(1) { $0 * (kinds[$1] ?? 1) }
    }

    private mutating func comparePrivacy(_ a: TrafficProfile, _ b: TrafficProfile) {
        func shared<Value>(_ x: KeySample<Value>, _ y: KeySample<Value>) -> Int {
            y.table.keys.count { x.table[$0] != nil }
        }
        let common = a.quasiColumns.map { a.columns[$0].path }.sorted()
        if common.count >= 2 {
            quasi = common
            copies = shared(a.tuples, b.tuples)
        }
        for (column, sample) in a.personal.sorted(by: { $0.key < $1.key }) {
            let path = a.columns[column].path
            // One value for everybody is a mask.
            guard a.columns[column].distinct > 1, let second = b.column(named: path), let other = b.personal[second]
            else { continue }
            // Ids count where none would stand on both tapes by chance.
            guard a.isPersonal(column) || Self.expected(a.columns[column], b.columns[second]) < 0.01 else { continue }
            personal.append((path, shared(sample, other)))
        }
    }
}
