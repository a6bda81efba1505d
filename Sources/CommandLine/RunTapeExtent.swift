import Tape

/// What of a run is not on its run tape, as the tape itself says: a part of what was sent must not pass for all of it.
struct RunTapeExtent {
    /// The metadata record that each tape of a run gets when it is closed.
    static let record = "runTape"

    /// Why the tape is not all of what was sent, for people; empty when it is.
    let reasons: [String]
    /// Whether how a request ended decided about it.
    let isByOutcome: Bool

    init(_ reader: TapeReader) {
        let flags = Self.entries(reader, "replay").flatMap { $0 }
        let closings = Self.entries(reader, Self.record)
        func has(_ name: String) -> String? { flags.first { $0.key == name }?.value }
        var reasons: [String] = []
        for name in ["output-only", "output-sample"] {
            if let value = has(name) { reasons.append("--\(name) \(value)") }
        }
        if let limit = has("output-limit") {
            // Without a closing record nobody knows; with one, the limit may not have been reached.
            let isWhole = closings.contains {
                $0.contains { $0.key == "overLimit" && $0.value == "0" } && Self.isLast($0)
            }
            if !isWhole { reasons.append("--output-limit \(limit)") }
        }
        if let rotation = has("rotate") {
            let numbers = Set(
                closings.compactMap { entries in entries.first { $0.key == "number" }.flatMap { Int($0.value) } })
            let isWhole = closings.contains(where: Self.isLast) && numbers == Set(1...max(1, numbers.count))
            if !isWhole { reasons.append("--rotate \(rotation)") }
        }
        self.reasons = reasons
        isByOutcome = has("output-only") != nil
    }

    /// Says that what is missing is not counted as missing.
    func warn(_ path: String) {
        if reasons.isEmpty { return }
        Output.warn(
            "\(path) has a part of what was sent (\(reasons.joined(separator: ", "))): what is not on it was perhaps sent too"
        )
    }

    /// - Parameter what: what cannot be had from a part.
    func refuse(_ path: String, for what: String) throws(CommandError) {
        if reasons.isEmpty { return }
        throw CommandError(
            "\(path) has a part of what was sent (\(reasons.joined(separator: ", "))), of which \(what) cannot be told",
            remedy: reasons.allSatisfy { $0.hasPrefix("--rotate") }
                ? "Put all tapes of the run together: tinct cut TAPE-0*.mcap -o run.mcap."
                : "Replay with a run tape that has everything.")
    }

    private static func entries(_ reader: TapeReader, _ name: String) -> [[(key: String, value: String)]] {
        reader.metadata.filter { $0.name == name }.map { $0.entries.map { ($0.key, $0.value) } }
    }

    private static func isLast(_ entries: [(key: String, value: String)]) -> Bool {
        entries.contains { $0.key == "last" && $0.value == "true" }
    }
}
