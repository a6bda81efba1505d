import Pacing
import Replay
import Schema

/// The flags that say which requests are sent, in which order, and what of them is kept.
enum ReplayFidelity {
    static let flags: [Flag] =
        [
            Flag(
                "mix", value: "TAPE=WEIGHT", repeatable: true,
                help: "Take requests from several tapes by weight, as in --mix a.mcap=3 --mix b.mcap=1.",
                completion: .file),
            Flag(
                "only", value: "POSITION", repeatable: true,
                help: "Only the exchanges at these positions on the tape, as in 12345 or 7,9."),
        ] + SelectionFlags.all + [
            Flag(
                "affinity", value: "WHAT",
                help: "What keeps its order: flow (and its connection), none, or what --key names.", default: "flow",
                completion: .choices(["flow", "none"])),
            Flag(
                "key", value: "PATH",
                help:
                    "Keep the order of requests that have the same value here, over all connections, as in request.user.id: the next one waits for the reply to the one before."
            ),
            Flag(
                "rules", value: "FILE",
                help:
                    "What is done to requests: values set, removed, renamed, mapped, made fresh, taken from earlier replies; times, nonces, tokens, signatures (schemas/rules.schema.json).",
                completion: .file),
            Flag(
                "users", value: "N",
                help: "A closed loop of N users, who go through one recorded flow after the other, in place of --rate."),
            Flag("think", value: "TIME", help: "How long a user waits after each reply.", default: "0s"),
            Flag("no-keep-alive", help: "One request on each connection, instead of as many as it takes."),
            Flag(
                "loop", value: "N",
                help: "Send the tape N times (or forever), with fresh identities from the second round on.",
                default: "1, or as often as --duration takes"),
            Flag(
                "id", value: "PATH", repeatable: true, help: "A field that identifies a request, fresh in later rounds."
            ),
            Flag(
                "fresh",
                help:
                    "Fresh identities from the first round on: those that the schema declares and --id names, wherever their values stand again in the flow."
            ),
            Flag(
                "event-time", value: "MODE",
                help:
                    "Times inside requests: shift (by one offset, so that the first event is now), scale (each keeps its distance from its own send, whatever the pace) or keep.",
                default: "keep", completion: .choices(EventTimeMode.allCases.map(\.rawValue))),
            Flag(
                "time", value: "PATH", repeatable: true,
                help: "A field that holds an event time, besides those that the schema declares."),
        ]

    /// A paragraph for the command's page.
    static let discussion = """
        Fields of requests are named as the IDL or the JSON names them (user.id), by Thrift field ids (1.5.2), or as \
        header.NAME, query.NAME, path.N (a segment, from 0) and path.NAME (as the OpenAPI template calls it). Event times \
        may be numbers (s, ms, µs, ns: by their size or as tinct.time states) or texts (RFC 3339, with other separators or \
        none); form and width stay. A mix ends with the first tape that has no more requests.
        """

    static func parts(_ invocation: Invocation) throws(CommandError) -> [ReplaySource.Part] {
        var parts = invocation.arguments.map { ReplaySource.Part(path: $0, weight: 1) }
        for text in invocation.all("mix") {
            guard let equals = text.lastIndex(of: "="), equals != text.startIndex,
                let weight = Int64(text[text.index(after: equals)...]), (1...1_000_000).contains(weight)
            else {
                throw CommandError(
                    "--mix \(text) is not TAPE=WEIGHT", remedy: "As in --mix a.mcap=3, with a weight of at least 1.")
            }
            parts.append(ReplaySource.Part(path: String(text[..<equals]), weight: weight))
        }
        if parts.isEmpty {
            throw CommandError("tinct replay needs a TAPE", remedy: "Give one, or several with --mix TAPE=WEIGHT.")
        }
        if parts.count > 256 { throw CommandError("more than 256 tapes cannot be mixed") }
        return parts
    }

    static func only(_ invocation: Invocation) throws(CommandError) -> Set<UInt64>? {
        if !invocation.has("only") { return nil }
        var positions: Set<UInt64> = []
        for text in invocation.all("only").flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            guard let position = UInt64(text) else {
                throw CommandError(
                    "--only \(text) is not a position", remedy: "Give numbers as tinct show prints them.")
            }
            positions.insert(position)
        }
        return positions
    }

    /// Everything but the event times that schemas declare and the names of fields, which come with the tape.
    static func options(
        _ invocation: Invocation, _ pacer: Pacer, _ rules: Rules?
    ) throws(CommandError) -> Fidelity {
        var fidelity = Fidelity()
        switch (
            invocation["affinity"], try invocation["key"].map { text throws(CommandError) in try field(text, "key") }
        ) {
        case (nil, nil), ("flow", nil): fidelity.affinity = .flow
        case ("none", nil): fidelity.affinity = .none
        case (nil, let key?): fidelity.affinity = .key(key)
        case (_?, _?): throw CommandError("--affinity and --key exclude each other", remedy: "Give one of them.")
        case (let other?, nil):
            throw CommandError(
                "--affinity \(other) is not known", remedy: "Give flow or none, or name a field with --key.")
        }
        if let text = invocation["event-time"] {
            guard let mode = EventTimeMode(rawValue: text) else {
                throw CommandError("--event-time \(text) is not known", remedy: "Give shift, scale or keep.")
            }
            fidelity.eventTime = mode
        } else if invocation.has("time") {
            throw CommandError("--time needs --event-time", remedy: "Say whether times are shifted or scaled.")
        }
        if let rules {
            if !rules.bindings.isEmpty && (invocation.has("key") || invocation.has("affinity")) {
                throw CommandError(
                    "--rules says what keeps its order, and so does --\(invocation.has("key") ? "key" : "affinity")",
                    remedy: "Write the field as the scope of the rules: scope: request.user.id.")
            }
            fidelity.rules = rules
        }
        fidelity.isFresh = invocation.has("fresh")
        try readUsers(invocation, &fidelity)
        fidelity.opensForEach = invocation.has("no-keep-alive")
        if fidelity.opensForEach && invocation.has("in-flight") {
            throw CommandError("--no-keep-alive leaves one request to a connection", remedy: "Drop --in-flight.")
        }
        fidelity.rounds = try rounds(invocation)
        if invocation.arguments.count + invocation.all("mix").count > 1, pacer.followsRecording {
            throw CommandError(
                "a mix of tapes has no recorded time", remedy: "Give --rate with requests a second, or max.")
        }
        return fidelity
    }

    static func fields(_ invocation: Invocation, _ flag: String) throws(CommandError) -> [RequestField] {
        var fields: [RequestField] = []
        for text in invocation.all(flag) { fields.append(try field(text, flag)) }
        return fields
    }

    /// The pace of users, and how it is called in results; nil when there are none.
    static func users(_ invocation: Invocation) -> (pacer: Pacer, name: String)? {
        guard let users = invocation["users"] else { return nil }
        return (.max, "\(users) users, think \(invocation["think"] ?? "0s")")
    }

    private static func readUsers(_ invocation: Invocation, _ fidelity: inout Fidelity) throws(CommandError) {
        guard let text = invocation["users"] else {
            if invocation.has("think") {
                throw CommandError("--think needs --users", remedy: "As in --users 1000 --think 1s.")
            }
            return
        }
        let users = try FlagValue.count(text, flag: "users")
        guard (1...30_000).contains(users) else {
            throw CommandError("--users \(text) is out of range", remedy: "Give 1 to 30000.")
        }
        for flag in ["rate", "schedule", "find-max", "key", "affinity"] where invocation.has(flag) {
            throw CommandError(
                "--users and --\(flag) exclude each other",
                remedy: "Users decide when requests go, and keep the order of their flows.")
        }
        fidelity.users = Int(users)
        if let think = invocation["think"] { fidelity.thinkNanos = try FlagValue.durationNanos(think, flag: "think") }
    }

    private static func rounds(_ invocation: Invocation) throws(CommandError) -> UInt32? {
        guard let text = invocation["loop"] else { return nil }
        if text == "forever" { return Fidelity.endless }
        guard let rounds = UInt32(exactly: try FlagValue.count(text, flag: "loop")), rounds > 0,
            rounds < Fidelity.endless
        else {
            throw CommandError("--loop \(text) is no number of rounds", remedy: "Give 1 to 4294967294, or forever.")
        }
        return rounds
    }

    private static func field(_ text: String, _ flag: String) throws(CommandError) -> RequestField {
        guard let field = RequestField(text) else {
            throw CommandError(
                "--\(flag) \(text) names no field",
                remedy: "As in user.id, 1.5.2, header.x-request-id, query.user or path.2.")
        }
        return field
    }
}
