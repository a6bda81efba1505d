import Bytes
import Tape
import Testing

@testable import Synthesis

/// A deliberately wrong injector of each type: what it wrote is undone, or put where nothing says so.
@Suite struct AnomalyCanaryTests {
    @Test(arguments: Catalogue.Carrier.allCases)
    func `the oracle fails when what an injector wrote is taken back`(carrier: Catalogue.Carrier) throws {
        let plan = try Catalogue.plan(Catalogue.types(carrier), carrier, total: 12_000, rate: "60%", seed: 4)
        let fresh = try Oracle(plan)
        let maker = LeafMaker(plan)
        var caught: Set<String> = []
        var campaigns: [String: [Exchange]] = [:]
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init(twins: true)) { made in
                guard let label = made.exchange.labels.first, let twin = made.twin ?? nil else { return }
                if !label.campaign.isEmpty {
                    campaigns[label.campaign, default: []].append(copy(made.exchange, made.exchange.request))
                } else if !caught.contains(label.type) {
                    let undone = copy(made.exchange, twin.request)
                    var oracle = fresh
                    if mismatch({ try oracle.check(undone) }) == made.exchange.id { caught.insert(label.type) }
                }
            }
        }
        // In place of one member's request stands another member's, or one comes too late.
        for (name, members) in campaigns {
            let type = members[0].labels[0].type
            if caught.contains(type) { continue }
            var late = members
            late[0].labels[0].eventNanos += 1
            var oracle = fresh
            let isTimeSeen = mismatch { for member in late { try oracle.check(member) } } != nil
            var missing = fresh
            let isLossSeen =
                mismatch {
                    for member in members.dropLast() { try missing.check(member) }
                    try missing.finish(isWhole: true)
                } != nil
            var whole = fresh
            let isWhole = members.count == Int(members[0].labels[0].n) - (type == "droppedDelivery" ? 1 : 0)
            if isWhole, mismatch({ for member in members { try whole.check(member) } }) == nil, isTimeSeen, isLossSeen {
                caught.insert(type)
            }
            _ = name
        }
        // Innocents have no twin, regimes may leave nothing to see.
        let wanted = Set(Catalogue.types(carrier).filter { !$0.isHardNegative && !$0.isDrift }.map(\.name))
        // An order that never was looks like any other.
        #expect(wanted.subtracting(caught).subtracting(["orphanRefund"]).sorted() == [])
    }

    /// Values that campaigns share, order or shrink: another member's request in place of one's own is noticed.
    @Test func `the oracle fails when a campaign's member sends another one's request`() throws {
        let types = AnomalyType.frauds.filter { !$0.name.hasPrefix("custom") }
        let filler = AnomalyType.fields.prefix(1)
        let plan = try Catalogue.plan(types + filler, .binary, total: 6000, rate: "60%", seed: 9)
        let fresh = try Oracle(plan)
        let maker = LeafMaker(plan)
        var campaigns: [String: [Exchange]] = [:]
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init()) { made in
                guard let label = made.exchange.labels.first, !label.campaign.isEmpty else { return }
                campaigns[label.campaign, default: []].append(copy(made.exchange, made.exchange.request))
            }
        }
        var caught: Set<String> = []
        for members in campaigns.values {
            let type = members[0].labels[0].type
            for at in members.indices.dropFirst() where !caught.contains(type) {
                // A stranger's request in the middle of it.
                guard let stranger = campaigns.values.first(where: { $0[0].labels[0].type != type }) else { continue }
                var changed = members
                changed[at] = copy(members[at], stranger[0].request)
                var oracle = fresh
                if mismatch({ for member in changed { try oracle.check(member) } }) != nil { caught.insert(type) }
            }
        }
        #expect(Set(types.map(\.name)).subtracting(caught).sorted() == [])
    }

    private func copy(_ exchange: borrowing Exchange, _ request: Message?) -> Exchange {
        var result = Exchange()
        result.id = exchange.id
        result.labels = exchange.labels
        result.request = request
        return result
    }

    /// The index that the oracle names, or nil when it agrees.
    private func mismatch(_ body: () throws -> Void) -> UInt64? {
        do {
            try body()
            return nil
        } catch SynthesisError.mismatch(_, let index, _) {
            return index
        } catch { return nil }
    }
}
