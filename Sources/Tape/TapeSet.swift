import Glibc

/// A tape, or a set of tapes of which each begins where the one before it ends.
///
/// With a ``Rotation`` the path `day.mcap` gives `day-000001.mcap`, `day-000002.mcap` and so on; numbers go on behind
/// those that are there. An exchange goes to the tape that is open when it is finished, so none is cut or lost at the
/// seam; its id is its position on that tape. Every tape of a set has all attachments.
///
/// Not for several threads at once.
package final class TapeSet {
    /// When a tape is closed and the next one begun.
    package enum Rotation: Sendable, Equatable {
        /// When so many bytes are on the disk.
        case bytes(UInt64)
        /// When so many ns of the recording's time are over.
        case nanos(UInt64)
    }

    /// A file that travels with each tape.
    package struct Attachment: Sendable {
        package var name: String
        package var mediaType: String
        package var bytes: [UInt8]

        package init(name: String, mediaType: String, bytes: [UInt8]) {
            self.name = name
            self.mediaType = mediaType
            self.bytes = bytes
        }
    }

    package let rotation: Rotation?
    /// Exchanges on all tapes.
    package private(set) var exchangeCount: UInt64 = 0
    /// Exchanges that were left out because of `limit`.
    package private(set) var leftOut: UInt64 = 0
    package private(set) var tapeCount = 0
    /// Metadata that each tape gets when it is closed.
    package var closingMetadata: [(name: String, entries: [(String, String)])] = []
    /// The tape that is open.
    package private(set) var writer: TapeWriter

    private let path: String
    private let options: TapeWriter.Options
    private let attachments: [Attachment]
    private let limit: UInt64
    private var number: Int
    /// Exchanges of the tapes that are closed.
    private var closedCount: UInt64 = 0
    private var openedNanos: UInt64?

    /// Creates the first tape.
    ///
    /// - Parameter limit: exchanges beyond this number are counted and not written.
    package init(
        path: String, options: TapeWriter.Options, attachments: [Attachment] = [], rotation: Rotation? = nil,
        limit: UInt64 = .max
    ) throws(TapeError) {
        self.path = path
        self.rotation = rotation
        self.attachments = attachments
        self.limit = limit
        var options = options
        if case .bytes(let bytes) = rotation {
            options.chunkBytes = Int(clamping: min(UInt64(options.chunkBytes), max(1 << 14, bytes / 16)))
        }
        self.options = options
        number = rotation == nil ? 0 : Self.lastNumber(path) + 1
        writer = try Self.open(rotation == nil ? path : Self.name(path, number), options, attachments)
        tapeCount = 1
    }

    /// Adds an exchange, whose id is given here; and whose memory is left as it is.
    package func append(_ exchange: inout Exchange) throws(TapeError) {
        if exchangeCount >= limit {
            leftOut += 1
            return
        }
        exchange.id = exchangeCount - closedCount
        try writer.append(&exchange)
        exchangeCount += 1
        if case .bytes(let bytes) = rotation, writer.writtenBytes >= bytes { try rotate() }
    }

    /// Closes chunks by age and tapes by time.
    ///
    /// - Parameters:
    ///   - monotonicNanos: a clock that does not jump.
    ///   - recordedNanos: the time that the recording has come to, in ns since 1970 UTC.
    package func tick(monotonicNanos: UInt64, recordedNanos: UInt64) throws(TapeError) {
        try writer.flushIfOlder(nowNanos: monotonicNanos)
        try rotateIfDue(recordedNanos: recordedNanos)
    }

    /// Begins another tape when the recording has come so far.
    package func rotateIfDue(recordedNanos: UInt64) throws(TapeError) {
        guard case .nanos(let nanos) = rotation, recordedNanos > 0 else { return }
        guard let opened = openedNanos else {
            openedNanos = recordedNanos
            return
        }
        if recordedNanos >= opened && recordedNanos - opened >= nanos {
            openedNanos = recordedNanos
            // A quiet span gets no empty tapes.
            if writer.exchangeCount > 0 { try rotate() }
        }
    }

    /// Closes the last tape. Nothing may be added afterwards.
    package func finish() throws(TapeError) {
        try writer.flush()
        for metadata in closingMetadata { try writer.add(metadata: metadata.name, metadata.entries) }
        try writer.finish()
    }

    /// What can be read whatever happens to what is not written yet: for the message after a failure.
    package var standing: String {
        let (exchanges, bytes) = writer.stored
        let before =
            tapeCount > 1 ? "; the \(tapeCount - 1) tapes before it are complete, with \(closedCount) exchanges" : ""
        return "\(writer.path) is good up to byte \(bytes), with \(exchanges) exchanges\(before)."
    }

    /// The path, or the pattern, for reports.
    package var name: String {
        if rotation == nil { return path }
        let last = writer.path
        return tapeCount == 1 ? last : "\(Self.name(path, number - tapeCount + 1)) … \(last)"
    }

    private func rotate() throws(TapeError) {
        try finish()
        closedCount = exchangeCount
        number += 1
        writer = try Self.open(Self.name(path, number), options, attachments)
        tapeCount += 1
    }

    private static func open(
        _ path: String, _ options: TapeWriter.Options, _ attachments: [Attachment]
    ) throws(TapeError) -> TapeWriter {
        let writer = try TapeWriter(path: path, options: options)
        for attachment in attachments {
            try writer.attach(name: attachment.name, mediaType: attachment.mediaType, bytes: attachment.bytes)
        }
        return writer
    }

    // MARK: Names

    /// `day.mcap` and 1 give `day-000001.mcap`.
    static func name(_ path: String, _ number: Int) -> String {
        let (stem, suffix) = split(path)
        let digits = String(number)
        return "\(stem)-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits)\(suffix)"
    }

    /// The folder in which the tapes of a set lie.
    package static func folder(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func split(_ path: String) -> (stem: String, suffix: String) {
        let start = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
        guard let dot = path[start...].lastIndex(of: "."), dot > start else { return (path, "") }
        return (String(path[..<dot]), String(path[dot...]))
    }

    /// The highest number of a set that is there; 0 for none.
    private static func lastNumber(_ path: String) -> Int {
        guard let folder = unsafe opendir(folder(path)) else { return 0 }
        defer { unsafe closedir(folder) }
        let (stem, suffix) = split(path)
        let prefix = String(stem[(stem.lastIndex(of: "/").map(stem.index(after:)) ?? stem.startIndex)...]) + "-"
        var last = 0
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.count > prefix.count + suffix.count else {
                continue
            }
            let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
            if digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits) {
                last = max(last, min(number, 1 << 40))
            }
        }
        return last
    }
}
