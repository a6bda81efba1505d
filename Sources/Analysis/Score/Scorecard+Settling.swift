import Tape

/// A reply held against what was expected.
struct Judgement {
    var expected: String
    var reply: Scorecard.Reply
    /// The expected decision lets the request through.
    var shouldPass = false
    /// The engine did not let it through.
    var isFlagged = false
    var isAsExpected = false

    var isUnknown: Bool { expected.isEmpty || expected == "unknown" }
    var isUnanswered: Bool { if case .none = reply { true } else { false } }
}

/// An exchange of the run whose labels are not all decided yet.
struct PendingExchange {
    let judgement: Judgement
    let isLabelled: Bool
    /// Labels that are not decided.
    var waiting: Int
    /// Has a label that holds and is no hard negative's; has a hard negative's.
    var isGuilty = false
    var isInnocent = false
    var layers: Set<String> = []
    var difficulties: Set<String> = []
    var places: Set<String> = []

    init(judgement: Judgement, labels: Int) {
        self.judgement = judgement
        isLabelled = labels > 0
        waiting = labels
    }
}

extension Scorecard.Tally {
    /// - Parameter isInnocent: what should not pass is neither caught nor missed.
    mutating func add(_ judgement: Judgement, isInnocent: Bool = false) {
        labelled += 1
        if judgement.isUnknown {
            unknown += 1
        } else if judgement.isUnanswered {
            unanswered += 1
        } else {
            if judgement.isAsExpected { asExpected += 1 }
            switch (judgement.shouldPass, judgement.isFlagged) {
            case (true, true): alarms += 1
            case (true, false): passed += 1
            case (false, true): if !isInnocent { caught += 1 }
            case (false, false): if !isInnocent { missed += 1 }
            }
        }
    }
}

extension Scorecard {
    /// Decides one label of a pending exchange: it holds, or it is void for a reason.
    mutating func resolve(_ serial: UInt64, _ mark: ScoreTruth.Mark, void reason: String?) {
        guard var entry = pending[serial] else { return }
        let kind = truth.kinds[Int(mark.kind)]
        entry.waiting -= 1
        if let reason {
            byType[kind.type]?.tally.labelled += 1
            byType[kind.type]?.tally.void[reason, default: 0] += 1
        } else {
            let before = byType[kind.type]?.tally.missed
            byType[kind.type]?.tally.add(entry.judgement, isInnocent: kind.isHardNegative)
            let isMissed = byType[kind.type]?.tally.missed != before
            if isMissed, mark.campaign >= 0, mark.k <= mark.minHistory { byType[kind.type]?.tally.early += 1 }
            if kind.isHardNegative {
                entry.isInnocent = true
            } else {
                entry.isGuilty = true
                entry.layers.insert(kind.layer)
                entry.difficulties.insert(kind.difficulty)
                // Windows differ in length from campaign to campaign; that one is needed is what matters.
                entry.places.insert(String(kind.detectableAt.prefix { $0 != ":" }))
            }
        }
        pending[serial] = entry.waiting > 0 ? entry : nil
        if entry.waiting == 0 { settle(entry) }
    }

    /// Counts an exchange once, when all of its labels are decided.
    mutating func settle(_ entry: PendingExchange) {
        let judgement = entry.judgement
        if entry.isLabelled && !entry.isGuilty && !entry.isInnocent {
            void += 1
            return
        }
        if entry.isGuilty {
            for name in entry.layers { layers[name, default: Tally()].add(judgement) }
            for name in entry.difficulties { difficulties[name, default: Tally()].add(judgement) }
            for name in entry.places { detectable[name, default: Tally()].add(judgement) }
        } else if entry.isInnocent {
            hardNegatives.add(judgement, isInnocent: true)
        } else if judgement.shouldPass || judgement.isUnknown {
            clean.add(judgement)
        } else {
            cleanToStop.add(judgement)
        }
        if judgement.isUnknown {
            unknown += 1
            return
        }
        if case .none(let outcome) = judgement.reply {
            unanswered[outcome, default: 0] += 1
            return
        }
        note(judgement)
        switch (judgement.shouldPass, judgement.isFlagged) {
        case (true, true): verdicts.falsePositives += 1
        case (true, false): verdicts.trueNegatives += 1
        case (false, true): if entry.isGuilty { verdicts.truePositives += 1 }
        case (false, false): if entry.isGuilty { verdicts.falseNegatives += 1 }
        }
    }
}
