import Tape

/// When a regime holds, and what it changes beside what the scenario says under 'with'.
struct DriftInjector: Sendable {
    enum Shape: Sendable {
        /// All at once.
        case abrupt
        /// More and more exchanges, over the ramp.
        case gradual
        /// In five steps over the ramp.
        case incremental
        /// On and off, a ramp's length each.
        case recurring
        /// For the length of the ramp, once.
        case episode
    }

    let shape: Shape
    let change: CellInjector?

    init(_ shape: Shape, change: CellInjector? = nil) {
        self.shape = shape
        self.change = change
    }

    /// The share of exchanges in the new regime `elapsed` ns after the onset, in billionths.
    func share(elapsed: UInt64, ramp: UInt64, magnitude: UInt64) -> UInt64 {
        let length = max(1, ramp)
        switch shape {
        case .abrupt: return magnitude
        case .gradual:
            return UInt64(UInt128(magnitude) * UInt128(min(elapsed, length)) / UInt128(length))
        case .incremental:
            let step = min(5, UInt128(elapsed) * 5 / UInt128(length) + 1)
            return UInt64(UInt128(magnitude) * step / 5)
        case .recurring: return elapsed / length % 2 == 0 ? magnitude : 0
        case .episode: return elapsed < length ? magnitude : 0
        }
    }
}

/// L5: traffic that is not any more what it was.
extension AnomalyType {
    private static let regime: [Parameter] = [
        .required("onset", .duration, "When it begins, after the start of the scenario."),
        .optional("ramp", .duration, "How long it takes, or a period lasts.", .duration(3_600_000_000_000)),
        .optional(
            "magnitude", .share, "The share of exchanges that are of the new regime at its height.",
            .share(1_000_000_000)),
        .word(
            "kind", ["covariate", "prior", "concept"],
            "What changes: the inputs, how frequent the classes are, or what they mean."),
    ]

    private static func drift(
        _ name: String, _ summary: String, _ shape: DriftInjector.Shape, _ more: [Parameter] = [],
        _ difficulty: Difficulty = .medium, change: CellInjector? = nil, example: String
    ) -> AnomalyType {
        AnomalyType(
            name, .drift, summary, regime + more, at: .window, minHistory: 1000, expected: "pass", difficulty,
            example: example, .drift(DriftInjector(shape, change: change)))
    }

    static let drifts: [AnomalyType] = [
        drift(
            "driftAbrupt", "From one moment on, traffic is other.", .abrupt,
            example: "driftAbrupt: {onset: 12h, magnitude: 60%, with: {channel: {weights: {web: 1}}}}"),
        drift(
            "driftGradual", "More and more exchanges are of the new kind.", .gradual, .hard,
            example: "driftGradual: {onset: 6h, ramp: 12h, with: {payment.installments: 12}}"),
        drift(
            "driftIncremental", "Traffic moves in steps.", .incremental, .hard,
            example: "driftIncremental: {onset: 4h, ramp: 10h, with: {user.kycLevel: {uniform: [0, 1]}}}"),
        drift(
            "driftRecurring", "A regime that comes and goes: weekends, paydays.", .recurring,
            example: "driftRecurring: {onset: 2h, ramp: 3h, with: {scene: {weights: {payment: 1}}}}"),
        drift(
            "season", "A season, a holiday, a sale: other traffic for a while.", .episode,
            example: "season: {onset: 8h, ramp: 4h, magnitude: 40%, with: {scene: payment}}"),
        drift(
            "schemaVersionsMixed", "Callers of an older version leave fields out, or of a newer one fill them.",
            .gradual, example: "schemaVersionsMixed: {onset: 3h, ramp: 6h, with: {appVersion: 9.0.0}}"),
        drift(
            "adversaryAdapts", "After a block, the fraudsters' innocent-looking share of traffic changes.", .abrupt,
            .hard, example: "adversaryAdapts: {onset: 12h, kind: concept, magnitude: 5%, with: {channel: partnerApi}}"),
        drift(
            "outageBackfill", "After an outage, what waited is sent at once, with the times at which it happened.",
            .episode, [.required("field", .field, "The time of the event, in milliseconds.")], .easy,
            change: DriftChanges.backfill,
            example: "outageBackfill: {onset: 10h, ramp: 30m, magnitude: 50%, field: eventTimeMillis}"),
        drift(
            "clockSkew", "A caller's clock goes wrong.", .episode,
            [
                .required("field", .field, "The time of the event, in milliseconds."),
                .optional("skew", .duration, "By how much it is fast.", .duration(420_000_000_000)),
            ], change: DriftChanges.skew,
            example: "clockSkew: {onset: 5h, ramp: 2h, magnitude: 10%, field: eventTimeMillis, skew: 7m}"),
    ]

    private static func drift(
        _ name: String, _ summary: String, _ shape: DriftInjector.Shape, _ difficulty: Difficulty, example: String
    ) -> AnomalyType { drift(name, summary, shape, [], difficulty, example: example) }
}

enum DriftChanges {
    /// What arrives within the ramp happened within the ramp before it.
    @Sendable static func backfill(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        _ = try injection.cell(target, machine)
        let ramp = max(1, injection.parameters.duration("ramp") / 1_000_000)
        let lag = 1 + draw.below(ramp)
        injection.put(Int64(clamping: draw.timeNanos / 1_000_000) - Int64(clamping: lag), target, &machine)
        return [.init("lagMillis", "\(lag)")]
    }

    @Sendable static func skew(
        _ injection: Injection, _ machine: inout Machine, _ draw: Draw
    ) throws(Inapplicable) -> [Label.Parameter] {
        guard let target = injection.primary else { return [] }
        _ = try injection.cell(target, machine)
        let skew = Int64(clamping: injection.parameters.duration("skew") / 1_000_000)
        injection.put(Int64(clamping: draw.timeNanos / 1_000_000) + skew, target, &machine)
        return [.init("skewMillis", "\(skew)")]
    }
}
