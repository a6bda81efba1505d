import Bytes
package import Schema
import Tape

/// Makes a shard of a plan, leaf by leaf, and checks all of it with the oracle on the way.
package struct Synthesizer {
    private let plan: SynthesisPlan
    private let schemas: SchemaSet
    private let output: SynthesisOutput
    private let twins: SynthesisOutput?
    private let labels: LabelOutput?
    private let threadCount: Int
    package private(set) var manifest: Manifest

    /// - Parameter threads: how many make leaves; the output is the same for any number.
    package init(
        _ plan: SynthesisPlan, _ schemas: SchemaSet, to output: SynthesisOutput, twins: SynthesisOutput? = nil,
        labels: LabelOutput? = nil, version: String, shardIndex: Int = 0, shardCount: Int = 1, threads: Int = 1
    ) {
        self.plan = plan
        self.schemas = schemas
        self.output = output
        self.twins = twins
        self.labels = labels
        threadCount = threads
        manifest = Manifest(plan, version: version, shardIndex: shardIndex, shardCount: shardCount)
    }

    /// - Parameter progress: called after each leaf with the exchanges made so far.
    /// - Throws: ``SynthesisError`` when a label is not borne out; what was written so far stays.
    package mutating func run(progress: (UInt64) -> Void) throws {
        var oracle = try Oracle(plan)
        let digest = SHA256Stream()
        var manifest = self.manifest
        let leaves = manifest.leaves
        let (plan, output, twins, labels) = (self.plan, self.output, self.twins, self.labels)
        let (format, twinFormat) = (output.format, twins?.format)
        let keepsLabelled = labels != nil
        func take(_ leaf: LeafResult) throws {
            for member in leaf.members { try oracle.follow(member.exchange, stream: member.stream) }
            manifest.add(leaf)
            leaf.digested.withSpan { digest.update($0) }
            try output.append(leaf.main)
            try twins?.append(leaf.twins)
            for exchange in leaf.labelled { try labels?.append(exchange) }
            try labels?.endLeaf()
            progress(manifest.exchanges)
        }
        if threadCount == 1 {
            let worker = try LeafWorker(plan, format, twins: twinFormat, keepsLabelled: keepsLabelled)
            for leaf in leaves { try take(try worker.make(leaf)) }
        } else {
            let threads = LeafThreads(leaves, count: min(threadCount, leaves.count)) {
                try LeafWorker(plan, format, twins: twinFormat, keepsLabelled: keepsLabelled, isShared: true)
            }
            try threads.forEach(take)
        }
        try oracle.finish(isWhole: manifest.isWhole)
        manifest.exchangesDigest = Hex.encode(digest.finish())
        if manifest.isWhole {
            for count in manifest.counts
            where !count.isDrift
                && (count.requested != count.realised || count.requestedCampaigns != count.realisedCampaigns)
            {
                throw SynthesisError.mismatch(
                    anomaly: count.name, index: manifest.exchanges,
                    reason: "\(count.requested) were requested and \(count.realised) made")
            }
        }
        self.manifest = manifest
        try output.finish(manifest, schemas)
        try twins?.finish(manifest, schemas)
        try labels?.finish()
    }
}
