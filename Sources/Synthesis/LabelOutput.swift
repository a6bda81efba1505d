import Bytes
import Files
package import Tape

/// Labels beside the requests: one line for each, as JSON Lines or CSV, by the ending of the path.
package final class LabelOutput {
    private let file: FileOutput
    private let isTable: Bool
    private var text = Arena()
    private var field = Arena()

    private static let columns = [
        "id", "type", "layer", "campaign", "role", "stage", "k", "n", "entities", "parameters", "twin", "detectableAt",
        "minHistory", "expected", "difficulty", "eventTime", "labelTime",
    ]

    /// Nil when the ending says nothing.
    package static func isKnown(path: String) -> Bool { path.hasSuffix(".jsonl") || path.hasSuffix(".csv") }

    /// - Parameter hasHeader: CSV begins with its header: in shard 0.
    package init(path: String, hasHeader: Bool) throws {
        file = try FileOutput(path: path)
        isTable = path.hasSuffix(".csv")
        if isTable && hasHeader { text.append(contentsOf: (Self.columns.joined(separator: ",") + "\r\n").utf8) }
    }

    package func append(_ exchange: borrowing Exchange) throws {
        for label in exchange.labels {
            if isTable {
                appendRow(exchange.id, label)
            } else {
                text.append(contentsOf: "{\"id\":".utf8)
                text.append(decimal: Int64(clamping: exchange.id))
                text.append(contentsOf: ",\"label\":".utf8)
                SynthesisPlan.appendLabel(label, to: &text)
                text.append(contentsOf: "}\n".utf8)
            }
        }
    }

    private func appendRow(_ id: UInt64, _ label: Label) {
        let cells = [
            "\(id)", label.type, label.layer, label.campaign, label.role, label.stage, "\(label.k)", "\(label.n)",
            label.entities.joined(separator: " "),
            label.parameters.map { "\($0.name)=\($0.value)" }.joined(separator: ";"),
            label.twin.map { "\($0)" } ?? "", label.detectableAt, "\(label.minHistory)", label.expected,
            label.difficulty, Timestamp.rfc3339(label.eventNanos), Timestamp.rfc3339(label.labelNanos),
        ]
        for (at, cell) in cells.enumerated() {
            if at > 0 { text.append(0x2C) }
            field.truncate(to: 0)
            field.append(contentsOf: cell.utf8)
            text.append(field: field, 0, field.count)
        }
        text.append(contentsOf: "\r\n".utf8)
    }

    package func endLeaf() throws {
        if text.count == 0 { return }
        try file.write(text.array())
        text.truncate(to: 0)
    }

    package func finish() throws {
        try endLeaf()
        try file.close()
    }
}
