import Bytes
import EventLoop
import Metrics
import Pacing
import Replay
import TestSupport
import Testing

@Suite(.serialized) struct LimitTests {
    /// Against a target that passes every rate up to its capacity.
    @Test(arguments: [1_000, 1_500, 12_345_000, 480_000, 99_000, 100_000, 101_000, 3_000_000_000] as [UInt64])
    func theKneeIsFoundWithinTheTolerance(capacity: UInt64) {
        var plan = LimitPlan(from: 100_000, upTo: Pacer.highestRate, tolerance: 0.025)
        var steps = 0
        while plan.phase != .done, steps < 100 {
            plan.ended(plan.rate <= capacity ? .passed : .failed)
            steps += 1
        }
        #expect(plan.isConfirmed && !plan.isGeneratorBound && steps < 40)
        #expect(plan.low <= capacity)
        // Below ten a second no whole rate may lie between.
        #expect(Double(capacity) <= Double(plan.low) * 1.026 || capacity < 40_000 || plan.low + 1000 > capacity)
    }

    @Test func whatDoesNotHoldForLongerGivesWay() {
        var plan = LimitPlan(from: 100_000, upTo: Pacer.highestRate, tolerance: 0.05)
        while plan.phase != .done {
            plan.ended(plan.rate <= (plan.phase == .confirm ? 480_000 : 500_000) ? .passed : .failed)
        }
        #expect(plan.isConfirmed && plan.low <= 480_000 && plan.low > 440_000)
        var never = LimitPlan(from: 100_000, upTo: Pacer.highestRate, tolerance: 0.05)
        while never.phase != .done {
            never.ended(never.phase == .confirm ? .failed : never.rate <= 500_000 ? .passed : .failed)
        }
        #expect(!never.isConfirmed)
    }

    @Test func theCapAndTheGeneratorAreNamed() {
        var capped = LimitPlan(from: 100_000, upTo: 250_000, tolerance: 0.05)
        while capped.phase != .done { capped.ended(.passed) }
        #expect(capped.low == 250_000 && capped.isCapped && capped.isConfirmed)
        var bound = LimitPlan(from: 100_000, upTo: Pacer.highestRate, tolerance: 0.05)
        while bound.phase != .done { bound.ended(bound.rate <= 500_000 ? .passed : .generatorBound) }
        #expect(bound.isGeneratorBound && bound.low > 450_000)
        var dead = LimitPlan(from: 100_000, upTo: Pacer.highestRate, tolerance: 0.05)
        while dead.phase != .done { dead.ended(.failed) }
        #expect(dead.low == 0 && !dead.isConfirmed)
    }

    /// A server that gives an answer every 2 ms, whatever the machine does, and so has a capacity of 500/s.
    private final class Metronome: Sendable {
        let next = Lock<UInt64>(0)
        func wait() {
            let now = Clock.monotonicNanos()
            let due = next.withLock { next in
                // What it fell behind by while the machine stood still it makes up for, up to 100 ms.
                next = max(next + 2_000_000, now > 100_000_000 ? now - 100_000_000 : 0)
                return next
            }
            if due > now { Clock.sleep(nanos: due - now) }
        }
    }

    @Test(.withoutSanitizer) func aServerWithAKnownCapacityIsMeasured() throws {
        let metronome = Metronome()
        let server = try MisbehavingServer { _, _ in
            metronome.wait()
            return .bytes(Sample.ok)
        }
        defer { server.stop() }
        var limit = LimitSearch.Options(objective: [
            try Condition(parsing: "p95<400ms"), try Condition(parsing: "success>99.9%"),
        ])
        limit.firstRate = 450_000
        limit.highestRate = 560_000
        limit.tolerance = 0.05
        limit.holdSeconds = 2
        limit.warmUpSeconds = 1
        let search = LimitSearch(limit)
        var options = try Sample.options("450", connections: 16, threads: 1)
        options.allowsDuplicates = true
        options.timeoutNanos = 10_000_000_000
        options.program = search.program
        let run = Run(
            options: options, gatekeeper: try Sample.gatekeeper(server.port, options),
            source: ListSource(Sample.http(200)), identities: DeclaredIdentities())
        let result = try run.run(signals: nil, watchers: [search]) { _ in }
        let found = search.result
        #expect(found.isComplete)
        #expect(result.totals.due == result.outcomes.reduce(0, +))
        // A machine that is busy otherwise ends generator-bound, and says so.
        if found.isConfirmed && !found.isGeneratorBound {
            #expect((475...525).contains(found.rate ?? 0), "\(found)")
        }
        #expect(found.steps.count >= 4 && found.steps.allSatisfy { $0.passed == $0.reason.isEmpty })
        #expect(found.sentence.contains("/s holds p95<400ms, success>99.9%") || found.isGeneratorBound)
    }
}
