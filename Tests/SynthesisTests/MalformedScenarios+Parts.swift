/// What stands beside the fields: streams, flows, labels, anomalies, entities and times.
extension MalformedScenarios {
    static let parts: [MalformedScenario] = [
        .init(.body, "fields: {n: 1}\ncount: 0", "8:8: 0 is out of range"),
        .init(.body, "fields: {n: 1}\ncohorts: 512", "8:10: 512 is out of range"),
        .init(.body, "fields: {n: 1}\ncorrelated: {c: {of: [n], ranks: [[1]]}}", "8:14: 2 to 16 values"),
        .init(
            .body,
            "fields: {n: {uniform: [1, 9]}, m: {uniform: [1, 9]}}\ncorrelated: {c: {of: [n, m], ranks: [[1], [2, 1]]}}",
            "8:44: a correlation lies between -1 and 1"),
        .init(
            .body,
            "fields: {n: {uniform: [1, 9]}, m: {uniform: [1, 9]}}\ncorrelated: {c: {of: [n, m], ranks: [[1], [1]]}}",
            "8:43: row 2 has the correlations with the values before it, and 1"),
        .init(
            .body,
            "fields: {n: {uniform: [1, 9]}, m: {from: user.n}}\ncorrelated: {c: {of: [n, user.n], ranks: [[1], [0.5, 1]]}}",
            "8:14: 'c' correlates values of different owners"),
        .init(
            .body,
            "fields: {n: {uniform: [1, 9]}}\nstreams: {a: {}, b: {correlated: {c: {of: [n, x], ranks: [[1], [0.5, 1]]}}}}",
            "8:47: there is no value 'x'"),
        .init(
            .body,
            "fields: {n: {uniform: [1, 9]}}\nstreams: {a: {fields: {m: {uniform: [1, 9]}}}, b: {correlated: {c: {of: [n, m], "
                + "ranks: [[1], [0.5, 1]]}}}}", "8:77: there is no value 'm'"),
        .init(.body, "streams: {}", "7:10: expected 1 to 64 streams, found a mapping"),
        .init(.body, "streams: {a: {share: 0}}", "7:10: every stream has the share 0"),
        .init(.body, "streams: {a: {share: -1}}", "7:22: a share lies between 0 and a million"),
        .init(.body, "streams: {a: {operation: S.b}}", "7:26: the schema has no operation 'S.b'"),
        .init(.body, "streams: {a: {arrivals: {process: posson}}}", "7:35: 'posson' is not a process"),
        .init(.body, "streams: {a: {arrivals: {process: weibull}}}", "7:25: the arrivals needs 'shape'"),
        .init(
            .body, "streams: {a: {arrivals: {process: weibull, shape: 99}}}", "7:51: a shape lies between 0.1 and 10"),
        .init(.body, "streams: {a: {arrivals: {shape: 1}}}", "7:33: only Weibull gaps have a shape"),
        .init(
            .body, "streams: {a: {arrivals: {byHour: [1, 2]}}}", "7:34: expected 24 weights, not all 0, found a list"),
        .init(
            .body, "streams: {a: {arrivals: {bursts: {perDay: 0, length: 1m, factor: 2}}}}", "7:43: 0 is out of range"),
        .init(.body, "streams: {a: {fields: {n: 1}}, b: {share: 2x}}", "7:43: not a share"),
        .init(
            .body, "fields: {n: 1}\nflows: {f: {within: 1h, states: {a: {}}}}",
            "8:9: the flow 'f' has a share or a number of instances"),
        .init(
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 9h, states: {a: {}}}}",
            "8:9: the flow may last longer than the scenario"),
        .init(
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {}}}", "8:9: a flow has 1 to 64 states"),
        .init(
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {next: [{to: b, after: 1s}]}}}}",
            "8:61: 'b' is not a state"),
        .init(
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {next: [{to: a}]}}}}",
            "8:56: a transition needs 'after'"),
        .init(
            .body,
            "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {next: [{to: a, after: [9s, 1s]}]}}}}",
            "8:71: the shortest is above the longest"),
        .init(
            .body,
            "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {next: [{to: a, after: 1s, weight: 0}]}}}}",
            "8:83: a weight must be above 0"),
        .init(
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {draw: {usr: x}}}}}",
            "8:56: there is no entity 'usr'"),
        .init(
            .body, "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {stream: x}}}}",
            "8:57: there is no stream 'x'"),
        .init(
            .body,
            "fields: {n: 1}\nflows: {f: {share: 1%, within: 1h, states: {a: {next: [{to: a, after: 1s, when: {user.m: 1}}]}}}}",
            "8:82: there is no value 'user.m'"),
        .init(
            .body, "fields: {n: 1}\nflows: {f: {share: 99%, within: 1h, steps: 99, states: {a: {}}}}",
            "8:44: 99 is out of range"),
        .init(.body, "fields: {n: 1}\nlabels: [{when: {user.n: 1}}]", "8:10: a label needs 'type'"),
        .init(.body, "fields: {n: 1}\nlabels: [{type: x, flow: g}]", "8:26: 'g' is not a flow"),
        .init(.body, "fields: {n: 1}\nlabels: [{type: x, when: {user.q: 1}}]", "8:27: there is no value 'user.q'"),
        .init(.body, "fields: {n: 1}\nexpected: [{decision: yes}]", "8:23: 'yes' is not a decision"),
        .init(
            .body, "fields: {n: 1}\nanomalies: {types: {velocity: {campaign: {size: [3], window: 1m}}}}",
            "8:49: expected [least, greatest], found a list"),
        .init(
            .body, "fields: {n: 1}\nanomalies: {types: {velocity: {campaign: {size: [9, 3], window: 1m}}}}",
            "8:50: the least is above the greatest"),
        .init(
            .body,
            "fields: {n: 1}\nanomalies: {types: {velocity: {campaign: {size: [3, 9], window: 1m, same: [usr]}}}}",
            "8:76: there is no entity 'usr'"),
        .init(
            .body, "fields: {n: 1}\nanomalies: {types: {requiredMissing: {field: n, stream: x}}}",
            "8:57: there is no stream 'x'"),
        .init(.body, "fields: {n: 1}\nnonsense: 1", "8:1: 'nonsense' is not a key of the scenario"),
        .init(
            .body, "fields: {n: {uniform: [1, 9]}}\ncorrelated: {c: {of: [n, q], ranks: [[1], [0.5, 1]]}}",
            "8:26: there is no value 'q'"),
        .init(.entities, "user: {}", "6:18: the entity 'user' needs 'count'"),
        .init(.entities, "user: {count: 0}", "6:26: 0 is out of range"),
        .init(.entities, "user: {count: 5, each: 2}", "6:35: 'each' says how many an owner has"),
        .init(.entities, "user: {count: 5, skew: 9}", "6:35: an exponent lies between 0 and 8"),
        .init(.entities, "user: {count: 5, owner: user}", "6:12: 'user' owns itself"),
        .init(.entities, "user: {count: 5, weight: w}", "6:37: there is no attribute of 'user' 'w'"),
        .init(
            .entities, "user: {count: 5, weight: n, skew: 1, attributes: {n: {uniform: [1, 2]}}}",
            "6:37: 'weight' stands alone"),
        .init(
            .entities, "user: {count: 5, weight: n, attributes: {n: {uniform: [0, 0]}}}",
            "6:37: the weights of 'user' add up to 0, or to too much"),
        .init(.entities, "user: {count: 5, near: {of: shop, by: [x], radius: 1}}", "6:40: there is no entity 'shop'"),
        .init(.entities, "user: {count: 5, near: {of: user2, by: [x], radius: 0}}", "6:64: a radius is above 0"),
        .init(.entities, "user: {count: 5, like: other}", "6:19: 'count' is not a key of the entity 'user'"),
        .init(.entities, "user: {owner: bank}", "6:26: there is no entity 'bank'"),
        .init(.entities, "user: {count: 5, attributes: {a: {from: b}}}", "7:39: there is no value 'user.n'"),
        .init(
            .entities, "user: {count: 5, attributes: {a: {from: b}, b: {from: a}}}", "7:39: there is no value 'user.n'"),
        .init(.time, "{start: 2026-13-01, span: 1h}", "5:15: not a time"),
        .init(.time, "{start: 2026-01-01}", "5:7: the time needs 'span'"),
        .init(.time, "{start: 2026-01-01, span: 1 hour}", "5:33: not a duration"),
        .init(
            .time,
            "{start: 2026-01-01, span: 1h, byHour: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}",
            "5:45: expected 24 weights, not all 0, found a list"),
        .init(
            .time, "{start: 2026-01-01, span: 1h, byWeekday: [1]}", "5:48: expected 7 weights, not all 0, found a list"),
        .init(.time, "{start: 2026-01-01, span: 1h, holidays: [tomorrow]}", "5:48: not a day"),
        .init(.time, "{start: 2026-01-01, span: 1h, utcOffset: 9999}", "5:48: 9999 is out of range"),
        .init(
            .time, "{start: 2026-01-01, span: 1h, bursts: {perDay: 1, length: 20h, factor: 2}}",
            "5:45: a burst of more than 12 h"),
    ]
}
