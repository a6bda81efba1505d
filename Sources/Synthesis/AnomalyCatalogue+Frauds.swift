/// L4: frauds that unfold over many exchanges.
extension AnomalyType {
    private static func fraud(
        _ name: String, _ summary: String, window: UInt64, _ more: [Parameter], at detectableAt: Detection = .window,
        minHistory: UInt32 = 3, expected: String = "decline", _ difficulty: Difficulty = .medium, example: String,
        member: CellInjector? = nil,
        _ stages: @escaping @Sendable (AnomalyParameters) -> [CampaignPattern.Stage]
    ) -> AnomalyType {
        AnomalyType(
            name, .fraud, summary, more + CampaignPattern.common(window: window), at: detectableAt,
            minHistory: minHistory, expected: expected, difficulty, example: example,
            .campaign(CampaignPattern(stages, member: member)))
    }

    private static let cardFields: [Parameter] = [
        .optional("number", .field, "The card number, to give it a BIN of the campaign."),
        .optional("bin", .field, "Where its first digits stand too."),
        .optional("last4", .field, "Where its last four digits stand too."),
        .optional("bins", .range, "How many BINs are tried.", .range(1...1)),
        .optional("declineShare", .share, "How many of the cards the issuer declines.", .share(900_000_000)),
    ]

    static let frauds: [AnomalyType] = cardFrauds + accountFrauds + muleFrauds + abuseFrauds

    private static let cardFrauds: [AnomalyType] = [
        fraud(
            "cardTesting", "One device tries many cards with small amounts.", window: 600,
            cardFields + [.optional("merchants", .range, "Over how many merchants it spreads.")], .medium,
            example: """
                cardTesting:
                  members: [12, 30]
                  window: 10m
                  with: {scene: payment, payment.method: card}
                """, member: CampaignInjectors.testCard
        ) { p in
            var who: [String: CampaignPattern.Who] = [
                "actor": .same("tester"), "device": .same("own"), "card": .each("card"),
            ]
            if let shops = p.values["merchants"], case .range(let range) = shops {
                who["merchant"] = .pool("shop", range.upperBound)
            }
            return [.init("test", role: "tester", p.range("members", or: 12...30), who: who)]
        },
        fraud(
            "binAttack", "Card numbers of one issuer are guessed, from many users at once.", window: 300,
            cardFields + [.optional("merchants", .range, "Over how many merchants it spreads.", .range(3...3))],
            .hard,
            example: """
                binAttack:
                  number: payment.cardNumber
                  bin: payment.cardBin
                  last4: payment.cardLast4
                  bins: 2
                  members: [30, 80]
                  with: {scene: payment, payment.method: card}
                """, member: CampaignInjectors.testCard
        ) { p in
            [
                .init(
                    "guess", role: "guesser", p.range("members", or: 30...80),
                    who: [
                        "actor": .each("guesser"), "merchant": .pool("shop", p.count("merchants", or: 3)),
                    ])
            ]
        },
        fraud(
            "velocity", "One entity acts far too often.", window: 1200,
            [.word("burst", ["spread", "even"], "How the members lie in the window.")], .medium,
            example: "velocity: {members: [8, 16], window: 20m, with: {scene: payment}}"
        ) { p in
            [
                .init(
                    "burst", role: "actor", p.range("members", or: 8...16),
                    who: ["actor": .same("actor"), "device": .same("own")], isEven: p.text("burst") == "even")
            ]
        },
        fraud(
            "merchantCollusion", "A shop and its own customers buy, refund and cash out among themselves.",
            window: 86_400, [.optional("loops", .range, "Purchases, each of which is refunded.", .range(3...6))],
            at: .graph, .hard,
            example: """
                merchantCollusion:
                  window: 6h
                  stages: {purchase: {with: {scene: payment}}, refund: {with: {scene: refund}}}
                """
        ) { p in
            let who: [String: CampaignPattern.Who] = [
                "actor": .pool("accomplice", 2), "merchant": .same("shop"),
            ]
            return [
                .init("purchase", role: "accomplice", p.range("loops", or: 3...6), to: 45, who: who),
                .init("refund", role: "shop", p.range("loops", or: 3...6), from: 50, who: who),
            ]
        },
        fraud(
            "firstPartyFraud", "A customer buys, and later denies it: a chargeback.", window: 259_200,
            [
                .optional("reason", .text, "The reason given.", .text("notRecognised")),
                .optional("repeats", .range, "How many purchases are denied.", .range(1...3)),
            ], minHistory: 1, expected: "pass", .hard,
            example: """
                firstPartyFraud:
                  window: 12h
                  labelDelay: 45d
                  stages: {purchase: {with: {scene: payment}}, dispute: {with: {scene: refund}}}
                """
        ) { p in
            let who: [String: CampaignPattern.Who] = ["actor": .same("customer"), "merchant": .same("shop")]
            return [
                .init("purchase", role: "customer", p.range("repeats", or: 1...3), to: 20, who: who),
                .init("dispute", role: "customer", p.range("repeats", or: 1...3), from: 60, who: who),
            ]
        },
    ]

    private static let accountFrauds: [AnomalyType] = [
        fraud(
            "accountTakeover", "A stranger logs in with a new device, changes credentials, and drains the account.",
            window: 7200, [.optional("drains", .range, "Payments that drain it.", .range(2...4))], .medium,
            example: """
                accountTakeover:
                  window: 2h
                  stages:
                    login: {with: {scene: login}}
                    change: {with: {scene: profileChange}}
                    drain: {members: [2, 4], with: {scene: transfer}}
                """
        ) { p in
            let who: [String: CampaignPattern.Who] = ["actor": .same("victim"), "device": .each("thiefDevice")]
            func one(_ base: [String: CampaignPattern.Who]) -> [String: CampaignPattern.Who] {
                var who = base
                who["device"] = .same("thiefDevice")
                return who
            }
            return [
                .init("login", role: "intruder", to: 10, who: one(who)),
                .init("change", role: "intruder", from: 20, to: 40, who: one(who)),
                .init("drain", role: "intruder", p.range("drains", or: 2...4), from: 50, who: one(who)),
            ]
        },
        fraud(
            "impossibleTravel", "One user is in two places that no aeroplane joins in the time between.", window: 1800,
            [
                .required("latitude", .field, "Degrees north."), .required("longitude", .field, "Degrees east."),
                .optional("kmh", .number, "Faster than this.", .number(900)),
                .optional("vpnShare", .share, "How many are behind a VPN, said in the label.", .share(0)),
            ], minHistory: 1, expected: "stepUp", .medium,
            example: "impossibleTravel: {latitude: location.latitude, longitude: location.longitude, window: 30m}",
            member: CampaignInjectors.travel
        ) { p in
            [
                .init(
                    "appear", role: "traveller", p.range("members", or: 2...3),
                    who: ["actor": .same("traveller"), "device": .same("own")])
            ]
        },
        fraud(
            "simSwap", "The phone number moves to a new SIM, codes follow it, and the account is emptied at night.",
            window: 10_800, [.optional("drains", .range, "Payments that drain it.", .range(2...4))], .hard,
            example: """
                simSwap:
                  window: 3h
                  hours: [0, 3]
                  stages: {swap: {with: {scene: profileChange}}, drain: {with: {scene: transfer}}}
                """
        ) { p in
            let who: [String: CampaignPattern.Who] = ["actor": .same("victim"), "device": .same("newDevice")]
            return [
                .init("swap", role: "intruder", to: 10, who: who),
                .init("probe", role: "intruder", from: 20, to: 40, who: who),
                .init("drain", role: "intruder", p.range("drains", or: 2...4), from: 50, who: who),
            ]
        },
        fraud(
            "nightDrain", "Limits are probed, then the account is emptied in the small hours.", window: 7200,
            [.optional("drains", .range, "Payments that drain it.", .range(3...8))], .medium,
            example: "nightDrain: {hours: [1, 4], window: 90m, stages: {drain: {with: {scene: transfer}}}}"
        ) { p in
            let who: [String: CampaignPattern.Who] = ["actor": .same("victim"), "device": .same("own")]
            return [
                .init("probe", role: "intruder", 1...2, to: 20, who: who),
                .init("drain", role: "intruder", p.range("drains", or: 3...8), from: 30, who: who),
            ]
        },
        fraud(
            "pushPaymentScam", "A victim is talked into paying: small payments for trust, then the great one.",
            window: 172_800,
            [
                .optional("trust", .range, "Payments that win trust.", .range(2...4)),
                .optional("amount", .field, "The amount, to make the last one so many times greater."),
                .optional("ratio", .number, "How many times.", .number(20)),
            ], minHistory: 2, expected: "review", .hard,
            example: """
                pushPaymentScam:
                  window: 10h
                  amount: payment.amountMinor
                  with: {scene: transfer}
                """, member: CampaignInjectors.escalate
        ) { p in
            let who: [String: CampaignPattern.Who] = ["actor": .same("victim"), "counterparty": .same("scammer")]
            return [
                .init("trust", role: "victim", p.range("trust", or: 2...4), to: 60, who: who),
                .init("final", role: "victim", from: 80, who: who),
            ]
        },
    ]

    private static let muleFrauds: [AnomalyType] = [
        fraud(
            "muleFanIn", "Many accounts pay into one.", window: 86_400, [], at: .graph, expected: "freeze", .medium,
            example: "muleFanIn: {members: [5, 10], window: 6h, with: {scene: transfer}}"
        ) { p in
            [
                .init(
                    "collect", role: "sender", p.range("members", or: 5...10),
                    who: ["actor": .each("sender"), "counterparty": .same("collector")])
            ]
        },
        fraud(
            "muleFanOut", "One account pays out to many.", window: 86_400, [], at: .graph, expected: "freeze", .medium,
            example: "muleFanOut: {members: [5, 10], window: 6h, with: {scene: transfer}}"
        ) { p in
            [
                .init(
                    "spread", role: "spreader", p.range("members", or: 5...10),
                    who: ["actor": .same("spreader"), "counterparty": .each("receiver")])
            ]
        },
        fraud(
            "muleScatterGather", "One account pays out to many, who pay on into one.", window: 172_800,
            [.optional("mules", .range, "How many lie between.", .range(3...6))], at: .graph, expected: "freeze", .hard,
            example: "muleScatterGather: {mules: [3, 6], window: 8h, with: {scene: transfer}}"
        ) { p in
            [
                .init(
                    "scatter", role: "source", p.range("mules", or: 3...6), to: 40,
                    who: ["actor": .same("source"), "counterparty": .each("mule")]),
                .init(
                    "gather", role: "mule", p.range("mules", or: 3...6), from: 55,
                    who: ["actor": .each("mule"), "counterparty": .same("sink")]),
            ]
        },
        fraud(
            "muleCycle", "Money goes round and comes back.", window: 172_800,
            [
                .optional("amount", .field, "The amount, which shrinks from hop to hop."),
                .optional("skim", .share, "What each hop keeps.", .share(20_000_000)),
            ], at: .graph, expected: "freeze", .hard,
            example: "muleCycle: {members: [4, 8], window: 8h, amount: payment.amountMinor, with: {scene: transfer}}",
            member: CampaignInjectors.skim
        ) { p in
            [
                .init(
                    "hop", role: "mule", p.range("members", or: 4...8),
                    who: ["actor": .each("mule"), "counterparty": .ring("mule")])
            ]
        },
        fraud(
            "muleStack", "Money passes through a stack of accounts, each of which keeps a little.", window: 86_400,
            [
                .optional("amount", .field, "The amount, which shrinks from hop to hop."),
                .optional("skim", .share, "What each hop keeps.", .share(20_000_000)),
            ], at: .graph, expected: "freeze", .hard,
            example: "muleStack: {members: [3, 6], window: 6h, amount: payment.amountMinor, with: {scene: transfer}}",
            member: CampaignInjectors.skim
        ) { p in
            [
                .init(
                    "hop", role: "mule", p.range("members", or: 3...6),
                    who: ["actor": .each("mule"), "counterparty": .next("mule")])
            ]
        },
        fraud(
            "muleBipartite", "Several accounts pay several others, crosswise.", window: 86_400,
            [
                .optional("senders", .range, "How many pay.", .range(3...3)),
                .optional("receivers", .range, "How many are paid.", .range(4...4)),
            ], at: .graph, expected: "freeze", .hard,
            example: "muleBipartite: {senders: 3, receivers: 4, members: 12, with: {scene: transfer}}"
        ) { p in
            [
                .init(
                    "cross", role: "sender", p.range("members", or: 12...12),
                    who: [
                        "actor": .pool("sender", p.count("senders", or: 3)),
                        "counterparty": .pool("receiver", p.count("receivers", or: 4)),
                    ])
            ]
        },
        fraud(
            "structuring", "A great amount in parts that stay below a limit each.", window: 172_800,
            [
                .required("amount", .field, "The amount."), .required("threshold", .number, "The limit."),
                .required("margin", .number, "How far below it at most."),
                .optional("accounts", .range, "Over how many accounts.", .range(1...1)),
            ], minHistory: 2, expected: "review", .hard,
            example: """
                structuring:
                  amount: payment.amountMinor
                  threshold: 5000000
                  margin: 200000
                  members: [3, 8]
                  window: 12h
                  with: {scene: transfer}
                """, member: CampaignInjectors.structure
        ) { p in
            [
                .init(
                    "deposit", role: "depositor", p.range("members", or: 3...8),
                    who: ["actor": .pool("account", p.count("accounts", or: 1))])
            ]
        },
    ]

    private static let abuseFrauds: [AnomalyType] = [
        fraud(
            "deviceFarm", "Few devices act for many accounts.", window: 86_400,
            [.optional("devices", .range, "How many devices.", .range(2...2))], at: .graph, minHistory: 3, .medium,
            example: "deviceFarm: {devices: 2, members: [12, 30], window: 6h}"
        ) { p in
            [
                .init(
                    "act", role: "puppet", p.range("members", or: 12...30),
                    who: ["actor": .each("puppet"), "device": .pool("phone", p.count("devices", or: 2))])
            ]
        },
        fraud(
            "emulatorFarm", "One machine pretends to be many phones.", window: 86_400,
            [.optional("fingerprint", .field, "A fingerprint that all of them share.")], at: .graph, .hard,
            example: """
                emulatorFarm:
                  members: [10, 20]
                  window: 6h
                  fingerprint: device.fingerprint
                  with: {device.emulator: true}
                """, member: CampaignInjectors.shareFingerprint
        ) { p in
            [
                .init(
                    "act", role: "puppet", p.range("members", or: 10...20),
                    who: ["actor": .each("puppet"), "device": .each("emulator")])
            ]
        },
        fraud(
            "syntheticIdentity", "Invented people, with one phone number, incubate and then spend all at once.",
            window: 172_800,
            [
                .required("shared", .field, "What they share: a phone number, an address."),
                .optional("people", .range, "How many.", .range(3...6)),
            ], at: .graph, expected: "review", .hard,
            example: """
                syntheticIdentity:
                  shared: user.phone
                  window: 10h
                  stages: {incubate: {with: {scene: signUp}}, bustOut: {with: {scene: payment}}}
                """, member: CampaignInjectors.shareValue
        ) { p in
            [
                .init(
                    "incubate", role: "synthetic", p.range("people", or: 3...6), to: 40,
                    who: ["actor": .each("synthetic")]),
                .init(
                    "bustOut", role: "synthetic", p.range("people", or: 3...6), from: 70,
                    who: ["actor": .each("synthetic")]),
            ]
        },
        fraud(
            "bonusAbuse", "One device signs up again and again for the bonus.", window: 86_400, [], .easy,
            example: "bonusAbuse: {members: [5, 12], window: 6h, with: {scene: signUp}}"
        ) { p in
            [
                .init(
                    "signUp", role: "hunter", p.range("members", or: 5...12),
                    who: ["actor": .each("hunter"), "device": .same("own")])
            ]
        },
        fraud(
            "referralAbuse", "A tree of accounts that refer each other, and one that cashes out.", window: 172_800,
            [.optional("referrals", .range, "How many are referred.", .range(4...8))], at: .graph, .medium,
            example: """
                referralAbuse:
                  window: 8h
                  stages: {referral: {with: {scene: signUp}}, cashOut: {with: {scene: withdrawal}}}
                """
        ) { p in
            [
                .init(
                    "referral", role: "recruit", p.range("referrals", or: 4...8), to: 60,
                    who: ["actor": .next("member"), "counterparty": .each("member")]),
                .init("cashOut", role: "recruiter", from: 80, who: ["actor": .same("recruiter")]),
            ]
        },
        fraud(
            "loanStacking", "One borrower asks many lenders at once.", window: 3600, [], minHistory: 1,
            expected: "decline",
            .medium, example: "loanStacking: {members: [3, 7], window: 1h, with: {scene: withdrawal}}"
        ) { p in
            [
                .init(
                    "apply", role: "borrower", p.range("members", or: 3...7),
                    who: ["actor": .same("borrower"), "merchant": .each("lender")])
            ]
        },
        fraud(
            "inflatedIncome", "An income that is raised from application to application.", window: 86_400,
            [
                .required("amount", .field, "The income."),
                .optional("ratio", .number, "How many times greater at the last.", .number(5)),
            ], minHistory: 1, expected: "review", .hard,
            example: "inflatedIncome: {amount: payment.amountMinor, members: [2, 4]}",
            member: CampaignInjectors.escalate
        ) { p in
            [
                .init(
                    "apply", role: "applicant", p.range("members", or: 2...4), to: 60,
                    who: ["actor": .same("applicant")]),
                .init("final", role: "applicant", from: 80, who: ["actor": .same("applicant")]),
            ]
        },
        fraud(
            "firstPaymentDefault", "A loan of which not even the first part is paid back.", window: 172_800,
            [.optional("daysPastDue", .number, "When it counts as lost.", .number(30))], minHistory: 1,
            expected: "pass", .hard,
            example: """
                firstPaymentDefault:
                  window: 10h
                  labelDelay: 60d
                  stages: {borrow: {with: {scene: withdrawal}}, withdraw: {with: {scene: transfer}}}
                """
        ) { _ in
            [
                .init("borrow", role: "borrower", to: 10, who: ["actor": .same("borrower")]),
                .init("withdraw", role: "borrower", from: 15, to: 40, who: ["actor": .same("borrower")]),
            ]
        },
        fraud(
            "insiderAbuse", "An employee edits lists so that accomplices pass.", window: 14_400,
            [.optional("accomplices", .range, "How many pass.", .range(2...5))], at: .graph, expected: "review", .hard,
            example: """
                insiderAbuse:
                  window: 4h
                  stages: {edit: {with: {scene: profileChange}}, pass: {with: {scene: withdrawal}}}
                """
        ) { p in
            [
                .init("edit", role: "insider", to: 10, who: ["actor": .same("insider")]),
                .init(
                    "pass", role: "accomplice", p.range("accomplices", or: 2...5), from: 20,
                    who: ["actor": .each("accomplice")]),
            ]
        },
        fraud(
            "freezeAbuse", "An account is unfrozen just long enough to be emptied.", window: 3600, [], .hard,
            example: """
                freezeAbuse:
                  stages:
                    unfreeze: {with: {scene: profileChange}}
                    empty: {with: {scene: withdrawal}}
                    freeze: {with: {scene: profileChange}}
                """
        ) { _ in
            [
                .init("unfreeze", role: "insider", to: 10, who: ["actor": .same("account")]),
                .init("empty", role: "accomplice", 1...3, from: 20, to: 70, who: ["actor": .same("account")]),
                .init("freeze", role: "insider", from: 80, who: ["actor": .same("account")]),
            ]
        },
        fraud(
            "customFraud", "Stages of your own, under 'campaign'.", window: 600, [], minHistory: 1, .medium,
            example: """
                customFraud:
                  campaign:
                    window: 2h
                    stages:
                      - {stage: collect, role: sender, members: [4, 8], who: {user: sender each, payee: boss}}
                      - {stage: cashOut, at: [80%, 100%], who: {user: boss}, with: {scene: withdrawal}}
                """
        ) { _ in [] },
    ]
}
