package import Expression
package import Tape

/// Which injected anomalies an engine caught: the labels of a synthesized tape joined with the replies on a run tape.
///
/// An exchange is **caught** when the engine did not let it pass: a decision other than those of ``Options/passes``, an HTTP
/// status 4xx, an exception, or for a wire fault a connection that the engine closed. It is **as expected** when the reply
/// is the decision that the label asks for. Exchanges for which no decision is expected are counted and not scored.
///
/// Labels say what the bytes are. Whether a campaign still is one depends on how it was sent, so each is held until it is
/// whole and then checked; labels that do not hold are void, with their reason, and are in no other figure.
///
/// Memory grows with the labels and with the campaigns that are open, not with the run.
package struct Scorecard {
    /// Which times the engine goes by.
    package enum Clock: String, Sendable, CaseIterable {
        /// Those inside the requests.
        case event
        /// When requests reach it.
        case arrival
    }

    package struct Options: Sendable {
        /// Where the decision stands in a response; nil: found from the first response that has one.
        package var decision: ExpressionPath?
        /// Decisions that let a request pass, in lower case.
        package var passes: Set<String> = [
            "approve", "approved", "accept", "accepted", "allow", "allowed", "pass", "passed",
        ]
        package var clock = Clock.event
        /// True when the replay wrote the times inside the requests anew as it sent them, so that they follow the sends.
        package var timesFollowSends = false
        /// True when they were written anew at all (shifted or scaled), and other times of the requests were not.
        package var timesMoved = false

        package init() {}
    }

    /// What became of the exchanges that carry a label, or share a property.
    package struct Tally: Sendable, Equatable {
        package internal(set) var labelled: UInt64 = 0
        package internal(set) var caught: UInt64 = 0
        package internal(set) var missed: UInt64 = 0
        /// Of those missed: before the engine had seen as much as it takes to notice.
        package internal(set) var early: UInt64 = 0
        package internal(set) var asExpected: UInt64 = 0
        /// Of hard negatives, and of what is expected to pass.
        package internal(set) var alarms: UInt64 = 0
        package internal(set) var passed: UInt64 = 0
        package internal(set) var unanswered: UInt64 = 0
        package internal(set) var unknown: UInt64 = 0
        package internal(set) var void: [String: UInt64] = [:]

        package var recall: Proportion { Proportion(caught, of: caught + missed) }
        package var falseAlarms: Proportion { Proportion(alarms, of: alarms + passed) }
        package var voidCount: UInt64 { void.values.reduce(0, +) }
    }

    /// Campaigns of a type.
    package struct CampaignTally: Sendable, Equatable {
        package internal(set) var sent: UInt64 = 0
        package internal(set) var detected: UInt64 = 0
        package internal(set) var void: [String: UInt64] = [:]
        /// Sent in another order than made, which does not matter to what they are.
        package internal(set) var reordered: UInt64 = 0
        /// Exchanges up to the first one caught, and from the first one's time to that one's; one for each detected.
        package internal(set) var records: [UInt32] = []
        package internal(set) var nanos: [UInt64] = []

        package var held: UInt64 { sent - void.values.reduce(0, +) }
        package var recall: Proportion { Proportion(detected, of: held) }
    }

    /// A row of the result: a type of anomaly or of hard negative.
    package struct TypeResult: Sendable, Equatable {
        package var type: String
        package var layer: String
        package var isHardNegative: Bool
        package var mimics: String
        package var tally = Tally()
        package var campaigns: CampaignTally?
    }

    /// How often one expected decision met one reply.
    package struct Cell: Sendable, Equatable {
        package var expected: String
        /// The decision, `rejected`, or in parentheses what came in its place.
        package var actual: String
        package var count: UInt64 = 0
        package var isAsExpected: Bool
    }

    package static let rejected = "rejected"
    private static let decisionLimit = 200

    package let options: Options
    package let truth: ScoreTruth
    package internal(set) var replayed: UInt64 = 0
    package internal(set) var scored: UInt64 = 0
    package internal(set) var asExpected: UInt64 = 0
    /// No decision is expected of them.
    package internal(set) var unknown: UInt64 = 0
    /// By outcome.
    package internal(set) var unanswered: [String: UInt64] = [:]
    /// Exchanges of which no label holds any longer.
    package internal(set) var void: UInt64 = 0
    package internal(set) var unknownSource: UInt64 = 0
    package internal(set) var verdicts = Verdicts()
    package internal(set) var clean = Tally()
    /// Clean exchanges of which the scenario expects something else than to pass.
    package internal(set) var cleanToStop = Tally()
    package internal(set) var hardNegatives = Tally()
    package internal(set) var layers: [String: Tally] = [:]
    package internal(set) var difficulties: [String: Tally] = [:]
    package internal(set) var detectable: [String: Tally] = [:]
    package private(set) var detected: ExpressionPath?

    var byType: [String: TypeResult] = [:]
    private var cells: [String: Cell] = [:]
    private var decisions: Set<String> = []
    private var seen: [UInt64]
    var open: [OpenCampaign.Key: OpenCampaign] = [:]
    var pending: [UInt64: PendingExchange] = [:]
    var serial: UInt64 = 0
    var latestRound: UInt32 = 0

    private let renderThrift: ExchangeView.ThriftRenderer

    package init(
        _ truth: ScoreTruth, _ options: Options = Options(), renderThrift: @escaping ExchangeView.ThriftRenderer
    ) {
        self.truth = truth
        self.options = options
        self.renderThrift = renderThrift
        seen = [UInt64](repeating: 0, count: Int(clamping: truth.exchanges / 64 + 1))
        for (kind, count) in zip(truth.kinds, truth.campaignCounts) {
            var result =
                byType[kind.type]
                ?? TypeResult(
                    type: kind.type, layer: kind.layer, isHardNegative: kind.isHardNegative, mimics: kind.mimics)
            if count > 0, result.campaigns == nil { result.campaigns = CampaignTally() }
            byType[kind.type] = result
        }
    }

    package var decisionPath: ExpressionPath? { options.decision ?? detected }
    /// What replies decided, in order.
    package var decisionsGiven: [String] { decisions.sorted() }
    package var unansweredCount: UInt64 { unanswered.values.reduce(0, +) }

    /// Exchanges of the tape that stand in no round of the run tape.
    package var notReplayed: UInt64 { truth.exchanges - UInt64(seen.reduce(0) { $0 + $1.nonzeroBitCount }) }

    /// By layer, then by name; hard negatives last.
    package var types: [TypeResult] {
        byType.values.sorted {
            ($0.isHardNegative ? 1 : 0, $0.layer, $0.type) < ($1.isHardNegative ? 1 : 0, $1.layer, $1.type)
        }
    }

    /// Most frequent first.
    package var confusion: [Cell] {
        cells.values.sorted { ($1.count, $0.expected, $0.actual) < ($0.count, $1.expected, $1.actual) }
    }

    /// Takes one exchange of the run tape.
    package mutating func add(_ exchange: Exchange) {
        guard let run = exchange.run else { return }
        guard let position = truth.position(of: run.sourceID) else {
            unknownSource += 1
            return
        }
        replayed += 1
        seen[position / 64] |= 1 << UInt64(position % 64)
        if run.round > latestRound {
            latestRound = run.round
            closeCampaigns { $0.round + 4 < run.round }
        }
        var reply = reply(to: exchange, run)
        let marks = truth.marks(at: position)
        let isWireFault = marks.contains { truth.kinds[Int($0.kind)].layer == "L0" }
        if isWireFault, case .none("reset") = reply { reply = .rejected }
        let entry = PendingExchange(
            judgement: judge(reply, expected: truth.expected(at: position)), labels: marks.count)
        if marks.isEmpty { return settle(entry) }
        serial += 1
        pending[serial] = entry
        let key = serial
        for mark in marks {
            guard mark.campaign >= 0 else {
                resolve(key, mark, void: fault(mark, run))
                continue
            }
            take(mark, serial: key, run)
        }
    }

    /// Closes what is still open: call it once, after the last exchange.
    package mutating func finish() { closeCampaigns { _ in true } }

    // MARK: Replies

    enum Reply: Equatable {
        case decided(String)
        /// A status 4xx, an exception, or a connection closed on a wire fault.
        case rejected
        /// A reply without a decision: what came instead.
        case strange(String)
        /// The outcome.
        case none(String)
    }

    private mutating func reply(to exchange: Exchange, _ run: RunRecord) -> Reply {
        guard let response = exchange.response else { return .none(run.outcome.isEmpty ? "noReply" : run.outcome) }
        let content = ResponseContent(response, of: exchange, renderThrift: renderThrift)
        if decisionPath == nil { detected = content.likelyDecision }
        if let path = decisionPath, let text = content.decision(at: path) {
            let word = text.isEmpty ? "(empty)" : text
            if decisions.count >= Self.decisionLimit && !decisions.contains(word) { return .strange("(other)") }
            decisions.insert(word)
            return .decided(word)
        }
        if content.isRejection { return .rejected }
        if content.status == "200" || content.status == "reply" { return .strange("(none)") }
        return .strange(Int(content.status) == nil ? "(\(content.status))" : "(status \(content.status))")
    }

    static func wasDelivered(_ run: RunRecord) -> Bool {
        let kept = [
            "notAddressed", "guardRefused", "unsent", "dependencyFailed", "connectTimeout", "refused", "tlsError",
        ]
        return run.sentNanos > 0 && !kept.contains(run.outcome)
    }

    private func judge(_ reply: Reply, expected: String) -> Judgement {
        let wanted = expected.lowercased()
        var result = Judgement(expected: expected, reply: reply)
        result.shouldPass = wanted == "pass" || options.passes.contains(wanted)
        switch reply {
        case .decided(let word):
            let passes = options.passes.contains(word.lowercased())
            result.isFlagged = !passes
            result.isAsExpected = word.lowercased() == wanted || (wanted == "pass" && passes)
        case .rejected:
            result.isFlagged = true
            result.isAsExpected = ["reject", "4xx"].contains(wanted)
        case .strange, .none: break
        }
        return result
    }

    mutating func note(_ judgement: Judgement) {
        let actual: String
        switch judgement.reply {
        case .decided(let word): actual = word
        case .rejected: actual = Self.rejected
        case .strange(let text): actual = text
        case .none: return
        }
        scored += 1
        if judgement.isAsExpected { asExpected += 1 }
        let key = "\(judgement.expected)\u{0}\(actual)"
        let cell = Cell(expected: judgement.expected, actual: actual, isAsExpected: judgement.isAsExpected)
        cells[key, default: cell].count += 1
    }
}
