import JSON
import Testing
import Thrift

@testable import Schema

@Suite struct LookupTests {
    @Test func operationsAreFoundByServiceMultiplexedAndBareNames() throws {
        let set = try Samples.set("risk_decision.thrift", "penalty_center.thrift")
        for name in ["RiskDecision.evaluate", "RiskDecision:evaluate", "evaluate"] {
            #expect(set.operation(named: name)?.name == "RiskDecision.evaluate")
        }
        #expect(set.operation(named: "report")?.isOneway == true)
        #expect(set.operation(named: "PenaltyCenter.evaluate") == nil)
    }

    @Test func aBareMethodOfUnrelatedServicesIsNotGuessed() throws {
        var set = try Samples.sinkSet()
        #expect(set.operation(named: "ping")?.name == "Base.ping")
        #expect(set.operations(named: "ping").map(\.name) == ["Base.ping", "Sinks.ping", "Later.ping"])
        #expect(set.operation(named: "Later.ping")?.declaringService == "Base")
        try set.load(SchemaSource(name: "other.thrift", text: "service Other { i32 ping() }"))
        #expect(set.operation(named: "ping") == nil)
        #expect(set.operation(named: "Other.ping") != nil)
    }

    @Test func dottedNamesBecomeFieldPaths() throws {
        let set = try Samples.set("risk_decision.thrift")
        let evaluate = try #require(set.operation(named: "evaluate"))
        #expect(set.thriftPath("req.trace.hintCode", of: evaluate)?.description == "1.20.5")
        #expect(set.thriftPath("req.20.hintCode", of: evaluate)?.description == "1.20.5")
        #expect(set.thriftPath("req.trace.nope", of: evaluate) == nil)
        #expect(set.thriftPath("req.requestId.x", of: evaluate) == nil)
        #expect(set.thriftPath("", of: evaluate) == nil)
        #expect(set.thriftResultPath("success.decision", of: evaluate)?.description == "0.2")
        let path = try #require(FieldPath("1.20.5"))
        #expect(set.field(at: path, of: evaluate)?.field.name == "hintCode")
        #expect(set.field(at: path, of: evaluate)?.parent.name == "Trace")
    }

    @Test func identitiesAreTheFieldsThatSayTheyAre() throws {
        let set = try Samples.set("risk_decision.thrift")
        let evaluate = try #require(set.operation(named: "evaluate"))
        #expect(set.identityPaths(of: evaluate).map(\.description) == ["1.1", "1.10"])
        // A struct that holds itself ends the search.
        let sink = try Samples.sinkSet()
        let forget = try #require(sink.operation(named: "forget"))
        #expect(sink.identityPaths(of: forget).map(\.description) == ["1.1"])
    }

    @Test func fieldPathsAreStrict() {
        #expect(FieldPath("1.20.5")?.ids == [1, 20, 5])
        #expect(FieldPath("-3.0")?.ids == [-3, 0])
        for text in ["", ".", "1.", ".1", "a", "1.+2", "01", "40000", "1..2"] { #expect(FieldPath(text) == nil) }
    }
}
