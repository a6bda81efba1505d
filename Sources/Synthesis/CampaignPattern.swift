import YAML

/// How the exchanges of a campaign follow from the parameters of its type: stages, roles, and who acts in each.
struct CampaignPattern: Sendable {
    /// Who an entity of a stage's members is. Names are those of the campaign's cast: the same name is the same one,
    /// another name is another one, and no two campaigns share any as long as there are enough.
    enum Who: Sendable, Equatable {
        /// One for all.
        case same(String)
        /// Each member's own.
        case each(String)
        /// So many, taken in turn.
        case pool(String, UInt64)
        /// The own one of the member after this: a chain.
        case next(String)
        /// The same, and the last member's is the first one's: a circle.
        case ring(String)

        var name: String {
            switch self {
            case .same(let name), .each(let name), .pool(let name, _), .next(let name), .ring(let name): name
            }
        }

        /// As a scenario writes it.
        var text: String {
            switch self {
            case .same(let name): name
            case .each(let name): "\(name) each"
            case .pool(let name, let count): "\(name) of \(count)"
            case .next(let name): "\(name) next"
            case .ring(let name): "\(name) ring"
            }
        }
    }

    struct Stage: Sendable {
        var name: String
        var role: String
        var members: ClosedRange<UInt64>
        /// When, in percent of the window.
        var from: UInt64
        var to: UInt64
        /// By the parameter that names the entity: `actor`, `counterparty`, `device`, `card`, `merchant`.
        var who: [String: Who]
        /// Members are copies of the first one's request.
        var isCopy: Bool
        /// Members act at even intervals.
        var isEven: Bool

        init(
            _ name: String, role: String, _ members: ClosedRange<UInt64> = 1...1, from: UInt64 = 0, to: UInt64 = 100,
            who: [String: Who], isCopy: Bool = false, isEven: Bool = false
        ) {
            self.name = name
            self.role = role
            self.members = members
            self.from = from
            self.to = to
            self.who = who
            self.isCopy = isCopy
            self.isEven = isEven
        }
    }

    let stages: @Sendable (AnomalyParameters) -> [Stage]
    /// Changes values of each member.
    let member: CellInjector?
    /// One member is never sent.
    let loses: Bool

    init(
        _ stages: @escaping @Sendable (AnomalyParameters) -> [Stage], member: CellInjector? = nil, loses: Bool = false
    ) {
        self.stages = stages
        self.member = member
        self.loses = loses
    }

    // MARK: Parameters that campaigns have in common

    static let roles = ["actor", "counterparty", "device", "card", "merchant"]

    /// What every campaign reads beside its own.
    static let common: [AnomalyType.Parameter] = common(window: 600)

    static func common(window seconds: UInt64, members: ClosedRange<UInt64>? = nil) -> [AnomalyType.Parameter] {
        [
            .optional("window", .duration, "How long a campaign lasts.", .duration(seconds * 1_000_000_000)),
            .optional("members", .range, "How many exchanges, at least and at most.", members.map { .range($0) }),
            .optional("hours", .range, "Hours of the day (UTC) in which it may begin, as in [1, 5]."),
            .optional("actor", .entity, "The entity that acts.", .entity("user")),
            .optional("counterparty", .entity, "The entity that receives.", .entity("payee")),
            .optional("device", .entity, "The entity it acts with.", .entity("device")),
            .optional("card", .entity, "The card it pays with.", .entity("card")),
            .optional("merchant", .entity, "The entity it buys from.", .entity("merchant")),
        ]
    }
}

extension AnomalyParameters {
    func range(_ name: String, or other: ClosedRange<UInt64>) -> ClosedRange<UInt64> {
        if case .range(let value)? = values[name] { value } else { other }
    }

    func count(_ name: String, or other: UInt64) -> UInt64 { range(name, or: other...other).upperBound }
}

extension AnomalyParameters.Value {
    static func entity(_ name: String) -> AnomalyParameters.Value {
        .reference(.init(name: name, mark: .init(file: "", line: 0, column: 0)))
    }
}
