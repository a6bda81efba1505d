import EventLoop
import Signing

/// A request as it was sent, for the run tape: tokens are blotted out, since whoever holds one is believed.
struct SentCopy: Sendable {
    var bytes: [UInt8]
    var masked: [Range<Int>] = []

    /// - Parameter steps: what was done to the bytes last.
    init(_ bytes: [UInt8], _ steps: [FinishingStep]) {
        self.bytes = bytes
        for step in steps where step.op == .token && step.target.upperBound <= bytes.count {
            masked.append(step.target)
            self.bytes.replaceSubrange(step.target, with: repeatElement(0x78, count: step.target.count))
        }
    }
}

/// What is written at each send once everything else stands: nonces, signatures, tokens.
extension Loop {
    /// A number that no other send of the run has.
    mutating func draw() -> UInt64 {
        draws &+= 1
        return FreshValues.mix(UInt64(plan.leg) << 56 | UInt64(plan.index) << 48 | draws) ^ (plan.finishing?.seed ?? 0)
    }

    /// Keeps a request for the run tape as it was sent, when its template cannot give it again.
    mutating func keepSent(_ bytes: UnsafePointer<UInt8>, _ count: Int, _ flight: UnsafeMutablePointer<Flight>) {
        guard let template = unsafe flight.pointee.template else { return }
        let steps = unsafe (0..<Int(template.pointee.stepCount)).compactMap { index in
            unsafe template.pointee.steps.map { unsafe $0[index] }
        }
        sentCopies[Int32(clamping: unsafe flight - flights)] = unsafe SentCopy(
            Array(UnsafeBufferPointer(start: bytes, count: count)), steps)
    }

    /// Runs the template's steps over its bytes, or a copy of them, whose slots are filled.
    mutating func finishRequest(
        _ template: UnsafeMutablePointer<Template>, in bytes: UnsafeMutablePointer<UInt8>
    ) {
        guard let finisher, let steps = unsafe template.pointee.steps else { return }
        unsafe finisher.run(
            steps, count: Int(template.pointee.stepCount), in: bytes, nowNanos: Clock.realtimeNanos(), draw: draw())
    }

    /// Runs the steps over a request whose fields took values of other lengths.
    mutating func finishBound(_ filled: inout BoundRequest.Filled, _ template: UnsafeMutablePointer<Template>) {
        guard let finisher, let steps = unsafe template.pointee.steps else { return }
        let moved = (0..<Int(unsafe template.pointee.stepCount)).map { index in
            unsafe filled.moved(steps[index])
        }
        filled.steps = moved
        let number = draw()
        unsafe filled.bytes.withUnsafeMutableBufferPointer { request in
            unsafe moved.withUnsafeBufferPointer { steps in
                guard let base = request.baseAddress, let first = steps.baseAddress else { return }
                unsafe finisher.run(
                    first, count: steps.count, in: base, nowNanos: Clock.realtimeNanos(), draw: number)
            }
        }
    }

    /// Whether a token that the request needs has run out and no new one has come.
    func lacksToken() -> Bool {
        guard let finisher else { return false }
        return !finisher.holdsTokens(at: Clock.realtimeNanos())
    }
}
