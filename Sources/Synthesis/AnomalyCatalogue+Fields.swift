/// L1: one field is not what its schema or its definition says.
extension AnomalyType {
    private static func text(
        _ name: String, _ summary: String, _ more: [Parameter] = [], _ difficulty: Difficulty = .medium,
        expected: String = "reject", example: String, _ inject: @escaping CellInjector
    ) -> AnomalyType {
        AnomalyType(
            name, .field, summary, [.field] + more, at: .schema, expected: expected, difficulty, example: example,
            .cells(inject))
    }

    static let fields: [AnomalyType] = [
        AnomalyType(
            "requiredMissing", .field, "A field that every clean request has is not there.", [.field], at: .schema,
            expected: "reject", .easy, example: "requiredMissing: {weight: 8, field: user.userId}",
            .cells(FieldInjectors.remove)),
        AnomalyType(
            "nullValue", .field, "A field says null where a value belongs.", [.field], at: .schema,
            expected: "reject", .easy, on: .http, example: "nullValue: {field: channel}",
            .cells(FieldInjectors.null)),
        AnomalyType(
            "defaultValue", .field, "A field holds what a program writes that forgot to fill it: 0, false or no text.",
            [.field], at: .schema, expected: "review", .medium, example: "defaultValue: {field: device.model}",
            .cells(FieldInjectors.reset)),
        AnomalyType(
            "unknownField", .field, "A field that the schema does not have.",
            [
                .optional("id", .number, "Its Thrift id.", .number(31_999)),
                .optional("name", .text, "Its JSON name.", .text("unexpectedField")),
            ], at: .record, expected: "pass", .easy, example: "unknownField: {name: isAdmin}",
            .cells(FieldInjectors.addUnknown)),
        AnomalyType(
            "typeSwap", .field, "A number is written as text, or text as a number.", [.field], at: .schema,
            expected: "reject", .easy, example: "typeSwap: {field: payment.amountMinor, with: {scene: payment}}",
            .cells(FieldInjectors.swapType)),
        AnomalyType(
            "enumOutside", .field, "A value that the enumeration does not have.", [.field], at: .schema,
            expected: "reject", .easy, example: "enumOutside: {weight: 8, field: channel}",
            .cells(FieldInjectors.leaveEnumeration)),
        AnomalyType(
            "boundaryOverflow", .field, "A number just outside its bounds, or at the end of its type.",
            [
                .field, .required("min", .number, "The least that is right."),
                .required("max", .number, "The greatest that is right."),
            ], at: .schema, expected: "reject", .easy,
            example: "boundaryOverflow: {field: user.kycLevel, min: 0, max: 3}", .cells(FieldInjectors.passBounds)),
        AnomalyType(
            "boundaryValue", .field, "A number at its very bound, which is still right: off by one shows here.",
            [
                .field, .required("min", .number, "The least that is right."),
                .required("max", .number, "The greatest that is right."),
            ], at: .record, expected: "pass", .hard,
            example: "boundaryValue: {field: payment.installments, min: 1, max: 48, with: {payment.method: card}}",
            .cells(FieldInjectors.touchBounds)),
        AnomalyType(
            "numberOverflow", .field, "A number beyond 2^31 or 2^53, as far as its type goes.",
            [.field], at: .schema, expected: "reject", .medium,
            example: "numberOverflow: {field: user.failedLoginsLastDay}", .cells(FieldInjectors.overflow)),
        AnomalyType(
            "negativeZero", .field, "A number is -0.", [.field], at: .record, expected: "pass", .hard,
            example: "negativeZero: {field: location.latitude}", .cells(FieldInjectors.negateZero)),
        text(
            "lengthOutside", "A text longer than it may be.",
            [.required("max", .number, "The most characters that are right.")],
            example: "lengthOutside: {field: requestId, max: 64}", FieldInjectors.lengthen),
        text(
            "patternBroken", "A text with a character that its form does not have.",
            [.word("form", ["digits", "letters", "alphanumeric", "hex"], "What its characters are.")],
            example: "patternBroken: {field: payment.cardLast4, form: digits, with: {payment.method: card}}",
            FieldInjectors.breakPattern),
        AnomalyType(
            "precision", .field, "A number with more decimals than it may have.",
            [.field, .required("decimals", .number, "How many are right.")], at: .record, expected: "review", .medium,
            example: "precision: {field: location.latitude, decimals: 6}", .cells(FieldInjectors.refine)),
        AnomalyType(
            "minorUnitWrong", .field, "An amount in the wrong unit: a hundred times its parts, or a hundredth.",
            [
                .required("total", .field, "The amount."),
                .required("parts", .terms, "What it is the sum of."),
            ], at: .record, expected: "review", .medium,
            example: """
                minorUnitWrong:
                  total: payment.amountMinor
                  parts: items.quantity * items.unitPriceMinor + payment.feeMinor - payment.discountMinor
                  with: {scene: payment}
                """, .cells(FieldInjectors.shiftUnit)),
        text(
            "currencyUnknown", "A currency code that ISO 4217 does not list.",
            example: "currencyUnknown: {field: payment.currency, with: {scene: payment}}",
            FieldInjectors.inventCurrency),
        AnomalyType(
            "timeZoneShift", .field, "A time off by a whole offset from UTC: local time was sent.",
            [.field, .word("unit", ["millis", "seconds"], "What the field counts.")], at: .record, expected: "review",
            .medium, example: "timeZoneShift: {field: eventTimeMillis}", .cells(FieldInjectors.shiftZone)),
        AnomalyType(
            "secondsForMillis", .field, "A time in seconds where milliseconds belong.", [.field], at: .record,
            expected: "reject", .easy, example: "secondsForMillis: {field: user.registeredAtMillis}",
            .cells(FieldInjectors.divideTime)),
        AnomalyType(
            "checkDigitBroken", .field, "An identifier whose check digit does not follow from the rest.",
            [.field, .required("identifier", .identifier, "Which kind it is.")], at: .record, expected: "reject",
            .medium,
            example: """
                checkDigitBroken:
                  field: payment.cardNumber
                  identifier: card
                  with: {scene: payment, payment.method: card}
                """, .cells(FieldInjectors.breakCheckDigit)),
        AnomalyType(
            "identifierImpossible", .field,
            "An identifier with a right check digit that nobody can have: an unassigned region, equal digits.",
            [.field, .required("identifier", .identifier, "Which kind it is.")], at: .record, expected: "reject",
            .hard,
            example: """
                identifierImpossible:
                  field: user.nationalId
                  identifier: residentId
                  with: {user.nationalId: {identifier: residentId, birthDate: user.birthDate}}
                """,
            .cells(FieldInjectors.makeImpossible)),
        text(
            "homoglyph", "Latin letters replaced by Cyrillic ones that look the same.", .hard, expected: "review",
            example: "homoglyph: {field: user.email}", FieldInjectors.homoglyph),
        text(
            "fullWidth", "ASCII characters replaced by their full-width forms.", expected: "review",
            example: "fullWidth: {field: user.phone}", FieldInjectors.fullWidth),
        text(
            "rightToLeft", "A right-to-left override (U+202E) turns the text around.", expected: "review",
            example: "rightToLeft: {field: user.name}", FieldInjectors.rightToLeft),
        text(
            "zeroWidth", "Zero-width characters stand between others.", .hard, expected: "review",
            example: "zeroWidth: {field: user.userId}", FieldInjectors.zeroWidth),
        text(
            "mojibake", "UTF-8 that was read as Latin-1 and written again.", expected: "review",
            example: "mojibake: {field: user.city}", FieldInjectors.mojibake),
        text(
            "injectionString", "SQL, script, template, path or log injection in a text.", expected: "reject",
            example: "injectionString: {field: user.name}", FieldInjectors.inject),
        text(
            "oversize", "A text far longer than anybody expects.",
            [.optional("length", .number, "In characters.", .number(65_536))], .easy,
            example: "oversize: {field: sessionId, length: 20000}", FieldInjectors.blowUp),
        AnomalyType(
            "personalDataInClear", .field, "Personal data in a field that nobody masks.",
            [.field, .required("source", .field, "The field whose value is repeated there.")], at: .record,
            expected: "review", .medium, example: "personalDataInClear: {field: sessionId, source: user.phone}",
            .cells(FieldInjectors.leak)),
    ]

    private static func text(
        _ name: String, _ summary: String, _ difficulty: Difficulty, expected: String, example: String,
        _ inject: @escaping CellInjector
    ) -> AnomalyType { text(name, summary, [], difficulty, expected: expected, example: example, inject) }
}
