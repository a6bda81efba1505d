import Foundation
import JSON
import Tape
import Testing

@testable import Synthesis

/// The four published tables of synthetic fraud, small here; `make tables` makes them whole.
@Suite struct PublishedTableTests {
    private func made(_ name: String, total: UInt64, seed: UInt64 = 1) throws -> [Small.Made] {
        try Small.exchanges(try Shipped.plan(Shipped.path(name), total: total, seed: seed))
    }

    @Test func `the Handbook's number of transactions is drawn from its customers' rates`() throws {
        let scenario = try Shipped.scenario(Shipped.path("fraud_handbook"))
        let schemas = try Shipped.schemas(Shipped.path("fraud_handbook"), scenario)
        var totals: [Double] = []
        for seed in 1...20 as ClosedRange<UInt64> {
            totals.append(Double(try SynthesisPlan.usualTotal(scenario, schemas, seed: seed) ?? 0))
        }
        // From closed form: 1,773,686 with a deviation of 14,543.
        #expect(totals.allSatisfy { abs($0 - 1_773_686) < 3 * 14_543 })
        #expect(abs(mean(totals) - 1_773_686) < 3 * 14_543 / 20.0.squareRoot())
        #expect(deviation(totals) > 7000)
    }

    @Test func `the Handbook's terminals are near, its frauds as many as expected`() throws {
        let plan = try Shipped.plan(Shipped.path("fraud_handbook"), total: 30_000)
        let made = try Small.exchanges(plan)
        var counts: [String: Double] = [:]
        for exchange in made { if let label = exchange.exchange.labels.first { counts[label.type, default: 0] += 1 } }
        // Expected of the whole: 1,014, 9,151 and 4,549 of 1,773,686.
        for (type, whole) in [("largeAmount", 1014.0), ("terminalTampered", 9151), ("cardDataLeaked", 4549)] {
            let expected = whole * 30_000 / 1_773_686
            #expect(abs((counts[type] ?? 0) - expected) < 4.5 * expected.squareRoot(), "\(type): \(counts[type] ?? 0)")
        }
        var terminals: [Int: Set<Int>] = [:]
        for exchange in made { terminals[exchange.int("customerId"), default: []].insert(exchange.int("terminalId")) }
        // About 78 terminals stand within 5 of a customer, of 10,000.
        let relations = Relations()
        let builder = try ProgramBuilder(
            plan.scenario, stream: 0, plan.shape, plan.keys, relations, total: 1, .attributes("customer"))
        let terminal = try #require(builder.entity("terminal"))
        let customer = try #require(builder.entity("customer"))
        let axes = try #require(terminal.near).axes
        let places = try relations.values(of: terminal, axes, builder).rows
        let homes = try relations.values(of: customer, axes, builder).rows
        var lonely = 0
        for (number, visited) in terminals {
            for place in visited {
                let (dx, dy) = (
                    Double(homes[number][0] - places[place][0]), Double(homes[number][1] - places[place][1])
                )
                if (dx * dx + dy * dy).squareRoot() >= 50_000 { lonely += 1 }
            }
        }
        #expect(lonely == 0)
        let near = try relations.neighbours(terminal, builder)
        #expect((70...80).contains(Double(near.members.count) / 5000))
    }

    @Test func `PaySim's types have their shares`() throws {
        let made = try made("paysim", total: 20_000)
        let types = Dictionary(grouping: made) { $0.text("type") }.mapValues { Double($0.count) / 200 }
        for (type, share) in [
            ("CASH_OUT", 35.17), ("PAYMENT", 33.81), ("CASH_IN", 21.99), ("TRANSFER", 8.38), ("DEBIT", 0.65),
        ] { #expect(abs((types[type] ?? 0) - share) < 0.1, "\(type): \(types[type] ?? 0)") }
        let frauds = made.filter { !$0.exchange.labels.isEmpty }
        #expect(abs(frauds.count - 26) <= 2)
        #expect(
            frauds.allSatisfy { $0.double("amount") == $0.double("oldBalanceOrig") && $0.double("newBalanceOrig") == 0 }
        )
    }

    @Test func `AMLSim's typologies are as many as published, of five to ten members`() throws {
        let made = try made("amlsim", total: 8000)
        let campaigns = Dictionary(grouping: made.filter { !$0.exchange.labels.isEmpty }) {
            $0.exchange.labels[0].campaign
        }
        var counts: [String: Int] = [:]
        for transfers in campaigns.values {
            let type = transfers[0].exchange.labels[0].type
            counts[type, default: 0] += 1
            #expect((5...10).contains(transfers.count))
            #expect(transfers.allSatisfy { (100...200).contains($0.double("amount")) })
            let span = (transfers.last?.exchange.startNanos ?? 0) - transfers[0].exchange.startNanos
            #expect((5 * 86_400_000_000_000...20 * 86_400_000_000_000).contains(span))
            switch type {
            case "fanIn": #expect(Set(transfers.map { $0.int("receiverId") }).count == 1)
            case "fanOut": #expect(Set(transfers.map { $0.int("senderId") }).count == 1)
            default:
                for (one, next) in zip(transfers, transfers.dropFirst() + transfers.prefix(1)) {
                    #expect(one.int("receiverId") == next.int("senderId"))
                }
            }
        }
        #expect(counts == ["fanIn": 30, "fanOut": 30, "cycle": 40])
        #expect(made.allSatisfy { (0..<12_043).contains($0.int("senderId")) })
    }

    @Test func `the account fraud suite's months have their volume and prevalence`() throws {
        let made = try made("bank_account_fraud", total: 40_000)
        let months = Dictionary(grouping: made) { $0.int("month") }
        #expect(months.count == 8)
        for (month, applications) in months {
            let volume = Double(applications.count) / 400
            let prevalence = Double(applications.count { !$0.exchange.labels.isEmpty }) / Double(applications.count)
            #expect((9.5...15).contains(volume), "month \(month): \(volume)")
            // 5,000 a month: a deviation of 0.15 points, on a band of 0.85 to 1.5 %.
            #expect((0.0045...0.0195).contains(prevalence), "month \(month): \(prevalence)")
        }
        let score = made.map { $0.double("creditRiskScore") }
        let limit = made.map { $0.double("proposedCreditLimit") }
        #expect(abs(rankCorrelation(score, limit) - 0.6) < 0.05)
    }
}
