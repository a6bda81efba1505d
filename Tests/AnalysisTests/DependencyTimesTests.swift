import Testing

@testable import Analysis

struct DependencyTimesTests {
    private let millisecond: UInt64 = 1_000_000

    private func call(_ trace: String, _ dependency: Int, _ from: UInt64, _ to: UInt64?) -> DependencyTimes.Call {
        .init(
            trace: trace, dependency: dependency, startNanos: from * millisecond, endNanos: to.map { $0 * millisecond })
    }

    private func times(_ calls: [DependencyTimes.Call], top: Int = 10) -> DependencyTimes {
        DependencyTimes(
            names: ["a", "b"], calls: calls, withoutTrace: [2, 0], slowNanos: 50 * millisecond, exampleLimit: top)
    }

    private func add(
        _ times: inout DependencyTimes, _ trace: String?, _ from: UInt64, _ to: UInt64, _ outcome: String = "ok"
    ) {
        times.add(
            trace: trace, operation: "op", outcome: outcome, position: from, round: 0, startNanos: from * millisecond,
            endNanos: to * millisecond)
    }

    @Test func overlappingCallsCountOnceAndTheRestIsOutside() {
        // a: 10-30 and 20-40; b: 35-60, of 100 ms from 0.
        var times = times([call("t", 0, 10, 30), call("t", 0, 20, 40), call("t", 1, 35, 60), call("u", 1, 5, 90)])
        add(&times, "t", 0, 100)
        let row = times.rows[0]
        #expect(row.group == .slow && row.exchanges == 1 && row.withoutCalls == 0)
        #expect(row.dependencies[0].nanos == 30 * millisecond && row.dependencies[0].calls == 2)
        #expect(row.dependencies[1].nanos == 25 * millisecond)
        #expect(row.outsideNanos == 50 * millisecond && row.totalNanos == 100 * millisecond)
        // More time was outside than in any of them.
        #expect(row.dependencies.map(\.dominated) == [0, 0])
        #expect(times.joined == [2, 1] && times.calls == [4, 2] && times.callsWithoutTrace == [2, 0])
    }

    @Test func anUnansweredCallLastsToTheEndAndALateOneIsCutThere() {
        var times = times([call("t", 0, 10, 500), call("t", 1, 20, nil)])
        add(&times, "t", 0, 100, "noReply")
        let row = times.rows[0]
        #expect(row.group == .timedOut)
        #expect(row.dependencies.map(\.nanos) == [90 * millisecond, 80 * millisecond])
        #expect(row.dependencies.map(\.unanswered) == [0, 1])
        #expect(row.dependencies.map(\.dominated) == [1, 0])
        #expect(row.outsideNanos == 10 * millisecond)
    }

    @Test func theSameTraceOfAnotherRoundIsToldApartByTime() {
        var times = times([call("t", 0, 10, 20), call("t", 0, 1010, 1040)])
        add(&times, "t", 0, 40)
        add(&times, "t", 1000, 1045)
        add(&times, "t", 2000, 2010)
        add(&times, nil, 10, 20)
        #expect(times.rows.count == 1 && times.rows[0].exchanges == 4 && times.rows[0].withoutCalls == 2)
        #expect(times.rows[0].dependencies[0].nanos == 40 * millisecond)
        #expect(times.withoutTrace == 1 && times.joined == [2, 0])
    }

    @Test func exchangesThatShareATraceShareItsCalls() {
        var times = times([call("t", 0, 10, 20)])
        for _ in 0..<5 { add(&times, "t", 0, 40) }
        #expect(times.joined == [1, 0] && times.calls == [3, 0])
        #expect(times.rows[0].dependencies[0].calls == 5)
    }

    @Test func theSlowestAreKeptInOrder() {
        var times = times([], top: 3)
        for length in [5, 60, 1, 90, 30, 70] as [UInt64] { add(&times, "t\(length)", 1000 - length, 1000) }
        #expect(times.examples.map(\.position) == [910, 930, 940])
        var none = self.times([], top: 0)
        add(&none, "t", 0, 10)
        #expect(none.examples.isEmpty)
    }

    @Test func manyTracesAreFound() {
        let calls = (0..<5000).reversed().map { call("trace-\($0)", $0 % 2, UInt64($0), UInt64($0) + 1) }
        var times = times(calls)
        for index in 0..<5000 as Range<UInt64> { add(&times, "trace-\(index)", index, index + 2) }
        #expect(times.joined == [2500, 2500])
        #expect(times.rows[0].withoutCalls == 0)
    }
}
