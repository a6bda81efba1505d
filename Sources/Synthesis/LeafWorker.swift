import Compression
import Tape

/// What became of a leaf: ready to be written, counted and hashed in the order of leaves.
struct LeafResult: Sendable {
    /// What goes to one output.
    struct Part: Sendable {
        var exchanges: [Exchange] = []
        /// The worker's own memory, which it uses again after the next leaf.
        var text = Arena(capacity: 64)
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
    /// What the digest of all exchanges covers; the worker's memory, like the texts.
    var digested = Arena(capacity: 64)
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
        return UInt64(UInt128(leaf.main.text.count) * UInt128(total) / UInt128(leaf.exchanges))
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
    private let isShared: Bool
    private let compressor = LineCompressor()
    private var twinRequest = Arena()
    /// Memory of the leaf that is being made, and of the one before, which somebody may still be reading.
    private var space = Space()
    private var otherSpace = Space()

    private struct Space {
        var text: Arena
        var twinText: Arena
        var digested: Arena

        static let none = Space(capacity: 64)

        init(capacity: Int = 4096) {
            text = Arena(capacity: capacity)
            twinText = Arena(capacity: capacity)
            digested = Arena(capacity: capacity)
        }
    }

    /// - Parameter isShared: somebody reads a leaf while the next one is made.
    init(
        _ plan: SynthesisPlan, _ format: SynthesisFormat, twins: SynthesisFormat?, keepsLabelled: Bool = false,
        isShared: Bool = false
    ) throws {
        self.isShared = isShared
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
        if isShared { swap(&self.space, &otherSpace) }
        // Held here for the time being, because what an object holds is checked at each access.
        var space = Space.none
        swap(&space, &self.space)
        defer { swap(&space, &self.space) }
        space.text.truncate(to: 0)
        space.twinText.truncate(to: 0)
        space.digested.truncate(to: 0)
        let wishes = LeafMaker.Wishes(
            json: format.wantsJSON || twinFormat?.wantsJSON == true,
            row: format.wantsRow || twinFormat?.wantsRow == true, twins: twinFormat != nil,
            rowStyle: format.kind == .sql || twinFormat?.kind == .sql ? .copy : .csv,
            exchanges: format.wantsExchanges)
        var oracle = self.oracle
        defer { self.oracle = oracle }
        let before = oracle.labels
        try maker.make(leaf, wishes) { made in
            try oracle.check(made.head, made.request, stream: made.stream)
            if result.exchanges == 0 { result.first = made.head.id }
            result.exchanges += 1
            if !made.head.labels.isEmpty { count(made, in: &result) }
            if format.wantsExchanges { result.main.exchanges.append(made.exchange) }
            append(made.head, made.request, made.json, made.row, format, &space.text)
            if let twinFormat, let twin = made.twin {
                result.twinCount += 1
                twinRequest.truncate(to: 0)
                twinRequest.append(twin.request?.wire ?? [])
                if twinFormat.wantsExchanges { result.twins.exchanges.append(twin) }
                append(
                    ExchangeHead(twin), twinRequest.all, made.twinJSON, made.twinRow, twinFormat, &space.twinText)
            }
            Self.digest(made.head, made.request, into: &space.digested)
        }
        result.confirmed = oracle.labels - before
        if format.isCompressed { compress(&space.text) }
        if twinFormat?.isCompressed == true { compress(&space.twinText) }
        (result.main.text, result.twins.text, result.digested) = (space.text, space.twinText, space.digested)
        return result
    }

    /// Takes note of an exchange that has labels.
    private func count(_ made: borrowing LeafMaker.Output, in result: inout LeafResult) {
        let labels = made.head.labels
        if let kind = made.kind, let label = labels.first {
            result.counts[kind].add(label)
            if labels.count > 1 { result.overlaps += Manifest.pairs(labels) }
            if !label.campaign.isEmpty { result.members.append(.init(exchange: made.exchange, stream: made.stream)) }
        } else if made.stated >= 0 {
            result.stated[made.stated] += 1
        }
        if keepsLabelled { result.labelled.append(made.exchange) }
    }

    private func append(
        _ head: borrowing ExchangeHead, _ request: TableSlice, _ json: TableSlice, _ row: TableSlice,
        _ format: SynthesisFormat, _ text: inout Arena
    ) {
        switch format.kind {
        case .tape, .pcap: break
        case .jsonl: plan.appendLine(head, json: json, into: &text)
        case .csv: plan.appendRecord(head, row: row, .csv, into: &text)
        case .sql: plan.appendRecord(head, row: row, .copy, into: &text)
        case .wire: text.append(request)
        }
    }

    /// Puts a frame in place of the text.
    private func compress(_ text: inout Arena) {
        if text.count == 0 { return }
        var frame: [UInt8] = []
        text.withSpan { frame = compressor.frame($0) }
        text.truncate(to: 0)
        text.append(frame)
    }

    private static func digest(_ head: borrowing ExchangeHead, _ request: TableSlice, into digested: inout Arena) {
        digested.append(littleEndian: head.id)
        digested.append(littleEndian: head.timeNanos)
        digested.append(littleEndian: UInt64(request.count))
        digested.append(request)
        digested.append(contentsOf: head.expected.utf8)
        if !head.labels.isEmpty { SynthesisPlan.appendLabels(head.labels, to: &digested) }
        digested.append(0)
    }
}
