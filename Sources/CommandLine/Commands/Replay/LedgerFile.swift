import Bytes
import Files
import Metrics
import Replay
import Tape

/// Writes every id that was sent, as CSV or SQL, so that stores can be counted against it.
final class LedgerFile: RunTapeWriter, @unchecked Sendable {
    // Used by one thread at a time: the command opens it, the run's writer thread fills and finishes it.
    private let file: FileOutput
    private let isSQL: Bool
    private let tag: String
    private let targets: [Target]
    private let identities: any IdentityFinder
    private var clockOffsetNanos: UInt64 = 0
    /// Rows of the statement that is being written.
    private var rows = 0
    private let state = Lock(State())

    private struct State: Sendable {
        var failure: String?
        var withoutID: UInt64 = 0
    }

    private static let rowsInStatement = 500

    init(path: String, tag: String, targets: [Target], identities: any IdentityFinder) throws(CommandError) {
        guard path.hasSuffix(".csv") || path.hasSuffix(".sql") else {
            throw CommandError(
                "--ledger \(path) must end with .csv or .sql", remedy: "The ending says what is written.")
        }
        isSQL = path.hasSuffix(".sql")
        self.tag = tag
        self.targets = targets
        self.identities = identities
        do { file = try FileOutput(path: path) } catch { throw CommandError("\(error)") }
        write(
            isSQL
                ? """
                CREATE TABLE IF NOT EXISTS tinct_ledger (run TEXT, operation TEXT, position BIGINT, round BIGINT,
                  sent TEXT, outcome TEXT, id TEXT, target TEXT);

                """
                : "run,operation,position,round,sent,outcome,id,target\n")
    }

    var failureText: String? { state.withLock { $0.failure } }
    /// Requests that were sent and of which nothing is declared to be an id.
    var withoutID: UInt64 { state.withLock { $0.withoutID } }

    func begin(clockOffsetNanos: UInt64) { self.clockOffsetNanos = clockOffsetNanos }

    func write(_ entry: RunTapeEntry, operation: String) {
        var exchange = Exchange()
        exchange.format = entry.format
        exchange.operation = operation
        var ids: [String] = []
        for span in identities.slots(in: entry.request, exchange) {
            let id = String(decoding: span.text(in: entry.request), as: UTF8.self)
            if !ids.contains(id) { ids.append(id) }
        }
        if ids.isEmpty {
            state.withLock { $0.withoutID += 1 }
            return
        }
        let target = targets.indices.contains(entry.target) ? targets[entry.target].description : ""
        let sent = Timestamp.rfc3339(entry.sentNanos &+ clockOffsetNanos)
        for id in ids {
            row([tag, operation], [entry.sourceID, UInt64(entry.round)], [sent, entry.outcome.name, id, target])
        }
    }

    func finish() {
        if isSQL && rows > 0 { write(";\n") }
        if failureText != nil { return }
        do { try file.close() } catch { fail("\(error)") }
    }

    private func row(_ head: [String], _ numbers: [UInt64], _ tail: [String]) {
        if isSQL {
            let values = head.map(Self.sql) + numbers.map { String($0) } + tail.map(Self.sql)
            write(
                (rows == 0 ? "INSERT INTO tinct_ledger VALUES\n  (" : ",\n  (") + values.joined(separator: ", ") + ")")
            rows += 1
            if rows == Self.rowsInStatement {
                write(";\n")
                rows = 0
            }
        } else {
            let values = head.map(Self.csv) + numbers.map { String($0) } + tail.map(Self.csv)
            write(values.joined(separator: ",") + "\n")
        }
    }

    private func write(_ text: String) {
        if failureText != nil { return }
        do { try file.write(text) } catch { fail("\(error)") }
    }

    private func fail(_ text: String) { state.withLock { $0.failure = $0.failure ?? text } }

    /// RFC 4180.
    private static func csv(_ text: String) -> String {
        text.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 10 || $0 == 13 }
            ? "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
            : text
    }

    /// A text of standard SQL; NUL, which it has no place for, is left out.
    private static func sql(_ text: String) -> String {
        let text = String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value != 0 }))
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}

/// Shows what was sent to several writers, one after the other.
final class RunWriters: RunTapeWriter {
    private let writers: [any RunTapeWriter]

    /// Nil when there are none.
    init?(_ writers: [(any RunTapeWriter)?]) {
        self.writers = writers.compactMap { $0 }
        if self.writers.isEmpty { return nil }
    }

    func begin(clockOffsetNanos: UInt64) {
        for writer in writers { writer.begin(clockOffsetNanos: clockOffsetNanos) }
    }

    func write(_ entry: RunTapeEntry, operation: String) {
        for writer in writers { writer.write(entry, operation: operation) }
    }

    func tick(monotonicNanos: UInt64) { for writer in writers { writer.tick(monotonicNanos: monotonicNanos) } }

    func finish() { for writer in writers { writer.finish() } }
}
