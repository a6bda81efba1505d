import CLinux
import Capture
import Compression
import EventLoop
import Glibc
import Recording
import Schema
import Tape

/// One run of the command.
struct RecordRun {
    let invocation: Invocation
    private let expectations: [RecordingExpectation]
    let output: String?
    var options = RecordingOptions()
    let live: LiveFlags?
    private let rotation: TapeSet.Rotation?
    let countLimit: UInt64
    /// How many threads may work on it.
    let threads: Int

    init(_ invocation: Invocation) throws(CommandError) {
        self.invocation = invocation
        var expectations: [RecordingExpectation] = []
        for text in invocation.all("expect") {
            guard let expectation = RecordingExpectation(text) else {
                throw CommandError(
                    "--expect \(text) is not an expectation",
                    remedy: "Write it like 'lost<0.1%', 'refused<=10' or 'exchanges>=1000'.")
            }
            expectations.append(expectation)
        }
        self.expectations = expectations
        output = invocation.has("dry-run") ? nil : invocation["output"]
        if output == nil && !invocation.has("dry-run") {
            throw CommandError("tinct record needs --output TAPE", remedy: "Or --dry-run, to count only.")
        }
        live = try LiveFlags(invocation)
        countLimit =
            try invocation["count"].map { text throws(CommandError) in
                try FlagValue.count(text, flag: "count")
            } ?? .max
        if countLimit == 0 { throw CommandError("--count 0 would record nothing", remedy: "Give at least 1.") }
        rotation = try invocation["rotate"].map { text throws(CommandError) in
            try FlagValue.rotation(text, flag: "rotate")
        }
        threads =
            try invocation["threads"].map { text throws(CommandError) in
                let count = try FlagValue.count(text, flag: "threads")
                guard (1...256).contains(count) else {
                    throw CommandError("--threads \(text) is out of range", remedy: "Give 1 to 256.")
                }
                return Int(count)
            } ?? LoopThread.availableCPUs
        options.isRaw = invocation.has("raw")
        for flag in ["mask", "mask-key-file"] where options.isRaw && invocation.has(flag) {
            throw CommandError("--raw masks nothing, so --\(flag) says nothing", remedy: "Leave one of them out.")
        }
        options.keepsBytes = output != nil
        if live != nil { options.limits.idleNanos = 600_000_000_000 }
        if let text = invocation["idle"] { options.limits.idleNanos = try FlagValue.durationNanos(text, flag: "idle") }
        for text in invocation.all("decode-as") {
            guard let choice = DecodeAs(text) else {
                throw CommandError(
                    "--decode-as \(text) is not understood",
                    remedy: "Write it like 9090=thrift/compact/framed, 8080=http or 22=opaque.")
            }
            options.decodeAs.append(choice)
        }
        if let text = invocation["max-flows"] {
            let count = try FlagValue.count(text, flag: "max-flows")
            guard (1...1 << 24).contains(count) else {
                throw CommandError("--max-flows \(text) is out of range", remedy: "Give 1 to 16M.")
            }
            options.limits.flows = Int(count)
        }
        if let bytes = try Self.memory(invocation, "max-flow-bytes") {
            options.limits.unreadBytes = bytes
            options.limits.pendingBytes = min(options.limits.pendingBytes, bytes)
        }
        if let bytes = try Self.memory(invocation, "max-bytes") { options.limits.totalBytes = bytes }
        if invocation.arguments.count(where: { $0 == "-" }) > 1 {
            throw CommandError("'-' stands twice among the files", remedy: "Standard input can be read once only.")
        }
        if let output {
            try OutputPath.checkIsNotStandardOutput(output, "output")
            try OutputPath.check(output, "output", against: invocation.arguments + invocation.all("idl"))
        }
    }

    private static func memory(_ invocation: Invocation, _ flag: String) throws(CommandError) -> Int? {
        guard let text = invocation[flag] else { return nil }
        let bytes = try FlagValue.bytes(text, flag: flag)
        guard (1 << 12...1 << 40).contains(bytes) else {
            throw CommandError("--\(flag) \(text) is out of range", remedy: "Give 4KiB to 1TiB.")
        }
        return Int(bytes)
    }

    func run() throws -> ExitCode {
        if let live { return try run(live) }
        if let kinds = try importKinds() { return try run(kinds) }
        // A pipe has no end that anybody knows, so Ctrl-C must close the tape; a file is read to its end.
        let isPiped = invocation.arguments.contains { RecordSignals.isPipe($0) }
        let signals = try isPiped ? RecordSignals() : nil
        let inputs = try open(signals)
        let schema = try SchemaFiles.load(invocation.all("idl"))
        var options = options
        try applySchema(schema, to: &options)
        let tapes = try startRecordTapes(options, source: invocation.arguments.joined(separator: ", "))
        warnAboutMasking(options)
        if isPiped { for input in inputs where input.input.isPipe { input.input.patienceNanos = 100_000_000 } }

        var merge = CaptureMerge(inputs.map(\.reader))
        var recorder = Recorder(options)
        var progress = ProgressLine()
        var count: UInt64 = 0
        var clock = RecordClock()
        /// Why reading ended early.
        var damage: CaptureError?
        do {
            while true {
                let got: Int
                do throws(CaptureError) {
                    got = try recorder.add(from: &merge, limit: stepLimit(count))
                    if got == 0 { break }
                } catch {
                    if !error.isPause {
                        damage = error
                        break
                    }
                    let now = clock.monotonicNanos
                    if let signals, signals.isTimeToEnd(quietNanos: now - clock.packetNanos) { break }
                    try advance(&recorder, tapes, clock, patienceNanos: 5_000_000_000)
                    progress.update("\(count) packets, \(recorder.exchangeCount) exchanges")
                    continue
                }
                count += UInt64(got)
                clock.recordedNanos = recorder.lastNanos
                if isPiped { clock.sawPacket() }
                if recorder.isBatchDue { try store(from: &recorder, to: tapes) }
                if isRotating { try tapes?.rotateIfDue(&recorder, recordedNanos: recorder.lastNanos) }
                if count % 65_536 == 0 {
                    if isPiped {
                        try advance(&recorder, tapes, clock, patienceNanos: nil)
                    } else {
                        // By the capture's own time alone, so that the tape does not depend on how fast it is read.
                        recorder.advance(toNanos: recorder.lastNanos)
                    }
                    progress.update("\(count) packets, \(recorder.exchangeCount) exchanges")
                }
                if recorder.exchangeCount >= countLimit { break }
            }
            recorder.finish()
            try tapes?.finish(from: &recorder)
        } catch {
            progress.finish()
            throw failure(error, packets: count, tapes?.tapes)
        }
        progress.finish()
        for input in inputs { input.ahead?.stop() }

        var report = RecordReport(balance: recorder.balance)
        if let damage { report.add(damage, afterPackets: count) }
        for (input, reader) in zip(inputs, merge.readers) {
            report.add(input.path, reader.ending, isCut: input.input.isCut)
        }
        return finish(&report, tapes?.tapes)
    }

    /// How many packets may be taken before somebody looks at the clock, the count of exchanges and the tapes' age.
    private func stepLimit(_ count: UInt64) -> Int {
        isRotating || countLimit < .max ? 1 : Int(65_536 - count % 65_536)
    }

    /// Tells what became of it all.
    func finish(_ report: inout RecordReport, _ tapes: TapeSet?) -> ExitCode {
        report.tape = tapes?.name
        report.tapeCount = tapes?.tapes.count ?? 0
        report.leftOut = tapes?.leftOut ?? 0
        let balance = report.balance
        report.expectations = results(balance)
        if let kernel = balance.kernel, kernel.dropped > 0 {
            Output.warn(
                "the kernel dropped \(kernel.dropped) of \(kernel.received) packets because the ring was full: give a "
                    + "larger --ring, or a --filter that takes less")
        }
        if invocation.wantsJSON { report.printJSON() } else { report.printText() }
        return report.exit
    }

    /// What became of the expectations.
    func results(_ balance: Balance) -> [(text: String, holds: Bool, value: Double)] {
        expectations.map { ($0.text, $0.holds(balance), $0.value(balance)) }
    }

    /// What is said when the tape could not be written on.
    func failure(_ error: any Error, packets: UInt64, _ tapes: TapeSet?) -> CommandError {
        CommandError(
            "the recording stopped after \(packets) packets: \(error)", remedy: tapes?.standing ?? "", exit: .failed)
    }

    /// Takes over what the schema says, of names and of what is to be masked.
    func applySchema(_ schema: SchemaSet, to options: inout RecordingOptions) throws(CommandError) {
        options.schema = schema
        if !options.isRaw { options.masking = try MaskingFlags.plan(invocation, schema) }
    }

    func warnAboutMasking(_ options: RecordingOptions) {
        guard let output else { return }
        if options.isRaw {
            Output.warn(
                "--raw: \(output) holds personal data and credentials as they were sent. Keep it to yourself, and delete it "
                    + "when it has served.")
        } else if let plan = options.masking {
            MaskingFlags.noteRandomKey(plan)
        }
    }

    func startTapes(
        _ options: RecordingOptions, source: String, compressesAside: Bool
    ) throws(CommandError) -> TapeSet? {
        guard let output else { return nil }
        do {
            var tape = TapeWriter.Options(source: source, isRaw: options.isRaw, program: "tinct \(tinctVersion)")
            tape.level = tapeLevel
            if let masking = options.masking { tape.properties = MaskingFlags.properties(masking) }
            tape.compressesAside = compressesAside
            var plan = TapeSet.Plan(path: output, rotation: rotation, options: tape)
            plan.keepsEarlier = true
            plan.limit = countLimit
            plan.attachments = options.schema.sources.map {
                AttachedFile(name: $0.name, mediaType: $0.mediaType, bytes: $0.bytes)
            }
            if let masking = options.masking { plan.attachments += MaskingFlags.attachments(masking) }
            return try TapeSet(plan)
        } catch {
            throw CommandError("\(error)")
        }
    }

    var isRotating: Bool { rotation != nil }

    /// Recording keeps up with the wire; the tape is packed again by whoever archives it.
    private let tapeLevel = -4

    func startRecordTapes(_ options: RecordingOptions, source: String) throws(CommandError) -> RecordTapes? {
        try startTapes(options, source: source, compressesAside: threads > 1).map { RecordTapes($0) }
    }

    func store(from recorder: inout Recorder, to tapes: RecordTapes?) throws(TapeError) {
        if let tapes { try tapes.store(from: &recorder) } else { recorder.dropFinished() }
    }

    /// Lets time pass in the flows and on the tape.
    func advance(
        _ recorder: inout Recorder, _ tapes: RecordTapes?, _ clock: RecordClock, patienceNanos: UInt64?
    ) throws(TapeError) {
        let recorded = clock.estimatedNanos
        recorder.advance(toNanos: recorded, patienceNanos: patienceNanos)
        try tapes?.tick(&recorder, monotonicNanos: clock.monotonicNanos, recordedNanos: recorded)
        if tapes == nil { recorder.dropFinished() }
    }

    private func open(
        _ signals: RecordSignals?
    ) throws(CommandError) -> [OpenInput] {
        var opened: [OpenInput] = []
        for path in invocation.arguments {
            if path == "-", let signals, !signals.waitForInput() {
                throw CommandError("stopped before anything came on standard input", exit: .stopped)
            }
            let input: FileCaptureInput
            do { input = try FileCaptureInput(path: path) } catch { throw CommandError("\(error)") }
            // Bytes that need no decompressing cost more on their way between processors than to read. A pipe pauses. Of
            // many files, each waits for the others anyway.
            let isAhead = threads > 1 && input.isCompressed && invocation.arguments.count == 1
            let ahead = isAhead ? ReadAheadInput(input) : nil
            do {
                let reader = try PacketReader(ahead ?? input)
                opened.append(OpenInput(path: path, input: input, ahead: ahead, reader: reader))
            } catch {
                ahead?.stop()
                throw CommandError(
                    "cannot read \(path) as a capture: \(error)",
                    remedy: "tinct record reads pcap and pcapng, plain or compressed with zstd or gzip.")
            }
        }
        return opened
    }
}

/// A capture that is being read.
private struct OpenInput {
    var path: String
    var input: FileCaptureInput
    /// Reads ``input`` on a thread of its own; until that is stopped, nobody else may ask the input anything.
    var ahead: ReadAheadInput?
    var reader: PacketReader
}
