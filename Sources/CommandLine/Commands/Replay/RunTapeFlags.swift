import Analysis
import Bytes
import Metrics
import Replay
import Tape

/// How much of a run goes to its run tape, and where one tape of it ends.
struct RunTapeFlags {
    static let flags = [
        Flag(
            "output-only", value: "WHAT",
            help: "Write only exchanges that did not end ok to the run tape; the others are counted.",
            completion: .choices(["failures"])),
        Flag(
            "output-sample", value: "N/M",
            help: "Write only N of M exchanges to the run tape, chosen by hash of their position and round."),
        Flag(
            "output-limit", value: "SIZE|COUNT",
            help: "Write no more to the run tape at this size (10GiB) or number of exchanges (1M)."),
        Flag(
            "rotate", value: "SIZE|TIME|COUNT",
            help:
                "Begin another run tape at this size (1GiB), time (10m) or number of exchanges (1M): TAPE-000001.mcap "
                + "and so on, behind those that are there."),
    ]

    private let onlyFailures: Bool
    private let sample: Selection.Sample?
    let limit: TapeSet.Rotation?
    let rotation: TapeSet.Rotation?
    /// As they were given.
    private let texts: [(name: String, value: String)]

    init(_ invocation: Invocation) throws(CommandError) {
        let names = ["output-only", "output-sample", "output-limit", "rotate"]
        texts = names.compactMap { name in invocation[name].map { (name, $0) } }
        if let (name, value) = texts.first, !invocation.has("output") {
            throw CommandError("--\(name) needs a run tape", remedy: "As in -o run.mcap --\(name) \(value).")
        }
        if let what = invocation["output-only"], what != "failures" {
            throw CommandError("--output-only \(what) is not known", remedy: "Give failures.")
        }
        onlyFailures = invocation.has("output-only")
        sample = try invocation["output-sample"].map { text throws(CommandError) in
            try FlagValue.sample(text, flag: "output-sample")
        }
        rotation = try invocation["rotate"].map { text throws(CommandError) in
            try OutputPath.checkIsNotStandardOutput(invocation["output"] ?? "", "output")
            return try FlagValue.rotation(text, flag: "rotate")
        }
        limit = try invocation["output-limit"].map { text throws(CommandError) in
            try FlagValue.rotation(text, flag: "output-limit")
        }
        if case .nanos = limit {
            throw CommandError(
                "--output-limit \(invocation["output-limit"] ?? "") is a time", remedy: "Give a size or a count.")
        }
    }

    /// What the tape says of itself, for whoever reads it without the result.
    var properties: [(String, String)] { texts.map { ($0.name, $0.value) } }

    /// An account in which nothing is counted yet.
    var account: RunResult.RunTape {
        var account = RunResult.RunTape()
        for (name, value) in texts {
            switch name {
            case "output-only": account.only = value
            case "output-sample": account.sample = value
            case "output-limit": account.limit = value
            default: account.rotation = value
            }
        }
        return account
    }

    /// Why an exchange is left out; nil when it is to be written as far as it alone decides.
    func reason(against entry: RunTapeEntry) -> WritableKeyPath<RunResult.RunTape.LeftOut, UInt64>? {
        if onlyFailures && entry.outcome == .ok { return \.succeeded }
        if let sample {
            // The mirrors' copies of a request are taken with it.
            var key = ByteWriter()
            key.littleEndian(entry.sourceID)
            key.littleEndian(entry.round)
            if !sample.takes(key.bytes) { return \.notSampled }
        }
        return nil
    }
}
