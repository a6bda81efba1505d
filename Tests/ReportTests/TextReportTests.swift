import Metrics
import Testing

@testable import Report

@Suite struct TextReports {
    @Test func saysTheVerdictFirstAndThenTheFigures() {
        let expected = """
            ERRORS  15,870 of 16,000 due requests ended ok; 130 (0.81 %) did not.

              payments.mcap → http://127.0.0.1:8080, thrift://127.0.0.1:9090
              run rehearsal-7 · 2,000/s · open loop · 16 connections · 2 threads · 8.00 s

              due 16,000   sent 15,990   answered 15,950   unsent 10
              tagged 15,990 of 15,990 sent (100 %) through http:x-stress-test, baggage:stress-test, thrift:1.20.5

              latency                     p50       p90       p95       p99     p99.9       max
              corrected (from due)    1.23 ms   2.89 ms   4.10 ms   18.3 ms   92.0 ms    310 ms
              raw (from send)         1.18 ms   2.50 ms   3.30 ms   9.20 ms   30.1 ms    120 ms
              lateness of generator     12 µs     40 µs     55 µs    180 µs    900 µs   2.10 ms

              outcome     requests     share
              ok            15,870   99.19 %
              overSLO           60    0.38 %
              noReply           40    0.25 %
              httpError         20    0.13 %
              unsent            10    0.06 %

              operation                     requests        ok       p50       p95       p99      max
              RiskDecision.evaluate           12,000   99.46 %   1.23 ms   4.10 ms   18.3 ms   310 ms
              POST /v1/users/{}/decisions      4,000    98.4 %   1.23 ms   4.10 ms   18.3 ms   310 ms

              decision   replies    share   operation
              approve     11,500   96.4 %   RiskDecision.evaluate
              decline        300    2.5 %   RiskDecision.evaluate
              review         135    1.1 %   RiskDecision.evaluate
              approve      3,500   88.9 %   POST /v1/users/{}/decisions
              decline        300    7.6 %   POST /v1/users/{}/decisions
              review         135    3.4 %   POST /v1/users/{}/decisions

            """
        #expect(TextReport.render(Samples.mixed) == expected)
    }
}

@Suite struct ReportFigures {
    @Test(arguments: [
        (0, 0, "–"), (0, 5, "0 %"), (5, 5, "100 %"), (999_999, 1_000_000, "> 99.99 %"), (1, 1_000_000, "< 0.01 %"),
        (9998, 10_000, "99.98 %"), (1, 3, "33.3 %"), (1, 2, "50 %"), (5, 1000, "0.5 %"),
    ])
    func sharesNeverRoundToAllOrNothing(part: UInt64, whole: UInt64, text: String) {
        #expect(Figures.share(part, of: whole) == text)
    }

    @Test(arguments: [
        (0, "0 µs"), (999, "999 µs"), (1000, "1.00 ms"), (12_345, "12.3 ms"), (123_456, "123 ms"), (999_499, "999 ms"),
        (999_500, "1.00 s"), (3_600_000_000, "3600 s"),
    ])
    func microsKeepThreeDigits(value: UInt64, text: String) { #expect(Figures.micros(value) == text) }

    @Test func countsAreGroupedAndBytesScaled() {
        #expect(Figures.count(1_234_567) == "1,234,567")
        #expect(Figures.count(999) == "999")
        #expect(Figures.bytes(999) == "999 B")
        #expect(Figures.bytes(1_500_000) == "1.50 MB")
        #expect(Figures.rate(1999.6) == "2,000")
        #expect(Figures.rate(.nan) == "–")
        #expect(Figures.duration(nanos: 5_000_000_000) == "5.00 s")
        #expect(Figures.duration(nanos: 3_725_000_000_000) == "1 h 2 min")
        #expect(Figures.fixed(-0.04, places: 1) == "0.0")
        #expect(Figures.fixed(2.675, places: 0) == "3")
    }
}

@Suite struct Verdicts {
    private func verdict(_ change: (inout RunResult) -> Void) -> Verdict {
        var result = Samples.clean
        change(&result)
        return Verdict(result)
    }

    @Test func passesOnlyWhenEverythingEndedOk() {
        #expect(verdict { _ in }.level == .good)
        #expect(verdict { $0[.reset, count: ()] = 1 }.title == "Errors")
        #expect(verdict { $0.totals.tagged -= 1 }.title == "Untagged")
        #expect(verdict { $0.run.isGeneratorBound = true }.title == "Inconclusive")
        #expect(verdict { $0.run.exitReason = "guard" }.level == .bad)
        #expect(verdict { $0.run.exitReason = "signal" }.title == "Stopped")
        #expect(verdict { $0.totals.sent = 0 }.title == "Nothing sent")
    }
}
