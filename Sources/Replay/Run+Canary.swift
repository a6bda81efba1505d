import Bytes
package import JSON
package import Metrics
import Tape

/// Canaries: a target whose policy states an acknowledgement gets one tagged request for each safe operation on the tape,
/// and must acknowledge every one before any load is sent. Being tagged is not being recognised.
extension Run {
    /// Sends them all, in the order of the tape; declared identities are fresh, so that the run does not repeat them.
    ///
    /// - Throws: what was not acknowledged. No load was sent then.
    package func sendCanaries(
        renderThrift: @escaping @Sendable ([UInt8]) -> JSONValue?
    ) throws(ReplayError) -> [RunResult.Audit.Canary] {
        var acknowledged: [RunResult.Audit.Canary] = []
        for gatekeeper in guards { acknowledged += try sendCanaries(gatekeeper, renderThrift) }
        return acknowledged
    }

    private func sendCanaries(
        _ gatekeeper: Guard, _ renderThrift: @escaping @Sendable ([UInt8]) -> JSONValue?
    ) throws(ReplayError) -> [RunResult.Audit.Canary] {
        let asking = gatekeeper.admitted.indices.filter { gatekeeper.admitted[$0].rule?.acknowledgement != nil }
        if asking.isEmpty { return [] }
        var compiler = makeCompiler(for: gatekeeper, forRepetition: true)
        let preview = Preview(finishing, seed: tagDigest)
        var acknowledged: [RunResult.Audit.Canary] = []
        var done: [Int: Set<String>] = [:]
        var exchange = Exchange()
        while try source.next(into: &exchange) {
            for target in asking where done[target]?.contains(exchange.operation) != true {
                guard let rule = gatekeeper.admitted[target].rule, let wanted = rule.acknowledgement,
                    wanted.isSafe(exchange.operation),
                    case .draft(let draft) = compiler.compile(exchange, to: target), draft.isTagged
                else { continue }
                let canary = Canary(
                    draft: draft, operation: exchange.operation, admitted: gatekeeper.admitted[target],
                    tag: options.tag, preview: preview,
                    security: TLSEndpoint(gatekeeper.admitted[target].target, options.tls))
                let by = try canary.send(wanted, renderThrift)
                done[target, default: []].insert(exchange.operation)
                acknowledged.append(
                    .init(
                        target: gatekeeper.admitted[target].target.description, operation: exchange.operation,
                        acknowledgedBy: by))
            }
        }
        try source.rewind()
        for target in asking where done[target] == nil {
            throw ReplayError(
                "the tape has no operation that is safe to ask \(gatekeeper.admitted[target].target) with for the "
                    + "acknowledgement that its policy states",
                remedy: "Name one under acknowledge: operations in the policy.")
        }
        return acknowledged
    }
}

/// One tagged request that must be acknowledged.
private struct Canary {
    let draft: TemplateBlock.Draft
    let operation: String
    let admitted: Guard.Admitted
    let tag: String
    let preview: Preview
    let security: TLSEndpoint?

    /// Which of the stated ways acknowledged it: all of them.
    func send(
        _ wanted: Policy.Acknowledgement, _ renderThrift: @escaping @Sendable ([UInt8]) -> JSONValue?
    ) throws(ReplayError) -> [String] {
        let reply: [UInt8]
        do throws(ExchangeClient.Failure) {
            var client = try ExchangeClient(to: admitted.address, security: security, timeoutNanos: wanted.timeoutNanos)
            reply = try client.exchange(
                preview.bytes(of: draft, round: .max - 1), format: draft.format, isHead: draft.reply == .httpHead,
                isOneway: draft.reply == .none)
        } catch {
            throw failure("it was not answered (\(error))")
        }
        var by: [String] = []
        if let header = wanted.header {
            guard let value = headerValue(header.name, reply) else {
                throw failure("the reply has no header \(header.name)")
            }
            if let expected = header.value, value != expected {
                throw failure("the reply's header \(header.name) is not '\(expected)'")
            }
            by.append("header")
        }
        if let expression = wanted.reply {
            let judge = Judge(success: expression, decision: nil, renderThrift: renderThrift)
            guard judge.judge(reply, isHTTP: draft.format.protocol == .http1).isSuccess else {
                throw failure("'\(expression)' does not hold of the reply")
            }
            by.append("reply")
        }
        if !wanted.probe.isEmpty {
            let words = wanted.probe.map { $0.replacing("{tag}", with: tag).replacing("{operation}", with: operation) }
            if let why = Probe.run(words, timeoutNanos: wanted.timeoutNanos) {
                throw failure("the probe \(words[0]) \(why)")
            }
            by.append("probe")
        }
        return by
    }

    private func failure(_ why: String) -> ReplayError {
        ReplayError(
            "\(admitted.target) has not acknowledged the tagged canary for \(operation): \(why)",
            remedy: "Make sure that the target honours the carriers that are written before any load is sent.")
    }

    private func headerValue(_ name: String, _ reply: [UInt8]) -> String? {
        draft.format.protocol == .http1 ? ReplyFields.first(name, in: reply) : nil
    }
}
