import Bytes
import EventLoop
import Metrics
import Replay
import Tagging
import Tape
import Testing

/// Several requests in flight on one connection.
@Suite(.serialized, .overBothTransfers) struct InFlightTests {
    private func run(
        _ exchanges: [Exchange], inFlight: Int, rate: String = "max", connections: Int = 1, port: UInt16
    ) throws -> RunResult {
        let isHTTP = exchanges.first?.format == .http1
        var options = try Sample.options(rate, connections: connections)
        options.inFlight = inFlight
        options.pipelines = true
        if !isHTTP { options.carriers = try Carrier.parse("didi:path=1.20") + Carrier.parse("theader:x-stress-test") }
        let run = Run(
            options: options, gatekeeper: try Sample.gatekeeper(port, scheme: isHTTP ? "http" : "thrift", options),
            source: ListSource(exchanges), identities: DeclaredIdentities())
        let result = try run.run(signals: nil) { _ in }
        #expect(result.outcomes.reduce(0, +) == result.totals.due)
        #expect(result.run.inFlight == inFlight)
        return result
    }

    @Test(arguments: [Calls.Kind.binary, .compact, .theader], ["max", "2000"])
    func repliesAreMatchedBySeqidWhateverTheirOrder(kind: Calls.Kind, rate: String) throws {
        let held = Lock<[[UInt8]]>([])
        let server = try MisbehavingServer { _, call in
            held.withLock { calls in
                calls.append(Calls.reply(to: call, kind))
                if calls.count < 4 { return .nothing }
                defer { calls = [] }
                return .raw(Array(calls.reversed().joined()))
            }
        }
        defer { server.stop() }
        let result = try run(Calls.tape(40, kind), inFlight: 4, rate: rate, port: server.port)
        #expect(result[.ok] == 40 && result.totals.connectionsOpened == 1 && result.totals.tagged == 40)
        let seqids = server.seen.map { Calls.seqid(of: $0, kind) }
        #expect(Set(seqids).count == 40)
        // Replies and calls are the same lengths, whatever the number: the frame's length must count the widened seqid.
        #expect(server.seen.allSatisfy { $0.count == server.seen[0].count })
    }

    @Test(arguments: [1, 4])
    func aReplyToNobodyIsAProtocolErrorAndSaysSo(inFlight: Int) throws {
        let server = try MisbehavingServer { number, call in
            var reply = Calls.reply(to: call, .binary)
            if number == 0 { reply[reply.count - 2] ^= 1 }
            return .raw(reply)
        }
        defer { server.stop() }
        let result = try run(Calls.tape(1, .binary), inFlight: inFlight, port: server.port)
        #expect(result[.protocolError] == 1)
        #expect(result.protocolErrors.map(\.count) == [1])
        #expect(result.protocolErrors.first?.name.contains("seqid") == true)
    }

    @Test func aReplyThatComesTooLateIsThrownAwayAndTheOthersGoOn() throws {
        let late = Lock<[UInt8]>([])
        let server = try MisbehavingServer { number, call in
            let reply = Calls.reply(to: call, .binary)
            if number == 2 {
                late.withLock { $0 = reply }
                return .nothing
            }
            return .raw(number == 39 ? late.withLock { $0 } + reply : reply)
        }
        defer { server.stop() }
        // 40 calls in 400 ms; the time-out is 300 ms.
        let result = try run(Calls.tape(40, .binary), inFlight: 4, rate: "100", port: server.port)
        #expect(result[.noReply] == 1 && result[.ok] == 39 && result.totals.connectionsOpened == 1)
    }

    @Test func aConnectionThatFallsSilentIsGivenUp() throws {
        let server = try MisbehavingServer { number, call in
            number < 4 ? .nothing : .raw(Calls.reply(to: call, .binary))
        }
        defer { server.stop() }
        let result = try run(Calls.tape(12, .binary), inFlight: 4, port: server.port)
        #expect(result[.noReply] == 4 && result[.ok] == 8 && result.totals.connectionsOpened == 2)
    }

    @Test func onewayCallsGoBetweenOthers() throws {
        let server = try MisbehavingServer { _, call in
            call[7] == 4 ? .nothing : .raw(Calls.reply(to: call, .binary))
        }
        defer { server.stop() }
        var calls = Calls.tape(60, .binary)
        for index in calls.indices where index % 3 != 0 { calls[index].request?.wire[7] = 4 }
        let result = try run(calls, inFlight: 4, port: server.port)
        #expect(result[.ok] == 60 && result.totals.answered == 20)
        for rate in ["max", "1000"] {
            let only = try run(
                calls.filter { $0.request?.wire[7] == 4 }, inFlight: 4, rate: rate, port: server.port)
            #expect(only[.ok] == 40 && only.totals.sent == 40)
        }
    }

    /// The flows of the calls that a server sees before it has answered anything.
    private func firstCalls(_ exchanges: [Exchange]) throws -> [UInt64] {
        let begin = Lock<UInt64>(0)
        let count = Lock(0)
        let server = try MisbehavingServer { _, _ in
            let now = Clock.monotonicNanos()
            let first = begin.withLock { begin in
                if begin == 0 { begin = now }
                return begin
            }
            // The time-out is 300 ms.
            if now - first < 200_000_000 { count.withLock { $0 += 1 } }
            return .nothing
        }
        defer { server.stop() }
        _ = try run(exchanges, inFlight: 8, port: server.port)
        return server.seen.prefix(count.withLock { $0 }).map(Calls.flow)
    }

    @Test func whatWaitedForItsPredecessorsReplyWaitsAgain() throws {
        #expect(try firstCalls(Calls.tape(12, .binary, flows: 3)) == [0, 1, 2])
    }

    @Test func whatWasPipelinedRunsAheadAsFarAsItDid() throws {
        #expect(try firstCalls(Calls.tape(12, .binary, flows: 1, replyAfter: 3)) == [0, 0, 0])
        #expect(try firstCalls(Calls.tape(12, .binary, flows: 2, replyAfter: 4)).sorted() == [0, 0, 1, 1])
        #expect(try firstCalls(Calls.tape(12, .binary)).count == 8)
    }

    @Test(arguments: ["max", "3000"])
    func flowsKeepTheirOrderOnSharedConnectionsThoughTheyAreLost(rate: String) throws {
        let server = try MisbehavingServer { number, call in
            number % 97 == 96 ? .reset : .raw(Calls.reply(to: call, .binary))
        }
        defer { server.stop() }
        let calls = Calls.tape(900, .binary, flows: 50)
        let result = try run(calls, inFlight: 8, rate: rate, connections: 3, port: server.port)
        #expect(
            result[.ok] + result[.reset] == 900 && result[.reset] > 0, "\(result.outcomes) \(result.protocolErrors)")
        var last: [UInt64: UInt64] = [:]
        for call in server.seen {
            let flow = Calls.flow(call)
            let number = Calls.number(call)
            #expect(last[flow].map { $0 < number } ?? true, "\(flow) \(number) \(last[flow] ?? 0)")
            last[flow] = number
        }
        #expect(last.count == 50)
    }

    @Test func httpRequestsGoBehindEachOtherAndRepliesComeInOrder() throws {
        let replies = [
            Sample.ok, "HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 429 Slow\r\nContent-Length: 1\r\n\r\nx",
        ]
        let server = try MisbehavingServer { number, _ in number % 4 == 3 ? .bytes(replies.joined()) : .nothing }
        defer { server.stop() }
        var exchanges = Sample.http(40)
        for index in exchanges.indices { exchanges[index].operation = "\(index % 4)" }
        let result = try run(exchanges, inFlight: 4, port: server.port)
        #expect(result.totals.connectionsOpened == 1)
        for operation in result.operations {
            let expected: Outcome = operation.name == "1" ? .httpError : operation.name == "3" ? .throttled : .ok
            #expect(operation[expected] == 10)
        }
    }

    @Test func whatStandsBehindAReplyThatClosesIsReset() throws {
        let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
        let server = try MisbehavingServer { number, _ in
            number == 3 ? .bytesThenClose(closing) : number < 3 ? .nothing : .bytes(Sample.ok)
        }
        defer { server.stop() }
        let result = try run(Sample.http(10), inFlight: 4, port: server.port)
        #expect(result[.ok] == 7 && result[.reset] == 3)
    }
}

/// Calls of one method with a number and its flow in the arguments, and a Trace for the tag at 1.20.
enum Calls {
    enum Kind: Sendable { case binary, compact, theader }

    static func tape(_ count: Int, _ kind: Kind, flows: Int = 0, replyAfter: Int = 1) -> [Exchange] {
        (0..<count).map { index in
            var exchange = Exchange()
            exchange.id = UInt64(index)
            exchange.format = WireFormat(
                .thrift, kind == .theader ? .theader : .framed, kind == .compact ? .compact : .binary)
            exchange.operation = "Risk.decide"
            if flows > 0 {
                exchange.flow = UInt64(index % flows)
                exchange.client = "10.0.0.1:\(1000 + index % flows)"
            }
            let start = 1_000_000_000 + UInt64(index) * 1000
            exchange.request = Message(wire: call(index, flow: index % max(1, flows), kind), startNanos: start)
            exchange.response = Message(
                wire: [0], startNanos: start + 1, endNanos: start + UInt64(replyAfter) * 1000 - 1)
            return exchange
        }
    }

    private static func framed(_ message: [UInt8], _ kind: Kind) -> [UInt8] {
        var header: [UInt8] = []
        if kind == .theader { header = [0x0F, 0xFF, 0, 0, 0, 0, 0, 9, 0, 1, 0, 0, 0, 0] }
        let length = UInt32(header.count + message.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * $0)) } + header + message
    }

    private static func call(_ index: Int, flow: Int, _ kind: Kind) -> [UInt8] {
        let text = Array("\(1000 + flow):\(100_000 + index)".utf8)
        if kind == .compact {
            let start: [UInt8] = [0x82, 0x21, 0x05, 6] + Array("decide".utf8)
            return framed(
                start + [0x1C, 0x18, UInt8(text.count)] + text + [0x0C, 0x28, 0x56, 0, 0, 0, 0], kind)
        }
        let start: [UInt8] = [0x80, 1, 0, 1, 0, 0, 0, 6] + Array("decide".utf8) + [0, 0, 0, 5]
        return framed(
            start + [12, 0, 1, 11, 0, 1, 0, 0, 0, UInt8(text.count)] + text
                + [12, 0, 20, 10, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], kind)
    }

    /// `flow:number` of a framed Binary call.
    private static func text(_ call: [UInt8]) -> [Substring] {
        String(decoding: call[32..<43], as: UTF8.self).split(separator: ":")
    }

    static func flow(_ call: [UInt8]) -> UInt64 { (text(call).first.flatMap { UInt64($0) } ?? 0) - 1000 }
    static func number(_ call: [UInt8]) -> UInt64 { text(call).last.flatMap { UInt64($0) } ?? 0 }

    /// Of the message; the tag makes headers longer.
    private static func start(_ call: [UInt8], _ kind: Kind) -> Int {
        kind == .theader ? 14 + 4 * (Int(call[12]) << 8 | Int(call[13])) : 4
    }

    static func seqid(of call: [UInt8], _ kind: Kind) -> [UInt8] {
        let start = start(call, kind)
        return kind == .compact ? Array(call[start + 2..<start + 7]) : Array(call[start + 14..<start + 18])
    }

    /// A void result with the call's seqid.
    static func reply(to call: [UInt8], _ kind: Kind) -> [UInt8] {
        let seqid = seqid(of: call, kind)
        let name = Array("decide".utf8)
        if kind == .compact { return framed([0x82, 0x41] + seqid + [6] + name + [0], kind) }
        return framed([0x80, 1, 0, 2, 0, 0, 0, 6] + name + seqid + [0], kind)
    }
}

/// Order by a key, over whatever connection is free.
@Suite(.serialized, .overBothTransfers) struct LaneTests {
    @Test(arguments: ["max", "4000"], [1, 4])
    func requestsOfAKeyKeepTheirOrderThoughConnectionsAreReset(rate: String, inFlight: Int) throws {
        let server = try MisbehavingServer { number, _ in number % 97 == 96 ? .reset : .bytes(Sample.ok) }
        defer { server.stop() }
        var options = try Sample.options(rate, connections: 4)
        options.inFlight = inFlight
        options.pipelines = true
        options.fidelity.affinity = .key(try #require(RequestField("flow")))
        // Bodies tell the key and the position: as many keys as flows.
        let result = try Sample.run(Sample.http(1000, flows: 20), port: server.port, options)
        #expect(result[.ok] + result[.reset] == 1000 && result[.reset] > 0, "\(result.outcomes)")
        var last: [String: Int] = [:]
        for request in server.seen {
            let words = String(decoding: request, as: UTF8.self).split { !$0.isNumber && !$0.isLetter }
            let key = String(words[words.count - 3])
            let number = try #require(Int(words[words.count - 1]))
            #expect(last[key].map { $0 < number } ?? true)
            last[key] = number
        }
        #expect(last.count == 20)
    }

    @Test func theNextOfAKeyWaitsForTheReply() throws {
        let begin = Lock<UInt64>(0)
        let early = Lock(0)
        let server = try MisbehavingServer { _, _ in
            let now = Clock.monotonicNanos()
            let first = begin.withLock { begin in
                if begin == 0 { begin = now }
                return begin
            }
            if now - first < 200_000_000 { early.withLock { $0 += 1 } }
            return .nothing
        }
        defer { server.stop() }
        var options = try Sample.options("max", connections: 8)
        options.fidelity.affinity = .key(try #require(RequestField("flow")))
        let result = try Sample.run(Sample.http(15, flows: 3), port: server.port, options)
        #expect(early.withLock { $0 } == 3 && result[.noReply] == 15)
    }
}
