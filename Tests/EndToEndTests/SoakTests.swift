import Foundation
import JSON
import Tape
import TestSupport
import Testing

/// A target that fails in every way it knows, and what a replay says about it: a short form of `benchmarks/run.py … soak`.
struct SoakTests {
    private static let count = 3_000

    private func tape(_ path: String, isHTTP: Bool, in directory: TemporaryDirectory) throws {
        let lines = (0..<Self.count).map { index in
            #"{"requestId":"r\#(index)","eventTimeMillis":1,"scene":"login","country":"BR","user":{"userId":"u"},"device":{"deviceId":"d","platform":"ios"}}"#
        }
        let cases = try directory.write("cases.jsonl", text: lines.joined(separator: "\n"))
        let schema = Repository.path("schemas/" + (isHTTP ? "risk_decision.openapi.yaml" : "risk_decision.thrift"))
        let packed = try tinct("pack", cases, "--idl", schema, "--operation", "evaluate", "-o", path)
        #expect(packed.status == 0, "\(packed.errors)")
    }

    @Test(
        "Every request to a target that resets, stalls, half-closes and sends garbage ends in the outcome that was injected",
        arguments: [true, false])
    func everyFaultIsAccounted(isHTTP: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("cases.mcap")
        try tape(path, isHTTP: isHTTP, in: directory)
        let rules = try directory.write(
            "rules.yaml",
            text: """
                version: 1
                seed: 11
                rules:
                  - delay: exp:200us
                    faults: {reset: 1%, close: 1%, halfClose: 1%, stall: 0.3%, half: {share: 1%, of: 40%}, garbage: 1%, error: 2%}
                """)
        let stub = try ChildProcess(
            Repository.binary,
            ["stub", path, "--rules", rules, "--listen", "127.0.0.1:0", "--carrier", "didi:path=1.20", "--json"])
        var port = ""
        for _ in 0..<500 where port.isEmpty {
            let said = String(decoding: stub.errorsSoFar, as: UTF8.self)
            if let line = said.split(separator: "\n").first(where: { $0.hasPrefix("listening on ") }) {
                port = line.split(separator: ":").last.map(String.init) ?? ""
            }
            usleep(10_000)
        }
        let target = (isHTTP ? "http" : "thrift") + "://127.0.0.1:\(port)"
        let run = try tinct(
            "replay", path, "--to", target, "--rate", "max", "--connections", "16", "--threads", "1", "--timeout", "1s",
            "--carrier", isHTTP ? "default" : "didi:path=1.20", "--json", timeoutSeconds: 120)
        let summary = try JSONValue(parsing: stub.stop().stdout)
        let result = try JSONValue(parsing: run.stdout)
        func faults(_ names: String...) -> Int { names.reduce(0) { $0 + (summary["faults"]?[$1]?.int ?? 0) } }
        func outcome(_ name: String) -> Int { result["outcomes"]?[name]?.int ?? 0 }
        #expect(summary["requests"]?.int == Self.count)
        #expect(summary["tagged"]?.int == Self.count)
        #expect(result["totals"]?["due"]?.int == Self.count)
        let sum = result["outcomes"]?.object?.members.reduce(0) { $0 + ($1.value.int ?? 0) }
        #expect(sum == Self.count)
        #expect(outcome("reset") == faults("reset", "close", "halfClose", "half"))
        #expect(outcome("noReply") == faults("stall"))
        #expect(outcome("protocolError") == faults("garbage"))
        #expect(outcome(isHTTP ? "httpError" : "exception") == faults("error"))
        let injected = faults("reset", "close", "halfClose", "stall", "half", "garbage", "error")
        #expect(outcome("ok") == Self.count - injected)
        #expect(injected > Self.count / 20)
    }
}
