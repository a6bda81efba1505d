import Bytes
import Tape

extension ProfileDraft {
    /// The scenario, for `tinct synth`.
    package mutating func scenario() -> String {
        let fields = fieldLines()
        let entities = entityLines()
        let correlated = correlatedLines()
        var lines = headLines(of: "one operation", notes: notes)
        lines += ["operation: \(Self.quoted(options.operation))", "protocol: \(wireProtocol)"] + timeLines()
        if !entities.isEmpty { lines += ["", "entities:"] + entities }
        if !values.isEmpty { lines += ["", "values:"] + valueLines }
        if !correlated.isEmpty { lines += ["", "# Rank correlations."] + correlated }
        lines += ["", "fields:"] + fields
        if let sessions, let state = sessions.state {
            lines += sessionLines(
                sessions, "values of \(Self.comment(profile.columns[state].path))", share: sessions.sessions.share())
        }
        return Self.document(lines)
    }

    /// What the file is, what is not in it, and how it begins.
    func headLines(of what: String, notes: [String]) -> [String] {
        var lines = [
            "# Fitted by tinct \(options.version) to \(profile.exchanges) recorded requests of \(what).",
            "#",
            "# No recorded value of a person stands here: identifiers, names and free texts are made by kind and shape;",
            "# categories and points of distributions have at least \(options.least) requests, of as many people, behind them.",
        ]
        for note in notes.prefix(50) { lines.append("# - \(Self.comment(note))") }
        return lines + [
            "tinct: scenario/1", "name: \(Self.quoted(options.name))", "schema: \(Self.quoted(options.schemaPath))",
        ]
    }

    var valueLines: [String] { values.map { "  \($0.name): \($0.generator)" } }

    /// - Parameter share: of all exchanges, those that belong to a session of two or more.
    func sessionLines(_ plan: SessionPlan, _ states: String, share: Double) -> [String] {
        [
            "",
            "# Sessions of a \(entityNames[plan.entity] ?? ""): transitions between \(states), with their counts and times.",
            "flows:",
        ] + flowLines(plan, share: share)
    }

    static func document(_ lines: [String]) -> String {
        lines.flatMap { wrapped($0) }.map { $0 + "\n" }.joined()
    }

    static func comment(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }

    /// Flow collections go on on the next line after a comma outside quotes.
    private static func wrapped(_ line: String) -> [String] {
        if line.count <= 120 || line.hasPrefix("#") { return [line] }
        let indent = String(repeating: " ", count: line.prefix { $0 == " " }.count + 4)
        var lines: [String] = []
        var current = ""
        var isQuoted = false
        var isEscaped = false
        for character in line {
            if isEscaped {
                isEscaped = false
            } else if isQuoted && character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            }
            if character == " " && !isQuoted && current.last == "," && current.count > 100 {
                lines.append(current)
                current = indent
            } else {
                current.append(character)
            }
        }
        lines.append(current)
        return lines
    }

    var wireProtocol: String {
        let format = profile.formats.max { $0.value < $1.value }?.key ?? .http1
        if format.protocol == .http1 && format.transport != .http { return "{kind: http, host: replayed.example}" }
        let encoding = format.encoding == .none ? .binary : format.encoding
        // What a scenario cannot ask for is framed: Finagle's headers, calls in HTTP bodies, JSON behind a THeader.
        let isKept = format.transport == .unframed || format.hasHeader && encoding != .json
        let isCompressed =
            format.transport == .theader && isKept && profile.compressed * 2 > profile.formats[format] ?? 0
        return "{kind: thrift, encoding: \(encoding), transport: \(isKept ? format.transport : .framed)"
            + "\(isCompressed ? ", transforms: [zlib]" : "")}"
    }

    // MARK: Time

    func timeLines() -> [String] {
        // Whole seconds, for the first and the last request are somebody's.
        [
            "", "# Hours and weekdays (from Monday) in UTC; the weights are requests an hour.", "time:",
            "  start: \(Timestamp.rfc3339(startSeconds * 1_000_000_000))", "  span: \(spanSeconds)s",
        ] + pattern(since: startSeconds, spanSeconds).map { "  " + $0 }
    }

    var startSeconds: UInt64 {
        (profile.firstNanos == .max ? 1_782_864_000_000_000_000 : profile.firstNanos) / 1_000_000_000
    }

    var spanSeconds: UInt64 {
        let first = startSeconds * 1_000_000_000
        return max(1, (profile.lastNanos > first ? profile.lastNanos - first : 0) / 1_000_000_000 + 1)
    }

    /// How requests are spread over hours and weekdays of a recording that began at `start`, in seconds.
    func pattern(since start: UInt64, _ span: UInt64) -> [String] {
        var lines: [String] = []
        // An hour of the week that the tape holds twice weighs no more than one that it holds once.
        var seconds = [Double](repeating: 0, count: 168)
        var at = start
        let end = at + span
        while at < end && end - at < 800 * 86_400 {
            let next = min(end, (at / 3600 + 1) * 3600)
            seconds[Int((at / 3600 + 72) % 168)] += Double(next - at)
            at = next
        }
        func rates(_ count: Int, _ key: (Int) -> Int) -> [Double] {
            var (requests, time) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
            for hour in 0..<168 {
                requests[key(hour)] += Double(profile.byHour[hour])
                time[key(hour)] += seconds[hour]
            }
            return zip(requests, time).map { $1 > 0 ? $0 / $1 * 3600 : 0 }
        }
        let hours = rates(24) { $0 % 24 }
        if span >= 7200 {
            let weights = scaled(hours, to: 1_000_000).map { Self.text($0, 0) }
            lines.append("byHour: [\(weights.joined(separator: ", "))]")
        }
        if span >= 2 * 86_400 {
            // What weekdays have beyond what their hours on the tape would make.
            var (requests, expected) = ([Double](repeating: 0, count: 7), [Double](repeating: 0, count: 7))
            for hour in 0..<168 {
                requests[hour / 24] += Double(profile.byHour[hour])
                expected[hour / 24] += hours[hour % 24] * seconds[hour] / 3600
            }
            let weights = zip(requests, expected).map { $1 > 0 ? $0 / $1 : 1 }
            lines.append("byWeekday: [\(weights.map { Self.text(max($0, 0.001), 3) }.joined(separator: ", "))]")
        }
        return lines
    }

    private func scaled(_ values: [Double], to most: Double) -> [Double] {
        let top = values.max() ?? 0
        // Requests an hour with three digits are precise enough and easy to read.
        let scale = top > most ? most / top : top > 0 && top < 1000 ? 1000 / top : 1
        return values.map { ($0 * scale).rounded() }
    }

    // MARK: Entities

    mutating func entityLines() -> [String] {
        var lines: [String] = []
        for entity in profile.entities {
            guard owners[entity.column] == entity.column, let name = entityNames[entity.column] else { continue }
            lines.append("  \(name):")
            let blocks = Activity(entity.counts, least: Int(clamping: options.least)).blocks
            let number =
                blocks.reduce(0) { $0 + $1.number } * Double(entity.number) / Double(max(1, entity.counts.count))
            lines.append("    count: \(max(1, Int(number.rounded())))")
            lines.append("    weight: activity")
            lines.append("    attributes:")
            // There are as many entities as there were, so the most active ones need not be left to chance.
            let steps = blocks.map { (value: max(1, ($0.rate * 100).rounded()), weight: $0.number) }
            lines.append("      activity: \(Self.evenly(Self.staircase(steps, Range())))")
            scope = entity.column
            let attributes = owners.sorted { $0.key < $1.key }.filter { $0.value == entity.column }.map { column, _ in
                "      \(Self.key(attribute(column))): \(attributeGenerator(column, entity.column, of: number))"
            }
            scope = nil
            lines += (attributeHelpers[entity.column] ?? []).map { "      \($0.name): \($0.generator)" } + attributes
        }
        return lines
    }

    /// - Parameter number: how many of the entity there are; twice as many ids are for them.
    private mutating func attributeGenerator(_ column: Int, _ entity: Int, of number: Double) -> String {
        let entry = profile.columns[column]
        if column != entity { return plain(column, at: nil) }
        if entry.isNumeric {
            let (low, high) = Self.serials(entry)
            return "{unique: {from: \(Self.text(low, 0)), to: \(Self.text(max(high, low + 2 * number), 0))}}"
        }
        let shape = entry.shapes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? ""
        if shape == "x{8}-x{4}-x{4}-x{4}-x{12}" { return "{unique: uuid}" }
        if let serial = serial(shape, commonPrefix(column), for: 2 * number) { return serial }
        return texts(column)
    }

    private static func evenly(_ generator: String) -> String {
        generator.hasPrefix("{quantiles") ? "\(generator.dropLast()), even: true}" : generator
    }

    // MARK: Correlations

    mutating func correlatedLines() -> [String] {
        let rows = profile.rows.rows
        let step = max(1, rows.count / 20_000)
        let thinned = stride(from: 0, to: rows.count, by: step).map { rows[$0] }
        let candidates = Array(
            numbers.filter { numbers.count < 2 || profile.columns[$0.column].distinct > 2 }.prefix(40))
        var matrix: [[Double]] = []
        for (i, a) in candidates.enumerated() {
            matrix.append(candidates[..<i].map { b in spearman(thinned, a.column, b.column) } + [1])
        }
        func value(_ i: Int, _ j: Int) -> Double { i > j ? matrix[i][j] : matrix[j][i] }
        // Those that hang together most; a weak one would only be noise.
        let strengths = candidates.indices.map { i in
            candidates.indices.filter { $0 != i }.map { abs(value(i, $0)) }.max() ?? 0
        }
        let chosen = candidates.indices.filter { strengths[$0] >= 0.05 }.sorted {
            (strengths[$1], $0) < (strengths[$0], $1)
        }.prefix(16).sorted()
        if chosen.count < 2 { return [] }
        var shrink = 1.0
        while shrink > 0.1 {
            let rounded = chosen.enumerated().map { place, i in
                chosen[..<place].map { ((value(i, $0) * shrink) * 100).rounded() / 100 } + [1]
            }
            if Self.isPositive(rounded) {
                let rows = rounded.map { "[\($0.map { Self.text($0, 2) }.joined(separator: ", "))]" }
                return [
                    "correlated:", "  numbers:",
                    "    of: [\(chosen.map { Self.quoted(candidates[$0].name) }.joined(separator: ", "))]",
                    "    ranks: [\(rows.joined(separator: ", "))]",
                ]
            }
            shrink -= 0.02
        }
        return []
    }

    private func spearman(_ rows: [RowSample.Row], _ a: Int, _ b: Int) -> Double {
        var (xs, ys): ([Double], [Double]) = ([], [])
        for row in rows {
            guard case .number(let x)? = row[a], case .number(let y)? = row[b] else { continue }
            xs.append(x)
            ys.append(y)
        }
        if xs.count < 100 { return 0 }
        return min(0.99, max(-0.99, Statistics.correlation(Statistics.ranks(xs), Statistics.ranks(ys)) ?? 0))
    }

    /// Whether normal values can have these as the correlations of their ranks: Cholesky's factor exists.
    private static func isPositive(_ ranks: [[Double]]) -> Bool {
        var factor: [[Double]] = []
        for i in ranks.indices {
            var row: [Double] = []
            for j in 0...i {
                // 2 sin(π ρ / 6), by its series.
                let x = ranks[i][j] * 0.523_598_775_598_298_9
                let sine = x * (1 - x * x / 6 * (1 - x * x / 20 * (1 - x * x / 42)))
                var rest = i == j ? 1 : 2 * sine
                for k in 0..<j { rest -= row[k] * (j == i ? row[k] : factor[j][k]) }
                if i == j {
                    if rest < 0.01 { return false }
                    row.append(rest.squareRoot())
                } else {
                    row.append(rest / factor[j][j])
                }
            }
            factor.append(row)
        }
        return true
    }
}
