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
        let specs = scenario.anomalies.types
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
        let negatives = scenario.anomalies.hardNegatives.map { spec in
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
