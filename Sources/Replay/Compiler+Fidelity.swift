import Tape

/// What a draft needs to be sent as it was recorded: its order, its identities, its times.
extension Compiler {
    /// Gives the draft the order that it keeps.
    mutating func bind(_ draft: inout TemplateBlock.Draft, _ exchange: Exchange) {
        if let users = fidelity.users {
            if visit == 0 || exchange.flow != visitedFlow { visit += 1 }
            visitedFlow = exchange.flow
            draft.lane = UInt32(truncatingIfNeeded: visit % UInt64(max(1, users)))
            if let scope = bindings?.scope(of: exchange, draft.bytes) {
                draft.bound = bindings?.call(exchange, draft.bytes, scope: scope)
            }
            return
        }
        if let scope = bindings?.scope(of: exchange, draft.bytes) {
            draft.lane = Compiler.lane(scope)
            draft.bound = bindings?.call(exchange, draft.bytes, scope: scope)
            return
        }
        switch fidelity.affinity {
        case .none: break
        case .flow:
            // The top value stands for no flow.
            if !exchange.client.isEmpty { draft.flow = UInt32(truncatingIfNeeded: exchange.flow) & 0x7FFF_FFFF }
        case .key(let field):
            let operation = exchange.operation
            if let span = fidelity.locator.find(field, in: draft.bytes, draft.format, operation: operation) {
                draft.lane = Compiler.lane(Compiler.digest(span.text(in: draft.bytes)))
                keyed += 1
            } else if !exchange.client.isEmpty {
                // Without the key it keeps at least the order of its flow.
                draft.lane = Compiler.lane(Compiler.digest(Array("flow \(exchange.flow)".utf8)))
            }
        }
    }

    static func digest(_ key: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return FreshValues.mix(hash)
    }

    /// The lane of everything that has this key.
    static func lane(_ digest: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: digest) & 0x7FFF_FFFF }

    /// Adds the slots of identities and event times. A time that is declared as an identity too is one.
    mutating func addSlots(_ draft: inout TemplateBlock.Draft, _ exchange: Exchange) {
        if repeats || fidelity.isFresh {
            for span in identitySpans(draft.bytes, exchange)
            where !draft.slots.contains(where: { $0.overlaps(span.range) }) {
                guard var slot = FreshValues.slot(span, in: draft.bytes, seed: seed) else { continue }
                slot.isEveryRound = fidelity.isFresh
                draft.slots.append(slot)
            }
        }
        guard fidelity.eventTime != .keep, let times = fidelity.times else { return }
        for (span, unit) in times.spans(in: draft.bytes, exchange) {
            guard var slot = EventTime.slot(span, in: draft.bytes, unit: unit),
                !draft.slots.contains(where: { $0.overlaps(span.range) })
            else { continue }
            slot.state &-= eventOrigin(slot.state)
            draft.slots.append(slot)
        }
        if draft.slots.contains(where: { $0.kind == .time }) { timed += 1 }
    }

    /// The declared identities, and other places where a value stands that an earlier request of the flow had as one: an
    /// order's number that comes back in a path, a session in a header.
    private mutating func identitySpans(_ request: [UInt8], _ exchange: Exchange) -> [FieldSpan] {
        let spans = identities.slots(in: request, exchange)
        guard !exchange.client.isEmpty else { return spans }
        return sessions.withEarlier(spans, in: request, flow: exchange.flow)
    }
}

extension Slot {
    func overlaps(_ range: Range<Int>) -> Bool {
        (Int(offset)..<Int(offset) + Int(length)).overlaps(range)
    }
}
