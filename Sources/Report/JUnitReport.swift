package import Metrics

/// A run's expectations as JUnit XML, for build servers: one test for each, and one for the run itself.
package enum JUnitReport {
    package static func render(_ result: RunResult) -> [UInt8] {
        let verdict = Verdict(result)
        let ended = result.run.exitReason
        // Whether the run came to its end is a test like the others; what it found out is for the expectations.
        let isWhole = ["done", "tapeEnded"].contains(ended) && !result.run.isGeneratorBound && result.totals.sent > 0
        let failures = result.expectations.count { !$0.holds } + (isWhole ? 0 : 1)
        let seconds = Figures.fixed(Double(result.run.durationNanos) / 1e9, places: 3)
        var page = Markup()
        page.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        page.element(
            "testsuite",
            [
                ("name", "tinct replay \(result.run.tag)"), ("tests", "\(result.expectations.count + 1)"),
                ("failures", "\(failures)"), ("errors", "0"), ("time", seconds),
            ]
        ) { suite in
            suite.element("testcase", [("classname", "tinct.replay"), ("name", "the run is whole"), ("time", seconds)])
            {
                if !isWhole { $0.element("failure", [("message", verdict.sentence)], result.run.exitDetail) }
            }
            tests(result.expectations, of: "tinct.replay.expect", into: &suite)
        }
        page.raw("\n")
        return Array(page.text.utf8)
    }

    /// Expectations of another command, one test for each.
    package static func render(_ expectations: [ExpectationResult], command: String) -> [UInt8] {
        let failures = expectations.count { !$0.holds }
        var page = Markup()
        page.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        page.element(
            "testsuite",
            [
                ("name", "tinct \(command)"), ("tests", "\(expectations.count)"), ("failures", "\(failures)"),
                ("errors", "0"),
            ]
        ) { tests(expectations, of: "tinct.\(command).expect", into: &$0) }
        page.raw("\n")
        return Array(page.text.utf8)
    }

    private static func tests(_ expectations: [ExpectationResult], of className: String, into suite: inout Markup) {
        for expectation in expectations {
            suite.element("testcase", [("classname", className), ("name", expectation.text)]) { test in
                if !expectation.holds {
                    test.element("failure", [("message", "it is \(expectation.actual)")], expectation.text)
                }
            }
        }
    }
}
