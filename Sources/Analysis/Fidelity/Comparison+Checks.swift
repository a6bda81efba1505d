/// Which gates hold, and what is furthest from passing each.
extension Comparison {
    mutating func check() {
        func add(
            _ gate: String, _ measure: String, _ values: [(at: String, value: Double, holds: Bool)], lowIsBad: Bool
        ) {
            guard gates[gate] != nil, !values.isEmpty else { return }
            let worst = values.min { lowIsBad ? $0.value < $1.value : $0.value > $1.value }
            checks.append(
                Check(
                    gate: gate, measure: measure, worst: worst?.value, at: worst?.at ?? "", bound: gates[gate],
                    judged: values.count, failed: values.count { !$0.holds }))
        }
        let (field, psi, pair) = (gates.field ?? 0, gates.psi ?? .infinity, gates.pair ?? 0)
        add(
            "field", "least complement of a field's KS distance or total variation",
            fields.compactMap { entry in entry.similarity.map { (entry.path, $0, $0 >= field) } }, lowIsBad: true)
        add(
            "field", "least complement of the difference of a field's presence",
            fields.map { entry in
                let value = 1 - abs(entry.present.0 - entry.present.1)
                return (entry.path, value, value >= field)
            }, lowIsBad: true)
        add(
            "psi", "greatest population stability index of a field",
            fields.compactMap { entry in entry.psi.map { (entry.path, $0, $0 < psi) } }, lowIsBad: false)
        for index in fields.indices {
            let entry = fields[index]
            fields[index].holds =
                (entry.similarity ?? 1) >= field && 1 - abs(entry.present.0 - entry.present.1) >= field
                && (entry.psi ?? 0) < psi
        }
        for index in pairs.indices { pairs[index].holds = pairs[index].similarity >= pair }
        add(
            "pair", "least similarity of two fields' correlation or contingency",
            pairs.map { ("\($0.first) × \($0.second)", $0.similarity, $0.holds) }, lowIsBad: true)
        add(
            "arrival", "complement of the KS distance of inter-arrival times",
            arrival.map { [("", $0, $0 >= gates.arrival ?? 0)] } ?? [], lowIsBad: true)
        add(
            "entity", "greatest relative difference of the 99th percentile of exchanges by entity",
            entities.map { ($0.path, abs($0.p99.0 - $0.p99.1) / max(1, $0.p99.0), $0.countHolds) }, lowIsBad: false)
        add(
            "transition", "least complement of the total variation of transitions",
            entities.compactMap { entity in
                entity.transitions.map { (entity.path, $0, entity.transitionHolds) }
            }, lowIsBad: true)
        add(
            "decision", "greatest difference of a decision's share",
            decisions.map { entry in
                let value = abs(entry.shares.0 - entry.shares.1)
                return (entry.name, value, value <= gates.decision ?? 1)
            }, lowIsBad: false)
        add(
            "copies", "tuples of the reference that tell somebody apart and stand on the other tape",
            copies.map { [(quasi.joined(separator: " + "), Double($0), Double($0) <= gates.copies ?? 0)] } ?? [],
            lowIsBad: false)
        add(
            "personal", "values of the reference's personal data, or ids, that stand on the other tape",
            personal.map { ($0.path, Double($0.count), Double($0.count) <= gates.personal ?? 0) }, lowIsBad: false)
    }
}
