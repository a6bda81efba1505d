import Foundation
import JSON
import TestSupport
import Testing
import YAML

@testable import Synthesis

@Suite struct GeneratorTests {
    @Test(arguments: [
        // Means and deviations from the textbooks' closed forms.
        ("exponential: {mean: 1000}", 1000, 1000), ("gamma: {shape: 4, scale: 250}", 1000, 500),
        ("gamma: {shape: 0.4, scale: 2500}", 1000, 1581.14), ("gamma: {shape: 90, scale: 10}", 900, 94.87),
        ("weibull: {shape: 2, scale: 1000}", 886.23, 463.25), ("weibull: {shape: 0.7, scale: 1000}", 1265.8, 1851.6),
        ("quantiles: {0: 0, 0.5: 100, 1: 1100}", 325, 343.1),
    ])
    func `distributions have their mean and deviation`(generator: String, middle: Double, width: Double) throws {
        let values = try Small.make("fields: {n: {\(generator)}}", total: 20_000).map { Double($0.int("n")) }
        #expect(abs(mean(values) - middle) < 4 * width / 141, "\(mean(values))")
        #expect(abs(deviation(values) / width - 1) < 0.06, "\(deviation(values))")
    }

    @Test(arguments: [
        // Times in nanoseconds and in milliseconds, the least and the greatest there may be, and money with decimals.
        (1_500_000_000_000_000_000, 1_900_000_000_000_000_000), (1_500_000_000_000, 1_900_000_000_000),
        (-4_611_686_018_427_387_903, 4_611_686_018_427_387_903), (-3, 5),
    ])
    func `quantiles of any size lie evenly between their points`(low: Int, high: Int) throws {
        let values = try Small.make("fields: {n: {quantiles: {0: \(low), 1: \(high)}}}", total: 10_000).map {
            Double($0.int("n"))
        }
        let (middle, width) = ((Double(low) + Double(high)) / 2, Double(high) - Double(low))
        #expect(values.allSatisfy { $0 >= Double(low) && $0 <= Double(high) })
        #expect(abs(mean(values) - middle) < width / 12.0.squareRoot() / 100 * 4)
        #expect(abs(deviation(values) / width - 0.2887) < 0.015)
    }

    @Test func `even quantiles are met exactly, in an order that is drawn`() throws {
        let values = try Small.make("fields: {n: {quantiles: {0: 0, 1: 2000}, even: true}}", total: 1000).map {
            $0.int("n")
        }
        // The middles of a thousand steps.
        let isMet = values.sorted() == (0..<1000).map { 2 * $0 + 1 }
        #expect(isMet)
        #expect(abs(rankCorrelation(values.map { Double($0) }, (0..<1000).map { Double($0) })) < 0.15)
    }

    @Test func `gamma and Weibull tables follow the exact quantiles`() throws {
        // scipy.stats.gamma.ppf(p, 4), gamma.ppf(p, 0.4) and weibull_min.ppf(p, 0.7), times 10^6.
        for (table, values) in [
            (QuantileTable.gamma(shape: 40_000, scale: 1_000_000), [823_249.0, 3_672_061, 10_045_118]),
            (.gamma(shape: 4000, scale: 1_000_000), [0, 145_078, 3_000_097]),
            (.weibull(shape: 7000, scale: 1_000_000), [1399.5, 592_390, 8_861_226]),
        ] {
            for (p, exact) in zip([0.01, 0.5, 0.99], values) where exact > 100 {
                let made = Double(table.value(UInt64(p * 18446744073709551616)))
                #expect(abs(made / exact - 1) < 0.004, "\(p): \(made) is not \(exact)")
            }
        }
    }

    @Test func `correlated values have the rank correlations that were asked for, and their own distributions`() throws
    {
        let made = try Small.make(
            """
            values:
              x: {normal: {mean: 500, sd: 100}}
              y: {logNormal: {median: 1000, sigma: 1.1}}
              z: {uniform: [1, 9999]}
            correlated: {all: {of: [x, y, z], ranks: [[1], [0.7, 1], [-0.5, -0.2, 1]]}}
            fields: {n: {from: x}, m: {from: y}, time: {from: z}}
            """, total: 20_000)
        let (x, y, z) = (
            made.map { Double($0.int("n")) }, made.map { Double($0.int("m")) }, made.map { Double($0.int("time")) }
        )
        #expect(abs(rankCorrelation(x, y) - 0.7) < 0.02)
        #expect(abs(rankCorrelation(x, z) + 0.5) < 0.02)
        #expect(abs(rankCorrelation(y, z) + 0.2) < 0.025)
        #expect(abs(mean(x) - 500) < 4 && abs(deviation(x) - 100) < 3)
        #expect(abs(mean(z) - 5000) < 90 && abs(deviation(z) - 2886) < 60)
        #expect(abs(y.sorted()[10_000] - 1000) < 45)
    }

    @Test func `normal ranks and bits are inverse to each other`() {
        let owner = TableOwner()
        let table = owner.make(normalTailQuantiles)
        let philox = Philox(key: 3)
        for i in 0..<5000 as Range<UInt64> {
            let bits = philox.draw(i)
            let z = NormalSampler.value(bits, table)
            let rank = NormalSampler.rank(of: z, table)
            let exact = 0.5 * erfc(-Double(z) / 4294967296 / 2.0.squareRoot())
            #expect(abs(Double(rank) / 18446744073709551616 - exact) < 2e-4)
            #expect(abs(NormalSampler.value(NormalSampler.signed(rank), table) - z) < 1 << 22)
        }
    }

    @Test(arguments: [
        ("n + 2 * m", "52.00"), ("(n + 2) * m - 1", "279.00"), ("n / m", "0.60"), ("-n + m", "8.00"),
        ("n - 3.25", "8.75"),
        ("if(n < m, n, m) * 1.5", "18.00"), ("min(n, m, 7)", "7.00"), ("max(n, m)", "20.00"), ("abs(n - m)", "8.00"),
        ("round(n / 7, 1)", "1.70"), ("floor(n / 7)", "1.00"), ("floor(-n / 7)", "-2.00"),
        ("if(s == \"BR\" and not n > m, 1, 0)", "1.00"), ("if(s in [\"CN\", \"BR\"], 3, 4)", "3.00"),
        ("if(exists(t), 1, 2)", "2.00"), ("if(s != \"MX\" or n == 99, 5, 6)", "5.00"), ("n * 0.005", "0.06"),
        ("1000000000 * 1000000000 / 1000000000", "1000000000.00"),
    ])
    func `formulas compute in decimals`(formula: String, result: String) throws {
        let made = try Small.make(
            "fields: {n: 12, m: 20, s: BR, t: {pattern: x, present: 0%}, "
                + "e: {expression: '\(formula)', decimals: 2}}", total: 64)
        #expect(Set(made.compactMap { $0.request["e"]?.number?.text }) == [result])
    }

    @Test func `what depends on an absent value is absent`() throws {
        let made = try Small.make("fields: {n: {constant: 5, present: 50%}, m: {expression: n + 1}}", total: 500)
        #expect(made.allSatisfy { ($0.request["n"] == nil) == ($0.request["m"] == nil) })
        #expect((180...320).contains(made.count { $0.request["n"] == nil }))
    }

    @Test func `ranges and packs choose`() throws {
        let pack = "tinct: pack/1\nname: p\nversion: 3\nlists: {names: {Ana: 3, João: 1}, plain: [x, y]}"
        let plan = try Small.plan(
            """
            packs: {p: {file: p.yaml, version: 3}}
            fields:
              n: {uniform: [0, 29]}
              s: {by: n, cases: {..9: low, 10..19: {pack: p.names}, 20..: {pack: p.plain}}}
            """, files: ["p.yaml": pack])
        var counts: [String: Int] = [:]
        for made in try Small.exchanges(plan) {
            counts[made.text("s"), default: 0] += 1
            #expect((made.text("s") == "low") == (made.int("n") < 10))
        }
        #expect(counts.count == 5)
        #expect((900...1100).contains(counts["Ana"] ?? 0) && (260...410).contains(counts["João"] ?? 0))
        let other = try Small.plan(
            "packs: {p: {file: p.yaml, version: 3}}\nfields: {s: {pack: p.plain}}",
            files: ["p.yaml": pack + "\nabout: another"])
        #expect(other.digest != plan.digest)
    }

    @Test func `unique numbers are unique, and never too few`() throws {
        let made = try Small.make("fields: {n: {unique: {from: -100, to: 3899}}}")
        let numbers = made.map { $0.int("n") }
        #expect(Set(numbers).count == 4000 && numbers.min() == -100 && numbers.max() == 3899)
        #expect(numbers != numbers.sorted())
        #expect(throws: YAMLError.self) { try Small.plan("fields: {n: {unique: {from: 1, to: 3999}}}") }
        #expect(throws: YAMLError.self) { try Small.plan("fields: {s: {unique: {digits: 3}}}") }
    }

    @Test func `shared entities are the same for everybody who shares them`() throws {
        let made = try Small.make(
            """
            entities:
              user: {count: 300, attributes: {number: {sequence: {}}}}
              place: {owner: user, each: 2, count: 100, skew: 0.5, attributes: {number: {sequence: {}}}}
            fields: {n: {from: user.number}, m: {from: place.number}}
            """, total: 8000)
        var places: [Int: Set<Int>] = [:]
        var users: [Int: Set<Int>] = [:]
        for exchange in made {
            places[exchange.int("n"), default: []].insert(exchange.int("m"))
            users[exchange.int("m"), default: []].insert(exchange.int("n"))
        }
        #expect(places.values.allSatisfy { $0.count <= 2 } && places.values.contains { $0.count == 2 })
        #expect(users.values.contains { $0.count > 5 } && users.keys.allSatisfy { (0..<100).contains($0) })
    }
}
