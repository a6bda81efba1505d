/// Numbers as readers expect them, without a locale.
package enum Figures {
    /// `1,234,567`.
    package static func count(_ value: UInt64) -> String { grouped(String(value)) }

    /// `1,998` from 100 up, else one decimal unless it is whole.
    package static func rate(_ value: Double) -> String {
        guard value.isFinite, value >= 0, value < 1e15 else { return "–" }
        if value >= 100 || value == value.rounded() { return grouped(String(UInt64(value.rounded()))) }
        return fixed(value, places: 1)
    }

    /// `870 µs`, `12.3 ms`, `1.25 s`: three significant digits.
    package static func micros(_ value: UInt64) -> String {
        if value < 1000 { return "\(value) µs" }
        let (scaled, unit) = value < 999_500 ? (Double(value) / 1e3, "ms") : (Double(value) / 1e6, "s")
        return "\(significant(scaled)) \(unit)"
    }

    /// `5.00 s`, `2 min 5 s`, `1 h 2 min`.
    package static func duration(nanos: UInt64) -> String {
        let seconds = nanos / 1_000_000_000
        if seconds >= 3600 { return "\(seconds / 3600) h \(seconds % 3600 / 60) min" }
        if seconds >= 120 { return "\(seconds / 60) min \(seconds % 60) s" }
        if nanos < 1_000_000 { return nanos == 0 ? "0 s" : "< 1 ms" }
        return micros(nanos / 1000)
    }

    /// `99.98 %`. Only what is whole is called 100 %, and only what is nothing 0 %.
    package static func share(_ part: UInt64, of whole: UInt64) -> String {
        if whole == 0 { return "–" }
        if part == 0 { return "0 %" }
        if part >= whole { return "100 %" }
        let percent = Double(part) / Double(whole) * 100
        if percent < 0.01 { return "< 0.01 %" }
        if percent > 99.99 { return "> 99.99 %" }
        let places = percent < 1 || percent > 99 ? 2 : 1
        return "\(trimmed(fixed(percent, places: places))) %"
    }

    /// `12.3 MB`, decimal units.
    package static func bytes(_ value: UInt64) -> String {
        if value < 1000 { return "\(value) B" }
        var scaled = Double(value)
        for unit in ["kB", "MB", "GB", "TB"] {
            scaled /= 1000
            if scaled < 999.5 || unit == "TB" { return "\(significant(scaled)) \(unit)" }
        }
        return "\(value) B"
    }

    /// A coordinate or another small number with at most `places` decimals; halves away from zero.
    package static func fixed(_ value: Double, places: Int) -> String {
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let digits = String(UInt64(scaled))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        if places == 0 { return sign + digits }
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
    }

    private static func significant(_ value: Double) -> String {
        fixed(value, places: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
    }

    /// Without zeros at the end of the fraction.
    static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        let kept = text.reversed().drop { $0 == "0" }.reversed()
        return String(kept.last == "." ? Array(kept.dropLast()) : Array(kept))
    }

    private static func grouped(_ digits: String) -> String {
        var result = ""
        for (position, digit) in digits.enumerated() {
            if position > 0 && (digits.count - position) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }
}
