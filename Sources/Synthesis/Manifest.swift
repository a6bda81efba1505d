import Bytes
package import JSON
import Tape

/// What was made: travels with a tape as an attachment, and beside other outputs as `OUT.manifest.json`.
package struct Manifest: Sendable, Equatable {
    package struct Count: Sendable, Equatable {
        package var name: String
        package var type: String
        package var layer: String
        package var isHardNegative: Bool
        /// A regime of a drift, which exchanges belong to by chance: nothing is requested.
        package var isDrift: Bool
        /// Solved from the rate before anything was made, for the whole run.
        package var requested: UInt64
        /// Counted on the way out, in this shard.
        package var realised: UInt64
        package var requestedCampaigns: UInt64
        package var realisedCampaigns: UInt64
    }

    /// A label that the scenario states by a rule.
    package struct Stated: Sendable, Equatable {
        package var type: String
        package var exchanges: UInt64
    }

    package var scenario: String
    package var scenarioDigest: String
    package var version: String
    package var operation: String
    package var seed: UInt64
    package var total: UInt64
    package var anomalyRate: UInt64
    package var leaves: Range<Int>
    package var leafCount: Int
    package var shardIndex: Int
    package var shardCount: Int
    /// The index of the first exchange, and how many there are.
    package var first: UInt64 = 0
    package var exchanges: UInt64 = 0
    /// Labels that the scenario states by rules, in their order: the type and how many there are.
    package var stated: [Stated]
    package var twins: UInt64 = 0
    package var counts: [Count]
    package var confirmed: UInt64 = 0
    /// How many exchanges carry two types together, by the two.
    package var overlaps: [String: UInt64] = [:]
    /// Over id, time, bytes, expected decision and labels of every exchange, whatever the form of the output.
    package var exchangesDigest = ""

    package init(_ plan: SynthesisPlan, version: String, shardIndex: Int, shardCount: Int) {
        scenario = plan.scenario.name
        scenarioDigest = Hex.encode(plan.digest)
        self.version = version
        operation = plan.format.operation
        seed = plan.seed
        total = plan.total
        anomalyRate = plan.anomalyRate
        leafCount = plan.leafCount
        leaves = LeafPlan.shard(shardIndex, of: shardCount, leaves: plan.leafCount)
        self.shardIndex = shardIndex
        self.shardCount = shardCount
        stated = plan.scenario.labels.map { Stated(type: $0.type, exchanges: 0) }
        counts = plan.kinds.map { kind in
            Count(
                name: kind.spec.name, type: kind.spec.type.name, layer: kind.spec.type.layer.rawValue,
                isHardNegative: kind.spec.type.isHardNegative, isDrift: kind.spec.type.isDrift,
                requested: kind.share.exchanges, realised: 0,
                requestedCampaigns: kind.share.campaigns, realisedCampaigns: 0)
        }
    }

    package var isWhole: Bool { shardCount == 1 }
    package var anomalous: UInt64 {
        counts.reduce(0) { $0 + ($1.isHardNegative || $1.isDrift ? 0 : $1.realised) }
    }

    /// Exchanges and campaigns of one kind within a leaf.
    struct Tally: Sendable {
        var exchanges: UInt64 = 0
        var campaigns: UInt64 = 0

        mutating func add(_ label: Label) {
            exchanges += 1
            if label.k == 1 { campaigns += 1 }
        }
    }

    /// The pairs of types that an exchange's labels make.
    static func pairs(_ labels: [Label]) -> [String] {
        var result: [String] = []
        for (at, label) in labels.enumerated() {
            for other in labels[(at + 1)...] {
                result.append([label.type, other.type].sorted().joined(separator: " + "))
            }
        }
        return result
    }

    mutating func add(_ leaf: borrowing LeafResult) {
        if exchanges == 0 { first = leaf.first }
        exchanges += leaf.exchanges
        twins += leaf.twinCount
        confirmed += leaf.confirmed
        for (i, tally) in leaf.counts.enumerated() {
            counts[i].realised += tally.exchanges
            counts[i].realisedCampaigns += tally.campaigns
        }
        for (i, count) in leaf.stated.enumerated() { stated[i].exchanges += count }
        for pair in leaf.overlaps { overlaps[pair, default: 0] += 1 }
    }

    package var json: JSONValue {
        var anomalies: [JSONValue] = []
        for count in counts {
            var object = JSONObject()
            object.append("name", JSONValue(count.name))
            object.append("type", JSONValue(count.type))
            object.append("layer", JSONValue(count.layer))
            object.append("hardNegative", JSONValue(count.isHardNegative))
            object.append("drift", JSONValue(count.isDrift))
            object.append("requested", JSONValue(count.requested))
            object.append("realised", JSONValue(count.realised))
            object.append("campaignsRequested", JSONValue(count.requestedCampaigns))
            object.append("campaignsRealised", JSONValue(count.realisedCampaigns))
            anomalies.append(.object(object))
        }
        var rules: [JSONValue] = []
        for rule in stated {
            var object = JSONObject()
            object.append("type", JSONValue(rule.type))
            object.append("exchanges", JSONValue(rule.exchanges))
            rules.append(.object(object))
        }
        var shard = JSONObject()
        shard.append("index", JSONValue(shardIndex))
        shard.append("count", JSONValue(shardCount))
        shard.append("firstLeaf", JSONValue(leaves.lowerBound))
        shard.append("leaves", JSONValue(leaves.count))
        shard.append("firstExchange", JSONValue(first))
        var object = JSONObject()
        object.append("manifest", JSONValue("tinct synth 1"))
        object.append("version", JSONValue(version))
        object.append("scenario", JSONValue(scenario))
        object.append("scenarioDigest", JSONValue(scenarioDigest))
        object.append("operation", JSONValue(operation))
        object.append("seed", JSONValue(seed))
        object.append("n", JSONValue(total))
        object.append("anomalyBillionths", JSONValue(anomalyRate))
        object.append("leafCount", JSONValue(leafCount))
        object.append("shard", .object(shard))
        object.append("exchanges", JSONValue(exchanges))
        object.append("anomalous", JSONValue(anomalous))
        object.append("twins", JSONValue(twins))
        object.append("anomalies", .array(anomalies))
        object.append("stated", .array(rules))
        var matrix = JSONObject()
        for (pair, count) in overlaps.sorted(by: { $0.key < $1.key }) { matrix.append(pair, JSONValue(count)) }
        object.append("overlaps", .object(matrix))
        object.append("labelsConfirmed", JSONValue(confirmed))
        object.append("exchangesSha256", JSONValue(exchangesDigest))
        return .object(object)
    }
}
