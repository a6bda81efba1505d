import Pacing
import Testing

@Suite struct PacingTests {
    private func due(_ rate: String, _ sequence: UInt64, offset: UInt64 = 0) throws -> UInt64 {
        var cursor = PaceCursor(PaceProgram(try Pacer(parsing: rate), seed: 1))
        return cursor.dueNanos(sequence: sequence, recordedOffsetNanos: offset)
    }

    @Test func dueTimesOfAConstantRateNeverDrift() throws {
        #expect(try due("3", 0, offset: 9) == 0)
        #expect(try due("3", 1, offset: 9) == 333_333_333)
        #expect(try due("3", 3, offset: 9) == 1_000_000_000)
        // A year at three a second: the last send is due when the last second says so.
        #expect(try due("3", 3 * 31_536_000) == 31_536_000_000_000_000)
        #expect(try due("20000", 199_999) == 9_999_950_000)
    }

    @Test func countsWhatIsDueWithinADuration() throws {
        let pacer = try Pacer(parsing: "20k")
        #expect(pacer.dueCount(withinNanos: 10_000_000_000) == 200_000)
        #expect(pacer.dueCount(withinNanos: 0) == nil)
        let slow = try Pacer(parsing: "0.5")
        #expect(slow.dueCount(withinNanos: 2_000_000_000) == 1)
        #expect(slow.dueCount(withinNanos: 2_000_000_001) == 2)
        for rate in ["3", "7", "999.999", "12345"] {
            let pacer = try Pacer(parsing: rate)
            for nanos in [1, 999_999_937, 1_000_000_000, 86_400_000_000_000] as [UInt64] {
                let count = try #require(pacer.dueCount(withinNanos: nanos))
                #expect(try due(rate, count) >= nanos)
                #expect(try count == 0 || due(rate, count - 1) < nanos)
            }
        }
    }

    @Test func recordedTimeIsScaledExactly() throws {
        #expect(try due("recorded", 5, offset: 1_234_567) == 1_234_567)
        #expect(try due("10x", 5, offset: 1_234_567) == 123_456)
        #expect(try due("0.25x", 5, offset: 1_000) == 4_000)
        #expect(try due("0.001x", 5, offset: .max - 1) == .max)
        #expect(try !Pacer(parsing: "max").isOpenLoop)
        #expect(try Pacer(parsing: "2.5").ratePerSecond == 2.5)
    }

    @Test(arguments: ["", "0", "x", "-1", "1.2345", "1.", ".5", "1e3", "99999999999999", "fast", "0x", "1 000"])
    func refusesWhatIsNoRate(text: String) {
        #expect(throws: PacerError.self) { try Pacer(parsing: text) }
    }

    /// Against the area under the rate, computed with exact fractions.
    @Test(
        arguments: [
            ("ramp:100..1000/10s", 100_000, 1_000_000, 10_000_000_000),
            ("ramp:1000..0/10s", 1_000_000, 0, 10_000_000_000),
            ("ramp:0..0.5/24h", 0, 500, 86_400_000_000_000),
            ("ramp:10000k..1/24h", 10_000_000_000, 1000, 86_400_000_000_000),
        ] as [(String, Int, Int, Int)])
    func aRampIsDueWhereTheAreaUnderItsRateHasGrownByOne(rate: String, from: Int, to: Int, duration: Int) throws {
        let pacer = try Pacer(parsing: rate)
        let count = try #require(pacer.dueCount(withinNanos: UInt64(duration)))
        let (start, end, span) = (Int128(from), Int128(to), Int128(duration))
        let whole = (start + end) * span / 2_000_000_000_000
        #expect(count == UInt64(whole) || count == UInt64(whole) + 1)
        func area(_ t: UInt64) -> Int128 {
            2 * span * start * Int128(t) + (end - start) * Int128(t) * Int128(t)
        }
        let program = PaceProgram(pacer, seed: 0)
        for step in 0...1000 as ClosedRange<UInt64> {
            let index = step == 1000 ? count - 1 : count / 1000 * step
            var cursor = PaceCursor(program)
            let time = cursor.dueNanos(sequence: index, recordedOffsetNanos: 0)
            let goal = 2 * span * 1_000_000_000_000 * Int128(index)
            #expect(area(time) >= goal && time < UInt64(duration))
            #expect(time == 0 || area(time - 1) < goal)
        }
        // The rate that was reached is kept.
        if to > 0 {
            var cursor = PaceCursor(program)
            #expect(cursor.dueNanos(sequence: count, recordedOffsetNanos: 0) == UInt64(duration))
            #expect(
                cursor.dueNanos(sequence: count + 1, recordedOffsetNanos: 0)
                    == UInt64(duration) + 1_000_000_000_000 / UInt64(to))
        } else {
            var cursor = PaceCursor(program)
            #expect(cursor.dueNanos(sequence: count, recordedOffsetNanos: 0) == PaceCursor.never)
        }
        #expect(pacer.ownDurationNanos == UInt64(duration))
    }

    @Test func stepsFollowEachOtherWithoutAGap() throws {
        let pacer = try Pacer(parsing: "step:100+100..250/2s")
        #expect(pacer.ownDurationNanos == 6_000_000_000)
        #expect(pacer.dueCount(withinNanos: 6_000_000_000) == 200 + 400 + 500)
        #expect(pacer.dueCount(withinNanos: 3_000_000_000) == 200 + 200)
        var cursor = PaceCursor(PaceProgram(pacer, seed: 0))
        var times: [UInt64] = []
        for sequence in 0..<1200 as Range<UInt64> {
            times.append(cursor.dueNanos(sequence: sequence, recordedOffsetNanos: 0))
        }
        #expect(times[199] == 1_990_000_000 && times[200] == 2_000_000_000 && times[201] == 2_005_000_000)
        #expect(times[600] == 4_000_000_000 && times[601] == 4_004_000_000)
        // After the last step its rate is held.
        #expect(times[1100] == 6_000_000_000 && times[1101] == 6_004_000_000)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func poissonArrivalsAreTheSameForEachLoopAndExponential() throws {
        let pacer = try Pacer(parsing: "poisson:1000")
        let program = PaceProgram(pacer, seed: 42)
        var whole = PaceCursor(program)
        let times = (0..<100_000 as Range<UInt64>).map { whole.dueNanos(sequence: $0, recordedOffsetNanos: 0) }
        var share = PaceCursor(program)
        for sequence in stride(from: 3, to: 100_000, by: 7) {
            #expect(share.dueNanos(sequence: UInt64(sequence), recordedOffsetNanos: 0) == times[sequence])
        }
        var other = PaceCursor(PaceProgram(pacer, seed: 43))
        #expect(other.dueNanos(sequence: 0, recordedOffsetNanos: 0) != times[0])
        // Mean and standard deviation of the gaps are both 1 ms; e⁻¹ of them are longer than the mean.
        let gaps = zip(times, times.dropFirst()).map { Double($1 - $0) }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        #expect(abs(mean - 1e6) < 1.5e4 && abs(variance.squareRoot() - 1e6) < 2e4)
        #expect(abs(Double(gaps.count { $0 > 1e6 }) / Double(gaps.count) - 0.36788) < 0.005)
        let count = try #require(pacer.dueCount(withinNanos: 10_000_000_000, seed: 42))
        #expect(times[Int(count)] >= 10_000_000_000 && times[Int(count) - 1] < 10_000_000_000)
        #expect(pacer.ratePerSecond == 1000)
    }

    @Test func stagesOfRecordedTimeFollowTheTape() throws {
        let pacer = Pacer.stages([
            .init(.recorded(numerator: 1, denominator: 1), durationNanos: 10_000),
            .init(.recorded(numerator: 2, denominator: 1), durationNanos: 10_000),
            .init(.recorded(numerator: 1, denominator: 2), durationNanos: 10_000),
        ])
        var cursor = PaceCursor(PaceProgram(pacer, seed: 0))
        let due = [0, 9_999, 10_000, 12_000, 29_999, 30_000, 30_001, 40_000].map {
            cursor.dueNanos(sequence: 0, recordedOffsetNanos: $0)
        }
        #expect(due == [0, 9_999, 10_000, 11_000, 19_999, 20_000, 20_002, 40_000])
        #expect(pacer.dueCount(withinNanos: 1000) == nil && pacer.followsRecording)
    }

    @Test func aProgramGrowsWhileItIsRead() throws {
        let program = PaceProgram()
        var cursor = PaceCursor(program)
        #expect(cursor.dueNanos(sequence: 0, recordedOffsetNanos: 0) == PaceCursor.unknown)
        #expect(program.append(rate: 1_000_000, startNanos: 5_000_000, durationNanos: 3_000_000) == 3)
        #expect(
            (0..<3).map { cursor.dueNanos(sequence: $0, recordedOffsetNanos: 0) } == [5_000_000, 6_000_000, 7_000_000])
        #expect(cursor.dueNanos(sequence: 3, recordedOffsetNanos: 0) == PaceCursor.unknown)
        program.append(rate: 2_000_000, startNanos: 9_000_000, durationNanos: 1_000_000)
        #expect(cursor.dueNanos(sequence: 4, recordedOffsetNanos: 0) == 9_500_000)
        program.close()
        #expect(cursor.dueNanos(sequence: 5, recordedOffsetNanos: 0) == PaceCursor.never)
    }

    @Test(arguments: [
        "ramp:1..2", "ramp:1/5s", "ramp:0..0/5s", "ramp:1..2/0s", "ramp:1..2/25h", "ramp:1..20000k/5s", "step:1..5/5s",
        "step:1+0..5/5s", "step:5+1..1/5s", "step:0+1..5/1s", "step:1+1..100000/1s", "poisson:0", "poisson:",
        "ramp:a..b/1s",
    ])
    func refusesWhatIsNoCourse(text: String) {
        #expect(throws: PacerError.self) { try Pacer(parsing: text) }
    }
}
