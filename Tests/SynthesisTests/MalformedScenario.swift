import TestSupport
import Testing

/// A scenario, a fitted profile or a pack of values with one thing wrong, and what is said of it.
struct MalformedScenario: Sendable, CustomTestStringConvertible {
    /// By the names under which they are read; `s.yaml` is the scenario.
    let files: [String: String]
    /// `FILE:LINE:COLUMN: message`, as far as it matters.
    let expected: String
    /// What is wrong.
    let testDescription: String

    enum Place { case body, entities, time, layout }

    /// A small scenario around `text`.
    init(_ place: Place, _ text: String, _ expected: String) {
        let time = place == .time ? text : "{start: 2026-01-01, span: 4h}"
        let entities = place == .entities ? "{\(text)}" : Self.entities
        let layout = place == .layout ? text : "kind: thrift"
        let fields = text.contains("attributes") ? "fields: {s: {from: user.a}, n: {from: user.n}}" : "fields: {n: 1}"
        files = [
            "s.yaml": """
            tinct: scenario/1
            schema: s.thrift
            operation: S.a
            protocol: {\(layout)}
            time: \(time)
            entities: \(entities)
            \(place == .body ? text : fields)

            """
        ]
        self.expected = "s.yaml:\(expected)"
        testDescription = text
    }

    private static let entities =
        "{user: {count: 100, attributes: {id: {unique: {prefix: u, digits: 4}}, n: {uniform: [1, 9]}, "
        + "x: {uniform: [0, 9], decimals: 2}}}}"

    /// A profile as `tinct profile` fits them, spoiled by hand.
    init(profile old: String, _ new: String, _ expected: String) {
        files = ["s.yaml": Self.spoiled(Self.profile, old, new)]
        self.expected = "s.yaml:\(expected)"
        testDescription = new
    }

    /// A pack that a good scenario takes values from, spoiled by hand.
    init(pack old: String, _ new: String, _ expected: String) {
        files = ["s.yaml": Self.usesPack, "packs/pack.yaml": Self.spoiled(Self.pack, old, new)]
        self.expected = "packs/pack.yaml:\(expected)"
        testDescription = new
    }

    private static func spoiled(_ document: String, _ old: String, _ new: String) -> String {
        precondition(document.ranges(of: old).count == 1, "'\(old)' stands there once")
        return document.replacing(old, with: new)
    }

    static let profile = """
        tinct: scenario/1
        name: "Like S.a on recorded.mcap"
        schema: "s.thrift"
        operation: "S.a"
        protocol: {kind: thrift, encoding: binary, transport: framed}
        time:
          start: 2026-09-20T16:00:00.000000000Z
          span: 1209188s
          byHour: [478, 540, 616, 804, 790, 594, 511, 540, 558, 703, 808, 931, 1000, 612, 348, 183, 105, 65, 36, 43, 18, 58, 214, 315]
          byWeekday: [0.772, 0.826, 0.747, 1.106, 1.386, 1.243, 0.92]
        entities:
          merchant:
            count: 972
            weight: activity
            attributes:
              activity: {quantiles: {0: 102, 0.5: 102, 0.9: 398, 1: 16730}}
              scene: {weights: {"payment": 2158, "transfer": 415, "login": 273}}
              merchantId: {unique: {prefix: "m", digits: 8}}
        values:
          _birth: {date: {from: 1950-01-01, to: 2007-12-31}}
          _bin: {constant: "40000000"}
        correlated:
          numbers:
            of: ["m", "d"]
            ranks: [[1], [-0.06, 1]]
        fields:
          n: {sequence: {start: 1}}
          m: {quantiles: {0: 10, 0.25: 120, 0.5: 340, 1: 9000}}
          d: {quantiles: {0: 0.5, 0.5: 2.25, 1: 80}, decimals: 2}
          s: {from: merchant.scene}
          t: {identifier: residentId, birthDate: _birth}
          b: {weights: {true: 7, false: 1}, present: 40%}

        """

    static let usesPack = """
        tinct: scenario/1
        schema: s.thrift
        operation: S.a
        protocol: {kind: thrift}
        time: {start: 2026-01-01, span: 4h}
        packs: {p: {file: packs/pack.yaml, version: 2}}
        fields: {s: {pack: p.city}}

        """

    static let pack = """
        tinct: pack/1
        name: places
        version: 2
        about: Towns and their weights.
        lists:
          city: {Lima: 12, Quito: 3.5, Bogotá: 8}
          street: [Calle Real, Avenida Norte]

        """
}

/// The tables.
enum MalformedScenarios {}
