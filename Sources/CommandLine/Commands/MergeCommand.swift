import Files
import JSON
import Metrics
import Replay
import Report

package let mergeCommand = CommandSpec(
    name: "merge",
    summary: "Add the results of several generators, or the parts of one run",
    arguments: "RESULT...",
    argumentCount: 1...1000,
    discussion: """
        Reads results that 'tinct replay --result' wrote and adds them up: counts are summed, percentiles come from the \
        added histograms, seconds are counted from the start of the earliest run. The percentiles of a second are the \
        worst of any generator's. The sum is a result like its parts and can be merged again.

        Parts of one run ('tinct replay --result-every') become that run first: it has the rate and the connections of each \
        of them, not their sum. A part beside the result of its whole run, or twice, is refused.

        Ends with 1 when an expectation does not hold, with 4 when a generator was the limit of its run.
        """,
    examples: [
        ("tinct merge a.json b.json --report both.html", "Two generators as one, with a report."),
        ("tinct merge run-0*.json --report run.html", "The parts of one run, with all its seconds."),
        ("tinct merge gen-*.json --expect 'p99<300ms' --json", "Judges the sum."),
    ],
    flags: [
        Flag(
            "expect", value: "CONDITION", repeatable: true,
            help: "Fail (status 1) unless it holds of the sum: 'p99<300ms', 'success>99.9%'."),
        Flag("result", value: "FILE", help: "Write the sum as a result.", completion: .file),
        Flag("report", value: "FILE", help: "Write it as one HTML page.", completion: .file),
        Flag("junit", value: "FILE", help: "Write the expectations as JUnit XML.", completion: .file),
        .json,
    ]
) { invocation in
    var conditions: [Condition] = []
    do throws(ConditionError) {
        for text in invocation.all("expect") { conditions.append(try Condition(parsing: text)) }
    } catch {
        throw CommandError("--expect: \(error)")
    }
    for flag in ["result", "report", "junit"] {
        guard let output = invocation[flag] else { continue }
        try OutputPath.check(output, flag, against: invocation.arguments)
    }
    var results: [RunResult] = []
    for path in invocation.arguments {
        do {
            results.append(try RunResult(parsing: try JSONValue(parsing: try readFile(path, limit: 1 << 30))))
        } catch {
            throw CommandError("\(path) cannot be merged: \(error)", remedy: "Give files of 'tinct replay --result'.")
        }
    }
    if let doubled = RunResult.doubled(in: results) {
        throw CommandError(
            "counted twice: \(doubled)", remedy: "Give the parts of a run once, or its whole result alone.")
    }
    var merged = RunResult.merging(results)
    if let sample = merged.sample { merged.expectations = conditions.map { ExpectationResult($0, in: sample) } }
    func save(_ bytes: [UInt8], _ flag: String) throws(CommandError) {
        guard let path = invocation[flag] else { return }
        do { try writeFile(path, bytes: bytes) } catch { throw CommandError("\(error)", exit: .failed) }
    }
    let json = merged.json()
    try save(json, "result")
    try save(HTMLReport.render(merged), "report")
    try save(JUnitReport.render(merged), "junit")
    if invocation.wantsJSON { Output.write(json) } else { Output.write(TextReport.render(merged)) }
    if merged.run.isGeneratorBound { return .inconclusive }
    return merged.expectations.allSatisfy(\.holds) ? .ok : .expectationFailed
}
