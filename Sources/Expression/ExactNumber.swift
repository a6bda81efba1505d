/// A decimal number that keeps every digit it was written with: amounts do not become binary fractions on the way.
///
/// The value is `±digits × 10^exponent`; `digits` has no leading and no trailing zero and is empty for zero, so that
/// equal numbers are equal memberwise.
package struct ExactNumber: Sendable, Hashable, Comparable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    let isNegative: Bool
    /// Most significant first, each 0…9.
    let digits: [UInt8]
    let exponent: Int

    /// Exponents beyond this are refused: no quantity on the wire needs them, and arithmetic stays far from overflow.
    static let exponentLimit = 1_000_000

    /// Nil when `text` is not a number as JSON writes it (RFC 8259 §6; leading zeros and `+` are let pass).
    package init?(_ text: some StringProtocol) {
        self.init(utf8: text.utf8)
    }

    /// Nil when the bytes are not a number as JSON writes it.
    package init?(utf8 text: some Sequence<UInt8>) {
        var digits: [UInt8] = []
        var negative = false
        var seenDigit = false
        var fraction: Int?
        var written = 0
        var power: (negative: Bool, digits: Bool)?
        for (position, byte) in text.enumerated() {
            switch byte {
            case 0x30...0x39:
                if power != nil {
                    written = written * 10 + Int(byte - 0x30)
                    power?.digits = true
                    if written > Self.exponentLimit { return nil }
                } else {
                    seenDigit = true
                    digits.append(byte - 0x30)
                    if let places = fraction { fraction = places + 1 }
                }
            case 0x2E where fraction == nil && power == nil && seenDigit: fraction = 0
            case 0x65 where seenDigit && power == nil, 0x45 where seenDigit && power == nil:
                power = (false, false)
            case 0x2D where position == 0: negative = true
            case 0x2B where position == 0: break
            case 0x2D where power?.digits == false && power?.negative == false: power?.negative = true
            case 0x2B where power?.digits == false && power?.negative == false: break
            default: return nil
            }
        }
        if !seenDigit || fraction == 0 || power?.digits == false || digits.count > Self.exponentLimit { return nil }
        self.init(
            negative: negative, digits: digits,
            exponent: (power?.negative == true ? -written : written) - (fraction ?? 0))
    }

    package init(_ value: some BinaryInteger) {
        // The text of an integer is always a number.
        self = Self(utf8: String(value).utf8) ?? 0
    }

    package init(integerLiteral value: Int) {
        var rest = value.magnitude
        var digits: [UInt8] = []
        while rest > 0 {
            digits.append(UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        self.init(negative: value < 0, digits: digits.reversed(), exponent: 0)
    }

    private init(negative: Bool, digits raw: [UInt8], exponent: Int) {
        let leading = raw.prefix { $0 == 0 }.count
        let trailing = leading == raw.count ? 0 : raw.reversed().prefix { $0 == 0 }.count
        let kept = raw.dropFirst(leading).dropLast(trailing)
        isNegative = negative && !kept.isEmpty
        digits = Array(kept)
        self.exponent = kept.isEmpty ? 0 : exponent + trailing
    }

    /// `self × factor × 10^shift`, exactly.
    func scaled(by factor: UInt8 = 1, shift: Int) -> ExactNumber {
        var product: [UInt8] = []
        var carry = 0
        for digit in digits.reversed() {
            let sum = Int(digit) * Int(factor) + carry
            product.append(UInt8(truncatingIfNeeded: sum % 10))
            carry = sum / 10
        }
        while carry > 0 {
            product.append(UInt8(truncatingIfNeeded: carry % 10))
            carry /= 10
        }
        return ExactNumber(negative: isNegative, digits: product.reversed(), exponent: exponent + shift)
    }

    /// `self × other`, exactly; takes time in proportion to the product of their lengths.
    package func multiplied(by other: ExactNumber) -> ExactNumber {
        var product = [Int](repeating: 0, count: digits.count + other.digits.count)
        for (i, a) in digits.enumerated() {
            for (j, b) in other.digits.enumerated() { product[i + j + 1] += Int(a) * Int(b) }
        }
        for place in product.indices.dropFirst().reversed() {
            product[place - 1] += product[place] / 10
            product[place] %= 10
        }
        return ExactNumber(
            negative: isNegative != other.isNegative, digits: product.map { UInt8(truncatingIfNeeded: $0) },
            exponent: exponent + other.exponent)
    }

    package static func < (a: ExactNumber, b: ExactNumber) -> Bool {
        if a.isNegative != b.isNegative { return a.isNegative }
        return a.isNegative ? magnitudeLess(b, a) : magnitudeLess(a, b)
    }

    private static func magnitudeLess(_ a: ExactNumber, _ b: ExactNumber) -> Bool {
        if a.digits.isEmpty || b.digits.isEmpty { return a.digits.isEmpty && !b.digits.isEmpty }
        let heights = (a.digits.count + a.exponent, b.digits.count + b.exponent)
        if heights.0 != heights.1 { return heights.0 < heights.1 }
        return a.digits.lexicographicallyPrecedes(b.digits)
    }

    /// The nearest whole number, halves away from zero; nil beyond 64 bits.
    package var rounded: Int64? {
        var value: Int64 = 0
        let whole = digits.count + exponent
        if whole > 19 { return nil }
        for place in 0..<max(0, whole) {
            let digit = place < digits.count ? Int64(digits[place]) : 0
            let (shifted, high) = value.multipliedReportingOverflow(by: 10)
            let (sum, over) = shifted.addingReportingOverflow(digit)
            if high || over { return nil }
            value = sum
        }
        if whole >= 0 && whole < digits.count && digits[whole] >= 5 {
            let (sum, over) = value.addingReportingOverflow(1)
            if over { return nil }
            value = sum
        }
        return isNegative ? -value : value
    }

    /// The nearest binary fraction, for display and for statistics.
    package var approximate: Double {
        Double("\(isNegative ? "-" : "")\(digits.isEmpty ? "0" : text(digits))e\(exponent)") ?? 0
    }

    /// Plain notation; with an exponent when that would need more than 40 zeros.
    package var description: String {
        if digits.isEmpty { return "0" }
        let sign = isNegative ? "-" : ""
        if exponent >= 0 && exponent <= 40 {
            return sign + text(digits) + String(repeating: "0", count: exponent)
        }
        let whole = digits.count + exponent
        if exponent < 0 && whole > 0 { return "\(sign)\(text(digits.prefix(whole))).\(text(digits.dropFirst(whole)))" }
        if exponent < 0 && whole >= -40 { return "\(sign)0.\(String(repeating: "0", count: -whole))\(text(digits))" }
        return "\(sign)\(text(digits))e\(exponent)"
    }

    private func text(_ digits: some Collection<UInt8>) -> String {
        String(decoding: digits.map { $0 + 0x30 }, as: UTF8.self)
    }
}

extension ExactNumber {
    /// Whether this is a whole number of times `divisor`; nil when that is zero or has more than 30 digits.
    package func isMultiple(of divisor: ExactNumber) -> Bool? {
        guard (1...30).contains(divisor.digits.count) else { return nil }
        if digits.isEmpty { return true }
        // Digits do not end in zero, so nothing is divisible by ten times the unit in which it is written.
        if exponent < divisor.exponent { return false }
        let modulus = divisor.digits.reduce(UInt128(0)) { $0 * 10 + UInt128($1) }
        var rest = digits.reduce(UInt128(0)) { ($0 * 10 + UInt128($1)) % modulus }
        for _ in 0..<(exponent - divisor.exponent) {
            if rest == 0 { break }
            rest = rest * 10 % modulus
        }
        return rest == 0
    }

    package var isInteger: Bool { exponent >= 0 }
}
