import Pacing
import Testing

@Suite struct PacingTests {
    @Test func dueTimesOfAConstantRateNeverDrift() throws {
        let pacer = try Pacer(parsing: "3")
        #expect(pacer.dueNanos(sequence: 0, recordedOffsetNanos: 9) == 0)
        #expect(pacer.dueNanos(sequence: 1, recordedOffsetNanos: 9) == 333_333_333)
        #expect(pacer.dueNanos(sequence: 3, recordedOffsetNanos: 9) == 1_000_000_000)
        // A year at three a second: the last send is due when the last second says so.
        #expect(pacer.dueNanos(sequence: 3 * 31_536_000, recordedOffsetNanos: 0) == 31_536_000_000_000_000)
        let odd = try Pacer(parsing: "20000")
        #expect(odd.dueNanos(sequence: 199_999, recordedOffsetNanos: 0) == 9_999_950_000)
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
                #expect(pacer.dueNanos(sequence: count, recordedOffsetNanos: 0) >= nanos)
                #expect(count == 0 || pacer.dueNanos(sequence: count - 1, recordedOffsetNanos: 0) < nanos)
            }
        }
    }

    @Test func recordedTimeIsScaledExactly() throws {
        #expect(try Pacer(parsing: "recorded").dueNanos(sequence: 5, recordedOffsetNanos: 1_234_567) == 1_234_567)
        #expect(try Pacer(parsing: "10x").dueNanos(sequence: 5, recordedOffsetNanos: 1_234_567) == 123_456)
        #expect(try Pacer(parsing: "0.25x").dueNanos(sequence: 5, recordedOffsetNanos: 1_000) == 4_000)
        #expect(try Pacer(parsing: "0.001x").dueNanos(sequence: 5, recordedOffsetNanos: .max) == .max)
        #expect(try !Pacer(parsing: "max").isOpenLoop)
        #expect(try Pacer(parsing: "2.5").ratePerSecond == 2.5)
    }

    @Test(arguments: ["", "0", "x", "-1", "1.2345", "1.", ".5", "1e3", "99999999999999", "fast", "0x", "1 000"])
    func refusesWhatIsNoRate(text: String) {
        #expect(throws: PacerError.self) { try Pacer(parsing: text) }
    }
}
