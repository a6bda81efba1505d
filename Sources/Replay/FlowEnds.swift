import Tape

/// Which request is the last one of each flow on a tape.
struct FlowEnds {
    private var last: [UInt64: UInt64] = [:]
    /// Requests without a flow so far: each is one of its own.
    private var single: UInt32 = 0

    /// So many flows are remembered; a tape with more is refused.
    static let limit = 20_000_000

    mutating func note(_ exchange: borrowing Exchange, at position: UInt64) throws(ReplayError) {
        if exchange.client.isEmpty { return }
        last[exchange.flow] = position
        if last.count > FlowEnds.limit {
            throw ReplayError(
                "the tape has more than 20,000,000 flows, of which --connections recorded would have to know the ends",
                remedy: "Cut the tape (tinct cut), or give a number of connections.")
        }
    }

    /// Says of a draft whether it is the last one of its flow.
    mutating func mark(_ draft: inout TemplateBlock.Draft, _ exchange: borrowing Exchange, at position: UInt64) {
        if exchange.client.isEmpty {
            // Recorded flows have the lower half of the numbers.
            draft.flow = 0x8000_0000 | single & 0x3FFF_FFFF
            single &+= 1
            draft.endsFlow = true
        } else {
            draft.endsFlow = last[exchange.flow] == position
        }
    }
}
