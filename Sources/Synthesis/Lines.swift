import Bytes
package import Tape

/// Lines of JSON and CSV for exchanges.
extension SynthesisPlan {
    /// `{"id":…,"time":…,"timeNanos":…,"operation":…,"request":{…},"expected":…,"labels":[…]}` and a line feed.
    package func appendLine(_ head: borrowing ExchangeHead, json: TableSlice, into line: inout Arena) {
        line.append("{\"id\":")
        line.append(decimal: Int64(clamping: head.id))
        line.append(",\"time\":\"")
        line.append(time: head.timeNanos)
        line.append("\",\"timeNanos\":")
        line.append(decimal: Int64(clamping: head.timeNanos))
        line.append(",\"operation\":")
        line.append(quoted: head.operation)
        line.append(",\"request\":")
        line.append(json)
        line.append(",\"expected\":")
        appendText(head.expected, to: &line)
        line.append(",\"labels\":")
        Self.appendLabels(head.labels, to: &line)
        line.append("}\n")
    }

    /// `row` is what ``LeafMaker/Output/row`` holds.
    package func appendRecord(
        _ head: borrowing ExchangeHead, row: TableSlice, _ style: RowStyle, into line: inout Arena
    ) {
        let between: UInt8 = style == .csv ? 0x2C : 0x09
        line.append(decimal: Int64(clamping: head.id))
        line.append(between)
        line.append(time: head.timeNanos)
        line.append(between)
        // Operations are names, or a method and a path; decisions are words: neither needs quotes.
        line.append(contentsOf: head.operation.utf8)
        line.append(between)
        if head.expected.isEmpty { style.appendNothing(to: &line) }
        line.append(contentsOf: head.expected.utf8)
        line.append(between)
        if head.labels.isEmpty {
            style.appendNothing(to: &line)
        } else {
            var space = Arena(capacity: 512)
            Self.appendLabels(head.labels, to: &space)
            style.append(space, 0, space.count, to: &line)
        }
        line.append(row)
        if style == .csv { line.append(0x0D) }
        line.append(0x0A)
    }

    /// With every field, in the names of `tinct show --json`.
    package static func appendLabels(_ labels: [Label], to line: inout Arena) {
        line.append(0x5B)
        for (i, label) in labels.enumerated() {
            if i > 0 { line.append(0x2C) }
            appendLabel(label, to: &line)
        }
        line.append(0x5D)
    }

    static func appendLabel(_ label: Label, to line: inout Arena) {
        func key(_ name: StaticString) {
            if line[line.count - 1] != 0x7B { line.append(0x2C) }
            line.append(0x22)
            line.append(name)
            line.append(0x22)
            line.append(0x3A)
        }
        func text(_ name: StaticString, _ value: String, isNullable: Bool = false) {
            key(name)
            if value.isEmpty && isNullable {
                line.append("null")
            } else {
                line.append(quoted: value)
            }
        }
        line.append(0x7B)
        text("type", label.type)
        text("layer", label.layer)
        text("campaign", label.campaign, isNullable: true)
        text("role", label.role, isNullable: true)
        text("stage", label.stage, isNullable: true)
        key("k")
        line.append(decimal: Int64(label.k))
        key("n")
        line.append(decimal: Int64(label.n))
        key("entities")
        line.append(0x5B)
        for (i, entity) in label.entities.enumerated() {
            if i > 0 { line.append(0x2C) }
            line.append(quoted: entity)
        }
        line.append(0x5D)
        key("parameters")
        line.append(0x7B)
        for (i, parameter) in label.parameters.enumerated() {
            if i > 0 { line.append(0x2C) }
            line.append(quoted: parameter.name)
            line.append(0x3A)
            line.append(quoted: parameter.value)
        }
        line.append(0x7D)
        key("twin")
        line.append(contentsOf: (label.twin.map(String.init) ?? "null").utf8)
        text("detectableAt", label.detectableAt)
        key("minHistory")
        line.append(decimal: Int64(label.minHistory))
        text("expected", label.expected)
        text("difficulty", label.difficulty)
        text("eventTime", Timestamp.rfc3339(label.eventNanos))
        text("labelTime", Timestamp.rfc3339(label.labelNanos))
        line.append(0x7D)
    }

    private func appendText(_ text: String, to line: inout Arena) {
        if text.isEmpty {
            line.append("null")
        } else {
            line.append(quoted: text)
        }
    }
}
