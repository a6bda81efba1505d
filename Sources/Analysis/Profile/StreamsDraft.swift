/// A scenario that makes several operations of a tape: a stream for each, the entities that they share, and flows from one
/// operation to another. What ``ProfileDraft`` says of values holds of all of them.
///
/// An entity is told by the path of its field: operations that call it otherwise have one of their own.
package struct StreamsDraft {
    package struct Operation {
        package var name: String
        package var profile: TrafficProfile

        package init(_ name: String, _ profile: TrafficProfile) {
            self.name = name
            self.profile = profile
        }
    }

    /// All operations as if they were one: entities, their attributes, times and sessions.
    private var all: ProfileDraft
    private var streams: [(name: String, draft: ProfileDraft)] = []

    /// - Parameters:
    ///   - all: the requests of every operation, with no state but the operation.
    ///   - operations: each alone, the commonest first.
    package init(_ all: TrafficProfile, _ operations: [Operation], _ options: ProfileDraft.Options) {
        var options = options
        var names = ProfileDraft.reservedStates
        options.streams = operations.map { ($0.name, ProfileDraft.name(Self.word($0.name), &names)) }
        self.all = ProfileDraft(all, options)
        for (operation, stream) in zip(operations, options.streams) {
            streams.append((stream.name, ProfileDraft(operation.profile, stream: stream.name, of: self.all)))
        }
    }

    /// An operation of which no field can be fitted, if there is one.
    package var emptyOperation: String? {
        zip(all.options.streams, streams).first { $1.draft.isEmpty }?.0.operation
    }

    /// What was left out, for the reader of the profile.
    package var notes: [String] {
        var seen: Set<String> = []
        return (all.notes + streams.flatMap { stream in stream.draft.notes.map { "\(stream.name): \($0)" } })
            .filter { seen.insert($0).inserted }
    }

    /// A method of Thrift, or the last part of an HTTP path that is no version: what people call an operation.
    private static func word(_ operation: String) -> String {
        guard let path = operation.split(separator: " ").dropFirst().first else {
            return operation.split(separator: ".").last.map { String($0) } ?? operation
        }
        return path.split(separator: "/").last { !$0.contains("{") }.map { String($0) } ?? operation
    }

    /// The scenario, for `tinct synth`.
    package mutating func scenario() -> String {
        let entities = all.entityLines()
        var streamLines: [String] = []
        for place in streams.indices { streamLines += lines(ofStream: place) }
        let values = streams.flatMap(\.draft.valueLines)
        var lines = all.headLines(of: "\(streams.count) operations", notes: notes)
        lines += ["protocol: \(all.wireProtocol)"] + all.timeLines()
        if !entities.isEmpty { lines += ["", "entities:"] + entities }
        if !values.isEmpty { lines += ["", "values:"] + values }
        lines += ["", "# Shares are of requests that belong to no session.", "streams:"] + streamLines
        if let sessions = all.sessions {
            let together = streams.reduce(0) { $0 + exchangesInSessions($1.draft, $1.name) }
            lines += all.sessionLines(sessions, "operations", share: together / exchanges)
        }
        return ProfileDraft.document(lines)
    }

    private var exchanges: Double {
        max(1, streams.reduce(0) { $0 + Double($1.draft.profile.exchanges) })
    }

    private mutating func lines(ofStream place: Int) -> [String] {
        let (name, operation) = (streams[place].name, all.options.streams[place].operation)
        let fields = streams[place].draft.fieldLines()
        let correlated = streams[place].draft.correlatedLines()
        let draft = streams[place].draft
        let alone = Double(draft.profile.exchanges) - exchangesInSessions(draft, name)
        let share = max(0.0001, alone / exchanges * 100)
        var lines = [
            "  \(name):", "    operation: \(ProfileDraft.quoted(operation))",
            "    share: \(ProfileDraft.text(share, 4))%",
        ]
        let pattern = draft.pattern(since: all.startSeconds, all.spanSeconds)
        if !pattern.isEmpty { lines += ["    arrivals:"] + pattern.map { "      " + $0 } }
        return lines + correlated.map { "    " + $0 } + ["    fields:"] + fields.map { "    " + $0 }
    }

    /// How many requests of an operation belong to sessions of two or more: as many of those that name the entity as of
    /// those that were followed.
    private func exchangesInSessions(_ draft: ProfileDraft, _ name: String) -> Double {
        guard let sessions = all.sessions, let state = sessions.states.first(where: { $0.name == name }),
            let column = draft.profile.column(named: all.profile.columns[sessions.entity].path)
        else { return 0 }
        return Double(draft.profile.columns[column].present) * sessions.sessions.share(in: state.number)
    }

    /// An OpenAPI document for JSON that came without one: what the fields were seen to be.
    ///
    /// - Returns: nil when an operation is no HTTP method and path without values in it.
    package func openAPI() -> String? {
        ProfileDraft.openAPI(zip(all.options.streams, streams).map { ($0.operation, $1.draft) })
    }
}
