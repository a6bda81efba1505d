import Bytes
import Tape
import Testing

@testable import Synthesis

/// Each way to lay a Thrift request out that a scenario may ask for.
struct ThriftLayout: Sendable, CustomTestStringConvertible {
    let encoding: String
    let transport: String
    var isCompressed = false

    var testDescription: String { "\(encoding) \(transport)\(isCompressed ? " zlib" : "")" }
    var text: String {
        "{kind: thrift, encoding: \(encoding), transport: \(transport)\(isCompressed ? ", transforms: [zlib]" : "")}"
    }

    static let all: [ThriftLayout] =
        ["binary", "binaryOld", "compact", "json"].flatMap { encoding in
            // The headers have no number for JSON.
            (encoding == "json" ? ["framed", "unframed"] : ["framed", "unframed", "theader", "ttheader"])
                .map { ThriftLayout(encoding: encoding, transport: $0) }
        }
        + ["binary", "binaryOld", "compact"].map {
            ThriftLayout(encoding: $0, transport: "theader", isCompressed: true)
        }

    /// The shipped Thrift scenario, laid out so; the values are the same in every layout, which the scenario's text, from
    /// which they are drawn, would not give.
    func plan(total: UInt64, anomalyRate: UInt64? = nil) throws -> SynthesisPlan {
        let shipped = try String(decoding: Shipped.scenario(Shipped.thrift).sources[0].bytes, as: UTF8.self)
            // The one type of that scenario which needs a frame.
            .replacing("    frameLengthWrong: {weight: 4}\n", with: "")
        let changed = shipped.replacing("{kind: thrift, encoding: binary, transport: framed}", with: text)
        var scenario = try Shipped.scenario(Shipped.thrift, bytes: Array(shipped.utf8))
        scenario.protocol = try Shipped.scenario(Shipped.thrift, bytes: Array(changed.utf8)).protocol
        return try SynthesisPlan(
            scenario, try Shipped.schemas(Shipped.thrift, scenario), total: total, seed: 1, anomalyRate: anomalyRate)
    }

    /// Requests without a fault of the wire, in order.
    static func requests(_ plan: SynthesisPlan) throws -> [[UInt8]] {
        let maker = LeafMaker(plan)
        var result: [[UInt8]] = []
        for leaf in 0..<plan.leafCount {
            try maker.make(leaf, .init()) { made in
                if made.exchange.labels.contains(where: { $0.layer == "L0" }) { return }
                result.append(made.exchange.request?.wire ?? [])
            }
        }
        return result
    }
}
