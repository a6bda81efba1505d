import Bytes
import EventLoop
import Recording
import Tape

/// The tapes of a recording, encoded, compressed and written by a thread of their own where there is a CPU for it.
///
/// The recorder's thread fills batches of exchanges and goes on with the next packets. What is asked of the tapes is done
/// in the order in which it was asked, so they hold the same bytes as when they are written at once. At most ``depth``
/// batches are under way; then the recorder waits. An error of the other thread is thrown by the next call.
///
/// For one thread, the recorder's.
final class RecordTapes: @unchecked Sendable {
    /// What is asked of the tapes besides taking exchanges.
    typealias Request = @Sendable (TapeSet) throws(TapeError) -> Void

    private struct Work: Sendable {
        var batch: ExchangeBatch
        var request: Request?
        var isLast = false
    }

    private struct State: Sendable {
        var works: [Work] = []
        var spare: [ExchangeBatch] = []
        var failure: TapeError?
    }

    /// Twice what a chunk takes: while one is compressed, the recorder fills the next.
    private static let depth = 16

    /// The other thread's as long as there is one.
    let tapes: TapeSet
    private let isAside: Bool
    private var thread: LoopThread?
    private var clock: RotationClock
    private let direct = ExchangeBatch()
    private let state: Lock<State>
    /// Works that wait to be done, and batches that may be filled.
    private let ready = Semaphore()
    private let room = Semaphore(UInt32(RecordTapes.depth))

    /// - Parameter isAside: may start a thread, with the first exchanges: who opens a tape may have rights to give up
    ///   that a thread would keep.
    init(_ tapes: TapeSet, rotation: TapeSet.Rotation?, isAside: Bool) {
        self.tapes = tapes
        self.isAside = isAside
        clock = RotationClock(rotation)
        state = Lock(State(spare: (0..<Self.depth).map { _ in ExchangeBatch() }))
    }

    /// Puts what became complete on the tape, and then does what is asked.
    func store(from recorder: inout Recorder, then request: Request? = nil) throws(TapeError) {
        if isAside, thread == nil { thread = try? LoopThread { self.run() } }
        guard thread != nil else {
            recorder.takeFinished(into: direct)
            try direct.forEach { exchange throws(TapeError) in try tapes.append(&exchange) }
            try request?(tapes)
            return
        }
        room.wait()
        let (batch, failure) = state.withLock { ($0.spare.popLast() ?? ExchangeBatch(), $0.failure) }
        recorder.takeFinished(into: batch)
        submit(Work(batch: batch, request: request))
        if let failure { throw failure }
    }

    /// Closes chunks and tapes by their age.
    func tick(_ recorder: inout Recorder, monotonicNanos: UInt64, recordedNanos: UInt64) throws(TapeError) {
        let isDue = clock.isDue(recordedNanos: recordedNanos)
        try store(from: &recorder) { tapes throws(TapeError) in
            try tapes.tick(monotonicNanos: monotonicNanos)
            if isDue { try tapes.rotateIfFilled() }
        }
    }

    /// Begins another tape when the recording has come so far.
    func rotateIfDue(_ recorder: inout Recorder, recordedNanos: UInt64) throws(TapeError) {
        if clock.isDue(recordedNanos: recordedNanos) {
            try store(from: &recorder) { tapes throws(TapeError) in try tapes.rotateIfFilled() }
        }
    }

    /// Closes the tapes behind the last exchanges. Afterwards ``tapes`` may be asked directly.
    func finish(from recorder: inout Recorder) throws(TapeError) {
        try store(from: &recorder) { tapes throws(TapeError) in try tapes.finish() }
        stop()
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Lets the other thread end once it has done what was asked of it; to be called after an error.
    func stop() {
        guard let thread else { return }
        submit(Work(batch: ExchangeBatch(), isLast: true))
        thread.join()
        self.thread = nil
    }

    private func submit(_ work: Work) {
        state.withLock { $0.works.append(work) }
        ready.signal()
    }

    private func run() {
        var hasFailed = false
        while true {
            ready.wait()
            guard let work = state.withLock({ $0.works.isEmpty ? nil : $0.works.removeFirst() }) else { return }
            do throws(TapeError) {
                if !hasFailed {
                    try work.batch.forEach { exchange throws(TapeError) in try tapes.append(&exchange) }
                    try work.request?(tapes)
                }
            } catch {
                hasFailed = true
                state.withLock { $0.failure = error }
            }
            state.withLock { $0.spare.append(work.batch) }
            room.signal()
            if work.isLast { return }
        }
    }
}
