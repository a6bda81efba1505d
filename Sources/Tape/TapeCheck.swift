/// What is wrong with a tape, and what of it is whole.
package struct TapeCheck {
    /// Something that is not as the format, or the tape's own index and statistics, say.
    package struct Finding: Sendable, Equatable {
        /// `chunk`, `index`, `order`, `statistics`, `balance`, `attachment`, `metadata`, `end`, `record`.
        package var kind: String
        /// Bytes from the beginning of the file.
        package var offset: UInt64
        package var text: String
    }

    /// Findings beyond this are counted and not described.
    package static let findingLimit = 100

    package private(set) var findings: [Finding] = []
    package private(set) var findingCount: UInt64 = 0
    /// Whole chunks and exchanges.
    package var chunks: UInt64 = 0
    package var exchanges: UInt64 = 0
    /// Chunks of which at least one exchange is lost.
    package var damagedChunks: UInt64 = 0
    /// Exchanges that cannot be decoded, in chunks that are whole.
    package var damagedExchanges: UInt64 = 0
    /// Positions that are missing between the ids of whole exchanges.
    package var missingIDs: UInt64 = 0
    /// Exchanges that the statistics promise beyond those that are whole; nil without statistics.
    package var missingByStatistics: UInt64?
    /// Bytes that belong to no whole record.
    package var lostBytes: UInt64 = 0
    package var isComplete = false

    package var isClean: Bool { findingCount == 0 }

    init() {}

    mutating func note(_ kind: String, _ offset: UInt64, _ text: String) {
        findingCount += 1
        if findings.count < Self.findingLimit { findings.append(Finding(kind: kind, offset: offset, text: text)) }
    }
}
