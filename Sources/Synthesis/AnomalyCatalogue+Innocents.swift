/// L4, hard negatives: innocent, and looks like the type it mimics.
extension AnomalyType {
    private static func innocent(
        _ name: String, _ summary: String, mimics: String, window: UInt64, _ more: [Parameter] = [], example: String,
        member: CellInjector? = nil, _ stages: @escaping @Sendable (AnomalyParameters) -> [CampaignPattern.Stage]
    ) -> AnomalyType {
        AnomalyType(
            name, .fraud, summary, more + CampaignPattern.common(window: window), at: .window, expected: "pass", .hard,
            mimics: mimics, example: example, .campaign(CampaignPattern(stages, member: member)))
    }

    static let innocents: [AnomalyType] = [
        innocent(
            "flashSale", "Many customers buy from one merchant at once.", mimics: "velocity", window: 300,
            example: "flashSale: {rate: 0.4%, members: [20, 60], window: 5m, with: {scene: payment}}"
        ) { p in
            [
                .init(
                    "buy", role: "customer", p.range("members", or: 20...60),
                    who: ["actor": .each("customer"), "merchant": .same("shop")])
            ]
        },
        innocent(
            "paydayFanIn", "Many people pay to one place on the day wages arrive: rent, a school.",
            mimics: "muleFanIn", window: 7200,
            example: "paydayFanIn: {rate: 0.3%, members: [8, 20], window: 2h, with: {scene: transfer}}"
        ) { p in
            [
                .init(
                    "pay", role: "tenant", p.range("members", or: 8...20),
                    who: ["actor": .each("tenant"), "counterparty": .same("landlord")])
            ]
        },
        innocent(
            "familyDevice", "A family shares one device.", mimics: "deviceFarm", window: 21_600,
            [.optional("people", .range, "How many use it.", .range(4...4))],
            example: "familyDevice: {rate: 0.2%, members: [4, 8]}"
        ) { p in
            [
                .init(
                    "use", role: "relative", p.range("members", or: 4...8),
                    who: ["actor": .pool("relative", p.count("people", or: 4)), "device": .same("tablet")])
            ]
        },
        innocent(
            "traveller", "Somebody flies, at the speed of an aeroplane.", mimics: "impossibleTravel", window: 43_200,
            [
                .required("latitude", .field, "Degrees north."), .required("longitude", .field, "Degrees east."),
                .optional("kmh", .number, "Slower than this.", .number(800)),
            ],
            example: "traveller: {rate: 0.2%, latitude: location.latitude, longitude: location.longitude, window: 12h}",
            member: CampaignInjectors.fly
        ) { p in
            [
                .init(
                    "appear", role: "traveller", p.range("members", or: 2...3),
                    who: ["actor": .same("traveller"), "device": .same("own")])
            ]
        },
        innocent(
            "sharedAddress", "Many people behind one address: a school, an office.", mimics: "syntheticIdentity",
            window: 14_400, [.required("shared", .field, "The address: an IP, a street.")],
            example: "sharedAddress: {rate: 0.2%, shared: device.ip, members: [10, 30]}",
            member: CampaignInjectors.shareValue
        ) { p in
            [.init("use", role: "pupil", p.range("members", or: 10...30), who: ["actor": .each("pupil")])]
        },
        innocent(
            "customInnocent", "Stages of your own, under 'campaign'; say what they mimic.", mimics: "velocity",
            window: 600,
            example: """
                customInnocent:
                  rate: 0.1%
                  mimics: cardTesting
                  campaign: {size: [4, 9], window: 30m, same: [user], distinct: [card]}
                """
        ) { _ in [] },
    ]
}
