import Compression
import Tape

/// What became of a leaf: ready to be written, counted and hashed in the order of leaves.
struct LeafResult: Sendable {
    /// What goes to one output.
    struct Part: Sendable {
        var exchanges: [Exchange] = []
        var bytes: [UInt8] = []
    }

    /// A member of a campaign, whose other members may be in other leaves.
    struct Member: Sendable {
        var exchange: Exchange
        var stream: Int
    }

    var first: UInt64 = 0
    var exchanges: UInt64 = 0
    var twinCount: UInt64 = 0
    var main = Part()
    var twins = Part()
    var members: [Member] = []
    var counts: [Manifest.Tally] = []
    /// Exchanges with a label that the scenario states by a rule, by the number of the rule.
    var stated: [UInt64] = []
    /// Pairs of types that met in an exchange.
    var overlaps: [String] = []
    /// Exchanges with labels, for those who want them apart.
    var labelled: [Exchange] = []
    /// What the digest of all exchanges covers.
    var digested: [UInt8] = []
    var confirmed: UInt64 = 0
}

/// Compresses whole pieces, a zstd frame each.
final class LineCompressor {
    private let compressor = ZstdFrameCompressor(level: 1, checksum: true)

    func frame(_ bytes: RawSpan) -> [UInt8] {
        var frame: [UInt8] = []
        _ = compressor.compress(bytes, appendingTo: &frame)
        return frame
    }
}

extension SynthesisPlan {
    /// About how many bytes the whole output has, from one leaf of it.
    package func estimatedBytes(_ format: SynthesisFormat) throws -> UInt64 {
        // A tape is about what its requests are when they are compressed.
        let sample = format.wantsExchanges ? SynthesisFormat(.wire, isCompressed: format.kind == .tape) : format
        let leaf = try LeafWorker(self, sample, twins: nil).make(leafCount / 2)
        if leaf.exchanges == 0 { return 0 }
        return UInt64(UInt128(leaf.main.bytes.count) * UInt128(total) / UInt128(leaf.exchanges))
    }
}

/// Makes leaves for one thread: the exchanges, their lines, and what the oracle says of each.
final class LeafWorker {
    private let plan: SynthesisPlan
    private let maker: LeafMaker
    private var oracle: Oracle
    private let format: SynthesisFormat
    private let twinFormat: SynthesisFormat?
    private let keepsLabelled: Bool
    private let compressor = LineCompressor()
    private var text = Arena()
    private var twinText = Arena()
    private var space = Arena()

    init(_ plan: SynthesisPlan, _ format: SynthesisFormat, twins: SynthesisFormat?, keepsLabelled: Bool = false) throws
    {
        self.keepsLabelled = keepsLabelled
        self.plan = plan
        self.format = format
        twinFormat = twins
        maker = LeafMaker(plan)
        oracle = try Oracle(plan)
        oracle.leavesCampaigns = true
    }

    func make(_ leaf: Int) throws -> LeafResult {
        var result = LeafResult()
        result.counts = plan.kinds.map { _ in Manifest.Tally() }
        result.stated = plan.scenario.labels.map { _ in 0 }
        text.truncate(to: 0)
        twinText.truncate(to: 0)
        space.truncate(to: 0)
        let wishes = LeafMaker.Wishes(
            json: format.wantsJSON || twinFormat?.wantsJSON == true,
            row: format.wantsRow || twinFormat?.wantsRow == true, twins: twinFormat != nil,
            rowStyle: format.kind == .sql || twinFormat?.kind == .sql ? .copy : .csv)
        let before = oracle.labels
        try maker.make(leaf, wishes) { made in
            try oracle.check(made.exchange, stream: made.stream)
            if result.exchanges == 0 { result.first = made.exchange.id }
            result.exchanges += 1
            if let kind = made.kind, let label = made.exchange.labels.first {
                result.counts[kind].add(label)
                if made.exchange.labels.count > 1 { result.overlaps += Manifest.pairs(made.exchange.labels) }
                if !label.campaign.isEmpty {
                    result.members.append(.init(exchange: made.exchange, stream: made.stream))
                }
            } else if made.stated >= 0 {
                result.stated[made.stated] += 1
            }
            if keepsLabelled && !made.exchange.labels.isEmpty { result.labelled.append(made.exchange) }
            append(made.exchange, made.json, made.row, format, &text, &result.main)
            if let twinFormat, let twin = made.twin {
                result.twinCount += 1
                append(twin, made.twinJSON, made.twinRow, twinFormat, &twinText, &result.twins)
            }
            digest(made.exchange)
        }
        result.confirmed = oracle.labels - before
        result.main.bytes = finished(text, format)
        if let twinFormat { result.twins.bytes = finished(twinText, twinFormat) }
        result.digested = space.array()
        return result
    }

    private func append(
        _ exchange: Exchange, _ json: Arena, _ row: Arena, _ format: SynthesisFormat, _ text: inout Arena,
        _ part: inout LeafResult.Part
    ) {
        switch format.kind {
        case .tape, .pcap: part.exchanges.append(exchange)
        case .jsonl: plan.appendLine(exchange, json: json, into: &text)
        case .csv: plan.appendRecord(exchange, row: row, .csv, into: &text)
        case .sql: plan.appendRecord(exchange, row: row, .copy, into: &text)
        case .wire: if let request = exchange.request { text.append(request.wire) }
        }
    }

    private func finished(_ text: Arena, _ format: SynthesisFormat) -> [UInt8] {
        if text.count == 0 { return [] }
        if !format.isCompressed { return text.array() }
        var frame: [UInt8] = []
        text.withSpan { frame = compressor.frame($0) }
        return frame
    }

    private func digest(_ exchange: Exchange) {
        space.append(littleEndian: exchange.id)
        space.append(littleEndian: exchange.startNanos)
        if let request = exchange.request {
            space.append(littleEndian: UInt64(request.wire.count))
            space.append(request.wire)
        }
        space.append(contentsOf: exchange.expected.utf8)
        if !exchange.labels.isEmpty { SynthesisPlan.appendLabels(exchange.labels, to: &space) }
        space.append(0)
    }
}
