package import Tape

/// What a synthesized tape says of its exchanges, as compactly as scoring needs it: two bytes for each exchange, and some
/// forty for each label. Feed it every exchange of the tape once, in order.
package struct ScoreTruth {
    /// Labels that are scored alike.
    package struct Kind: Sendable, Hashable {
        package var type: String
        package var layer: String
        package var difficulty: String
        package var detectableAt: String
        /// The label's own: `reject`, `decline`, …, `pass`.
        package var expected: String
        /// Looks guilty and is not.
        package var isHardNegative: Bool
        /// The type that a hard negative mimics; else empty.
        package var mimics: String
        /// A campaign's exchanges lie within this; 0 when nothing is said.
        package var windowNanos: UInt64
    }

    /// One label of one exchange.
    struct Mark {
        var kind: Int32
        /// -1 outside a campaign.
        var campaign: Int32
        var k: UInt32
        var minHistory: UInt32
        var eventNanos: UInt64
    }

    struct Campaign {
        var kind: Int32
        /// As its labels say.
        var size: UInt32
        /// A step of its own for each stage: a change of order makes it another story.
        var hasStages: Bool
    }

    /// What lies beyond these is pooled as `other`, so that no tape makes the tables grow without end.
    private static let kindLimit = 2000
    private static let expectedLimit = 1000

    package private(set) var exchanges: UInt64 = 0
    package private(set) var labelled: UInt64 = 0
    package private(set) var kinds: [Kind] = []
    private(set) var campaigns: [Campaign] = []
    private(set) var expectedWords: [String] = [""]
    private var expected: [UInt16] = []
    private var marks: [Int: [Mark]] = [:]
    private var kindIndex: [Kind: Int32] = [:]
    private var campaignIndex: [String: Int32] = [:]
    private var expectedIndex: [String: UInt16] = ["": 0]
    /// Positions of exchanges whose id is not their position.
    private var strays: [UInt64: Int] = [:]

    package init() {}

    package mutating func add(_ exchange: Exchange) {
        let position = expected.count
        if exchange.id != UInt64(position) { strays[exchange.id] = position }
        exchanges += 1
        expected.append(index(ofExpected: exchange.expected))
        if exchange.labels.isEmpty { return }
        labelled += 1
        marks[position] = exchange.labels.map { mark($0) }
    }

    /// Where the exchange with this id stands; nil when the tape has none.
    func position(of id: UInt64) -> Int? {
        if !strays.isEmpty, let position = strays[id] { return position }
        guard let position = Int(exactly: id), position < expected.count else { return nil }
        return position
    }

    /// The expected decision; empty when nothing is expected.
    func expected(at position: Int) -> String { expectedWords[Int(expected[position])] }

    func marks(at position: Int) -> [Mark] { marks[position] ?? [] }

    /// Of those that stand on the tape.
    var campaignCounts: [UInt32] {
        var counts = [UInt32](repeating: 0, count: kinds.count)
        for campaign in campaigns { counts[Int(campaign.kind)] += 1 }
        return counts
    }

    private mutating func index(ofExpected word: String) -> UInt16 {
        if let known = expectedIndex[word] { return known }
        // What is pooled is not known, so it is not scored.
        if expectedWords.count >= Self.expectedLimit { return 0 }
        let index = UInt16(expectedWords.count)
        expectedWords.append(word)
        expectedIndex[word] = index
        return index
    }

    private mutating func mark(_ label: Label) -> Mark {
        let kind = index(of: label)
        var mark = Mark(
            kind: kind, campaign: -1, k: label.k, minHistory: label.minHistory, eventNanos: label.eventNanos)
        if label.campaign.isEmpty { return mark }
        if let known = campaignIndex[label.campaign] {
            mark.campaign = known
        } else {
            mark.campaign = Int32(clamping: campaigns.count)
            campaignIndex[label.campaign] = mark.campaign
            campaigns.append(Campaign(kind: kind, size: label.n, hasStages: false))
        }
        if !["", "first", "middle", "last"].contains(label.stage) { campaigns[Int(mark.campaign)].hasStages = true }
        return mark
    }

    private mutating func index(of label: Label) -> Int32 {
        func parameter(_ name: String) -> String { label.parameters.first { $0.name == name }?.value ?? "" }
        var kind = Kind(
            type: label.type, layer: label.layer, difficulty: label.difficulty, detectableAt: label.detectableAt,
            expected: label.expected, isHardNegative: parameter("fraud") == "no", mimics: parameter("mimics"),
            windowNanos: label.campaign.isEmpty ? 0 : Self.nanos(parameter("window")))
        if let known = kindIndex[kind] { return known }
        if kinds.count >= Self.kindLimit {
            kind = Kind(
                type: "other", layer: label.layer == "L0" ? "L0" : "other", difficulty: "other", detectableAt: "other",
                expected: "", isHardNegative: kind.isHardNegative, mimics: "", windowNanos: 0)
            if let known = kindIndex[kind] { return known }
        }
        let index = Int32(kinds.count)
        kinds.append(kind)
        kindIndex[kind] = index
        return index
    }

    /// ns of a whole number with a unit, as labels write durations; 0 for everything else.
    static func nanos(_ text: String) -> UInt64 {
        let units: [(String, UInt64)] = [
            ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000),
            ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
        ]
        for (unit, scale) in units where text.hasSuffix(unit) {
            guard let value = UInt64(text.dropLast(unit.count)) else { continue }
            let (nanos, overflow) = value.multipliedReportingOverflow(by: scale)
            return overflow ? .max : nanos
        }
        return 0
    }
}
