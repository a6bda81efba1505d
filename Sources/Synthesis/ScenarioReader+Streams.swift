import Bytes
import YAML

/// Streams, their arrivals, and the flows through them.
extension ScenarioReader {
    static let patternKeys = [
        "utcOffset", "byHour", "byWeekday", "byMonth", "holidays", "holidayFactor", "bursts", "timeOfDay",
    ]

    func time(_ node: YAMLNode) throws(YAMLError) -> Scenario.TimeSpec {
        let parts = try node.mapping("the time", keys: ["start", "span"] + Self.patternKeys)
        let span = try parts.required("span")
        let nanos = try GeneratorReader.duration(span)
        guard nanos <= 800 * 86_400_000_000_000 else {
            throw YAMLError("a span of more than 800 days", at: span.mark, remedy: "Give a shorter 'span'.")
        }
        return .init(
            startNanos: try GeneratorReader.instant(try parts.required("start")), spanNanos: nanos,
            pattern: try pattern(parts))
    }

    private func weights(_ node: YAMLNode?, _ count: Int, scale: Int) throws(YAMLError) -> [UInt64] {
        guard let node else { return [] }
        var weights: [UInt64] = []
        for item in try node.sequence("\(count) weights") {
            let weight = try item.scaled(scale, "a weight")
            guard (0...1_000_000_000).contains(weight) else {
                throw YAMLError(
                    "a weight lies between 0 and a million", at: item.mark,
                    remedy: "Weights are relative: scale them down.")
            }
            weights.append(UInt64(weight))
        }
        guard weights.count == count, weights.contains(where: { $0 > 0 }) else {
            throw node.expected(
                "\(count) weights, not all 0",
                remedy: count == 7
                    ? "Write one for each day from Monday on." : "Write one for each hour from midnight on.")
        }
        return weights
    }

    private func pattern(_ parts: YAMLMapping) throws(YAMLError) -> Scenario.RatePattern {
        var result = Scenario.RatePattern()
        result.utcOffsetMinutes = Int(try parts["utcOffset"]?.int("minutes east of UTC", in: -840...840) ?? 0)
        result.byHour = try weights(parts["byHour"], 24, scale: 0)
        result.byWeekday = try weights(parts["byWeekday"], 7, scale: 3)
        result.byMonth = try weights(parts["byMonth"], 12, scale: 3)
        for day in try parts["holidays"]?.sequence("a list of days") ?? [] {
            result.holidays.append(try GeneratorReader.day(day))
        }
        if let node = parts["holidayFactor"] {
            let factor = try node.scaled(3, "a factor")
            guard (0...1_000_000).contains(factor) else {
                throw YAMLError("a factor lies between 0 and 1000", at: node.mark, remedy: "1 is as usual.")
            }
            result.holidayFactor = UInt64(factor)
        }
        if let node = parts["bursts"] {
            let bursts = try node.mapping("the bursts", keys: ["perDay", "length", "factor"])
            let factor = try bursts.required("factor").scaled(3, "a factor")
            guard (1...10_000_000).contains(factor) else {
                throw YAMLError(
                    "a factor lies between 0.001 and 10000", at: node.mark, remedy: "1 is as usual.")
            }
            let length = try GeneratorReader.duration(try bursts.required("length"))
            guard length <= 43_200_000_000_000 else {
                throw YAMLError(
                    "a burst of more than 12 h", at: node.mark,
                    remedy: "Use 'byHour' or 'byWeekday' for what lasts longer.")
            }
            result.bursts = .init(
                perDay: UInt64(try bursts.required("perDay").int("a number of bursts", in: 1...100)),
                lengthNanos: length, factor: UInt64(factor))
        }
        if let node = parts["timeOfDay"] {
            let normal = try node.mapping("the time of day", keys: ["mean", "sd"])
            result.ofDay = (
                try GeneratorReader.duration(try normal.required("mean")),
                try GeneratorReader.duration(try normal.required("sd"))
            )
        }
        return result
    }

    func arrivals(_ node: YAMLNode, _ usual: Scenario.RatePattern) throws(YAMLError) -> Scenario.ArrivalSpec {
        let parts = try node.mapping("the arrivals", keys: ["process", "shape", "times"] + Self.patternKeys)
        var pattern = try pattern(parts)
        if !parts.entries.contains(where: { Self.patternKeys.contains($0.key) }) { pattern = usual }
        if let times = parts["times"] {
            if let process = parts["process"] {
                throw YAMLError(
                    "recorded times are a process of their own", at: process.mark, remedy: "Leave out 'process'.")
            }
            pattern = Scenario.RatePattern()
            let file = Scenario.resolve(try times.string("the path of a file"), beside: times.mark.file)
            pattern.recorded = try Self.recordedTimes(files[file] ?? [], file: file)
            return .init(process: .cadence, pattern: pattern)
        }
        let word = try parts["process"]?.choice("process", of: ["poisson", "cadence", "weibull"]) ?? "poisson"
        if word == "weibull" {
            let shape = try parts.required("shape").scaled(4, "a shape")
            guard (1000...100_000).contains(shape) else {
                throw YAMLError(
                    "a shape lies between 0.1 and 10", at: try parts.required("shape").mark,
                    remedy: "Below 1 exchanges come in clusters, above 1 they are more even than chance.")
            }
            return .init(process: .weibull(shape), pattern: pattern)
        }
        if let shape = parts["shape"] {
            throw YAMLError("only Weibull gaps have a shape", at: shape.mark, remedy: "Add 'process: weibull'.")
        }
        return .init(process: word == "cadence" ? .cadence : .poisson, pattern: pattern)
    }

    /// A time (RFC 3339, or whole ns) on each line; a first line that is none is a header.
    static func recordedTimes(_ bytes: [UInt8], file: String) throws(YAMLError) -> [UInt64] {
        var times: [UInt64] = []
        for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            var field = line.prefix { $0 != 0x2C && $0 != 0x0D }
            if field.first == 0x22, field.last == 0x22, field.count >= 2 { field = field.dropFirst().dropLast() }
            let text = String(decoding: field, as: UTF8.self)
            if text.isEmpty { continue }
            let mark = YAMLMark(file: file, line: number + 1, column: 1)
            guard let nanos = UInt64(text) ?? Timestamp.parse(text) else {
                if number == 0 { continue }
                throw YAMLError("not a time", at: mark, remedy: "Write it like 2026-07-01T08:30:00.5Z, or in whole ns.")
            }
            if let last = times.last, nanos < last {
                throw YAMLError("this time is before the one above it", at: mark, remedy: "Sort the file.")
            }
            times.append(nanos)
        }
        guard times.count >= 2, times.count <= 1_000_000, let first = times.first, first != times.last else {
            throw YAMLError(
                "a recording has 2 to a million times that are not all the same",
                at: YAMLMark(file: file, line: 1, column: 1), remedy: "Write one time in each line, in order.")
        }
        return times.map { $0 - first }
    }

    // MARK: Streams

    func streams(_ usual: Scenario.RatePattern) throws(YAMLError) -> [Scenario.StreamSpec] {
        let common = try map["fields"].map { node throws(YAMLError) in
            try GeneratorReader.fields(node, "the fields")
        }
        let operation = map["operation"]
        let name = "the name of an operation"
        guard let node = map["streams"] else {
            let operation = try map.required("operation")
            _ = try map.required("fields")
            return [
                .init(
                    name: "", mark: operation.mark, operation: try operation.string(name),
                    operationMark: operation.mark, fields: common ?? [], share: 1000,
                    arrivals: .init(process: .poisson, pattern: usual))
            ]
        }
        var result: [Scenario.StreamSpec] = []
        for entry in try node.entries("streams by name") {
            let parts = try entry.value.mapping(
                "the stream '\(entry.key)'", keys: ["operation", "share", "arrivals", "correlated", "fields"])
            guard let called = parts["operation"] ?? operation else {
                throw YAMLError(
                    "the stream '\(entry.key)' needs 'operation'", at: entry.keyMark,
                    remedy: "Name it here, or once for all streams.")
            }
            let own = try parts["fields"].map { node throws(YAMLError) in
                try GeneratorReader.fields(node, "the fields of '\(entry.key)'")
            }
            result.append(
                .init(
                    name: entry.key, mark: entry.keyMark, operation: try called.string(name),
                    operationMark: called.mark, fields: Self.override(common ?? [], with: own ?? []),
                    share: try parts["share"].map(Self.streamShare) ?? 1000,
                    arrivals: try parts["arrivals"].map { node throws(YAMLError) in try arrivals(node, usual) }
                        ?? .init(process: .poisson, pattern: usual)))
        }
        guard !result.isEmpty, result.count <= 64 else {
            throw node.expected("1 to 64 streams", remedy: "Write them by name, like {pay: {share: 70%}, login: {}}.")
        }
        guard result.contains(where: { $0.share > 0 }) else {
            throw YAMLError("every stream has the share 0", at: node.mark, remedy: "Give one a share.")
        }
        return result
    }

    /// `12`, `0.65`, `35.17%`: relative to the other streams', in millionths.
    private static func streamShare(_ node: YAMLNode) throws(YAMLError) -> UInt64 {
        if case .string = node.value { return try GeneratorReader.share(node) / 1000 }
        let share = try node.scaled(6, "a share such as 35% or 12")
        guard (0...1_000_000_000_000).contains(share) else {
            throw YAMLError(
                "a share lies between 0 and a million", at: node.mark,
                remedy: "Shares are relative to those of the other streams.")
        }
        return UInt64(share)
    }

    /// `fields` with those of the same name replaced and the others added.
    static func override(_ fields: [FieldSpec], with others: [FieldSpec]) -> [FieldSpec] {
        var result = fields
        for field in others {
            if let at = result.firstIndex(where: { $0.name == field.name }) {
                result[at] = field
            } else {
                result.append(field)
            }
        }
        return result
    }

    func streamNumber(_ node: YAMLNode, _ streams: [Scenario.StreamSpec]) throws(YAMLError) -> Int {
        let name = try node.string("the name of a stream")
        guard let number = streams.firstIndex(where: { $0.name == name }) else {
            let names = streams.map(\.name)
            guard names != [""] else {
                throw YAMLError(
                    "there is no stream '\(name)'", at: node.mark, remedy: "The scenario has one stream without a name."
                )
            }
            let near = nearestName(name, in: names).map { "Did you mean '\($0)'? " } ?? ""
            throw YAMLError(
                "there is no stream '\(name)'", at: node.mark,
                remedy: near + "There are: \(names.joined(separator: ", ")).")
        }
        return number
    }

    func count() throws(YAMLError) -> Scenario.CountSpec? {
        guard let node = map["count"] else { return nil }
        guard case .mapping = node.value else {
            return .exactly(UInt64(try node.int("a number of exchanges", in: 1...100_000_000_000)))
        }
        let parts = try node.mapping("the count", keys: ["of", "ratePerDay", "kept"])
        return .rates(
            of: try GeneratorReader.reference(try parts.required("of")),
            attribute: try GeneratorReader.reference(try parts.required("ratePerDay")),
            kept: try parts["kept"].map(GeneratorReader.share) ?? 1_000_000_000)
    }
}
