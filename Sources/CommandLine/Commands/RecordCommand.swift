import Capture
import Compression
import Recording
import Schema
import Tape

/// `tinct record`: captures in, tape and balance out.
package let recordCommand = CommandSpec(
    name: "record",
    summary: "Turn captures into a tape, with an account of what became of every packet",
    arguments: "FILE...",
    argumentCount: 1...4096,
    discussion: """
        Reads pcap and pcapng, plain, .zst or .gz ('-' is standard input), several files merged by time. HTTP/1.1 and
        Thrift (strict Binary and Compact, framed and unframed) are recognised from content, on any port.

        Prints the balance: packets, bytes and messages that came in, and where they went. Exits 1 when it does not
        close, when a capture that holds data gave no exchange, or when an expectation fails.

        Values of Authorization, Proxy-Authorization, Cookie and Set-Cookie, and payment card numbers, are masked in
        place before anything is written. --raw keeps them; the tape is then readable by its owner only.
        """,
    examples: [
        ("tinct record traffic.pcap -o traffic.mcap", "Record a capture."),
        (
            "tinct record a.pcapng.zst b.pcapng.zst -o day.mcap --idl risk_decision.thrift --expect 'lost<0.1%'",
            "Merge two captures, name Thrift calls by their IDL, and fail when more than 0.1 % of messages are lost."
        ),
        ("tinct record --dry-run --json traffic.pcap", "Only count."),
    ],
    flags: [
        Flag("output", short: "o", value: "TAPE", help: "Write the tape here.", completion: .file),
        Flag(
            "idl", value: "FILE", repeatable: true,
            help: "Thrift IDL or OpenAPI description; names operations and travels with the tape.", completion: .file),
        Flag("raw", help: "Keep credentials and card numbers. The tape gets mode 0600."),
        Flag(
            "expect", value: "EXPR", repeatable: true,
            help: "Fail unless this holds: lost, refused, missing, exchanges, messages or paired, compared with a "
                + "number or a share, as in 'lost<0.1%'."),
        Flag("dry-run", help: "Write no tape."),
        .json,
    ],
    run: { try RecordRun($0).run() }
)

/// One run of the command.
struct RecordRun {
    private let invocation: Invocation
    private let expectations: [RecordingExpectation]
    private let output: String?
    private var options = RecordingOptions()

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
        options.isRaw = invocation.has("raw")
        if invocation.arguments.count(where: { $0 == "-" }) > 1 {
            throw CommandError("'-' stands twice among the files", remedy: "Standard input can be read once only.")
        }
        if let output {
            try OutputPath.checkIsNotStandardOutput(output, "output")
            try OutputPath.check(output, "output", against: invocation.arguments + invocation.all("idl"))
        }
    }

    func run() throws -> ExitCode {
        let inputs = try open()
        let schema = try SchemaFiles.load(invocation.all("idl"))
        var options = options
        options.schema = schema
        let writer = try startTape(schema)
        if options.isRaw, let output {
            Output.warn("--raw: \(output) holds credentials and card numbers as they were sent. Keep it to yourself.")
        }

        var merge = CaptureMerge(inputs.map(\.reader))
        var recorder = Recorder(options)
        var progress = ProgressLine()
        var count: UInt64 = 0
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
                    damage = error
                    break
                }
                merge.withBytes(of: packet, reader) { recorder.add(packet, $0) }
                if recorder.hasFinished { try store(from: &recorder, to: writer) }
                count &+= 1
                if count & 0xFFFF == 0 {
                    progress.update("\(count) packets, \(recorder.balance.exchanges) exchanges")
                }
            }
            recorder.finish()
            try store(from: &recorder, to: writer)
            try writer?.finish()
        } catch {
            progress.finish()
            throw CommandError(
                "the recording stopped after \(count) packets: \(error)",
                remedy: output.map { "What \($0) holds up to its last whole chunk can be read." } ?? "", exit: .failed)
        }
        progress.finish()

        var report = RecordReport(balance: recorder.balance)
        if let damage { report.add(damage, afterPackets: count) }
        report.tape = output
        for (input, reader) in zip(inputs, merge.readers) {
            report.add(input.path, reader.ending, isCut: input.input.isCut)
        }
        report.expectations = expectations.map { ($0.text, $0.holds(recorder.balance), $0.value(recorder.balance)) }
        if invocation.wantsJSON { report.printJSON() } else { report.printText() }
        return report.exit
    }

    private func startTape(_ schema: SchemaSet) throws(CommandError) -> TapeWriter? {
        guard let output else { return nil }
        do {
            var tape = TapeWriter.Options(
                source: invocation.arguments.joined(separator: ", "), isRaw: options.isRaw,
                library: "tinct \(tinctVersion)")
            tape.level = tapeLevel
            let writer = try TapeWriter(path: output, options: tape)
            for source in schema.sources {
                try writer.attach(name: source.name, mediaType: source.mediaType, bytes: source.bytes)
            }
            return writer
        } catch {
            throw CommandError("\(error)")
        }
    }

    /// Recording keeps up with the wire; the tape is packed again by whoever archives it.
    private let tapeLevel = -3

    private func store(from recorder: inout Recorder, to writer: TapeWriter?) throws(TapeError) {
        try recorder.takeFinished { exchange throws(TapeError) in try writer?.append(&exchange) }
    }

    private func open() throws(CommandError) -> [(path: String, input: FileCaptureInput, reader: PacketReader)] {
        var opened: [(path: String, input: FileCaptureInput, reader: PacketReader)] = []
        for path in invocation.arguments {
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
