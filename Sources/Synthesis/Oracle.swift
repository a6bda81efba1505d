package import Tape

/// Re-reads finished requests and confirms what their labels say, and that nothing else is wrong with them.
///
/// It shares no code with what makes and changes requests: its own readers of Thrift and JSON, its own check-digit rules.
/// What it knows is the scenario's statement of each anomaly, the schema, and the bytes.
///
/// Every anomaly of single exchanges is checked on every exchange, both ways; an amount just under a threshold only where
/// it is labelled, because an innocent one may lie there too. Campaigns are checked for number, window, and what their
/// members share and do not share.
package struct Oracle: Sendable {
    private let rules: [OracleRule]
    private var cursor: OracleCursor
    private var campaigns: [String: OpenCampaign] = [:]
    /// Exchanges looked at, and labels confirmed.
    package private(set) var exchanges: UInt64 = 0
    package private(set) var labels: UInt64 = 0

    private struct OpenCampaign {
        var first: UInt64
        var last: UInt64
        var positions: Set<UInt32> = []
        var size: UInt32
        var shared: [[UInt8]] = []
        var distinct: [Set<[UInt8]>] = []
        var rule: Int
        var index: UInt64
    }

    package init(_ plan: SynthesisPlan) throws {
        var watches = OracleWatches(plan.shape)
        var rules: [OracleRule] = []
        for kind in plan.kinds { rules.append(try OracleRule(kind.spec, plan.scenario, &watches)) }
        self.rules = rules
        watches.finish()
        cursor = OracleCursor(watches, plan.format.wire)
    }

    /// Looks at one exchange of the output.
    package mutating func check(_ exchange: borrowing Exchange) throws(SynthesisError) {
        exchanges += 1
        guard let message = exchange.request else {
            throw .mismatch(anomaly: "request", index: exchange.id, reason: "there is none")
        }
        cursor.read(message.wire)
        let isClean = exchange.labels.isEmpty
        var confirmed = 0
        for (number, rule) in rules.enumerated() {
            let label = isClean ? nil : exchange.labels.first { rule.describes($0) }
            if rule.isCampaign {
                guard let label else { continue }
                try follow(number, rule, label, message.wire, index: exchange.id)
                confirmed += 1
                continue
            }
            let isBroken = rule.isBroken(cursor.readings, message.wire)
            if label != nil && !isBroken {
                throw .mismatch(anomaly: rule.spec.name, index: exchange.id, reason: "its label is not borne out")
            }
            if label == nil && isBroken && rule.isStrict {
                throw .mismatch(anomaly: rule.spec.name, index: exchange.id, reason: "no label says so")
            }
            if label != nil { confirmed += 1 }
        }
        if confirmed != exchange.labels.count {
            throw .mismatch(anomaly: "label", index: exchange.id, reason: "the scenario has no such anomaly")
        }
        if cursor.readings.state != .whole && !exchange.labels.contains(where: { $0.layer == "L0" }) {
            throw .mismatch(anomaly: "wire", index: exchange.id, reason: "the request cannot be read")
        }
        labels += UInt64(confirmed)
    }

    private mutating func follow(
        _ number: Int, _ rule: OracleRule, _ label: Label, _ bytes: [UInt8], index: UInt64
    ) throws(SynthesisError) {
        func wrong(_ reason: String) -> SynthesisError {
            .mismatch(anomaly: label.campaign, index: index, reason: reason)
        }
        var open =
            campaigns.removeValue(forKey: label.campaign)
            ?? OpenCampaign(first: label.eventNanos, last: label.eventNanos, size: label.n, rule: number, index: index)
        guard label.n == open.size, (1...label.n).contains(label.k), open.positions.insert(label.k).inserted else {
            throw wrong("member \(label.k) of \(label.n) does not fit in")
        }
        open.first = min(open.first, label.eventNanos)
        open.last = max(open.last, label.eventNanos)
        guard open.last - open.first <= rule.windowNanos else { throw wrong("it lasts longer than its window") }
        for (i, watch) in rule.same.enumerated() {
            let value = cursor.readings.text(watch, bytes)
            if value.isEmpty { throw wrong("what its members share is absent") }
            if i == open.shared.count { open.shared.append(value) }
            if open.shared[i] != value { throw wrong("its members do not share what they should") }
        }
        for (i, watch) in rule.distinct.enumerated() {
            let value = cursor.readings.text(watch, bytes)
            if value.isEmpty { throw wrong("what its members have of their own is absent") }
            if i == open.distinct.count { open.distinct.append([]) }
            if !open.distinct[i].insert(value).inserted { throw wrong("two members share what is their own") }
        }
        if open.positions.count < Int(open.size) { campaigns[label.campaign] = open }
    }

    /// After the last exchange of a whole run: no campaign may lack members. A shard's may.
    package func finish(isWhole: Bool) throws(SynthesisError) {
        guard isWhole, let (name, open) = campaigns.min(by: { $0.key < $1.key }) else { return }
        throw .mismatch(
            anomaly: name, index: open.index, reason: "\(open.positions.count) of \(open.size) members are there")
    }
}
