import Bytes
import EventLoop
import Files
import Metrics
import Replay
import Tape

/// Writes the result of each part of a run as a file of its own, on a thread of its own.
///
/// A file has its name once it is whole, whatever ends the process.
final class ResultParts: RunPartWriter, @unchecked Sendable {
    static let flag = Flag(
        "result-every", value: "TIME",
        help:
            "Write a result of each such time (10m) besides, as FILE-000001.json and so on, behind those that are there; "
            + "'tinct merge' adds them up. FILE then has the seconds of the last part only, so that memory does not grow."
    )

    private struct State: Sendable {
        var waiting: [@Sendable () -> RunResult] = []
        var isOver = false
        var failure: String?
        var written: [String] = []
    }

    private let path: String
    private let firstNumber: Int
    /// Fills in what the run does not know.
    private let complete: @Sendable (inout RunResult) -> Void
    private let state = Lock(State())
    private let ready = Semaphore()
    // Used by the run's control thread only.
    private var thread: LoopThread?

    /// The length of a part in seconds; nil without the flag.
    static func seconds(_ invocation: Invocation) throws(CommandError) -> Int? {
        guard let text = invocation["result-every"] else { return nil }
        guard invocation.has("result") else {
            throw CommandError("--result-every needs --result", remedy: "As in --result run.json --result-every 10m.")
        }
        if invocation.has("find-max") {
            throw CommandError("--result-every does not go with --find-max", remedy: "A search has one result.")
        }
        if let path = invocation["result"] {
            try OutputPath.checkIsNotStandardOutput(path, "result")
            try OutputPath.checkFolder(path, "result")
        }
        let nanos = try FlagValue.durationNanos(text, flag: "result-every")
        guard nanos > 0, nanos % 1_000_000_000 == 0 else {
            throw CommandError("--result-every \(text) is not whole seconds", remedy: "Write it like 30s, 10m or 1h.")
        }
        return Int(clamping: nanos / 1_000_000_000)
    }

    init(path: String, complete: @escaping @Sendable (inout RunResult) -> Void) {
        self.path = path
        self.complete = complete
        firstNumber = TapeSet.lastNumber(path) + 1
    }

    /// Why not every part was written; nil when all were.
    var failureText: String? { state.withLock { $0.failure } }

    func write(_ result: @escaping @Sendable () -> RunResult) {
        state.withLock { $0.waiting.append(result) }
        ready.signal()
        if thread == nil { thread = try? LoopThread(isBackground: true) { self.drain() } }
    }

    /// Waits until everything is written; more than once does no harm.
    func finish() {
        state.withLock { $0.isOver = true }
        ready.signal()
        if let thread { thread.join() } else { drain() }
        thread = nil
    }

    private func drain() {
        while true {
            ready.wait()
            guard let next = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { return }
            var result = next()
            complete(&result)
            let number = firstNumber + state.withLock { $0.written.count }
            let name = TapeSet.name(path, number)
            do throws(FileError) {
                try replaceFile(name, bytes: result.json())
                state.withLock { $0.written.append(name) }
            } catch {
                // The figures are in the whole result all the same; the next part may find room.
                state.withLock { $0.failure = $0.failure ?? "\(error)" }
            }
        }
    }
}
