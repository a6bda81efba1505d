import EventLoop
import Expression
import Files
import Glibc
import Metrics
import Pacing
import Replay
import Report
import Schema
import Tagging

package let replayCommand = CommandSpec(
    name: "replay",
    summary: "Send the requests of a tape again, tagged, and measure",
    arguments: "[TAPE]",
    argumentCount: 0...1,
    discussion: """
        Every request carries the stress-test tag, or it is not sent. Without a policy only this machine can be reached; \
        operations that move money or freeze accounts, by the words of their names, must be allowed by name. The \
        loop is open unless --rate is max: latency runs from the time a request was due, and what could not be sent is \
        counted.

        \(ReplayFidelity.discussion)

        Exit status: 0 done; 1 an expectation failed, or nothing was answered; 2 nothing was sent, the message says why; \
        3 stopped by a signal, the kill file, an abort rule or the policy's volume; 4 the generator could not hold the \
        rate, so that nothing is proven about the target; 5 failed after sending began.
        """,
    examples: [
        (
            "tinct replay tape.mcap --to http://127.0.0.1:8080 --rate 2000 --duration 30s --report run.html",
            "Sends 2,000 requests a second for 30 s and writes a report."
        ),
        (
            "tinct replay tape.mcap --to thrift://127.0.0.1:9090 --carrier didi:path=1.20 --rate recorded",
            "Sends Thrift calls as recorded, tagged in the hintCode of the Trace struct at field 1.20."
        ),
    ],
    flags: [
        Flag(
            "to", value: "URL", repeatable: true, required: true,
            help:
                "Target: http://HOST:PORT or thrift://HOST:PORT, https and thrift+tls for TLS, an IPv6 address in brackets; http+unix:///PATH or thrift+unix:///PATH for a Unix socket. Several of one protocol share its requests; options behind commas: weight=N, connections=N, max-rate=N, max-requests=N."
        ),
        ReplayMirrors.flag,
    ] + ReplayPacing.flags + ReplayLimit.flags + ReplayWatching.flags + SendingGuard.volumeFlags + [
        Flag(
            "connections", value: "N",
            help:
                "Connections to each target; or 'recorded': each recorded flow opens its own when its first request is due and closes it after its last reply.",
            default: "64"),
        Flag(
            "max-connections", value: "N",
            help: "With --connections recorded: so many to each target at once; further flows wait.", default: "1024"),
        Flag("threads", value: "N", help: "Loops.", default: "one for each core"),
    ] + InFlightFlags.flags + ReplayPatience.flags + SendingFlags.all + [
        Flag("success", value: "EXPR", help: "When a reply is a success, as in 'status == 200 and body.code == 0'."),
        Flag("decision", value: "PATH", help: "Where the decision stands in a reply; counted by operation."),
        Flag(
            "idl", value: "FILE", repeatable: true, help: "Thrift IDL or OpenAPI besides what the tape carries.",
            completion: .file),
        Flag("keep-host", help: "Keep the recorded Host header."),
        Flag("allow-duplicates", help: "Send requests again with the same identities."),
        Flag(
            "dry-run",
            help: "Say what would be sent, with a few requests before and after every change, and send nothing."
        ),
        Flag("show", value: "N", help: "How many requests a dry run shows.", default: "3"),
        Flag("result", value: "FILE", help: "Write the result as JSON.", completion: .file),
        ResultParts.flag,
        Flag("report", value: "FILE", help: "Write the result as one HTML page.", completion: .file),
        Flag(
            "output", short: "o", value: "TAPE", help: "Write a run tape: what was sent, and the replies.",
            completion: .file),
    ] + RunTapeFlags.flags + [.json] + ReplayFidelity.flags
) { invocation in
    var command = try ReplayCommand(invocation)
    return try command.run()
}

/// One run of the command.
struct ReplayCommand {
    let invocation: Invocation
    let path: String
    let pacerName: String
    let source: ReplaySource
    var options: Run.Options
    let watching: ReplayWatching
    let search: LimitSearch?
    var rules: ReplayRules?
    var keeper: SendingGuard
    let schemas: SchemaSet
    let runTape: RunTapeFlags

    init(_ invocation: Invocation) throws {
        self.invocation = invocation
        runTape = try RunTapeFlags(invocation)
        let parts = try ReplayFidelity.parts(invocation)
        path = parts.count == 1 ? parts[0].path : parts.map { "\($0.path)=\($0.weight)" }.joined(separator: ", ")
        for flag in ["output", "result", "report", "hdr", "junit", "ledger"] {
            guard let output = invocation[flag] else { continue }
            try OutputPath.check(output, flag, against: parts.map(\.path) + invocation.all("idl"))
        }
        var pacer: Pacer
        (pacer, pacerName) = try ReplayFidelity.users(invocation) ?? ReplayPacing.pacer(invocation)
        var limit = try ReplayLimit.options(invocation)
        if let limit { pacer = .constant(perThousandSeconds: limit.firstRate) }
        let sending = try SendingFlags(invocation)
        options = Run.Options(pacer: pacer, carriers: sending.carriers, tag: sending.tag)
        try ReplayCommand.readNumbers(invocation, &options)
        watching = try ReplayWatching(invocation, policyKillFile: sending.policy?.killFile)
        let rateIsStated =
            invocation.has("rate") || invocation.has("schedule") || invocation.has("users") || limit != nil
        keeper = SendingGuard(
            try sending.makeGuard(
                try invocation.all("to").map { url throws(CommandError) in try SendingFlags.target(url) }, pacer,
                rateIsStated: rateIsStated))
        keeper.mirrors = try ReplayMirrors.guards(
            invocation, sending, pacer, rateIsStated: rateIsStated, primary: keeper.gatekeeper)
        // A search goes as far as it may, not into what the guard would hold back.
        if let cap = keeper.all.compactMap(\.leastRatePerThousandSeconds).min(), let wanted = limit?.highestRate {
            limit?.highestRate = min(wanted, cap)
        }
        search = limit.map { LimitSearch($0) }
        options.program = search?.program
        if let limit { options.warmUpNanos = UInt64(limit.warmUpSeconds) * 1_000_000_000 }
        options.tls = try TLSFlags.context(invocation, keeper.targets)
        source = try ReplaySource(parts, only: try ReplayFidelity.only(invocation))
        schemas = try source.schemas(idl: invocation.all("idl"))
        options.patience = try ReplayPatience.read(invocation, schemas)
        try source.select(try SelectionFlags.selection(invocation), schemas)
        rules = try ReplayRules(invocation, sending)
        options.fidelity = try ReplayFidelity.options(invocation, pacer, rules?.rules)
        rules?.decideConditions(schemas)
        options.fidelity.locator = FieldLocator(schemas: schemas)
        for flag in ["id", "time"] {
            options.fidelity.named += try ReplayFidelity.fields(invocation, flag).map { (flag, $0) }
        }
        options.fidelity.times = DeclaredTimes(schemas: schemas, fields: try ReplayFidelity.fields(invocation, "time"))
    }

    private static func readNumbers(_ invocation: Invocation, _ options: inout Run.Options) throws {
        if invocation["connections"] == "recorded" {
            try RecordedConnectionsFlags.read(invocation, &options)
        } else if invocation.has("max-connections") {
            throw CommandError("--max-connections needs --connections recorded")
        } else if let text = invocation["connections"] {
            options.connections = Int(clamping: try FlagValue.count(text, flag: "connections"))
        }
        if let text = invocation["threads"] {
            options.threads = Int(clamping: try FlagValue.count(text, flag: "threads"))
        }
        guard (1...100_000).contains(options.connections), (1...256).contains(options.threads) else {
            throw CommandError(
                "--connections, --max-connections or --threads is out of range",
                remedy: "Give 1 to 100000 connections, and 1 to 256 threads.")
        }
        try ReplayPacing.read(invocation, into: &options)
        try ReplayWatching.read(invocation, into: &options)
        try InFlightFlags.read(invocation, &options)
        options.partSeconds = try ResultParts.seconds(invocation)
        options.keepsHost = invocation.has("keep-host")
        options.allowsDuplicates = invocation.has("allow-duplicates")
    }

    var gatekeeper: Guard { keeper.gatekeeper }

    mutating func run() throws -> ExitCode {
        if invocation.has("dry-run") { rules?.pretend() } else { try rules?.begin() }
        defer { rules?.end() }
        if let rules { options.fidelity.ruleContext = rules.context }
        let identities = DeclaredIdentities(schemas: schemas, fields: try ReplayFidelity.fields(invocation, "id"))
        let writer = try invocation["output"].map { output in
            try TapeRunWriter(
                path: output, flags: runTape, tag: options.tag, targets: keeper.targets, source: source,
                eventTime: options.fidelity.eventTime)
        }
        let ledger = try invocation["ledger"].map {
            try LedgerFile(path: $0, tag: options.tag, targets: keeper.targets, identities: identities)
        }
        let run = Run(
            options: options, gatekeeper: gatekeeper, mirrors: keeper.mirrors, source: source, identities: identities,
            judge: try makeJudge(),
            writer: RunWriters([writer, ledger]))
        if invocation.has("dry-run") { return try rehearse(run) }
        // Before any thread is started, which would get the signals else.
        let signals: SignalWatch
        do throws(SystemError) { signals = try SignalWatch() } catch {
            throw CommandError("signals cannot be watched (\(error))", exit: .failed)
        }
        var watchers = try watching.watchers()
        if let search { watchers.append(search) }
        let endpoint = try watching.endpoint(tag: options.tag)
        if let endpoint {
            watchers.append(endpoint)
            try endpoint.start()
            Output.note("metrics on http://\(endpoint.address)/metrics")
            if !endpoint.address.isLoopback { Output.warn("\(endpoint.address) can be reached from other machines") }
        }
        defer { endpoint?.stop() }
        let log = try invocation["hdr"].map { try HistogramLogFile(path: $0) }
        if let log { watchers.append(log) }
        let banner = keeper.banner(
            tape: path, options, rate: options.pacer.isOpenLoop ? pacerName : "\(pacerName) (closed loop)",
            requests: source.exchangeCount)
        for line in banner { Output.note(line) }
        try keeper.confirm(isConfirmed: invocation.has("yes"))
        let canaries = try sendCanaries(run)
        let parts = makeParts(writer, canaries)
        defer { parts?.finish() }
        var result: RunResult
        var progress = ProgressLine(intervalNanos: 1_000_000_000)
        do throws(ReplayError) {
            result = try run.run(signals: signals, watchers: watchers, parts: parts) { state in
                progress.update(ReplayCommand.line(state))
            }
        } catch {
            progress.finish()
            throw CommandError(
                error.isFailure ? error.message : "nothing was sent: \(error.message)", remedy: error.remedy,
                exit: error.isFailure ? .failed : .usage)
        }
        progress.finish()
        complete(&result)
        result.runTape = writer?.account
        if let search {
            result.run.pacer = "find-max"
            result.search = search.result
            result.run.rate = nil
            result.run.isGeneratorBound = search.result.isGeneratorBound
            if search.result.isGeneratorBound { result.run.generatorBoundReason = search.result.sentence }
        }
        keeper.complete(&result.audit, canaries: canaries)
        result.expectations = watching.judge(result)
        log?.finish()
        try write(result)
        if let ledger {
            if ledger.withoutID > 0 {
                Output.warn(
                    "\(ledger.withoutID) requests hold nothing that is declared an id (tinct.id, x-tinct-id, --id): they are not in the ledger"
                )
            }
            if ledger.failureText != nil || result.totals.runTapeDropped > 0 {
                Output.note(
                    "tinct: the ledger is not whole: \(ledger.failureText ?? "it could not be written fast enough")")
                return .failed
            }
        }
        parts?.finish()
        if let text = parts?.failureText {
            Output.note("tinct: not every part of the result is written: \(text)")
            return .failed
        }
        return status(result, writer, log)
    }

    private func sendCanaries(_ run: Run) throws -> [RunResult.Audit.Canary] {
        let schemas = schemas
        do throws(ReplayError) {
            return try run.sendCanaries { reply in ThriftReplies.render(reply, schemas) }
        } catch {
            throw CommandError("no load was sent: \(error.message)", remedy: error.remedy, exit: .stopped)
        }
    }

    private func write(_ result: RunResult) throws {
        let json = result.json()
        if let file = invocation["result"] { try ReplayCommand.save(json, file) }
        if let file = invocation["junit"] { try ReplayCommand.save(JUnitReport.render(result), file) }
        if let file = invocation["report"] { try ReplayCommand.save(HTMLReport.render(result), file) }
        if invocation.wantsJSON { Output.write(json) } else { Output.write(TextReport.render(result)) }
    }

    private func status(_ result: RunResult, _ writer: TapeRunWriter?, _ log: HistogramLogFile?) -> ExitCode {
        if let text = writer?.failureText {
            Output.note("tinct: the run tape is not whole: \(text)")
            return .failed
        }
        if let text = log?.failureText {
            Output.note("tinct: the histogram log is not whole: \(text)")
            return .failed
        }
        if result.totals.runTapeDropped > 0 {
            Output.warn(
                "\(result.totals.runTapeDropped) exchanges are not on the run tape: it could not be written fast enough"
            )
        }
        let refused = result.refusals.reduce(0) { $0 + $1.count }
        if refused > 0 { Output.warn("the guard refused \(refused) requests; the result says which and why") }
        switch result.run.exitReason {
        case "signal", "guard": return .stopped
        case "abort", "killFile":
            Output.warn("stopped: \(result.run.exitDetail)")
            return .stopped
        case "failed": return .failed
        case "tapeEnded":
            Output.warn("the tape ended; it is not sent again with the same identities (--id, --allow-duplicates)")
        default: break
        }
        if let warning = Self.unanswered(result) {
            Output.warn(warning)
            return .expectationFailed
        }
        if result.run.isGeneratorBound {
            Output.warn("generator-bound: \(result.run.generatorBoundReason)")
            return .inconclusive
        }
        if let search = result.search {
            if !search.isComplete { return .inconclusive }
            if !search.isConfirmed { return .expectationFailed }
        }
        for expectation in result.expectations where !expectation.holds {
            Output.warn("\(expectation.text) does not hold: it is \(expectation.actual)")
        }
        return result.expectations.allSatisfy(\.holds) ? .ok : .expectationFailed
    }

    /// What to say when no request found a server, which nobody can have wanted; nil when one did.
    private static func unanswered(_ result: RunResult) -> String? {
        let failures = Outcome.allCases.filter { result[$0] > 0 && !$0.isAnswered && $0 != .notAddressed }
        let isAnswered = Outcome.allCases.contains { result[$0] > 0 && $0.isAnswered }
        if failures.isEmpty || isAnswered { return nil }
        return "no request was answered: " + failures.map { "\(result[$0]) \($0.name)" }.joined(separator: ", ")
    }

    private static func save(_ bytes: [UInt8], _ path: String) throws {
        do { try writeFile(path, bytes: bytes) } catch { throw CommandError("\(error)", exit: .failed) }
    }

    private func makeJudge() throws -> Judge? {
        if !invocation.has("success") && !invocation.has("decision") { return nil }
        do throws(ExpressionError) {
            let success = try invocation["success"].map { text throws(ExpressionError) in try Expression(text) }
            let decision = try invocation["decision"].map { text throws(ExpressionError) in try ExpressionPath(text) }
            let schemas = schemas
            return Judge(success: success, decision: decision) { reply in ThriftReplies.render(reply, schemas) }
        } catch {
            throw CommandError("--success or --decision cannot be read: \(error)")
        }
    }

    private static func line(_ state: Run.Progress) -> String {
        "\(Figures.duration(nanos: state.elapsedNanos))  due \(Figures.count(state.due))  "
            + "sent \(Figures.count(state.sent))  answered \(Figures.count(state.answered))  "
            + "errors \(Figures.count(state.errors))"
    }
}
