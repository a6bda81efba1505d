import Metrics
import Pacing
import Replay
import TestSupport
import Testing
import YAML

@Suite(.serialized) struct PacedRunTests {
    private func run(
        _ rate: String, _ count: Int, threads: Int = 2, _ change: (inout Run.Options) -> Void = { _ in }
    ) throws -> RunResult {
        let server = try MisbehavingServer { number, _ in
            number % 10 == 9 ? .bytes("HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n") : .bytes(Sample.ok)
        }
        defer { server.stop() }
        var options = try Sample.options(rate, connections: 8, threads: threads)
        options.allowsDuplicates = true
        // A machine that stands still must not make anything unsent.
        options.timeoutNanos = 20_000_000_000
        change(&options)
        let result = try Sample.run(Sample.http(count, flows: 20), port: server.port, options)
        #expect(result.totals.due == result.outcomes.reduce(0, +))
        #expect(result.warmUp.due == result.warmUp.outcomes.reduce(0, +))
        return result
    }

    @Test func aRampSendsItsAreaAndEnds() throws {
        let result = try run("ramp:0..1000/1s", 100)
        #expect(result.totals.due == 500 || result.totals.due == 501)
        #expect(result[.ok] + result[.httpError] == result.totals.due)
        #expect(result.run.rate == nil && result.run.exitReason == "done")
    }

    @Test func stepsAndPoissonArrivalsAreSharedByTheLoops() throws {
        #expect(try run("step:100+100..300/300ms", 200).totals.due == 30 + 60 + 90)
        let pacer = try Pacer(parsing: "poisson:500")
        let result = try run("poisson:500", 1000) {
            $0.durationNanos = 500_000_000
            $0.seed = 7
        }
        #expect(result.totals.due == pacer.dueCount(withinNanos: 500_000_000, seed: 7))
    }

    @Test func warmUpIsInNoFigureButTheSeries() throws {
        let result = try run("1000", 2000) {
            $0.durationNanos = 1_600_000_000
            $0.warmUpNanos = 1_000_000_000
        }
        #expect(result.warmUp.due == 1000 && result.warmUp.sent == 1000 && result.warmUp.tagged == 1000)
        #expect(result.totals.due == 600 && result.totals.sent == 600 && result.totals.tagged == 600)
        #expect(result.latency.corrected.count == 600 && result.lateness.count == 600)
        #expect(result.warmUp.answered == 1000 && result.totals.answered == 600)
        #expect(result.series.reduce(0) { $0 + $1.sent } == 1600)
        // What was due in the warm-up and ended after it is nowhere else.
        let ended = result.series.reduce(0) { $0 + $1.outcomes.reduce(0, +) }
        #expect(ended >= 600 && ended <= 1600)
    }

    @Test func everySecondHasItsOutcomesByOperation() throws {
        let result = try run("400", 900) { $0.durationNanos = 2_200_000_000 }
        #expect(result.series.map(\.second) == Array(0..<result.series.count) && result.series.count >= 3)
        #expect(result.series.reduce(0) { $0 + $1.due } == 880)
        for outcome in Outcome.allCases {
            let index = Int(outcome.rawValue)
            #expect(result.series.reduce(0) { $0 + $1.outcomes[index] } == result[outcome])
            #expect(
                result.series.reduce(0) { $0 + $1.operations.reduce(0) { $0 + $1.outcomes[index] } } == result[outcome])
        }
        #expect(result.series[0].operations.map(\.operation) == [0] && result.series[0].p99Micros > 0)
    }

    @Test func aScheduleIsAListOfRates() throws {
        let text = """
            - rate: ramp:100..200/10s
            - rate: 200
              for: 5m
            - {rate: "step:10+10..20/1s"}
            - {rate: poisson:800, for: 1.5s}
            """
        let pacer = try Schedule.parse(Array(text.utf8), file: "s.yaml")
        #expect(pacer.stages.map(\.durationNanos) == [10, 300, 1, 1, 1.5].map { UInt64($0 * 1e9) })
        #expect(pacer.ownDurationNanos == 313_500_000_000)
        #expect(pacer.peakPerThousandSeconds == 800_000)
    }

    @Test func recordedTimeFollowsRatesAndIsFollowedByThem() throws {
        // One request every 10 ms on the tape.
        let text = """
            - {rate: 100, for: 0.5s}
            - {rate: recorded, for: 0.3s}
            - {rate: 2x, for: 0.2s}
            - {rate: 50, for: 0.4s}
            - rate: recorded
            """
        let pacer = try Schedule.parse(Array(text.utf8), file: "s.yaml")
        #expect(pacer.mixesRecordedTime && pacer.ownDurationNanos == nil)
        #expect(pacer.peakPerThousandSeconds == nil && pacer.statedPeakPerThousandSeconds == 100_000)
        var expected: [UInt64] = (0..<50).map { $0 * 10 }
        expected += (0..<30).map { 500 + $0 * 10 }
        expected += (0..<40).map { 800 + $0 * 5 }
        expected += (0..<20).map { 1000 + $0 * 20 }
        expected += (0..<60).map { 1400 + $0 * 10 }
        let program = PaceProgram(pacer, seed: 1)
        for index in 0..<200 as Range<UInt64> {
            program.reach(sequence: index, recordedOffsetNanos: index * 10_000_000)
        }
        // Two loops that share the tape.
        var cursors = [PaceCursor(program), PaceCursor(program)]
        for index in 0..<200 as Range<UInt64> {
            let due = cursors[Int(index % 2)].dueNanos(sequence: index, recordedOffsetNanos: index * 10_000_000)
            #expect(due == expected[Int(index)] * 1_000_000, "\(index)")
        }
        // What overlapped with the first request of recorded time comes with it.
        #expect(cursors[0].dueNanos(sequence: 51, recordedOffsetNanos: 495_000_000) == 500_000_000)
    }

    @Test func aMixedScheduleIsSentOverSeveralRounds() throws {
        let text = "- {rate: 1000, for: 0.2s}\n- {rate: recorded, for: 0.3s}\n- {rate: 500, for: 0.2s}\n"
        let pacer = try Schedule.parse(Array(text.utf8), file: "s.yaml")
        let result = try run("1", 150) { $0.pacer = pacer }
        // Sample.http records one request a ms; between two rounds lies a little less.
        #expect((600...602).contains(result.totals.due))
        #expect(result.run.rounds >= 4 && result.run.exitReason == "done")
    }

    @Test(arguments: [
        ("- rate: 100\n", "s.yaml:1:9: the rate 100 lacks its length"),
        ("- rate: 100\n  for: soon\n", "s.yaml:2:8: "),
        ("- rate: 100\n  for: 5s\n- rate: max\n  for: 5s\n", "s.yaml:3:9: max is a closed loop"),
        ("- rate: recorded\n- rate: 5\n  for: 5s\n", "s.yaml:1:9: the rate recorded lacks its length"),
        ("- rate: ramp:1..2/5s\n  for: 5s\n", "s.yaml:2:8: ramp:1..2/5s has a length of its own"),
        ("- rate: fast\n  for: 5s\n", "s.yaml:1:9: 'fast' is no rate"), ("[]\n", "s.yaml:1:1: the schedule is empty"),
        ("- rat: 5\n", "s.yaml:1:3: "), ("rate: 5\n", "s.yaml:1:1: "),
    ])
    func errorsOfAScheduleSayWhere(text: String, message: String) {
        let error = #expect(throws: YAMLError.self) { try Schedule.parse(Array(text.utf8), file: "s.yaml") }
        #expect(error?.description.hasPrefix(message) == true, "\(error.map(String.init(describing:)) ?? "")")
    }
}
