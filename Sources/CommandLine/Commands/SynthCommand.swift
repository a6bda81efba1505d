import Bytes
import EventLoop
import Files
import Formats
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
        examples, and schemas/scenario.schema.json lets an editor complete it. The output is a tape (.mcap), JSON Lines
        (.jsonl), .csv, PostgreSQL's COPY (.sql), a capture (.pcap) or the bare requests (.wire); all but the tape may be
        compressed (.jsonl.zst: one zstd frame a leaf). -o - writes to standard output in the form --format says.

        The same scenario, seed and N give the same exchanges on any machine and with any --threads. --shard I/N makes the I-th of N parts;
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
        Flag(
            "count", short: "n", value: "N", help: "How many exchanges: 1000, 10k, 10M.",
            default: "the scenario's, or 1000"),
        Flag("seed", value: "S", help: "A whole number; another one gives other exchanges.", default: "1"),
        Flag("shard", value: "I/N", help: "Make only part I of N, I from 0.", default: "0/1"),
        Flag("anomalies", value: "SHARE", help: "Share of anomalous exchanges, as in 2%.", default: "the scenario's"),
        Flag(
            "output", short: "o", value: "OUT",
            help: "Write here: .mcap, .jsonl, .csv, .sql, .pcap or .wire, with .zst behind it; - is standard output.",
            completion: .file),
        Flag(
            "format", value: "FORM", help: "What to write where the path does not say it: jsonl, csv, sql, pcap, wire.",
            default: "by the ending"),
        Flag("threads", value: "N", help: "How many threads make exchanges.", default: "one for each CPU"),
        Flag(
            "twins", value: "OUT", help: "Write the clean counterpart of each anomalous exchange here.",
            completion: .file),
        Flag("labels", value: "FILE", help: "Write the labels here too: .jsonl or .csv.", completion: .file),
        Flag("explain", value: "I", help: "Make nothing; print how exchange I came to be, as JSON."),
        .json,
    ],
    run: { try SynthRun($0).run() }
)

private struct SynthRun {
    private let invocation: Invocation
    private let path: String
    private let wantedTotal: UInt64?
    private let threads: Int
    private let seed: UInt64
    private let shard: (index: Int, count: Int)
    private let rate: UInt64?

    init(_ invocation: Invocation) throws(CommandError) {
        self.invocation = invocation
        path = invocation.arguments[0]
        wantedTotal = try invocation["count"].map { text throws(CommandError) in
            try FlagValue.count(text, flag: "count")
        }
        let threadText = invocation["threads"] ?? "\(min(64, LoopThread.availableCPUs))"
        guard let threads = Int(threadText), (1...256).contains(threads) else {
            throw CommandError("--threads \(threadText) is no number of threads", remedy: "Give 1 to 256.")
        }
        self.threads = threads
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
        let scenario = try load()
        let schemas = try SchemaFiles.load([Scenario.resolve(scenario.schemaPath, beside: path)])
        let plan: SynthesisPlan
        let total: UInt64
        do {
            total =
                try wantedTotal
                ?? SynthesisPlan.usualTotal(scenario, schemas, seed: seed, anomalyRate: rate) ?? 1000
            plan = try SynthesisPlan(scenario, schemas, total: total, seed: seed, anomalyRate: rate)
        } catch { throw CommandError("\(error)") }
        if let text = invocation["explain"] { return try explain(text, plan, total) }
        guard let out = try form("output", named: invocation["format"]) else {
            throw CommandError("there is no output", remedy: "Give -o OUT.")
        }
        let second = try form("twins", named: nil)
        if let labels = invocation["labels"], !LabelOutput.isKnown(path: labels) {
            throw CommandError(
                "--labels \(labels) has no ending that says what to write", remedy: "Expected .jsonl or .csv.")
        }
        guard shard.count <= plan.leafCount else {
            throw CommandError(
                "\(total) exchanges have \(plan.leafCount) leaves, too few for \(shard.count) shards",
                remedy: "Use at most \(plan.leafCount) shards.")
        }
        try announce(plan, out, total)
        var progress = ProgressLine()
        defer { progress.finish() }
        do {
            let output = try open(out, plan)
            var synthesizer = Synthesizer(
                plan, schemas, to: output, twins: try second.map { try open($0, plan) },
                labels: try invocation["labels"].map { try LabelOutput(path: $0, hasHeader: shard.index == 0) },
                version: tinctVersion,
                shardIndex: shard.index, shardCount: shard.count, threads: threads)
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

    private func explain(_ text: String, _ plan: SynthesisPlan, _ total: UInt64) throws(CommandError) -> ExitCode {
        guard let index = UInt64(text), index < total else {
            throw CommandError(
                "--explain \(text) is no exchange",
                remedy: "Give a number from 0 to \(total - 1), with the same -n and --seed.")
        }
        do {
            var writer = JSONWriter(pretty: true)
            writer.value(try LeafMaker(plan).explain(index))
            writer.newline()
            Output.write(writer.bytes)
        } catch { throw CommandError("\(error)", exit: .failed) }
        return .ok
    }

    private func form(
        _ flag: String, named name: String?
    ) throws(CommandError) -> (path: String, format: SynthesisFormat)? {
        guard let path = invocation[flag] else { return nil }
        if let name {
            guard let format = SynthesisFormat(name: name) else {
                throw CommandError(
                    "--format \(name) is none", remedy: "Expected jsonl, csv, sql, pcap or wire, with .zst behind it.")
            }
            guard path != "-" || format.kind != .tape else {
                throw CommandError("a tape cannot go to standard output", remedy: "Write it to a file.")
            }
            return (path, format)
        }
        guard let format = SynthesisFormat(path: path) else {
            throw CommandError(
                "--\(flag) \(path) has no ending that says what to write",
                remedy: path == "-"
                    ? "Give --format jsonl, csv, sql, pcap or wire." : "Expected \(SynthesisFormat.expectation).")
        }
        return (path, format)
    }

    private func open(_ out: (path: String, format: SynthesisFormat), _ plan: SynthesisPlan) throws
        -> SynthesisOutput
    {
        try SynthesisOutput(
            path: out.path, format: out.format, plan: plan, version: tinctVersion, isFirst: shard.index == 0,
            isLast: shard.index == shard.count - 1, encoder: out.format.kind == .pcap ? CaptureEncoder() : nil)
    }

    /// Says how big the output will be, when that is worth knowing.
    private func announce(
        _ plan: SynthesisPlan, _ out: (path: String, format: SynthesisFormat), _ total: UInt64
    ) throws(CommandError) {
        guard total / UInt64(shard.count) >= 1_000_000, !out.path.hasPrefix("/dev/") else { return }
        do {
            let bytes = try plan.estimatedBytes(out.format) / UInt64(shard.count)
            let size = bytes < 10_000_000_000 ? "\(bytes / 1_000_000) MB" : "\(bytes / 1_000_000_000) GB"
            Output.note("synth: about \(size) for \(total / UInt64(shard.count)) exchanges")
        } catch { throw CommandError("\(error)", exit: .failed) }
    }

    private func load() throws(CommandError) -> Scenario {
        do { return try ScenarioFile.load(path) } catch { throw CommandError("\(error)") }
    }

    private func report(_ manifest: Manifest) {
        // Where the exchanges themselves go to standard output, what is said of them goes to the other stream.
        let say: (String) -> Void = invocation["output"] == "-" ? { Output.note($0) } : { Output.line($0) }
        if invocation.wantsJSON { return say(manifest.json.text) }
        say("\(manifest.exchanges) exchanges of \(manifest.operation), \(manifest.anomalous) anomalous")
        for count in manifest.counts where count.requested > 0 || count.realised > 0 {
            let campaigns = count.realisedCampaigns == 0 ? "" : " in \(count.realisedCampaigns) campaigns"
            let kind = count.isHardNegative ? " (hard negative)" : ""
            say("  \(count.layer) \(count.name): \(count.realised)\(campaigns)\(kind)")
        }
        for rule in manifest.stated where rule.exchanges > 0 { say("  stated \(rule.type): \(rule.exchanges)") }
        say("labels confirmed: \(manifest.confirmed)")
        say("exchanges sha256: \(manifest.exchangesDigest)")
    }
}

/// A capture of synthesized exchanges.
private struct CaptureEncoder: ExchangeEncoder {
    private var exporter = PcapExporter()

    mutating func begin(_ out: inout [UInt8]) { exporter.begin(&out) }
    mutating func append(_ exchange: Exchange, to out: inout [UInt8]) { _ = exporter.append(exchange, to: &out) }
    mutating func finish(_ out: inout [UInt8]) { exporter.finish(&out) }
}
