import JSON
import Report
import Stub

/// What `tinct stub` prints at its end.
struct StubSummary {
    var address: String
    var durationNanos: UInt64
    var counts: StubCounts
    var answers: Int
    var unusable: [(reason: String, count: Int)]

    var json: JSONValue {
        let carriers = zip(counts.carriers, counts.byCarrier).map { JSONObject.Member($0, JSONValue($1)) }
        let operations = counts.operations.map { operation in
            JSONValue.object(
                JSONObject([
                    .init("name", JSONValue(operation.name)), .init("requests", JSONValue(operation.requests)),
                    .init("tagged", JSONValue(operation.tagged)), .init("untagged", JSONValue(operation.untagged)),
                    .init("matched", JSONValue(operation.matched)),
                    .init(
                        "carriers",
                        .object(
                            JSONObject(zip(counts.carriers, operation.byCarrier).map { .init($0, JSONValue($1)) }))),
                ]))
        }
        let rules = counts.rules.map { rule in
            JSONValue.object(
                JSONObject([
                    .init("name", JSONValue(rule.name)), .init("matched", JSONValue(rule.matched)),
                    .init("answered", JSONValue(rule.answered)), .init("delayed", JSONValue(rule.delayed)),
                    .init("faults", Self.faults(rule.faults)), .init("failed", JSONValue(rule.failed)),
                ]))
        }
        return .object(
            JSONObject([
                .init("listened", JSONValue(address)), .init("durationNanos", JSONValue(durationNanos)),
                .init("requests", JSONValue(counts.requests)), .init("tagged", JSONValue(counts.tagged)),
                .init("untagged", JSONValue(counts.untagged)), .init("answered", JSONValue(counts.answered)),
                .init("matched", JSONValue(counts.matched)), .init("oneway", JSONValue(counts.oneway)),
                .init("unknownOperation", JSONValue(counts.unknownOperation)),
                .init("withoutAnswer", JSONValue(counts.withoutAnswer)),
                .init("malformed", JSONValue(counts.malformed)),
                .init("unfinished", JSONValue(counts.unfinished)),
                .init("connections", JSONValue(counts.connections)),
                .init("bytesReceived", JSONValue(counts.bytesReceived)),
                .init("bytesSent", JSONValue(counts.bytesSent)),
                .init("carriers", .object(JSONObject(carriers))), .init("operations", JSONValue(operations)),
                .init("faults", Self.faults(counts.faults)), .init("rules", JSONValue(rules)),
                .init(
                    "tape",
                    .object(
                        JSONObject([
                            .init("answers", JSONValue(answers)),
                            .init(
                                "unusable",
                                .object(JSONObject(unusable.map { .init($0.reason, JSONValue($0.count)) }))),
                        ]))),
            ]))
    }

    private static func faults(_ counts: [UInt64]) -> JSONValue {
        .object(JSONObject(zip(StubFault.names, counts).map { JSONObject.Member($0, JSONValue($1)) }))
    }

    var text: String {
        let (requests, tagged) = (Figures.count(counts.requests), Figures.count(counts.tagged))
        var lines = [
            "\(address) took \(requests) requests on \(Figures.count(counts.connections)) connections"
                + " in \(Figures.duration(nanos: durationNanos))",
            "",
            "  tagged     \(tagged) of \(requests) (\(Figures.share(counts.tagged, of: counts.requests)))",
            "  untagged   \(Figures.count(counts.untagged))",
            "  answered   \(Figures.count(counts.answered)), \(Figures.count(counts.matched)) of them as the same request"
                + " was on the tape",
        ]
        for (name, count) in [
            ("oneway", counts.oneway), ("unknown", counts.unknownOperation), ("no answer", counts.withoutAnswer),
            ("malformed", counts.malformed), ("unfinished", counts.unfinished),
        ] where count > 0 {
            lines.append("  \(name.padded(to: 9))  \(Figures.count(count))")
        }
        let carried = zip(counts.carriers, counts.byCarrier).filter { $0.1 > 0 }
        if !carried.isEmpty {
            lines.append("")
            lines += TextReport.table(["carrier", "requests"], carried.map { [$0.0, Figures.count($0.1)] })
        }
        let called = counts.operations.filter { $0.requests > 0 }
        if !called.isEmpty {
            lines.append("")
            lines += TextReport.table(
                ["operation", "requests", "tagged", "untagged", "matched"],
                called.map { operation in
                    [
                        operation.name, Figures.count(operation.requests), Figures.count(operation.tagged),
                        Figures.count(operation.untagged), Figures.count(operation.matched),
                    ]
                })
        }
        if !counts.rules.isEmpty {
            lines.append("")
            lines += TextReport.table(
                ["rule", "matched", "answered", "delayed"] + StubFault.names,
                counts.rules.map { rule in
                    [rule.name]
                        + ([rule.matched, rule.answered, rule.delayed] + rule.faults).map { Figures.count($0) }
                })
            for rule in counts.rules where rule.failed > 0 {
                lines.append(
                    "  \(rule.name): \(Figures.count(rule.failed)) answers could not be made from their requests")
            }
        }
        return lines.map { TextReport.printable($0) + "\n" }.joined()
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
