import Tape

/// Sessions, as flows: one for each state in which sessions begin, with the transitions between states and the time that
/// they take.
extension ProfileDraft {
    /// What is written of sessions.
    struct SessionPlan {
        /// The entity's column, and that of the field whose values are the states; nil where operations are.
        var entity: Int
        var state: Int?
        var sessions: Sessions
        /// The states that may stand in the profile, by their numbers, the commonest first.
        var states: [(number: UInt16, text: String, name: String)]
    }

    /// States that are followed, at most: there is a flow for each.
    package static let stateLimit = 8
    /// Of how many pieces the distribution of a transition's time is made.
    private static let pieces = 6

    /// Nil, with a note, where there are no sessions to write.
    mutating func sessionPlan() -> SessionPlan? {
        let path = profile.options.state
        if profile.options.sessionNanos == 0 || (path.isEmpty && options.streams.isEmpty) { return nil }
        let state = profile.column(named: path).flatMap { categories[$0] == nil ? nil : $0 }
        guard path.isEmpty || state != nil else {
            notes.append("sessions are left out: \(path) has no values with \(options.least) requests behind each")
            return nil
        }
        var best: (entity: Int, sessions: Sessions, exchanges: UInt64)?
        for entity in profile.entities where owners[entity.column] == entity.column {
            guard let sessions = profile.sessions[entity.column]?.finished() else { continue }
            let exchanges = sessions.beginnings.values.reduce(0) { $0 + $1.exchanges }
            if exchanges > best?.exchanges ?? 0 { best = (entity.column, sessions, exchanges) }
        }
        guard let best, best.exchanges >= options.least * 5 else {
            notes.append("sessions are left out: hardly anybody comes back within one")
            return nil
        }
        return SessionPlan(
            entity: best.entity, state: state, sessions: best.sessions, states: state.map { states($0) } ?? operations()
        )
    }

    /// The commonest values of the field of the states.
    private mutating func states(_ column: Int) -> [(UInt16, String, String)] {
        let values = categories[column] ?? []
        var names = Self.reservedStates
        var states: [(UInt16, String, String)] = []
        for value in values.prefix(Self.stateLimit) {
            guard let number = profile.states.firstIndex(of: value.text) else { continue }
            states.append((UInt16(truncatingIfNeeded: number), value.text, Self.name(value.text, &names)))
        }
        if values.count > states.count {
            let path = profile.columns[column].path
            notes.append("of \(values.count) values of \(path), the \(states.count) commonest are states of sessions")
        }
        return states
    }

    private func operations() -> [(UInt16, String, String)] {
        options.streams.compactMap { stream in
            profile.states.firstIndex(of: stream.operation).map {
                (UInt16(truncatingIfNeeded: $0), stream.operation, stream.name)
            }
        }
    }

    /// What states of flows are called that come from no recording.
    static let reservedStates: Set<String> = ["first", "end"]

    /// A name of letters and digits that none of `names` is, and which is one of them then.
    static func name(_ text: String, _ names: inout Set<String>) -> String {
        var name = String(text.filter { $0.isASCII && ($0.isLetter || $0.isNumber) })
        if name.isEmpty || name.first?.isNumber == true { name = "s" + name }
        while !names.insert(name).inserted { name += "2" }
        return name
    }

    /// What single exchanges have in the field of the states; nil where there are too few of them.
    func singleStates(_ plan: SessionPlan) -> String? {
        let parts = plan.states.compactMap { state in
            (plan.sessions.singles[state.number] ?? 0) >= options.least
                ? "\(Self.quoted(state.text)): \(plan.sessions.singles[state.number] ?? 0)" : nil
        }
        return parts.isEmpty ? nil : "{weights: {\(parts.joined(separator: ", "))}}"
    }

    /// - Parameter share: of all exchanges, those that belong to a session of two or more.
    func flowLines(_ plan: SessionPlan, share: Double) -> [String] {
        let sessions = plan.sessions
        let all = sessions.beginnings.values.reduce(0) { $0 + $1.exchanges }
        let begun = plan.states.filter { (sessions.beginnings[$0.number]?.sessions ?? 0) >= options.least }
        let shares = begun.map { Double(sessions.beginnings[$0.number]?.exchanges ?? 0) / Double(max(1, all)) * share }
        // Something is left for what the flows make more than they are asked for.
        let scale = min(1, 0.98 / max(0.01, shares.reduce(0, +)))
        let frame = [
            "    within: \(Self.duration(longest(sessions.durations)))",
            "    steps: \(max(2, min(64, Int(most(sessions.lengths)))))", "    states:",
        ]
        var lines: [String] = []
        for (state, share) in zip(begun, shares) {
            lines.append("  \(Self.key("from \(state.name)")):")
            lines.append("    share: \(Self.text(share * scale * 100, 3))%")
            lines += frame
            lines.append(line("first", state, plan, sessions.second, end: 0))
            for other in plan.states {
                lines.append(line(other.name, other, plan, sessions.later, end: sessions.ends[other.number] ?? 0))
            }
        }
        return lines
    }

    private func line(
        _ name: String, _ state: (number: UInt16, text: String, name: String), _ plan: SessionPlan,
        _ steps: [Sessions.Step: UInt64], end: UInt64
    ) -> String {
        var next: [String] = []
        for other in plan.states {
            let step = Sessions.Step(from: state.number, to: other.number)
            guard let count = steps[step], count >= options.least, let gaps = plan.sessions.gaps[step] else { continue }
            let pieces = pieces(gaps.values.sorted())
            let weight = Self.text(Double(count) / Double(pieces.count), 2)
            next += pieces.map { "{to: \(other.name), weight: \(weight), after: \($0)}" }
        }
        if end > 0 { next.append("{weight: \(end)}") }
        var parts = [
            plan.state.map {
                "with: {\(Self.key(profile.columns[$0].path)): {weights: {\(Self.quoted(state.text)): 1}}}"
            } ?? "stream: \(state.name)"
        ]
        // Whoever else takes part is another one in another state.
        let others = entityNames.sorted { $0.key < $1.key }.filter { $0.key != plan.entity }.map {
            "\($0.value): \(name)"
        }
        if !others.isEmpty { parts.append("draw: {\(others.joined(separator: ", "))}") }
        if !next.isEmpty { parts.append("next: [\(next.joined(separator: ", "))]") }
        return "      \(name): {\(parts.joined(separator: ", "))}"
    }

    /// The time of a step as ranges of like probability, with as many steps in each as have to be.
    private func pieces(_ sorted: [Double]) -> [String] {
        let least = Int(clamping: options.least)
        guard sorted.count >= 3 * least else { return [Self.duration(sorted[sorted.count / 2], digits: 2)] }
        let inner = sorted[(least / 2)..<(sorted.count - least / 2)]
        let count = min(Self.pieces, inner.count / least)
        let ends = (0...count).map { inner[inner.startIndex + $0 * (inner.count - 1) / count] }
        return zip(ends, ends.dropFirst()).map { low, high in
            "[\(Self.duration(low)), \(Self.duration(max(low, high)))]"
        }
    }

    /// What all but so many do not exceed, for the longest session is somebody's.
    private func most(_ sample: ValueSample) -> Double {
        let sorted = sample.values.sorted()
        return sorted.isEmpty ? 0 : sorted[max(sorted.count / 2, sorted.count - 1 - Int(clamping: options.least))]
    }

    /// Short enough for the time that the tape covers.
    private func longest(_ sample: ValueSample) -> Double {
        min(most(sample), Double(profile.lastNanos - min(profile.firstNanos, profile.lastNanos)) / 2)
    }

    /// ns as a duration of a scenario, from a microsecond on.
    private static func duration(_ nanos: Double, digits: Int = 3) -> String {
        let micros = rounded(max(1, nanos / 1000), digits: digits)
        if micros >= 1_000_000 { return "\(text(micros / 1_000_000, 3))s" }
        return micros >= 1000 ? "\(text(micros / 1000, 3))ms" : "\(text(micros, 0))us"
    }
}
