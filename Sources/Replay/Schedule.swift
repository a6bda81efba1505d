package import Pacing
package import YAML

/// A schedule file: rates, one after the other.
///
/// ```yaml
/// - rate: ramp:100..2000/60s      # has a length of its own
/// - rate: 2000
///   for: 5m
/// - rate: poisson:800
///   for: 90s
/// - rate: 2x                      # recorded time goes on where the recording stands by then
/// ```
package enum Schedule {
    /// Reads it. Every error says where in the file it lies.
    package static func parse(_ bytes: [UInt8], file: String) throws(YAMLError) -> Pacer {
        let entries = try YAMLNode.parse(bytes, file: file).sequence("a list of rates")
        var stages: [Pacer.Stage] = []
        for (index, entry) in entries.enumerated() {
            let map = try entry.mapping("a rate", keys: ["rate", "for"])
            stages += try self.stages(of: map, isLast: index == entries.count - 1)
        }
        guard !stages.isEmpty, stages.count <= 100_000 else {
            throw YAMLError(
                stages.isEmpty ? "the schedule is empty" : "the schedule has more than 100,000 parts",
                at: .init(file: file, line: 1, column: 1), remedy: "Write a list of '- rate: …' with 'for: …'.")
        }
        return .stages(stages)
    }

    private static func stages(of map: YAMLMapping, isLast: Bool) throws(YAMLError) -> [Pacer.Stage] {
        let node = try map.required("rate")
        let pacer: Pacer
        do throws(PacerError) {
            pacer = try Pacer(parsing: node.isScalar ? node.text : "")
        } catch {
            throw YAMLError(
                "\(error)", at: node.mark, remedy: "Write a rate like 2000, poisson:800, ramp:100..2000/60s or 2x.")
        }
        if pacer == .max {
            throw YAMLError(
                "max is a closed loop and has no due times", at: node.mark, remedy: "Give --rate max alone.")
        }
        var stages = pacer.stages
        let own = pacer.ownDurationNanos
        guard let length = map["for"] else {
            // Recorded time may go on to the end of the tape.
            if own != nil || (isLast && pacer.followsRecording) { return stages }
            throw YAMLError("the rate \(node.text) lacks its length", at: node.mark, remedy: "Add 'for: 60s'.")
        }
        if own != nil {
            throw YAMLError(
                "\(node.text) has a length of its own", at: length.mark,
                remedy: "Remove 'for', or write the rate without.")
        }
        guard let nanos = Pacer.nanos((length.isScalar ? length.text : "")[...]), nanos > 0 else {
            throw length.expected("a length", remedy: "Write it like 500ms, 90s, 5m or 1h.")
        }
        stages[stages.count - 1].durationNanos = nanos
        return stages
    }
}
