import Analysis
import Expression
import JSON
import Tape

/// JSON Lines: all that `show --json --payload` prints, or the chosen columns under the names as given.
struct LinesExporter: Exporter {
    private let columns: [ExpressionPath]
    private let view: ExchangeView
    private var writer = JSONWriter()

    init(_ columns: [ExpressionPath], _ view: ExchangeView) {
        self.columns = columns
        self.view = view
    }

    mutating func append(_ exchange: Exchange, to out: inout [UInt8]) -> LeftOut? {
        writer.removeAll()
        if columns.isEmpty {
            writer.value(view.json(exchange))
        } else {
            var fields = ExchangeFields(exchange, view)
            writer.beginObject()
            for column in columns {
                writer.key(column.description)
                writer.value(fields.value(at: column) ?? .null)
            }
            writer.endObject()
        }
        writer.newline()
        out += writer.bytes
        return nil
    }
}

/// CSV as RFC 4180 has it: a header, lines end with CRLF, a field with a comma, a quote or a line break is quoted and its
/// quotes are doubled. What is missing or null is empty; objects and lists are JSON texts.
///
/// Spreadsheets run a cell that begins with `=`, `+`, `-` or `@` as a formula ("CSV injection"). Programs want the bytes as
/// they are, so they stay, unless the spreadsheet-safe form is asked for: then such text, numbers aside, and text that
/// begins with a tab or a carriage return, gets an apostrophe in front.
struct TableExporter: Exporter {
    /// What is written when no columns are chosen.
    static let usual = [
        "id", "time", "flow", "ordinal", "protocol", "operation", "client", "server", "status", "latencyMicros",
        "tagged",
        "request.bytes", "response.bytes", "expected", "run.outcome",
    ].map { ExpressionPath(segments: $0.split(separator: ".").map { String($0) }) }

    private let columns: [ExpressionPath]
    private let view: ExchangeView
    private let isSpreadsheetSafe: Bool

    init(_ columns: [ExpressionPath], _ view: ExchangeView, isSpreadsheetSafe: Bool) {
        self.columns = columns.isEmpty ? Self.usual : columns
        self.view = view
        self.isSpreadsheetSafe = isSpreadsheetSafe
    }

    mutating func begin(_ out: inout [UInt8]) {
        for (index, column) in columns.enumerated() {
            if index > 0 { out.append(0x2C) }
            Self.append(column.description, to: &out)
        }
        out += [13, 10]
    }

    mutating func append(_ exchange: Exchange, to out: inout [UInt8]) -> LeftOut? {
        var fields = ExchangeFields(exchange, view)
        for (index, column) in columns.enumerated() {
            if index > 0 { out.append(0x2C) }
            switch fields.value(at: column) {
            case nil, .null?: break
            case .string(let text)?: Self.append(isSpreadsheetSafe ? Self.disarmed(text) : text, to: &out)
            case .number(let number)?: out += number.text.utf8
            case let value?: Self.append(value.text, to: &out)
            }
        }
        out += [13, 10]
        return nil
    }

    static func disarmed(_ text: String) -> String {
        guard let first = text.utf8.first, "=+-@\t\r".utf8.contains(first) else { return text }
        return "'" + text
    }

    static func append(_ text: String, to out: inout [UInt8]) {
        // A lone empty or blank-edged field is quoted too: some readers would drop it or trim it.
        let special = text.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 10 || $0 == 13 }
        if !special && text.utf8.first != 0x20 && text.utf8.last != 0x20 {
            out += text.utf8
            return
        }
        out.append(0x22)
        for byte in text.utf8 {
            if byte == 0x22 { out.append(0x22) }
            out.append(byte)
        }
        out.append(0x22)
    }
}
