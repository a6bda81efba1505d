import Metrics

enum Samples {
    /// A run with several kinds of outcome, two operations and eight seconds.
    static var mixed: RunResult {
        var result = RunResult()
        result.run.tag = "rehearsal-7"
        result.run.tape = "payments.mcap"
        result.run.targets = ["http://127.0.0.1:8080", "thrift://127.0.0.1:9090"]
        result.run.carriers = ["http:x-stress-test", "baggage:stress-test", "thrift:1.20.5"]
        result.run.pacer = "2000"
        result.run.rate = 2000
        result.run.connections = 16
        result.run.threads = 2
        result.run.startNanos = 1_767_225_600_000_000_000
        result.run.durationNanos = 8_000_000_000
        result.run.rounds = 1
        result.run.toolVersion = "0.1.0"
        result.totals.due = 16_000
        result.totals.sent = 15_990
        result.totals.answered = 15_950
        result.totals.unsent = 10
        result.totals.tagged = 15_990
        result.totals.bytesSent = 9_876_543
        result.totals.bytesReceived = 4_321_000
        result[.ok, count: ()] = 15_870
        result[.overSLO, count: ()] = 60
        result[.httpError, count: ()] = 20
        result[.noReply, count: ()] = 40
        result[.unsent, count: ()] = 10
        result.latency.corrected = percentiles(15_950, [1234, 2890, 4100, 18_300, 92_000, 310_000])
        result.latency.raw = percentiles(15_950, [1180, 2500, 3300, 9200, 30_100, 120_000])
        result.lateness = percentiles(15_990, [12, 40, 55, 180, 900, 2100])
        for (name, count) in [("RiskDecision.evaluate", UInt64(12_000)), ("POST /v1/users/{}/decisions", 4000)] {
            var operation = RunResult.Operation(name: name)
            operation.count = count
            operation.outcomes[Int(Outcome.ok.rawValue)] = count - 65
            operation.outcomes[Int(Outcome.noReply.rawValue)] = 65
            operation.latency = result.latency
            operation.decisions = [.init("approve", count - 500), .init("decline", 300), .init("review", 135)]
            result.operations.append(operation)
        }
        for second in 0..<8 {
            var entry = RunResult.Second()
            entry.second = second
            entry.due = 2000
            entry.sent = second == 4 ? 1990 : 2000
            entry.answered = second == 4 ? 1700 : second == 5 ? 2250 : 2000
            entry.errors = second == 4 ? 130 : 0
            entry.p50Micros = second == 4 ? 5200 : 1200 + UInt64(second) * 20
            entry.p99Micros = second == 4 ? 140_000 : 12_000 + UInt64(second) * 300
            result.series.append(entry)
        }
        result.cpuSeconds = 1.42
        return result
    }

    /// Everything as it should be.
    static var clean: RunResult {
        var result = mixed
        result.totals.sent = 16_000
        result.totals.answered = 16_000
        result.totals.unsent = 0
        result.totals.tagged = 16_000
        result.outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
        result[.ok, count: ()] = 16_000
        for i in result.series.indices {
            result.series[i].errors = 0
            result.series[i].sent = 2000
            result.series[i].answered = 2000
            result.series[i].p50Micros = 1200 + UInt64(i) * 20
            result.series[i].p99Micros = 12_000 + UInt64(i) * 300
        }
        for i in result.operations.indices {
            result.operations[i].outcomes = [UInt64](repeating: 0, count: Outcome.allCases.count)
            result.operations[i].outcomes[0] = result.operations[i].count
        }
        return result
    }

    private static func percentiles(_ count: UInt64, _ values: [UInt64]) -> Percentiles {
        var result = Percentiles()
        result.count = count
        result.p50Micros = values[0]
        result.p90Micros = values[1]
        result.p95Micros = values[2]
        result.p99Micros = values[3]
        result.p999Micros = values[4]
        result.maxMicros = values[5]
        return result
    }
}

extension RunResult {
    subscript(_ outcome: Outcome, count _: Void) -> UInt64 {
        get { outcomes[Int(outcome.rawValue)] }
        set { outcomes[Int(outcome.rawValue)] = newValue }
    }
}
