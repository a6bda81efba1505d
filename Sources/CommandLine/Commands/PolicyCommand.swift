import Expression
import JSON
import Replay

package let policyCommand = CommandSpec(
    name: "policy",
    summary: "Check a policy file and say what it allows",
    arguments: "check FILE",
    argumentCount: 2...2,
    discussion: """
        A policy says what may be sent where; replay sends nothing beyond this machine without one. The file's schema is \
        schemas/policy.schema.json.

        Exit status: 0 the policy can be used; 2 it cannot, and the message says where and why.
        """,
    examples: [
        (
            "tinct policy check policy.yaml",
            "Prints each target with its caps, and what may be called there."
        )
    ],
    flags: [.json]
) { invocation in
    guard invocation.arguments[0] == "check" else {
        throw CommandError(
            "tinct policy has nothing called '\(invocation.arguments[0])'", remedy: "Write tinct policy check FILE.")
    }
    let policy = try PolicyFile.read(invocation.arguments[1])
    if invocation.wantsJSON {
        var writer = JSONWriter(pretty: true)
        writer.value(policyJSON(policy))
        writer.newline()
        Output.write(writer.bytes)
    } else {
        for line in policyText(policy) { Output.line(line) }
    }
    return .ok
}

private func policyText(_ policy: Policy) -> [String] {
    var lines = ["\(policy.source): sound, \(policy.targets.count) target\(policy.targets.count == 1 ? "" : "s")"]
    if let file = policy.killFile { lines.append("runs stop when \(file) is there") }
    for target in policy.targets {
        lines.append("")
        lines.append("\(target.name)  \(target.place)")
        if !target.host.isEmpty, let network = target.network { lines.append("  address    within \(network)") }
        lines.append(
            "  carriers   "
                + (target.carriers.isEmpty ? "any that is enabled" : target.carriers.joined(separator: ", ") + ", each")
        )
        if let rate = target.maxRatePerThousandSeconds {
            lines.append("  rate       at most \(RateCap.text(perThousandSeconds: rate)) requests a second")
        }
        if let limit = target.maxRequests { lines.append("  volume     at most \(limit) requests of one run") }
        lines.append("  hours      " + (target.hours.map { "\($0.description) UTC" } ?? "any"))
        lines.append(
            "  allowed    "
                + (target.allowed.isEmpty ? "everything" : target.allowed.map(\.pattern).joined(separator: ", ")))
        if !target.denied.isEmpty {
            lines.append("  denied     " + target.denied.map(\.pattern).joined(separator: ", "))
        }
        let named = target.allowed.filter { $0.isLiteral && DangerousOperations.word(in: $0.pattern) != nil }
        lines.append(
            "  dangerous  "
                + (named.isEmpty
                    ? "nothing that moves money or freezes accounts"
                    : named.map(\.pattern).joined(separator: ", ")))
        if target.allowsWireFaults { lines.append("  faults     requests broken on the wire may be sent") }
        if target.allowsInsecure { lines.append("  TLS        --insecure may be given") }
        if let wanted = target.acknowledgement { lines.append("  canary     " + canaryText(wanted)) }
    }
    return lines
}

private func canaryText(_ wanted: Policy.Acknowledgement) -> String {
    var ways: [String] = []
    if let header = wanted.header { ways.append("header \(header.name)" + (header.value.map { ": \($0)" } ?? "")) }
    if let reply = wanted.reply { ways.append("reply \(reply)") }
    if let program = wanted.probe.first { ways.append("probe \(program)") }
    let operations =
        wanted.operations.isEmpty ? "each that reads" : wanted.operations.map(\.pattern).joined(separator: ", ")
    return ways.joined(separator: ", ") + "; for " + operations
}

private func policyJSON(_ policy: Policy) -> JSONValue {
    var object = JSONObject()
    object.append("schema", JSONValue("tinct.policy/1"))
    object.append("policy", JSONValue(policy.source))
    object.append("sha256", JSONValue(policy.sha256))
    object.append("killFile", policy.killFile.map { JSONValue($0) } ?? .null)
    object.append("targets", JSONValue(policy.targets.map { policyJSON($0) }))
    return .object(object)
}

private func policyJSON(_ target: Policy.Target) -> JSONValue {
    func texts(_ list: [String]) -> JSONValue { JSONValue(list.map { JSONValue($0) }) }
    var object = JSONObject()
    object.append("name", JSONValue(target.name))
    object.append("place", JSONValue(target.place))
    object.append("network", target.network.map { JSONValue($0.description) } ?? .null)
    object.append("carriers", texts(target.carriers))
    object.append(
        "maxRate",
        target.maxRatePerThousandSeconds.flatMap { JSONNumber(text: RateCap.text(perThousandSeconds: $0)) }
            .map { .number($0) } ?? .null)
    object.append("maxRequests", target.maxRequests.map { JSONValue($0) } ?? .null)
    object.append("hours", target.hours.map { JSONValue($0.description) } ?? .null)
    object.append("allow", texts(target.allowed.map(\.pattern)))
    object.append("deny", texts(target.denied.map(\.pattern)))
    object.append(
        "dangerousAllowed",
        texts(target.allowed.filter { $0.isLiteral && DangerousOperations.word(in: $0.pattern) != nil }.map(\.pattern)))
    object.append("wireFaults", JSONValue(target.allowsWireFaults))
    object.append("insecure", JSONValue(target.allowsInsecure))
    object.append("acknowledged", JSONValue(target.acknowledgement != nil))
    return .object(object)
}
