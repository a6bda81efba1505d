import Bytes
import Testing

/// Expected values from `date -u -d @N --iso-8601=ns` and Python's datetime.
@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
            (1_732_147_200_123_000_000, "2024-11-21T00:00:00.123000000Z"),
            (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999999Z"),
        ] as [(UInt64, String)])
    func roundTrips(nanos: UInt64, text: String) {
        #expect(Timestamp.rfc3339(nanos) == text)
        #expect(Timestamp.parse(text) == nanos)
    }

    @Test func readsOffsetsAndDates() {
        #expect(Timestamp.parse("1970-01-02") == 86_400_000_000_000)
        #expect(Timestamp.parse("2024-11-21T08:00:00+08:00") == 1_732_147_200_000_000_000)
        #expect(Timestamp.parse("2024-11-20T21:00:00.5-03:00") == 1_732_147_200_500_000_000)
    }

    @Test(arguments: [
        "", "2024", "2024-13-01", "2023-02-29", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00", "1969-12-31",
        "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00Zjunk", "9999-01-01",
    ])
    func refusesWhatIsNoTime(text: String) { #expect(Timestamp.parse(text) == nil) }
}
