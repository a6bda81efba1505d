import Analysis
import Replay
import Schema
import Tape

/// The tapes of a replay: one, or several that are mixed by weight, of which only what was selected is sent.
///
/// A mix takes its requests in a fixed order in which each tape's share is as even as it can be (smooth weighted
/// round-robin, as in nginx), and ends with the first tape that has none left.
final class ReplaySource: ExchangeSource, @unchecked Sendable {
    /// A tape and its share of a mix.
    struct Part {
        var path: String
        var weight: Int64
    }

    private struct Leg {
        let reader: TapeReader
        var filter: ExchangeFilter?
        let weight: Int64
        var credit: Int64 = 0
    }

    let parts: [Part]
    // Used by the feeder's thread alone once the run has begun; the command reads attachments before that.
    private var legs: [Leg]
    private let total: Int64
    /// Positions that are wanted, all of them when nil; and those that were not met yet.
    private let only: Set<UInt64>?
    private var missing: Set<UInt64>

    private static let tapeShift: UInt64 = 56

    init(_ parts: [Part], only: Set<UInt64>?) throws(CommandError) {
        self.parts = parts
        var legs: [Leg] = []
        for part in parts {
            legs.append(Leg(reader: try TapeInput.open(part.path), filter: nil, weight: part.weight))
        }
        self.legs = legs
        total = parts.reduce(0) { $0 + $1.weight }
        self.only = only
        missing = only ?? []
    }

    /// Leaves out what the selection does not hold for.
    func select(_ selection: Selection, _ schemas: SchemaSet) throws(CommandError) {
        if selection.isEverything { return }
        let view = ExchangeView(showsPayload: true, renderThrift: TapeInput.renderer(schemas))
        for index in legs.indices {
            let reader = legs[index].reader
            if selection.needsStart && reader.startNanos == nil && reader.chunkCount > 0 {
                throw CommandError(
                    "\(reader.path) has no index of times, so its start is not known", remedy: "Give times in RFC 3339."
                )
            }
            let filter = ExchangeFilter(selection, startNanos: reader.startNanos ?? 0, view: view)
            reader.window = filter.window
            legs[index].filter = filter
        }
    }

    /// Exchanges on the tape, as its summary says; nil for a cut tape, a mix and a selection.
    var exchangeCount: UInt64? {
        legs.count == 1 && legs[0].filter == nil && only == nil ? legs[0].reader.statistics?.messages : nil
    }

    /// The IDL and OpenAPI documents that travel with the tapes, and those that are given besides.
    func schemas(idl: [String]) throws(CommandError) -> SchemaSet {
        if legs.count == 1 { return try TapeInput.schemas(of: legs[0].reader, idl: idl) }
        return try TapeInput.schemas(in: try attachments(), idl: idl)
    }

    /// Every attachment, for the run tape.
    func attachments() throws(CommandError) -> [AttachedFile] { try TapeJoin.attachments(of: legs.map(\.reader)) }

    func next(into exchange: inout Exchange) throws(ReplayError) -> Bool {
        if let only, missing.isEmpty, !only.isEmpty { return false }
        if legs.count == 1 { return try next(0, &exchange) }
        var chosen = 0
        for index in legs.indices {
            legs[index].credit += legs[index].weight
            if legs[index].credit > legs[chosen].credit { chosen = index }
        }
        legs[chosen].credit -= total
        guard try next(chosen, &exchange) else { return false }
        // Flows of different tapes are different flows, and a position needs its tape.
        exchange.flow = exchange.flow &* UInt64(legs.count) &+ UInt64(chosen)
        exchange.id |= UInt64(chosen) << Self.tapeShift
        return true
    }

    private func next(_ leg: Int, _ exchange: inout Exchange) throws(ReplayError) -> Bool {
        while true {
            var isAtEnd = false
            do { isAtEnd = try !legs[leg].reader.next(into: &exchange) } catch {
                throw ReplayError("\(error)", isFailure: true)
            }
            if isAtEnd {
                if legs.count == 1, let lost = missing.min() {
                    let others = missing.count > 1 ? " (nor at \(missing.count - 1) others that --only names)" : ""
                    throw ReplayError(
                        "\(parts[leg].path) has no exchange at position \(lost)\(others)",
                        remedy: "Positions are the numbers that tinct show prints.")
                }
                return false
            }
            if let only {
                guard only.contains(exchange.id) else { continue }
                missing.remove(exchange.id)
            }
            if legs[leg].filter?.takes(exchange) ?? true { return true }
        }
    }

    func rewind() throws(ReplayError) {
        for index in legs.indices {
            legs[index].reader.rewind()
            legs[index].credit = 0
        }
        missing = only ?? []
    }

    /// The position on its tape of what was sent, and the tape's name where there are several.
    func place(of sourceID: UInt64) -> (id: UInt64, tape: String) {
        if parts.count == 1 { return (sourceID, "") }
        let leg = Int(sourceID >> Self.tapeShift)
        let name = parts.indices.contains(leg) ? Self.name(parts[leg].path) : ""
        return (sourceID & (1 << Self.tapeShift - 1), name)
    }

    static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}
