import Bytes
import JSON
import Tape
import Testing

@testable import Synthesis

@Suite struct LeafMakerTests {
    @Test(arguments: [Shipped.thrift, Shipped.http])
    func `leaves hold exactly N exchanges in order of time, and the counts that were asked for`(path: String) throws {
        let plan = try Shipped.plan(path, total: 4000, anomalyRate: 200_000_000)
        let maker = LeafMaker(plan)
        var next: UInt64 = 0
        var last: UInt64 = 0
        var counts = [UInt64](repeating: 0, count: plan.kinds.count)
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init()) { output in
                if output.exchange.id != next || output.exchange.startNanos < last {
                    Issue.record("exchange \(output.exchange.id) is out of order")
                }
                next += 1
                last = output.exchange.startNanos
                if let kind = output.kind { counts[kind] += 1 }
            }
        }
        #expect(next == 4000)
        #expect(counts == plan.kinds.map(\.share.exchanges))
        #expect(plan.quotas.anomalous == 800)
        #expect(plan.quotas.anomalies.filter { $0.campaigns > 0 }.count == 2)
        #expect(plan.timeShape.time(0) <= last && last < plan.timeShape.startNanos + plan.timeShape.spanNanos)
    }

    @Test func `any leaf can be made alone, in any order, by another maker`() throws {
        let plan = try Shipped.plan(Shipped.thrift, total: 3000, seed: 9)
        var whole: [UInt64: [UInt8]] = [:]
        let maker = LeafMaker(plan)
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init()) { whole[$0.exchange.id] = $0.exchange.request?.wire }
        }
        let other = LeafMaker(try Shipped.plan(Shipped.thrift, total: 3000, seed: 9))
        for leaf in [63, 0, 17, 40, 5] {
            try other.make(leaf, .init()) { #expect(whole[$0.exchange.id] == $0.exchange.request?.wire) }
        }
        let different = LeafMaker(try Shipped.plan(Shipped.thrift, total: 3000, seed: 10))
        var same = 0
        try different.make(3, .init()) { same += whole[$0.exchange.id] == $0.exchange.request?.wire ? 1 : 0 }
        #expect(same == 0)
    }

    @Test func `a twin is the same exchange without its anomaly`() throws {
        let plan = try Shipped.plan(Shipped.http, total: 3000, anomalyRate: 200_000_000)
        let maker = LeafMaker(plan)
        var seen: Set<String> = []
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init(json: true, twins: true)) { output in
                let type = output.exchange.labels.first?.type ?? ""
                guard let twin = output.twin else {
                    if !type.isEmpty && type != "flashSale" { Issue.record("\(type) has no twin") }
                    return
                }
                seen.insert(type)
                let label = try #require(output.exchange.labels.first)
                #expect(twin.id == output.exchange.id && label.twin == twin.id && twin.labels.isEmpty)
                #expect(twin.startNanos == output.exchange.startNanos)
                guard label.campaign.isEmpty else { return }
                // One value differs, or none where the fault is on the wire.
                let (changed, clean) = (output.json.array(), output.twinJSON.array())
                let a = try JSONValue(parsing: changed.rawSpan)
                let b = try JSONValue(parsing: clean.rawSpan)
                #expect(differences(a, b) == (label.layer == "L0" ? 0 : 1), "\(type)")
                #expect(twin.request?.wire != output.exchange.request?.wire)
            }
        }
        #expect(seen.count == 13)
    }

    private func differences(_ a: JSONValue, _ b: JSONValue) -> Int {
        guard case .object(let left) = a, case .object(let right) = b else { return a == b ? 0 : 1 }
        let keys = Set(left.members.map(\.key)).union(right.members.map(\.key))
        return keys.reduce(0) { sum, key in
            guard let x = left[key], let y = right[key] else { return sum + 1 }
            return sum + differences(x, y)
        }
    }

    @Test func `the rate of anomalies can be asked for, down to none`() throws {
        for (rate, wanted) in [(0, 0), (1, 0), (50_000_000, 1000), (123_456_789, 2469)] as [(UInt64, UInt64)] {
            let plan = try Shipped.plan(Shipped.thrift, total: 20_000, anomalyRate: rate)
            #expect(plan.quotas.anomalous == wanted)
        }
    }
}

@Suite struct QuotaTests {
    @Test func `shares add up, by the largest remainders`() {
        #expect(Quotas.apportion(10, [1, 1, 1]) == [4, 3, 3])
        #expect(Quotas.apportion(7, [5, 3, 2]) == [4, 2, 1])
        #expect(Quotas.apportion(0, [1, 2]) == [0, 0])
        #expect(Quotas.rounded(1001, 20_000_000) == 20)
        #expect(Quotas.rounded(1025, 20_000_000) == 21)
    }

    @Test(arguments: [1, 2, 7, 100, 1001] as [UInt64])
    func `campaign sizes stay within bounds and add up`(campaigns: UInt64) {
        let size: ClosedRange<UInt64> = 8...16
        for exchanges in [campaigns * 8, campaigns * 11, campaigns * 12 + campaigns / 3, campaigns * 16] {
            let shape = TimeShape(startNanos: 0, spanNanos: 1 << 50, weights: [], segmentNanos: 1, offset: 0)
            let plan = CampaignPlan(
                .init(exchanges: exchanges, campaigns: campaigns),
                .init(
                    windowNanos: 1 << 40,
                    stages: [
                        .init(
                            name: "act", role: "actor", members: size, from: 0, to: 1_000_000_000, casts: [],
                            overrides: [])
                    ]), name: "x",
                keys: KeyRing(digest: [1], seed: 2), shape: shape)
            var sum: UInt64 = 0
            var last: UInt64 = 0
            for campaign in 0..<campaigns {
                #expect(plan.members(before: campaign) == sum)
                #expect(size.contains(plan.size(of: campaign)))
                sum += plan.size(of: campaign)
                let start = plan.start(of: campaign, shape)
                #expect(start >= last && start + plan.windowNanos <= shape.spanNanos)
                #expect(plan.campaigns(from: start, to: start + 1, shape).contains(campaign))
                #expect(plan.campaigns(from: start + plan.windowNanos - 1, to: .max, shape).contains(campaign))
                last = start
            }
            #expect(sum == exchanges)
        }
    }
}
