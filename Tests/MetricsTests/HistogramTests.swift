import Foundation
import Metrics
import TestSupport
import Testing

@Suite struct HistogramTests {
    /// A linear congruential generator (Knuth's MMIX) with values of every magnitude; the same in the Python below.
    private static func sample(_ count: Int) -> [UInt64] {
        var state: UInt64 = 12345
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) >> ((state >> 20) % 31)
        }
    }

    /// What `hdrh.histogram.HdrHistogram(1, 3600000000, 3)` of PyPI's hdrhistogram 0.10.3 gives for the same values.
    @Test(
        arguments: [
            (0, 0), (1, 0), (25, 110), (50, 23919), (75, 5_193_727), (90, 133_431_295), (95, 461_111_295),
            (99, 1_495_269_375), (99.9, 2_091_909_119), (99.99, 2_142_240_767), (100, 2_147_483_647),
        ] as [(Double, UInt64)])
    func percentilesAgreeWithHdrHistogram(percentile: Double, expected: UInt64) {
        let histogram = Histogram()
        for value in Self.sample(100_000) { histogram.record(micros: value) }
        #expect(histogram.valueMicros(atPercentile: percentile) == expected)
    }

    @Test func keepsThreeDigitsAndExactExtremes() {
        for value: UInt64 in [0, 1, 2047, 2048, 2049, 4095, 4096, 123_456, 999_999_999, 3_600_000_000] {
            let histogram = Histogram()
            histogram.record(micros: value)
            let step = histogram.steps()[0]
            #expect(step.values.contains(value))
            #expect((step.values.upperBound - step.values.lowerBound) * 1000 <= max(value, 999))
            #expect(histogram.minMicros == value && histogram.maxMicros == value)
            #expect(histogram.valueMicros(atPercentile: 50) == step.values.upperBound)
        }
    }

    @Test func mergingEqualsRecordingTogether() {
        let values = Self.sample(10_000)
        let (left, right, whole) = (Histogram(), Histogram(), Histogram())
        for (i, value) in values.enumerated() {
            (i % 3 == 0 ? left : right).record(micros: value)
            whole.record(micros: value)
        }
        left.add(right)
        left.add(Histogram())
        #expect(left.percentiles == whole.percentiles)
        #expect(left.count == 10_000)
        #expect(whole.meanMicros == Double(values.reduce(0, +)) / 10_000)
    }

    @Test func clampsAndForgets() {
        let histogram = Histogram()
        histogram.record(micros: .max)
        histogram.record(micros: 5, times: 3)
        #expect(histogram.clamped == 1)
        #expect(histogram.maxMicros == Histogram.highestMicros)
        #expect(histogram.steps().map(\.count) == [3, 1])
        histogram.reset()
        #expect(histogram.count == 0 && histogram.steps().isEmpty && histogram.valueMicros(atPercentile: 99) == 0)
        histogram.record(micros: 7)
        #expect(histogram.steps().map(\.count) == [1])
    }

    /// PyPI's hdrhistogram reads our V2 form and finds the same counts, extremes and percentiles.
    @Test(.requires(.python), arguments: [0, 1, 7, 20_000]) func hdrHistogramReadsTheCompressedForm(count: Int) throws {
        let histogram = Histogram()
        for value in Self.sample(count) { histogram.record(micros: value, times: value % 5 == 0 ? 3_000_000_000 : 1) }
        let script = """
            import sys, json
            from hdrh.histogram import HdrHistogram
            h = HdrHistogram.decode(sys.argv[1])
            print(json.dumps([h.get_total_count(), h.get_max_value() if h.get_total_count() else 0,
                              h.significant_figures, h.highest_trackable_value]
                             + [h.get_value_at_percentile(p) for p in (1, 50, 90, 99, 99.9, 100)]))
            """
        let result = try python(script, [histogram.hdr])
        try #require(result.status == 0, "\(result.errors)")
        let theirs = try JSONDecoder().decode([UInt64].self, from: Data(result.stdout))
        let highest = histogram.count == 0 ? 0 : histogram.valueMicros(atPercentile: 100)
        #expect(theirs[..<4] == [histogram.count, highest, 3, Histogram.highestMicros])
        #expect(theirs[4...] == ArraySlice([1, 50, 90, 99, 99.9, 100].map { histogram.valueMicros(atPercentile: $0) }))
    }

    @Test(arguments: [0, 1, 7, 20_000]) func whatIsWrittenIsReadAgain(count: Int) throws {
        let histogram = Histogram()
        for value in Self.sample(count) { histogram.record(micros: value, times: value % 5 == 0 ? 3_000_000_000 : 1) }
        let read = try Histogram(hdr: histogram.hdr)
        #expect(read.count == histogram.count && read.hdr == histogram.hdr)
        for percentile in stride(from: 0.0, through: 100, by: 0.25) {
            #expect(read.valueMicros(atPercentile: percentile) == histogram.valueMicros(atPercentile: percentile))
        }
    }

    /// What PyPI's hdrhistogram encodes is read, with the same counts.
    @Test(.requires(.python)) func readsWhatHdrHistogramWrites() throws {
        let script = """
            from hdrh.histogram import HdrHistogram
            h = HdrHistogram(1, 3600000000, 3)
            for value in (1, 5, 5, 2047, 2048, 123456, 3599999999): h.record_value(value)
            print(h.encode().decode(), end="")
            """
        let result = try python(script)
        try #require(result.status == 0, "\(result.errors)")
        let read = try Histogram(hdr: result.output)
        #expect(read.count == 7)
        #expect(read.steps().map(\.count) == [1, 2, 1, 1, 1, 1])
        #expect(read.valueMicros(atPercentile: 40) == 5)
    }

    @Test func damagedFormsAreRefusedAndNeverTrap() throws {
        let histogram = Histogram()
        for value in Self.sample(300) { histogram.record(micros: value) }
        let text = histogram.hdr
        // Padding may be missing.
        for length in 0..<text.prefix(while: { $0 != "=" }).utf8.count {
            #expect(throws: (any Error).self) { try Histogram(hdr: String(text.prefix(length))) }
        }
        for position in stride(from: 0, to: text.utf8.count, by: 3) {
            var bytes = Array(text.utf8)
            bytes[position] = bytes[position] == 65 ? 66 : 65
            _ = try? Histogram(hdr: String(decoding: bytes, as: UTF8.self))
        }
    }

    /// Every percentile of every interval, and of all of them together, agrees with PyPI's hdrhistogram.
    @Test(.requires(.python)) func hdrHistogramsLogReaderAgreesOnEveryPercentile() throws {
        let folder = try TemporaryDirectory()
        var log = HistogramLog.head(startNanos: 1_767_225_600_123_000_000, comment: "a log")
        let (whole, tagged) = (Histogram(), Histogram())
        let percentiles = Array(stride(from: 0.5, through: 100, by: 0.5)) + [99.9, 99.99, 99.999]
        var ours: [[UInt64]] = []
        for second in 0..<5 as Range<UInt64> {
            let interval = Histogram()
            for value in Self.sample(4000) { interval.record(micros: value >> second) }
            whole.add(interval)
            let start = second * 1_000_000_000
            log += HistogramLog.line(startNanos: start, lengthNanos: 1_000_000_000, interval)
            if second % 2 == 0 {
                tagged.add(interval)
                log += HistogramLog.line(tag: "POST /a,b c", startNanos: start, lengthNanos: 1_000_000_000, interval)
            }
            ours.append(percentiles.map { interval.valueMicros(atPercentile: $0) })
        }
        ours.append(percentiles.map { whole.valueMicros(atPercentile: $0) })
        ours.append(percentiles.map { tagged.valueMicros(atPercentile: $0) })
        let path = try folder.write("run.hlog", text: log)
        let script = """
            import sys, json
            from hdrh.histogram import HdrHistogram
            from hdrh.log import HistogramLogReader
            ps = json.loads(sys.argv[2])
            new = lambda: HdrHistogram(1, 3600000000, 3)
            reader, out = HistogramLogReader(sys.argv[1], new()), []
            whole, tagged = new(), new()
            while True:
                h = reader.get_next_interval_histogram()
                if not h: break
                if h.get_tag():
                    assert h.get_tag() == "POST_/a_b_c", h.get_tag()
                    tagged.add(h)
                else:
                    whole.add(h)
                    out.append([h.get_value_at_percentile(p) for p in ps])
            out += [[h.get_value_at_percentile(p) for p in ps] for h in (whole, tagged)]
            print(json.dumps(out))
            """
        let result = try python(script, [path, "\(percentiles)"])
        try #require(result.status == 0, "\(result.errors)")
        #expect(try JSONDecoder().decode([[UInt64]].self, from: Data(result.stdout)) == ours)
    }
}
