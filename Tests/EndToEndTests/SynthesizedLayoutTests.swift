import Tape
import TestSupport
import Testing

/// `synth` as a capture, and `record` of it.
struct SynthesizedLayoutTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func exchanges(_ name: String) throws -> [Exchange] {
        let reader = try TapeReader(path: folder.file(name))
        var result: [Exchange] = []
        while let exchange = try reader.next() { result.append(exchange) }
        return result
    }

    @Test(
        "What synth writes as a capture, record reads as the same requests, whatever protocol and transport",
        arguments: [
            "binary/framed", "binary/unframed", "binary/theader", "binary/ttheader", "compact/framed",
            "compact/unframed", "compact/theader", "compact/ttheader", "json/framed", "json/unframed",
            "binaryOld/framed", "binaryOld/unframed", "binaryOld/theader", "binaryOld/ttheader",
        ])
    func recordedAgain(_ layout: String) throws {
        let parts = layout.split(separator: "/")
        let text = try Repository.text("schemas/scenarios/risk_decision_thrift.yaml")
            .replacing("encoding: binary, transport: framed", with: "encoding: \(parts[0]), transport: \(parts[1])")
            .replacing("schema: ../", with: "schema: \(Repository.path("schemas"))/")
            .replacing("    frameLengthWrong: {weight: 4}\n", with: "")
        let scenario = try folder.write("scenario.yaml", text: text)
        let flags = ["synth", scenario, "-n", "400", "--anomalies", "0%", "--seed", "3", "-o"]
        for name in ["made.mcap", "made.pcap", "made.jsonl", "made.csv", "made.sql"] {
            let made = try run(Repository.binary, flags + [folder.file(name)])
            try #require(made.status == 0, "\(made.errors)")
        }
        // Nothing tells old Binary without frames from other bytes.
        let isNamed = layout == "binaryOld/unframed"
        let recorded = try run(
            Repository.binary,
            ["record", folder.file("made.pcap"), "--raw", "-o", folder.file("again.mcap")]
                + (isNamed ? ["--decode-as", "9090=thrift/\(layout)"] : []))
        try #require(recorded.status == 0, "\(recorded.errors)")
        let (made, again) = (try exchanges("made.mcap"), try exchanges("again.mcap"))
        #expect(made.count == 400 && again.count == 400)
        #expect(Set(made.map(\.format)) == Set(again.map(\.format)))
        #expect("\(made[0].format.encoding)/\(made[0].format.transport)" == layout)
        func order(_ exchanges: [Exchange]) -> [[UInt8]] {
            exchanges.map { $0.request?.wire ?? [] }.sorted { $0.lexicographicallyPrecedes($1) }
        }
        #expect(order(made) == order(again))
        let explained = try run(Repository.binary, ["synth", scenario, "-n", "400", "--seed", "3", "--explain", "7"])
        #expect(explained.status == 0, "\(explained.errors)")
        let lines = String(decoding: try fileBytes(folder.file("made.jsonl")), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 400)
    }
}
