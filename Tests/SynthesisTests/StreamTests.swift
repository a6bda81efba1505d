import Foundation
import JSON
import Tape
import Testing
import YAML

@testable import Synthesis

@Suite struct StreamTests {
    private static let hour: UInt64 = 3_600_000_000_000

    @Test func `streams share N exactly, and come in order of time`() throws {
        let made = try Small.make(
            """
            streams:
              one: {share: 35.17%, fields: {n: 1}}
              two: {share: 0.6483, operation: S.c, arrivals: {byHour: [0, 0, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}, fields: {m: 2}}
            """, total: 10_000)
        #expect(made.count { $0.int("n") == 1 } == 3517)
        #expect(made.count { $0.exchange.operation == "S.c" && $0.int("m") == 2 } == 6483)
        #expect(made.enumerated().allSatisfy { $0.element.exchange.id == UInt64($0.offset) })
        #expect(zip(made, made.dropFirst()).allSatisfy { $0.exchange.startNanos <= $1.exchange.startNanos })
        let second = made.filter { $0.stream == 1 }.map {
            ($0.exchange.startNanos - 1_767_225_600_000_000_000) / Self.hour
        }
        #expect(second.allSatisfy { $0 == 2 || $0 == 3 })
        // Binomial(6483, 0.9): 5835 ± 24.
        #expect(abs(second.count { $0 == 2 } - 5835) < 110)
    }

    @Test(arguments: [100, 300, 400, 500, 600] as [UInt64], [1, 2] as [UInt64])
    func `a flow that is nearly everything is never too much`(total: UInt64, seed: UInt64) throws {
        let body = """
            flows:
              walk:
                share: 98%
                within: 1h
                steps: 40
                states:
                  a: {next: [{to: b, weight: 3, after: 1s}, {weight: 1}]}
                  b: {next: [{to: a, weight: 9, after: 1s}, {weight: 1}]}
            fields: {n: 1}
            """
        let made = try Small.exchanges(try Small.plan(body, total: total, seed: seed))
        #expect(made.count == Int(total))
        #expect(made.map(\.exchange.id) == Array(0..<total))
    }

    @Test func `what is asked for beyond the whole is refused`() {
        let flow = "{within: 1h, states: {a: {next: [{to: b, after: 1s}]}, b: {}}"
        let error = #expect(throws: SynthesisError.self) {
            try Small.plan("flows: {x: \(flow), share: 60%}, y: \(flow), share: 50%}}\nfields: {n: 1}")
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("more than 4000 exchanges"))
    }

    @Test func `a cadence is even, and gaps of Weibull's have their spread`() throws {
        let made = try Small.make(
            """
            streams:
              tick: {arrivals: {process: cadence}}
              wave: {arrivals: {process: weibull, shape: 0.6}}
              calm: {arrivals: {process: weibull, shape: 4}}
              rain: {}
            """, total: 20_000)
        func gaps(_ stream: Int) -> [Double] {
            let times = made.filter { $0.stream == stream }.map { Double($0.exchange.startNanos) }
            #expect(times.count == 5000)
            return zip(times, times.dropFirst()).map { $1 - $0 }
        }
        let step = Double(4 * Self.hour) / 5000
        #expect(gaps(0).allSatisfy { abs($0 - step) < 2 })
        // Deviation over mean: sqrt(Γ(1 + 2/k) / Γ(1 + 1/k)² − 1).
        for (stream, wanted) in [(1, 1.758), (2, 0.2805), (3, 1.0)] {
            let values = gaps(stream)
            #expect(abs(deviation(values) / mean(values) / wanted - 1) < 0.09, "stream \(stream)")
        }
    }

    @Test func `recorded times come again`() throws {
        let start: UInt64 = 1_767_225_600_000_000_000
        var times: [UInt64] = [0]
        let philox = Philox(key: 6)
        for i in 0..<499 as Range<UInt64> { times.append(times[times.count - 1] + philox.below(90_000_000_000, i)) }
        let end = times[499] + times[499] / 499
        let file = "time\n" + times.map { "\(start + $0)" }.joined(separator: "\n") + "\n"
        let plan = try Small.plan(
            "time: {start: 2026-01-01, span: \(end)ns}\nstreams: {a: {arrivals: {times: t.csv}, fields: {n: 1}}}",
            total: 500, files: ["t.csv": file])
        let made = try Small.exchanges(plan)
        #expect(made.map(\.exchange.startNanos) == times.map { start + $0 })
    }

    @Test func `weekdays, holidays, bursts and times of day make the rate`() throws {
        let made = try Small.make(
            """
            time: {start: 2026-01-01, span: 28d, utcOffset: 60, byWeekday: [1, 1, 1, 1, 1, 0, 3], holidays: [2026-01-07], holidayFactor: 4}
            fields: {n: 1}
            """, total: 40_000)
        var days = [Int](repeating: 0, count: 29)
        for exchange in made {
            days[Int((exchange.exchange.startNanos - 1_767_222_000_000_000_000) / (24 * Self.hour))] += 1
        }
        // 1 January 2026 was a Thursday. 20 working days (4 more for the holiday's 4), 4 Sundays of 3: 35 parts, less an
        // hour of the first day and with one of the last.
        #expect(days[2] == 0 && days[9] == 0)
        #expect(abs(days[1] - 1143) < 150 && abs(days[3] - 3429) < 250 && abs(days[6] - 4571) < 300)
        let narrow = try Small.make(
            """
            time: {start: 2026-01-01, span: 20d, timeOfDay: {mean: 12h, sd: 2h}}
            fields: {n: 1}
            """, total: 20_000)
        let hours = narrow.map {
            Double(($0.exchange.startNanos - 1_767_225_600_000_000_000) % (24 * Self.hour)) / Double(Self.hour)
        }
        #expect(abs(mean(hours) - 12) < 0.08 && abs(deviation(hours) - 2) < 0.06)
        let bursts = try Small.make(
            """
            time: {start: 2026-01-01, span: 48h}
            streams: {a: {arrivals: {bursts: {perDay: 3, length: 10m, factor: 60}}, fields: {n: 1}}}
            """, total: 8000)
        var minutes = [Int](repeating: 0, count: 2880)
        for exchange in bursts {
            minutes[Int((exchange.exchange.startNanos - 1_767_225_600_000_000_000) / (Self.hour / 60))] += 1
        }
        // Six bursts of ten minutes with 75 exchanges each, where other minutes have one or two.
        #expect((30...70).contains(minutes.count { $0 > 30 }))
        #expect(minutes.sorted()[1440] < 4)
    }

    @Test func `flows walk their states in order, with their delays, and stay within their time`() throws {
        let made = try Small.make(
            """
            entities:
              user: {count: 1000, attributes: {number: {sequence: {}}, level: {weights: {1: 50, 2: 50}}}}
              device: {owner: user, each: 3, attributes: {number: {sequence: {}}}}
            streams:
              usual: {fields: {n: {from: user.number}, m: {from: device.number}, s: usual}}
              other: {operation: S.c, share: 0, fields: {n: {from: user.number}, m: {from: device.number}, s: other}}
            flows:
              f:
                instances: 300
                within: 1h
                steps: 9
                values: {key: {unique: {prefix: k, digits: 8}}}
                states:
                  login: {stream: usual, with: {s: login, t: {from: key}, e: {from: user.level}}, next: [{to: change, after: [1m, 2m], when: {user.level: 2}}, {to: login, after: [10s, 20s], when: {user.level: 1}}]}
                  change: {stream: other, draw: {device: new}, with: {s: change, t: {from: key}, e: {from: user.level}}, next: [{to: transfer, after: 5s}]}
                  transfer: {stream: usual, draw: {device: new}, with: {s: transfer, t: {from: key}, e: {from: user.level}}, next: [{to: transfer, weight: 1, after: [1s, 40m]}, {weight: 1}]}
            """, total: 6000)
        #expect(made.count == 6000)
        let walks = Dictionary(grouping: made.filter { $0.request["t"] != nil }) { $0.text("t") }
        #expect(walks.count == 300)
        var lengths = 0
        for walk in walks.values {
            let states = walk.map { $0.text("s") }
            let times = walk.map(\.exchange.startNanos)
            lengths += walk.count
            #expect(Set(walk.map { $0.int("n") }).count == 1)
            #expect((times.last ?? 0) - times[0] <= Self.hour)
            if walk[0].double("e") == 1 {
                #expect(states.allSatisfy { $0 == "login" } && states.count == 9)
                continue
            }
            #expect(Array(states.prefix(3)) == ["login", "change", "transfer"])
            #expect(walk.dropFirst(2).allSatisfy { $0.text("s") == "transfer" })
            #expect(
                (60_000_000_000...120_000_000_000).contains(times[1] - times[0]) && times[2] - times[1] == 5_000_000_000
            )
            #expect(Set(walk.dropFirst().map { $0.int("m") }).count == 1)
        }
        // Half of the users loop nine times, the others average about four steps.
        #expect((1700...2300).contains(lengths))
        #expect(walks.values.contains { Set($0.map { $0.int("m") }).count == 2 })
    }

    @Test func `any leaf of streams and flows can be made alone`() throws {
        let text = """
            streams:
              a: {arrivals: {process: weibull, shape: 0.8}, fields: {n: {uniform: [0, 999999]}}}
              b: {arrivals: {byHour: [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6]}, fields: {n: 7}}
            flows: {f: {share: 20%, within: 30m, states: {x: {stream: a, next: [{to: x, after: [1s, 20m]}]}}}}
            """
        let whole = try Small.make(text, total: 3000)
        let plan = try Small.plan(text, total: 3000)
        let maker = LeafMaker(plan)
        for leaf in [63, 0, 31, 7] {
            try maker.make(leaf, .init()) { made in
                let known = whole[Int(made.exchange.id)].exchange
                #expect(known == made.exchange)
            }
        }
    }
}
