/// A condition that could not be read.
package struct ConditionError: Error, Equatable, Sendable, CustomStringConvertible {
    package var description: String

    package init(description: String) { self.description = description }
}

extension Condition {
    /// Reads `p99<300ms`, `success > 99.9%`, `noReply == 0`. The error's text says what is accepted.
    package init(parsing text: String) throws(ConditionError) {
        let bytes = Array(text.utf8)
        guard let split = bytes.firstIndex(where: { "<>=".utf8.contains($0) }),
            let comparison = Comparison.allCases.first(where: { bytes[split...].starts(with: $0.rawValue.utf8) })
        else {
            throw ConditionError(description: "'\(text)' is no condition: write METRIC < BOUND, as in p99<300ms")
        }
        let name = Condition.trimmed(bytes[..<split])
        let bound = Condition.trimmed(bytes[(split + comparison.rawValue.utf8.count)...])
        guard let metric = Condition.metric(name) else {
            throw ConditionError(
                description:
                    "'\(name)' is no metric: p50 to p99.99, mean and max (raw.p99 from the send), lateness, success, errors, "
                    + "achieved, or an outcome (\(Outcome.allCases.map(\.name).joined(separator: ", ")))")
        }
        guard let (value, unit) = Condition.quantity(bound), metric.accepts(unit) else {
            throw ConditionError(
                description: "'\(bound)' is no bound for \(name): "
                    + (metric.accepts(.micros) ? "write a time like 300ms" : "write a share like 99.9% or a number"))
        }
        self.init(metric: metric, comparison: comparison, bound: value, unit: unit, description: text)
    }

    private static func metric(_ name: String) -> Metric? {
        let isRaw = name.hasPrefix("raw.")
        let base = isRaw ? String(name.dropFirst(4)) : name
        switch base {
        case "mean": return .mean(isRaw: isRaw)
        case "max": return .max(isRaw: isRaw)
        case "lateness" where !isRaw: return .lateness
        case "success" where !isRaw: return .success
        case "errors" where !isRaw: return .errors
        case "achieved" where !isRaw: return .achieved
        default:
            if base.hasPrefix("p"), let percentile = Double(base.dropFirst()), percentile >= 1, percentile <= 99.999,
                base.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E })
            {
                return .percentile(percentile, isRaw: isRaw)
            }
            return isRaw ? nil : Outcome.allCases.first { $0.name == base }.map { .outcome($0) }
        }
    }

    private static func quantity(_ text: String) -> (value: Double, unit: Unit)? {
        let units: [(String, Double, Unit)] = [
            ("%", 0.01, .share), ("/s", 1, .perSecond), ("us", 1, .micros), ("µs", 1, .micros), ("ms", 1000, .micros),
            ("s", 1_000_000, .micros), ("m", 60_000_000, .micros), ("", 1, .count),
        ]
        for (suffix, scale, unit) in units where suffix.isEmpty || text.hasSuffix(suffix) {
            let digits = text.dropLast(suffix.count)
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
                let value = Double(digits)
            else { continue }
            // Percents are divided, so that 1% is the double next to 0.01.
            return (unit == .share ? value / 100 : value * scale, unit)
        }
        return nil
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        let start = bytes.drop { $0 == 0x20 }
        let end = start.reversed().drop { $0 == 0x20 }.reversed()
        return String(decoding: Array(end), as: UTF8.self)
    }
}

extension Condition.Metric {
    fileprivate func accepts(_ unit: Condition.Unit) -> Bool {
        switch self {
        case .percentile, .mean, .max, .lateness: unit == .micros
        case .success, .errors, .outcome: unit == .share || unit == .count
        case .achieved: unit == .share || unit == .perSecond
        }
    }
}
