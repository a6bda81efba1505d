import Bytes
package import Schema
import YAML

/// A scenario, a number and a seed, compiled: everything that any leaf needs.
package struct SynthesisPlan: Sendable {
    package let scenario: Scenario
    package let total: UInt64
    package let seed: UInt64
    /// SHA-256 over the scenario, the schemas and the rate of anomalies.
    package let digest: [UInt8]
    package let quotas: Quotas
    /// The rate of anomalies in billionths, that of the scenario or the one asked for.
    package let anomalyRate: UInt64
    package let leafCount: Int
    let streams: [StreamPlan]
    let flows: [FlowPlan]
    /// Whose equal shares the leaves are: the sum of all streams.
    let timeShape: TimeShape
    let depth: Int
    let cohortDepth: Int
    /// The scenario's programs: those of each stream's clean exchanges, one for each kind, those of the flows' states.
    let images: [Image]
    /// Which stream's operation each program writes.
    let streamOfProgram: [Int]
    let kinds: [Kind]
    /// The columns of CSV after those that every exchange has, in the order of the schema.
    package let columns: [String]
    /// For each program, the emission of each column, or -1.
    let rowPlans: [[Int]]
    let keys: KeyRing

    /// The first stream's, which is the only one of most scenarios.
    package var format: RequestFormat { streams[0].format }
    var shape: RequestShape { streams[0].shape }

    /// A stream with its share of the exchanges that belong to no campaign and no flow.
    struct StreamPlan: Sendable {
        var shape: RequestShape
        var format: RequestFormat
        var arrivals: Arrivals
        /// Where among them the anomalies of single exchanges are.
        var placement: Permutation
        var placed: [PlacedKind]
    }

    /// Positions of the kinds that are regimes.
    let drifts: [Int]
    /// An anomaly, a hard negative or a regime with what was solved for it.
    struct Kind: Sendable {
        var spec: Scenario.AnomalySpec
        var share: Quotas.Share
        /// Indices into ``images``, one for each stage.
        var programs: [Int] = []
        /// For each stage, what is done to its exchanges, one after the other.
        var injections: [[Injection]] = []
        var campaign: CampaignPlan?
        /// For single exchanges: the first place in the permuted order.
        var first: UInt64
        /// How many campaigns the kinds before it have.
        var firstCampaign: UInt64
    }

    /// - Parameters:
    ///   - anomalyRate: in billionths; nil takes the scenario's.
    /// - Throws: ``YAMLError`` where the scenario and the schema do not fit, ``SynthesisError`` where N is impossible.
    package init(
        _ scenario: Scenario, _ schemas: SchemaSet, total: UInt64, seed: UInt64, anomalyRate: UInt64? = nil
    ) throws {
        guard total >= 1, total <= 100_000_000_000 else {
            throw SynthesisError.impossible("\(total) exchanges cannot be made", remedy: "Ask for 1 to 100 G.")
        }
        let rate = anomalyRate ?? scenario.anomalies.rate
        self.scenario = scenario
        self.total = total
        self.seed = seed
        self.anomalyRate = rate
        digest = Self.digest(scenario, schemas, rate)
        let keys = KeyRing(digest: digest, seed: seed)
        self.keys = keys
        let shapes = try Self.shapes(scenario, schemas)
        let relations = Relations()
        func build(_ stream: Int, _ purpose: ProgramBuilder.Purpose) throws(YAMLError) -> Program {
            try ProgramBuilder.build(
                scenario, stream: stream, shapes[stream], keys, relations, total: total, purpose)
        }
        let timeShapes = scenario.streams.map { stream in
            TimeShape(
                scenario.time, stream.arrivals.pattern,
                bursts: keys.philox(stream.name.isEmpty ? "bursts" : "stream:\(stream.name)/bursts"))
        }
        let isCommon = timeShapes.allSatisfy {
            $0.edges == timeShapes[0].edges && $0.cumulative == timeShapes[0].cumulative
        }
        let shares = scenario.streams.map(\.share)
        let timeShape =
            isCommon
            ? timeShapes[0] : TimeShape(mixing: Array(zip(timeShapes, Quotas.apportion(total, shares))))
        self.timeShape = timeShape
        guard let quotas = Quotas.solve(total: total, rate: rate, scenario: scenario) else {
            throw SynthesisError.impossible(
                "\(Quotas.rounded(total, rate)) anomalous exchanges cannot be made from this scenario's campaigns alone",
                remedy: "Add an anomaly of single exchanges, or change -n or --anomalies.")
        }
        self.quotas = quotas

        var programs: [Program] = []
        var streamOfProgram: [Int] = []
        func add(_ program: Program, _ stream: Int) {
            programs.append(program)
            streamOfProgram.append(stream)
        }
        for stream in scenario.streams.indices { add(try build(stream, .clean), stream) }
        var kinds: [Kind] = []
        var first = [UInt64](repeating: 0, count: scenario.streams.count)
        var firstCampaign: UInt64 = 0
        let specShares =
            quotas.anomalies + quotas.hardNegatives
            + scenario.anomalies.drifts.map { _ in Quotas.Share(exchanges: 0, campaigns: 0) }
        for (spec, share) in zip(scenario.anomalies.all, specShares) {
            var kind = Kind(spec: spec, share: share, first: first[spec.stream], firstCampaign: firstCampaign)
            if let campaign = spec.campaign {
                guard campaign.reachNanos < timeShape.spanNanos else {
                    throw YAMLError(
                        "the campaign's window is longer than the scenario's span", at: spec.mark,
                        remedy: campaign.hours == nil
                            ? "Shorten the window." : "With 'hours', two days more than the window are needed.")
                }
                kind.campaign = CampaignPlan(share, campaign, name: spec.name, keys: keys, shape: timeShape)
                firstCampaign += share.campaigns
            } else {
                first[spec.stream] += share.exchanges
            }
            for stage in 0..<(spec.campaign?.stages.count ?? 1) {
                var program = try build(spec.stream, .anomaly(spec, stage: stage))
                var injections: [Injection] = []
                for part in spec.parts.isEmpty ? [spec] : spec.parts {
                    injections.append(try Injection(part, &program, shapes[spec.stream], scenario, keys))
                }
                kind.injections.append(injections)
                kind.programs.append(programs.count)
                add(program, spec.stream)
            }
            kinds.append(kind)
        }
        if let cap = scenario.anomalies.capPerEntity { try Self.check(cap, first.reduce(0, +), scenario) }
        var flows: [FlowPlan] = []
        for flow in scenario.flows {
            var own: [Int] = []
            for state in flow.states {
                own.append(programs.count)
                add(try build(state.stream, .flow(flow, state)), state.stream)
            }
            let stream = flow.states[0].stream
            let builder = try ProgramBuilder(
                scenario, stream: stream, shapes[stream], keys, relations, total: total, .flow(flow, nil))
            flows.append(try FlowPlan(flow, programs: own, builder, total: total, shape: timeShape))
        }
        let others = kinds.reduce(first.reduce(0, +)) { $0 + ($1.campaign?.exchanges ?? 0) }
        // What flows come to by chance beyond what is asked for must not make a scenario impossible.
        for i in flows.indices {
            let all = others + flows.reduce(0) { $0 + $1.exchanges }
            if all > total { flows[i].shorten(by: all - total) }
        }
        self.flows = flows
        let taken = others - first.reduce(0, +) + flows.reduce(0) { $0 + $1.exchanges }
        guard taken + first.reduce(0, +) <= total else {
            throw SynthesisError.impossible(
                "anomalies, hard negatives and flows are more than \(total) exchanges", remedy: "Lower their rates.")
        }
        let counts = Quotas.apportion(total - taken, shares)
        for (stream, count) in counts.enumerated() where first[stream] > count {
            throw SynthesisError.impossible(
                "the stream '\(scenario.streams[stream].name)' has \(count) exchanges for \(first[stream]) anomalies",
                remedy: "Raise its share, or lower the rates of its anomalies.")
        }
        for i in programs.indices { programs[i].number = i }
        images = programs.map { Image($0) }
        self.streamOfProgram = streamOfProgram
        columns = Self.columns(of: programs)
        rowPlans = Self.makeRowPlans(programs, columns: columns)
        self.kinds = kinds
        drifts = kinds.indices.filter { kinds[$0].spec.type.isDrift }
        let depth = LeafPlan.depth(for: total)
        self.depth = depth
        leafCount = 1 << depth
        let cohortDepth = scenario.cohortCount.trailingZeroBitCount
        self.cohortDepth = cohortDepth
        let end = timeShape.startNanos + timeShape.spanNanos
        let bounds =
            isCommon
            ? [] : (0..<1 << depth).map { timeShape.time(UInt64($0) << UInt64(64 - depth)) } + [end]
        streams = try scenario.streams.enumerated().map { number, spec in
            let prefix = spec.name.isEmpty ? "" : "stream:\(spec.name)/"
            return StreamPlan(
                shape: shapes[number], format: try RequestFormat(scenario, shapes[number]),
                arrivals: Arrivals(
                    spec.arrivals, count: counts[number], timeShapes[number], bounds: bounds, depth: depth,
                    cohortDepth: cohortDepth, name: spec.name, keys: keys),
                placement: Permutation(count: max(1, counts[number]), key: keys.key(prefix + "placement")),
                placed: kinds.enumerated().filter {
                    $0.element.spec.stream == number && $0.element.campaign == nil && !$0.element.spec.type.isDrift
                        && $0.element.share.exchanges > 0
                }.map { PlacedKind(end: $0.element.first + $0.element.share.exchanges, kind: $0.offset) })
        }
    }

    private static func shapes(_ scenario: Scenario, _ schemas: SchemaSet) throws(YAMLError) -> [RequestShape] {
        var result: [RequestShape] = []
        for stream in scenario.streams { result.append(try RequestShape(scenario, stream, schemas)) }
        return result
    }

    /// N, when nobody says it: the scenario's own number, or a draw from the sum of its entities' rates; nil when the
    /// scenario says nothing about it.
    package static func usualTotal(
        _ scenario: Scenario, _ schemas: SchemaSet, seed: UInt64, anomalyRate: UInt64? = nil
    ) throws -> UInt64? {
        switch scenario.count {
        case nil: return nil
        case .exactly(let count)?: return count
        case .rates(let reference, let attribute, let kept)?:
            let keys = KeyRing(
                digest: digest(scenario, schemas, anomalyRate ?? scenario.anomalies.rate), seed: seed)
            let builder = try ProgramBuilder(
                scenario, stream: 0, try RequestShape(scenario, scenario.streams[0], schemas), keys, Relations(),
                total: .max, .attributes(reference.name))
            guard let entity = builder.entity(reference.name) else {
                throw builder.unknown(reference, "entity", scenario.entities.map(\.name))
            }
            let (rows, scale) = try builder.relations.values(of: entity, [attribute], builder)
            // The mean in 2^-32: rates a day over the span, as far as they are kept.
            let rates = rows.reduce(Int128(0)) { $0 + Int128(max(0, $1[0])) }
            let span = Int128(scenario.time.spanNanos / 1000)
            let perDay = ((rates * span) << 20) / Int128(ProgramBuilder.powerOfTen(scale)) / 86_400_000_000
            let mean = (perDay * Int128(kept) / 1_000_000_000) << 12
            guard mean > 1000 << 32, mean < 1 << 68 else {
                throw YAMLError(
                    "the rates add up to fewer than 1000 exchanges, or to too many", at: attribute.mark,
                    remedy: "Change the rates or the span, or give -n.")
            }
            // A Poisson number so large is normal to within a part in a thousand of its deviation.
            let owner = TableOwner()
            let z = NormalSampler.value(keys.philox("count").draw(0), owner.make(normalTailQuantiles))
            let deviation = Int128(squareRoot(UInt128(mean) << 32))
            return UInt64((mean + ((deviation * Int128(z)) >> 32)) >> 32)
        }
    }

    /// With a cap, anomalies are dealt out to entities in turn; there must be enough of them.
    private static func check(_ cap: UInt64, _ anomalies: UInt64, _ scenario: Scenario) throws {
        guard let entity = scenario.entities.first(where: { $0.name == scenario.cohortEntity }) else { return }
        let reach = entity.count / UInt64(scenario.cohortCount)
        if (anomalies + cap - 1) / cap > reach {
            throw SynthesisError.impossible(
                "\(anomalies) anomalies at \(cap) for each '\(entity.name)' take more than there are in a cohort",
                remedy: "Raise 'capPerEntity' or the count, or lower the rate.")
        }
    }

    /// What decides the output beside seed and number.
    static func digest(_ scenario: Scenario, _ schemas: SchemaSet, _ rate: UInt64) -> [UInt8] {
        let stream = SHA256Stream()
        func add(_ bytes: [UInt8]) {
            var length: [UInt8] = []
            length.append(bigEndian: UInt64(bytes.count))
            stream.update(length.rawSpan)
            stream.update(bytes.rawSpan)
        }
        add(Array("tinct synthesis 3".utf8))
        for source in scenario.sources { add(source.bytes) }
        for source in schemas.sources { add(source.bytes) }
        var number: [UInt8] = []
        number.append(bigEndian: rate)
        add(number)
        return stream.finish()
    }
}
