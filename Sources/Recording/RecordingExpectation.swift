import Capture

/// A statement about a recording that must hold: `lost<0.1%`, `exchanges>=1000`.
///
/// ```
/// expectation = name op number ["%"]
/// name        = "lost" | "refused" | "missing" | "dropped" | "exchanges" | "messages" | "paired"
/// op          = "<" | "<=" | ">" | ">=" | "="
/// ```
package struct RecordingExpectation: Sendable, Equatable {
    package enum Quantity: String, Sendable, CaseIterable {
        /// Messages that are not whole on the tape, of those seen.
        case lost
        /// Packets refused, of all packets.
        case refused
        /// Payload bytes that were on the wire and not captured, of those that were on the wire.
        case missing
        /// Packets that the kernel dropped, of those that it took; 0 for files.
        case dropped
        case exchanges, messages
        /// Exchanges with both sides, of all.
        case paired
    }

    package enum Comparison: String, Sendable, CaseIterable {
        case atMost = "<=", atLeast = ">=", below = "<", above = ">", equal = "="
    }

    package var text: String
    package var quantity: Quantity
    package var comparison: Comparison
    /// In units of one, or of one percent with ``isPercent``.
    package var bound: Double
    package var isPercent: Bool

    /// Nil when the text does not follow the grammar.
    package init?(_ text: String) {
        let bare = text.filter { $0 != " " }
        guard let comparison = Comparison.allCases.first(where: { bare.contains($0.rawValue) }) else { return nil }
        let parts = bare.split(separator: comparison.rawValue, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let quantity = Quantity(rawValue: String(parts[0])) else { return nil }
        isPercent = parts[1].hasSuffix("%")
        guard let bound = Double(isPercent ? parts[1].dropLast() : parts[1]), bound.isFinite else { return nil }
        self.text = text
        self.quantity = quantity
        self.comparison = comparison
        self.bound = bound
    }

    /// What the balance has of the quantity, in the unit of the bound.
    package func value(_ balance: Balance) -> Double {
        let (part, whole): (UInt64, UInt64) =
            switch quantity {
            case .lost: (balance.messagesLost, balance.messagesSeen)
            case .refused: (balance.refusedPackets, balance.packets)
            case .missing:
                (
                    balance.streams.0.missing + balance.streams.1.missing,
                    balance.streams.0.missing + balance.streams.1.missing + balance.streams.0.delivered
                        + balance.streams.1.delivered
                )
            case .dropped: (balance.kernel?.dropped ?? 0, balance.kernel?.received ?? 0)
            case .exchanges: (balance.exchanges, balance.exchanges)
            case .messages: (balance.messagesSeen, balance.messagesSeen)
            case .paired: (balance.pairedExchanges, balance.exchanges)
            }
        if !isPercent { return Double(part) }
        return whole == 0 ? 0 : Double(part) * 100 / Double(whole)
    }

    package func holds(_ balance: Balance) -> Bool {
        let value = value(balance)
        return switch comparison {
        case .below: value < bound
        case .atMost: value <= bound
        case .above: value > bound
        case .atLeast: value >= bound
        case .equal: value == bound
        }
    }
}
