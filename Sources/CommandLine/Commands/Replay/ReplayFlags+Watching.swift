import Files
import Glibc
import Metrics
import Replay

/// What is expected of a run, what ends it early, and what is written down of it besides the result.
struct ReplayWatching {
    static let flags = [
        Flag(
            "expect", value: "CONDITION", repeatable: true,
            help: """
                Fail (status 1) unless it holds: 'p99<300ms', 'success>99.9%', 'achieved>=99%', 'lateness<1ms', \
                'noReply==0'. Requests without an answer count as slower than every answer.
                """),
        Flag(
            "abort", value: "RULE", repeatable: true,
            help: """
                Stop (status 3) when a condition has held for so many seconds: 'errors > 1% for 5s', \
                'p95 > 500ms for 10s', 'achieved < 90% for 10s'.
                """),
        Flag("kill-file", value: "FILE", help: "Stop (status 3) as soon as this file is there.", completion: .file),
        Flag(
            "hdr", value: "FILE",
            help: "Write an HdrHistogram log: an interval a second, in all and tagged by operation, from the due time.",
            completion: .file),
        Flag(
            "metrics", value: "HOST:PORT",
            help: "Serve the figures to Prometheus while the run lasts; port 0 takes a free one."),
        Flag(
            "budget", value: "TIME",
            help: """
                How long a caller waits: later replies are lateReply. A request's TTHeader time-out (IntKV 12), or the \
                header that --budget-header names, comes first.
                """),
        Flag("budget-header", value: "NAME", help: "HTTP header that states a request's budget in ms."),
        Flag("keep-slowest", value: "N", help: "Keep the slowest exchanges in the result, by position.", default: "10"),
        Flag(
            "ledger", value: "FILE", help: "Write every id that is sent, as .csv or .sql, to count stores against.",
            completion: .file),
        Flag("junit", value: "FILE", help: "Write the expectations as JUnit XML.", completion: .file),
    ]

    let expectations: [Condition]
    let rules: [AbortRule]
    /// Those of the command line and of the policy.
    let killFiles: [String]
    private let metrics: (host: String, port: UInt16)?

    /// - Parameter policyKillFile: what the policy names, which flags do not take away.
    init(_ invocation: Invocation, policyKillFile: String?) throws {
        do throws(ConditionError) {
            var expectations: [Condition] = []
            for text in invocation.all("expect") { expectations.append(try Condition(parsing: text)) }
            self.expectations = expectations
        } catch {
            throw CommandError("--expect: \(error)")
        }
        do throws(ConditionError) {
            var rules: [AbortRule] = []
            for text in invocation.all("abort") { rules.append(try AbortRule(parsing: text)) }
            self.rules = rules
        } catch {
            throw CommandError("--abort: \(error)")
        }
        killFiles = [invocation["kill-file"], policyKillFile].compactMap { $0 }
        metrics = try invocation["metrics"].map { try FlagValue.hostPort($0, flag: "metrics", anyPort: true) }
    }

    private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// - Throws: with status 3 when the kill file is there before anything was sent.
    func watchers() throws -> [any RunWatcher] {
        var watchers: [any RunWatcher] = []
        for killFile in killFiles {
            if Self.exists(killFile) {
                throw CommandError(
                    "nothing was sent: the kill file \(killFile) is there",
                    remedy: "Remove it when sending is allowed.",
                    exit: .stopped)
            }
            watchers.append(KillFileWatcher(path: killFile, exists: Self.exists))
        }
        if !rules.isEmpty { watchers.append(AbortWatcher(rules)) }
        return watchers
    }

    /// For Prometheus; nil when nobody asked.
    func endpoint(tag: String) throws(CommandError) -> MetricsEndpoint? {
        guard let metrics else { return nil }
        return try MetricsEndpoint(host: metrics.host, port: metrics.port, tag: tag)
    }

    static func read(_ invocation: Invocation, into options: inout Run.Options) throws(CommandError) {
        if let text = invocation["budget"] { options.budget.nanos = try FlagValue.durationNanos(text, flag: "budget") }
        if let name = invocation["budget-header"] { options.budget.header = Array(name.lowercased().utf8) }
        if let text = invocation["keep-slowest"] {
            let count = try FlagValue.count(text, flag: "keep-slowest")
            guard count <= 100_000 else { throw CommandError("--keep-slowest keeps 100000 at most") }
            options.keepSlowest = Int(count)
        }
    }

    /// How the expectations came out.
    func judge(_ result: RunResult) -> [ExpectationResult] {
        guard let sample = result.sample else { return [] }
        return expectations.map { ExpectationResult($0, in: sample) }
    }
}

/// Writes the histograms of each second as it passes.
final class HistogramLogFile: RunWatcher {
    private let file: FileOutput
    private(set) var failureText: String?

    /// The head is written once the start is known.
    init(path: String) throws(CommandError) {
        do { file = try FileOutput(path: path) } catch { throw CommandError("\(error)") }
    }

    func began(startNanos: UInt64) {
        write(
            HistogramLog.head(
                startNanos: startNanos, comment: "[tinct \(tinctVersion): latency from the due time, in us]"))
    }

    func closed(_ second: RunSecond, _ operations: [String]) -> RunStop? {
        let start = UInt64(clamping: second.index) * 1_000_000_000
        var text = HistogramLog.line(startNanos: start, lengthNanos: 1_000_000_000, second.corrected)
        for (index, operation) in second.operations.sorted(by: { $0.key < $1.key }) where operation.corrected.count > 0
        {
            let name = index < operations.count && !operations[index].isEmpty ? operations[index] : "other"
            text += HistogramLog.line(
                tag: name, startNanos: start, lengthNanos: 1_000_000_000, operation.corrected)
        }
        write(text)
        return nil
    }

    func finish() {
        if failureText != nil { return }
        do { try file.close() } catch { failureText = "\(error)" }
    }

    private func write(_ text: String) {
        if failureText != nil { return }
        do { try file.write(text) } catch { failureText = "\(error)" }
    }
}
