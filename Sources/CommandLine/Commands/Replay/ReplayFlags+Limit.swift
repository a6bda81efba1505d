import Metrics
import Pacing
import Replay

/// Looking for the highest rate that holds an objective.
enum ReplayLimit {
    static let flags = [
        Flag(
            "find-max",
            help: """
                Find the highest rate that holds --slo: double from --rate (default 100) to --max-rate, bisect, confirm. \
                Says generator-bound when the generator is the limit.
                """),
        Flag("slo", value: "CONDITIONS", help: "What must hold, as in 'p95<200ms,success>99.9%'."),
        Flag(
            "hold", value: "TIME", help: "How long each rate is tried; the last one three times as long.",
            default: "10s"),
    ]

    /// Nil without `--find-max`.
    static func options(_ invocation: Invocation) throws(CommandError) -> LimitSearch.Options? {
        guard invocation.has("find-max") else {
            for flag in ["slo", "hold"] where invocation.has(flag) {
                throw CommandError("--\(flag) belongs to --find-max")
            }
            return nil
        }
        for flag in ["duration", "schedule"] where invocation.has(flag) {
            throw CommandError(
                "--find-max decides itself when to send", remedy: "Leave --\(flag) out; --hold says how long.")
        }
        guard let text = invocation["slo"] else {
            throw CommandError("--find-max needs an objective", remedy: "Give --slo 'p95<200ms,success>99.9%'.")
        }
        var objective: [Condition] = []
        for part in text.split(separator: ",") {
            do throws(ConditionError) { objective.append(try Condition(parsing: String(part))) } catch {
                throw CommandError("--slo: \(error)")
            }
        }
        guard !objective.isEmpty, !objective.contains(where: { $0.usesRaw }) else {
            throw CommandError("--slo is judged from the due time", remedy: "Write p95<200ms, without raw.")
        }
        var options = LimitSearch.Options(objective: objective)
        if let text = invocation["hold"] {
            let nanos = try FlagValue.durationNanos(text, flag: "hold")
            guard nanos % 1_000_000_000 == 0, (2_000_000_000...3_600_000_000_000).contains(nanos) else {
                throw CommandError("--hold \(text) must be whole seconds from 2s to 1h")
            }
            options.holdSeconds = Int(nanos / 1_000_000_000)
        }
        if let text = invocation["warm-up"] {
            options.warmUpSeconds = Int(
                (try FlagValue.durationNanos(text, flag: "warm-up") + 999_999_999) / 1_000_000_000)
        }
        if invocation.has("rate") { options.firstRate = try rate(invocation["rate"] ?? "", "rate") }
        return options
    }

    private static func rate(_ text: String, _ flag: String) throws(CommandError) -> UInt64 {
        guard let pacer = try? Pacer(parsing: text), case .constant(let rate) = pacer, rate >= 1000,
            rate <= Pacer.highestRate
        else { throw CommandError("--\(flag) \(text) must be a rate from 1/s to 10000k/s with --find-max") }
        return rate
    }
}

extension Condition {
    fileprivate var usesRaw: Bool {
        switch metric {
        case .percentile(_, let isRaw), .mean(let isRaw), .max(let isRaw): isRaw
        default: false
        }
    }
}
