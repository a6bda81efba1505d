package import EventLoop
import Expression
package import Pacing
package import Tagging

/// Decides what may be sent where. Made before anything is sent; nothing gets past it while a run lasts.
///
/// With a policy, only what a target of it allows may be sent; flags narrow that. Without one, only loopback can be
/// reached, and only ports that the command line names.
package struct Guard: Sendable {
    /// What the command line says.
    package struct Request: Sendable {
        package var targets: [Target]
        /// `--allow`: host and port.
        package var allowed: [(host: String, port: UInt16)] = []
        package var pacer: Pacer
        /// Whether `--rate` was given rather than assumed.
        package var rateIsStated: Bool
        /// What the tag is written through.
        package var carriers: [Carrier]

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
        /// What the policy says about it; nil on loopback without a policy.
        package var rule: Policy.Target?
    }

    package let admitted: [Admitted]
    private let carriers: [Carrier]

    /// Checks the whole request before anything is opened.
    ///
    /// - Parameters:
    ///   - secondsOfDay: now, UTC.
    ///   - resolve: called once for each target.
    /// - Throws: what is not allowed, and the remedy. Nothing was sent then.
    package init(
        _ request: Request, policy: Policy?, secondsOfDay: UInt64,
        resolve: (Target) throws(ReplayError) -> SocketAddress
    ) throws(ReplayError) {
        var admitted: [Admitted] = []
        for target in request.targets {
            if admitted.contains(where: { $0.target.scheme == target.scheme }) {
                throw ReplayError(
                    "two targets for \(target.scheme.rawValue) were given", remedy: "Give one --to for each protocol.")
            }
            if !request.allowed.isEmpty, !request.allowed.contains(where: { $0 == (target.host, target.port) }) {
                throw ReplayError(
                    "\(target) is not among the targets that --allow names", remedy: "Add --allow \(target.authority).")
            }
            let rule = try Guard.rule(for: target, policy)
            if let rule { try Guard.check(rule, target, request, secondsOfDay) }
            let address = try resolve(target)
            if rule == nil && !address.isLoopback {
                throw ReplayError(
                    "\(target) is not on this machine, and no policy allows it",
                    remedy: "Write a policy with that target and give it with --policy FILE.")
            }
            if !address.isLoopback && !request.rateIsStated {
                throw ReplayError("\(target) is not on this machine and no rate was given", remedy: "Give --rate.")
            }
            admitted.append(Admitted(target: target, address: address, rule: rule))
        }
        self.admitted = admitted
        carriers = request.carriers
    }

    private static func rule(for target: Target, _ policy: Policy?) throws(ReplayError) -> Policy.Target? {
        guard let policy else { return nil }
        let host = target.host.lowercased()
        guard let rule = policy.targets.first(where: { $0.host.lowercased() == host && $0.port == target.port }) else {
            throw ReplayError(
                "the policy \(policy.source) does not allow \(target)",
                remedy: "Add the target to the policy, or send to one that it names.")
        }
        return rule
    }

    private static func check(
        _ rule: Policy.Target, _ target: Target, _ request: Request, _ secondsOfDay: UInt64
    ) throws(ReplayError) {
        let names = request.carriers.map(\.description)
        for text in rule.carriers {
            let required: [Carrier]
            do { required = try Carrier.parse(text) } catch {
                throw ReplayError("the policy's target \(rule.name) requires an unknown carrier. \(error)")
            }
            let fitting = required.filter { carrier in
                switch (target.scheme, carrier.place) {
                case (.http, .httpHeader), (.http, .baggage), (.http, .jsonBody): true
                case (.thrift, .httpHeader), (.thrift, .baggage), (.thrift, .jsonBody): false
                default: target.scheme == .thrift
                }
            }
            if fitting.isEmpty {
                throw ReplayError(
                    "the policy's target \(rule.name) requires \(text), which \(target.scheme.rawValue) cannot carry")
            }
            // A place in the header transports cannot be required of plain Thrift: one of the preset's is enough there.
            let isPreset = fitting.count > 1
            let missing = fitting.first { !names.contains($0.description) }
            if let missing, !isPreset || !fitting.contains(where: { names.contains($0.description) }) {
                throw ReplayError(
                    "\(target) honours the tag only in \(missing.description), which is not written",
                    remedy: "Give --carrier \(text).")
            }
        }
        if let hours = rule.hours, !hours.contains(secondsOfDay: secondsOfDay) {
            throw ReplayError(
                "the policy's target \(rule.name) may not be sent to at this hour",
                remedy: "Come back within its hours (UTC).")
        }
        if let cap = rule.maxRatePerThousandSeconds {
            guard let rate = request.pacer.peakPerThousandSeconds, rate <= cap else {
                throw ReplayError(
                    "the policy's target \(rule.name) may get \(cap / 1000) requests a second at most",
                    remedy: "Give --rate with that or less; recorded time and max have no bound of their own.")
            }
        }
    }

    /// Why an operation may not be sent to a target; nil when it may.
    package func refusal(operation: String, target: Int) -> String? {
        guard let rule = admitted[target].rule else { return nil }
        if rule.denied.contains(where: { $0.matches(operation) }) { return "denied by the policy" }
        if !rule.allowed.isEmpty && !rule.allowed.contains(where: { $0.matches(operation) }) {
            return "not allowed by the policy"
        }
        return nil
    }

    /// Why a tagged request may not be sent: a carrier that the target requires was not written; nil when it may.
    package func refusal(written: [String], format: TagFormat, target: Int) -> String? {
        guard let rule = admitted[target].rule else { return nil }
        for text in rule.carriers {
            guard let required = try? Carrier.parse(text) else { return "its required carrier is unknown" }
            let fitting = required.filter { format.carries($0.place) }
            if fitting.isEmpty || !fitting.allSatisfy({ written.contains($0.description) }) {
                return "lacks the required carrier \(text)"
            }
        }
        return nil
    }

    /// Requests that one run may send to a target; nil: no cap.
    package func volumeLimit(target: Int) -> UInt64? { admitted[target].rule?.maxRequests }

    package func allowsWireFaults(target: Int) -> Bool { admitted[target].rule?.allowsWireFaults ?? false }
}
