import Bytes
import Metrics
import Replay

/// What the results of a run and of its parts have in common.
extension ReplayCommand {
    /// Writes a result for each part of the run; nil when nobody asked.
    func makeParts(_ writer: TapeRunWriter?, _ canaries: [RunResult.Audit.Canary]) -> ResultParts? {
        guard options.partSeconds != nil, let file = invocation["result"] else { return nil }
        var frame = RunResult()
        complete(&frame)
        keeper.complete(&frame.audit, canaries: canaries)
        let earlier = Lock<RunResult.RunTape?>(writer?.account)
        return ResultParts(path: file) { [frame] result in
            let targets = result.audit.targets
            result.audit = frame.audit
            result.audit.targets = targets
            result.run.tape = frame.run.tape
            result.run.pacer = frame.run.pacer
            result.run.toolVersion = frame.run.toolVersion
            result.run.eventTime = frame.run.eventTime
            result.runTape = earlier.withLock { earlier in
                let account = writer?.account
                defer { earlier = account }
                return account.flatMap { account in earlier.map { account.since($0) } }
            }
        }
    }

    /// Says how the run was asked for.
    func complete(_ result: inout RunResult) {
        result.run.tape = path
        result.run.pacer = pacerName
        result.run.toolVersion = tinctVersion
        result.run.eventTime = options.fidelity.eventTime.rawValue
    }
}
