import JSON
import Tape

package let checkCommand = CommandSpec(
    name: "check",
    summary: "Verify a tape, and save what is whole of a damaged one",
    arguments: "TAPE",
    argumentCount: 1...1,
    discussion: """
        Reads every record, trusting no index, and compares: checksums of chunks, attachments and of the whole; that every
        exchange can be decoded, stands in the order of its id, at the time that the index says, and holds no more than was
        on the wire; the chunk index, the message indexes and the statistics with what is there. Exits 1 when something is
        wrong.

        --repair writes a new tape with everything that is whole, in its order and with its ids, so that what refers to it
        still does. A chunk is whole or lost; after damage the next whole chunk is sought. Exits 0 when the new tape is
        sound.
        """,
    examples: [
        ("tinct check day.mcap", "Says whether the tape is sound."),
        ("tinct check cut.mcap --repair -o whole.mcap", "Saves what is whole of a tape whose writer was killed."),
    ],
    flags: [
        Flag("repair", help: "Write what is whole to --output."),
        Flag("output", short: "o", value: "TAPE", help: "Where --repair writes.", completion: .file),
        .json,
    ]
) { invocation in
    let path = invocation.arguments[0]
    let output = invocation["output"]
    if invocation.has("repair") != (output != nil) {
        throw CommandError(
            output == nil ? "--repair needs --output TAPE" : "--output needs --repair",
            remedy: "As in tinct check cut.mcap --repair -o whole.mcap.")
    }
    if let output {
        try OutputPath.checkIsNotStandardOutput(output, "output")
        try OutputPath.check(output, "output", against: [path])
    }
    let (checker, repaired) = try checkTape(path, output)
    if invocation.wantsJSON {
        Output.write(checkJSON(path, checker.check, repaired.map { (output ?? "", $0) }).encoded(pretty: true) + [10])
    } else {
        for line in checkText(path, checker.check, repaired.map { (output ?? "", $0) }) { Output.line(line) }
    }
    return (repaired ?? checker.check).isClean ? .ok : .expectationFailed
}

/// Checks a tape and, if there is an output, writes what is whole there and checks that.
private func checkTape(_ path: String, _ output: String?) throws(CommandError) -> (TapeChecker, TapeCheck?) {
    var writer: TapeWriter?
    let checker: TapeChecker
    do throws(TapeError) {
        var progress = ProgressLine()
        var count: UInt64 = 0
        checker = try TapeChecker(path: path) { exchange in
            try writer?.append(exchange)
            count += 1
            progress.update("\(count) exchanges")
        }
        if let output { writer = try TapeWriter(path: output, options: TapeJoin.options(of: [checker.tape])) }
    } catch { throw CommandError(error.description, remedy: "Give a tape that tinct record or tinct synth wrote.") }
    do {
        try checker.run()
        guard let writer, let output else { return (checker, nil) }
        for (name, entries) in checker.metadata where name != "tinct" {
            try writer.add(metadata: name, entries.map { ($0.key, $0.value) })
        }
        for file in checker.attachments {
            try writer.attach(
                name: file.name, mediaType: file.mediaType, bytes: file.bytes, createdNanos: file.createdNanos)
        }
        try writer.finish()
        let second = try TapeChecker(path: output)
        try second.run()
        var repaired = second.check
        // What was lost stays lost: gaps between ids are no fault of the new tape.
        repaired.missingIDs = 0
        return (checker, repaired)
    } catch {
        throw CommandError("the check stopped: \(error)", exit: .failed)
    }
}

private func checkText(_ path: String, _ check: TapeCheck, _ repaired: (path: String, check: TapeCheck)?) -> [String] {
    var lines: [String] = []
    lines.append(
        "\(path): \(check.isClean ? "sound" : "DAMAGED"), \(check.exchanges) exchanges in \(check.chunks) chunks"
            + (check.isComplete ? "" : ", not finished"))
    for finding in check.findings { lines.append("  byte \(finding.offset), \(finding.kind): \(finding.text)") }
    if check.findingCount > UInt64(check.findings.count) {
        lines.append("  and \(check.findingCount - UInt64(check.findings.count)) more")
    }
    if !check.isClean { lines.append("lost: " + lostText(check)) }
    if check.missingIDs > 0 {
        lines.append("\(check.missingIDs) positions between the first and the last exchange are missing")
    }
    if let repaired {
        lines.append(
            "\(repaired.path): \(repaired.check.isClean ? "sound" : "DAMAGED"), \(repaired.check.exchanges) exchanges")
    }
    return lines
}

private func lostText(_ check: TapeCheck) -> String {
    var parts: [String] = []
    if check.damagedChunks > 0 { parts.append("\(check.damagedChunks) chunks in whole or in part") }
    if check.damagedExchanges > 0 { parts.append("\(check.damagedExchanges) exchanges that cannot be decoded") }
    if let missing = check.missingByStatistics, missing > 0 { parts.append("\(missing) exchanges by the statistics") }
    if check.lostBytes > 0 { parts.append("\(check.lostBytes) bytes") }
    return parts.isEmpty ? "nothing but what the index or the statistics say" : parts.joined(separator: ", ")
}

private func checkJSON(_ path: String, _ check: TapeCheck, _ repaired: (path: String, check: TapeCheck)?) -> JSONValue {
    var object = JSONObject()
    object.append("tape", JSONValue(path))
    object.append("sound", JSONValue(check.isClean))
    object.append("complete", JSONValue(check.isComplete))
    object.append("chunks", JSONValue(check.chunks))
    object.append("exchanges", JSONValue(check.exchanges))
    object.append("findingCount", JSONValue(check.findingCount))
    object.append(
        "findings",
        JSONValue(
            check.findings.map { finding in
                .object(
                    JSONObject([
                        .init("kind", JSONValue(finding.kind)), .init("offset", JSONValue(finding.offset)),
                        .init("text", JSONValue(finding.text)),
                    ]))
            }))
    var lost = JSONObject()
    lost.append("chunks", JSONValue(check.damagedChunks))
    lost.append("exchanges", JSONValue(check.damagedExchanges))
    lost.append("byStatistics", check.missingByStatistics.map { JSONValue($0) } ?? .null)
    lost.append("ids", JSONValue(check.missingIDs))
    lost.append("bytes", JSONValue(check.lostBytes))
    object.append("lost", .object(lost))
    object.append("repaired", repaired.map { checkJSON($0.path, $0.check, nil) } ?? .null)
    return .object(object)
}
