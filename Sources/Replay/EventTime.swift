import Bytes

/// What becomes of the times at which the tape's requests say that something happened.
package enum EventTimeMode: String, Sendable, CaseIterable {
    /// All by one offset, so that the first event on the tape happens when the round begins.
    case shift
    /// As the pacer says: each event keeps its distance from the send of its request.
    case scale
    /// As recorded.
    case keep
}

/// How a time is written.
enum TimeForm: UInt8 {
    /// A number: decimal digits, an integer or a double.
    case seconds, millis, micros, nanos
    /// `2026-07-01T08:30:00.000Z`, also with other separators, without seconds or without a time of day.
    case calendar
    /// `20260701083000000`.
    case calendarDigits

    var unitNanos: Int64 {
        switch self {
        case .seconds: 1_000_000_000
        case .millis: 1_000_000
        case .micros: 1000
        default: 1
        }
    }

    /// The unit that a schema states; nil for other words.
    init?(unit: String) {
        switch unit {
        case "s": self = .seconds
        case "ms": self = .millis
        case "us", "µs": self = .micros
        case "ns": self = .nanos
        default: return nil
        }
    }

    /// By size: seconds from 1973 on, ms, µs and ns likewise. Nil for what is no time.
    init?(guessing value: Int64) {
        switch value {
        case 100_000_000..<100_000_000_000: self = .seconds
        case 100_000_000_000..<100_000_000_000_000: self = .millis
        case 100_000_000_000_000..<100_000_000_000_000_000: self = .micros
        case 100_000_000_000_000_000...: self = .nanos
        default: return nil
        }
    }
}

/// Times as slots: read once, written anew at each send in the form and width that they had.
enum EventTime {
    /// The slot for a time, its ``Slot/state`` in ns since 1970; nil for what is none.
    static func slot(_ span: FieldSpan, in request: [UInt8], unit: String) -> Slot? {
        var slot = Slot(range: span.range, kind: .time)
        slot.low = UInt64(span.encoding.rawValue)
        let stated = TimeForm(unit: unit)
        switch span.encoding {
        case .integer, .zigzag:
            guard let value = span.integer(in: request) else { return nil }
            return number(value, 0, 1, stated, &slot) ? slot : nil
        case .double, .doubleLittleEndian:
            let value = Double(bitPattern: span.doubleBits(in: request))
            guard let form = stated ?? Int64(exactly: value.rounded(.down)).flatMap({ TimeForm(guessing: $0) }),
                let nanos = Int64(exactly: (value * Double(form.unitNanos)).rounded())
            else { return nil }
            slot.form = form.rawValue
            slot.state = UInt64(bitPattern: nanos)
            return slot
        case .text, .counted, .json, .number, .url:
            let text = request[span.range]
            if let time = calendar(text) {
                slot.form = time.form.rawValue
                slot.state = UInt64(bitPattern: time.nanos)
                slot.zoneMinutes = time.zoneMinutes
                return slot
            }
            return digits(text, stated, &slot) ? slot : nil
        }
    }

    /// `1767225600`, `1767225600000`, `1767225600.123`.
    private static func digits(_ text: ArraySlice<UInt8>, _ stated: TimeForm?, _ slot: inout Slot) -> Bool {
        var value: Int64 = 0
        var fraction: Int64 = 0
        var scale: Int64 = 1
        var hasPoint = false
        guard text.count <= 20 else { return false }
        for byte in text {
            if byte == 0x2E && !hasPoint {
                hasPoint = true
                continue
            }
            guard byte &- 0x30 < 10 else { return false }
            let digit = Int64(byte &- 0x30)
            if hasPoint {
                guard scale < 1_000_000_000 else { return false }
                fraction = fraction * 10 + digit
                scale *= 10
            } else {
                guard value < 900_000_000_000_000_000 else { return false }
                value = value * 10 + digit
            }
        }
        return number(value, fraction, scale, stated, &slot)
    }

    private static func number(
        _ value: Int64, _ fraction: Int64, _ scale: Int64, _ stated: TimeForm?, _ slot: inout Slot
    ) -> Bool {
        guard let form = stated ?? TimeForm(guessing: value) else { return false }
        let (whole, overflow) = value.multipliedReportingOverflow(by: form.unitNanos)
        if overflow { return false }
        slot.form = form.rawValue
        slot.size = UInt64(bitPattern: scale)
        slot.state = UInt64(bitPattern: whole &+ fraction * form.unitNanos / scale)
        return true
    }

    private struct CalendarTime {
        var form: TimeForm
        var nanos: Int64
        var zoneMinutes: Int16
    }

    /// A date with or without a time of day, with and without separators; nil for everything else. A text without a zone
    /// is read as UTC.
    private static func calendar(_ text: ArraySlice<UInt8>) -> CalendarTime? {
        var reader = CalendarReader(text)
        guard let year = reader.number(4), year >= 1970, year < 2262 else { return nil }
        let separator = reader.separator("-/.")
        guard let month = reader.number(2), (1...12).contains(month), reader.separator("-/.") == separator,
            let day = reader.number(2), (1...31).contains(day)
        else { return nil }
        var seconds = Timestamp.daysSince1970(year: year, month: month, day: day) * 86_400
        var nanos: Int64 = 0
        var zone = 0
        if !reader.isAtEnd {
            let middle = reader.separator("Tt_ +")
            if middle == nil && separator != nil { return nil }
            guard let hour = reader.number(2), hour < 24 else { return nil }
            let colon = reader.separator(":")
            if (colon == nil) != (separator == nil) { return nil }
            guard let minute = reader.number(2), minute < 60 else { return nil }
            seconds += hour * 3600 + minute * 60
            if colon == nil || reader.separator(":") != nil {
                guard let second = reader.number(2), second < 60 else { return nil }
                seconds += second
                if reader.separator(".,") != nil || (separator == nil && reader.isAtDigit) {
                    guard let fraction = reader.fraction() else { return nil }
                    nanos = fraction
                }
            }
            guard let offset = reader.zone() else { return nil }
            zone = offset
        }
        guard reader.isAtEnd, separator != nil || text.count >= 8 else { return nil }
        // Eight digits alone may as well be seconds since 1970 of long ago, which nobody means.
        return CalendarTime(
            form: separator == nil ? .calendarDigits : .calendar,
            nanos: Int64(seconds - zone * 60) * 1_000_000_000 + nanos, zoneMinutes: Int16(clamping: zone))
    }
}

/// Reads the parts of a date and time.
private struct CalendarReader {
    private let text: ArraySlice<UInt8>
    private var at: Int

    init(_ text: ArraySlice<UInt8>) {
        self.text = text
        at = text.startIndex
    }

    var isAtEnd: Bool { at >= text.endIndex }
    var isAtDigit: Bool { at < text.endIndex && text[at] &- 0x30 < 10 }

    mutating func number(_ count: Int) -> Int? {
        guard text.endIndex - at >= count else { return nil }
        var value = 0
        for byte in text[at..<at + count] {
            guard byte &- 0x30 < 10 else { return nil }
            value = value * 10 + Int(byte &- 0x30)
        }
        at += count
        return value
    }

    mutating func separator(_ allowed: StaticString) -> UInt8? {
        guard at < text.endIndex else { return nil }
        let byte = text[at]
        let isAllowed = unsafe UnsafeBufferPointer(start: allowed.utf8Start, count: allowed.utf8CodeUnitCount)
            .contains(byte)
        if !isAllowed { return nil }
        at += 1
        return byte
    }

    /// Up to nine digits, in ns.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var scale: Int64 = 1_000_000_000
        while isAtDigit {
            guard scale > 1 else { return nil }
            scale /= 10
            value += Int64(text[at] &- 0x30) * scale
            at += 1
        }
        return scale == 1_000_000_000 ? nil : value
    }

    /// Minutes east of UTC; 0 when there is nothing.
    mutating func zone() -> Int? {
        if isAtEnd { return 0 }
        if separator("Zz") != nil { return 0 }
        guard let sign = separator("+-"), let hours = number(2), hours < 24 else { return nil }
        _ = separator(":")
        let minutes = isAtEnd ? 0 : number(2)
        guard let minutes, minutes < 60 else { return nil }
        return (sign == 0x2D ? -1 : 1) * (hours * 60 + minutes)
    }
}
