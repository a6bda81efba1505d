import Tape
import Testing

@testable import Synthesis

@Suite struct CatalogueTests {
    @Test func `every type has a name of its own, a summary, an example and a check by the oracle`() {
        #expect(Set(AnomalyType.all.map(\.name)).count == AnomalyType.all.count)
        for type in AnomalyType.all {
            #expect(type.example.hasPrefix(type.name + ":"), "\(type.name)")
            #expect(type.summary.hasSuffix("."), "\(type.name)")
            #expect(type.isCampaign || OracleCheck.has(type.name), "\(type.name)")
            #expect(type.mimics.isEmpty || AnomalyType.named(type.mimics) != nil, "\(type.name)")
        }
    }

    /// Every example in one scenario, at once.
    @Test(arguments: Catalogue.Carrier.allCases)
    func `the example of each type is made as often as asked for, and confirmed`(carrier: Catalogue.Carrier) throws {
        // What is beyond a single request knows nothing of how it is laid out: three layouts with everything are enough.
        let isWhole = [.binary, .compact, .http].contains(carrier)
        let types = Catalogue.types(carrier).filter { isWhole || $0.layer == .wire || $0.layer == .field }
        let plan = try Catalogue.plan(types, carrier, total: isWhole ? 16_000 : 4000, rate: "60%")
        var oracle = try Oracle(plan)
        let maker = LeafMaker(plan)
        var counts = [UInt64](repeating: 0, count: plan.kinds.count)
        var problems: Set<String> = []
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init()) { made in
                if let kind = made.kind { counts[kind] += 1 }
                do { try oracle.check(made.exchange) } catch let error as SynthesisError {
                    if case .mismatch(let anomaly, let index, let reason) = error {
                        let name = String(anomaly.prefix { $0 != "-" })
                        if problems.insert(name).inserted { Issue.record("\(name) at \(index): \(reason)") }
                    }
                }
            }
        }
        if problems.isEmpty { try oracle.finish(isWhole: true) }
        for (kind, count) in zip(plan.kinds, counts) {
            if !kind.spec.type.isDrift { #expect(count == kind.share.exchanges, "\(kind.spec.name)") }
            // Of several regimes at once the first one holds.
            if !kind.spec.type.isDrift { #expect(count > 0, "\(kind.spec.name)") }
        }
    }

    /// What a replay does: undo, tag, spoil again.
    @Test(arguments: Catalogue.Carrier.allCases)
    func `a fault of the wire can be undone, and done again to a request that is longer since`(
        carrier: Catalogue.Carrier
    ) throws {
        let types = Catalogue.types(carrier).filter(\.isWireFault)
        let plan = try Catalogue.plan(types, carrier, total: 600, rate: "50%", seed: 3)
        let format = plan.format.wire
        let maker = LeafMaker(plan)
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init(twins: true)) { made in
                guard let twin = made.twin?.request?.wire, let wire = made.exchange.request?.wire else { return }
                let label = try #require(made.exchange.labels.first)
                let fault = try #require(WireFault(label, format))
                let clean = try #require(fault.undone(wire))
                #expect(clean == twin, "\(label.type)")
                #expect(fault.again(spoiled: wire, clean: clean, tagged: clean).bytes == wire, "\(label.type)")
                // A tag before the last byte of the head, or of the arguments.
                var tagged = clean
                if carrier == .http {
                    let end = try #require((0..<clean.count).first { clean[$0...].starts(with: [13, 10, 13, 10]) })
                    tagged.insert(contentsOf: Array("\r\nx-stress-test: 1".utf8), at: end)
                } else {
                    // What is compressed holds no tag: its header does.
                    tagged.insert(contentsOf: [0xEE, 0xEE, 0xEE], at: carrier == .compressed ? 18 : clean.count - 1)
                    let length = UInt32(tagged.count - 4)
                    for place in 0..<(format.statesLength ? 4 : 0) {
                        tagged[place] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * place))
                    }
                }
                let again = fault.again(spoiled: wire, clean: clean, tagged: tagged)
                #expect(again.bytes != tagged, "\(label.type)")
                let kept = carrier == .http ? Array("x-stress-test: 1".utf8) : [0xEE, 0xEE, 0xEE]
                let stands = again.bytes.indices.contains { again.bytes[$0...].starts(with: kept) }
                #expect(!again.keepsTag || stands, "\(label.type)")
                if !["truncate"].contains(label.type) { #expect(again.keepsTag, "\(label.type)") }
            }
        }
    }
}
