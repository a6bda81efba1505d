package import Metrics

/// What a run comes to, in one sentence and a colour.
package struct Verdict: Sendable, Equatable {
    package enum Level: String, Sendable { case good, warning, bad }

    package var level: Level
    /// One or two words: `Passed`, `Errors`, `Stopped`, …
    package var title: String
    package var sentence: String

    /// The first that applies: it failed, was stopped, sent nothing, sent untagged requests, was bound by the generator,
    /// failed an expectation, had errors that no expectation speaks of; else it passed.
    package init(_ result: RunResult) {
        let totals = result.totals
        let addressed = totals.due - min(totals.due, totals.notAddressed)
        let ok = result[.ok]
        let errors = Outcome.allCases.filter(\.isError).reduce(0) { $0 &+ result[$1] }
        let answered = "\(Figures.count(ok)) of \(Figures.count(addressed)) due requests ended ok"
        if result.run.exitReason == "failed" {
            self.init(.bad, "Failed", "The run failed after it had begun; \(answered) up to there.")
        } else if result.run.exitReason == "guard" {
            self.init(.bad, "Stopped", "The guard stopped the run; \(answered) up to there.")
        } else if result.run.exitReason == "abort" {
            self.init(.bad, "Aborted", "\(result.run.exitDetail); \(answered) up to there.")
        } else if result.run.exitReason == "signal" || result.run.exitReason == "killFile" {
            let cause = result.run.exitReason == "signal" ? "A signal" : "The kill file"
            self.init(.warning, "Stopped", "\(cause) stopped the run; \(answered) up to there.")
        } else if totals.sent == 0 {
            self.init(.bad, "Nothing sent", "None of \(Figures.count(totals.due)) due requests was sent.")
        } else if totals.tagged &+ totals.wireFaults < totals.sent {
            let bare = totals.sent - totals.tagged - totals.wireFaults
            self.init(.bad, "Untagged", "\(Figures.count(bare)) requests were sent without the tag; \(answered).")
        } else if let search = result.search {
            let title =
                !search.isComplete || search.isGeneratorBound
                ? "Inconclusive" : search.rate == nil ? "No rate" : "Limit"
            self.init(
                search.isComplete && search.isConfirmed && !search.isGeneratorBound ? .good : .warning, title,
                search.sentence.prefix(1).uppercased() + search.sentence.dropFirst() + ".")
        } else if result.run.isGeneratorBound {
            let reason = result.run.generatorBoundReason
            self.init(
                .warning, "Inconclusive",
                "The generator, not the target, was the limit\(reason.isEmpty ? "" : ": \(reason)"); \(answered).")
        } else if let failed = result.expectations.first(where: { !$0.holds }) {
            let others = result.expectations.count { !$0.holds } - 1
            self.init(
                .bad, "Failed expectation",
                "\(failed.text) does not hold, it is \(failed.actual)\(others > 0 ? "; \(others) more do not" : ""); \(answered)."
            )
        } else if errors > 0, result.expectations.isEmpty {
            let share = Figures.share(errors, of: addressed)
            self.init(.bad, "Errors", "\(answered); \(Figures.count(errors)) (\(share)) did not.")
        } else {
            let all = errors > 0 ? answered : "All \(Figures.count(addressed)) due requests ended ok"
            let held = result.expectations.count
            self.init(.good, "Passed", all + (held > 0 ? "; \(held) expectation\(held == 1 ? "" : "s") held." : "."))
        }
    }

    private init(_ level: Level, _ title: String, _ sentence: String) {
        self.level = level
        self.title = title
        self.sentence = sentence
    }
}
