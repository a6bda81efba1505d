package import EventLoop
package import Expression
package import Pacing
package import Tagging

/// Decides what may be sent where. Made before anything is sent; nothing gets past it while a run lasts.
///
/// With a policy, only what a target of it allows may be sent; flags narrow that. Without one, only this machine can be
/// reached.
package struct Guard: Sendable {
    /// What the command line says.
    package struct Request: Sendable {
        package var targets: [Target]
        /// `--allow`: host and port.
        package var allowed: [(host: String, port: UInt16)] = []
        /// `--allow-operation` and `--deny-operation`.
        package var allowedOperations: [Glob] = []
        package var deniedOperations: [Glob] = []
        package var pacer: Pacer
        /// Whether `--rate` was given rather than assumed.
        package var rateIsStated: Bool
        /// What the tag is written through.
        package var carriers: [Carrier]
        /// `--max-rate` in 1000 seconds, and `--max-requests`: of the whole run.
        package var maxRatePerThousandSeconds: UInt64?
        package var maxRequests: UInt64?
        /// `--insecure`: certificates are not verified.
        package var isInsecure = false

        package init(targets: [Target], pacer: Pacer, rateIsStated: Bool, carriers: [Carrier]) {
            self.targets = targets
            self.pacer = pacer
            self.rateIsStated = rateIsStated
            self.carriers = carriers
        }
    }

    /// One target that passed, pinned to the address it had.
    package struct Admitted: Sendable {
        package var target: Target
        package var address: SocketAddress
        /// What the policy says about it; nil on this machine without a policy.
        package var rule: Policy.Target?
    }

    package let admitted: [Admitted]
    /// From now until the first of the targets may not be sent to any more; nil: no hours are stated.
    package let openForSeconds: UInt64?
    package let maxRequests: UInt64?
    package let maxRatePerThousandSeconds: UInt64?
    package let isInsecure: Bool
    package let policy: Policy?
    private let allowedOperations: [Glob]
    private let deniedOperations: [Glob]
    private let pacer: Pacer

    /// Checks the whole request before anything is opened.
    ///
    /// - Parameters:
    ///   - secondsOfDay: now, UTC.
    ///   - resolve: called once for each target, and for none whose name is not allowed.
    /// - Throws: what is not allowed, and the remedy. Nothing was sent then.
    package init(
        _ request: Request, policy: Policy?, secondsOfDay: UInt64,
        resolve: (Target) throws(ReplayError) -> SocketAddress
    ) throws(ReplayError) {
        var admitted: [Admitted] = []
        for target in request.targets {
            try Guard.checkName(target, request)
            let rule = try Guard.rule(for: target, policy)
            if let rule { try Guard.check(rule, target, request, secondsOfDay) }
            let address = try resolve(target)
            if let rule, let network = rule.network, !network.contains(address.ipBytes) {
                throw ReplayError(
                    "\(target) has the address \(address), outside of the network \(network) of the policy's target "
                        + rule.name,
                    remedy: "Find out why the name leads elsewhere before anything is sent.")
            }
            if rule == nil && !address.isLoopback {
                throw ReplayError(
                    "\(target) is not on this machine, and no policy allows it",
                    remedy: "Write a policy with that target and give it with --policy FILE.")
            }
            if !address.isLoopback && !request.rateIsStated {
                throw ReplayError("\(target) is not on this machine and no rate was given", remedy: "Give --rate.")
            }
            if request.isInsecure && target.isTLS && !address.isLoopback && rule?.allowsInsecure != true {
                throw ReplayError(
                    "the certificate of \(target) may not go unverified",
                    remedy: "Give its authority with --ca FILE, or allow it in the policy (insecure: true).")
            }
            admitted.append(Admitted(target: target, address: address, rule: rule))
        }
        self.admitted = admitted
        self.policy = policy
        openForSeconds = admitted.compactMap { $0.rule?.hours?.secondsLeft(secondsOfDay: secondsOfDay) }.min()
        maxRequests = request.maxRequests
        maxRatePerThousandSeconds = request.maxRatePerThousandSeconds
        allowedOperations = request.allowedOperations
        deniedOperations = request.deniedOperations
        isInsecure = request.isInsecure
        pacer = request.pacer
        for index in admitted.indices { try checkRate(index) }
    }

    private static func checkName(_ target: Target, _ request: Request) throws(ReplayError) {
        if request.allowed.isEmpty { return }
        if !request.allowed.contains(where: { $0 == (target.host, target.port) }) {
            throw ReplayError(
                "\(target) is not among the targets that --allow names", remedy: "Add --allow \(target.authority).")
        }
    }

    /// The policy's target that names this one. Only numeric addresses are looked for in networks, so that no name is
    /// asked of a resolver unless the policy has it.
    private static func rule(for target: Target, _ policy: Policy?) throws(ReplayError) -> Policy.Target? {
        let host = target.host.lowercased()
        let numeric = Network.address(of: host)
        guard let policy else {
            let isOwnName = host == "localhost" || host.hasSuffix(".localhost")
            if target.socketPath == nil && numeric == nil && !isOwnName {
                throw ReplayError(
                    "\(target) is not known to be this machine, and no policy allows it",
                    remedy: "Give localhost or an address, or write a policy with that target (--policy FILE).")
            }
            return nil
        }
        let found = policy.targets.first { rule in
            if let path = target.socketPath { return rule.socketPath == path }
            guard rule.socketPath == nil, rule.ports.contains(target.port) else { return false }
            if !rule.host.isEmpty { return rule.host.lowercased() == host }
            return numeric.map { rule.network?.contains($0) ?? false } ?? false
        }
        guard let found else {
            throw ReplayError(
                "the policy \(policy.source) does not allow \(target)",
                remedy: "Add the target to the policy, or send to one that it names (tinct policy check).")
        }
        return found
    }

    private static func check(
        _ rule: Policy.Target, _ target: Target, _ request: Request, _ secondsOfDay: UInt64
    ) throws(ReplayError) {
        try checkCarriers(rule, target, request.carriers)
        if let hours = rule.hours, !hours.contains(secondsOfDay: secondsOfDay) {
            throw ReplayError(
                "the policy's target \(rule.name) may not be sent to at this hour",
                remedy: "Come back within its hours, \(hours.description) UTC.")
        }
    }

    /// A pacer's highest rate must fit the caps; one without a bound of its own is held to them while the run lasts.
    private func checkRate(_ index: Int) throws(ReplayError) {
        guard let rate = pacer.statedPeakPerThousandSeconds else { return }
        let target = admitted[index].target
        let weights = admitted.filter { $0.target.scheme == target.scheme }.reduce(0) { $0 + $1.target.weight }
        let share = rate.multipliedFullWidth(by: UInt64(target.weight))
        let own = UInt64(max(1, weights)).dividingFullWidth((share.high, share.low)).quotient
        if let cap = rateLimit(target: index), own > cap {
            throw ReplayError(
                "\(target) may get \(RateCap.text(perThousandSeconds: cap)) requests a second at most",
                remedy: "Give --rate with that or less.")
        }
        if let cap = maxRatePerThousandSeconds, rate > cap {
            throw ReplayError(
                "--rate is above --max-rate \(RateCap.text(perThousandSeconds: cap))",
                remedy: "Give a lower rate, or find out who set the limit.")
        }
    }

    /// Why an operation may not be sent to a target; nil when it may.
    package func refusal(operation: String, target: Int) -> String? {
        let rule = admitted[target].rule
        if let rule {
            if rule.denied.contains(where: { $0.matches(operation) }) { return "denied by the policy" }
            if !rule.allowed.isEmpty && !rule.allowed.contains(where: { $0.matches(operation) }) {
                return "not allowed by the policy"
            }
        }
        if deniedOperations.contains(where: { $0.matches(operation) }) { return "denied by --deny-operation" }
        if !allowedOperations.isEmpty && !allowedOperations.contains(where: { $0.matches(operation) }) {
            return "not allowed by --allow-operation"
        }
        guard let word = DangerousOperations.word(in: operation) else { return nil }
        // A policy alone decides where there is one: flags do not widen it.
        let naming = rule?.allowed ?? allowedOperations
        if naming.contains(where: { $0.isLiteral && $0.matches(operation) }) { return nil }
        return "'\(word)' may move money or freeze accounts, and nothing allows it by name ("
            + (rule == nil ? "--allow-operation" : "allow in the policy") + ")"
    }

    /// Requests that one run may send to a target; nil: no cap.
    package func volumeLimit(target: Int) -> UInt64? {
        [admitted[target].rule?.maxRequests, admitted[target].target.maxRequests].compactMap { $0 }.min()
    }

    /// Requests in 1000 seconds that a target may get; nil: no cap.
    package func rateLimit(target: Int) -> UInt64? {
        [admitted[target].rule?.maxRatePerThousandSeconds, admitted[target].target.maxRatePerThousandSeconds]
            .compactMap { $0 }.min()
    }

    /// The lowest rate in 1000 seconds that caps the run or one of its targets; nil: no cap.
    package var leastRatePerThousandSeconds: UInt64? {
        (admitted.indices.map { rateLimit(target: $0) } + [maxRatePerThousandSeconds]).compactMap { $0 }.min()
    }

    /// Whether rates must be held down while the run lasts: the pacer has no bound that could be checked beforehand.
    package var limitsRates: Bool {
        if pacer.peakPerThousandSeconds != nil { return false }
        return maxRatePerThousandSeconds != nil || admitted.indices.contains { rateLimit(target: $0) != nil }
    }

    package func allowsWireFaults(target: Int) -> Bool { admitted[target].rule?.allowsWireFaults ?? false }

    /// Whether anything that is sent leaves this machine.
    package var leavesMachine: Bool { admitted.contains { !$0.address.isLoopback } }
}
