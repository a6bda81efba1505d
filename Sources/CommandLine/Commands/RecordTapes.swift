import Recording
import Tape

/// The tapes of a recording, which take exchanges from a ``Recorder`` as they become complete.
///
/// One thread decodes the packets, masks and encodes; where there is a CPU for it another one compresses and
/// writes (``TapeWriter/Options/compressesAside``). The seam is there, behind a buffer of bytes in a row, because exchanges that one
/// CPU fills and another reads cost more to carry over than encoding them does: with the seam in front of the encoding,
/// both threads together took half as long again.
final class RecordTapes {
    let tapes: TapeSet
    private let batch = ExchangeBatch()

    init(_ tapes: TapeSet) { self.tapes = tapes }

    /// Puts what became complete on the tape.
    func store(from recorder: inout Recorder) throws(TapeError) {
        recorder.takeFinished(into: batch)
        try batch.forEach { exchange throws(TapeError) in try tapes.append(&exchange) }
    }

    /// Closes chunks and tapes by their age.
    func tick(_ recorder: inout Recorder, monotonicNanos: UInt64, recordedNanos: UInt64) throws(TapeError) {
        try store(from: &recorder)
        try tapes.tick(monotonicNanos: monotonicNanos)
        try tapes.rotateIfDue(recordedNanos: recordedNanos)
    }

    /// Begins another tape when the recording has come so far.
    func rotateIfDue(_ recorder: inout Recorder, recordedNanos: UInt64) throws(TapeError) {
        guard tapes.isRotationDue(recordedNanos: recordedNanos) else { return }
        try store(from: &recorder)
        try tapes.rotateIfFilled()
    }

    /// Closes the tapes behind the last exchanges.
    func finish(from recorder: inout Recorder) throws(TapeError) {
        try store(from: &recorder)
        try tapes.finish()
    }
}
