import Expression
package import JSON

extension TapeDiff {
    /// What `tinct diff --json` prints.
    package var json: JSONValue {
        func object(_ members: [(String, JSONValue)]) -> JSONValue {
            .object(JSONObject(members.map { JSONObject.Member($0.0, $0.1) }))
        }
        func text(_ path: String?) -> JSONValue { path.map { JSONValue($0) } ?? .null }
        let transitions = transitions.map { transition in
            object([
                ("operation", JSONValue(transition.operation)), ("from", JSONValue(transition.from)),
                ("to", JSONValue(transition.to)), ("count", JSONValue(transition.count)),
                ("examples", JSONValue(transition.examples.map { JSONValue($0) })),
            ])
        }
        let fields = fields.map { field in
            object([
                ("operation", JSONValue(field.operation)), ("path", JSONValue(field.path)),
                ("count", JSONValue(field.count)), ("added", JSONValue(field.added)),
                ("removed", JSONValue(field.removed)), ("changed", JSONValue(field.changed)),
                (
                    "examples",
                    JSONValue(
                        field.examples.map { example in
                            var members: [(String, JSONValue)] = [("id", JSONValue(example.id))]
                            if let before = example.before { members.append(("before", before)) }
                            if let after = example.after { members.append(("after", after)) }
                            return object(members)
                        })
                ),
            ])
        }
        return object([
            ("compared", JSONValue(compared)), ("identical", JSONValue(identical)),
            ("notReplayed", JSONValue(notReplayed)),
            ("withoutReference", JSONValue(withoutReference)), ("unknownSource", JSONValue(unknownSource)),
            (
                "decisions",
                object([
                    ("path", text(decisionPath?.description)), ("isDetected", JSONValue(detected != nil)),
                    ("compared", JSONValue(decisionsCompared)), ("changed", JSONValue(decisionsChanged)),
                    ("againstExpectation", JSONValue(againstExpectation)), ("transitions", JSONValue(transitions)),
                ])
            ),
            (
                "responses",
                object([
                    ("compared", JSONValue(responsesCompared)), ("changed", JSONValue(responsesChanged)),
                    ("fields", JSONValue(fields)),
                    ("ignored", JSONValue(options.ignored.map { JSONValue($0.description) })),
                ])
            ),
            (
                "missing",
                object([
                    ("count", JSONValue(missingCount)),
                    ("byOutcome", object(missing.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) })),
                ])
            ),
        ])
    }

    /// For people: the summary, then what changed most. `count` formats a number, `table` lays out columns.
    package func lines(
        count: (UInt64) -> String, share: (UInt64, UInt64) -> String,
        table: (_ head: [String], _ rows: [[String]], _ leading: Set<Int>) -> [String]
    ) -> [String] {
        var lines: [String] = []
        let verdict =
            isClean
            ? "SAME  \(count(compared)) responses compared, nothing changed"
            : "CHANGED  \(count(compared - identical)) of \(count(compared)) responses compared"
                + (missingCount > 0 ? ", \(count(missingCount)) missing" : "")
        lines += [verdict, ""]
        let found = detected == nil ? "" : " (found; --decision names another)"
        let place = decisionPath.map { "at \($0)\(found)" } ?? "nowhere found (--decision names one)"
        lines.append("  decision   \(place)")
        let basis =
            againstExpectation == 0 ? "" : ", \(count(againstExpectation)) of them against what the scenario expects"
        lines.append(
            "  decisions  \(count(decisionsChanged)) of \(count(decisionsCompared)) changed"
                + " (\(share(decisionsChanged, decisionsCompared)))\(basis)")
        lines.append(
            "  responses  \(count(responsesChanged)) of \(count(responsesCompared)) differ"
                + " (\(share(responsesChanged, responsesCompared)))")
        if !options.ignored.isEmpty {
            lines.append("  ignored    \(options.ignored.map(\.description).joined(separator: ", "))")
        }
        for (outcome, number) in missing.sorted(by: { $0.value > $1.value }) {
            lines.append("  missing    \(count(number)) without a reply: \(outcome)")
        }
        if notReplayed > 0 {
            lines.append("  note       \(count(notReplayed)) exchanges of the tape were not replayed")
        }
        if withoutReference > 0 {
            lines.append("  note       \(count(withoutReference)) replies have nothing on the tape to compare with")
        }
        if unknownSource > 0 {
            lines.append("  note       \(count(unknownSource)) replayed exchanges are not of this tape")
        }
        if !transitions.isEmpty {
            lines.append("")
            lines += table(
                ["from", "to", "responses", "share", "operation", "examples"],
                transitions.prefix(40).map { transition in
                    [
                        transition.from, transition.from == transition.to ? "=" : transition.to,
                        count(transition.count),
                        share(transition.count, decisionsCompared), transition.operation, examples(transition.examples),
                    ]
                }, [0, 1, 4, 5])
        }
        if !fields.isEmpty {
            lines.append("")
            lines += table(
                ["field", "differs", "added", "removed", "operation", "examples"],
                fields.prefix(40).map { field in
                    [
                        field.path, count(field.count), count(field.added), count(field.removed), field.operation,
                        examples(field.examples.map(\.id)),
                    ]
                }, [0, 4, 5])
            if fields.count > 40 {
                lines.append("  … and \(count(UInt64(fields.count - 40))) more fields (--json has all)")
            }
        }
        if options.keepsValues {
            for field in fields.prefix(40) {
                for example in field.examples {
                    let (before, after) = (example.before?.text ?? "nothing", example.after?.text ?? "nothing")
                    lines.append("  #\(example.id) \(field.path): \(before) → \(after)")
                }
            }
        }
        return lines
    }

    private func examples(_ ids: [UInt64]) -> String { ids.map { "#\($0)" }.joined(separator: " ") }
}
