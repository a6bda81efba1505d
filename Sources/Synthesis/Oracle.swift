package import Tape

/// Re-reads finished requests and confirms what their labels say, and that nothing else is wrong with them.
///
/// It shares no code with what makes and changes requests: its own readers of Thrift and JSON, its own check-digit rules.
/// What it knows is the scenario's statement of each anomaly, the schema, and the bytes.
///
/// Every anomaly of single exchanges that an innocent one never has is looked for in every exchange, both ways. Faults of
/// the wire are looked for where a label says so; everything else must be readable from the first byte to the last. Of
/// campaigns, members, order, window, who takes part in them, and what the type says about their values are checked.
///
/// A copy reads requests into the same memory, so that copies stay on one thread.
package struct Oracle {
    private let rules: [OracleRule]
    /// Rules that clean exchanges are held to, as indices, by stream.
    private let strict: [[Int]]
    /// `touching[a][b]`: an exchange with anomaly a may look as if it had b.
    private let touching: [[Bool]]
    private let format: WireFormat
    private let methods: [[UInt8]]
    /// One for each stream.
    private var cursors: [OracleCursor]
    /// Where a request that is no table's is copied to.
    private var space = Arena()
    /// Labels that the scenario states by a rule of its own; the injector has no part in them.
    private let stated: Set<String>
    /// Campaigns are followed by another oracle, which sees all leaves in order.
    var leavesCampaigns = false
    private var campaigns: [String: OracleCampaign] = [:]
    /// Exchanges looked at, and labels confirmed.
    package private(set) var exchanges: UInt64 = 0
    package private(set) var labels: UInt64 = 0

    package init(_ plan: SynthesisPlan) throws {
        var watches = plan.streams.map { OracleWatches($0.shape) }
        var rules: [OracleRule] = []
        for kind in plan.kinds {
            // The parts of a composite stand for themselves.
            if kind.spec.parts.isEmpty {
                rules.append(try OracleRule(kind.spec, plan.scenario, &watches[kind.spec.stream]))
            }
        }
        self.rules = rules
        strict = plan.streams.indices.map { stream in
            rules.indices.filter {
                rules[$0].isStrict && !rules[$0].isWireFault && rules[$0].spec.stream == stream
            }
        }
        touching = rules.map { a in rules.map { a.touches($0) } }
        format = plan.format.wire
        methods = plan.streams.map { Array($0.format.method.utf8) }
        for i in watches.indices { watches[i].finish() }
        let transforms = plan.format.header.transforms.map(\.rawValue)
        cursors = watches.map { OracleCursor($0, plan.format.wire, transforms: transforms) }
        stated = Set(plan.scenario.labels.map(\.type))
    }

    /// Looks at one exchange of the output.
    ///
    /// - Parameter stream: whose exchange it is, because streams of one operation need not write the same fields.
    package mutating func check(_ exchange: borrowing Exchange, stream: Int = 0) throws(SynthesisError) {
        guard let message = exchange.request else {
            throw .mismatch(anomaly: "request", index: exchange.id, reason: "there is none")
        }
        space.truncate(to: 0)
        space.append(message.wire)
        try check(ExchangeHead(exchange), space.all, stream: stream)
    }

    /// Likewise for one whose bytes stand apart.
    mutating func check(
        _ head: borrowing ExchangeHead, _ request: TableSlice, stream: Int
    ) throws(SynthesisError) {
        exchanges += 1
        cursors[stream].read(request)
        let isLabelled = !head.labels.isEmpty
        let isSpoiled = isLabelled && head.labels.contains { $0.layer == "L0" && $0.detectableAt == "wire" }
        if cursors[stream].readings.state != .whole && !isSpoiled {
            throw .mismatch(anomaly: "wire", index: head.id, reason: "the request cannot be read")
        }
        if !isSpoiled, let sequence = cursors[stream].headerSequence,
            Int64(sequence) != cursors[stream].message.seqid
        {
            throw .mismatch(anomaly: "wire", index: head.id, reason: "header and message differ in sequence number")
        }
        let view = view(head.id, head.timeNanos, stream)
        if isLabelled { return try confirm(head, view, isSpoiled, stream) }
        for at in strict[stream] where rules[at].check.isBroken(rules[at], view) {
            throw .mismatch(anomaly: rules[at].spec.name, index: head.id, reason: "no label says so")
        }
    }

    private func view(_ index: UInt64, _ timeNanos: UInt64, _ stream: Int) -> OracleView {
        let cursor = cursors[stream]
        return OracleView(
            readings: cursor.readings, bytes: cursor.bytes, frame: cursor.frame, index: index, timeNanos: timeNanos,
            format: format, fault: cursor.fault, deepest: cursor.deepest, bodyStart: cursor.bodyStart,
            stated: cursor.statedLength, countedFrom: cursor.countedFrom, message: cursor.message,
            method: methods[stream])
    }

    /// Looks only at the campaign that an exchange belongs to.
    mutating func follow(_ exchange: borrowing Exchange, stream: Int) throws(SynthesisError) {
        guard let message = exchange.request else { return }
        space.truncate(to: 0)
        space.append(message.wire)
        cursors[stream].read(space.all)
        let view = view(exchange.id, message.startNanos, stream)
        for label in exchange.labels {
            let found = rules.firstIndex { $0.isCampaign && $0.spec.stream == stream && $0.describes(label) }
            if let found { try follow(found, label, view, rules[found].fields) }
        }
    }

    private mutating func confirm(
        _ head: borrowing ExchangeHead, _ view: borrowing OracleView, _ isSpoiled: Bool, _ stream: Int
    ) throws(SynthesisError) {
        var described: [(rule: Int, label: Label)] = []
        for label in head.labels {
            guard let rule = rules.firstIndex(where: { $0.spec.stream == stream && $0.describes(label) }) else {
                if stated.contains(label.type) {
                    labels += 1
                    continue
                }
                throw .mismatch(anomaly: label.type, index: head.id, reason: "the scenario has no such anomaly")
            }
            described.append((rule, label))
        }
        let changed = described.flatMap { rules[$0.rule].fields }
        for (rule, label) in described {
            let isReadable = !isSpoiled || view.readings.state == .whole
            if rules[rule].isCampaign {
                if !leavesCampaigns { try follow(rule, label, view, changed) }
            } else {
                // What cannot be read whole is not looked into for anything but what spoiled it.
                if (rules[rule].isWireFault || isReadable) && !rules[rule].check.isBroken(rules[rule], view) {
                    throw .mismatch(
                        anomaly: rules[rule].spec.name, index: head.id, reason: "its label is not borne out")
                }
                if isReadable && !isSpoiled && !rules[rule].holdsConstants(0, view, changed: changed) {
                    throw .mismatch(
                        anomaly: rules[rule].spec.name, index: head.id,
                        reason: "a value is not what 'with' says")
                }
            }
            labels += 1
        }
        if isSpoiled { return }
        for at in strict[stream] where !described.contains(where: { $0.rule == at || touching[$0.rule][at] }) {
            if rules[at].check.isBroken(rules[at], view) {
                throw .mismatch(anomaly: rules[at].spec.name, index: head.id, reason: "no label says so")
            }
        }
    }

    private mutating func follow(
        _ rule: Int, _ label: Label, _ view: borrowing OracleView, _ changed: [String]
    ) throws(SynthesisError) {
        var open = campaigns.removeValue(forKey: label.campaign) ?? OracleCampaign(rules[rule], label, view.index)
        if let reason = open.add(label, view, changed) {
            throw .mismatch(anomaly: label.campaign, index: view.index, reason: reason)
        }
        if !open.isComplete {
            campaigns[label.campaign] = open
        } else if let reason = open.verdict() {
            throw .mismatch(anomaly: label.campaign, index: view.index, reason: reason)
        }
    }

    /// After the last exchange of a whole run: no campaign may lack members. A shard's may.
    package func finish(isWhole: Bool) throws(SynthesisError) {
        guard isWhole, let (name, open) = campaigns.min(by: { $0.key < $1.key }) else { return }
        throw .mismatch(
            anomaly: name, index: open.index, reason: "\(open.members.count) of \(open.size) members are there")
    }
}
