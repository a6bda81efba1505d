import Bytes
import Compression
import Files
import Formats
import JSON
import Recording
import Schema
import Tape

/// The files of other tools that `tinct record` takes besides captures.
enum ImportKind: String {
    case gor, har

    /// From how the content begins; nil when it is neither.
    static func of(_ path: String) -> ImportKind? {
        // What is taken from a pipe to look at it would be missing afterwards.
        guard FileInput.isRegular(path) else { return nil }
        guard let input = try? DecompressingInput(path: path) else { return nil }
        var start = [UInt8](repeating: 0, count: 64)
        guard let got = try? input.read(into: &start), got > 2 else { return nil }
        var bytes = start[..<got]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        bytes = bytes.drop { [9, 10, 13, 32].contains($0) }
        if bytes.first == UInt8(ascii: "{") { return .har }
        guard let type = bytes.first, (0x31...0x33).contains(type), bytes.dropFirst().first == 32 else { return nil }
        return .gor
    }
}

extension RecordRun {
    /// Nil when the files are captures.
    func importKinds() throws(CommandError) -> [ImportKind]? {
        let kinds = invocation.arguments.map { ImportKind.of($0) }
        let known = kinds.compactMap { $0 }
        if known.isEmpty { return nil }
        guard known.count == kinds.count else {
            throw CommandError(
                "captures and other tools' files stand among the inputs",
                remedy: "Record them apart and join the tapes "
                    + "with tinct cut.")
        }
        return known
    }

    /// Turns .gor and HAR files into a tape, one after another.
    func run(_ kinds: [ImportKind]) throws -> ExitCode {
        let schema = try SchemaFiles.load(invocation.all("idl"))
        var options = options
        try applySchema(schema, to: &options)
        let tapes = try startTapes(
            options, source: invocation.arguments.joined(separator: ", "), compressesAside: threads > 1)
        warnAboutMasking(options)
        var recorder = ImportRecorder(schema: schema, masking: options.masking)
        var notes: [String] = []
        var flows: UInt64 = 0
        var progress = ProgressLine()
        defer { progress.finish() }
        func store(_ source: ImportRecorder.Source) throws {
            var source = source
            source.flow += flows
            guard var exchange = recorder.exchange(source) else {
                // A head beyond what is read of one: it was used up and gave nothing.
                recorder.balance.used -= 1
                recorder.balance.refused["malformed", default: 0] += 1
                return
            }
            try tapes?.append(&exchange)
            progress.update("\(recorder.balance.exchanges) exchanges")
        }
        do {
            for (path, kind) in zip(invocation.arguments, kinds) {
                var most: UInt64 = 0
                switch kind {
                case .gor:
                    var reader = GorReader(try DecompressingInput(path: path))
                    while true {
                        let source: ImportRecorder.Source
                        do throws(DecompressionError) {
                            guard let next = try reader.next(&recorder.balance) else { break }
                            source = next
                        } catch {
                            notes.append("\(path) breaks off, what came before was used: \(error)")
                            break
                        }
                        most = max(most, source.flow + 1)
                        try store(source)
                    }
                case .har:
                    var reader = try open(path)
                    while let source = reader.next(&recorder.balance) {
                        most = max(most, source.flow + 1)
                        try store(source)
                    }
                }
                flows += most
            }
            try tapes?.finish()
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError("the import stopped: \(error)", remedy: tapes?.standing ?? "", exit: .failed)
        }
        progress.finish()
        var report = ImportReport(balance: recorder.balance, notes: notes, tape: tapes?.name)
        report.expectations = results(report.recording)
        if invocation.wantsJSON { report.printJSON() } else { report.printText() }
        return report.exit
    }

    private func open(_ path: String) throws(CommandError) -> HARReader {
        do {
            let input = try DecompressingInput(path: path)
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let got = try input.read(into: &buffer)
                if got == 0 { break }
                if bytes.count + got > HARReader.fileLimit {
                    throw CommandError(
                        "\(path) holds more than \(HARReader.fileLimit >> 20) MiB", remedy: "Split the archive.")
                }
                bytes += buffer[..<got]
            }
            return try HARReader(bytes)
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError("cannot read \(path) as a HAR: \(error)", remedy: "It must be JSON with log.entries.")
        }
    }
}
