import Metrics
import Testing

@Suite struct ConditionTests {
    private func sample(_ micros: [UInt64] = [], _ outcomes: [Outcome: UInt64] = [:]) -> MetricSample {
        let corrected = Histogram()
        for value in micros { corrected.record(micros: value) }
        var counts = [UInt64](repeating: 0, count: Outcome.allCases.count)
        for (outcome, count) in outcomes { counts[Int(outcome.rawValue)] = count }
        return MetricSample(
            corrected: corrected, raw: corrected, lateness: corrected, outcomes: counts,
            due: counts.reduce(0, +), seconds: 2)
    }

    @Test(arguments: [
        ("p50<=500us", true), ("p50 < 500us", false), ("p99 == 990us", true), ("max<1.5ms", true),
        ("mean>501us", false),
        ("raw.p95<1ms", true), ("lateness < 1ms", true), ("success > 99%", true), ("success==100%", true),
        ("errors<1%", true), ("errors == 0", true), ("noReply<=0", true), ("noReply > 0.1%", false),
        ("achieved>=100%", true), ("achieved>500/s", false), ("achieved >= 500/s", true), ("p99.9<0.9985ms", false),
    ])
    func conditionsAreJudged(text: String, holds: Bool) throws {
        let sample = sample(Array(1...1000), [.ok: 1000])
        #expect(try Condition(parsing: text).holds(in: sample) == holds)
    }

    /// A target that answers half of the requests within 1 ms and the others never has no median worth the name.
    @Test func whatIsNotAnsweredIsSlowerThanEveryAnswer() throws {
        let sample = sample(.init(repeating: 1000, count: 500), [.ok: 500, .noReply: 300, .unsent: 200])
        #expect(try Condition(parsing: "p50<=1ms").holds(in: sample) == true)
        let p51 = try Condition(parsing: "p51<60m")
        #expect(p51.holds(in: sample) == false)
        #expect(p51.text(of: p51.value(in: sample)) == "beyond every answer")
        #expect(try Condition(parsing: "max<1m").holds(in: sample) == false)
        #expect(try Condition(parsing: "achieved==50%").holds(in: sample) == true)
        #expect(try Condition(parsing: "errors==50%").holds(in: sample) == true)
    }

    @Test func nothingToJudgeByIsNeitherTrueNorFalse() throws {
        for text in ["p99<1s", "success>1%", "achieved>1%", "lateness<1s", "mean<1s", "max<1s"] {
            let condition = try Condition(parsing: text)
            #expect(condition.holds(in: sample()) == nil)
            #expect(!ExpectationResult(condition, in: sample()).holds)
        }
        #expect(try Condition(parsing: "errors==0").holds(in: sample()) == true)
    }

    @Test(arguments: [
        "", "p99", "p99<", "<5ms", "p99<300", "p99<5%", "p0<1s", "p100<1s", "p<1s", "success>5ms", "errors<1/s",
        "speed>5",
        "p99=<5ms", "p99<-5ms", "raw.success>1%", "p1e1<1s", "noReply<5ms", "p99<1.2.3s",
    ])
    func refusesWhatIsNoCondition(text: String) {
        #expect(throws: ConditionError.self) { try Condition(parsing: text) }
    }

    @Test(arguments: [
        (250.0, "250us"), (12_345, "12.345ms"), (1_500_000, "1.5s"), (.infinity, "beyond every answer"),
    ])
    func valuesAreShownInTheirUnits(value: Double, text: String) throws {
        #expect(try Condition(parsing: "p99<1s").text(of: value) == text)
    }
}
