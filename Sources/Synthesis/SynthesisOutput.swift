import Bytes
import Files
import JSON
package import Schema
import Tape

/// Where exchanges go, leaf by leaf in order: a tape, a file of any other form, or standard output.
package final class SynthesisOutput {
    package let path: String
    package let format: SynthesisFormat
    private let plan: SynthesisPlan
    private let tape: TapeWriter?
    private let file: FileOutput?
    private let compressor: LineCompressor?
    private var encoder: (any ExchangeEncoder)?
    private var bytes: [UInt8] = []
    private let isLast: Bool

    /// - Parameters:
    ///   - isFirst: it is shard 0, which has the header of what has one.
    ///   - isLast: it is the last shard, which has the end.
    ///   - encoder: for a capture.
    package init(
        path: String, format: SynthesisFormat, plan: SynthesisPlan, version: String, isFirst: Bool, isLast: Bool,
        encoder: (any ExchangeEncoder)? = nil
    ) throws {
        self.path = path
        self.format = format
        self.plan = plan
        self.encoder = encoder
        self.isLast = isLast
        compressor = format.isCompressed ? LineCompressor() : nil
        if format.kind == .tape {
            let options = TapeWriter.Options(
                source: plan.scenario.sources.last.map { fileName($0.path) } ?? "", program: "tinct " + version)
            tape = try TapeWriter(path: path, options: options)
            file = nil
            return
        }
        tape = nil
        file = try FileOutput(path: path)
        self.encoder?.begin(&bytes)
        var header = Arena()
        if isFirst && format.kind == .csv { plan.appendHeader(into: &header) }
        if isFirst && format.kind == .sql { plan.appendCopyHeader(into: &header) }
        bytes += header.array()
        try flush()
    }

    /// Takes what a worker made of a leaf.
    func append(_ leaf: borrowing LeafResult.Part) throws {
        if let tape {
            for exchange in leaf.exchanges { try tape.append(exchange) }
        } else if var encoder {
            for exchange in leaf.exchanges { encoder.append(exchange, to: &bytes) }
            self.encoder = encoder
            try flush()
        } else if let file {
            try leaf.text.withSpan { (bytes) throws(FileError) in try file.write(bytes) }
        }
    }

    private func flush() throws {
        if bytes.isEmpty { return }
        if let compressor {
            try file?.write(compressor.frame(bytes.rawSpan))
        } else {
            try file?.write(bytes)
        }
        bytes.removeAll(keepingCapacity: true)
    }

    /// Closes the output; a tape gets its attachments first, other files the manifest beside them.
    package func finish(_ manifest: Manifest, _ schemas: SchemaSet) throws {
        encoder?.finish(&bytes)
        if isLast && format.kind == .sql { bytes += Array("\\.\n".utf8) }
        try flush()
        try file?.close()
        let text = manifest.json.encoded(pretty: true) + [0x0A]
        guard let tape else {
            // What is no regular file has nothing beside it.
            if path == "-" || path.hasPrefix("/dev/") { return }
            try writeFile(path + ".manifest.json", bytes: text)
            return
        }
        for source in schemas.sources {
            try tape.attach(name: source.name, mediaType: source.mediaType, bytes: source.bytes)
        }
        for source in plan.scenario.sources {
            try tape.attach(name: fileName(source.path), mediaType: TapeMediaType.scenario, bytes: source.bytes)
        }
        try tape.attach(name: "manifest.json", mediaType: TapeMediaType.manifest, bytes: text)
        try tape.finish()
    }
}

/// A path without its folders: what may travel with a file.
private func fileName(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
}
