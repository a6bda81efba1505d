import Schema
import Testing
import YAML

@testable import Synthesis

/// Scenarios with one thing wrong: each is refused at its place, with what was expected or what to do.
@Suite struct MalformedScenarioTests {
    enum Part: Sendable { case body, entities, time }

    private static let entities =
        "{user: {count: 100, attributes: {id: {unique: {prefix: u, digits: 4}}, n: {uniform: [1, 9]}, "
        + "x: {uniform: [0, 9], decimals: 2}}}}"

    static let cases: [(Part, String, Int, Int, String)] = [
        (.body, "fields: {n: {uniform: [1]}}", 7, 23, "expected [least, greatest], found a list"),
        (.body, "fields: {n: {uniform: 3}}", 7, 23, "expected [least, greatest], found a whole number"),
        (.body, "fields: {n: {uniform: [a, b]}}", 7, 24, "expected a number, found a string"),
        (.body, "fields: {n: {uniform: [0.5, 2]}}", 7, 24, "0.5 is not a number with at most 0 decimals"),
        (.body, "fields: {d: {uniform: [0, 1], decimals: 12}}", 7, 41, "12 is out of range"),
        (.body, "fields: {n: {normal: {mean: 3}}}", 7, 22, "a normal distribution needs 'sd'"),
        (.body, "fields: {n: {normal: {mean: 3, sd: -1}}}", 7, 22, "sd is negative"),
        (.body, "fields: {n: {normal: {mean: 3, sd: 1, min: 9, max: 1}}}", 7, 22, "min is above max"),
        (
            .body, "fields: {n: {logNormal: {median: 0, sigma: 1}}}", 7, 25,
            "a median above 0 and a sigma from 0 to 5 are needed"
        ),
        (
            .body, "fields: {n: {logNormal: {median: 5, sigma: 9}}}", 7, 25,
            "a median above 0 and a sigma from 0 to 5 are needed"
        ),
        (
            .body, "fields: {n: {logNormal: {mean: 5, sigma: 1}}}", 7, 26,
            "'mean' is not a key of a logNormal distribution"
        ),
        (.body, "fields: {n: {exponential: {}}}", 7, 27, "an exponential distribution needs 'mean'"),
        (.body, "fields: {n: {exponential: {mean: 0}}}", 7, 34, "a number above 0 is needed"),
        (.body, "fields: {n: {gamma: {shape: 0, scale: 1}}}", 7, 29, "the shape is out of range"),
        (.body, "fields: {n: {gamma: {shape: 2}}}", 7, 21, "a gamma distribution needs 'scale'"),
        (.body, "fields: {n: {weibull: {shape: 99, scale: 1}}}", 7, 31, "the shape is out of range"),
        (.body, "fields: {n: {quantiles: {0: 1, 0.5: 2}}}", 7, 25, "quantiles rise from probability 0 to 1"),
        (.body, "fields: {n: {quantiles: {0: 5, 1: 2}}}", 7, 25, "quantiles rise from probability 0 to 1"),
        (.body, "fields: {n: {quantiles: {0: 5, 2: 9}}}", 7, 32, "not a share"),
        (.body, "fields: {n: {zipf: {count: 0, exponent: 1}}}", 7, 28, "0 is out of range"),
        (.body, "fields: {n: {zipf: {count: 9, exponent: 9}}}", 7, 41, "an exponent lies between 0 and 8"),
        (.body, "fields: {s: {pattern: [1]}}", 7, 23, "expected a pattern such as 'SKU-####', found a list"),
        (.body, "fields: {s: {sequence: {begin: 3}}}", 7, 25, "'begin' is not a key of a sequence"),
        (.body, "fields: {s: {unique: uid}}", 7, 22, "expected 'uuid' or a unique id as a mapping, found a string"),
        (.body, "fields: {s: {unique: {digits: 19}}}", 7, 31, "19 is out of range"),
        (.body, "fields: {s: {unique: {digits: 2}}}", 7, 10, "there are 100 such values, and 200 are needed"),
        (.body, "fields: {n: {unique: {from: 9, to: 1}}}", 7, 22, "numbers are unique from a least to a greatest one"),
        (.body, "fields: {n: {unique: {from: 9}}}", 7, 22, "'uuid' or a unique id needs 'to'"),
        (.body, "fields: {s: {bytes: -1}}", 7, 21, "-1 is out of range"),
        (.body, "fields: {s: {from: user.idd}}", 7, 20, "there is no value 'user.idd'"),
        (.body, "fields: {s: {from: usr.id}}", 7, 20, "there is no value 'usr.id'"),
        (.body, "fields: {s: {from: user.id, first: 0}}", 7, 36, "0 is out of range"),
        (
            .body, "fields: {s: {from: user.id, middle: [1]}}", 7, 37,
            "expected [first character, how many], found a list"
        ),
        (.body, "fields: {n: {from: user.n, last: 2}}", 7, 20, "'user.n' has no text"),
        (.body, "fields: {s: {text: \"{user.id\"}}", 7, 20, "'{' has no '}'"),
        (.body, "fields: {s: {text: \"{user.idd}\"}}", 7, 20, "there is no value 'user.idd'"),
        (.body, "fields: {n: {by: user.n, cases: {1..3: 1, x: 2}}}", 7, 43, "'x' stands among ranges"),
        (.body, "fields: {n: {by: user.n, cases: {abc: 1}}}", 7, 34, "'abc' is compared with a number"),
        (.body, "fields: {n: {by: user.n}}", 7, 13, "a 'by' generator needs 'cases'"),
        (.body, "fields: {n: {by: user.m, cases: {1: 1}}}", 7, 18, "there is no value 'user.m'"),
        (
            .body,
            "fields: {d: {by: user.n, cases: {1: {uniform: [0, 1], decimals: 2}, 2: {uniform: [0, 1], decimals: 3}}}}",
            7, 10, "the cases have different decimals"
        ),
        (
            .body, "fields: {n: {expression: \"user.n +\"}}", 7, 34,
            "column 9: expected a name, a number, a text or '(', found en"
        ),
        (
            .body, "fields: {n: {expression: \"user.n + * 2\"}}", 7, 35,
            "column 10: expected a name, a number, a text or '(', found '"
        ),
        (.body, "fields: {n: {expression: \"user.m + 2\"}}", 7, 26, "there is no value 'user.m'"),
        (
            .body, "fields: {n: {expression: \"user.n -2\"}}", 7, 33,
            "column 8: expected an operator or the end, found the number "
        ),
        (
            .body, "fields: {n: {expression: \"if(user.n, 2)\"}}", 7, 38,
            "column 13: expected the arguments of if, found others; write"
        ),
        (
            .body, "fields: {n: {expression: \"sqrt(user.n)\"}}", 7, 26,
            "column 1: expected a function, found 'sqrt'; there are if, m"
        ),
        (
            .body, "fields: {n: {expression: \"user.n = 2\"}}", 7, 33,
            "column 8: expected an operator or the end, found '='; write "
        ),
        (.body, "fields: {n: {expression: \"\\\"a\\\" + 2\"}}", 7, 26, "a text is only compared, with == or in"),
        (.body, "fields: {n: {expression: \"m\"}, m: {expression: \"n\"}}", 7, 10, "this value depends on itself"),
        (.body, "fields: {time: {eventTime: hours}}", 7, 28, "'hours' is not a unit of time"),
        (.body, "fields: {n: {time: {from: 2026-02-01, to: 2026-01-01}}}", 7, 20, "the time ends before it begins"),
        (.body, "fields: {n: {time: {from: yesterday, to: 2026-01-01}}}", 7, 27, "not a time"),
        (.body, "fields: {s: {date: {from: 2026-02-30, to: 2026-03-01}}}", 7, 27, "there is no such day"),
        (.body, "fields: {s: {date: {from: 2026-03-30, to: 2026-03-01}}}", 7, 20, "the date ends before it begins"),
        (.body, "fields: {s: {identifier: passport}}", 7, 26, "'passport' is not a kind of identifier"),
        (.body, "fields: {s: {identifier: card}}", 7, 26, "card needs 'bin'"),
        (.body, "fields: {s: {identifier: rfc, birthDate: born}}", 7, 42, "there is no value 'born'"),
        (.body, "fields: {n: {total: \"a +\"}}", 7, 21, "expected a sum of products of names, such as 'a * b + c', fo"),
        (
            .body, "fields: {n: {drawn: {entity: usr, count: 1, every: 1h, lasting: 2h}}}", 7, 30,
            "there is no entity 'usr'"
        ),
        (
            .body, "fields: {n: {drawn: {entity: user, count: 200, every: 1h, lasting: 2h}}}", 7, 30,
            "more are drawn than there are of 'user', or more than 4 mill"
        ),
        (
            .body, "fields: {n: {drawn: {entity: user, count: 1, every: 1s, lasting: 2h}}}", 7, 21,
            "more than 1000 draws last at a time"
        ),
        (.body, "fields: {s: {pack: cn.city}}", 7, 20, "there is no pack's list 'cn.city'"),
        (.body, "fields: {n: {weights: {}}}", 7, 23, "expected at least one weight, found a mapping"),
        (.body, "fields: {n: {weights: {1: -1}}}", 7, 27, "a weight must be above 0"),
        (.body, "fields: {b: maybe}", 7, 10, "the schema wants true or false here"),
        (.body, "fields: {n: {constant: 1, when: {user.m: 1}}}", 7, 34, "there is no value 'user.m'"),
        (.body, "fields: {n: {constant: 1, when: {user.n: {min: 3, max: 1}}}}", 7, 42, "min is above max"),
        (.body, "fields: {n: {constant: 1, present: 200%}}", 7, 36, "not a share"),
        (.body, "fields: {n: {constnt: 1}}", 7, 14, "no generator stands here"),
        (.body, "fields: [n]", 7, 9, "expected the fields, found a list"),
        (.body, "fields: {n: }", 7, 13, "expected a value, found nothing"),
        (.body, "fields: {q: 1}", 7, 10, "R has no field 'q'"),
        (.body, "fields: {n: {list: {count: 2, of: 1}}}", 7, 10, "a list or map stands only at a field of that type"),
        (.body, "fields: {n: {map: {a: 1}}}", 7, 10, "a list or map stands only at a field of that type"),
        (.body, "fields: {n: 1}\ncount: 0", 8, 8, "0 is out of range"),
        (.body, "fields: {n: 1}\ncohorts: 512", 8, 10, "512 is out of range"),
        (.body, "fields: {n: 1}\ncorrelated: {c: {of: [n], ranks: [[1]]}}", 8, 14, "2 to 16 values"),
        (
            .body,
            "fields: {n: {uniform: [1, 9]}, m: {uniform: [1, 9]}}\ncorrelated: {c: {of: [n, m], ranks: [[1], [2, 1]]}}",
            8, 44, "a correlation lies between -1 and 1"
        ),
        (
            .body,
            "fields: {n: {uniform: [1, 9]}, m: {uniform: [1, 9]}}\ncorrelated: {c: {of: [n, m], ranks: [[1], [1]]}}", 8,
            43, "row 2 has the correlations with the values before it, and 1"
        ),
        (
            .body,
            "fields: {n: {uniform: [1, 9]}, m: {from: user.n}}\ncorrelated: {c: {of: [n, user.n], ranks: [[1], [0.5, 1]]}}",
            8, 14, "'c' correlates values of different owners"
        ),
        (.body, "streams: {}", 7, 10, "expected 1 to 64 streams, found a mapping"),
        (.body, "streams: {a: {share: 0}}", 7, 10, "every stream has the share 0"),
        (.body, "streams: {a: {share: -1}}", 7, 22, "a share lies between 0 and a million"),
        (.body, "streams: {a: {operation: S.b}}", 7, 26, "the schema has no operation 'S.b'"),
        (.body, "streams: {a: {arrivals: {process: posson}}}", 7, 35, "'posson' is not a process"),
        (.body, "streams: {a: {arrivals: {process: weibull}}}", 7, 25, "the arrivals needs 'shape'"),
        (.body, "streams: {a: {arrivals: {process: weibull, shape: 99}}}", 7, 51, "a shape lies between 0.1 and 10"),
        (.body, "streams: {a: {arrivals: {shape: 1}}}", 7, 33, "only Weibull gaps have a shape"),
        (.body, "streams: {a: {arrivals: {byHour: [1, 2]}}}", 7, 34, "expected 24 weights, not all 0, found a list"),
        (.body, "streams: {a: {arrivals: {bursts: {perDay: 0, length: 1m, factor: 2}}}}", 7, 43, "0 is out of range"),
        (.body, "streams: {a: {fields: {n: 1}}, b: {share: 2x}}", 7, 43, "not a share"),
        (
            .body, "fields: {n: 1}\nflows: {f: {within: 1h, states: {a: {}}}}", 8, 9,
            "the flow 'f' has a share or a number of instances"
        ),
        (
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 9h, states: {a: {}}}}", 8, 9,
            "the flow may last longer than the scenario"
        ),
        (.body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {}}}", 8, 9, "a flow has 1 to 64 states"),
        (
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {next: [{to: b, after: 1s}]}}}}", 8,
            61, "'b' is not a state"
        ),
        (
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {next: [{to: a}]}}}}", 8, 56,
            "a transition needs 'after'"
        ),
        (
            .body,
            "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {next: [{to: a, after: [9s, 1s]}]}}}}", 8,
            71, "the shortest is above the longest"
        ),
        (
            .body,
            "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {next: [{to: a, after: 1s, weight: 0}]}}}}",
            8, 83, "a weight must be above 0"
        ),
        (
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {draw: {usr: x}}}}}", 8, 56,
            "there is no entity 'usr'"
        ),
        (
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {stream: x}}}}", 8, 57,
            "there is no stream 'x'"
        ),
        (
            .body,
            "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {next: [{to: a, after: 1s, when: {user.m: 1}}]}}}}",
            8, 82, "there is no value 'user.m'"
        ),
        (
            .body, "fields: {n: 1}\nflows: {f: {share: 99%, within: 1h, steps: 99, states: {a: {}}}}", 8, 44,
            "99 is out of range"
        ),
        (.body, "fields: {n: 1}\nlabels: [{when: {user.n: 1}}]", 8, 10, "a label needs 'type'"),
        (.body, "fields: {n: 1}\nlabels: [{type: x, flow: g}]", 8, 26, "'g' is not a flow"),
        (.body, "fields: {n: 1}\nlabels: [{type: x, when: {user.q: 1}}]", 8, 27, "there is no value 'user.q'"),
        (.body, "fields: {n: 1}\nexpected: [{decision: yes}]", 8, 23, "'yes' is not a decision"),
        (
            .body, "fields: {n: 1}\nanomalies: {types: {velocity: {campaign: {size: [3], window: 1m}}}}", 8, 49,
            "expected [least, greatest], found a list"
        ),
        (
            .body, "fields: {n: 1}\nanomalies: {types: {velocity: {campaign: {size: [9, 3], window: 1m}}}}", 8, 50,
            "the least is above the greatest"
        ),
        (
            .body,
            "fields: {n: 1}\nanomalies: {types: {velocity: {campaign: {size: [3, 9], window: 1m, same: [usr]}}}}", 8,
            76, "there is no entity 'usr'"
        ),
        (
            .body, "fields: {n: 1}\nanomalies: {types: {requiredMissing: {field: n, stream: x}}}", 8, 57,
            "there is no stream 'x'"
        ),
        (.body, "fields: {n: 1}\nnonsense: 1", 8, 1, "'nonsense' is not a key of the scenario"),
        (.entities, "user: {}", 6, 18, "the entity 'user' needs 'count'"),
        (.entities, "user: {count: 0}", 6, 26, "0 is out of range"),
        (.entities, "user: {count: 5, each: 2}", 6, 35, "'each' says how many an owner has"),
        (.entities, "user: {count: 5, skew: 9}", 6, 35, "an exponent lies between 0 and 8"),
        (.entities, "user: {count: 5, owner: user}", 6, 12, "'user' owns itself"),
        (.entities, "user: {count: 5, weight: w}", 6, 37, "there is no attribute of 'user' 'w'"),
        (
            .entities, "user: {count: 5, weight: n, skew: 1, attributes: {n: {uniform: [1, 2]}}}", 6, 37,
            "'weight' stands alone"
        ),
        (
            .entities, "user: {count: 5, weight: n, attributes: {n: {uniform: [0, 0]}}}", 6, 37,
            "the weights of 'user' add up to 0, or to too much"
        ),
        (.entities, "user: {count: 5, near: {of: shop, by: [x], radius: 1}}", 6, 40, "there is no entity 'shop'"),
        (.entities, "user: {count: 5, near: {of: user2, by: [x], radius: 0}}", 6, 64, "a radius is above 0"),
        (.entities, "user: {count: 5, like: other}", 6, 19, "'count' is not a key of the entity 'user'"),
        (.entities, "user: {owner: bank}", 6, 26, "there is no entity 'bank'"),
        (.entities, "user: {count: 5, attributes: {a: {from: b}}}", 7, 39, "there is no value 'user.n'"),
        (.entities, "user: {count: 5, attributes: {a: {from: b}, b: {from: a}}}", 7, 39, "there is no value 'user.n'"),
        (.time, "{start: 2026-13-01, span: 1h}", 5, 15, "not a time"),
        (.time, "{start: 2026-01-01}", 5, 7, "the time needs 'span'"),
        (.time, "{start: 2026-01-01, span: 1 hour}", 5, 33, "not a duration"),
        (
            .time,
            "{start: 2026-01-01, span: 1h, byHour: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}",
            5, 45, "expected 24 weights, not all 0, found a list"
        ),
        (.time, "{start: 2026-01-01, span: 1h, byWeekday: [1]}", 5, 48, "expected 7 weights, not all 0, found a list"),
        (.time, "{start: 2026-01-01, span: 1h, holidays: [tomorrow]}", 5, 48, "not a day"),
        (.time, "{start: 2026-01-01, span: 1h, utcOffset: 9999}", 5, 48, "9999 is out of range"),
        (
            .time, "{start: 2026-01-01, span: 1h, bursts: {perDay: 1, length: 20h, factor: 2}}", 5, 45,
            "a burst of more than 12 h"
        ),
        (
            .body, "fields: {n: {uniform: [1, 9]}}\ncorrelated: {c: {of: [n, q], ranks: [[1], [0.5, 1]]}}", 8, 26,
            "there is no value 'q'"
        ),
    ]

    @Test func `each malformed scenario is refused at its place, with a way out`() throws {
        var schemas = SchemaSet()
        try schemas.load(SchemaSource(name: "s.thrift", text: Small.schema))
        for (part, text, line, column, message) in Self.cases {
            let time = part == .time ? text : "{start: 2026-01-01, span: 4h}"
            let entities = part == .entities ? "{\(text)}" : Self.entities
            let body =
                part == .body
                ? text
                : text.contains("attributes") ? "fields: {s: {from: user.a}, n: {from: user.n}}" : "fields: {n: 1}"
            let whole =
                "tinct: scenario/1\nschema: s.thrift\noperation: S.a\nprotocol: {kind: thrift}\ntime: \(time)\n"
                + "entities: \(entities)\n\(body)\n"
            do {
                let scenario = try Shipped.scenario("s.yaml", bytes: Array(whole.utf8))
                _ = try SynthesisPlan(scenario, schemas, total: 200, seed: 1)
                Issue.record("accepted: \(text)")
            } catch {
                let said = "\(error)"
                #expect(said.hasPrefix("s.yaml:\(line):\(column): \(message)"), "\(text): \(said)")
                #expect(said.contains("\n  ") || said.contains("expected "), "no way out: \(said)")
            }
        }
        #expect(Self.cases.count > 120)
    }

    @Test func `no scenario of changed bytes traps`() throws {
        for name in ["wallet_china", "penalty_centre", "fraud_handbook"] {
            let bytes = try Shipped.scenario(Shipped.path(name)).sources.last?.bytes ?? []
            let philox = Philox(key: 8)
            for round in 0..<60 as Range<UInt64> {
                var changed = bytes
                for k in 0..<3 as Range<UInt64> {
                    let at = Int(philox.below(UInt64(changed.count), round, k))
                    changed[at] = Array("0 :{}[],-.%x\n".utf8)[Int(philox.below(13, round, 10 + k))]
                }
                _ = try? Scenario.load(path: "x.yaml") { (file, mark) throws(YAMLError) in
                    if file == "x.yaml" { return changed }
                    throw YAMLError("no such file", at: mark ?? YAMLMark(file: file, line: 1, column: 1))
                }
            }
        }
    }
}
