import Bytes
package import Schema
import YAML

/// A scenario, a number and a seed, compiled: everything that any leaf needs.
package struct SynthesisPlan: Sendable {
    package let scenario: Scenario
    package let total: UInt64
    package let seed: UInt64
    /// SHA-256 over the scenario, the schemas and the rate of anomalies.
    package let digest: [UInt8]
    package let quotas: Quotas
    /// The rate of anomalies in billionths, that of the scenario or the one asked for.
    package let anomalyRate: UInt64
    package let leafCount: Int
    package let format: RequestFormat
    let shape: RequestShape
    let timeShape: TimeShape
    let tree: DivisionTree
    let depth: Int
    let cohortDepth: Int
    let times: Philox
    /// The scenario's programs: that of clean exchanges, then one for each kind.
    let images: [Image]
    let kinds: [Kind]
    /// The columns of CSV after those that every exchange has, in the order of the schema.
    package let columns: [String]
    /// For each program, the emission of each column, or -1.
    let rowPlans: [[Int]]
    /// Where among the background the anomalies of single exchanges are.
    let placement: Permutation
    let keys: KeyRing

    /// An anomaly or a hard negative with what was solved for it.
    struct Kind: Sendable {
        var spec: Scenario.AnomalySpec
        var share: Quotas.Share
        /// Index into ``images``.
        var program: Int
        var campaign: CampaignPlan?
        /// For single exchanges: the first place in the permuted order.
        var first: UInt64
        var injection: Injection
    }

    /// - Parameters:
    ///   - anomalyRate: in billionths; nil takes the scenario's.
    /// - Throws: ``YAMLError`` where the scenario and the schema do not fit, ``SynthesisError`` where N is impossible.
    package init(
        _ scenario: Scenario, _ schemas: SchemaSet, total: UInt64, seed: UInt64, anomalyRate: UInt64? = nil
    ) throws {
        guard total >= 1, total <= 100_000_000_000 else {
            throw SynthesisError.impossible("\(total) exchanges cannot be made", remedy: "Ask for 1 to 100 G.")
        }
        let rate = anomalyRate ?? scenario.anomalyRate
        self.scenario = scenario
        self.total = total
        self.seed = seed
        self.anomalyRate = rate
        digest = Self.digest(scenario, schemas, rate)
        let keys = KeyRing(digest: digest, seed: seed)
        self.keys = keys
        shape = try RequestShape(scenario, schemas)
        let shape = shape
        let hour: UInt64 = 3_600_000_000_000
        let timeShape = TimeShape(
            startNanos: scenario.time.startNanos, spanNanos: scenario.time.spanNanos, weights: scenario.time.byHour,
            segmentNanos: hour, offset: Int(scenario.time.startNanos / hour % 24))
        self.timeShape = timeShape
        guard let quotas = Quotas.solve(total: total, rate: rate, scenario: scenario) else {
            throw SynthesisError.impossible(
                "\(Quotas.rounded(total, rate)) anomalous exchanges cannot be made from this scenario's campaigns alone",
                remedy: "Add an anomaly of single exchanges, or change -n or --anomalies.")
        }
        self.quotas = quotas

        var programs = [try ProgramBuilder.build(scenario, shape, keys)]
        var kinds: [Kind] = []
        var first: UInt64 = 0
        let specs = zip(
            scenario.anomalies + scenario.hardNegatives, quotas.anomalies + quotas.hardNegatives)
        for (spec, share) in specs {
            if let campaign = spec.campaign, campaign.windowNanos >= timeShape.spanNanos {
                throw YAMLError("the campaign's window is longer than the scenario's span", at: spec.mark)
            }
            let program = try ProgramBuilder.build(scenario, shape, keys, anomaly: spec)
            kinds.append(
                Kind(
                    spec: spec, share: share, program: programs.count,
                    campaign: spec.campaign.map {
                        CampaignPlan(share, $0, name: spec.name, keys: keys, shape: timeShape)
                    }, first: first, injection: try Injection(spec, program, shape, scenario, keys)))
            programs.append(program)
            if spec.campaign == nil { first += share.exchanges }
        }
        let members = kinds.reduce(UInt64(0)) { $0 + ($1.campaign?.exchanges ?? 0) }
        guard members + first <= total else {
            throw SynthesisError.impossible(
                "anomalies and hard negatives are more than \(total) exchanges", remedy: "Lower their rates.")
        }
        for i in programs.indices { programs[i].number = i }
        images = programs.map { Image($0) }
        columns = Self.columns(of: programs)
        rowPlans = Self.makeRowPlans(programs, columns: columns)
        self.kinds = kinds
        depth = LeafPlan.depth(for: total)
        leafCount = 1 << depth
        cohortDepth = scenario.cohortCount.trailingZeroBitCount
        tree = DivisionTree(total: total - members, depth: depth + cohortDepth, key: keys.key("tree"))
        placement = Permutation(count: max(1, total - members), key: keys.key("placement"))
        times = keys.philox("time")
        format = try RequestFormat(scenario, shape)
    }

    /// What decides the output beside seed and number.
    static func digest(_ scenario: Scenario, _ schemas: SchemaSet, _ rate: UInt64) -> [UInt8] {
        let stream = SHA256Stream()
        func add(_ bytes: [UInt8]) {
            var length: [UInt8] = []
            length.append(bigEndian: UInt64(bytes.count))
            stream.update(length.rawSpan)
            stream.update(bytes.rawSpan)
        }
        add(Array("tinct synthesis 1".utf8))
        for source in scenario.sources { add(source.bytes) }
        for source in schemas.sources { add(source.bytes) }
        var number: [UInt8] = []
        number.append(bigEndian: rate)
        add(number)
        return stream.finish()
    }
}
