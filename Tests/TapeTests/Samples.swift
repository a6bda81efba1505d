import Foundation

@testable import Tape

/// An exchange in which every field differs from its default and from every other.
func fullExchange() -> Exchange {
    var exchange = Exchange()
    exchange.id = 70_000_000_001
    exchange.flow = 3
    exchange.ordinal = 4
    exchange.format = WireFormat(.thrift, .framed, .compact)
    exchange.operation = "RiskDecision.evaluate"
    exchange.client = "10.0.0.1:5000"
    exchange.server = "[2001:db8::1]:9090"
    var request = Message(
        wire: Array("request".utf8), startNanos: 1_700_000_000_000_000_001, endNanos: 1_700_000_000_000_000_002)
    request.redactions = [
        Redaction(offset: 0, length: 3, kind: "card"), Redaction(offset: 5, length: 1, kind: "cookie"),
    ]
    request.holes = [Extent(offset: 7, length: 90)]
    request.wireLength = 97
    exchange.request = request
    var response = Message(wire: [], startNanos: 1_700_000_000_000_000_003, endNanos: 1_700_000_000_000_000_009)
    response.digest = Array(0..<32)
    response.omitted = "bodyLimit"
    response.wireLength = 20_000_000
    exchange.response = response
    exchange.interim = [Message(wire: [1], startNanos: 5, endNanos: 6), Message(wire: [2, 0, 255])]
    exchange.losses = [Loss(reason: "gap", side: "request", bytes: 90), Loss(reason: "cut", side: "response")]
    exchange.tags = [
        TagSighting(carrier: "http:x-stress-test", value: "t1"), TagSighting(carrier: "baggage:stress-test", value: ""),
    ]
    var label = Label()
    label.type = "amountOutlier"
    label.layer = "L2"
    label.campaign = "c7"
    label.role = "mule"
    label.stage = "cashOut"
    label.k = 2
    label.n = 5
    label.entities = ["user:17", "", "card:4"]
    label.parameters = [.init("factor", "12.5"), .init("", "")]
    label.twin = 0
    label.detectableAt = "window:3600s"
    label.minHistory = 9
    label.expected = "review"
    label.difficulty = "hard"
    label.eventNanos = 1_700_000_000_000_000_010
    label.labelNanos = 1_700_086_400_000_000_010
    exchange.labels = [label, Label()]
    exchange.expected = "decline"
    var run = RunRecord()
    run.sourceID = 12
    run.round = 1
    run.dueNanos = 1_700_000_000_000_000_020
    run.sentNanos = 1_700_000_000_000_000_021
    run.outcome = "overSLO"
    run.target = "thrift://127.0.0.1:9090"
    run.sourceTape = "evening.mcap"
    run.isMirror = true
    run.endNanos = 1_700_000_000_000_000_022
    exchange.run = run
    return exchange
}

/// Bytes that compress a little, as text does.
private let noise: [UInt8] = {
    var state: UInt32 = 1
    return (0..<21_000).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: state >> 24) & 0x3F
    }
}()

/// The `index`-th of a run of exchanges of several operations, with wire bytes of varied lengths.
func sampleExchange(_ index: Int, operations: Int = 7) -> Exchange {
    if index % 50 == 3 {
        var exchange = fullExchange()
        exchange.id = UInt64(index)
        return exchange
    }
    var exchange = Exchange()
    exchange.id = UInt64(index)
    exchange.flow = UInt64(index / 10)
    exchange.ordinal = UInt32(index % 10)
    exchange.format = index % 2 == 0 ? WireFormat(.http1) : WireFormat(.thrift, .framed, .binary)
    exchange.operation = "operation \(index % operations)"
    exchange.client = "10.0.0.\(index % 200):\(index % 60_000)"
    exchange.server = "10.1.0.1:80"
    let start = 1_750_000_000_000_000_000 + UInt64(index) * 1_000_003
    let length = [0, 5, 100, 127, 128, 300, 4000, 20_000][index % 8]
    let wire = Array(noise[(index % 1000)..<(index % 1000 + length)])
    if index % 11 != 0 { exchange.request = Message(wire: wire, startNanos: start, endNanos: start + 10) }
    if index % 13 != 0 {
        exchange.response = Message(wire: wire, startNanos: start + 500, endNanos: start + 900)
    }
    return exchange
}

func temporaryTape() -> String { NSTemporaryDirectory() + "tinct-\(UUID().uuidString).mcap" }
