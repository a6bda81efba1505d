import Tape

/// A campaign as far as it was seen.
struct OracleCampaign: Sendable {
    struct Member: Sendable {
        var k: UInt32
        var stage: Int
        var timeNanos: UInt64
        /// Values of the type's fields, by parameter: as bytes, and as a number.
        var texts: [String: [UInt8]]
        var numbers: [String: Double]
        var bytes: [UInt8]
    }

    let rule: OracleRule
    let size: UInt32
    /// Of the first exchange that was seen of it.
    let index: UInt64
    private(set) var members: [Member] = []
    /// Whose values are known: by space and part of the cast, and the other way round.
    private var actors: [String: [UInt8]] = [:]
    private var parts: [String: String] = [:]
    /// How many of each stage were seen.
    private var places: [UInt64]
    /// False in a shard that began after the campaign did: then nobody can say which of the cast a member is.
    private let isFromStart: Bool

    private var stated: Int { rule.spec.campaign?.loses == true ? Int(size) - 1 : Int(size) }
    var isComplete: Bool { members.count == stated }

    init(_ rule: OracleRule, _ label: Label, _ index: UInt64) {
        self.rule = rule
        size = label.n
        self.index = index
        isFromStart = label.k == 1 || rule.spec.campaign?.loses == true
        places = [UInt64](repeating: 0, count: rule.stageNames.count)
    }

    /// What is wrong with a member, or nil.
    mutating func add(_ label: Label, _ view: borrowing OracleView, _ changed: [String]) -> String? {
        guard label.n == size, (1...label.n).contains(label.k), !members.contains(where: { $0.k == label.k }) else {
            return "member \(label.k) of \(label.n) does not fit in"
        }
        let isSingle = rule.stageNames.count == 1 && ["first", "middle", "last"].contains(label.stage)
        guard let stage = isSingle ? 0 : rule.stageNames.firstIndex(of: label.stage),
            let spec = rule.spec.campaign?.stages[stage]
        else {
            return "there is no stage '\(label.stage)'"
        }
        guard label.eventNanos == view.timeNanos else { return "its time is not the exchange's" }
        let place = places[stage]
        places[stage] += 1
        guard place < spec.members.upperBound else { return "the stage '\(label.stage)' has too many members" }
        if !rule.holdsConstants(stage, view, changed: changed) { return "a value is not what 'with' says" }
        if isFromStart && !spec.isCopy {
            for cast in rule.casts[stage] {
                if let reason = play(cast, place, stage, view) { return reason }
            }
        }
        var member = Member(
            k: label.k, stage: stage, timeNanos: view.timeNanos, texts: [:], numbers: [:], bytes: Array(view.bytes))
        for (name, watch) in rule.watches {
            member.texts[name] = view.readings.text(watch, view.bytes)
            member.numbers[name] = view.readings.double(watch, view.bytes)
        }
        members.append(member)
        let times = members.map(\.timeNanos)
        let window = rule.spec.campaign?.windowNanos ?? 0
        if (times.max() ?? 0) - (times.min() ?? 0) > window { return "it lasts longer than its window" }
        return nil
    }

    /// One of the cast is the same one wherever the name stands, and no other name's.
    private mutating func play(
        _ cast: OracleRule.CastWatch, _ place: UInt64, _ stage: Int, _ view: borrowing OracleView
    ) -> String? {
        let value = view.readings.text(cast.watch, view.bytes)
        // A struct around it may be left out in a stage; then nothing can be told.
        if value.isEmpty { return nil }
        let ring = cast.who
        var part: String
        switch ring {
        case .same(let name): part = name
        case .each(let name): part = "\(name)#\(place)"
        case .pool(let name, let count): part = "\(name)#\(place % count)"
        case .next(let name): part = "\(name)#\(place + 1)"
        case .ring(let name):
            // How many there are is known at the end.
            part = "\(name)#\(place + 1)"
            return meet(name, part, value, cast.space)
        }
        part = cast.space + "/" + part
        return meet(part, value, cast.space)
    }

    /// The last of a ring meets the first; until then it is one more.
    private mutating func meet(_ name: String, _ part: String, _ value: [UInt8], _ space: String) -> String? {
        let first = space + "/" + name + "#0"
        if actors[first] == value { return nil }
        return meet(space + "/" + part, value, space)
    }

    private mutating func meet(_ part: String, _ value: [UInt8], _ space: String) -> String? {
        let key = space + "=" + String(decoding: value, as: UTF8.self)
        if let known = actors[part] {
            return known == value ? nil : "'\(part)' is two different ones"
        }
        if let other = parts[key], other != part { return "'\(part)' and '\(other)' are the same one" }
        actors[part] = value
        parts[key] = part
        return nil
    }

    // MARK: When all are there

    /// What is wrong with the campaign as a whole, or nil.
    func verdict() -> String? {
        let ordered = members.sorted { ($0.timeNanos, $0.k) < ($1.timeNanos, $1.k) }
        guard let spec = rule.spec.campaign else { return nil }
        for (a, b) in zip(ordered, ordered.dropFirst()) {
            if spec.stages[a.stage].to <= spec.stages[b.stage].from || a.stage == b.stage { continue }
            if spec.stages[b.stage].to <= spec.stages[a.stage].from { return "its stages are out of order" }
        }
        for (stage, count) in places.enumerated() where count < spec.stages[stage].members.lowerBound {
            return "the stage '\(spec.stages[stage].name)' has too few members"
        }
        for (at, stage) in spec.stages.enumerated() {
            let own = ordered.filter { $0.stage == at }
            if stage.isCopy, let first = own.first, own.contains(where: { $0.bytes != first.bytes }) {
                return "its copies differ"
            }
            if stage.isEven && own.count > 2 {
                let steps = zip(own.dropFirst(), own).map { $0.timeNanos - $1.timeNanos }
                if (steps.max() ?? 0) - (steps.min() ?? 0) > 1 { return "its intervals differ" }
            }
        }
        if let hours = spec.hours, let first = ordered.first {
            let hour = first.timeNanos / 3_600_000_000_000 % 24
            // The first member may act a little after the campaign begins.
            let slack = spec.windowNanos / 3_600_000_000_000 + 1
            if !(hours.lowerBound..<hours.upperBound + slack).contains(hour)
                && !(hours.lowerBound..<hours.upperBound + slack).contains(hour + 24)
            {
                return "it begins at another hour"
            }
        }
        return OracleCampaign.checks[rule.typeName]?(self, ordered)
    }

    private typealias Check = @Sendable (OracleCampaign, [Member]) -> String?

    private static let checks: [String: Check] = [
        "idempotencyReused": { campaign, all in
            same("key")(campaign, all) ?? (Set(all.map(\.bytes)).count == all.count ? nil : "its contents are the same")
        },
        "tokenReplayed": same("key"), "sessionFixation": same("key"), "syntheticIdentity": same("shared"),
        "sharedAddress": same("shared"), "emulatorFarm": same("fingerprint"), "doubleSpend": same("amount"),
        "muleCycle": falling, "muleStack": falling, "pushPaymentScam": rising, "inflatedIncome": rising,
        "structuring": { campaign, all in
            let threshold = Double(campaign.rule.spec.parameters.number("threshold") ?? 0)
            let margin = Double(campaign.rule.spec.parameters.number("margin") ?? 0)
            let amounts = all.compactMap { $0.numbers["amount"] }
            guard amounts.count == all.count, amounts.allSatisfy({ $0 < threshold && $0 >= threshold - margin }) else {
                return "an amount is not just below the limit"
            }
            return amounts.reduce(0, +) > threshold ? nil : "together it is no more than the limit"
        },
        "cardTesting": cards, "binAttack": cards,
        "impossibleTravel": { campaign, all in
            let limit = Double(campaign.rule.spec.parameters.number("kmh") ?? 900)
            return speeds(all).allSatisfy { $0 > limit } ? nil : "somebody could have travelled like that"
        },
        "traveller": { campaign, all in
            let limit = Double(campaign.rule.spec.parameters.number("kmh") ?? 800)
            // Within a minute nobody gets anywhere, and positions are no better than that.
            return speeds(all, seconds: 600).allSatisfy { $0 < limit } ? nil : "nobody could have travelled like that"
        },
        "dormantWakes": { campaign, all in
            let days = Double(campaign.rule.spec.parameters.range("days").lowerBound)
            return all.allSatisfy {
                guard let seen = $0.numbers["lastSeen"] else { return false }
                return Double($0.timeNanos) / 1_000_000 - seen >= days * 86_400_000 - 1
            } ? nil : "it was seen not long before"
        },
        "reorderedDelivery": { _, all in
            let events = all.compactMap { $0.numbers["field"] }
            let isFalling = zip(events, events.dropFirst()).allSatisfy { $0 >= $1 }
            return events.count == all.count && isFalling && events.first != events.last ? nil : "they arrive in order"
        },
    ]

    private static func same(_ name: String) -> Check {
        { campaign, all in
            guard campaign.rule.watches[name] != nil, let first = all.first?.texts[name] else { return nil }
            if first.isEmpty { return "what its members share is absent" }
            return all.allSatisfy { $0.texts[name] == first } ? nil : "its members do not share what they should"
        }
    }

    private static let falling: Check = { campaign, all in
        guard campaign.rule.watches["amount"] != nil else { return nil }
        let amounts = all.sorted { $0.k < $1.k }.compactMap { $0.numbers["amount"] }
        let isFalling = zip(amounts, amounts.dropFirst()).allSatisfy { $0 > $1 || $0 <= 1 }
        return amounts.count == all.count && isFalling ? nil : "nothing is kept from hop to hop"
    }

    private static let rising: Check = { campaign, all in
        guard campaign.rule.watches["amount"] != nil else { return nil }
        let amounts = all.sorted { $0.k < $1.k }.compactMap { $0.numbers["amount"] }
        guard amounts.count == all.count, let last = amounts.last, let most = amounts.dropLast().max() else {
            return "an amount is absent"
        }
        let ratio = Double(max(2, campaign.rule.spec.parameters.number("ratio") ?? 2))
        return last >= most * ratio ? nil : "the last amount is not that much greater"
    }

    private static let cards: Check = { campaign, all in
        guard campaign.rule.watches["number"] != nil else { return nil }
        let numbers = all.compactMap { $0.texts["number"] }
        guard numbers.count == all.count, numbers.allSatisfy({ OracleIdentifier.isValid($0[...], .card) }) else {
            return "a card number is not valid"
        }
        if Set(numbers).count < numbers.count { return "a card number comes twice" }
        let bins = Set(numbers.map { Array($0.prefix(6)) }).count
        return bins <= Int(campaign.rule.spec.parameters.range("bins").upperBound) ? nil : "there are more BINs"
    }

    /// km/h from each member to the next, over the great circle (haversine), with at least so many seconds between.
    private static func speeds(_ all: [Member], seconds least: Double = 0) -> [Double] {
        zip(all, all.dropFirst()).map { a, b in
            guard let latitude = a.numbers["latitude"], let longitude = a.numbers["longitude"],
                let other = b.numbers["latitude"], let otherLongitude = b.numbers["longitude"]
            else { return .nan }
            let distance = OracleGeometry.kilometres(latitude, longitude, other, otherLongitude)
            let seconds = max(least, max(0.001, Double(b.timeNanos - a.timeNanos) / 1_000_000_000))
            return distance * 3600 / seconds
        }
    }
}
