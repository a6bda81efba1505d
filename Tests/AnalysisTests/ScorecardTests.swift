import Analysis
import Expression
import JSON
import Tape
import Testing

/// What a score makes of how a campaign was delivered.
struct ScorecardTests {
    private static let secondNanos: UInt64 = 1_000_000_000

    /// A tape with one campaign of four within ten minutes, one clean exchange, and one of which nothing is expected.
    private func truth(stages: [String] = ["first", "middle", "middle", "last"], type: String = "velocity")
        -> ScoreTruth
    {
        var truth = ScoreTruth()
        for id in 0..<6 {
            var exchange = Exchange()
            exchange.id = UInt64(id)
            exchange.expected = id < 4 ? "decline" : id == 4 ? "approve" : ""
            if id < 4 {
                var label = Label()
                label.type = type
                label.layer = "L4"
                label.campaign = "\(type)-0"
                label.stage = stages[id]
                label.k = UInt32(id + 1)
                label.n = 4
                label.minHistory = 2
                label.expected = "decline"
                label.detectableAt = "window:600s"
                label.parameters = [.init("window", "600s")]
                label.eventNanos = UInt64(id) * 100 * Self.secondNanos
                exchange.labels = [label]
            }
            truth.add(exchange)
        }
        return truth
    }

    private func sent(_ id: UInt64, at seconds: UInt64, _ decision: String?, outcome: String = "ok", round: UInt32 = 0)
        -> Exchange
    {
        var exchange = Exchange()
        exchange.format = .http1
        exchange.operation = "POST /"
        exchange.request = Message(wire: Array("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n".utf8))
        if let decision {
            let body = #"{"decision":"\#(decision)"}"#
            exchange.response = Message(
                wire: Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8))
        }
        var run = RunRecord()
        run.sourceID = id
        run.round = round
        run.sentNanos = 1 + seconds * Self.secondNanos
        run.outcome = outcome
        exchange.run = run
        return exchange
    }

    private func score(
        _ exchanges: [Exchange], _ truth: ScoreTruth? = nil, _ change: (inout Scorecard.Options) -> Void = { _ in }
    ) -> Scorecard {
        var options = Scorecard.Options()
        change(&options)
        var card = Scorecard(truth ?? self.truth(), options) { _, _ in .null }
        for exchange in exchanges { card.add(exchange) }
        card.finish()
        return card
    }

    private func campaign(
        _ times: [UInt64] = [0, 1, 2, 3], _ decisions: [String] = ["approve", "approve", "decline", "review"]
    )
        -> [Exchange]
    {
        zip(times, decisions).enumerated().map { sent(UInt64($0), at: $1.0, $1.1) }
    }

    @Test("Members before the engine has seen enough are missed early; the first one caught is the detection")
    func detection() throws {
        let card = score(campaign() + [sent(4, at: 4, "approve"), sent(5, at: 5, "decline")])
        let row = try #require(card.types.first)
        #expect(row.tally.caught == 2 && row.tally.missed == 2 && row.tally.early == 2)
        #expect(row.tally.asExpected == 1)
        #expect(row.campaigns?.detected == 1 && row.campaigns?.records == [3])
        #expect(row.campaigns?.nanos == [200 * Self.secondNanos])
        #expect(card.unknown == 1 && card.scored == 5)
        #expect(card.verdicts.truePositives == 2 && card.verdicts.trueNegatives == 1)
        let arrival = score(campaign()) { $0.clock = .arrival }
        #expect(arrival.types.first?.campaigns?.nanos == [2 * Self.secondNanos])
    }

    @Test("A campaign that was not sent whole is void, and in no other figure", arguments: ["unsent", "absent"])
    func incomplete(_ kind: String) throws {
        var exchanges = campaign()
        exchanges.removeLast()
        if kind == "unsent" {
            var last = sent(3, at: 3, nil, outcome: "unsent")
            last.run?.sentNanos = 0
            exchanges.append(last)
        }
        let card = score(exchanges)
        let row = try #require(card.types.first)
        #expect(row.campaigns?.void == ["incomplete": 1] && row.campaigns?.held == 0)
        #expect(row.tally.void["incomplete"] == UInt64(exchanges.count) && row.tally.caught == 0)
        #expect(card.scored == 0 && card.void == UInt64(exchanges.count))
        #expect(card.confusion.isEmpty)
    }

    @Test("Spacing goes by the clock that the engine sees")
    func spacing() {
        let slow = campaign([0, 300, 600, 901])
        #expect(score(slow).types.first?.campaigns?.void == [:])
        #expect(score(slow) { $0.timesFollowSends = true }.types.first?.campaigns?.void == ["spacing": 1])
        #expect(score(slow) { $0.clock = .arrival }.types.first?.campaigns?.void == ["spacing": 1])
        #expect(score(campaign([0, 300, 500, 600])) { $0.clock = .arrival }.types.first?.campaigns?.void == [:])
    }

    @Test("Another order voids a campaign of stages, and is counted for one without")
    func order() {
        let swapped = campaign([0, 2, 1, 3])
        let plain = score(swapped).types.first?.campaigns
        #expect(plain?.void == [:] && plain?.reordered == 1)
        let stages = truth(stages: ["login", "newDevice", "raiseLimit", "transfer"], type: "accountTakeover")
        #expect(score(swapped, stages).types.first?.campaigns?.void == ["order": 1])
        #expect(score(campaign(), stages).types.first?.campaigns?.void == [:])
    }

    @Test("A label about times is void once replay has moved the event's")
    func times() {
        var truth = ScoreTruth()
        var exchange = Exchange()
        exchange.expected = "review"
        exchange.labels = [Label()]
        exchange.labels[0].type = "timesReversed"
        truth.add(exchange)
        #expect(score([sent(0, at: 0, "review")], truth).verdicts.truePositives == 1)
        let moved = score([sent(0, at: 0, "review")], truth) { $0.timesMoved = true }
        #expect(moved.types.first?.tally.void == ["times": 1] && moved.void == 1)
    }

    @Test("Rounds are campaigns of their own, and old ones are closed as incomplete")
    func rounds() {
        var exchanges = campaign()
        for round in 1...7 { exchanges.append(sent(0, at: UInt64(round * 10), "approve", round: UInt32(round))) }
        let card = score(exchanges)
        #expect(card.types.first?.campaigns?.sent == 8)
        #expect(card.types.first?.campaigns?.void == ["incomplete": 7])
    }

    @Test("Expectations read a figure, a name and a bound, and say what is wrong with others")
    func expectations() throws {
        let card = score(campaign() + [sent(4, at: 4, "review")])
        func judge(_ text: String) throws -> Bool? { try ScoreExpectation(text).judge(card)?.holds }
        #expect(try judge("recall(velocity) >= 50%") == true)
        #expect(try judge("recall( velocity ) > 0.5") == false)
        #expect(try judge("recall(L4) == 0.5") == true)
        #expect(try judge("campaigns(velocity) == 100%") == true)
        #expect(try judge("falseAlarms(clean) < 1%") == false)
        #expect(try judge("precision > 0.6") == true)
        #expect(try judge("f1 > 0.5") == true)
        #expect(try judge("void == 0") == true)
        #expect(try judge("recall(mules) > 0.5") == nil)
        for text in [
            "", "recall", "recall(velocity)", "recal > 1", "f1(velocity) > 1", "recall > 3ms", "recall = 1",
            "recall > 2", "precision >= 101%", "falseAlarms < -1",
        ] {
            #expect(throws: ExpressionError.self, "\(text)") { try ScoreExpectation(text) }
        }
    }

    @Test("A tape full of strange labels is scored without end of memory or time")
    func hostile() {
        var truth = ScoreTruth()
        for id in 0..<5000 {
            var exchange = Exchange()
            exchange.id = UInt64(id) &* 0x9E37_79B9_7F4A_7C15
            exchange.expected = "decision\(id)"
            var label = Label()
            label.type = "type\(id)"
            label.campaign = id % 2 == 0 ? "same" : ""
            label.k = .max
            label.n = .max
            label.minHistory = .max
            label.parameters = [.init("window", "18446744073709551615d")]
            exchange.labels = [label, label]
            truth.add(exchange)
        }
        #expect(truth.kinds.count <= 2002)
        let card = score(
            (0..<5000).map { sent(UInt64($0) &* 0x9E37_79B9_7F4A_7C15, at: 0, "d\($0)") } + [sent(99, at: 1, "x")],
            truth)
        #expect(card.replayed == 5001)
        #expect(card.confusion.count < 2000)
    }
}
