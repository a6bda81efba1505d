import Analysis
import Schema
import Tape

/// Which operations of a tape `tinct profile` fits together: those that were asked for, or the most frequent ones that one
/// scenario can hold.
struct OperationChoice {
    /// The commonest first; never empty.
    private(set) var operations: [String] = []

    private struct Seen {
        var count: UInt64 = 0
        var `protocol`: WireFormat.WireProtocol
    }

    /// - Throws: when an operation that was asked for is not there, or cannot be in one scenario with the others.
    init(_ path: String, _ invocation: Invocation, _ schemas: SchemaSet, least: UInt64) throws {
        let reader = try TapeInput.open(path)
        var seen: [String: Seen] = [:]
        while let exchange = try TapeInput.next(reader) {
            if seen.count < 10_000 || seen[exchange.operation] != nil {
                seen[exchange.operation, default: Seen(protocol: exchange.format.protocol)].count += 1
            }
        }
        let all = seen.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        guard let most = all.first?.key else {
            throw CommandError("\(path) holds no exchanges", remedy: "Give a tape with traffic.")
        }
        let wanted = invocation.all("operation")
        for name in wanted where seen[name] == nil {
            throw CommandError(
                "\(path) has no operation '\(name)'",
                remedy: "It has \(seen.keys.sorted().prefix(10).joined(separator: ", ")).")
        }
        let candidates = wanted.isEmpty ? all.map(\.key) : all.map(\.key).filter { wanted.contains($0) }
        let first = candidates.first ?? most
        operations = [first]
        var left: [(name: String, reason: String)] = []
        for name in candidates.dropFirst() {
            let reason = Self.obstacle(name, first, seen, schemas)
            if let reason, !wanted.isEmpty {
                throw CommandError("\(name) cannot be fitted with \(first): \(reason)", remedy: "Fit it by itself.")
            }
            if let reason {
                left.append((name, reason))
            } else if wanted.isEmpty && invocation["state"] != nil {
                left.append((name, "--state is a field of one operation"))
            } else if wanted.isEmpty && seen[name]?.count ?? 0 < least * 5 {
                left.append((name, "fewer than \(least * 5) exchanges"))
            } else if operations.count == ProfileDraft.stateLimit {
                left.append((name, "\(ProfileDraft.stateLimit) operations are followed at most"))
            } else {
                operations.append(name)
            }
        }
        for (name, reason) in left.prefix(10) {
            Output.warn("\(seen[name]?.count ?? 0) exchanges of \(name) are not fitted: \(reason)")
        }
        if left.count > 10 { Output.warn("\(left.count - 10) more operations are not fitted") }
    }

    static func isKnown(_ operation: String, _ schemas: SchemaSet) -> Bool {
        schemas.operation(named: operation) != nil || schemas.route(named: operation) != nil
    }

    /// Why one scenario cannot hold an operation beside the first one; nil when it can.
    private static func obstacle(
        _ name: String, _ first: String, _ seen: [String: Seen], _ schemas: SchemaSet
    ) -> String? {
        if seen[name]?.protocol != seen[first]?.protocol { return "it speaks another protocol" }
        if isKnown(name, schemas) != isKnown(first, schemas) { return "one has a schema and the other has none" }
        if schemas.operation(named: name)?.scope != schemas.operation(named: first)?.scope {
            return "it stands in another IDL file"
        }
        if schemas.operation(named: name) == nil, !ProfileDraft.isPlain(name) {
            return "its path holds values"
        }
        return nil
    }
}
