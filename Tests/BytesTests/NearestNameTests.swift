import Bytes
import Testing

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("shwo", "show"), ("recrod", "record"), ("sho", "show"), ("ecordd", "record"), ("st", nil), ("", nil),
        ("replay-it-all", nil), ("été", nil),
    ])
    func findsWhatWasMeantAndNothingElse(word: String, meant: String?) {
        #expect(nearestName(word, in: ["record", "show", "stub", "replay"]) == meant)
    }

    @Test func aLongWordMayDifferByAThird() {
        #expect(nearestName("settlementCurency", in: ["settlementCurrency", "currency"]) == "settlementCurrency")
        #expect(nearestName("abc", in: []) == nil)
        #expect(nearestName(String(repeating: "a", count: 1_000_000), in: ["a"]) == nil)
    }
}
