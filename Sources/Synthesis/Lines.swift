import Bytes
package import Tape

/// Lines of JSON and CSV for exchanges.
extension SynthesisPlan {
    /// `{"id":…,"time":…,"timeNanos":…,"operation":…,"request":{…},"expected":…,"labels":[…]}` and a line feed.
    package func appendLine(_ exchange: borrowing Exchange, json: [UInt8], into line: inout [UInt8]) {
        line.append(contentsOf: "{\"id\":".utf8)
        appendDecimal(Int64(clamping: exchange.id), to: &line)
        line.append(contentsOf: ",\"time\":\"".utf8)
        appendTime(exchange.startNanos, to: &line)
        line.append(contentsOf: "\",\"timeNanos\":".utf8)
        appendDecimal(Int64(clamping: exchange.startNanos), to: &line)
        line.append(contentsOf: ",\"operation\":".utf8)
        RequestWriter.appendQuoted(Array(exchange.operation.utf8)[...], to: &line)
        line.append(contentsOf: ",\"request\":".utf8)
        line.append(contentsOf: json)
        line.append(contentsOf: ",\"expected\":".utf8)
        appendText(exchange.expected, to: &line)
        line.append(contentsOf: ",\"labels\":".utf8)
        Self.appendLabels(exchange.labels, to: &line)
        line.append(contentsOf: "}\n".utf8)
    }

    /// `row` is what ``LeafMaker/Output/row`` holds.
    package func appendRecord(_ exchange: borrowing Exchange, row: [UInt8], into line: inout [UInt8]) {
        appendDecimal(Int64(clamping: exchange.id), to: &line)
        line.append(0x2C)
        appendTime(exchange.startNanos, to: &line)
        line.append(0x2C)
        Self.appendCSV(Array(exchange.operation.utf8)[...], into: &line)
        line.append(0x2C)
        line.append(contentsOf: exchange.expected.utf8)
        line.append(0x2C)
        if !exchange.labels.isEmpty {
            var labels: [UInt8] = []
            Self.appendLabels(exchange.labels, to: &labels)
            Self.appendCSV(labels[...], into: &line)
        }
        line.append(contentsOf: row)
        line.append(contentsOf: "\r\n".utf8)
    }

    /// With every field, in the names of `tinct show --json`.
    package static func appendLabels(_ labels: [Label], to line: inout [UInt8]) {
        line.append(0x5B)
        for (i, label) in labels.enumerated() {
            if i > 0 { line.append(0x2C) }
            appendLabel(label, to: &line)
        }
        line.append(0x5D)
    }

    private static func appendLabel(_ label: Label, to line: inout [UInt8]) {
        func key(_ name: StaticString) {
            line.append(line.last == 0x7B ? 0x22 : 0x2C)
            if line.last == 0x2C { line.append(0x22) }
            line.append(contentsOf: name.description.utf8)
            line.append(contentsOf: [0x22, 0x3A])
        }
        func text(_ name: StaticString, _ value: String, isNullable: Bool = false) {
            key(name)
            if value.isEmpty && isNullable {
                line.append(contentsOf: "null".utf8)
            } else {
                RequestWriter.appendQuoted(Array(value.utf8)[...], to: &line)
            }
        }
        line.append(0x7B)
        text("type", label.type)
        text("layer", label.layer)
        text("campaign", label.campaign, isNullable: true)
        text("role", label.role, isNullable: true)
        text("stage", label.stage, isNullable: true)
        key("k")
        appendDecimal(Int64(label.k), to: &line)
        key("n")
        appendDecimal(Int64(label.n), to: &line)
        key("entities")
        line.append(0x5B)
        for (i, entity) in label.entities.enumerated() {
            if i > 0 { line.append(0x2C) }
            RequestWriter.appendQuoted(Array(entity.utf8)[...], to: &line)
        }
        line.append(0x5D)
        key("parameters")
        line.append(0x7B)
        for (i, parameter) in label.parameters.enumerated() {
            if i > 0 { line.append(0x2C) }
            RequestWriter.appendQuoted(Array(parameter.name.utf8)[...], to: &line)
            line.append(0x3A)
            RequestWriter.appendQuoted(Array(parameter.value.utf8)[...], to: &line)
        }
        line.append(0x7D)
        key("twin")
        line.append(contentsOf: (label.twin.map(String.init) ?? "null").utf8)
        text("detectableAt", label.detectableAt)
        key("minHistory")
        appendDecimal(Int64(label.minHistory), to: &line)
        text("expected", label.expected)
        text("difficulty", label.difficulty)
        text("eventTime", Timestamp.rfc3339(label.eventNanos))
        text("labelTime", Timestamp.rfc3339(label.labelNanos))
        line.append(0x7D)
    }

    private func appendText(_ text: String, to line: inout [UInt8]) {
        if text.isEmpty {
            line.append(contentsOf: "null".utf8)
        } else {
            RequestWriter.appendQuoted(Array(text.utf8)[...], to: &line)
        }
    }
}

/// RFC 3339 with nine decimals, as ``Timestamp`` writes it, without a string.
func appendTime(_ nanos: UInt64, to line: inout [UInt8]) {
    let seconds = nanos / 1_000_000_000
    let day = calendarDay(Int(clamping: seconds / 86_400))
    let rest = seconds % 86_400
    func digits(_ value: UInt64, _ count: Int, _ end: UInt8) {
        IdentifierWriter.appendDigits(value, count: count, to: &line)
        line.append(end)
    }
    digits(UInt64(day.year), 4, 0x2D)
    digits(UInt64(day.month), 2, 0x2D)
    digits(UInt64(day.day), 2, 0x54)
    digits(rest / 3600, 2, 0x3A)
    digits(rest / 60 % 60, 2, 0x3A)
    digits(rest % 60, 2, 0x2E)
    digits(nanos % 1_000_000_000, 9, 0x5A)
}
