package import Tape

/// In which form exchanges are written, and whether it is compressed (zstd, one frame a leaf).
package struct SynthesisFormat: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// An MCAP tape.
        case tape
        /// JSON Lines: time, request by names, expected decision and labels.
        case jsonl
        case csv
        /// PostgreSQL's COPY, with the table that it goes into.
        case sql
        /// Packets of the flows that the exchanges belong to.
        case pcap
        /// The requests alone, as they are on the wire, one after the other.
        case wire
    }

    package var kind: Kind
    package var isCompressed: Bool

    package init(_ kind: Kind, isCompressed: Bool = false) {
        self.kind = kind
        self.isCompressed = isCompressed
    }

    /// By the ending of a path; nil when it says nothing.
    package init?(path: String) {
        let isCompressed = path.hasSuffix(".zst")
        let plain = isCompressed ? path.dropLast(4) : path[...]
        let endings: [(String, Kind)] = [
            (".mcap", .tape), (".jsonl", .jsonl), (".csv", .csv), (".sql", .sql), (".pcap", .pcap), (".wire", .wire),
        ]
        guard let kind = endings.first(where: { plain.hasSuffix($0.0) })?.1 else { return nil }
        // A tape's chunks are compressed already.
        if kind == .tape && isCompressed { return nil }
        self.init(kind, isCompressed: isCompressed)
    }

    /// By name, as `csv` or `jsonl.zst`.
    package init?(name: String) { self.init(path: "." + (name == "tape" ? "mcap" : name)) }

    package static let expectation = ".mcap, .jsonl, .csv, .sql, .pcap or .wire; all but .mcap may end in .zst too"

    var wantsJSON: Bool { kind == .jsonl }
    var wantsRow: Bool { kind == .csv || kind == .sql }
    /// Whether whole exchanges are handed over, rather than their lines.
    var wantsExchanges: Bool { kind == .tape || kind == .pcap }
}

/// A form that another module writes: a capture.
package protocol ExchangeEncoder {
    mutating func begin(_ out: inout [UInt8])
    mutating func append(_ exchange: Exchange, to out: inout [UInt8])
    mutating func finish(_ out: inout [UInt8])
}
