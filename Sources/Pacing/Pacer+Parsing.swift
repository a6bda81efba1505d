extension Pacer {
    /// `2000`, `0.5`, `10k`, `recorded`, `2x`, `0.25x`, `ramp:100..2000/60s`, `step:100+100..1000/10s`, `poisson:500`,
    /// `max`. The error's text says what is accepted.
    package init(parsing text: String) throws(PacerError) {
        switch text {
        case "max": self = .max
        case "recorded": self = .recorded(numerator: 1, denominator: 1)
        default:
            if text.hasPrefix("ramp:") {
                self = try Pacer.ramp(text)
            } else if text.hasPrefix("step:") {
                self = try Pacer.steps(text)
            } else if text.hasPrefix("poisson:") {
                let rate = try Pacer.rate(text.dropFirst(8), of: text)
                if rate == 0 || rate > Pacer.highestRate { throw PacerError(text: text, reason: Pacer.boundText) }
                self = .stages([Stage(.poisson(rate))])
            } else if text.utf8.last == UInt8(ascii: "x") {
                guard let thousandths = Pacer.thousandths(text.dropLast()), thousandths > 0 else {
                    throw PacerError(text: text)
                }
                self = .recorded(numerator: thousandths, denominator: 1000)
            } else {
                let rate = try Pacer.rate(text[...], of: text)
                if rate == 0 { throw PacerError(text: text) }
                self = .constant(perThousandSeconds: rate)
            }
        }
    }

    private static let boundText = "the rates of a ramp and of Poisson arrivals lie above 0 and up to 10M/s"

    /// `ramp:FROM..TO/DURATION`.
    private static func ramp(_ text: String) throws(PacerError) -> Pacer {
        let (rates, duration) = try split(text.dropFirst(5), of: text)
        guard let dots = range(of: "..", in: rates) else {
            throw PacerError(text: text, reason: "write a ramp as ramp:FROM..TO/DURATION, as in ramp:100..2000/60s")
        }
        let (from, to) = (try rate(rates[..<dots.lowerBound], of: text), try rate(rates[dots.upperBound...], of: text))
        if Swift.max(from, to) == 0 || Swift.max(from, to) > highestRate {
            throw PacerError(text: text, reason: boundText)
        }
        if duration > longestRampNanos { throw PacerError(text: text, reason: "a ramp lasts a day at most") }
        if from == to { return .stages([Stage(.constant(from), durationNanos: duration)]) }
        return .stages([Stage(.ramp(from: from, to: to), durationNanos: duration)])
    }

    /// `step:FROM+STEP..TO/HOLD`.
    private static func steps(_ text: String) throws(PacerError) -> Pacer {
        let (rates, hold) = try split(text.dropFirst(5), of: text)
        guard let dots = range(of: "..", in: rates),
            let plus = rates[..<dots.lowerBound].firstIndex(of: "+")
        else {
            throw PacerError(
                text: text, reason: "write steps as step:FROM+STEP..TO/HOLD, as in step:100+100..1000/10s")
        }
        let from = try rate(rates[..<plus], of: text)
        let step = try rate(rates[rates.index(after: plus)..<dots.lowerBound], of: text)
        let to = try rate(rates[dots.upperBound...], of: text)
        guard from > 0, step > 0, to >= from, (to - from) / step < 10_000 else {
            throw PacerError(text: text, reason: "steps go up, from above 0, and there are 10,000 at most")
        }
        var stages: [Stage] = []
        var rate = from
        while rate < to {
            stages.append(Stage(.constant(rate), durationNanos: hold))
            rate += step
        }
        stages.append(Stage(.constant(to), durationNanos: hold))
        return .stages(stages)
    }

    private static func split(
        _ text: Substring, of whole: String
    ) throws(PacerError) -> (rates: Substring, durationNanos: UInt64) {
        guard let slash = text.lastIndex(of: "/"), let nanos = nanos(text[text.index(after: slash)...]), nanos > 0
        else { throw PacerError(text: whole, reason: "it lacks a duration, as in /60s") }
        return (text[..<slash], nanos)
    }

    private static func range(of text: String, in whole: Substring) -> Range<Substring.Index>? {
        var index = whole.startIndex
        while index < whole.endIndex {
            if whole[index...].hasPrefix(text) { return index..<whole.index(index, offsetBy: text.count) }
            index = whole.index(after: index)
        }
        return nil
    }

    /// A span of time: `500ms`, `10s`, `2m`, `1h`; nil when it is none.
    package static func nanos(_ text: Substring) -> UInt64? {
        let units: [(String, UInt64)] = [
            ("ms", 1_000), ("us", 1), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000),
        ]
        for (unit, micros) in units where text.hasSuffix(unit) {
            guard let thousandths = thousandths(text.dropLast(unit.count)) else { continue }
            let (product, overflow) = thousandths.multipliedReportingOverflow(by: micros)
            return overflow ? nil : product
        }
        return nil
    }

    /// Requests in 1000 seconds of `250`, `0.5`, `10k`, `2000/s`.
    private static func rate(_ text: Substring, of whole: String) throws(PacerError) -> UInt64 {
        var digits = text.hasSuffix("/s") ? text.dropLast(2) : text
        var unit: UInt64 = 1
        if digits.utf8.last == UInt8(ascii: "k") {
            unit = 1000
            digits = digits.dropLast()
        }
        guard let thousandths = thousandths(digits) else { throw PacerError(text: whole) }
        let (scaled, overflow) = thousandths.multipliedReportingOverflow(by: unit)
        if overflow || scaled > 1_000_000_000_000 { throw PacerError(text: whole) }
        return scaled
    }

    private static func thousandths(_ text: Substring) -> UInt64? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.count <= 12, parts.count == 1 || parts[1].count <= 3
        else { return nil }
        var value: UInt64 = 0
        var fraction: UInt64 = 100
        for byte in whole {
            guard byte &- 48 <= 9 else { return nil }
            value = value * 10 + UInt64(byte - 48)
        }
        value *= 1000
        if parts.count == 2 {
            if parts[1].isEmpty { return nil }
            for byte in parts[1] {
                guard byte &- 48 <= 9 else { return nil }
                value += UInt64(byte - 48) * fraction
                fraction /= 10
            }
        }
        return value
    }
}
