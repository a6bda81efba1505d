import Bytes
import Glibc
import Tape
import Testing
import Thrift

@testable import Stub
@testable import Tagging

@Suite struct ThriftSessions {
    private let exchanges = [
        Samples.thrift("evaluate", Samples.arguments("one"), Samples.result("1")),
        Samples.thrift("evaluate", Samples.arguments("two"), Samples.result("2")),
        Samples.thrift("report", Samples.arguments("x"), nil, type: .oneway),
        Samples.thrift("lost", Samples.arguments("x"), nil),
    ]

    /// Field 20 of the request: `Trace { 1: logId, 2: caller, 5: hintCode }`.
    private func trace(_ hint: UInt8) -> [UInt8] {
        [12, 0, 20, 11, 0, 1, 0, 0, 0, 1, 0x6C, 11, 0, 2, 0, 0, 0, 1, 0x63, 10, 0, 5, 0, 0, 0, 0, 0, 0, 0, hint, 0]
    }

    @Test func repliesCarryTheSeqidOfTheirCallAndMatchTheArguments() throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        let reply = session.answer(Samples.message(.call, "evaluate", seqid: 99, Samples.arguments("two")), &engine)
        #expect(reply == Samples.message(.reply, "evaluate", seqid: 99, Samples.result("2")))
        let other = session.answer(Samples.message(.call, "evaluate", seqid: -1, Samples.arguments("new")), &engine)
        #expect(other == Samples.message(.reply, "evaluate", seqid: -1, Samples.result("1")))
        #expect(engine.counts.matched == 1)
        #expect(engine.counts.answered == 2)
    }

    @Test func multiplexedCallsAreAnsweredWithTheBareName() throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        let reply = session.answer(Samples.message(.call, "Risk:evaluate", seqid: 1, Samples.arguments("two")), &engine)
        #expect(reply == Samples.message(.reply, "evaluate", seqid: 1, Samples.result("2")))
    }

    @Test func onewayIsNotAnsweredAndUnknownMethodsAre() throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        #expect(session.answer(Samples.message(.oneway, "report", seqid: 0, Samples.arguments("x")), &engine).isEmpty)
        #expect(session.answer(Samples.message(.call, "report", seqid: 0, Samples.arguments("x")), &engine).isEmpty)
        let reply = session.answer(Samples.message(.call, "nothing", seqid: 5, Samples.arguments("x")), &engine)
        let header = try MessageHeader.parse(reply.rawSpan, at: 4, .binary)
        #expect(header.type == .exception)
        #expect(header.seqid == 5)
        #expect(reply.suffix(8) == [8, 0, 2, 0, 0, 0, 1, 0])
        let lost = session.answer(Samples.message(.call, "lost", seqid: 5, Samples.arguments("x")), &engine)
        #expect(lost.suffix(8) == [8, 0, 2, 0, 0, 0, 5, 0])
        #expect(engine.counts.oneway == 2)
        #expect(engine.counts.unknownOperation == 1)
        #expect(engine.counts.withoutAnswer == 1)
    }

    @Test func argumentsThatCannotBeReadGetAProtocolErrorAndGarbageTheEnd() throws {
        var engine = try Samples.engine(exchanges)
        var session = StubSession()
        let reply = session.answer(Samples.message(.call, "evaluate", seqid: 5, [99, 0, 1]), &engine)
        #expect(reply.suffix(8) == [8, 0, 2, 0, 0, 0, 7, 0])
        #expect(session.wantsInput)
        #expect(session.answer([0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], &engine).isEmpty)
        #expect(session.isFinished)
        for opening in [[0x16, 3, 1, 2, 0, 1], [0, 0, 0, 9, 0x10, 0, 0, 0, 0, 0, 0, 1, 9], [0x80, 0x02, 0, 1]]
            as [[UInt8]]
        {
            var refused = StubSession()
            #expect(refused.answer(opening, &engine).isEmpty)
            #expect(refused.isFinished, "\(opening)")
        }
    }

    @Test(arguments: ThriftFraming.allCases)
    func callsInAnyPiecesGetTheSameReplies(_ framing: ThriftFraming) throws {
        let calls = ["one", "two", "two"].enumerated().flatMap { index, text in
            Samples.message(.call, "evaluate", seqid: Int32(index), Samples.arguments(text), framing)
        }
        let expected = ["1", "2", "2"].enumerated().flatMap { index, text in
            Samples.message(.reply, "evaluate", seqid: Int32(index), Samples.result(text), framing)
        }
        for size in [1, 2, 3, 7, 16, 1000] {
            var engine = try Samples.engine(exchanges)
            var session = StubSession()
            var replies: [UInt8] = []
            for start in stride(from: 0, to: calls.count, by: size) {
                replies += session.answer(Array(calls[start..<min(start + size, calls.count)]), &engine)
            }
            #expect(replies == expected, "in pieces of \(size)")
        }
    }

    @Test func theTagIsCountedAndDoesNotKeepARequestFromMatching() throws {
        let probe = TagProbe(try Carrier.parse("didi:path=1.20"))
        var engine = try Samples.engine(exchanges, probe: probe)
        var session = StubSession()
        for (hint, text) in [(UInt8(1), "two"), (0x11, "two"), (0x10, "two")] {
            let call = Samples.message(.call, "evaluate", seqid: 1, Samples.arguments(text, extra: trace(hint)))
            #expect(session.answer(call, &engine) == Samples.message(.reply, "evaluate", seqid: 1, Samples.result("2")))
        }
        _ = session.answer(
            Samples.message(.call, "unknown", seqid: 1, Samples.arguments("x", extra: trace(1))), &engine)
        _ = session.answer(
            Samples.message(.oneway, "report", seqid: 1, Samples.arguments("x", extra: trace(1))), &engine)
        #expect(engine.counts.matched == 3)
        #expect(engine.counts.requests == 5)
        #expect(engine.counts.tagged == 4)
        #expect(engine.counts.byCarrier == [0, 4])
    }

    @Test func changedAndCutCallsNeverTrap() throws {
        var engine = try Samples.engine(exchanges)
        let call = Samples.message(.call, "evaluate", seqid: 1, Samples.arguments("two", extra: trace(1)))
        for end in call.indices {
            var session = StubSession()
            #expect(session.answer(Array(call[..<end]), &engine).isEmpty)
            session.peerEnded()
            #expect(session.isFinished)
        }
        for at in call.indices {
            for bit in 0..<8 {
                var changed = call
                changed[at] ^= 1 << UInt8(bit)
                var session = StubSession()
                _ = session.answer(changed + changed, &engine)
            }
        }
    }
}

@Suite struct Delays {
    private func duration(_ text: String) -> UInt64? {
        text.hasSuffix("ms") ? UInt64(text.dropLast(2)).map { $0 * 1_000_000 } : nil
    }

    @Test func readsItsForms() throws {
        #expect(Delay("5ms", duration: duration)?.distribution == .constant(nanos: 5_000_000))
        #expect(Delay("uniform:1ms..20ms", duration: duration)?.distribution == .uniform(nanos: 1_000_000...20_000_000))
        #expect(Delay("exp:10ms", duration: duration)?.distribution == .exponential(meanNanos: 10_000_000))
        #expect(
            Delay("normal:10ms,2ms", duration: duration)?.distribution
                == .normal(meanNanos: 10_000_000, deviationNanos: 2_000_000))
        #expect(
            Delay("lognormal:10ms,0.5", duration: duration)?.distribution
                == .logNormal(medianNanos: 10_000_000, sigma: 0.5))
        #expect(
            Delay("quantiles:p99=80ms,p50=5ms", duration: duration)?.distribution
                == .quantiles([
                    .init(share: 0, nanos: 0), .init(share: 0.5, nanos: 5_000_000),
                    .init(share: 0.99, nanos: 80_000_000), .init(share: 1, nanos: 80_000_000),
                ]))
        let wrong = [
            "normal:1ms", "normal:1ms,x", "lognormal:1ms,-1", "lognormal:1ms,nan", "quantiles:", "quantiles:p50",
            "quantiles:p0=1ms", "quantiles:p50=5ms,p90=1ms", "quantiles:p50=1ms,p50=2ms", "quantiles:q=1ms",
        ]
        for text in wrong { #expect(Delay(text, duration: duration) == nil, "\(text)") }
        for text in ["", "5", "uniform:20ms..1ms", "uniform:1ms", "exp:", "gamma:1ms", "4000000ms", "uniform:1ms..x"] {
            #expect(Delay(text, duration: duration) == nil, "\(text)")
        }
    }

    /// Kolmogorov–Smirnov distance over 20,000 draws against the distribution function; 1.95/√n is passed once in 1,000.
    private func distance(_ delay: Delay, _ share: (Double) -> Double) -> Double {
        var delay = delay
        let draws = (0..<20_000).map { _ in Double(delay.nextNanos()) }.sorted()
        return draws.enumerated().map { abs(share($1) - (Double($0) + 0.5) / 20_000) }.max() ?? 1
    }

    @Test func drawsFollowTheirDistribution() {
        let bound = 1.95 / 20_000.0.squareRoot()
        #expect(distance(Delay(.uniform(nanos: 1000...3000))) { ($0 - 1000) / 2000 } < bound)
        #expect(distance(Delay(.exponential(meanNanos: 1_000_000))) { 1 - exp(-$0 / 1_000_000) } < bound)
        func normal(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }
        let bell = Delay(.normal(meanNanos: 1_000_000, deviationNanos: 100_000))
        #expect(distance(bell) { normal(($0 - 1_000_000) / 100_000) } < bound)
        let skewed = Delay(.logNormal(medianNanos: 1_000_000, sigma: 0.5))
        #expect(distance(skewed) { normal(log($0 / 1_000_000) / 0.5) } < bound)
        let empirical = Delay("quantiles:min=1ms,p50=5ms,p90=10ms,max=50ms", duration: duration)
        let points = [(1e6, 0.0), (5e6, 0.5), (10e6, 0.9), (50e6, 1.0)]
        #expect(
            distance(empirical ?? .none) { nanos in
                for (a, b) in zip(points, points.dropFirst()) where nanos <= b.0 {
                    return a.1 + (b.1 - a.1) * (nanos - a.0) / (b.0 - a.0)
                }
                return 1
            } < bound)
        var below = Delay(.normal(meanNanos: 1000, deviationNanos: 1_000_000))
        #expect((0..<1000).allSatisfy { _ in below.nextNanos() < Delay.limitNanos })
        var one = Delay(.uniform(nanos: 5...5), seed: 9)
        #expect((0..<10).allSatisfy { _ in one.nextNanos() == 5 })
        var (a, b) = (Delay(.exponential(meanNanos: 99), seed: 4), Delay(.exponential(meanNanos: 99), seed: 4))
        #expect((0..<100).allSatisfy { _ in a.nextNanos() == b.nextNanos() })
    }
}

@Suite struct Timers {
    @Test func fireInTheOrderInWhichTheyAreDue() {
        var heap = TimerHeap()
        for due in [5, 3, 9, 1, 7, 3, 8, 0] as [UInt64] { heap.push(.init(dueNanos: due, token: due)) }
        #expect(heap.popDue(4)?.dueNanos == 0)
        var order: [UInt64] = []
        while let entry = heap.popDue(8) { order.append(entry.dueNanos) }
        #expect(order == [1, 3, 3, 5, 7, 8])
        #expect(heap.nextDueNanos == 9)
        #expect(heap.popDue(100)?.dueNanos == 9)
        #expect(heap.popDue(100) == nil)
    }
}
