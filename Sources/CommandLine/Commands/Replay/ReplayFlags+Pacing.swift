import Files
import Pacing
import Replay
import YAML

/// When requests are sent: the flags and what they mean.
enum ReplayPacing {
    static let flags = [
        Flag(
            "rate", value: "RATE",
            help: """
                Requests a second (2000, 0.5, 10k), recorded, Nx (recorded time, scaled), ramp:FROM..TO/DURATION, \
                step:FROM+STEP..TO/HOLD, poisson:N, or max (closed loop).
                """, default: "recorded"),
        Flag(
            "schedule", value: "FILE", help: "A YAML list of rates with their lengths, in place of --rate.",
            completion: .file),
        Flag("seed", value: "N", help: "Decides Poisson arrivals.", default: "made from the tag"),
        Flag("duration", value: "TIME", help: "How long to send; a shorter tape is sent again with fresh identities."),
        Flag(
            "busy-wait", value: "TIME",
            help:
                "How long before each due time a thread stops sleeping and watches the clock, since sleepers wake late; "
                + "0s: never. auto: 10ms where --threads leaves a CPU of the machine free, else up to 500us, for a quarter "
                + "of the time at most.",
            default: "auto"),
        Flag("warm-up", value: "TIME", help: "Send so long before the measurement begins.", default: "0s"),
    ]

    /// The pacer, and how it is called in results.
    static func pacer(_ invocation: Invocation) throws -> (pacer: Pacer, name: String) {
        guard let file = invocation["schedule"] else {
            let text = invocation["rate"] ?? "recorded"
            do { return (try Pacer(parsing: text), text) } catch { throw CommandError("--rate \(error)") }
        }
        if invocation.has("rate") {
            throw CommandError("--rate and --schedule both say when to send", remedy: "Give one of them.")
        }
        do {
            return (try Schedule.parse(try readFile(file, limit: 1 << 20), file: file), "schedule \(file)")
        } catch {
            throw CommandError("the schedule cannot be used: \(error)")
        }
    }

    static func read(_ invocation: Invocation, into options: inout Run.Options) throws {
        if let text = invocation["duration"] {
            let duration = try FlagValue.durationNanos(text, flag: "duration")
            guard duration > 0 else { throw CommandError("--duration must be longer than 0") }
            options.durationNanos = duration
        }
        if let text = invocation["seed"] { options.seed = try FlagValue.count(text, flag: "seed") }
        if let text = invocation["busy-wait"], text != "auto" {
            options.dueWatch = .fixed(try FlagValue.durationNanos(text, flag: "busy-wait"))
        }
        if let text = invocation["warm-up"] {
            options.warmUpNanos = try FlagValue.durationNanos(text, flag: "warm-up")
            let whole = options.durationNanos ?? options.pacer.ownDurationNanos
            if let whole, options.warmUpNanos >= whole {
                throw CommandError(
                    "--warm-up \(text) leaves nothing to measure",
                    remedy: "Give a longer --duration, which includes it.")
            }
        }
    }
}
