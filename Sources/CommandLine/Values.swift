package import Analysis
package import Tape

/// Reading the values that flags take. Every function throws a ``CommandError`` naming the flag, what it got and what it
/// wants.
package enum FlagValue {
    /// A count with an optional decimal suffix: `250`, `10k`, `1.5M`, `2G`.
    package static func count(_ text: String, flag: String) throws(CommandError) -> UInt64 {
        let suffixes: [(String, UInt64)] = [
            ("k", 1000), ("K", 1000), ("M", 1_000_000), ("m", 1_000_000), ("G", 1_000_000_000), ("B", 1_000_000_000),
        ]
        let suffix = suffixes.first { text.hasSuffix($0.0) }
        let digits = suffix == nil ? text : String(text.dropLast())
        guard let value = scaled(digits, by: suffix?.1 ?? 1) else {
            throw CommandError("--\(flag) \(text) is not a count", remedy: "Write it like 1000, 10k or 2.5M.")
        }
        return value
    }

    /// A span of time in ns: `250us`, `10ms`, `5s`, `2m`, `1h`, `1d`.
    package static func durationNanos(_ text: String, flag: String) throws(CommandError) -> UInt64 {
        let units: [(String, UInt64)] = [
            ("ns", 1), ("us", 1000), ("µs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
            ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
        ]
        for (unit, scale) in units where text.hasSuffix(unit) {
            if let value = scaled(String(text.dropLast(unit.count)), by: scale) { return value }
        }
        throw CommandError("--\(flag) \(text) is not a duration", remedy: "Write it like 250us, 10ms, 5s, 2m or 1h.")
    }

    /// A number of bytes: `65536`, `64KiB`, `500MB`, `1GiB`.
    package static func bytes(_ text: String, flag: String) throws(CommandError) -> UInt64 {
        if let value = bytes(text) { return value }
        throw CommandError("--\(flag) \(text) is not a size", remedy: "Write it like 64MiB, 500MB or 1GiB.")
    }

    static func bytes(_ text: String) -> UInt64? {
        let units: [(String, UInt64)] = [
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("kB", 1000), ("KB", 1000),
            ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
        ]
        for (unit, scale) in units where text.hasSuffix(unit) {
            return scaled(String(text.dropLast(unit.count)), by: scale)
        }
        return scaled(text, by: 1)
    }

    /// Where one tape of a set ends: `1GiB`, `10m`, or a number of exchanges like `100k`.
    package static func rotation(_ text: String, flag: String) throws(CommandError) -> TapeSet.Rotation {
        if text.hasSuffix("B"), let bytes = bytes(text), bytes > 0 { return .bytes(bytes) }
        if let last = text.last, "smhd".contains(last), let nanos = try? durationNanos(text, flag: flag), nanos > 0 {
            return .nanos(nanos)
        }
        if let count = try? count(text, flag: flag), count > 0 { return .count(count) }
        throw CommandError(
            "--\(flag) \(text) is no size, time or count", remedy: "Write it like 1GiB, 10m or 100k.")
    }

    /// A share in parts per billion: `2%`, `0.5%`, `0.02`.
    package static func shareBillionths(_ text: String, flag: String) throws(CommandError) -> UInt64 {
        let isPercent = text.hasSuffix("%")
        let value = scaled(isPercent ? String(text.dropLast()) : text, by: isPercent ? 10_000_000 : 1_000_000_000)
        guard let value, value <= 1_000_000_000 else {
            throw CommandError(
                "--\(flag) \(text) is not a share", remedy: "Write it like 2%, 0.5% or 0.02; at most 100%.")
        }
        return value
    }

    /// N of M, as in `1/100`.
    package static func sample(_ text: String, flag: String) throws(CommandError) -> Selection.Sample {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let taken = UInt64(parts[0]), let of = UInt64(parts[1]), of > 0, taken <= of else {
            throw CommandError("--\(flag) \(text) is not a share", remedy: "Write it like 1/100.")
        }
        return Selection.Sample(taken: taken, of: of)
    }

    /// `host:port`, `[v6]:port`; the port may be 0 where `anyPort` says so.
    package static func hostPort(
        _ text: String, flag: String, anyPort: Bool = false
    ) throws(CommandError) -> (host: String, port: UInt16) {
        let wrong = CommandError(
            "--\(flag) \(text) is not HOST:PORT", remedy: "Write it like 127.0.0.1:9090 or [::1]:9090.")
        guard let colon = text.lastIndex(of: ":") else { throw wrong }
        var host = String(text[..<colon])
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw wrong
        }
        guard !host.isEmpty, let port = UInt16(text[text.index(after: colon)...]), anyPort || port > 0 else {
            throw wrong
        }
        return (host, port)
    }

    /// `digits[.digits]` times `scale`, exactly; nil when it is no such number, does not fit or is not whole.
    static func scaled(_ text: String, by scale: UInt64) -> UInt64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let integer = UInt64(whole)
        else { return nil }
        var (result, overflow) = integer.multipliedReportingOverflow(by: scale)
        if overflow { return nil }
        if parts.count == 2 {
            var unit = scale
            if parts[1].isEmpty { return nil }
            for digit in parts[1].utf8 {
                guard (0x30...0x39).contains(digit) else { return nil }
                let value = UInt64(digit - 0x30)
                if value != 0 && unit % 10 != 0 { return nil }
                unit /= 10
                (result, overflow) = result.addingReportingOverflow(value * unit)
                if overflow { return nil }
            }
        }
        return result
    }
}
