/// Lines of a histogram log as HdrHistogram's HistogramLogReader and its relatives read it (format 1.3). Values are µs;
/// the column of the largest one is in ms.
package enum HistogramLog {
    /// - Parameter startNanos: of the run, since 1970 UTC. Intervals are relative to it.
    package static func head(startNanos: UInt64, comment: String) -> String {
        let start = seconds(nanos: startNanos)
        return """
            #\(comment.split(whereSeparator: \.isNewline).joined(separator: " "))
            #[Histogram log format version 1.3]
            #[StartTime: \(start) (seconds since epoch), UTC]
            #[BaseTime: \(start) (seconds since epoch)]
            "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"

            """
    }

    /// One interval; ends with a line feed. Commas, blanks and line ends in a tag become `_`.
    package static func line(tag: String = "", startNanos: UInt64, lengthNanos: UInt64, _ histogram: Histogram)
        -> String
    {
        let name = String(
            String.UnicodeScalarView(
                tag.unicodeScalars.map { $0.value <= 0x20 || $0 == "," || $0.value == 0x7F ? "_" : $0 }))
        let highest = histogram.count == 0 ? 0 : histogram.maxMicros
        return (name.isEmpty ? "" : "Tag=\(name),")
            + "\(seconds(nanos: startNanos)),\(seconds(nanos: lengthNanos)),\(seconds(nanos: highest * 1_000_000)),"
            + histogram.hdr + "\n"
    }

    /// With three decimals.
    private static func seconds(nanos: UInt64) -> String {
        let millis = String(nanos / 1_000_000 % 1000)
        return "\(nanos / 1_000_000_000)." + String(repeating: "0", count: 3 - millis.utf8.count) + millis
    }
}
