/// Points in time as ns since 1970-01-01T00:00:00Z, as text and back.
///
/// Calendar arithmetic is proleptic Gregorian in UTC, without leap seconds, as POSIX time is.
package enum Timestamp {
    /// RFC 3339 with nine decimals: `2026-07-01T08:30:00.000000001Z`.
    package static func rfc3339(_ nanos: UInt64) -> String {
        let seconds = nanos / 1_000_000_000
        let (year, month, day) = civil(daysSince1970: Int(seconds / 86_400))
        let rest = seconds % 86_400
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = "\(padded(Int(rest / 3600), 2)):\(padded(Int(rest / 60 % 60), 2)):\(padded(Int(rest % 60), 2))"
        return "\(date)T\(time).\(padded(Int(nanos % 1_000_000_000), 9))Z"
    }

    /// Reads `2026-07-01`, `2026-07-01T08:30:00Z`, with up to nine decimals, and `Z` or a `±hh:mm` offset. Nil when it is
    /// none of these or lies before 1970 or after 2554 (the range of 64-bit ns).
    package static func parse(_ text: String) -> UInt64? {
        var rest = Substring(text).utf8
        func digits(_ count: Int) -> Int? {
            guard rest.count >= count else { return nil }
            var value = 0
            for byte in rest.prefix(count) {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            rest = rest.dropFirst(count)
            return value
        }
        func literal(_ characters: String) -> Bool {
            guard let first = rest.first, characters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        guard let year = digits(4), literal("-"), let month = digits(2), literal("-"), let day = digits(2),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let days = daysSince1970(year: year, month: month, day: day)
        guard civil(daysSince1970: days) == (year, month, day) else { return nil }
        var seconds = days * 86_400
        var nanos = 0
        if !rest.isEmpty {
            guard literal("Tt "), let hour = digits(2), literal(":"), let minute = digits(2), literal(":"),
                let second = digits(2), hour < 24, minute < 60, second < 60
            else { return nil }
            seconds += hour * 3600 + minute * 60 + second
            if literal(".") {
                var scale = 100_000_000
                var count = 0
                while let digit = digits(1) {
                    nanos += digit * scale
                    scale /= 10
                    count += 1
                }
                if count == 0 || count > 9 { return nil }
            }
            if !literal("Zz") {
                let sign = rest.first == UInt8(ascii: "-") ? 1 : -1
                guard literal("+-"), let hours = digits(2), literal(":"), let minutes = digits(2), hours < 24,
                    minutes < 60
                else { return nil }
                seconds += sign * (hours * 3600 + minutes * 60)
            }
        }
        guard rest.isEmpty, seconds >= 0 else { return nil }
        let (product, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carried) = product.addingReportingOverflow(UInt64(nanos))
        return overflow || carried ? nil : sum
    }

    /// Howard Hinnant's days-to-civil algorithm (https://howardhinnant.github.io/date_algorithms.html).
    package static func civil(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// The inverse of ``civil(daysSince1970:)``.
    package static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
