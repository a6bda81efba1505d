/// Fields whose generators cannot be.
extension MalformedScenarios {
    static let fields: [MalformedScenario] = [
        .init(.body, "fields: {n: {uniform: [1]}}", "7:23: expected [least, greatest], found a list"),
        .init(.body, "fields: {n: {uniform: 3}}", "7:23: expected [least, greatest], found a whole number"),
        .init(.body, "fields: {n: {uniform: [a, b]}}", "7:24: expected a number, found a string"),
        .init(.body, "fields: {n: {uniform: [0.5, 2]}}", "7:24: 0.5 is not a number with at most 0 decimals"),
        .init(.body, "fields: {d: {uniform: [0, 1], decimals: 12}}", "7:41: 12 is out of range"),
        .init(.body, "fields: {n: {normal: {mean: 3}}}", "7:22: a normal distribution needs 'sd'"),
        .init(.body, "fields: {n: {normal: {mean: 3, sd: -1}}}", "7:22: sd is negative"),
        .init(.body, "fields: {n: {normal: {mean: 3, sd: 1, min: 9, max: 1}}}", "7:22: min is above max"),
        .init(
            .body, "fields: {n: {logNormal: {median: 0, sigma: 1}}}",
            "7:25: a median above 0 and a sigma from 0 to 5 are needed"),
        .init(
            .body, "fields: {n: {logNormal: {median: 5, sigma: 9}}}",
            "7:25: a median above 0 and a sigma from 0 to 5 are needed"),
        .init(
            .body, "fields: {n: {logNormal: {mean: 5, sigma: 1}}}",
            "7:26: 'mean' is not a key of a logNormal distribution"),
        .init(.body, "fields: {n: {exponential: {}}}", "7:27: an exponential distribution needs 'mean'"),
        .init(.body, "fields: {n: {exponential: {mean: 0}}}", "7:34: a number above 0 is needed"),
        .init(.body, "fields: {n: {gamma: {shape: 0, scale: 1}}}", "7:29: the shape is out of range"),
        .init(.body, "fields: {n: {gamma: {shape: 2}}}", "7:21: a gamma distribution needs 'scale'"),
        .init(.body, "fields: {n: {weibull: {shape: 99, scale: 1}}}", "7:31: the shape is out of range"),
        .init(.body, "fields: {n: {quantiles: {0: 1, 0.5: 2}}}", "7:25: quantiles rise from probability 0 to 1"),
        .init(.body, "fields: {n: {quantiles: {0: 5, 1: 2}}}", "7:25: quantiles rise from probability 0 to 1"),
        .init(.body, "fields: {n: {quantiles: {0: 5, 2: 9}}}", "7:32: not a share"),
        .init(.body, "fields: {n: {zipf: {count: 0, exponent: 1}}}", "7:28: 0 is out of range"),
        .init(.body, "fields: {n: {zipf: {count: 9, exponent: 9}}}", "7:41: an exponent lies between 0 and 8"),
        .init(.body, "fields: {s: {pattern: [1]}}", "7:23: expected a pattern such as 'SKU-####', found a list"),
        .init(.body, "fields: {s: {sequence: {begin: 3}}}", "7:25: 'begin' is not a key of a sequence"),
        .init(.body, "fields: {s: {unique: uid}}", "7:22: expected 'uuid' or a unique id as a mapping, found a string"),
        .init(.body, "fields: {s: {unique: {digits: 19}}}", "7:31: 19 is out of range"),
        .init(.body, "fields: {s: {unique: {digits: 2}}}", "7:10: there are 100 such values, and 200 are needed"),
        .init(
            .body, "fields: {n: {unique: {from: 9, to: 1}}}", "7:22: numbers are unique from a least to a greatest one"),
        .init(.body, "fields: {n: {unique: {from: 9}}}", "7:22: 'uuid' or a unique id needs 'to'"),
        .init(.body, "fields: {s: {bytes: -1}}", "7:21: -1 is out of range"),
        .init(.body, "fields: {s: {from: user.idd}}", "7:20: there is no value 'user.idd'"),
        .init(.body, "fields: {s: {from: usr.id}}", "7:20: there is no value 'usr.id'"),
        .init(.body, "fields: {s: {from: user.id, first: 0}}", "7:36: 0 is out of range"),
        .init(
            .body, "fields: {s: {from: user.id, middle: [1]}}",
            "7:37: expected [first character, how many], found a list"),
        .init(.body, "fields: {n: {from: user.n, last: 2}}", "7:20: 'user.n' has no text"),
        .init(.body, "fields: {s: {text: \"{user.id\"}}", "7:20: '{' has no '}'"),
        .init(.body, "fields: {s: {text: \"{user.idd}\"}}", "7:20: there is no value 'user.idd'"),
        .init(.body, "fields: {n: {by: user.n, cases: {1..3: 1, x: 2}}}", "7:43: 'x' stands among ranges"),
        .init(.body, "fields: {n: {by: user.n, cases: {abc: 1}}}", "7:34: 'abc' is compared with a number"),
        .init(.body, "fields: {n: {by: user.n}}", "7:13: a 'by' generator needs 'cases'"),
        .init(.body, "fields: {n: {by: user.m, cases: {1: 1}}}", "7:18: there is no value 'user.m'"),
        .init(
            .body,
            "fields: {d: {by: user.n, cases: {1: {uniform: [0, 1], decimals: 2}, 2: {uniform: [0, 1], decimals: 3}}}}",
            "7:10: the cases have different decimals"),
        .init(
            .body, "fields: {n: {expression: \"user.n +\"}}",
            "7:34: column 9: expected a name, a number, a text or '(', found en"),
        .init(
            .body, "fields: {n: {expression: \"user.n + * 2\"}}",
            "7:35: column 10: expected a name, a number, a text or '(', found '"),
        .init(.body, "fields: {n: {expression: \"user.m + 2\"}}", "7:26: there is no value 'user.m'"),
        .init(
            .body, "fields: {n: {expression: \"user.n -2\"}}",
            "7:33: column 8: expected an operator or the end, found the number "),
        .init(
            .body, "fields: {n: {expression: \"if(user.n, 2)\"}}",
            "7:38: column 13: expected the arguments of if, found others"),
        .init(
            .body, "fields: {n: {expression: \"sqrt(user.n)\"}}",
            "7:26: column 1: expected a function, found 'sqrt'"),
        .init(
            .body, "fields: {n: {expression: \"user.n = 2\"}}",
            "7:33: column 8: expected an operator or the end, found '='"),
        .init(.body, "fields: {n: {expression: \"\\\"a\\\" + 2\"}}", "7:26: a text is only compared, with == or in"),
        .init(.body, "fields: {n: {expression: \"m\"}, m: {expression: \"n\"}}", "7:10: this value depends on itself"),
        .init(.body, "fields: {time: {eventTime: hours}}", "7:28: 'hours' is not a unit of time"),
        .init(.body, "fields: {n: {time: {from: 2026-02-01, to: 2026-01-01}}}", "7:20: the time ends before it begins"),
        .init(.body, "fields: {n: {time: {from: yesterday, to: 2026-01-01}}}", "7:27: not a time"),
        .init(.body, "fields: {s: {date: {from: 2026-02-30, to: 2026-03-01}}}", "7:27: there is no such day"),
        .init(.body, "fields: {s: {date: {from: 2026-03-30, to: 2026-03-01}}}", "7:20: the date ends before it begins"),
        .init(.body, "fields: {s: {identifier: passport}}", "7:26: 'passport' is not a kind of identifier"),
        .init(.body, "fields: {s: {identifier: card}}", "7:26: card needs 'bin'"),
        .init(.body, "fields: {s: {identifier: rfc, birthDate: born}}", "7:42: there is no value 'born'"),
        .init(
            .body, "fields: {n: {total: \"a +\"}}", "7:21: expected a sum of products of names, found a string"
        ),
        .init(
            .body, "fields: {n: {drawn: {entity: usr, count: 1, every: 1h, lasting: 2h}}}",
            "7:30: there is no entity 'usr'"),
        .init(
            .body, "fields: {n: {drawn: {entity: user, count: 200, every: 1h, lasting: 2h}}}",
            "7:30: more are drawn than there are of 'user', or more than 4 mill"),
        .init(
            .body, "fields: {n: {drawn: {entity: user, count: 1, every: 1s, lasting: 2h}}}",
            "7:21: more than 1000 draws last at a time"),
        .init(.body, "fields: {s: {pack: cn.city}}", "7:20: there is no pack's list 'cn.city'"),
        .init(.body, "fields: {n: {weights: {}}}", "7:23: expected at least one weight, found a mapping"),
        .init(.body, "fields: {n: {weights: {1: -1}}}", "7:27: a weight must be above 0"),
        .init(.body, "fields: {b: maybe}", "7:10: the schema wants true or false here"),
        .init(.body, "fields: {n: {constant: 1, when: {user.m: 1}}}", "7:34: there is no value 'user.m'"),
        .init(.body, "fields: {n: {constant: 1, when: {user.n: {min: 3, max: 1}}}}", "7:42: min is above max"),
        .init(.body, "fields: {n: {constant: 1, present: 200%}}", "7:36: not a share"),
        .init(.body, "fields: {n: {constnt: 1}}", "7:14: no generator stands here"),
        .init(.body, "fields: [n]", "7:9: expected the fields, found a list"),
        .init(.body, "fields: {n: }", "7:13: expected a value, found nothing"),
        .init(.body, "fields: {q: 1}", "7:10: R has no field 'q'"),
        .init(
            .body, "fields: {n: {list: {count: 2, of: 1}}}", "7:10: a list or map stands only at a field of that type"),
        .init(.body, "fields: {n: {map: {a: 1}}}", "7:10: a list or map stands only at a field of that type"),
    ]
}
