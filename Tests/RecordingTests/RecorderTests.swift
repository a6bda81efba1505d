import Bytes
import Capture
import HTTP1
import Recording
import Tape
import TestSupport
import Testing

private func http(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A strict Binary Thrift message with one string argument, framed or not.
private func thrift(_ name: String, type: UInt8, seqid: UInt32 = 0, text: String, isFramed: Bool = true) -> [UInt8] {
    var bytes: [UInt8] = [0x80, 1, 0, type]
    bytes.append(bigEndian: UInt32(name.utf8.count))
    bytes += Array(name.utf8)
    bytes.append(bigEndian: seqid)
    bytes += [11, 0, 1]
    bytes.append(bigEndian: UInt32(text.utf8.count))
    bytes += Array(text.utf8) + [0]
    if !isFramed { return bytes }
    var frame: [UInt8] = []
    frame.append(bigEndian: UInt32(bytes.count))
    return frame + bytes
}

@Suite struct RecorderTests {
    private let build = PacketBuilder()

    private func record(_ messages: [(Bool, [UInt8])], mss: Int = 1400, isRaw: Bool = false) throws -> Recorded {
        let frames = build.conversation(messages.map { (fromClient: $0.0, payload: $0.1) }, mss: mss)
        let recorded = try Recorded(PacketBuilder.pcap(frames), isRaw: isRaw)
        #expect(recorded.balance.closes)
        return recorded
    }

    @Test(arguments: [1, 2, 3, 7, 1400])
    func segmentsOfAnySizeGiveTheSameExchanges(mss: Int) throws {
        let recorded = try record(
            [
                (true, http("POST /v1/users/123/pay HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody")),
                (
                    false,
                    http(
                        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                    )
                ),
                (true, http("HEAD /x HTTP/1.1\r\n\r\nGET /y?q=1 HTTP/1.1\r\n\r\n")),
                (false, http("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 No\r\n\r\n")),
            ], mss: mss)
        #expect(recorded.exchanges.map(\.operation) == ["POST /v1/users/{}/pay", "HEAD /x", "GET /y"])
        #expect(recorded.exchanges.map(\.interim.count) == [1, 0, 0])
        #expect(recorded.exchanges.allSatisfy { $0.losses.isEmpty && $0.response != nil })
        #expect(recorded.exchanges.map(\.ordinal) == [0, 1, 2])
        // Masked by a random key, within its network.
        let client = try #require(recorded.exchanges.first?.client)
        #expect(client.hasPrefix("10.") && client.hasSuffix(":40000") && client.count == "10.0.0.1:40000".count)
        #expect(recorded.http(0, .response).map(\.status) == [100, 200, 200, 204])
    }

    @Test(arguments: [true, false])
    func thriftPairsBySeqidAndName(isFramed: Bool) throws {
        let recorded = try record([
            (true, thrift("ping", type: 1, text: "a", isFramed: isFramed)),
            (true, thrift("zip", type: 1, text: "oneway as call", isFramed: isFramed)),
            (true, thrift("note", type: 4, text: "oneway", isFramed: isFramed)),
            (true, thrift("Calc:add", type: 1, text: "b", isFramed: isFramed)),
            (false, thrift("ping", type: 2, text: "c", isFramed: isFramed)),
            (false, thrift("add", type: 2, text: "d", isFramed: isFramed)),
        ])
        let byName = Dictionary(uniqueKeysWithValues: recorded.exchanges.map { ($0.operation, $0) })
        #expect(Set(byName.keys) == ["ping", "zip", "note", "Calc.add"])
        #expect(byName["ping"]?.response != nil && byName["Calc.add"]?.response != nil)
        #expect(byName["zip"]?.response == nil && byName["zip"]?.losses.map(\.reason) == ["noResponse"])
        #expect(byName["note"]?.losses.isEmpty == true)
    }

    @Test func repliesOutOfOrderFindTheirCallsBySeqid() throws {
        let recorded = try record([
            (true, thrift("get", type: 1, seqid: 1, text: "a") + thrift("get", type: 1, seqid: 2, text: "b")),
            (false, thrift("get", type: 2, seqid: 2, text: "B") + thrift("get", type: 3, seqid: 1, text: "A")),
        ])
        let sorted = recorded.exchanges.sorted { $0.ordinal < $1.ordinal }
        #expect(
            sorted.compactMap(\.response?.wire) == [
                thrift("get", type: 3, seqid: 1, text: "A"), thrift("get", type: 2, seqid: 2, text: "B"),
            ])
    }

    /// Whatever packets are missing: what is on the tape as whole is byte for byte what was sent, each reply stands with
    /// its own call, and messages in untouched segments are there.
    @Test(arguments: 0..<100)
    func missingPacketsCostOnlyTheMessagesTheyCut(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        let isThrift = seed % 2 == 0
        var messages: [(fromClient: Bool, payload: [UInt8])] = []
        for index in 0..<30 {
            let filler = String(repeating: "x", count: Int.random(in: 0...3000, using: &generator))
            if isThrift {
                messages.append((true, thrift("call", type: 1, text: "\(index) \(filler)", isFramed: seed % 4 == 0)))
                messages.append((false, thrift("call", type: 2, text: "\(index) \(filler)", isFramed: seed % 4 == 0)))
            } else {
                messages.append(
                    (
                        true,
                        http(
                            "POST /p HTTP/1.1\r\nX-Index: \(index)\r\nContent-Length: \(filler.utf8.count)\r\n\r\n\(filler)"
                        )
                    ))
                messages.append(
                    (
                        false,
                        http(
                            "HTTP/1.1 200 OK\r\nX-Index: \(index)\r\nContent-Length: \(filler.utf8.count)\r\n\r\n\(filler)"
                        )
                    ))
            }
        }
        let frames = build.conversation(messages)
        // Frames of each message, in order: the handshake takes two.
        var touched = Set<Int>()
        var kept: [[UInt8]] = Array(frames[..<2])
        var at = 2
        for (number, message) in messages.enumerated() {
            for _ in 0..<((message.payload.count + 1399) / 1400) {
                if Int.random(in: 0..<12, using: &generator) == 0 {
                    touched.insert(number)
                } else {
                    kept.append(frames[at])
                }
                at += 1
            }
        }
        kept += frames[at...]
        let recorded = try Recorded(PacketBuilder.pcap(kept))
        #expect(recorded.balance.closes, "seed \(seed)")
        let sent = Set(messages.map(\.payload))
        var whole = 0
        for exchange in recorded.exchanges {
            for message in [exchange.request, exchange.response] {
                guard let message, message.isWhole else { continue }
                if exchange.losses.contains(where: { $0.reason == "ended" }) { continue }
                whole += 1
                #expect(sent.contains(message.wire), "seed \(seed)")
            }
            if let request = exchange.request, let response = exchange.response, request.isWhole, response.isWhole {
                let number = messages.firstIndex { $0.payload == request.wire }
                let answer = messages.firstIndex { $0.payload == response.wire }
                if let number, let answer { #expect(answer == number + 1, "seed \(seed)") }
            }
        }
        #expect(whole == messages.count - touched.count, "seed \(seed): \(touched.count) touched")
    }

    @Test func whatIsNotDecodedIsNamed() throws {
        let cases: [([UInt8], String)] = [
            ([0x16, 3, 1, 0, 5, 1, 0, 0, 1, 3], "tls"),
            (http("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "http2"),
            ([0, 0, 0, 0x11, 0x10, 0, 0, 0, 0, 0, 0, 1, 0, 1, 3, 0, 0, 0, 1, 2, 3], "ttheader"),
            ([0, 0, 0, 5, 99, 104, 101, 99, 107, 1, 0, 0, 0, 1, 0], "thriftOldBinary"),
            (http("SSH-2.0-OpenSSH_9.2\r\n"), "unknown"),
        ]
        for (bytes, reason) in cases {
            let recorded = try record([(true, bytes)])
            #expect(recorded.balance.otherFlows == [reason: 1])
            #expect(recorded.exchanges.isEmpty && !recorded.balance.undecodedReasons.isEmpty)
        }
    }

    @Test func bodiesBeyondTheLimitKeepDigestAndLength() throws {
        var options = RecordingOptions()
        options.bodyLimit = 5000
        let body = String(repeating: "z", count: 20_000)
        let message = http("POST / HTTP/1.1\r\nContent-Length: 20000\r\n\r\n\(body)")
        var recorder = Recorder(options)
        let file = PacketBuilder.pcap(build.conversation([(true, message), (false, http("HTTP/1.1 204 x\r\n\r\n"))]))
        var reader = try PacketReader(ArrayInput(file))
        while let packet = try reader.next() { reader.withBytes(of: packet) { recorder.add(packet, $0) } }
        recorder.finish()
        let request = try #require(recorder.takeFinished().first?.request)
        #expect(request.omitted == "bodyLimit")
        #expect(request.wireLength == UInt64(message.count))
        #expect(request.digest == SHA256.digest(message))
        #expect(request.wire.count < 100)
    }

    @Test func expectationsAreReadAndJudged() throws {
        let recorded = try record([(true, http("GET / HTTP/1.1\r\n\r\n")), (false, http("HTTP/1.1 204 x\r\n\r\n"))])
        for (text, holds) in [
            ("lost<0.1%", true), ("exchanges>=1", true), ("exchanges>1", false), ("paired=100%", true),
            ("refused<=0", true),
        ] {
            #expect(try #require(RecordingExpectation(text)).holds(recorded.balance) == holds, "\(text)")
        }
        for text in ["", "lost", "lost<", "lost<x", "speed>1"] { #expect(RecordingExpectation(text) == nil) }
    }

    @Test func flippedBitsNeverTrapAndAlwaysBalance() throws {
        let frames = build.conversation(
            [
                (true, http("POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")),
                (false, http("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")),
                (true, thrift("x", type: 1, text: "y")),
            ], mss: 40)
        let file = PacketBuilder.pcap(frames)
        var generator = SplitMix(seed: 99)
        for round in 0..<3000 {
            var bytes = file
            for _ in 0..<(round % 5 + 1) {
                bytes[Int.random(in: 24..<bytes.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
            let recorded = try Recorded(bytes)
            #expect(recorded.balance.closes, "round \(round)")
        }
    }
}
