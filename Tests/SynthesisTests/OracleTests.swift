import Tape
import Testing

@testable import Synthesis

@Suite struct OracleTests {
    /// A deliberately wrong injector: one that does nothing and labels all the same, and one that forgets its label.
    @Test(arguments: [Shipped.thrift, Shipped.http])
    func `a wrong injector is caught, whatever its type`(path: String) throws {
        let plan = try Shipped.plan(path, total: 2000, anomalyRate: 200_000_000)
        let fresh = try Oracle(plan)
        let maker = LeafMaker(plan)
        var idle: Set<String> = []
        var silent: Set<String> = []
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init(twins: true)) { output in
                guard let twin = output.twin, let label = output.exchange.labels.first, label.campaign.isEmpty else {
                    return
                }
                var oracle = fresh
                try oracle.check(output.exchange)
                try oracle.check(twin)
                var undone = twin
                undone.labels = [label]
                if throwsMismatch({ try oracle.check(undone) }) { idle.insert(label.type) }
                if label.type == "justUnderThreshold" { return }
                var unsaid = Exchange()
                unsaid.request = output.exchange.request
                if throwsMismatch({ try oracle.check(unsaid) }) { silent.insert(label.type) }
            }
        }
        let types = Set(plan.kinds.map(\.spec.type).filter { !$0.isCampaign }.map(\.name))
        #expect(idle == types)
        #expect(silent == types.subtracting(["justUnderThreshold"]))
    }

    @Test func `a campaign whose members do not fit together is caught`() throws {
        let plan = try Shipped.plan(Shipped.thrift, total: 2000, anomalyRate: 200_000_000)
        let maker = LeafMaker(plan)
        var members: [Exchange] = []
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init()) { output in
                if output.exchange.labels.first?.campaign == "cardTesting-0" { members.append(copy(output.exchange)) }
            }
        }
        #expect(members.count == Int(members[0].labels[0].n))
        func outcome(_ members: [Exchange]) throws -> Bool {
            var oracle = try Oracle(plan)
            return throwsMismatch {
                for member in members { try oracle.check(member) }
                try oracle.finish(isWhole: true)
            }
        }
        #expect(try !outcome(members))
        #expect(try outcome(Array(members.dropLast())))
        #expect(try outcome(members + [members[0]]))
        // Another card's exchange in place of one's own: the card comes twice.
        var repeated = members
        repeated[1].request = members[0].request
        #expect(try outcome(repeated))
        var late = members
        late[0].labels[0].eventNanos -= 700_000_000_000
        #expect(try outcome(late))
    }

    /// Of two accomplices who take turns in two stages, a shard may see the second one first.
    @Test func `a campaign that began before the shard is not held to parts that nobody can tell`() throws {
        let plan = try Shipped.plan(
            Shipped.path("merchant_acquiring"), total: 4000, seed: 1, anomalyRate: 600_000_000)
        let maker = LeafMaker(plan)
        var members: [Exchange] = []
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init()) { output in
                if output.exchange.labels.first?.campaign == "merchantCollusion-0" {
                    members.append(copy(output.exchange))
                }
            }
        }
        #expect(members.count == Int(try #require(members.first).labels[0].n))
        for start in members.indices {
            var oracle = try Oracle(plan)
            for member in members[start...] { try oracle.check(member) }
            try oracle.finish(isWhole: start == 0)
        }
    }

    private func copy(_ exchange: borrowing Exchange) -> Exchange {
        var result = Exchange()
        result.id = exchange.id
        result.request = exchange.request
        result.labels = exchange.labels
        return result
    }

    private func throwsMismatch(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch SynthesisError.mismatch {
            return true
        } catch { return false }
    }

    @Test func `hostile bytes are read without a trap`() throws {
        for path in [Shipped.thrift, Shipped.http] {
            let plan = try Shipped.plan(path, total: 64)
            let maker = LeafMaker(plan)
            var sample = Exchange()
            for leaf in 0..<plan.leafCount {
                try maker.make(leaf, .init()) { if sample.request == nil { sample = copy($0.exchange) } }
            }
            var oracle = try Oracle(plan)
            let wire = try #require(sample.request?.wire)
            for end in stride(from: 0, to: wire.count, by: 3) {
                sample.request = Message(wire: Array(wire[..<end]))
                #expect(throwsMismatch { try oracle.check(sample) })
            }
            for at in wire.indices {
                var bytes = wire
                bytes[at] ^= 0x80 >> UInt8(at % 8)
                sample.request = Message(wire: bytes)
                _ = throwsMismatch { try oracle.check(sample) }
            }
        }
    }
}
