import Bytes
package import Schema
import Tape

/// Makes a shard of a plan, leaf by leaf, and checks all of it with the oracle on the way.
package struct Synthesizer {
    private let plan: SynthesisPlan
    private let schemas: SchemaSet
    private let output: SynthesisOutput
    private let twins: SynthesisOutput?
    package private(set) var manifest: Manifest

    package init(
        _ plan: SynthesisPlan, _ schemas: SchemaSet, to output: SynthesisOutput, twins: SynthesisOutput? = nil,
        version: String, shardIndex: Int = 0, shardCount: Int = 1
    ) {
        self.plan = plan
        self.schemas = schemas
        self.output = output
        self.twins = twins
        manifest = Manifest(plan, version: version, shardIndex: shardIndex, shardCount: shardCount)
    }

    /// - Parameter progress: called after each leaf with the exchanges made so far.
    /// - Throws: ``SynthesisError`` when a label is not borne out; what was written so far stays.
    package mutating func run(progress: (UInt64) -> Void) throws {
        let maker = LeafMaker(plan)
        var oracle = try Oracle(plan)
        let digest = SHA256Stream()
        var space = Arena()
        var manifest = self.manifest
        let wishes = LeafMaker.Wishes(
            json: output.wishes.json || twins?.wishes.json == true, row: output.wishes.row || twins?.wishes.row == true,
            twins: twins != nil)
        for leaf in manifest.leaves {
            space.truncate(to: 0)
            try maker.make(leaf, wishes) { made in
                try oracle.check(made.exchange)
                if manifest.exchanges == 0 { manifest.first = made.exchange.id }
                manifest.exchanges += 1
                if let kind = made.kind, let label = made.exchange.labels.first { manifest.count(kind, label) }
                try output.append(made.exchange, json: made.json, row: made.row)
                if let twins, let twin = made.twin {
                    manifest.twins += 1
                    try twins.append(twin, json: made.twinJSON, row: made.twinRow)
                }
                space.append(littleEndian: made.exchange.id)
                space.append(littleEndian: made.exchange.startNanos)
                if let request = made.exchange.request {
                    space.append(littleEndian: UInt64(request.wire.count))
                    space.append(request.wire)
                }
                space.append(contentsOf: made.exchange.expected.utf8)
                if !made.exchange.labels.isEmpty { SynthesisPlan.appendLabels(made.exchange.labels, to: &space) }
                space.append(0)
            }
            space.withSpan { digest.update($0) }
            try output.endLeaf()
            try twins?.endLeaf()
            progress(manifest.exchanges)
        }
        try oracle.finish(isWhole: manifest.isWhole)
        manifest.confirmed = oracle.labels
        manifest.exchangesDigest = Hex.encode(digest.finish())
        if manifest.isWhole {
            for count in manifest.counts
            where count.requested != count.realised || count.requestedCampaigns != count.realisedCampaigns {
                throw SynthesisError.mismatch(
                    anomaly: count.name, index: manifest.exchanges,
                    reason: "\(count.requested) were requested and \(count.realised) made")
            }
        }
        self.manifest = manifest
        try output.finish(manifest, schemas)
        try twins?.finish(manifest, schemas)
    }
}
