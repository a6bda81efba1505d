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
    /// One for each stream.
    private var cursors: [OracleCursor]
    private var cursor: OracleCursor
    /// Labels that the scenario states by a rule of its own; the injector has no part in them.
    private let stated: Set<String>
    /// Campaigns are followed by another oracle, which sees all leaves in order.
    var leavesCampaigns = false
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
        var watches = plan.streams.map { OracleWatches($0.shape) }
        var rules: [OracleRule] = []
        for kind in plan.kinds {
            rules.append(try OracleRule(kind.spec, plan.scenario, &watches[kind.spec.stream]))
        }
        self.rules = rules
        for i in watches.indices { watches[i].finish() }
        cursors = watches.map { OracleCursor($0, plan.format.wire) }
        cursor = cursors[0]
        stated = Set(plan.scenario.labels.map(\.type))
    }

    /// Looks at one exchange of the output.
    ///
    /// - Parameter stream: whose exchange it is, because streams of one operation need not write the same fields.
    package mutating func check(_ exchange: borrowing Exchange, stream: Int = 0) throws(SynthesisError) {
        exchanges += 1
        if cursors.count > 1 { swap(&cursor, &cursors[stream]) }
        defer { if cursors.count > 1 { swap(&cursor, &cursors[stream]) } }
        guard let message = exchange.request else {
            throw .mismatch(anomaly: "request", index: exchange.id, reason: "there is none")
        }
        cursor.read(message.wire)
        let isClean = exchange.labels.isEmpty
        var confirmed = 0
        for (number, rule) in rules.enumerated() where rule.spec.stream == stream {
            let label = isClean ? nil : exchange.labels.first { rule.describes($0) }
            if rule.isCampaign {
                guard let label else { continue }
                if !leavesCampaigns { try follow(number, rule, label, message.wire, index: exchange.id) }
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
        confirmed += exchange.labels.count { stated.contains($0.type) }
        if confirmed != exchange.labels.count {
            throw .mismatch(anomaly: "label", index: exchange.id, reason: "the scenario has no such anomaly")
        }
        if cursor.readings.state != .whole && !exchange.labels.contains(where: { $0.layer == "L0" }) {
            throw .mismatch(anomaly: "wire", index: exchange.id, reason: "the request cannot be read")
        }
        labels += UInt64(confirmed)
    }

    /// Looks only at the campaign that an exchange belongs to.
    mutating func follow(_ exchange: borrowing Exchange, stream: Int) throws(SynthesisError) {
        guard let message = exchange.request else { return }
        if cursors.count > 1 { swap(&cursor, &cursors[stream]) }
        defer { if cursors.count > 1 { swap(&cursor, &cursors[stream]) } }
        cursor.read(message.wire)
        for (number, rule) in rules.enumerated() where rule.isCampaign && rule.spec.stream == stream {
            guard let label = exchange.labels.first(where: { rule.describes($0) }) else { continue }
            try follow(number, rule, label, message.wire, index: exchange.id)
        }
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
