import Foundation
import TestSupport
import Testing

@testable import Expression

@Suite struct ExactNumbers {
    @Test func orderAndProductAgreeWithFoundationsDecimal() throws {
        var random = SplitMix(seed: 0x7115)
        for _ in 0..<5000 {
            let texts = (0..<2).map { _ in random.decimal() }
            let (a, b) = (try #require(ExactNumber(texts[0])), try #require(ExactNumber(texts[1])))
            let (x, y) = (try #require(Decimal(string: texts[0])), try #require(Decimal(string: texts[1])))
            #expect((a < b) == (x < y), "\(texts)")
            #expect((a == b) == (x == y), "\(texts)")
            #expect(Decimal(string: a.multiplied(by: b).description) == x * y, "\(texts)")
            #expect(Decimal(string: a.description) == x, "\(texts)")
        }
    }

    @Test(arguments: [
        "", "-", ".5", "5.", "5.e1", "1.2.3", "1e", "1e+", "1e--5", "abc", "1 ", "0x10", "1e9999999", "NaN", "-e5",
    ])
    func whatIsNoNumberIsRefused(_ text: String) {

        #expect(ExactNumber(text) == nil)
    }

    @Test(arguments: [
        ("0.5", 1), ("-0.5", -1), ("0.49", 0), ("12.5", 13), ("9223372036854775807", Int64.max), ("1e3", 1000),
        ("0", 0),
        ("0.05", 0),
    ])
    func roundsHalvesAwayFromZero(text: String, value: Int64) { #expect(ExactNumber(text)?.rounded == value) }

    @Test func roundingBeyond64BitsIsNil() {
        #expect(ExactNumber("9223372036854775808")?.rounded == nil)
        #expect(ExactNumber("1e30")?.rounded == nil)
    }

    @Test(arguments: [
        ("1.50", "1.5"), ("-0.00", "0"), ("1e3", "1000"), ("1e-3", "0.001"), ("1e100", "1e100"), ("100", "100"),
    ])
    func writesPlainNotation(text: String, plain: String) { #expect(ExactNumber(text)?.description == plain) }

    @Test func integersAndLiteralsAgree() {
        #expect(ExactNumber(Int.min) < -9_223_372_036_854_775_807)
        #expect(ExactNumber(UInt64.max).description == "18446744073709551615")
        #expect(ExactNumber(1_200) == 1200)
    }
}

@Suite struct Expectations {
    private let metrics = ["lost", "p95", "errors"]

    @Test(arguments: [
        ("lost<0.1%", 1, 1000, false), ("lost<0.1%", 1, 1001, true), ("lost<=0.1%", 1, 1000, true),
        ("lost == 0%", 0, 0, true), ("lost<0.1%", 0, 0, true), ("errors<=10", 10, 0, true), ("errors<10", 10, 0, false),
        ("lost > 33%", 1, 3, true),
    ])
    func sharesAreExact(text: String, part: UInt64, whole: UInt64, holds: Bool) throws {
        #expect(try Expectation(text, metrics: metrics).holds(part: part, of: whole) == holds)
    }

    @Test func durationsAreNanoseconds() throws {
        let expectation = try Expectation("p95 < 200ms", metrics: metrics)
        #expect(expectation.unit == .nanos)
        #expect(expectation.metric == "p95")
        #expect(expectation.holds(199_999_999))
        #expect(!expectation.holds(200_000_000))
    }

    @Test(arguments: [
        "", "lost", "lost 0.1%", "lost<", "lost<x", "loss<0.1%", "lost<0.1% 5", "lost=1", "<1", "lost<5 parsecs",
    ])
    func whatIsNoExpectationIsRefused(_ text: String) {
        #expect(throws: ExpressionError.self) { try Expectation(text, metrics: metrics) }
    }
}

extension SplitMix {
    mutating func decimal() -> String {
        let digits = (0..<Int.random(in: 1...8, using: &self)).map { _ in String(Int.random(in: 0...9, using: &self)) }
        let fraction = (0..<Int.random(in: 0...4, using: &self)).map { _ in String(Int.random(in: 0...9, using: &self))
        }
        let sign = Bool.random(using: &self) ? "-" : ""
        let exponent = Bool.random(using: &self) ? "e\(Int.random(in: -6...6, using: &self))" : ""
        return sign + digits.joined() + (fraction.isEmpty ? "" : "." + fraction.joined()) + exponent
    }
}
