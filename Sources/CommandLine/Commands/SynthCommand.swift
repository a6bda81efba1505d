import Bytes
import Files
import JSON
import Schema
import Synthesis
import Tape
import YAML

/// `tinct synth`: a scenario in, exchanges with labels out.
package let synthCommand = CommandSpec(
    name: "synth",
    summary: "Make requests from a scenario, with labelled anomalies",
    arguments: "SCENARIO",
    argumentCount: 1...1,
    discussion: """
        The scenario (YAML) names a Thrift IDL or OpenAPI file and says how each field is made; schemas/scenarios/ has
        examples. The output is a tape (.mcap), JSON Lines (.jsonl, or .jsonl.zst with one frame a leaf) or .csv.

        The same scenario, seed and N give the same exchanges on any machine. --shard I/N makes the I-th of N parts;
        lines of all parts joined are the lines of the whole. --anomalies says exactly how many exchanges are anomalous;
        every label is confirmed from the finished bytes before the run ends. The manifest (an attachment of a tape,
        OUT.manifest.json otherwise) states what was asked for, what was made, and the digest of all exchanges.

        Exits 5 when a label is not borne out by the bytes; the record's index is named.
        """,
    examples: [
        (
            "tinct synth schemas/scenarios/risk_decision_thrift.yaml -n 100k --seed 1 --anomalies 2% -o payments.mcap",
            "100,000 calls, 2,000 of them anomalous."
        ),
        (
            "tinct synth schemas/scenarios/risk_decision_http.yaml -n 10M --shard 0/4 -o part0.jsonl.zst",
            "The first quarter of ten million requests, as compressed JSON Lines."
        ),
    ],
    flags: [
        Flag("count", short: "n", value: "N", help: "How many exchanges: 1000, 10k, 10M.", default: "1000"),
        Flag("seed", value: "S", help: "A whole number; another one gives other exchanges.", default: "1"),
        Flag("shard", value: "I/N", help: "Make only part I of N, I from 0.", default: "0/1"),
        Flag("anomalies", value: "SHARE", help: "Share of anomalous exchanges, as in 2%.", default: "the scenario's"),
        Flag(
            "output", short: "o", value: "OUT", required: true, help: "Write here: .mcap, .jsonl, .jsonl.zst or .csv.",
            completion: .file),
        Flag(
            "twins", value: "OUT", help: "Write the clean counterpart of each anomalous exchange here.",
            completion: .file),
        .json,
    ],
    run: { try SynthRun($0).run() }
)

private struct SynthRun {
    private let invocation: Invocation
    private let path: String
    private let total: UInt64
    private let seed: UInt64
    private let shard: (index: Int, count: Int)
    private let rate: UInt64?

    init(_ invocation: Invocation) throws(CommandError) {
        self.invocation = invocation
        path = invocation.arguments[0]
        total = try FlagValue.count(invocation["count"] ?? "1000", flag: "count")
        let seedText = invocation["seed"] ?? "1"
        guard let seed = UInt64(seedText) else {
            throw CommandError("--seed \(seedText) is not a whole number", remedy: "Write it like 42.")
        }
        self.seed = seed
        let parts = (invocation["shard"] ?? "0/1").split(separator: "/", omittingEmptySubsequences: false).map {
            Int($0)
        }
        guard parts.count == 2, let index = parts[0], let count = parts[1], (1...4096).contains(count),
            (0..<count).contains(index)
        else {
            throw CommandError(
                "--shard \(invocation["shard"] ?? "") is not I/N", remedy: "Write it like 0/4, with I from 0 to N - 1.")
        }
        shard = (index, count)
        rate = try invocation["anomalies"].map { text throws(CommandError) in
            try FlagValue.shareBillionths(text, flag: "anomalies")
        }
    }

    func run() throws(CommandError) -> ExitCode {
        guard let out = try form("output") else { throw CommandError("there is no output", remedy: "Give -o OUT.") }
        let second = try form("twins")
        let scenario = try load()
        let schemas = try SchemaFiles.load([Scenario.resolve(scenario.schemaPath, beside: path)])
        let plan: SynthesisPlan
        do {
            plan = try SynthesisPlan(scenario, schemas, total: total, seed: seed, anomalyRate: rate)
        } catch { throw CommandError("\(error)") }
        guard shard.count <= plan.leafCount else {
            throw CommandError(
                "\(total) exchanges have \(plan.leafCount) leaves, too few for \(shard.count) shards",
                remedy: "Use at most \(plan.leafCount) shards.")
        }
        var progress = ProgressLine()
        defer { progress.finish() }
        do {
            let output = try open(out, plan)
            var synthesizer = Synthesizer(
                plan, schemas, to: output, twins: try second.map { try open($0, plan) }, version: tinctVersion,
                shardIndex: shard.index, shardCount: shard.count)
            let wanted = total / UInt64(shard.count)
            try synthesizer.run { done in
                progress.update("synth: \(done) of \(shard.count == 1 ? "" : "about ")\(wanted) exchanges")
            }
            progress.finish()
            report(synthesizer.manifest)
        } catch let error as SynthesisError {
            if case .impossible = error { throw CommandError("\(error)") }
            throw CommandError("\(error)", remedy: "The output is usable up to there.", exit: .failed)
        } catch { throw CommandError("\(error)", exit: .failed) }
        return .ok
    }

    private func form(_ flag: String) throws(CommandError) -> (path: String, form: SynthesisOutput.Form)? {
        guard let path = invocation[flag] else { return nil }
        guard let form = SynthesisOutput.Form(path: path) else {
            throw CommandError(
                "--\(flag) \(path) has no ending that says what to write",
                remedy: "Expected \(SynthesisOutput.Form.expectation).")
        }
        return (path, form)
    }

    private func open(_ out: (path: String, form: SynthesisOutput.Form), _ plan: SynthesisPlan) throws
        -> SynthesisOutput
    {
        try SynthesisOutput(
            path: out.path, form: out.form, plan: plan, version: tinctVersion, hasHeader: shard.index == 0)
    }

    private func load() throws(CommandError) -> Scenario {
        do {
            return try Scenario.load(path: path) { (file, mark) throws(YAMLError) in
                do { return try readFile(file, limit: 1 << 24) } catch {
                    throw YAMLError("\(error)", at: mark ?? YAMLMark(file: file, line: 1, column: 1))
                }
            }
        } catch { throw CommandError("\(error)") }
    }

    private func report(_ manifest: Manifest) {
        if invocation.wantsJSON { return Output.line(manifest.json.text) }
        Output.line("\(manifest.exchanges) exchanges of \(manifest.operation), \(manifest.anomalous) anomalous")
        for count in manifest.counts where count.requested > 0 {
            let campaigns = count.realisedCampaigns == 0 ? "" : " in \(count.realisedCampaigns) campaigns"
            let kind = count.isHardNegative ? " (hard negative)" : ""
            Output.line("  \(count.layer) \(count.name): \(count.realised)\(campaigns)\(kind)")
        }
        Output.line("labels confirmed: \(manifest.confirmed)")
        Output.line("exchanges sha256: \(manifest.exchangesDigest)")
    }
}
