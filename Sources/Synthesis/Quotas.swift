/// How many exchanges each anomaly gets, solved before anything is made, so that requested and realised agree exactly.
package struct Quotas: Sendable, Equatable {
    /// Exchanges, and campaigns for those types that make them.
    package struct Share: Sendable, Equatable {
        package var exchanges: UInt64
        package var campaigns: UInt64
    }

    /// In the order of the scenario.
    package var anomalies: [Share]
    package var hardNegatives: [Share]

    package var anomalous: UInt64 { anomalies.reduce(0) { $0 + $1.exchanges } }

    /// - Parameters:
    ///   - total: N.
    ///   - rate: of anomalous exchanges, in billionths; exactly its rounded share of N is divided by weight.
    /// - Returns: Nil when campaigns alone cannot make up the number, because their sizes do not add up to it.
    static func solve(total: UInt64, rate: UInt64, scenario: Scenario) -> Quotas? {
        let wanted = rounded(total, rate)
        let specs = scenario.anomalies
        if wanted > 0 && specs.isEmpty { return nil }
        var parts = apportion(wanted, specs.map(\.weight))
        var shares = [Share](repeating: Share(exchanges: 0, campaigns: 0), count: specs.count)
        var left: UInt64 = 0
        for (i, spec) in specs.enumerated() {
            guard let campaign = spec.campaign else { continue }
            shares[i] = fit(parts[i], campaign.size)
            left += parts[i] - shares[i].exchanges
            parts[i] = 0
        }
        // What no campaign could take goes to the anomalies of single exchanges, by their weights.
        let single = specs.map { $0.campaign == nil ? $0.weight : 0 }
        if left > 0 && single.allSatisfy({ $0 == 0 }) { return nil }
        let extra = apportion(left, single)
        for (i, spec) in specs.enumerated() where spec.campaign == nil {
            shares[i] = Share(exchanges: parts[i] + extra[i], campaigns: 0)
        }
        let negatives = scenario.hardNegatives.map { spec in
            let share = rounded(total, spec.rate)
            return spec.campaign.map { fit(share, $0.size) } ?? Share(exchanges: 0, campaigns: 0)
        }
        return Quotas(anomalies: shares, hardNegatives: negatives)
    }

    /// total · rate, to the nearest whole number, halves up.
    static func rounded(_ total: UInt64, _ rate: UInt64) -> UInt64 {
        UInt64((UInt128(total) * UInt128(rate) + 500_000_000) / 1_000_000_000)
    }

    /// Divides `total` by weight; the largest remainders get what is left over, earlier ones first.
    static func apportion(_ total: UInt64, _ weights: [UInt64]) -> [UInt64] {
        let sum = weights.reduce(UInt128(0)) { $0 + UInt128($1) }
        if sum == 0 { return [UInt64](repeating: 0, count: weights.count) }
        var parts = weights.map { UInt64(UInt128(total) * UInt128($0) / sum) }
        let remainders = weights.map { UInt128(total) * UInt128($0) % sum }
        let order = weights.indices.sorted { (remainders[$1], $0) < (remainders[$0], $1) }
        var left = total - parts.reduce(0, +)
        for i in order where left > 0 {
            parts[i] += 1
            left -= 1
        }
        return parts
    }

    /// The most of `wanted` that campaigns of the given sizes can make up.
    private static func fit(_ wanted: UInt64, _ size: ClosedRange<UInt64>) -> Share {
        if wanted < size.lowerBound { return Share(exchanges: 0, campaigns: 0) }
        let middle = size.lowerBound + (size.upperBound - size.lowerBound) / 2
        var campaigns = max(1, (wanted + middle / 2) / middle)
        campaigns = min(campaigns, wanted / size.lowerBound)
        return Share(exchanges: min(wanted, campaigns * size.upperBound), campaigns: campaigns)
    }
}

/// Sizes and starts of the campaigns of one type: functions of the campaign's number alone.
struct CampaignPlan: Sendable {
    let exchanges: UInt64
    let campaigns: UInt64
    let size: ClosedRange<UInt64>
    let windowNanos: UInt64
    private let sizes: Philox
    private let starts: Philox
    private let offsets: Philox
    private let cohorts: Philox
    /// The share of the expected volume before which campaigns start, so that the last one ends in time.
    private let reach: UInt64

    init(_ share: Quotas.Share, _ spec: Scenario.CampaignSpec, name: String, keys: KeyRing, shape: TimeShape) {
        exchanges = share.exchanges
        campaigns = share.campaigns
        size = spec.size
        windowNanos = spec.windowNanos
        sizes = keys.philox("campaign:\(name)#size")
        starts = keys.philox("campaign:\(name)#start")
        offsets = keys.philox("campaign:\(name)#offset")
        cohorts = keys.philox("campaign:\(name)#cohort")
        reach = max(1, shape.share(shape.startNanos + shape.spanNanos - spec.windowNanos))
    }

    /// An even division of all members, and then one of each pair gives some to the other: sums stay in closed form.
    func members(before campaign: UInt64) -> UInt64 {
        let even = part(campaign, of: exchanges)
        return campaign % 2 == 1 ? even + shift(campaign / 2) : even
    }

    func size(of campaign: UInt64) -> UInt64 { members(before: campaign + 1) - members(before: campaign) }

    private func part(_ campaign: UInt64, of total: UInt64) -> UInt64 {
        campaigns == 0 ? 0 : UInt64(UInt128(total) * UInt128(campaign) / UInt128(campaigns))
    }

    /// What the first of pair `pair` has more than its even part.
    private func shift(_ pair: UInt64) -> UInt64 {
        if pair * 2 + 1 >= campaigns { return 0 }
        let first = part(pair * 2 + 1, of: exchanges) - part(pair * 2, of: exchanges)
        let second = part(pair * 2 + 2, of: exchanges) - part(pair * 2 + 1, of: exchanges)
        let room = min(size.upperBound - min(size.upperBound, first), second - min(second, size.lowerBound))
        return sizes.below(room + 1, pair)
    }

    /// Campaigns are spread one to each equal share of the volume, anywhere within it.
    func start(of campaign: UInt64, _ shape: TimeShape) -> UInt64 {
        let low = UInt64(UInt128(reach) * UInt128(campaign) / UInt128(max(1, campaigns)))
        let high = UInt64(UInt128(reach) * UInt128(campaign + 1) / UInt128(max(1, campaigns)))
        return shape.time(low + starts.below(max(1, high - low), campaign))
    }

    /// Campaigns that may have members between two times.
    func campaigns(from: UInt64, to: UInt64, _ shape: TimeShape) -> Range<UInt64> {
        if campaigns == 0 { return 0..<0 }
        let early = from > windowNanos ? from - windowNanos : 0
        let low = UInt128(early <= shape.startNanos ? 0 : shape.share(early)) * UInt128(campaigns) / UInt128(reach)
        let high = UInt128(to == .max ? UInt64.max : shape.share(to)) * UInt128(campaigns) / UInt128(reach)
        let first = min(campaigns, UInt64(clamping: low))
        return (first == 0 ? 0 : first - 1)..<min(campaigns, UInt64(clamping: high) + 2)
    }

    /// When member `member` of `count` acts: somewhere in its own part of the window.
    func offset(_ campaign: UInt64, _ member: UInt64, of count: UInt64) -> UInt64 {
        let low = UInt64(UInt128(windowNanos) * UInt128(member) / UInt128(count))
        let high = UInt64(UInt128(windowNanos) * UInt128(member + 1) / UInt128(count))
        return low + offsets.below(max(1, high - low), campaign, member)
    }

    func cohort(of campaign: UInt64, count: Int) -> UInt64 { cohorts.below(UInt64(count), campaign) }
}
