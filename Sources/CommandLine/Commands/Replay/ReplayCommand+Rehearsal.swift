import Metrics
import Pacing
import Replay
import Report
import Tagging

/// What `--dry-run` prints.
extension ReplayCommand {
    /// Says what would be sent, and sends nothing.
    func rehearse(_ run: Run) throws -> ExitCode {
        let rehearsal: Rehearsal
        let shown = try invocation["show"].map { text throws(CommandError) in
            Int(clamping: try FlagValue.count(text, flag: "show"))
        }
        do throws(ReplayError) { rehearsal = try run.rehearse(samples: shown ?? 3) } catch {
            throw CommandError(error.message, remedy: error.remedy)
        }
        let due =
            (options.durationNanos ?? options.pacer.ownDurationNanos).flatMap {
                options.pacer.dueCount(withinNanos: $0, seed: options.seed ?? 0)
            } ?? rehearsal.requests
        for admitted in gatekeeper.admitted {
            Output.line("target     \(admitted.target) [\(admitted.address)]")
        }
        Output.line("tag        \(options.tag) in \(options.carriers.map(\.description).joined(separator: ", "))")
        Output.line("rate       \(pacerName)")
        let mean = rehearsal.requests == 0 ? 0 : rehearsal.bytes / rehearsal.requests
        Output.line("volume     \(Figures.count(due)) requests, about \(Figures.bytes(due &* mean))")
        Output.line("operations \(rehearsal.operations.joined(separator: ", "))")
        if rehearsal.notAddressed > 0 { Output.line("no target  \(Figures.count(rehearsal.notAddressed)) exchanges") }
        for refusal in rehearsal.refusals {
            Output.line("refused    \(Figures.count(refusal.count)) \(refusal.operation): \(refusal.reason)")
        }
        for (mirror, share) in zip(keeper.mirrors, rehearsal.mirrors) {
            let target = mirror.admitted[0]
            Output.line(
                "mirror     \(target.target) [\(target.address)], \(Figures.count(share.requests)) of "
                    + "\(Figures.count(rehearsal.requests)) requests of one round")
            for refusal in share.refusals {
                Output.line("refused    \(Figures.count(refusal.count)) \(refusal.operation): \(refusal.reason)")
            }
        }
        for sample in rehearsal.samples {
            Output.line()
            Output.line("exchange \(sample.sourceID), \(sample.operation) → \(sample.target)")
            for line in ByteDifference.lines(from: sample.before, to: sample.after) { Output.line(line) }
        }
        Output.line()
        Output.line("Nothing was sent.")
        return .ok
    }
}
