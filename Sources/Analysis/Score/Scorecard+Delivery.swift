import Tape

/// A campaign of one round while its exchanges come in.
struct OpenCampaign {
    struct Key: Hashable {
        var campaign: Int32
        var round: UInt32
    }

    struct Member {
        var serial: UInt64
        var mark: ScoreTruth.Mark
        var sentNanos: UInt64
        var wasDelivered: Bool
    }

    var members: [Member] = []
}

extension Scorecard {
    /// Keeps one exchange of a campaign until all of them are there.
    mutating func take(_ mark: ScoreTruth.Mark, serial: UInt64, _ run: RunRecord) {
        let key = OpenCampaign.Key(campaign: mark.campaign, round: run.round)
        var campaign = open.removeValue(forKey: key) ?? OpenCampaign()
        campaign.members.append(
            .init(serial: serial, mark: mark, sentNanos: run.sentNanos, wasDelivered: Self.wasDelivered(run)))
        if campaign.members.count < Int(clamping: truth.campaigns[Int(mark.campaign)].size) {
            open[key] = campaign
        } else {
            close(key, campaign)
        }
    }

    /// Why a label of a single exchange does not hold; nil when it does.
    func fault(_ mark: ScoreTruth.Mark, _ run: RunRecord) -> String? {
        if !Self.wasDelivered(run) { return "notSent" }
        // What was dated after the event may lie before it once the event has moved.
        let isOfTimes = ["timesReversed", "secondsForMillis"].contains(truth.kinds[Int(mark.kind)].type)
        return options.timesMoved && isOfTimes ? "times" : nil
    }

    mutating func closeCampaigns(where isOver: (OpenCampaign.Key) -> Bool) {
        let over = open.filter { isOver($0.key) }.sorted {
            ($0.key.round, $0.key.campaign) < ($1.key.round, $1.key.campaign)
        }
        for (key, campaign) in over {
            open[key] = nil
            close(key, campaign)
        }
    }

    private mutating func close(_ key: OpenCampaign.Key, _ campaign: OpenCampaign) {
        let stated = truth.campaigns[Int(key.campaign)]
        let kind = truth.kinds[Int(stated.kind)]
        let members = campaign.members.sorted { ($0.sentNanos, $0.mark.k) < ($1.sentNanos, $1.mark.k) }
        let isReordered = zip(members, members.dropFirst()).contains { $0.mark.k > $1.mark.k }
        let reason = fault(members, stated, kind, isReordered: isReordered)
        var tally = byType[kind.type]?.campaigns ?? CampaignTally()
        tally.sent += 1
        if let reason {
            tally.void[reason, default: 0] += 1
        } else {
            if isReordered { tally.reordered += 1 }
            noteDetection(members, &tally)
        }
        byType[kind.type]?.campaigns = tally
        for member in members { resolve(member.serial, member.mark, void: reason) }
    }

    /// Why a campaign is none any longer; nil when it still is.
    private func fault(
        _ members: [OpenCampaign.Member], _ stated: ScoreTruth.Campaign, _ kind: ScoreTruth.Kind, isReordered: Bool
    ) -> String? {
        let delivered = members.filter(\.wasDelivered)
        if delivered.count < Int(clamping: stated.size) { return "incomplete" }
        if isReordered && stated.hasStages { return "order" }
        let times = delivered.map(time).sorted()
        if kind.windowNanos > 0, let first = times.first, let last = times.last, last - first > kind.windowNanos {
            return "spacing"
        }
        return nil
    }

    /// When an exchange happened as far as the engine can tell.
    private func time(_ member: OpenCampaign.Member) -> UInt64 {
        options.clock == .event && !options.timesFollowSends ? member.mark.eventNanos : member.sentNanos
    }

    private func noteDetection(_ members: [OpenCampaign.Member], _ tally: inout CampaignTally) {
        guard let first = members.first else { return }
        for (place, member) in members.enumerated() {
            guard let entry = pending[member.serial], entry.judgement.isFlagged else { continue }
            tally.detected += 1
            tally.records.append(UInt32(clamping: place + 1))
            let (start, end) = (time(first), time(member))
            tally.nanos.append(end > start ? end - start : 0)
            return
        }
    }
}
