/// Columns of text for a terminal, and numbers as people read them.
package struct TextTable {
    private var rows: [[String]]

    package init(_ header: [String]) { rows = [header] }

    package mutating func add(_ row: [String]) { rows.append(row) }

    /// The first `textColumns` columns stand to the left, the others, numbers, to the right.
    package func lines(textColumns: Int = 1) -> [String] {
        var widths = [Int](repeating: 0, count: rows.map(\.count).max() ?? 0)
        for row in rows { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) } }
        return rows.map { row in
            let cells = row.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column < textColumns ? cell + padding : padding + cell
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// `512 B`, `1.5 kB`, `20.3 MB`: powers of 1000.
    package static func bytes(_ count: UInt64) -> String {
        let units = [("GB", UInt64(1_000_000_000)), ("MB", 1_000_000), ("kB", 1000)]
        for (unit, scale) in units where count >= scale { return "\(oneDecimal(count, per: scale)) \(unit)" }
        return "\(count) B"
    }

    /// `1.204` for 1,204 µs.
    package static func millis(micros: UInt64) -> String {
        let rest = String(micros % 1000)
        return "\(micros / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }

    package static func seconds(_ nanos: UInt64) -> String { "\(oneDecimal(nanos, per: 1_000_000_000)) s" }

    /// `99.97 %`, rounded down, so that 100 % is said of nothing less.
    package static func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded(.down))
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) %"
    }

    private static func oneDecimal(_ value: UInt64, per scale: UInt64) -> String {
        "\(value / scale).\(value % scale * 10 / scale)"
    }
}
