extension RunResult {
    /// One run: of one process, under one tag.
    private struct Identity: Hashable {
        var tag: String
        var host: String
        var processID: UInt64

        init(_ result: RunResult) {
            tag = result.run.tag
            host = result.audit.host
            processID = result.audit.processID
        }
    }

    /// Makes the parts of each run that are there one result, and leaves whole runs as they are.
    static func joiningParts(_ results: [RunResult]) -> [RunResult] {
        var parts: [Identity: [RunResult]] = [:]
        for result in results where result.run.part != nil { parts[Identity(result), default: []].append(result) }
        return results.compactMap { result in
            if result.run.part == nil { return result }
            return parts.removeValue(forKey: Identity(result)).map { join($0) }
        }
    }

    /// What of these results would be counted twice: a part that is there twice, or beside the result of its whole run. Nil
    /// when nothing would.
    package static func doubled(in results: [RunResult]) -> String? {
        let wholes = Set(results.filter { $0.run.part == nil }.map(Identity.init))
        var seen: [Identity: Set<UInt64>] = [:]
        for result in results {
            guard let part = result.run.part else { continue }
            let run = Identity(result)
            if wholes.contains(run) { return "part \(part) of run \(run.tag), and the result of the whole run" }
            if !seen[run, default: []].insert(part).inserted { return "part \(part) of run \(run.tag), twice" }
        }
        return nil
    }

    /// Parts follow each other: they had the same connections and the same rate.
    private static func join(_ parts: [RunResult]) -> RunResult {
        let parts = parts.sorted { ($0.run.part ?? 0) < ($1.run.part ?? 0) }
        var whole = adding(parts)
        let first = parts[0]
        whole.run.rate = first.run.rate
        whole.run.connections = first.run.connections
        whole.run.threads = first.run.threads
        whole.connections.limit = first.connections.limit
        whole.connections.peak = parts.map(\.connections.peak).max() ?? 0
        // One bad part does not condemn the run: it is judged by what all parts together were late.
        let bound = parts.filter(\.run.isGeneratorBound)
        whole.run.isGeneratorBound = !bound.isEmpty && whole.lateness.p99Micros > latenessLimitMicros
        whole.run.generatorBoundReason =
            whole.run.isGeneratorBound
            ? "in \(bound.count) of \(parts.count) parts: \(bound[0].run.generatorBoundReason)" : ""
        return whole
    }
}

extension RunResult.RunTape {
    /// Nil when no run had a tape.
    static func merging(_ tapes: [RunResult.RunTape]) -> RunResult.RunTape? {
        guard var merged = tapes.first else { return nil }
        merged.only = RunResult.joined(tapes.map(\.only))
        merged.sample = RunResult.joined(tapes.map(\.sample))
        merged.limit = RunResult.joined(tapes.map(\.limit))
        merged.rotation = RunResult.joined(tapes.map(\.rotation))
        for tape in tapes.dropFirst() {
            merged.tapes += tape.tapes
            merged.exchanges += tape.exchanges
            merged.bytes += tape.bytes
            merged.leftOut.succeeded += tape.leftOut.succeeded
            merged.leftOut.notSampled += tape.leftOut.notSampled
            merged.leftOut.overLimit += tape.leftOut.overLimit
            merged.leftOut.unwritten += tape.leftOut.unwritten
        }
        return merged
    }
}
