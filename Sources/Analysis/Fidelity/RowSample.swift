/// Whole requests, as many as fit, chosen by a hash of their position: every request has the same chance, and the choice
/// is the same on every machine.
package struct RowSample: Sendable {
    /// A number's bits, or a text's hash.
    package enum Cell: Sendable, Equatable {
        case number(Double)
        case text(UInt64)
    }

    package struct Row: Sendable {
        var priority: UInt64
        package var columns: [UInt16] = []
        package var cells: [Cell] = []

        package subscript(column: Int) -> Cell? {
            // Columns come in about the order in which they were first seen.
            if column < columns.count && columns[column] == UInt16(column) { return cells[column] }
            return columns.firstIndex(of: UInt16(truncatingIfNeeded: column)).map { cells[$0] }
        }
    }

    /// About 24 bytes each.
    static let cellLimit = 3_000_000

    package private(set) var rows: [Row] = []
    /// How many rows there were to choose from.
    package private(set) var offered: UInt64 = 0
    private var threshold = UInt64.max
    private var cells = 0

    /// Nil when this position is not chosen.
    mutating func offer() -> UInt64? {
        let priority = StableHash.mix(offered)
        offered += 1
        return priority <= threshold ? priority : nil
    }

    mutating func add(_ row: Row) {
        rows.append(row)
        cells += row.cells.count
        while cells > Self.cellLimit {
            threshold /= 2
            let limit = threshold
            rows.removeAll { $0.priority > limit }
            cells = rows.reduce(0) { $0 + $1.cells.count }
            if threshold == 0 { return }
        }
    }

    /// The numbers of a column, in the order of the tape; absent ones left out.
    package func numbers(_ column: Int) -> [Double] {
        rows.compactMap { if case .number(let value)? = $0[column] { value } else { nil } }
    }
}

/// Counts by key over as many keys as fit, chosen by their hash: each key has the same chance, and of a chosen key
/// nothing is missed.
struct KeySample<Value: Sendable>: Sendable {
    private(set) var table: [UInt64: Value] = [:]
    private(set) var threshold = UInt64.max
    let limit: Int

    init(limit: Int) { self.limit = limit }

    mutating func update(_ key: UInt64, _ initial: Value, _ body: (inout Value) -> Void) {
        if key > threshold { return }
        body(&table[key, default: initial])
        while table.count > limit {
            threshold /= 2
            let bound = threshold
            table = table.filter { $0.key <= bound }
            if threshold == 0 { return }
        }
    }
}
