/// Writes one tape, or several of which each holds a part.
///
/// With a ``Split`` the path `day.mcap` gives `day-000001.mcap`, `day-000002.mcap` and so on. Every part has all
/// attachments and metadata, and ids are positions on the part. A part is never empty, except the only one.
///
/// Not for several threads at once.
package final class TapeParts {
    /// Where one part ends and the next begins.
    package enum Split: Sendable, Equatable {
        /// When a part has this size on the disk; the last chunk may pass it.
        case bytes(UInt64)
        /// When an exchange begins so many ns after the part's first one.
        case nanos(UInt64)
        /// After so many exchanges.
        case count(UInt64)
    }

    /// A file that travels with each part.
    package struct Attachment: Sendable, Equatable {
        package var name: String
        package var mediaType: String
        package var bytes: [UInt8]
        package var createdNanos: UInt64

        package init(name: String, mediaType: String, bytes: [UInt8], createdNanos: UInt64 = 0) {
            self.name = name
            self.mediaType = mediaType
            self.bytes = bytes
            self.createdNanos = createdNanos
        }
    }

    /// The parts written so far, the open one included.
    package private(set) var parts: [(path: String, exchanges: UInt64)] = []
    package private(set) var exchangeCount: UInt64 = 0
    private let path: String
    private let split: Split?
    private let options: TapeWriter.Options
    private let attachments: [Attachment]
    private let metadata: [(name: String, entries: [(String, String)])]
    private var writer: TapeWriter
    private var startNanos: UInt64?

    /// Creates the first part.
    ///
    /// - Parameter metadata: records besides the one named `tinct`.
    package init(
        path: String, split: Split? = nil, options: TapeWriter.Options, attachments: [Attachment] = [],
        metadata: [(name: String, entries: [(String, String)])] = []
    ) throws(TapeError) {
        self.path = path
        self.split = split
        self.attachments = attachments
        self.metadata = metadata
        var options = options
        if case .bytes(let bytes) = split {
            options.chunkBytes = Int(clamping: min(UInt64(options.chunkBytes), max(1 << 14, bytes / 16)))
        }
        self.options = options
        let first = split == nil ? path : Self.name(path, 1)
        writer = try Self.open(first, options, attachments, metadata)
        parts = [(first, 0)]
    }

    /// Adds an exchange; its id is given here.
    package func append(_ exchange: Exchange) throws(TapeError) {
        if isFull(before: exchange) { try beginPart() }
        var exchange = exchange
        exchange.id = writer.exchangeCount
        if startNanos == nil { startNanos = exchange.startNanos }
        try writer.append(exchange)
        exchangeCount += 1
        parts[parts.count - 1].exchanges = writer.exchangeCount
    }

    /// Closes the last part. Nothing may be added afterwards.
    package func finish() throws(TapeError) { try writer.finish() }

    /// The path of a part, counted from 1.
    package static func name(_ path: String, _ number: Int) -> String {
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        return path.hasSuffix(".mcap") ? "\(path.dropLast(5))-\(padded).mcap" : "\(path)-\(padded)"
    }

    private func isFull(before exchange: Exchange) -> Bool {
        if writer.exchangeCount == 0 { return false }
        switch split {
        case nil: return false
        case .bytes(let bytes): return writer.writtenBytes >= bytes
        case .count(let count): return writer.exchangeCount >= count
        case .nanos(let nanos):
            let start = startNanos ?? 0
            return exchange.startNanos >= start && exchange.startNanos - start >= nanos
        }
    }

    private func beginPart() throws(TapeError) {
        try writer.finish()
        let next = Self.name(path, parts.count + 1)
        writer = try Self.open(next, options, attachments, metadata)
        parts.append((next, 0))
        startNanos = nil
    }

    private static func open(
        _ path: String, _ options: TapeWriter.Options, _ attachments: [Attachment],
        _ metadata: [(name: String, entries: [(String, String)])]
    ) throws(TapeError) -> TapeWriter {
        let writer = try TapeWriter(path: path, options: options)
        for (name, entries) in metadata { try writer.add(metadata: name, entries) }
        for file in attachments {
            try writer.attach(
                name: file.name, mediaType: file.mediaType, bytes: file.bytes, createdNanos: file.createdNanos)
        }
        return writer
    }
}
