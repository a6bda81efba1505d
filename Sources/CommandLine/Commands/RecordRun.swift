import CLinux
import Capture
import Compression
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
        let tapes = try startTapes(options, source: invocation.arguments.joined(separator: ", "))
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
                let packet: CapturedPacket
                let reader: Int
                do throws(CaptureError) {
                    guard let next = try merge.next() else { break }
                    (packet, reader) = next
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
                recorder.add(packet, from: &merge, reader)
                if recorder.hasFinished { try store(from: &recorder, to: tapes) }
                count &+= 1
                clock.recordedNanos = packet.timeNanos
                if isPiped { clock.sawPacket() }
                if isRotating { try tapes?.rotateIfDue(recordedNanos: packet.timeNanos) }
                if count & 0xFFFF == 0 {
                    try advance(&recorder, tapes, clock, patienceNanos: nil)
                    progress.update("\(count) packets, \(recorder.exchangeCount) exchanges")
                }
                if recorder.exchangeCount >= countLimit { break }
            }
            recorder.finish()
            try store(from: &recorder, to: tapes)
            try tapes?.finish()
        } catch {
            progress.finish()
            throw failure(error, packets: count, tapes)
        }
        progress.finish()

        var report = RecordReport(balance: recorder.balance)
        if let damage { report.add(damage, afterPackets: count) }
        for (input, reader) in zip(inputs, merge.readers) {
            report.add(input.path, reader.ending, isCut: input.input.isCut)
        }
        return finish(&report, tapes)
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

    func startTapes(_ options: RecordingOptions, source: String) throws(CommandError) -> TapeSet? {
        guard let output else { return nil }
        do {
            var tape = TapeWriter.Options(source: source, isRaw: options.isRaw, program: "tinct \(tinctVersion)")
            tape.level = tapeLevel
            if let masking = options.masking { tape.properties = MaskingFlags.properties(masking) }
            tape.compressesAside = true
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

    func store(from recorder: inout Recorder, to tapes: TapeSet?) throws(TapeError) {
        try recorder.takeFinished { exchange throws(TapeError) in try tapes?.append(&exchange) }
    }

    /// Lets time pass in the flows and on the tape.
    func advance(
        _ recorder: inout Recorder, _ tapes: TapeSet?, _ clock: RecordClock, patienceNanos: UInt64?
    ) throws(TapeError) {
        let recorded = clock.estimatedNanos
        recorder.advance(toNanos: recorded, patienceNanos: patienceNanos)
        if recorder.hasFinished { try store(from: &recorder, to: tapes) }
        try tapes?.tick(monotonicNanos: clock.monotonicNanos, recordedNanos: recorded)
    }

    private func open(
        _ signals: RecordSignals?
    ) throws(CommandError) -> [(path: String, input: FileCaptureInput, reader: PacketReader)] {
        var opened: [(path: String, input: FileCaptureInput, reader: PacketReader)] = []
        for path in invocation.arguments {
            if path == "-", let signals, !signals.waitForInput() {
                throw CommandError("stopped before anything came on standard input", exit: .stopped)
            }
            let input: FileCaptureInput
            do { input = try FileCaptureInput(path: path) } catch { throw CommandError("\(error)") }
            do {
                opened.append((path, input, try PacketReader(input)))
            } catch {
                throw CommandError(
                    "cannot read \(path) as a capture: \(error)",
                    remedy: "tinct record reads pcap and pcapng, plain or compressed with zstd or gzip.")
            }
        }
        return opened
    }
}
