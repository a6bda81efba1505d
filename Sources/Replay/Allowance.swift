import Synchronization

/// What a run, or one of its targets, may still be sent: a volume, and a rate that is held while the run lasts. Shared by
/// all loops.
final class Allowance: Sendable {
    private let remaining: Atomic<Int>
    private let hasVolume: Bool
    /// Between two requests; 0 for no rate.
    private let intervalNanos: UInt64
    /// When the next request would be due at the capped rate.
    private let nextNanos = Atomic<UInt64>(0)

    /// How far requests may come ahead of the capped rate: in any second at most a twentieth more than it.
    static let burstNanos: UInt64 = 50_000_000

    init(volume: UInt64?, ratePerThousandSeconds: UInt64?) {
        hasVolume = volume != nil
        remaining = Atomic(Int(clamping: volume ?? 0))
        intervalNanos = ratePerThousandSeconds.map { (1_000_000_000_000 + max(1, $0) - 1) / max(1, $0) } ?? 0
    }

    /// False when the volume is used up.
    func takeVolume() -> Bool {
        !hasVolume || remaining.subtract(1, ordering: .relaxed).newValue >= 0
    }

    /// False when the rate is used up for now. The generic cell rate algorithm (ITU-T I.371): a virtual time runs ahead by
    /// one interval for each request.
    func takeTurn(now: UInt64) -> Bool {
        if intervalNanos == 0 { return true }
        var next = nextNanos.load(ordering: .relaxed)
        while true {
            if next > now &+ Allowance.burstNanos { return false }
            let (done, current) = nextNanos.compareExchange(
                expected: next, desired: max(next, now) &+ intervalNanos, ordering: .relaxed)
            if done { return true }
            next = current
        }
    }
}

/// The allowances of a run.
struct Allowances: Sendable {
    enum Verdict: Sendable {
        case granted
        /// The rate is used up for now.
        case tooFast
        /// The volume is used up for good.
        case usedUp
    }

    /// By target; nil where nothing is capped.
    var targets: [Allowance?]
    var whole: Allowance?

    /// Nil when the guard caps nothing.
    ///
    /// - Parameter ratesMayGrow: the pacer's stages are not all known yet.
    init?(_ gatekeeper: Guard, ratesMayGrow: Bool) {
        let limitsRates = gatekeeper.limitsRates || ratesMayGrow
        func make(_ volume: UInt64?, _ rate: UInt64?) -> Allowance? {
            let rate = limitsRates ? rate : nil
            return volume == nil && rate == nil ? nil : Allowance(volume: volume, ratePerThousandSeconds: rate)
        }
        targets = gatekeeper.admitted.indices.map {
            make(gatekeeper.volumeLimit(target: $0), gatekeeper.rateLimit(target: $0))
        }
        whole = make(gatekeeper.maxRequests, gatekeeper.maxRatePerThousandSeconds)
        if whole == nil && targets.allSatisfy({ $0 == nil }) { return nil }
    }

    func take(target: Int, now: UInt64) -> Verdict {
        let own = targets[target]
        // Volumes last: what is too fast now is asked for again and must not have used any up.
        if own?.takeTurn(now: now) == false || whole?.takeTurn(now: now) == false { return .tooFast }
        return own?.takeVolume() == false || whole?.takeVolume() == false ? .usedUp : .granted
    }
}
