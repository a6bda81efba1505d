package import Analysis
package import Expression
package import Tape

/// Why an exchange cannot be said in a format.
package enum LeftOut: String, Sendable, CaseIterable {
    /// The format knows HTTP only.
    case notHTTP
    /// There is no request.
    case noRequest
    /// Bytes of it are not on the tape.
    case incomplete
    /// It holds what separates records in this format.
    case separator
    /// Its head cannot be read.
    case malformed
    /// It cannot be said on a command line.
    case notText

    package var explanation: String {
        switch self {
        case .notHTTP: "not HTTP, which is all that the format knows"
        case .noRequest: "without a request"
        case .incomplete: "not whole on the tape"
        case .separator: "with the format's own separator inside"
        case .malformed: "with a head that cannot be read"
        case .notText: "with bytes that no command line can hold"
        }
    }
}

/// Writes exchanges in one format. Memory does not grow with their number, except for pcap, which keeps a few words for
/// each flow.
package protocol Exporter {
    mutating func begin(_ out: inout [UInt8])
    /// Appends to `out`, or says why it does not.
    mutating func append(_ exchange: Exchange, to out: inout [UInt8]) -> LeftOut?
    mutating func finish(_ out: inout [UInt8])
}

extension Exporter {
    package mutating func begin(_ out: inout [UInt8]) {}
    package mutating func finish(_ out: inout [UInt8]) {}
}

package enum ExportFormat: String, Sendable, CaseIterable {
    case jsonl, csv, har, gor, vegeta, curl, pcap

    /// By the ending of a path; nil when it says nothing.
    package init?(path: String) {
        let endings: [(String, ExportFormat)] = [
            (".jsonl", .jsonl), (".ndjson", .jsonl), (".csv", .csv), (".har", .har), (".gor", .gor),
            (".vegeta", .vegeta), (".sh", .curl), (".curl", .curl), (".pcap", .pcap),
        ]
        guard let found = endings.first(where: { path.hasSuffix($0.0) }) else { return nil }
        self = found.1
    }

    /// The format wants exchanges in the order of time, whatever their order on the tape.
    package var isByTime: Bool { self == .har || self == .pcap }
    package var takesColumns: Bool { self == .jsonl || self == .csv }

    /// - Parameters:
    ///   - columns: for JSON Lines and CSV; empty for everything, or the usual columns.
    ///   - view: must show payload.
    ///   - isSpreadsheetSafe: CSV text that a spreadsheet would run as a formula gets an apostrophe in front.
    package func exporter(
        columns: [ExpressionPath], view: ExchangeView, creator: (name: String, version: String),
        isSpreadsheetSafe: Bool = false
    ) -> any Exporter {
        switch self {
        case .jsonl: LinesExporter(columns, view)
        case .csv: TableExporter(columns, view, isSpreadsheetSafe: isSpreadsheetSafe)
        case .har: HARExporter(creator)
        case .gor: GorExporter()
        case .vegeta: VegetaExporter()
        case .curl: CurlExporter()
        case .pcap: PcapExporter()
        }
    }
}
