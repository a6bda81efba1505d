package import JSON

extension DependencyTimes {
    /// What `tinct explain --json` prints (schemas/output/explain.schema.json).
    package var json: JSONValue {
        func object(_ members: [(String, JSONValue)]) -> JSONValue {
            .object(JSONObject(members.map { JSONObject.Member($0.0, $0.1) }))
        }
        func parts(_ parts: [Part], dominated: Bool) -> JSONValue {
            JSONValue(
                zip(names, parts).map { name, part in
                    object(
                        [
                            ("name", JSONValue(name)), ("calls", JSONValue(part.calls)),
                            ("unanswered", JSONValue(part.unanswered)), ("nanos", JSONValue(part.nanos)),
                        ] + (dominated ? [("dominated", JSONValue(part.dominated))] : []))
                })
        }
        return object([
            ("schema", JSONValue("tinct.explain/1")), ("exchanges", JSONValue(exchanges)),
            ("withoutTrace", JSONValue(withoutTrace)), ("slowNanos", JSONValue(slowNanos)),
            (
                "dependencies",
                JSONValue(
                    names.indices.map { index in
                        object([
                            ("name", JSONValue(names[index])), ("calls", JSONValue(calls[index])),
                            ("joined", JSONValue(joined[index])), ("withoutTrace", JSONValue(callsWithoutTrace[index])),
                        ])
                    })
            ),
            (
                "operations",
                JSONValue(
                    rows.map { row in
                        object([
                            ("operation", JSONValue(row.operation)), ("group", JSONValue(row.group.rawValue)),
                            ("exchanges", JSONValue(row.exchanges)), ("withoutCalls", JSONValue(row.withoutCalls)),
                            ("totalNanos", JSONValue(row.totalNanos)), ("outsideNanos", JSONValue(row.outsideNanos)),
                            ("dependencies", parts(row.dependencies, dominated: true)),
                        ])
                    })
            ),
            (
                "slowest",
                JSONValue(
                    examples.map { example in
                        object([
                            ("position", JSONValue(example.position)), ("round", JSONValue(example.round)),
                            ("operation", JSONValue(example.operation)), ("outcome", JSONValue(example.outcome)),
                            ("totalNanos", JSONValue(example.totalNanos)),
                            ("outsideNanos", JSONValue(example.outsideNanos)),
                            ("dependencies", parts(example.dependencies, dominated: false)),
                        ])
                    })
            ),
        ])
    }
}
