import Bytes
import Compression
import Files
import JSON
package import Schema
package import Tape

/// Where exchanges go: a tape, JSON Lines (plain, or one zstd frame a leaf) or CSV, by the ending of the path.
package final class SynthesisOutput {
    package enum Form: Sendable, Equatable {
        case tape, lines, compressedLines, table

        /// Nil when the ending says nothing.
        package init?(path: String) {
            if path.hasSuffix(".mcap") {
                self = .tape
            } else if path.hasSuffix(".jsonl") {
                self = .lines
            } else if path.hasSuffix(".jsonl.zst") {
                self = .compressedLines
            } else if path.hasSuffix(".csv") {
                self = .table
            } else {
                return nil
            }
        }

        package static let expectation = ".mcap, .jsonl, .jsonl.zst or .csv"
    }

    package let path: String
    package let form: Form
    private let plan: SynthesisPlan
    private let tape: TapeWriter?
    private let file: FileOutput?
    private let compressor: ZstdFrameCompressor?
    private var text = Arena()
    private var frame: [UInt8] = []

    /// - Parameter hasHeader: CSV begins with its header: in shard 0.
    package init(path: String, form: Form, plan: SynthesisPlan, version: String, hasHeader: Bool) throws {
        self.path = path
        self.form = form
        self.plan = plan
        compressor = form == .compressedLines ? ZstdFrameCompressor(level: 1, checksum: true) : nil
        if form == .tape {
            let options = TapeWriter.Options(
                source: plan.scenario.sources.last.map { fileName($0.path) } ?? "", program: "tinct " + version)
            tape = try TapeWriter(path: path, options: options)
            file = nil
        } else {
            tape = nil
            file = try FileOutput(path: path)
            if form == .table && hasHeader { plan.appendHeader(into: &text) }
        }
    }

    package var wishes: (json: Bool, row: Bool) { (form == .lines || form == .compressedLines, form == .table) }

    package func append(_ exchange: borrowing Exchange, json: Arena, row: Arena) throws {
        if let tape {
            try tape.append(exchange)
        } else if form == .table {
            plan.appendRecord(exchange, row: row, into: &text)
        } else {
            plan.appendLine(exchange, json: json, into: &text)
        }
    }

    package func endLeaf() throws {
        guard let file, text.count > 0 else { return }
        if let compressor {
            frame.removeAll(keepingCapacity: true)
            text.withSpan { _ = compressor.compress($0, appendingTo: &frame) }
            try file.write(frame)
        } else {
            try file.write(text.array())
        }
        text.truncate(to: 0)
    }

    /// Closes the output; a tape gets its attachments first.
    package func finish(_ manifest: Manifest, _ schemas: SchemaSet) throws {
        try endLeaf()
        try file?.close()
        let bytes = manifest.json.encoded(pretty: true) + [0x0A]
        guard let tape else {
            if path == "-" { return }
            let sidecar = try FileOutput(path: path + ".manifest.json")
            try sidecar.write(bytes)
            try sidecar.close()
            return
        }
        for source in schemas.sources {
            try tape.attach(name: source.name, mediaType: source.mediaType, bytes: source.bytes)
        }
        for source in plan.scenario.sources {
            try tape.attach(name: fileName(source.path), mediaType: TapeMediaType.scenario, bytes: source.bytes)
        }
        try tape.attach(name: "manifest.json", mediaType: TapeMediaType.manifest, bytes: bytes)
        try tape.finish()
    }
}

/// A path without its folders: what may travel with a file.
private func fileName(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
}
