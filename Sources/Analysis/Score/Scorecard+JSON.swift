import Expression
package import JSON

extension Scorecard {
    /// A decision as a class of its own: how often it was given where it was expected.
    package struct DecisionFigures: Sendable, Equatable {
        package var decision: String
        package var verdicts = Verdicts()
    }

    /// One for each decision that is expected; `rejected` replies belong to `reject` and `4xx`.
    package var decisionFigures: [DecisionFigures] {
        let cells = confusion
        return Set(cells.map(\.expected)).sorted().map { decision in
            var figures = DecisionFigures(decision: decision)
            for cell in cells {
                let isOfClass =
                    cell.actual.lowercased() == decision.lowercased()
                    || (cell.actual == Self.rejected && ["reject", "4xx"].contains(decision.lowercased()))
                if cell.expected == decision {
                    if cell.isAsExpected {
                        figures.verdicts.truePositives += cell.count
                    } else {
                        figures.verdicts.falseNegatives += cell.count
                    }
                } else if isOfClass {
                    figures.verdicts.falsePositives += cell.count
                } else {
                    figures.verdicts.trueNegatives += cell.count
                }
            }
            return figures
        }
    }

    /// What `tinct score --json` prints, without the expectations.
    package var json: JSONObject {
        var object = JSONObject()
        object.append("replayed", JSONValue(replayed))
        object.append("scored", JSONValue(scored))
        object.append("asExpected", JSONValue(asExpected))
        object.append("unknown", JSONValue(unknown))
        object.append("void", JSONValue(void))
        object.append("unanswered", Self.counts(unanswered))
        object.append("notReplayed", JSONValue(notReplayed))
        object.append("unknownSource", JSONValue(unknownSource))
        object.append("decision", decisionPath.map { JSONValue($0.description) } ?? .null)
        object.append("passes", JSONValue(options.passes.sorted().map { JSONValue($0) }))
        object.append("clock", JSONValue(options.clock.rawValue))
        object.append("timesFollowSends", JSONValue(options.timesFollowSends))
        object.append("verdicts", Self.json(verdicts))
        object.append("clean", Self.json(clean))
        object.append("cleanToStop", Self.json(cleanToStop))
        object.append("hardNegatives", Self.json(hardNegatives))
        object.append("types", JSONValue(types.map(Self.json)))
        object.append("layers", Self.table(layers))
        object.append("difficulties", Self.table(difficulties))
        object.append("detectableAt", Self.table(detectable))
        object.append(
            "confusion",
            JSONValue(
                confusion.map { cell in
                    [
                        "expected": JSONValue(cell.expected), "actual": JSONValue(cell.actual),
                        "count": JSONValue(cell.count), "asExpected": JSONValue(cell.isAsExpected),
                    ]
                }))
        object.append(
            "decisions",
            JSONValue(
                decisionFigures.map { figures in
                    var entry = JSONObject()
                    entry.append("decision", JSONValue(figures.decision))
                    for member in Self.json(figures.verdicts).object?.members ?? [] {
                        entry.append(member.key, member.value)
                    }
                    return .object(entry)
                }))
        return object
    }

    private static func json(_ proportion: Proportion) -> JSONValue {
        [
            "part": JSONValue(proportion.part), "whole": JSONValue(proportion.whole),
            "value": proportion.value.map { JSONValue($0) } ?? .null, "low95": bound(proportion.interval?.lowerBound),
            "high95": bound(proportion.interval?.upperBound),
        ]
    }

    private static func bound(_ value: Double?) -> JSONValue { value.map { JSONValue($0) } ?? .null }

    private static func json(_ verdicts: Verdicts) -> JSONValue {
        [
            "truePositives": JSONValue(verdicts.truePositives), "falseNegatives": JSONValue(verdicts.falseNegatives),
            "falsePositives": JSONValue(verdicts.falsePositives), "trueNegatives": JSONValue(verdicts.trueNegatives),
            "precision": json(verdicts.precision), "recall": json(verdicts.recall),
            "falseAlarms": json(verdicts.falseAlarms),
            "f1": [
                "value": bound(verdicts.f1), "low95": bound(verdicts.f1Interval?.lowerBound),
                "high95": bound(verdicts.f1Interval?.upperBound),
            ],
        ]
    }

    private static func members(_ tally: Tally) -> [JSONObject.Member] {
        [
            .init("labelled", JSONValue(tally.labelled)), .init("caught", JSONValue(tally.caught)),
            .init("missed", JSONValue(tally.missed)), .init("early", JSONValue(tally.early)),
            .init("asExpected", JSONValue(tally.asExpected)), .init("alarms", JSONValue(tally.alarms)),
            .init("passed", JSONValue(tally.passed)), .init("unanswered", JSONValue(tally.unanswered)),
            .init("unknown", JSONValue(tally.unknown)), .init("void", counts(tally.void)),
            .init("recall", json(tally.recall)), .init("falseAlarms", json(tally.falseAlarms)),
        ]
    }

    private static func json(_ tally: Tally) -> JSONValue { .object(JSONObject(members(tally))) }

    private static func json(_ row: TypeResult) -> JSONValue {
        var object = JSONObject([
            .init("type", JSONValue(row.type)), .init("layer", JSONValue(row.layer)),
            .init("hardNegative", JSONValue(row.isHardNegative)),
            .init("mimics", row.mimics.isEmpty ? .null : JSONValue(row.mimics)),
        ])
        object.members += members(row.tally)
        object.append("campaigns", row.campaigns.map(json) ?? .null)
        return .object(object)
    }

    private static func json(_ campaigns: CampaignTally) -> JSONValue {
        let (records, nanos) = (campaigns.records.sorted(), campaigns.nanos.sorted())
        func seconds(_ share: Double) -> JSONValue {
            Self.quantile(nanos, share).map { JSONValue(Double($0) / 1e9) } ?? .null
        }
        func count(_ share: Double) -> JSONValue { Self.quantile(records, share).map { JSONValue($0) } ?? .null }
        return [
            "sent": JSONValue(campaigns.sent), "held": JSONValue(campaigns.held),
            "detected": JSONValue(campaigns.detected), "void": counts(campaigns.void),
            "reordered": JSONValue(campaigns.reordered), "recall": json(campaigns.recall),
            "recordsToDetection": ["median": count(0.5), "p90": count(0.9), "max": count(1)],
            "secondsToDetection": ["median": seconds(0.5), "p90": seconds(0.9), "max": seconds(1)],
        ]
    }

    /// The least value that at least `share` of `sorted` are at or below; nil of none.
    package static func quantile<T>(_ sorted: [T], _ share: Double) -> T? {
        if sorted.isEmpty { return nil }
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    private static func table(_ tallies: [String: Tally]) -> JSONValue {
        .object(JSONObject(tallies.sorted { $0.key < $1.key }.map { .init($0.key, json($0.value)) }))
    }

    private static func counts(_ table: [String: UInt64]) -> JSONValue {
        .object(JSONObject(table.sorted { $0.key < $1.key }.map { .init($0.key, JSONValue($0.value)) }))
    }
}
