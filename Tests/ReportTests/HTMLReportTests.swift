import Foundation
import FoundationXML
import Metrics
import Testing

@testable import Report

@Suite struct HTMLReports {
    private func text(_ result: RunResult) -> String { String(decoding: HTMLReport.render(result), as: UTF8.self) }

    /// Names, attributes and text as a foreign parser sees them.
    private final class Reader: NSObject, XMLParserDelegate {
        var elements: [String: Int] = [:]
        var attributes: [(String, String)] = []
        var characters = ""

        func parser(
            _: XMLParser, didStartElement name: String, namespaceURI _: String?, qualifiedName _: String?,
            attributes found: [String: String]
        ) {
            elements[name, default: 0] += 1
            attributes += found.map { ($0.key, $0.value) }
        }

        func parser(_: XMLParser, foundCharacters string: String) { characters += string }
    }

    private func read(_ result: RunResult) throws -> Reader {
        let reader = Reader()
        let parser = XMLParser(data: Data(HTMLReport.render(result)))
        parser.delegate = reader
        try #require(parser.parse(), "\(String(describing: parser.parserError)) at line \(parser.lineNumber)")
        return reader
    }

    @Test func isWellFormedWithEveryPart() throws {
        // For looking at it: the page is left where the variable says.
        if let folder = ProcessInfo.processInfo.environment["TINCT_KEEP_REPORTS"] {
            for (name, result) in [("mixed", Samples.mixed), ("clean", Samples.clean), ("empty", RunResult())] {
                try Data(HTMLReport.render(result)).write(to: URL(fileURLWithPath: "\(folder)/\(name).html"))
            }
        }
        let reader = try read(Samples.mixed)
        #expect(reader.elements["svg"] == 3)
        for part in [
            "Throughput over time", "Latency over time", "Latency percentiles", "Outcomes", "Operations",
            "Tag coverage",
            "Run", "Decisions", "RiskDecision.evaluate", "POST /v1/users/{}/decisions", "rehearsal-7",
            "baggage:stress-test",
            "noReply", "2026-01-01 00:00:00 UTC", "15,870 of 16,000 due requests ended ok",
        ] {
            #expect(reader.characters.contains(part), "\(part)")
        }
        let tips = reader.attributes.filter { $0.0 == "data-tip" }.map(\.1)
        #expect(tips.count == 8 + 8 + 6)
        #expect(tips.contains { $0.hasPrefix("second 4") && $0.contains("errors 130/s") })
        #expect(tips.contains { $0.contains("corrected 18.3 ms") && $0.contains("raw 9.20 ms") })
    }

    @Test func loadsNothingFromAnywhere() throws {
        let reader = try read(Samples.mixed)
        let loading = ["src", "href", "xlink:href", "action", "srcset", "data", "poster", "background"]
        #expect(reader.attributes.allSatisfy { !loading.contains($0.0) })
        for element in ["link", "img", "iframe", "object", "embed", "base", "form"] {
            #expect(reader.elements[element] == nil)
        }
        let page = text(Samples.mixed)
        #expect(!page.contains("url(") && !page.contains("@import") && !page.contains("//"[...] + "cdn"))
        // The targets are the only addresses, and stand as text.
        #expect(
            page.components(separatedBy: "http://").count - 1 == page.components(separatedBy: "http://127.0.0.1:8080")
                .count - 1)
        #expect(page.contains("default-src 'none'") || page.contains("default-src &#39;none&#39;"))
    }

    @Test func textsFromOutsideCannotBecomeMarkup() throws {
        let hostile = "</script><script>alert(1)</script><b a='\"&\u{0}\u{1B}[31m\u{202E}"
        var result = Samples.mixed
        result.run.tag = hostile
        result.run.tape = hostile
        result.run.targets = [hostile]
        result.run.carriers = [hostile]
        result.run.pacer = hostile
        result.run.rate = nil
        result.run.exitReason = hostile
        result.run.isGeneratorBound = true
        result.run.generatorBoundReason = hostile
        result.run.toolVersion = hostile
        result.operations[0].name = hostile
        result.operations[0].decisions[0].name = hostile
        result.refusals = [.init(operation: hostile, reason: hostile, count: 3)]
        let reader = try read(result)
        #expect(reader.elements["script"] == 1)
        #expect(reader.elements["b"] == nil)
        #expect(reader.characters.contains("alert(1)"))
        #expect(!TextReport.render(result).contains("\u{1B}"))
    }

    @Test func emptyAndExtremeRunsAreDrawnToo() throws {
        _ = try read(RunResult())
        var result = Samples.mixed
        result.series = (0..<100_000).map { second in
            var entry = RunResult.Second()
            entry.second = second
            entry.due = UInt64.max
            entry.p99Micros = UInt64.max
            entry.p50Micros = UInt64(second % 7)
            return entry
        }
        result.totals.due = .max
        result.latency.corrected.maxMicros = .max
        let reader = try read(result)
        #expect(reader.attributes.filter { $0.0 == "data-tip" }.count <= 2 * HTMLReport.bucketLimit + 6)
        result.series = [result.series[3]]
        _ = try read(result)
    }
}

@Suite struct ChartScales {
    @Test func logarithmAgreesWithTheCLibrary() {
        for value in [1e-9, 0.5, 1, 1.5, 1.999, 2, 10, 12_345, 3.6e9] {
            #expect(abs(value.logarithm - log10(value)) < 1e-4, "\(value)")
        }
    }

    @Test(arguments: [(0.0, 1.0), (0.3, 0.5), (1, 1), (1.1, 2), (2.2, 2.5), (7, 10), (499, 500), (2600, 5000)])
    func stepsAreRound(value: Double, step: Double) { #expect(abs(Plot.niceStep(value) - step) < 1e-9) }

    @Test(
        arguments: [Plot.Scale.linear, .logarithmic], [[3.0], [0.2, 9], [1, 1000], [95, 105], [1, 1e9], [0], []])
    func ticksEncloseWhatIsDrawn(scale: Plot.Scale, values: [Double]) {
        let plot = Plot(
            label: "", scale: scale, series: [PlotSeries(name: "", style: "", values: values)], positions: values,
            marks: [],
            tips: [], format: { "\($0)" })
        let ticks = plot.yTicks
        #expect(ticks == ticks.sorted())
        #expect(ticks.count <= 14)
        if scale == .linear || values.contains(where: { $0 > 0 }) {
            #expect((ticks.last ?? 0) >= (values.max() ?? 0))
            if scale == .linear || values.allSatisfy({ $0 >= 1 }) { #expect((ticks.first ?? 0) <= (values.min() ?? 0)) }
        }
    }
}
