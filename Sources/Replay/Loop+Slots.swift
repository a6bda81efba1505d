import EventLoop
import Synchronization

/// Filling what changes at each send.
extension Loop {
    /// Fills the slots in the template's bytes, or in a copy of them.
    mutating func fillSlots(
        _ template: UnsafeMutablePointer<Template>, _ flight: UnsafeMutablePointer<Flight>,
        in bytes: UnsafeMutablePointer<UInt8>
    ) {
        let hasTimes = unsafe template.pointee.hasTimes
        let round = unsafe flight.pointee.round
        if unsafe round == 0 && !template.pointee.isFilledFirst { return }
        guard let slots = unsafe template.pointee.slots else { return }
        let base = hasTimes ? unsafe eventBase(template, flight.pointee.due, round) : 0
        for index in 0..<Int(unsafe template.pointee.slotCount) {
            switch unsafe slots[index].kind {
            case .time: unsafe EventTime.fill(slots[index], in: bytes, baseNanos: base)
            case .now: unsafe EventTime.fill(slots[index], in: bytes, baseNanos: Clock.realtimeNanos())
            case .nonce: unsafe FreshValues.fillNonce(slots[index], in: bytes, draw: draw())
            default:
                let isEveryRound = unsafe slots[index].isEveryRound
                if round > 0 || isEveryRound {
                    // The value of round 0 is the recorded one.
                    unsafe FreshValues.fill(
                        slots[index], in: bytes, round: round &+ (isEveryRound ? 1 : 0), seed: plan.seed)
                }
            }
        }
    }

    /// When the tape's first event happens, for the times in this request (ns since 1970).
    private mutating func eventBase(
        _ template: UnsafeMutablePointer<Template>, _ due: UInt64, _ round: UInt32
    ) -> UInt64 {
        if eventClock.offsetNanos == 0 {
            // Targets that get the same request must get the same times in it.
            eventClock.offsetNanos = control.clockOffsetNanos.load(ordering: .relaxed)
        }
        if plan.eventTime == .scale {
            return due &+ eventClock.offsetNanos &- (unsafe template.pointee.recordedOffsetNanos)
        }
        // Requests of several rounds wait at a time.
        let side = Int(round % EventClock.remembered)
        if eventClock.rounds[side] != round {
            eventClock.rounds[side] = round
            eventClock.baseNanos[side] = round == 0 ? start : control.rounds.start(of: round, due)
        }
        return eventClock.baseNanos[side] &+ eventClock.offsetNanos
    }
}

/// Where the times in a loop's requests come from.
struct EventClock {
    /// From monotonic time to ns since 1970; 0 until it was first asked for.
    var offsetNanos: UInt64 = 0
    /// The rounds whose beginnings were computed last, each at its number's remainder.
    var rounds = InlineArray<64, UInt32>(repeating: .max)
    var baseNanos = InlineArray<64, UInt64>(repeating: 0)

    static let remembered: UInt32 = 64
}
