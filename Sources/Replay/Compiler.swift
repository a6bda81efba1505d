import Bytes
import Metrics
import Tagging
package import Tape
import Thrift

/// Where exchanges come from. Used by one thread at a time.
package protocol ExchangeSource: AnyObject, Sendable {
    /// Replaces `exchange` by the next one of the tape; false at its end.
    func next(into exchange: inout Exchange) throws(ReplayError) -> Bool
    /// Goes back to the first one.
    func rewind() throws(ReplayError)
}

/// Turns exchanges into what is sent, each once.
struct Compiler {
    enum Result {
        case draft(TemplateBlock.Draft)
        /// Not sent: its outcome, and why for the list of refusals.
        case refused(Outcome, operation: UInt16, reason: String)
    }

    let gatekeeper: Guard
    let tagger: Tagger
    let keepsHost: Bool
    let allowsDuplicates: Bool
    /// Whether the tape may be sent more than once.
    let repeats: Bool
    let identities: any IdentityFinder
    let fidelity: Fidelity
    /// For fresh identities.
    let seed: UInt64
    /// Flows so far, each of which the next user goes through, and the last of them.
    var visit: UInt64 = 0
    var visitedFlow: UInt64 = 0
    /// Of the rules; nil without any.
    var bindings: BindingCompiler?
    /// Of the rules that change requests; nil without any.
    private(set) var changes: ChangeCompiler?
    var sessions = SessionValues()
    let budget: CallerBudget
    /// The first event time on the tape, from which the others count.
    private(set) var firstEventNanos: UInt64?
    /// Requests that have the key of the affinity, and requests that hold an event time.
    var keyed: UInt64 = 0
    var timed: UInt64 = 0
    /// Of the fields that the command line names, those that no request has had yet.
    private(set) var unmet: [(flag: String, field: RequestField)]
    /// Where several requests may be in flight on a connection.
    private var overlap: FlowOverlap?
    /// Operations in order of appearance.
    private(set) var operations: [String] = []
    /// For the Host header of each target.
    let hosts: [[UInt8]]
    /// Targets of each protocol.
    private let http: WeightedTargets
    private let thrift: WeightedTargets
    /// Requests that may be sent, so far.
    private(set) var compiled: UInt64 = 0
    /// Requests without a flow so far.
    private var free: UInt64 = 0
    /// Calls of one operation tend to follow each other.
    private var last: (name: String, index: UInt16)?
    private var operationIndex: [String: UInt16] = [:]
    /// By index of the operation.
    private var rules: [(timeoutNanos: UInt64, isIdempotent: Bool)] = []
    private let patience: Patience
    private var refusedOperations: [UInt16: [Int: String]] = [:]
    /// The first request that nothing could carry the tag in.
    private(set) var untaggable: TagError?
    /// Operations that cannot be sent again, since nothing says which of their fields are identities.
    private(set) var withoutIdentity: Set<String> = []

    init(
        gatekeeper: Guard, tagger: Tagger, keepsHost: Bool, allowsDuplicates: Bool, repeats: Bool,
        identities: any IdentityFinder, fidelity: Fidelity = Fidelity(), seed: UInt64 = 0, overlap: FlowOverlap? = nil,
        patience: Patience = Patience(), budget: CallerBudget = CallerBudget()
    ) {
        self.patience = patience
        self.overlap = overlap
        self.budget = budget
        self.gatekeeper = gatekeeper
        self.tagger = tagger
        self.keepsHost = keepsHost
        self.allowsDuplicates = allowsDuplicates
        self.repeats = repeats
        self.identities = identities
        self.fidelity = fidelity
        unmet = fidelity.named
        self.seed = seed
        bindings = fidelity.hasBindings ? fidelity.rules.map { BindingCompiler($0, fidelity.locator) } : nil
        changes = fidelity.rules.flatMap { rules in
            rules.changes.isEmpty ? nil : ChangeCompiler(rules, fidelity.ruleContext, fidelity.locator)
        }
        hosts = gatekeeper.admitted.map { Array($0.target.authority.utf8) }
        http = WeightedTargets(gatekeeper.admitted.map(\.target), .http)
        thrift = WeightedTargets(gatekeeper.admitted.map(\.target), .thrift)
    }

    /// - Parameter chosen: the target, where it is not for the weights to choose.
    mutating func compile(_ exchange: borrowing Exchange, to chosen: Int? = nil) -> Result {
        let operation = index(of: exchange.operation)
        guard var target = target(of: exchange) else {
            return .refused(.notAddressed, operation: operation, reason: "")
        }
        if let chosen {
            if gatekeeper.admitted[chosen].target.scheme != gatekeeper.admitted[target].target.scheme {
                return .refused(.notAddressed, operation: operation, reason: "")
            }
            target = chosen
        }
        if let reason = gatekeeper.refusal(operation: exchange.operation, target: target) {
            return .refused(.guardRefused, operation: operation, reason: reason)
        }
        guard let request = exchange.request, request.isWhole, !request.wire.isEmpty else {
            return .refused(.guardRefused, operation: operation, reason: "the request is not whole on the tape")
        }
        let isWireFault = exchange.labels.contains { $0.layer == "L0" && $0.detectableAt == "wire" }
        if isWireFault && !gatekeeper.allowsWireFaults(target: target) {
            return .refused(.guardRefused, operation: operation, reason: "wire faults are not allowed by a policy")
        }
        do throws(TagError) {
            var draft = try draft(exchange, request.wire, target, isWireFault)
            draft.operation = operation
            draft.target = UInt8(clamping: target)
            draft.isWireFault = isWireFault
            // Operations that share the last place have no rules in common.
            let rule =
                operations[Int(operation)] == exchange.operation ? rules[Int(operation)] : rule(exchange.operation)
            draft.timeoutNanos = rule.timeoutNanos
            draft.isIdempotent = rule.isIdempotent
            draft.format = exchange.format
            draft.sourceID = exchange.id
            if !unmet.isEmpty {
                let locator = fidelity.locator
                unmet.removeAll {
                    locator.find($0.field, in: request.wire, exchange.format, operation: exchange.operation) != nil
                }
            }
            draft.budgetNanos = budget.nanos(of: request.wire, exchange.format)
            bind(&draft, exchange)
            if draft.isTagged { try BodyDigests.follow(&draft, from: request.wire, exchange.format) }
            try changes?.sign(&draft, exchange)
            if draft.isTagged { try refuseWritesOverTag(draft) }
            draft.overlap = draft.flow == Template.free ? 0 : overlap?.next(exchange) ?? 0
            if repeats && !allowsDuplicates && !draft.hasIdentity { withoutIdentity.insert(exchange.operation) }
            compiled += 1
            return .draft(draft)
        } catch {
            if error.code == .nothingCanCarry && untaggable == nil { untaggable = error }
            return .refused(.guardRefused, operation: operation, reason: error.message)
        }
    }

    /// Whether nothing but its tag can keep an exchange from being sent.
    func mayBeSent(_ exchange: borrowing Exchange) -> Bool {
        let targets = exchange.format.protocol == .http1 ? http : thrift
        guard exchange.format.protocol != .unknown, let target = targets.first, let request = exchange.request,
            request.isWhole, !request.wire.isEmpty
        else { return false }
        return gatekeeper.refusal(operation: exchange.operation, target: target) == nil
    }

    /// Where event times count from: the first one that was seen.
    mutating func eventOrigin(_ nanos: UInt64) -> UInt64 {
        if let firstEventNanos { return firstEventNanos }
        firstEventNanos = nanos
        return nanos
    }

    /// One of its protocol, by weight: the same for all requests of a flow, in turn for those without one.
    private mutating func target(of exchange: borrowing Exchange) -> Int? {
        let targets: WeightedTargets
        switch exchange.format.protocol {
        case .http1: targets = http
        case .thrift where exchange.format.transport != .http: targets = thrift
        default: return nil
        }
        if targets.isSingle { return targets.first }
        if case .key(let field) = fidelity.affinity, let wire = exchange.request?.wire,
            let span = fidelity.locator.find(field, in: wire, exchange.format, operation: exchange.operation)
        {
            return targets.target(at: Compiler.digest(span.text(in: wire)))
        }
        if exchange.client.isEmpty {
            free &+= 1
            return targets.target(at: free &- 1)
        }
        return targets.target(at: FreshValues.mix(exchange.flow &+ 1))
    }

    private mutating func index(of operation: String) -> UInt16 {
        if let last, last.name == operation { return last.index }
        let index = lookUp(operation)
        last = (operation, index)
        return index
    }

    private mutating func lookUp(_ operation: String) -> UInt16 {
        if let index = operationIndex[operation] { return index }
        // What does not fit shares the last place.
        if operations.count >= CountPage.operationLimit - 1 {
            if operations.count == CountPage.operationLimit - 1 { append("other") }
            return UInt16(clamping: CountPage.operationLimit - 1)
        }
        let index = UInt16(clamping: operations.count)
        append(operation)
        operationIndex[operation] = index
        return index
    }

    private mutating func append(_ operation: String) {
        operations.append(operation)
        rules.append(rule(operation))
    }

    private func rule(_ operation: String) -> (timeoutNanos: UInt64, isIdempotent: Bool) {
        (patience.exchangeNanos(of: operation), patience.retries > 0 && patience.isIdempotent(operation))
    }

    private mutating func draft(
        _ exchange: Exchange, _ wire: [UInt8], _ target: Int, _ isWireFault: Bool
    ) throws(TagError) -> TemplateBlock.Draft {
        if isWireFault, let draft = spoiledDraft(exchange, wire, target) { return draft }
        let format = TagFormat(exchange.format)
        var draft: TemplateBlock.Draft
        var applied: [Int] = []
        do throws(TagError) {
            if format == .http1 {
                let rewritten = try RequestRewriting.rewrite(
                    wire, host: keepsHost ? nil : hosts[target], closes: fidelity.opensForEach)
                draft = TemplateBlock.Draft(bytes: rewritten.bytes, reply: rewritten.isHead ? .httpHead : .http)
            } else {
                draft = TemplateBlock.Draft(bytes: wire, reply: .frame)
            }
            if format == .other {
                throw TagError(
                    .nothingCanCarry,
                    "nothing can carry the tag in \(exchange.format.transport) \(exchange.format.encoding) "
                        + "\(exchange.format.protocol)",
                    remedy: "Only HTTP/1, framed and unframed Binary and Compact, THeader and TTHeader can be tagged.")
            }
            applied = changes?.changes(for: exchange) ?? []
            if !applied.isEmpty, let edited = try changes?.edit(draft.bytes, exchange, applied) {
                draft.bytes = edited
            }
            let tagged = try tagger.tag(draft.bytes, format)
            if let reason = gatekeeper.refusal(written: tagged.written, format: format, target: target) {
                throw TagError(
                    .nothingCanCarry, reason, remedy: "Give the carriers that the target honours with --carrier.")
            }
            draft.bytes = tagged.bytes
            if format != .http1 { draft.describeThrift(exchange.format) }
        } catch {
            // A request that is broken on the wire may have no place for a tag; the policy said that it may go.
            guard isWireFault else { throw error }
            draft = TemplateBlock.Draft(bytes: wire, reply: format == .http1 ? .http : .frame)
            draft.isTagged = false
            draft.isExclusive = true
            return draft
        }
        let seed = seed
        try changes?.finish(&draft, exchange, applied, seed: seed)
        addSlots(&draft, exchange)
        draft.changes = applied
        return draft
    }
}

/// Says which spans of a request identify it, so that they are fresh when it is sent again.
package protocol IdentityFinder: Sendable {
    func slots(in request: [UInt8], _ exchange: Exchange) -> [FieldSpan]
}
