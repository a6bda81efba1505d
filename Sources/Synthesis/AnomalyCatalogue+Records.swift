/// L2: fields of one record do not agree with each other.
extension AnomalyType {
    private static func mismatch(
        _ name: String, _ summary: String, key: (String, String), value: (String, String), _ difficulty: Difficulty,
        prefix: Bool = false, example: String
    ) -> AnomalyType {
        AnomalyType(
            name, .record, summary,
            [
                .required(key.0, .field, key.1), .required(value.0, .field, value.1),
                .required("table", .table, "What is right for each key; a list where several are."),
            ], at: .record, expected: "review", difficulty, example: example,
            .cells(prefix ? RecordInjectors.mismatchPrefix : RecordInjectors.mismatch))
    }

    static let records: [AnomalyType] = [
        AnomalyType(
            "partsNotTotal", .record, "The total is not the sum of its parts.",
            [
                .required("total", .field, "The amount."), .required("parts", .terms, "What it is the sum of."),
            ], at: .record, expected: "review", .medium,
            example: """
                partsNotTotal:
                  total: payment.amountMinor
                  parts: items.quantity * items.unitPriceMinor + payment.feeMinor - payment.discountMinor
                  with: {scene: payment}
                """, .cells(RecordInjectors.offTotal)),
        AnomalyType(
            "exchangeRateInconsistent", .record, "The exchange rate is not that of the two currencies.",
            [
                .required("rate", .field, "The rate."), .required("from", .field, "The currency it is from."),
                .required("table", .table, "Rates by the currency they are from."),
                .optional("tolerance", .share, "How far a right rate may be off.", .share(50_000_000)),
            ], at: .record, expected: "review", .medium,
            example: """
                exchangeRateInconsistent:
                  rate: payment.exchangeRate
                  from: payment.currency
                  table: {CNY: 0.14, BRL: 0.18, MXN: 0.055}
                """, .cells(RecordInjectors.offRate)),
        AnomalyType(
            "refundExceedsPaid", .record, "More is paid back than was paid.",
            [
                .required("refund", .field, "What is paid back."), .required("paid", .field, "What had been paid."),
            ], at: .record, expected: "decline", .easy,
            example: "refundExceedsPaid: {refund: payment.amountMinor, paid: payment.paidMinor, with: {scene: refund}}",
            .cells(RecordInjectors.exceedSecond)),
        AnomalyType(
            "timesReversed", .record, "What must come first is dated later.",
            [
                .required("earlier", .field, "What must come first."),
                .required("later", .field, "What must come after it."),
            ], at: .record, expected: "review", .medium,
            example: "timesReversed: {earlier: user.registeredAtMillis, later: eventTimeMillis}",
            .cells(RecordInjectors.reverseTimes)),
        mismatch(
            "statusImpossible", "A status that cannot be, given another field.",
            key: ("given", "What decides."), value: ("status", "What it may be."), .medium,
            example: """
                statusImpossible:
                  given: scene
                  status: trace.caller
                  table: {payment: payment-gateway, transfer: transfer-core}
                  with: {scene: payment}
                """),
        mismatch(
            "countryCurrencyMismatch", "A currency that is not the country's.",
            key: ("country", "The country."), value: ("currency", "Its currency."), .medium,
            example: """
                countryCurrencyMismatch:
                  country: country
                  currency: payment.currency
                  table: {CN: CNY, BR: BRL, MX: MXN}
                  with: {scene: payment}
                """),
        mismatch(
            "countryPhoneMismatch", "A phone number with another country's prefix.",
            key: ("country", "The country."), value: ("phone", "The number."), .medium, prefix: true,
            example: """
                countryPhoneMismatch:
                  country: country
                  phone: user.phone
                  table: {CN: "+86", BR: "+55", MX: "+52"}
                """),
        AnomalyType(
            "ageBirthDateMismatch", .record, "An age that does not follow from the birth date.",
            [
                .required("age", .field, "The age in years."),
                .required("birthDate", .field, "The birth date, as YYYY-MM-DD."),
            ], at: .record, expected: "review", .medium,
            example: "ageBirthDateMismatch: {age: user.ageYears, birthDate: user.birthDate}",
            .cells(RecordInjectors.offAge)),
        mismatch(
            "merchantCategoryMismatch", "A category code that is not what the merchant or its goods are.",
            key: ("merchant", "The merchant, or what it sells."), value: ("category", "Its category code."), .hard,
            example: """
                merchantCategoryMismatch:
                  merchant: merchant.name
                  category: merchant.mcc
                  table: {Grocer: "5411", Restaurant: "5812", Casino: "7995"}
                """),
        mismatch(
            "deviceSystemImpossible", "A device with a system that does not run on it.",
            key: ("platform", "The platform."), value: ("system", "The system or model."), .medium,
            example: """
                deviceSystemImpossible:
                  platform: device.platform
                  system: device.osVersion
                  table: {android: ["13", "14", "15"], ios: ["17.6", "18.2"], browser: [Windows 11, macOS 15, Linux]}
                """),
        AnomalyType(
            "balanceMismatch", .record, "The balance after is not the balance before and the amount.",
            [
                .required("after", .field, "The balance after."),
                .required("parts", .terms, "What it follows from, as in before - amount."),
            ], at: .record, expected: "review", .medium,
            example: "balanceMismatch: {after: payment.paidMinor, parts: payment.amountMinor + payment.feeMinor}",
            .cells(RecordInjectors.offTotal)),
        AnomalyType(
            "limitBypass", .record, "An amount above a limit that should have stopped it.",
            [
                .required("amount", .field, "The amount."),
                .required("limit", .number, "What it may not pass."),
                .optional("excess", .number, "By how much at most.", .number(100_000)),
            ], at: .record, expected: "decline", .easy,
            example: "limitBypass: {amount: payment.amountMinor, limit: 5000000, with: {scene: transfer}}",
            .cells(RecordInjectors.passLimit)),
        AnomalyType(
            "swappedFields", .record, "Two fields hold each other's values.",
            [
                .required("first", .field, "One of them."), .required("second", .field, "The other one."),
                .word(
                    "looks", ["phone", "email", "digits", "letters", "hex"],
                    "What the first field is known by when it is right."),
            ], at: .record, expected: "review", .easy,
            example: "swappedFields: {first: sessionId, second: orderId, looks: hex}",
            .cells(RecordInjectors.swap)),
        AnomalyType(
            "duplicatedField", .record, "A field repeats another one's value.",
            [
                .required("field", .field, "The field that is overwritten."),
                .required("source", .field, "The field whose value it takes."),
            ], at: .record, expected: "review", .medium,
            example: "duplicatedField: {field: device.deviceId, source: user.userId}",
            .cells(RecordInjectors.duplicate)),
        AnomalyType(
            "justUnderThreshold", .record, "An amount that stays just below a limit.",
            [
                .field, .required("threshold", .number, "The limit."),
                .required("margin", .number, "How far below it at most."),
            ], at: .record, expected: "review", .hard,
            example: "justUnderThreshold: {field: payment.amountMinor, threshold: 5000000, margin: 50000}",
            .cells(RecordInjectors.stayBelow)),
        AnomalyType(
            "idempotencyReused", .record, "An idempotency key comes again with other content.",
            [.required("key", .field, "The key.")] + CampaignPattern.common, at: .window, minHistory: 1,
            expected: "reject", .medium,
            example: "idempotencyReused: {key: idempotencyKey, members: 2, window: 5m}",
            .campaign(
                CampaignPattern(
                    { p in
                        [.init("reuse", role: "caller", p.range("members", or: 2...2), who: ["actor": .same("caller")])]
                    }, member: CampaignInjectors.shareKey))),
    ]
}
