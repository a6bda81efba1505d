import CLinux
import Capture
import Files
import Glibc
import LiveCapture
import Recording
import Tape

/// What the flags say about a live recording.
struct LiveFlags {
    var source: LiveOptions
    var durationNanos: UInt64?
    /// Who the process becomes; nil: it stays what it is.
    var account: Privileges.Account?
    /// That user is meant to own the tape.
    var ownsTape = false

    /// Nil when no interface is named.
    init?(_ invocation: Invocation) throws(CommandError) {
        guard let interface = invocation["interface"] else {
            for flag in ["filter", "duration", "ring", "user", "keep-privileges"] where invocation.has(flag) {
                throw CommandError("--\(flag) is for live recordings", remedy: "Name the interface with --interface.")
            }
            if invocation.arguments.isEmpty {
                throw CommandError(
                    "tinct record needs captures to read, or --interface", remedy: "'-' is standard input.")
            }
            return nil
        }
        if let file = invocation.arguments.first {
            throw CommandError(
                "--interface and \(file) do not go together", remedy: "Record the interface, or read captures.")
        }
        source = LiveOptions(interface: interface, filter: invocation["filter"] ?? "")
        if let text = invocation["ring"] {
            let bytes = try FlagValue.bytes(text, flag: "ring")
            guard (1 << 18...1 << 30).contains(bytes) else {
                throw CommandError("--ring \(text) is out of range", remedy: "Give 256KiB to 1GiB.")
            }
            source.ringBytes = Int(bytes)
        }
        durationNanos = try invocation["duration"].map { text throws(CommandError) in
            try FlagValue.durationNanos(text, flag: "duration")
        }
        if invocation.has("keep-privileges") {
            if invocation.has("user") {
                throw CommandError("--user and --keep-privileges do not go together", remedy: "Give one of them.")
            }
        } else if let name = invocation["user"] {
            guard let found = Privileges.Account(named: name) else {
                throw CommandError("--user \(name): there is no such user", remedy: "Name one of this machine's.")
            }
            account = found
            ownsTape = true
        } else if Privileges.isRoot {
            account = .fallback
            ownsTape = unsafe getenv("SUDO_UID") != nil
        }
        if account != nil && !Privileges.isRoot {
            throw CommandError("--user needs root's rights", remedy: "Start through sudo, or leave --user away.")
        }
    }
}

extension RecordRun {
    /// Records an interface.
    func run(_ live: LiveFlags) throws -> ExitCode {
        let signals = try RecordSignals()
        let schema = try SchemaFiles.load(invocation.all("idl"))
        var options = options
        try applySchema(schema, to: &options)
        let source = try open(live)
        if let account = live.account, let output, isRotating,
            !Privileges.mayWrite(TapeSet.folder(output), as: account)
        {
            throw CommandError(
                "user \(account.user), who goes on recording, may not create tapes in \(TapeSet.folder(output))",
                remedy: "Give the folder to that user, name another one with --user, or use --keep-privileges.")
        }
        let tapes = try startRecordTapes(options, source: live.source.interface)
        do {
            if let account = live.account {
                if live.ownsTape { try tapes?.tapes.writer.give(toUser: account.user, group: account.group) }
                try Privileges.drop(to: account)
            } else if !Privileges.isRoot {
                Privileges.dropCapabilities()
            }
        } catch {
            throw CommandError("\(error)")
        }
        warnAboutMasking(options)
        Output.note("recording \(live.source.interface); Ctrl-C ends it")

        var recorder = Recorder(options)
        var progress = ProgressLine()
        var clock = RecordClock()
        let begin = clock.monotonicNanos
        let deadline = live.durationNanos.map { begin &+ $0 } ?? .max
        let intervalNanos: UInt64 = 100_000_000
        var nextTick = begin + intervalNanos
        // Looking at all flows takes time when there are many.
        var nextSweep = begin
        /// When the kernel was told to let nothing more in.
        var stoppedNanos: UInt64?
        var damage: LiveError?
        do {
            while true {
                var got = 0
                do throws(LiveError) {
                    got = try source.read(limit: 8192) { packet, bytes in
                        clock.recordedNanos = packet.timeNanos
                        recorder.add(packet, bytes)
                    }
                } catch {
                    damage = error
                }
                let now = clock.monotonicNanos
                if got > 0 { clock.sawPacket() }
                if recorder.hasFinished { try store(from: &recorder, to: tapes) }
                if now >= nextTick {
                    nextTick = now + intervalNanos
                    source.update()
                    if now >= nextSweep {
                        nextSweep = now + 1_000_000_000
                        try describe(source, live, &recorder, tapes)
                        try advance(&recorder, tapes, clock, patienceNanos: 5_000_000_000)
                    } else {
                        try tapes?.tick(
                            &recorder, monotonicNanos: now, recordedNanos: clock.estimatedNanos)
                    }
                    progress.update(
                        "\(source.read) packets, \(recorder.exchangeCount) exchanges, "
                            + "\(source.account.dropped) packets dropped by the kernel")
                }
                if damage != nil { break }
                if stoppedNanos == nil,
                    now >= deadline || recorder.exchangeCount >= countLimit
                        || (now >= nextTick - intervalNanos && signals.isRaised)
                {
                    source.stop()
                    stoppedNanos = now
                }
                if got > 0 { continue }
                if stoppedNanos != nil {
                    // What is in the ring comes within a block's time.
                    if !source.wait(timeoutNanos: Int64(live.source.blockMillis) * 2_000_000) { break }
                } else {
                    let due = min(nextTick, deadline)
                    _ = source.wait(
                        timeoutNanos: due > now ? Int64(clamping: due - now) : 0,
                        or: signals.isRaised ? -1 : signals.descriptor)
                }
            }
            source.update()
            recorder.note(
                Balance.KernelCount(
                    received: source.account.received, dropped: source.account.dropped,
                    interfaceDropped: source.account.interfaceDropped, read: source.read))
            recorder.finish()
            try describe(source, live, &recorder, tapes)
            try tapes?.finish(from: &recorder)
        } catch {
            progress.finish()
            throw failure(error, packets: source.read, tapes?.tapes)
        }
        progress.finish()
        var report = RecordReport(balance: recorder.balance)
        report.live = (live.source, source.account.windows)
        if let damage { report.add(damage) }
        return finish(&report, tapes?.tapes)
    }

    /// Puts what the kernel says on the tape that is open.
    private func describe(
        _ source: LiveSource, _ live: LiveFlags, _ recorder: inout Recorder, _ tapes: RecordTapes?
    ) throws(TapeError) {
        guard let tapes else { return }
        let account = source.account
        let windows = account.windows.map { "\($0.sinceNanos)-\($0.untilNanos):\($0.packets)" }
        let entries = [
            (
                "capture",
                [
                    ("interface", live.source.interface), ("filter", live.source.filter),
                    ("ringBytes", "\(live.source.ringBytes)"), ("kernelReceived", "\(account.received)"),
                    ("kernelDropped", "\(account.dropped)"), ("interfaceDropped", "\(account.interfaceDropped)"),
                    ("dropWindows", windows.joined(separator: " ")),
                ]
            )
        ]
        try tapes.store(from: &recorder)
        tapes.tapes.closingMetadata = entries
    }

    private func open(_ live: LiveFlags) throws(CommandError) -> LiveSource {
        do {
            return try LiveSource(live.source)
        } catch {
            var remedy = ""
            switch error {
            case .noSuchInterface(_, let known): remedy = "There are: \(known.joined(separator: ", "))."
            case .notPermitted:
                remedy =
                    "Grant it with 'sudo setcap cap_net_raw+ep \(Self.program)', or start through sudo; the rights of "
                    + "root are given up once the interface is open."
            case .interfaceDown(let name): remedy = "Start it with 'ip link set \(name) up'."
            case .badFilter: remedy = "Write it as for tcpdump, see pcap-filter(7)."
            case .failed: break
            }
            throw CommandError("\(error)", remedy: remedy)
        }
    }

    /// The file of this program.
    private static var program: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe buffer.withUnsafeMutableBufferPointer { space in
            unsafe space.baseAddress.map { unsafe readlink("/proc/self/exe", $0, space.count - 1) } ?? -1
        }
        return count <= 0 ? "tinct" : String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
