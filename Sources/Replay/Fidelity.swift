/// What keeps its order when a tape is sent again: requests that share it go one after another.
package enum Affinity: Sendable {
    /// A recorded flow keeps its connection and its order.
    case flow
    /// Requests with the same value in this field keep their order, over whatever connection is free: the next one is not
    /// sent before the one before was answered or has failed.
    case key(RequestField)
    case none
}

/// How closely a replay follows the recording.
package struct Fidelity: Sendable {
    package var affinity = Affinity.flow
    package var eventTime = EventTimeMode.keep
    package var times: DeclaredTimes?
    /// How often the tape is sent at most; nil: once, or for as long as the run's duration. ``endless`` needs something
    /// else to end the run.
    package var rounds: UInt32?
    package var locator = FieldLocator()
    /// A closed loop of so many users, who go through one flow after the other; nil: order is the affinity's.
    package var users: Int?
    /// How long a user waits after each reply.
    package var thinkNanos: UInt64 = 0
    /// Each connection carries one request.
    package var opensForEach = false
    /// Identities are fresh in the first round too.
    package var isFresh = false
    /// Fields that the command line names for a purpose (its flag): each must be in some request.
    package var named: [(flag: String, field: RequestField)] = []
    /// Nil: requests are sent as they were recorded, but for the tag.
    package var rules: Rules?
    package var ruleContext = RuleContext()
    /// Whether requests take values from earlier replies.
    var hasBindings: Bool { rules.map { !$0.bindings.isEmpty } ?? false }

    package init() {}

    package static let endless = UInt32.max
}
