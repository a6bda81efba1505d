extension RunResult {
    /// What a run wrote to its run tape, and what it left out there as it was told to.
    ///
    /// What was sent is on the tapes, left out, or dropped (``Totals/runTapeDropped``); a retried request is one exchange,
    /// and those of the warm-up and of mirrors count too.
    package struct RunTape: Sendable, Equatable {
        /// Exchanges that are not on the tape, by the first reason that holds.
        package struct LeftOut: Sendable, Equatable {
            /// Ended ``Outcome/ok``, where only failures were wanted.
            package var succeeded: UInt64 = 0
            /// Not in the sample.
            package var notSampled: UInt64 = 0
            /// Came when the tapes were as large as they may be.
            package var overLimit: UInt64 = 0
            /// Came when the tape could not be written any more.
            package var unwritten: UInt64 = 0

            package var total: UInt64 { succeeded &+ notSampled &+ overLimit &+ unwritten }

            package init() {}
        }

        /// As asked for; empty when everything was to be written.
        package var only = ""
        package var sample = ""
        package var limit = ""
        package var rotation = ""
        package var tapes: UInt64 = 0
        package var exchanges: UInt64 = 0
        /// On the disk, all tapes together.
        package var bytes: UInt64 = 0
        package var leftOut = LeftOut()

        package init() {}

        /// What came after an earlier account of the same tapes.
        package func since(_ earlier: RunTape) -> RunTape {
            var rest = self
            rest.tapes -= earlier.tapes
            rest.exchanges -= earlier.exchanges
            rest.bytes -= earlier.bytes
            rest.leftOut.succeeded -= earlier.leftOut.succeeded
            rest.leftOut.notSampled -= earlier.leftOut.notSampled
            rest.leftOut.overLimit -= earlier.leftOut.overLimit
            rest.leftOut.unwritten -= earlier.leftOut.unwritten
            return rest
        }
    }
}
