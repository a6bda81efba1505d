/// L3: exchanges of one entity come in an order, a number or a rhythm that cannot be right.
extension AnomalyType {
    /// One actor, with one device, through stages that follow each other.
    private static func sequence(
        _ name: String, _ summary: String, window: UInt64, _ more: [Parameter] = [], minHistory: UInt32 = 1,
        expected: String = "decline", _ difficulty: Difficulty = .medium, example: String,
        _ stages: [(name: String, members: ClosedRange<UInt64>, from: UInt64, to: UInt64)], even: Bool = false,
        member: CellInjector? = nil
    ) -> AnomalyType {
        AnomalyType(
            name, .sequence, summary, more + CampaignPattern.common(window: window), at: .window,
            minHistory: minHistory, expected: expected, difficulty, example: example,
            .campaign(
                CampaignPattern(
                    { p in
                        let single = stages.count == 1
                        return stages.map { stage in
                            CampaignPattern.Stage(
                                stage.name, role: "actor",
                                single ? p.range("members", or: stage.members) : stage.members, from: stage.from,
                                to: stage.to, who: ["actor": .same("actor"), "device": .same("own")], isEven: even)
                        }
                    }, member: member)))
    }

    static let sequences: [AnomalyType] = [
        sequence(
            "stepSkipped", "A step that must come between two others is missing.", window: 600,
            [.optional("edge", .text, "The transition that is not allowed.", .text("first → last"))],
            example: """
                stepSkipped:
                  edge: login → withdrawal
                  stages: {first: {with: {scene: login}}, last: {with: {scene: withdrawal}}}
                """, [("first", 1...1, 0, 20), ("last", 1...1, 50, 100)]),
        sequence(
            "stepRepeated", "A step that may come once comes again and again.", window: 600,
            [.optional("edge", .text, "The transition that is not allowed.", .text("step → step"))],
            example: "stepRepeated: {members: [2, 4], with: {scene: signUp}}", [("step", 2...4, 0, 100)]),
        sequence(
            "captureBeforeAuthorisation", "Money is taken before anybody agreed to it.", window: 300,
            example: """
                captureBeforeAuthorisation:
                  stages: {capture: {with: {scene: withdrawal}}, authorisation: {with: {scene: payment}}}
                """, [("capture", 1...1, 0, 30), ("authorisation", 1...1, 50, 100)]),
        sequence(
            "doubleSpend", "The same money is spent twice, almost at once.", window: 1,
            [.optional("amount", .field, "An amount that all of them share.")], expected: "decline", .hard,
            example: "doubleSpend: {amount: payment.amountMinor, window: 200ms, members: 2, with: {scene: transfer}}",
            [("spend", 2...2, 0, 100)], member: CampaignInjectors.shareAmount),
        sequence(
            "oneTimeCodeBruteForce", "One-time codes are tried until one fits.", window: 300, minHistory: 5,
            expected: "freeze", .easy, example: "oneTimeCodeBruteForce: {members: [20, 60], with: {scene: login}}",
            [("attempt", 20...60, 0, 100)]),
        AnomalyType(
            "tokenReplayed", .sequence, "A session or payment token is used again by somebody else.",
            [.required("key", .field, "The token.")] + CampaignPattern.common(window: 1800), at: .window,
            minHistory: 1, expected: "decline", .medium, example: "tokenReplayed: {key: sessionId, members: [2, 4]}",
            .campaign(
                CampaignPattern(
                    { p in
                        [
                            .init("use", role: "owner", from: 0, to: 20, who: ["actor": .same("owner")]),
                            .init(
                                "replay", role: "thief", p.range("members", or: 1...3), from: 30,
                                who: ["actor": .each("thief")]),
                        ]
                    }, member: CampaignInjectors.shareKey))),
        AnomalyType(
            "sessionFixation", .sequence, "A session that one user began is used by another, who was handed it.",
            [.required("key", .field, "The session.")] + CampaignPattern.common(window: 1800), at: .window,
            minHistory: 1, expected: "stepUp", .hard,
            example: "sessionFixation: {key: sessionId, stages: {plant: {with: {scene: login}}}}",
            .campaign(
                CampaignPattern(
                    { _ in
                        [
                            .init("plant", role: "attacker", from: 0, to: 10, who: ["actor": .same("attacker")]),
                            .init("use", role: "victim", from: 20, to: 60, who: ["actor": .same("victim")]),
                            .init("ride", role: "attacker", from: 70, who: ["actor": .same("attacker")]),
                        ]
                    }, member: CampaignInjectors.shareKey))),
        AnomalyType(
            "takeoverChain", .sequence, "Login, a new device, a higher limit, and the transfer at once.",
            CampaignPattern.common(window: 3600), at: .window, minHistory: 3, expected: "decline", .medium,
            example: """
                takeoverChain:
                  stages:
                    login: {with: {scene: login}}
                    newDevice: {with: {scene: profileChange}}
                    limitRaise: {with: {scene: profileChange}}
                    transfer: {with: {scene: transfer}}
                """,
            .campaign(
                CampaignPattern({ _ in
                    let who: [String: CampaignPattern.Who] = ["actor": .same("victim"), "device": .same("newDevice")]
                    return [
                        .init("login", role: "victim", from: 0, to: 10, who: who),
                        .init("newDevice", role: "intruder", from: 15, to: 30, who: who),
                        .init("limitRaise", role: "intruder", from: 40, to: 60, who: who),
                        .init("transfer", role: "intruder", from: 70, who: who),
                    ]
                }))),
        sequence(
            "botCadence", "Requests come at intervals that no hand keeps.", window: 300, minHistory: 5,
            expected: "review", .hard, example: "botCadence: {members: [10, 30], window: 5m}",
            [("beat", 10...30, 0, 100)], even: true),
        sequence(
            "dormantWakes", "An account that slept for months is suddenly busy.", window: 1800,
            [
                .required("lastSeen", .field, "When it was last seen, in milliseconds."),
                .optional("days", .range, "How long it slept.", .range(120...900)),
            ], minHistory: 1, expected: "stepUp", .medium,
            example: "dormantWakes: {lastSeen: device.firstSeenMillis, days: [200, 700], with: {scene: transfer}}",
            [("wake", 2...5, 0, 100)], member: CampaignInjectors.sleep),
        sequence(
            "freezeThenRetry", "A frozen account keeps trying.", window: 1800, expected: "reject", .easy,
            example: """
                freezeThenRetry:
                  stages: {freeze: {with: {scene: withdrawal}}, retry: {members: [3, 8], with: {scene: withdrawal}}}
                """, [("freeze", 1...1, 0, 5), ("retry", 3...8, 10, 100)]),
        sequence(
            "unfreezeRace", "The money leaves within moments of the unfreezing.", window: 2, expected: "review", .hard,
            example: "unfreezeRace: {window: 500ms, stages: {withdraw: {with: {scene: withdrawal}}}}",
            [("unfreeze", 1...1, 0, 10), ("withdraw", 2...3, 20, 100)]),
        sequence(
            "penaltyAppealLoop", "The same penalty is appealed over and over.", window: 7200, minHistory: 3,
            expected: "review", .medium, example: "penaltyAppealLoop: {members: [4, 9], with: {scene: profileChange}}",
            [("appeal", 4...9, 0, 100)]),
        sequence(
            "callbackOutOfOrder", "A callback arrives before the request that it answers.", window: 60,
            expected: "review", .medium,
            example: """
                callbackOutOfOrder:
                  stages: {callback: {with: {channel: partnerApi}}, request: {with: {channel: app}}}
                """, [("callback", 1...1, 0, 40), ("request", 1...1, 50, 100)]),
        AnomalyType(
            "orphanRefund", .sequence, "A refund of an order that never was.",
            [.required("order", .field, "The order that is named.")], at: .window, minHistory: 1, expected: "decline",
            .medium,
            example: "orphanRefund: {order: orderId, with: {orderId: {pattern: \"o############\"}, scene: refund}}",
            .cells(CampaignInjectors.orphan)),
        AnomalyType(
            "customSequence", .sequence, "Stages of your own, under 'campaign'.", CampaignPattern.common, at: .window,
            minHistory: 1, expected: "review", .medium,
            example: """
                customSequence:
                  campaign:
                    window: 1h
                    stages:
                      - {stage: login, who: {user: victim}, with: {scene: login}}
                      - {stage: drain, members: [2, 4], at: [50%, 100%], who: {user: victim}, with: {scene: transfer}}
                """, .campaign(CampaignPattern({ _ in [] }))),
    ]
}
