import Bytes
import Compression
import Files
import Formats
import Glibc
import Privacy
import Recording
import Schema
import Tape

/// Tapes, and the files of other tools that become tapes.
let tapeTargets: [FuzzTarget] = [
    FuzzTarget(name: "tape", maximumLength: 1 << 14) { bytes in
        inFile(bytes) { path in
            guard let reader = try? TapeReader(path: path) else { return }
            for attachment in reader.attachments { _ = try? reader.read(attachment) }
            var damages = 0
            // After an error reading goes on with what follows, so it must come to an end.
            while damages < 1000 {
                do { if try reader.next() == nil { break } } catch { damages += 1 }
            }
            try? TapeChecker(path: path).run()
        }
    },
    FuzzTarget(name: "gor") { bytes in
        inFile(bytes) { path in
            guard let input = try? DecompressingInput(path: path, bufferBytes: 4096) else { return }
            var reader = GorReader(input)
            var recorder = ImportRecorder(
                schema: SchemaSet(),
                masking: MaskingPlan(key: MaskingKey(Array(repeating: 7, count: 32), origin: .file)))
            while let source = (try? reader.next(&recorder.balance)) ?? nil { _ = recorder.exchange(source) }
        }
    },
    FuzzTarget(name: "har", maximumLength: 1 << 13) { bytes in
        guard var reader = try? HARReader([UInt8](copying: bytes)) else { return }
        var recorder = ImportRecorder(
            schema: SchemaSet(), masking: MaskingPlan(key: MaskingKey(Array(repeating: 7, count: 32), origin: .file)))
        while let source = reader.next(&recorder.balance) { _ = recorder.exchange(source) }
    },
]

/// Puts the input where a reader of files finds it, in memory.
private func inFile(_ bytes: RawSpan, _ body: (String) -> Void) {
    let path = "/dev/shm/tinct-fuzz-\(getpid())"
    guard (try? writeFile(path, bytes: [UInt8](copying: bytes), mode: 0o600)) != nil else { return }
    body(path)
}
