import Tape

/// L2, and times of L0 and L5.
extension OracleCheck {
    /// What the parts add up to; nil without any.
    static func sum(_ rule: OracleRule, _ view: borrowing OracleView) -> Int64? {
        var sum: Int64 = 0
        var hasElements = rule.terms.allSatisfy { $0.factors.count == 1 } && !rule.terms.isEmpty
        for term in rule.terms {
            guard let head = term.factors.first else { continue }
            var value = view.readings.first(head)
            if term.factors.count == 1 {
                while let current = value {
                    sum &+= term.sign &* current.int
                    value = view.readings.next(current)
                }
                continue
            }
            var others = term.factors.dropFirst().map { view.readings.first($0) }
            while let current = value {
                var product = current.int
                for i in others.indices {
                    // A factor that is missing makes no sum at all.
                    guard let other = others[i] else { return Int64.min }
                    product = product.multipliedReportingOverflow(by: other.int).partialValue
                    others[i] = view.readings.next(other)
                }
                value = view.readings.next(current)
                hasElements = true
                sum &+= term.sign &* product
            }
        }
        return hasElements ? sum : nil
    }

    private static let offSum = OracleCheck { rule, view in
        // Without items there are no parts, and the amount stands for itself.
        guard let total = view.int(rule.first), let sum = sum(rule, view) else { return false }
        return sum != total
    }

    /// The key's row does not have the value.
    private static func mismatch(prefix: Bool = false) -> OracleCheck {
        OracleCheck { rule, view in
            guard let given = view.readings.first(rule.first), let value = view.readings.first(rule.second) else {
                return false
            }
            let key = name(given, rule.cases, view)
            guard let right = rule.spec.parameters.table.first(where: { $0.key == key })?.values else { return false }
            let text =
                value.isText ? String(decoding: view.bytes[value.start..<value.end], as: UTF8.self) : "\(value.int)"
            return !right.contains { prefix ? text.hasPrefix($0) : text == $0 || secondName(value, rule, $0) }
        }
    }

    /// As the table has it: an enumeration's case by name, in Thrift too.
    private static func name(
        _ value: OracleReadings.Value, _ cases: [(name: [UInt8], value: Int64)], _ view: borrowing OracleView
    ) -> String {
        if value.isText { return String(decoding: view.bytes[value.start..<value.end], as: UTF8.self) }
        if let found = cases.first(where: { $0.value == value.int }) {
            return String(decoding: found.name, as: UTF8.self)
        }
        return "\(value.int)"
    }

    private static func secondName(_ value: OracleReadings.Value, _ rule: OracleRule, _ name: String) -> Bool {
        !value.isText && rule.secondCases.contains { $0.value == value.int && $0.name.elementsEqual(name.utf8) }
    }

    static let records: [String: OracleCheck] = [
        "partsNotTotal": offSum, "balanceMismatch": offSum,
        "exchangeRateInconsistent": OracleCheck { rule, view in
            guard let rate = view.readings.double(rule.first, view.bytes), let from = view.string(rule.second),
                let row = rule.spec.parameters.table.first(where: { $0.key == from }),
                let right = row.values.first.flatMap({ Double($0) }), right > 0
            else { return false }
            let tolerance = Double(rule.spec.parameters.share("tolerance")) / 1_000_000_000
            return (rate / right - 1).magnitude > tolerance
        },
        "refundExceedsPaid": OracleCheck { rule, view in
            guard let refund = view.int(rule.first), let paid = view.int(rule.second) else { return false }
            return refund > paid
        },
        "timesReversed": OracleCheck { rule, view in
            guard let earlier = view.int(rule.first), let later = view.int(rule.second) else { return false }
            return earlier > later
        },
        "statusImpossible": mismatch(), "countryCurrencyMismatch": mismatch(),
        "countryPhoneMismatch": mismatch(prefix: true), "merchantCategoryMismatch": mismatch(),
        "deviceSystemImpossible": mismatch(),
        "ageBirthDateMismatch": OracleCheck { rule, view in
            guard let age = view.int(rule.first), let born = view.string(rule.second) else { return false }
            let year = Int64(born.prefix(4)) ?? 0
            let now = 1970 + Int64(clamping: view.timeNanos / 31_556_952_000_000_000)
            return (now - year - age).magnitude > 1
        },
        "limitBypass": OracleCheck(isStrict: false) { rule, view in
            view.int(rule.first).map { $0 > (rule.spec.parameters.number("limit") ?? .max) } ?? false
        },
        "swappedFields": OracleCheck { rule, view in
            guard let text = view.text(rule.first) else { return false }
            let hasDigit = text.contains { (0x30...0x39).contains($0) }
            let isPlain = text.allSatisfy { (0x30...0x39).contains($0) }
            switch rule.spec.parameters.text("looks") {
            case "phone":
                let rest = text.first == 0x2B ? text.dropFirst() : text
                return !hasDigit || !rest.allSatisfy { (0x30...0x39).contains($0) }
            case "email": return !text.contains(0x40)
            case "digits": return !isPlain
            case "hex": return !text.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20) }
            default: return hasDigit
            }
        },
        "duplicatedField": OracleCheck { rule, view in
            guard view.readings.first(rule.first) != nil else { return false }
            return view.readings.text(rule.first, view.bytes) == view.readings.text(rule.second, view.bytes)
        },
        "justUnderThreshold": OracleCheck(isStrict: false) { rule, view in
            guard let value = view.int(rule.first) else { return false }
            let threshold = rule.spec.parameters.number("threshold") ?? 0
            return value < threshold && value >= threshold - (rule.spec.parameters.number("margin") ?? 0)
        },
        "orphanRefund": OracleCheck(isStrict: false) { rule, view in
            // That no other request names it is seen over all of them.
            view.text(rule.first).map { !$0.isEmpty } ?? false
        },
    ]

    /// How long before its arrival the event is said to be, in ms.
    private static func lag(_ rule: OracleRule, _ view: borrowing OracleView) -> Int64? {
        view.int(rule.first).map { Int64(clamping: view.timeNanos / 1_000_000) - $0 }
    }

    private static let always = OracleCheck(isStrict: false) { _, _ in true }

    static let times: [String: OracleCheck] = [
        "lateDelivery": OracleCheck(isStrict: false) { rule, view in
            let range = rule.spec.parameters.range("lag")
            guard let lag = lag(rule, view), lag >= 0 else { return false }
            return range.contains(UInt64(lag) / 1000)
        },
        "outageBackfill": OracleCheck(isStrict: false) { rule, view in
            guard let lag = lag(rule, view) else { return false }
            return lag >= 1 && lag <= Int64(clamping: rule.spec.parameters.duration("ramp") / 1_000_000)
        },
        "clockSkew": OracleCheck(isStrict: false) { rule, view in
            lag(rule, view) == 0 - Int64(clamping: rule.spec.parameters.duration("skew") / 1_000_000)
        },
        // Of the other regimes the values that 'with' fixes are what can be seen.
        "driftAbrupt": always, "driftGradual": always, "driftIncremental": always, "driftRecurring": always,
        "season": always, "schemaVersionsMixed": always, "adversaryAdapts": always,
    ]
}

extension OracleIdentifier {
    /// A right check digit, and still nobody's.
    static func isImpossible(_ text: TableSlice, _ kind: IdentifierKind) -> Bool {
        let digits = Array(text)
        func part(_ from: Int, _ count: Int) -> String {
            guard from + count <= digits.count else { return "" }
            return String(decoding: digits[from..<from + count], as: UTF8.self)
        }
        switch kind {
        case .residentId:
            guard isValid(text, kind) else { return false }
            // Provinces are numbered from 11 to 82.
            let province = Int(part(0, 2)) ?? 0
            return !(11...82).contains(province) || (Int(part(6, 4)) ?? 0) > 2090
        case .cpf: return digits.count == 11 && Set(digits).count == 1
        case .cnpj: return isValid(text, kind) && part(8, 4) == "0000"
        case .clabe: return isValid(text, kind) && part(0, 3) == "000"
        case .curp: return isValid(text, kind) && part(11, 2) == "XX"
        case .card: return isValid(text, kind) && part(0, 1) == "0"
        default: return false
        }
    }
}
