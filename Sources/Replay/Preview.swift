import EventLoop
import Signing

/// Requests as they would be sent now, for looking at and for canaries.
struct Preview {
    private let finisher: Finisher?
    private let seed: UInt64

    init(_ finishing: Finishing?, seed: UInt64) {
        finisher = finishing.map { Finisher(keys: $0.keys, tokens: $0.tokens) }
        self.seed = seed
    }

    /// The bytes with their slots filled and their steps done.
    ///
    /// - Parameter round: of identities; those of round 0 are the recorded ones unless they are fresh in every round.
    func bytes(of draft: TemplateBlock.Draft, round: UInt32 = 0) -> [UInt8] {
        let block = TemplateBlock.roomy(for: draft)
        guard block.append(draft) else { return draft.bytes }
        let template = unsafe block.templates[0]
        let now = Clock.realtimeNanos()
        for index in 0..<Int(template.slotCount) {
            let slot = unsafe block.slots[index]
            switch slot.kind {
            // Where it will stand depends on the run's start.
            case .time: continue
            case .now: unsafe EventTime.fill(slot, in: template.bytes, baseNanos: now)
            case .nonce: unsafe FreshValues.fillNonce(slot, in: template.bytes, draw: FreshValues.mix(now))
            default:
                let fresh = slot.isEveryRound ? round &+ 1 : round
                if fresh > 0 { unsafe FreshValues.fill(slot, in: template.bytes, round: fresh, seed: seed) }
            }
        }
        if let finisher, let steps = unsafe template.steps {
            unsafe finisher.run(
                steps, count: Int(template.stepCount), in: template.bytes, nowNanos: now, draw: FreshValues.mix(now))
        }
        return unsafe [UInt8](UnsafeBufferPointer(start: template.bytes, count: Int(template.length)))
    }
}
