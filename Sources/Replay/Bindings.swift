import Expression
import Schema
import Tape

/// What one call has to do with the bindings of a run.
struct BoundCall: Sendable {
    struct Source: Sendable {
        /// Index of the binding.
        var binding: Int
        var field: ReplyField
    }

    struct Target: Sendable {
        var binding: Int
        var span: FieldSpan
    }

    /// Which calls it shares values with.
    var scope: UInt64
    /// What its reply gives.
    var sources: [Source]
    /// What it takes from earlier replies, in the bytes of its template.
    var targets: [Target]
}

/// The bindings of a rules file against the operations of a tape.
struct BindingCompiler: Sendable {
    private struct Role: Sendable {
        var sources: [BoundCall.Source] = []
        var targets: [Int] = []
    }

    let rules: Rules
    private let locator: FieldLocator
    private var roles: [String: Role] = [:]
    /// How many calls each binding takes its value from, and puts it into.
    private(set) var sourceCounts: [UInt64]
    private(set) var targetCounts: [UInt64]

    init(_ rules: Rules, _ locator: FieldLocator) {
        self.rules = rules
        self.locator = locator
        sourceCounts = .init(repeating: 0, count: rules.bindings.count)
        targetCounts = .init(repeating: 0, count: rules.bindings.count)
    }

    /// What the exchange shares values and order with.
    func scope(of exchange: Exchange, _ request: [UInt8]) -> UInt64 {
        switch rules.scope {
        case .flow: break
        case .campaign:
            if let label = exchange.labels.first(where: { !$0.campaign.isEmpty }) {
                return Compiler.digest(Array("campaign \(label.campaign)".utf8))
            }
        case .field(let field):
            if let span = locator.find(field, in: request, exchange.format, operation: exchange.operation) {
                return Compiler.digest(span.text(in: request))
            }
        }
        return Compiler.digest(Array("flow \(exchange.flow)".utf8))
    }

    /// Nil when no binding is about the exchange.
    mutating func call(_ exchange: Exchange, _ request: [UInt8], scope: UInt64) -> BoundCall? {
        let role = role(of: exchange)
        var call = BoundCall(scope: scope, sources: role.sources, targets: [])
        for binding in role.targets {
            let field = rules.bindings[binding].field
            guard let span = locator.find(field, in: request, exchange.format, operation: exchange.operation),
                !call.targets.contains(where: { $0.span.range.overlaps(span.range) })
            else { continue }
            call.targets.append(BoundCall.Target(binding: binding, span: span))
            targetCounts[binding] += 1
        }
        for source in role.sources { sourceCounts[source.binding] += 1 }
        return call.sources.isEmpty && call.targets.isEmpty ? nil : call
    }

    private mutating func role(of exchange: Exchange) -> Role {
        if let known = roles[exchange.operation] { return known }
        var role = Role()
        for (index, binding) in rules.bindings.enumerated() {
            if locator.names(Glob(binding.source), exchange.operation),
                let field = ReplyField(
                    binding.value, exchange.format, operation: exchange.operation, locator.schemas)
            {
                role.sources.append(BoundCall.Source(binding: index, field: field))
            }
            if locator.names(Glob(binding.operation), exchange.operation) { role.targets.append(index) }
        }
        roles[exchange.operation] = role
        return role
    }

    /// The first binding that found nothing to do: it names what the tape does not have.
    var idle: (binding: Rules.Binding, isSource: Bool)? {
        for (index, binding) in rules.bindings.enumerated() {
            if sourceCounts[index] == 0 { return (binding, true) }
            if targetCounts[index] == 0 { return (binding, false) }
        }
        return nil
    }
}

/// Values that replies gave, for the requests that depend on them. Belongs to one loop, which is where all calls of a
/// scope go.
final class BindingStore {
    private struct Key: Hashable {
        var scope: UInt64
        var round: UInt32
    }

    private var values: [Key: [Int: [UInt8]]] = [:]
    /// Scopes in the order of their first value.
    private var order: [Key] = []
    private var oldest = 0

    /// Scopes that are remembered at a time; the oldest is forgotten for a new one.
    static let scopeLimit = 1 << 18

    func set(_ value: [UInt8]?, _ binding: Int, scope: UInt64, round: UInt32) {
        let key = Key(scope: scope, round: round)
        if values[key] == nil {
            if value == nil { return }
            if values.count >= BindingStore.scopeLimit { forgetOldest() }
            values[key] = [:]
            order.append(key)
        }
        values[key]?[binding] = value
    }

    func value(_ binding: Int, scope: UInt64, round: UInt32) -> [UInt8]? {
        values[Key(scope: scope, round: round)]?[binding]
    }

    private func forgetOldest() {
        values[order[oldest]] = nil
        oldest += 1
        if oldest * 2 > order.count {
            order.removeFirst(oldest)
            oldest = 0
        }
    }
}
