import EventLoop
package import Metrics

/// Takes the result of each part of a run when the part is over.
package protocol RunPartWriter: Sendable {
    /// Called on the run's control thread, which must not wait: `result` may be called once, on any thread.
    func write(_ result: @escaping @Sendable () -> RunResult)
}

/// Puts the parts of a run together, and the whole from its parts.
struct RunParts {
    /// What is the same for the primary and its mirrors, and for all parts.
    struct Frame {
        var options: Run.Options
        var guards: [Guard]
        /// Monotonic.
        var startNanos: UInt64
        var clockOffsetNanos: UInt64
        var threads: Int
    }

    /// Summaries of the primary and of each mirror, on their way to the thread that writes them.
    ///
    /// Nobody else writes to the histograms in it: the part is over, and the whole run has its own.
    private struct Finished: @unchecked Sendable {
        var summaries: [RunSummary]

        func result() -> RunResult {
            let results = summaries.map { $0.result() }
            return results[0].mirrored(by: results.dropFirst(), nil)
        }
    }

    private let frame: Frame
    private let writer: (any RunPartWriter)?
    /// By leg.
    private var wholes: [RunAccount]
    /// Parts that are over on one leg and perhaps not on all.
    private var waiting: [[RunAccount]]
    private var written = 0
    /// Of the parts before: what the feeder had refused, and CPU time.
    private var feeders: [Feeder.Progress]
    private var cpuSeconds: Double

    /// - Parameter writer: nil when only the whole is wanted.
    init(_ frame: Frame, writer: (any RunPartWriter)?) {
        self.frame = frame
        self.writer = writer
        wholes = frame.guards.map { _ in RunAccount() }
        waiting = frame.guards.map { _ in [] }
        feeders = frame.guards.map { _ in Feeder.Progress() }
        cpuSeconds = Clock.processSeconds()
    }

    /// Takes the parts that are over, and hands on those that are over on every leg.
    ///
    /// - Parameter stop: what ended the run; nil while it lasts.
    mutating func take(from collectors: inout [Collector], _ feeder: Feeder, stop: RunStop?, isLast: Bool = false) {
        for leg in collectors.indices {
            while let part = collectors[leg].takePart() {
                wholes[leg].add(part, keepSlowest: frame.options.keepSlowest)
                if writer != nil { waiting[leg].append(part) }
            }
        }
        guard let writer, let seconds = frame.options.partSeconds else { return }
        let count = isLast ? waiting.map(\.count).max() ?? 0 : waiting.map(\.count).min() ?? 0
        for _ in 0..<count {
            let isEnd = isLast && waiting.allSatisfy { $0.count <= 1 }
            let now = Clock.processSeconds()
            let states = frame.guards.indices.map { feeder.state(of: $0) }
            let length = UInt64(clamping: seconds) * 1_000_000_000
            let start = frame.startNanos + UInt64(clamping: written) * length
            written += 1
            let finished = Finished(
                summaries: frame.guards.indices.map { leg in
                    var summary = summary(leg, waiting[leg].isEmpty ? RunAccount() : waiting[leg].removeFirst())
                    summary.feeder = states[leg].since(feeders[leg])
                    summary.stop = isEnd ? stop : nil
                    summary.startNanos = start
                    summary.endNanos = isEnd ? nil : start + length
                    summary.part = UInt64(clamping: written)
                    summary.cpuSeconds = now - cpuSeconds
                    return summary
                })
            feeders = states
            cpuSeconds = now
            writer.write { finished.result() }
        }
    }

    /// The whole run, once every part of it was taken.
    func result(_ feeder: Feeder, stop: RunStop?, cpuSeconds: Double, _ comparison: MirrorComparison?) -> RunResult {
        let results = frame.guards.indices.map { leg in
            var summary = summary(leg, wholes[leg])
            summary.feeder = feeder.state(of: leg)
            summary.stop = stop
            summary.cpuSeconds = cpuSeconds
            return summary.result()
        }
        return results[0].mirrored(by: results.dropFirst(), comparison)
    }

    private func summary(_ leg: Int, _ account: RunAccount) -> RunSummary {
        RunSummary(
            options: frame.options, gatekeeper: frame.guards[leg], account: account, runStartNanos: frame.startNanos,
            startNanos: frame.startNanos, clockOffsetNanos: frame.clockOffsetNanos, threads: frame.threads,
            firstTarget: frame.guards[..<leg].reduce(0) { $0 + $1.admitted.count })
    }
}

extension Feeder.Progress {
    /// What was refused after an earlier state, and everything else as it is.
    func since(_ earlier: Feeder.Progress) -> Feeder.Progress {
        var rest = self
        for (operation, outcomes) in earlier.refused {
            for (outcome, count) in outcomes { rest.refused[operation]?[outcome]? -= count }
        }
        for (reason, count) in earlier.reasons { rest.reasons[reason]? -= count }
        rest.refused = rest.refused.mapValues { $0.filter { $0.value > 0 } }.filter { !$0.value.isEmpty }
        rest.reasons = rest.reasons.filter { $0.value > 0 }
        return rest
    }
}
