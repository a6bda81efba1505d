package import JSON

extension Comparison {
    /// What `tinct compare --json` prints.
    package var json: JSONObject {
        func two(_ pair: (Double, Double)) -> JSONValue { [JSONValue(pair.0), JSONValue(pair.1)] }
        func optional(_ value: Double?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
        var object = JSONObject()
        object.append("holds", JSONValue(holds))
        object.append("exchanges", [JSONValue(exchanges.0), JSONValue(exchanges.1)])
        object.append(
            "checks",
            JSONValue(
                checks.map { check in
                    [
                        "gate": JSONValue(check.gate), "measure": JSONValue(check.measure),
                        "worst": optional(check.worst), "at": JSONValue(check.at), "bound": optional(check.bound),
                        "judged": JSONValue(check.judged), "failed": JSONValue(check.failed),
                        "holds": JSONValue(check.holds),
                    ]
                }))
        object.append(
            "fields",
            JSONValue(
                fields.map { field in
                    [
                        "path": JSONValue(field.path), "kind": JSONValue(field.kind.rawValue),
                        "present": two(field.present), "similarity": optional(field.similarity),
                        "psi": optional(field.psi), "holds": JSONValue(field.holds),
                    ]
                }))
        object.append(
            "pairs",
            JSONValue(
                pairs.map { pair in
                    [
                        "fields": [JSONValue(pair.first), JSONValue(pair.second)], "measure": JSONValue(pair.measure),
                        "values": pair.values.map(two) ?? .null, "similarity": JSONValue(pair.similarity),
                        "holds": JSONValue(pair.holds),
                    ]
                }))
        object.append("arrival", optional(arrival))
        object.append("operations", optional(operations))
        object.append(
            "entities",
            JSONValue(
                entities.map { entity in
                    [
                        "path": JSONValue(entity.path),
                        "entities": [JSONValue(entity.entities.0), JSONValue(entity.entities.1)],
                        "p99": two(entity.p99), "transitions": optional(entity.transitions),
                        "holds": JSONValue(entity.countHolds && entity.transitionHolds),
                    ]
                }))
        object.append(
            "decisions",
            JSONValue(decisions.map { ["decision": JSONValue($0.name), "shares": two($0.shares)] }))
        object.append("copies", copies.map { JSONValue($0) } ?? .null)
        object.append("quasi", JSONValue(quasi.map { JSONValue($0) }))
        object.append(
            "personal", JSONValue(personal.map { ["path": JSONValue($0.path), "replayed": JSONValue($0.count)] }))
        return object
    }
}
