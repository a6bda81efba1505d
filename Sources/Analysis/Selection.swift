package import Expression
import JSON
package import Tape

/// Which exchanges of a tape a command is about: what `--operation`, `--flow`, `--since`, `--until`, `--where` and
/// `--sample` say together. All that is given must hold.
package struct Selection: Sendable {
    /// A point in time.
    package enum Time: Sendable, Equatable {
        /// ns since 1970 UTC.
        case at(UInt64)
        /// ns behind the tape's first exchange.
        case afterStart(UInt64)

        /// ns since 1970 UTC for a tape that begins at `startNanos`; at most what 64 bits hold.
        func nanos(_ startNanos: UInt64) -> UInt64 {
            switch self {
            case .at(let nanos): return nanos
            case .afterStart(let nanos):
                let (sum, overflow) = startNanos.addingReportingOverflow(nanos)
                return overflow ? .max : sum
            }
        }
    }

    /// A share of the traffic, chosen by the hash of a key: an entity's exchanges are taken all or none, on every tape.
    package struct Sample: Sendable, Equatable {
        /// `taken` of `of` keys; `of` is not 0.
        package var taken: UInt64
        package var of: UInt64
        /// Where the key stands; nil for the flow. An exchange without the key is not taken.
        package var key: ExpressionPath?

        package init(taken: UInt64, of: UInt64, key: ExpressionPath? = nil) {
            self.taken = taken
            self.of = max(1, of)
            self.key = key
        }

        /// FNV-1a over the key's text, mixed so that its remainders are even, against the share.
        package func takes(_ key: some Sequence<UInt8>) -> Bool {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
            hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
            return (hash ^ hash >> 33) % of < taken
        }
    }

    /// Any of these; empty for all.
    package var operations: [Glob] = []
    package var flows: Set<UInt64> = []
    /// The first moment that counts, and the first that does not any more.
    package var since: Time?
    package var until: Time?
    package var condition: Expression?
    package var sample: Sample?

    package init() {}

    /// True when nothing is left out.
    package var isEverything: Bool {
        operations.isEmpty && flows.isEmpty && since == nil && until == nil && condition == nil && sample == nil
    }

    /// True when a time is counted from the tape's start, which must then be known.
    package var needsStart: Bool {
        if case .afterStart? = since { return true }
        if case .afterStart? = until { return true }
        return false
    }

    /// The span of time, end excluded; nil when time does not matter.
    package func window(startNanos: UInt64) -> Range<UInt64>? {
        if since == nil && until == nil { return nil }
        let from = since?.nanos(startNanos) ?? 0
        return from..<max(from, until?.nanos(startNanos) ?? .max)
    }
}

/// A ``Selection`` applied to the exchanges of one tape.
package struct ExchangeFilter {
    /// For ``TapeReader/window``, so that what lies outside is not read.
    package let window: Range<UInt64>?
    private let selection: Selection
    private let view: ExchangeView
    private var operations: [String: Bool] = [:]
    private static let operationLimit = 4096

    /// - Parameters:
    ///   - startNanos: where the tape begins.
    ///   - view: decodes what `--where` and `--sample-key` read; it must show payload.
    package init(_ selection: Selection, startNanos: UInt64, view: ExchangeView) {
        self.selection = selection
        self.view = view
        window = selection.window(startNanos: startNanos)
    }

    package mutating func takes(_ exchange: Exchange) -> Bool {
        if let window, !window.contains(exchange.startNanos) { return false }
        if !selection.flows.isEmpty && !selection.flows.contains(exchange.flow) { return false }
        if !selection.operations.isEmpty && !matches(exchange.operation) { return false }
        if selection.condition == nil && selection.sample == nil { return true }
        var fields = ExchangeFields(exchange, view)
        if let sample = selection.sample {
            guard let key = sample.key else {
                return sample.takes(String(exchange.flow).utf8) && holds(&fields)
            }
            guard let value = fields.value(at: key), !value.isNull, let text = ExpressionValue(value).scalarText,
                sample.takes(text.utf8)
            else { return false }
        }
        return holds(&fields)
    }

    private func holds(_ fields: inout ExchangeFields) -> Bool {
        guard let condition = selection.condition else { return true }
        return condition.isTrue { path in fields.value(at: path).map { ExpressionValue($0) } ?? .missing }
    }

    private mutating func matches(_ operation: String) -> Bool {
        if let known = operations[operation] { return known }
        let result = selection.operations.contains { $0.matches(operation) }
        if operations.count < Self.operationLimit { operations[operation] = result }
        return result
    }
}
