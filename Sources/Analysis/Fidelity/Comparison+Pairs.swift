/// How fields hang together: rank correlations of numbers, contingency of the rest.
extension Comparison {
    /// A column as pairs need it: numbers and their bins, or codes of categories.
    private struct Coded {
        var path: String
        var numbers: [Double?] = []
        var codes: [Int] = []
        var codeCount = 0
        var isNumber = false
    }

    mutating func comparePairs(_ a: TrafficProfile, _ b: TrafficProfile) {
        let chosen = fields.filter { field in
            guard [.number, .category].contains(field.kind), !field.path.contains("*"),
                let x = a.column(named: field.path), b.column(named: field.path) != nil
            else { return false }
            return a.columns[x].distinct > 1 && field.present.0 > 0.02
        }.prefix(Self.pairColumnLimit)
        let (rowsA, rowsB) = (Self.thinned(a.rows.rows), Self.thinned(b.rows.rows))
        var coded: [(Coded, Coded)] = []
        for field in chosen {
            guard let columnA = a.column(named: field.path), let columnB = b.column(named: field.path) else { continue }
            if field.kind == .number {
                let edges = Statistics.edges(a.rows.numbers(columnA).sorted(), bins: 5)
                coded.append(
                    (Self.code(field.path, rowsA, columnA, edges), Self.code(field.path, rowsB, columnB, edges)))
            } else {
                let top = a.columns[columnA].categories.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(9)
                let codes = Dictionary(
                    top.enumerated().map { (StableHash.of($0.element.key), $0.offset) }, uniquingKeysWith: { x, _ in x }
                )
                coded.append(
                    (Self.code(field.path, rowsA, columnA, codes), Self.code(field.path, rowsB, columnB, codes)))
            }
        }
        for (place, first) in coded.enumerated() {
            for second in coded[(place + 1)...] {
                if let pair = Self.pair(first, second) { pairs.append(pair) }
            }
        }
    }

    private static func thinned(_ rows: [RowSample.Row]) -> [RowSample.Row] {
        let step = (rows.count + pairRowLimit - 1) / pairRowLimit
        return step <= 1 ? rows : stride(from: 0, to: rows.count, by: step).map { rows[$0] }
    }

    private static func code(_ path: String, _ rows: [RowSample.Row], _ column: Int, _ edges: [Double]) -> Coded {
        var coded = Coded(path: path, codeCount: edges.count + 2, isNumber: true)
        for row in rows {
            if case .number(let value)? = row[column] {
                coded.numbers.append(value)
                coded.codes.append(Statistics.bin(value, edges))
            } else {
                coded.numbers.append(nil)
                coded.codes.append(edges.count + 1)
            }
        }
        return coded
    }

    private static func code(_ path: String, _ rows: [RowSample.Row], _ column: Int, _ codes: [UInt64: Int]) -> Coded {
        var coded = Coded(path: path, codeCount: codes.count + 2)
        for row in rows {
            if case .text(let hash)? = row[column] {
                coded.codes.append(codes[hash] ?? codes.count)
            } else {
                coded.codes.append(codes.count + 1)
            }
        }
        return coded
    }

    private static func pair(_ first: (Coded, Coded), _ second: (Coded, Coded)) -> Pair? {
        if first.0.isNumber && second.0.isNumber {
            func spearman(_ x: Coded, _ y: Coded) -> Double? {
                var (xs, ys): ([Double], [Double]) = ([], [])
                for (a, b) in zip(x.numbers, y.numbers) {
                    guard let a, let b else { continue }
                    xs.append(a)
                    ys.append(b)
                }
                return xs.count < 50 ? nil : Statistics.correlation(Statistics.ranks(xs), Statistics.ranks(ys))
            }
            guard let a = spearman(first.0, second.0) else { return nil }
            // What varies on the reference and not on the other tape goes with nothing there.
            let b = spearman(first.1, second.1) ?? 0
            return Pair(
                first: first.0.path, second: second.0.path, measure: "correlation", values: (a, b),
                similarity: 1 - abs(a - b) / 2)
        }
        func table(_ x: Coded, _ y: Coded) -> [Int: UInt64] {
            var counts: [Int: UInt64] = [:]
            for (a, b) in zip(x.codes, y.codes) { counts[a * 64 + b, default: 0] += 1 }
            return counts
        }
        return Statistics.totalVariation(table(first.0, second.0), table(first.1, second.1)).map {
            Pair(first: first.0.path, second: second.0.path, measure: "contingency", values: nil, similarity: 1 - $0)
        }
    }
}
