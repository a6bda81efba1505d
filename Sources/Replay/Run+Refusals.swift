import Expression
import Metrics
import Pacing

/// What is known before anything is sent.
extension Run {
    /// What would make the run pointless or dangerous, once the first blocks stand.
    func refuseBeforeSending(_ feeder: Feeder) throws(ReplayError) {
        let state = feeder.state
        if let error = state.error { throw error }
        for gatekeeper in guards {
            if options.tls == nil, let secure = gatekeeper.admitted.first(where: { $0.target.isTLS }) {
                throw ReplayError("nothing says how to speak TLS to \(secure.target)")
            }
        }
        for (leg, mirror) in mirrors.enumerated() where state.hasReadAll && state.sendable > 0 {
            let mirrored = feeder.state(of: leg + 1)
            if mirrored.sendable > 0 { continue }
            throw ReplayError(
                "nothing that is sent may go to the mirror \(mirror.admitted[0].target)\(reasons(mirrored))",
                remedy: "Give a mirror for the protocols on the tape, and check the policy.")
        }
        guard state.hasReadAll else { return }
        if state.sendable == 0 {
            if state.read == 0 {
                throw ReplayError(
                    "there is nothing to send: the tape is empty, or nothing on it is selected",
                    remedy: "tinct info TAPE says what it holds; --where, --operation, --flow, --since, --sample and "
                        + "--only select.")
            }
            if !state.untaggableMessage.isEmpty { throw ReplayError(state.untaggableMessage) }
            let unaddressed = state.refused.values.reduce(0) { $0 + ($1[.notAddressed] ?? 0) }
            if unaddressed == state.read {
                throw ReplayError(
                    "none of the \(unaddressed) exchanges on the tape speaks the protocol of a target "
                        + "(\(gatekeeper.admitted.map(\.target.description).joined(separator: ", ")))",
                    remedy: "Give --to for the protocols on the tape (see tinct info TAPE).")
            }
            throw ReplayError(
                "nothing on the tape may be sent to the given targets\(reasons(state))",
                remedy: "Give --to for the protocols on the tape (see tinct info TAPE), and check the policy.")
        }
        try refuseDuplicates(state)
        if let (flag, field) = state.unmet.first {
            throw ReplayError(
                "no request on the tape has the field \(field) that --\(flag) names",
                remedy:
                    "Name it as the IDL or the JSON does, by Thrift field ids, or as header.NAME, query.NAME or path.N."
            )
        }
        if case .key(let field) = options.fidelity.affinity, state.keyed == 0 {
            throw ReplayError(
                "no request on the tape has the key \(field)",
                remedy:
                    "Name it as the IDL or the JSON does, by Thrift field ids, or as header.NAME, query.NAME or path.N."
            )
        }
        if let (binding, isSource) = state.idleBinding {
            let what =
                isSource ? "no \(binding.source) whose reply could be read" : "no \(binding.operation) with that field"
            throw ReplayError(
                "\(binding.mark): the tape has \(what)",
                remedy: "Name operations and fields as tinct show --json --payload does.")
        }
        if let change = state.idleChange {
            let isOfOperation = change.condition == nil
            throw ReplayError(
                "\(change.mark): the rules change nothing: no request on the tape is \(change.operation.pattern)"
                    + (isOfOperation ? "" : " for which 'where' holds"),
                remedy: "Name operations and fields as tinct show --json --payload does.")
        }
        if options.fidelity.eventTime != .keep, state.timed == 0 {
            throw ReplayError(
                "no request on the tape holds an event time",
                remedy: "Declare it (tinct.time in the IDL, x-tinct-time in OpenAPI, or --time PATH).")
        }
    }

    private func reasons(_ state: Feeder.Progress) -> String {
        let reasons = state.refusals().map { "\($0.operation): \($0.reason)" }
        return reasons.isEmpty ? "" : ": " + reasons.prefix(3).joined(separator: "; ")
    }

    /// A second round with the same identities would be refused request by request.
    private func refuseDuplicates(_ state: Feeder.Progress) throws(ReplayError) {
        guard state.sendableLater == 0, rounds > 1 else { return }
        let due: String
        if let rounds = options.fidelity.rounds {
            due = rounds == Fidelity.endless ? "it would be sent again and again" : "it would be sent \(rounds) times"
        } else if options.program == nil, let duration = durationNanos,
            let wanted = options.pacer.dueCount(withinNanos: duration, seed: paceSeed), wanted > state.sendable
        {
            due = "\(wanted) would be due: it would be sent again"
        } else {
            return
        }
        throw ReplayError(
            "the tape holds \(state.sendable) requests and \(due) with the same identities "
                + "(\(state.withoutIdentity.prefix(3).joined(separator: ", ")))",
            remedy: "Declare them (tinct.id in the IDL, x-tinct-id in OpenAPI, or --id PATH), give a longer tape, "
                + "or give --allow-duplicates.")
    }
}
