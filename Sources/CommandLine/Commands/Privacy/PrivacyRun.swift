import JSON
import Privacy
import Recording
import Schema
import Tape

/// One run of `tinct privacy`.
struct PrivacyRun {
    private let invocation: Invocation
    private let reader: TapeReader
    private let schemas: SchemaSet

    private struct Row: Hashable {
        var personal: PersonalClass
        var field: String
    }

    /// How often something was found.
    private struct Count {
        var masked: UInt64 = 0
        var unmasked: UInt64 = 0
    }

    init(_ invocation: Invocation) throws(CommandError) {
        self.invocation = invocation
        reader = try TapeInput.open(invocation.arguments[1])
        schemas = try TapeInput.schemas(of: reader, idl: invocation.all("idl"))
    }

    func scan() throws -> ExitCode {
        var masker = ExchangeMasker(try MaskingFlags.plan(invocation, schemas, mode: .scan), schema: schemas)
        var rows: [Row: Count] = [:]
        var exchanges: UInt64 = 0
        var progress = ProgressLine()
        // Addresses of clients have no spans: a masked tape's are pseudonyms.
        let hasMaskedClients = !reader.isRaw && reader.maskKey != nil
        while var exchange = try TapeInput.next(reader) {
            exchanges += 1
            masker.mask(&exchange) { sighting in
                let isMasked = sighting.isMasked || (hasMaskedClients && sighting.field == "client address")
                let row = Row(personal: sighting.personal, field: sighting.field)
                if isMasked {
                    rows[row, default: Count()].masked += 1
                } else {
                    rows[row, default: Count()].unmasked += 1
                }
            }
            progress.update("\(exchanges) exchanges")
        }
        progress.finish()
        let sorted = rows.sorted { a, b in
            (b.value.unmasked, a.key.personal.rawValue, a.key.field) < (
                a.value.unmasked, b.key.personal.rawValue, b.key.field
            )
        }
        let unmasked = rows.values.reduce(0) { $0 + $1.unmasked }
        if invocation.wantsJSON {
            printJSON(sorted, exchanges, unmasked)
        } else {
            printText(sorted, exchanges, unmasked)
        }
        if unmasked == 0 && !reader.isComplete {
            throw CommandError(
                "\(reader.path) is cut: what stands behind its first \(exchanges) exchanges was not looked at",
                remedy: "Scan it when its writer has ended, or the part that can be read: tinct cut TAPE -o PART.",
                exit: .failed)
        }
        return unmasked == 0 ? .ok : .expectationFailed
    }

    private func printText(_ rows: [(key: Row, value: Count)], _ exchanges: UInt64, _ unmasked: UInt64) {
        if reader.isRaw { Output.line("RAW TAPE: personal data and credentials stand in it unmasked") }
        if let policy = reader.maskPolicy, let key = reader.maskKey {
            Output.line("masked by policy \(policy.prefix(12)), key \(key)")
        }
        var table = TextTable(["class", "field", "unmasked", "masked"])
        for (row, count) in rows {
            table.add([row.personal.rawValue, row.field, String(count.unmasked), String(count.masked)])
        }
        if !rows.isEmpty { for line in table.lines(textColumns: 2) { Output.line(line) } }
        Output.line(
            unmasked == 0
                ? "nothing unmasked in \(exchanges) exchanges" : "\(unmasked) values unmasked in \(exchanges) exchanges"
        )
    }

    private func printJSON(_ rows: [(key: Row, value: Count)], _ exchanges: UInt64, _ unmasked: UInt64) {
        var json = JSONWriter(pretty: true)
        func text(_ name: String, _ value: String?) {
            json.key(name)
            if let value { json.string(value) } else { json.null() }
        }
        func number(_ name: String, _ value: UInt64) {
            json.key(name)
            json.number(value)
        }
        json.beginObject()
        text("schema", "tinct.privacy/1")
        text("tape", reader.path)
        json.key("raw")
        json.bool(reader.isRaw)
        text("policy", reader.maskPolicy)
        text("key", reader.maskKey)
        number("exchanges", exchanges)
        number("unmasked", unmasked)
        json.key("findings")
        json.beginArray()
        for (row, count) in rows {
            json.beginObject()
            text("class", row.personal.rawValue)
            text("field", row.field)
            number("unmasked", count.unmasked)
            number("masked", count.masked)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        Output.write(json.bytes + [10])
    }

    func mask() throws -> ExitCode {
        guard let output = invocation["output"] else { return .usage }
        try OutputPath.checkIsNotStandardOutput(output, "output")
        try OutputPath.check(output, "output", against: [reader.path] + invocation.all("idl"))
        let plan = try MaskingFlags.plan(invocation, schemas)
        if !reader.isRaw && reader.maskKey != nil {
            Output.warn("\(reader.path) is masked already: only what was left on it is masked now")
        }
        MaskingFlags.noteRandomKey(plan)
        var masker = ExchangeMasker(plan, schema: schemas)
        var counts: [String: UInt64] = [:]
        var exchanges: UInt64 = 0
        do {
            var options = TapeJoin.options(of: [reader])
            options.isRaw = false
            options.properties.removeAll { ["maskPolicy", "maskKey", "maskKeyFrom"].contains($0.name) }
            options.properties += MaskingFlags.properties(plan)
            let writer = try TapeWriter(path: output, options: options)
            for file in try TapeJoin.attachments(of: [reader]) + MaskingFlags.attachments(plan) {
                try writer.attach(file)
            }
            while var exchange = try TapeInput.next(reader) {
                masker.mask(&exchange) { counts[$0.personal.rawValue, default: 0] += 1 }
                try writer.append(&exchange)
                exchanges += 1
            }
            try writer.finish()
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError("masking stopped after \(exchanges) exchanges: \(error)", exit: .failed)
        }
        let ranked = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        Output.line("exchanges   \(exchanges)")
        Output.line("masked      " + ranked.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        Output.line("tape        \(output)")
        return .ok
    }
}
