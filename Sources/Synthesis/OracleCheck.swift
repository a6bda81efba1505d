import Schema
import Tape

/// How the oracle tells from the bytes that an exchange has an anomaly. Nothing here is shared with what injects it.
struct OracleCheck: Sendable {
    let isStrict: Bool
    let isBroken: @Sendable (OracleRule, borrowing OracleView) -> Bool

    /// - Parameter isStrict: an exchange without the label never is like this.
    init(isStrict: Bool = true, _ isBroken: @escaping @Sendable (OracleRule, borrowing OracleView) -> Bool) {
        self.isStrict = isStrict
        self.isBroken = isBroken
    }

    private static let known: [String: OracleCheck] = [
        fields, texts, records, envelopes, values, heads, documents, times,
    ]
    .reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    static func of(_ type: String) -> OracleCheck { known[type] ?? unknown }
    static func has(_ type: String) -> Bool { known[type] != nil }

    /// A type without a check of its own is borne out by nothing but what its exchanges have in common.
    private static let unknown = OracleCheck(isStrict: false) { _, _ in false }

    // MARK: L1

    private static let fields: [String: OracleCheck] = [
        "requiredMissing": OracleCheck { rule, view in view.readings.first(rule.first) == nil },
        "nullValue": OracleCheck { rule, view in view.readings.first(rule.first)?.isNull == true },
        "defaultValue": OracleCheck(isStrict: false) { rule, view in
            guard let value = view.readings.first(rule.first) else { return false }
            return value.isText ? value.start == value.end : value.int == 0
        },
        "unknownField": OracleCheck { rule, view in view.readings.first(rule.first) != nil },
        "typeSwap": OracleCheck { rule, view in
            guard let value = view.readings.first(rule.first), let type = rule.fieldType else { return false }
            switch type.kind {
            case .string, .binary, .uuid: return !value.isText
            case .enumeration:
                return view.format.protocol == .http1 ? !value.isText : value.isText
            default: return value.isText
            }
        },
        "enumOutside": OracleCheck { rule, view in
            guard let value = view.readings.first(rule.first) else { return false }
            return value.isText
                ? !rule.cases.contains { $0.name.elementsEqual(view.bytes[value.start..<value.end]) }
                : !rule.caseValues.contains(value.int)
        },
        "boundaryOverflow": OracleCheck { rule, view in
            guard let value = view.int(rule.first) else { return false }
            return value < rule.bounds.least || value > rule.bounds.most
        },
        "boundaryValue": OracleCheck(isStrict: false) { rule, view in
            guard let value = view.int(rule.first) else { return false }
            return value == rule.spec.parameters.number("min") || value == rule.spec.parameters.number("max")
        },
        "numberOverflow": OracleCheck(isStrict: false) { rule, view in
            guard let value = view.int(rule.first) else { return false }
            switch rule.fieldType?.kind {
            case .i8 where view.format.protocol != .http1: return value == 127 || value == -128
            case .i16 where view.format.protocol != .http1: return value == 32_767 || value == -32_768
            default: return value >= 2_147_483_647 || value <= -2_147_483_648
            }
        },
        "negativeZero": OracleCheck { rule, view in
            guard let value = view.readings.first(rule.first), !value.isText else { return false }
            if view.format.protocol == .http1 {
                return view.bytes[value.start..<value.end].elementsEqual([0x2D, 0x30])
            }
            return value.isDouble && UInt64(bitPattern: value.int) == 1 << 63
        },
        "precision": OracleCheck { rule, view in
            let decimals = Int(clamping: rule.spec.parameters.number("decimals") ?? 0)
            guard let value = view.readings.first(rule.first), value.isDouble else { return false }
            if view.format.protocol == .http1 {
                guard let point = view.bytes[value.start..<value.end].firstIndex(of: 0x2E) else { return false }
                return value.end - point - 1 > decimals
            }
            var scaled = Double(bitPattern: UInt64(bitPattern: value.int))
            for _ in 0..<min(15, decimals) { scaled *= 10 }
            return (scaled - scaled.rounded()).magnitude > 0.0005
        },
        "minorUnitWrong": OracleCheck { rule, view in
            guard let value = view.int(rule.first), let sum = sum(rule, view) else { return false }
            return sum != 0 && (value == sum * 100 || value == sum / 100)
        },
        "secondsForMillis": OracleCheck { rule, view in
            // Milliseconds before March 1973 do not occur in this trade.
            view.int(rule.first).map { $0 < 100_000_000_000 } ?? false
        },
        "timeZoneShift": OracleCheck { rule, view in
            guard let value = view.int(rule.first) else { return false }
            let unit: UInt64 = rule.spec.parameters.text("unit") == "seconds" ? 1_000_000_000 : 1_000_000
            let difference = value - Int64(clamping: view.timeNanos / unit)
            let halfHour = Int64(clamping: 1_800_000_000_000 / unit)
            return difference != 0 && difference % halfHour == 0
        },
        "checkDigitBroken": OracleCheck { rule, view in
            guard let text = view.text(rule.first) else { return false }
            return !OracleIdentifier.isValid(text, rule.spec.parameters.identifier)
        },
        "identifierImpossible": OracleCheck { rule, view in
            guard let text = view.text(rule.first) else { return false }
            return OracleIdentifier.isImpossible(text, rule.spec.parameters.identifier)
        },
        "personalDataInClear": OracleCheck { rule, view in
            guard let text = view.text(rule.first), let secret = view.text(rule.second), !secret.isEmpty else {
                return false
            }
            return text.count > secret.count && text.suffix(secret.count).elementsEqual(secret)
        },
    ]

    // MARK: L1, texts

    /// The scalars of a text as it is meant: JSON's escapes undone.
    static func scalars(_ text: TableSlice) -> [UInt32] {
        String(decoding: text, as: UTF8.self).unicodeScalars.map(\.value)
    }

    private static func some(_ isStrict: Bool = true, _ fits: @escaping @Sendable (UInt32) -> Bool) -> OracleCheck {
        OracleCheck(isStrict: isStrict) { rule, view in
            view.text(rule.first).map { text in
                // ASCII alone is the usual case and needs no decoding.
                scalars(text).contains(where: fits)
            } ?? false
        }
    }

    private static let texts: [String: OracleCheck] = [
        "lengthOutside": OracleCheck { rule, view in
            guard let text = view.text(rule.first) else { return false }
            return text.count { $0 & 0xC0 != 0x80 } > Int(clamping: rule.spec.parameters.number("max") ?? .max)
        },
        "patternBroken": OracleCheck { rule, view in
            guard let text = view.text(rule.first) else { return false }
            let form = rule.spec.parameters.text("form")
            return text.contains { byte in
                let isDigit = (0x30...0x39).contains(byte)
                let isLetter = (0x61...0x7A).contains(byte | 0x20) || byte >= 0x80
                switch form {
                case "digits": return !isDigit
                case "letters": return !isLetter && byte != 0x20
                case "hex": return !isDigit && !(0x61...0x66).contains(byte | 0x20) && byte != 0x2D
                default: return !isDigit && !isLetter
                }
            }
        },
        "currencyUnknown": OracleCheck { rule, view in
            view.string(rule.first).map { !OracleCurrencies.listed.contains($0) } ?? false
        },
        "homoglyph": some { (0x0400...0x04FF).contains($0) },
        "fullWidth": some { (0xFF01...0xFF5E).contains($0) },
        "rightToLeft": some { $0 == 0x202E },
        "zeroWidth": some { (0x200B...0x200D).contains($0) || $0 == 0xFEFF },
        "mojibake": OracleCheck { rule, view in
            guard let text = view.text(rule.first) else { return false }
            // Read as Latin-1, what stands there is UTF-8 again.
            let points = scalars(text)
            guard points.contains(where: { $0 >= 0x80 }), points.allSatisfy({ $0 <= 0xFF }) else { return false }
            let inner = points.map { UInt8(truncatingIfNeeded: $0) }
            return String(validating: inner, as: UTF8.self) != nil
        },
        "injectionString": OracleCheck { rule, view in
            guard let text = view.string(rule.first) else { return false }
            return OracleAttacks.signs.contains { text.contains($0) }
        },
        "oversize": OracleCheck(isStrict: false) { rule, view in
            guard let text = view.text(rule.first) else { return false }
            return text.count >= Int(clamping: rule.spec.parameters.number("length") ?? 65_536)
        },
    ]
}

/// Active codes of ISO 4217, list one, without those for funds and metals.
enum OracleCurrencies {
    static let listed: Set<String> = Set(
        """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
        CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
        HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
        MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
        RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
        USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}

enum OracleAttacks {
    /// What gives an attack away; carriage return and NUL as they stand in Thrift, in JSON and in Thrift's JSON.
    static let signs = [
        "' OR '", "<script", "${", "../..", "\r\n", "\\u000d", "\\r\\n", "$(", "\0",
        "\\u0000",
    ]
}
