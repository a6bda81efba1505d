/// Sizes and starts of the campaigns of one type: functions of the campaign's number alone.
struct CampaignPlan: Sendable {
    let exchanges: UInt64
    let campaigns: UInt64
    let size: ClosedRange<UInt64>
    let windowNanos: UInt64
    private let stages: [Scenario.StageSpec]
    private let hours: ClosedRange<UInt64>?
    /// One member of each campaign is never sent.
    let loses: Bool
    private let sizes: Philox
    private let starts: Philox
    private let offsets: Philox
    private let cohorts: Philox
    private let losses: Philox
    /// The share of the expected volume before which campaigns start, so that the last one ends in time.
    private let reach: UInt64

    init(_ share: Quotas.Share, _ spec: Scenario.CampaignSpec, name: String, keys: KeyRing, shape: TimeShape) {
        exchanges = share.exchanges
        campaigns = share.campaigns
        size = spec.size
        windowNanos = spec.windowNanos
        stages = spec.stages
        hours = spec.hours
        loses = spec.loses
        sizes = keys.philox("campaign:\(name)#size")
        starts = keys.philox("campaign:\(name)#start")
        offsets = keys.philox("campaign:\(name)#offset")
        cohorts = keys.philox("campaign:\(name)#cohort")
        losses = keys.philox("campaign:\(name)#loss")
        reach = max(1, shape.share(shape.startNanos + shape.spanNanos - spec.reachNanos))
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
        let time = shape.time(low + starts.below(max(1, high - low), campaign))
        return hours.map { Self.next($0, after: time, starts.draw(campaign, 1)) } ?? time
    }

    /// `time` when its hour is among those; otherwise a time in the next such hours.
    private static func next(_ hours: ClosedRange<UInt64>, after time: UInt64, _ bits: UInt64) -> UInt64 {
        let hour: UInt64 = 3_600_000_000_000
        let day = 24 * hour
        let within = time % day
        if (hours.lowerBound * hour..<hours.upperBound * hour).contains(within) { return time }
        let midnight = time - within
        let first = midnight + hours.lowerBound * hour
        return (first > time ? first : first + day) + scale(bits, to: (hours.upperBound - hours.lowerBound) * hour)
    }

    /// Campaigns that may have members between two times.
    func campaigns(from: UInt64, to: UInt64, _ shape: TimeShape) -> Range<UInt64> {
        if campaigns == 0 { return 0..<0 }
        let before = windowNanos + (hours == nil ? 0 : 2 * 86_400_000_000_000)
        let early = from > before ? from - before : 0
        let low = UInt128(early <= shape.startNanos ? 0 : shape.share(early)) * UInt128(campaigns) / UInt128(reach)
        let high = UInt128(to == .max ? UInt64.max : shape.share(to)) * UInt128(campaigns) / UInt128(reach)
        let first = min(campaigns, UInt64(clamping: low))
        return (first == 0 ? 0 : first - 1)..<min(campaigns, UInt64(clamping: high) + 2)
    }

    /// Where a member stands: its stage, its position there, and how many are there with it.
    struct Position: Sendable {
        var stage: Int
        var place: UInt64
        var places: UInt64
    }

    /// Members go through the stages in order. Stages whose numbers are open share what is above their least, one
    /// each in turn.
    func position(_ member: UInt64, of count: UInt64) -> Position {
        var counts = stages.map(\.members.lowerBound)
        var extra = count - min(count, counts.reduce(0, +))
        while extra > 0 {
            let before = extra
            for at in stages.indices where extra > 0 && counts[at] < stages[at].members.upperBound {
                counts[at] += 1
                extra -= 1
            }
            if extra == before { break }
        }
        var first: UInt64 = 0
        for (at, places) in counts.enumerated() {
            if member < first + places { return Position(stage: at, place: member - first, places: places) }
            first += places
        }
        return Position(stage: max(0, stages.count - 1), place: 0, places: 1)
    }

    /// When member `member` of `count` acts: somewhere in its own part of its stage, or just at its beginning.
    func offset(_ campaign: UInt64, _ member: UInt64, of count: UInt64) -> UInt64 {
        let position = position(member, of: count)
        let stage = stages[position.stage]
        func part(_ place: UInt64) -> UInt64 {
            let from = UInt128(windowNanos) * UInt128(stage.from)
            let length = UInt128(windowNanos) * UInt128(stage.to - stage.from)
            return UInt64((from + length * UInt128(place) / UInt128(position.places)) / 1_000_000_000)
        }
        let (low, high) = (part(position.place), part(position.place + 1))
        return stage.isEven ? low : low + offsets.below(max(1, high - low), campaign, member)
    }

    /// The position from 1 that the label states: one is left out where a member was lost, never the first or last.
    func stated(_ member: UInt64, _ campaign: UInt64, of count: UInt64) -> (k: UInt64, n: UInt64) {
        if !loses { return (member + 1, count) }
        let lost = 1 + losses.below(max(1, count - 1), campaign)
        return (member >= lost ? member + 2 : member + 1, count + 1)
    }

    func cohort(of campaign: UInt64, count: Int) -> UInt64 { cohorts.below(UInt64(count), campaign) }
}

extension Scenario.CampaignSpec {
    /// How long after a campaign's place in the volume its last member may act.
    var reachNanos: UInt64 { windowNanos + (hours == nil ? 0 : 2 * 86_400_000_000_000) }
}
