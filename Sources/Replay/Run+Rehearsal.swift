import EventLoop
import Metrics

extension Run {
    /// Reads and compiles the tape without opening a connection: what a run would do.
    ///
    /// - Parameter samples: how many requests are kept, before and after every change.
    package func rehearse(samples: Int = 3) throws(ReplayError) -> Rehearsal {
        let feeder = Feeder(source: source, loops: 1, mirrors: mirrors.count, rounds: 1, samples: samples)
        let compilers = guards.map { makeCompiler(for: $0) }
        let thread = try thread { feeder.run(compilers) }
        var bytes: UInt64 = 0
        for (leg, queue) in feeder.queues.enumerated() {
            var isFinished = false
            while !isFinished {
                switch queue.next() {
                case .block(let entry):
                    if leg == 0 { bytes += entry.blocks.reduce(0) { $0 + $1.requestBytes } }
                case .starved:
                    // The feeder waits for whoever is behind.
                    for other in feeder.queues.dropFirst(leg + 1) { while case .block = other.next() {} }
                    Clock.sleep(nanos: 500_000)
                case .finished: isFinished = true
                }
            }
        }
        thread.join()
        let state = feeder.state
        try refuseBeforeSending(feeder)
        let preview = Preview(finishing, seed: tagDigest)
        return Rehearsal(
            requests: state.sendable, bytes: bytes, operations: state.operations,
            refusals: state.refusals(),
            notAddressed: state.refused.values.reduce(0) { $0 + ($1[.notAddressed] ?? 0) },
            samples: state.samples.map {
                Rehearsal.Sample(
                    sourceID: $0.sourceID, operation: $0.operation, before: $0.before,
                    after: preview.bytes(of: $0.draft),
                    target: gatekeeper.admitted[$0.target].target.description)
            },
            mirrors: mirrors.indices.map { mirror in
                let state = feeder.state(of: mirror + 1)
                return Rehearsal.Mirror(requests: state.sendable, refusals: state.refusals())
            })
    }
}
