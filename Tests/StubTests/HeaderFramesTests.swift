import Bytes
import Tagging
import Tape
import TestSupport
import Testing
import Thrift

@testable import Stub

@Suite struct HeaderFrames {
    private func frame(
        _ type: MessageType, _ body: [ThriftField], _ transport: ThriftTransport, _ form: ThriftProtocol,
        tag: String? = nil, isFramedInside: Bool = false
    ) -> [UInt8] {
        let message = ThriftMessage(name: "check", type: type, seqid: 7, body: body)
        var frame = ThriftFrame(message, ThriftFormat(transport, form))
        frame.header?.sequence = 99
        frame.isFramedInside = isFramedInside
        if let tag, transport == .theader { frame.header?.infos = [.pairs([.init("x-stress-test", tag)])] }
        if let tag, transport == .ttheader { frame.header?.infos = [.numbered([.init(21, tag)])] }
        return frame.encoded()
    }

    private func exchange(_ transport: ThriftTransport, _ form: ThriftProtocol) -> Exchange {
        var exchange = Exchange()
        exchange.format = WireFormat(ThriftFormat(transport, form))
        exchange.operation = "Risk.check"
        exchange.request = Message(wire: frame(.call, [ThriftField(1, .i32(5))], transport, form))
        exchange.response = Message(wire: frame(.reply, [ThriftField(0, .i32(50))], transport, form))
        return exchange
    }

    @Test(
        "Calls in THeader and TTHeader are answered in their frame, protocol and sequence",
        arguments: [ThriftTransport.theader, .ttheader], [ThriftProtocol.binary, .compact])
    func answers(_ transport: ThriftTransport, _ form: ThriftProtocol) throws {
        for isFramedInside in transport == .ttheader ? [false, true] : [false] {
            var engine = try Samples.engine([exchange(.theader, .binary)])
            var session = StubSession()
            let call = frame(
                .call, [ThriftField(1, .i32(5))], transport, form, tag: "run", isFramedInside: isFramedInside)
            // In any pieces, several behind each other.
            for byte in call + call { session.receive([byte].rawSpan, nowNanos: 0, engine: &engine) }
            #expect(session.output.count % 2 == 0)
            let reply = try ThriftFrame(
                decoding: session.output.rawSpan.extracting(0..<session.output.count / 2), ThriftFormat(transport, form)
            )
            #expect(reply.header?.sequence == 99)
            #expect(reply.isFramedInside == isFramedInside)
            #expect(reply.format.protocol == form)
            #expect(
                reply.message == ThriftMessage(name: "check", type: .reply, seqid: 7, body: [ThriftField(0, .i32(50))]))
            #expect(engine.counts.tagged == 2)
            #expect(engine.counts.matched == 2)
        }
    }

    @Test("Frames that are cut or changed end the connection and never trap")
    func hostile() throws {
        let engine = try Samples.engine([exchange(.ttheader, .binary)])
        var random = SplitMix(seed: 3)
        for transport in [ThriftTransport.theader, .ttheader] {
            let call = frame(.call, [ThriftField(1, .i32(5))], transport, .binary, tag: "run")
            for at in call.indices {
                for value in [0, 0x7F, 0xFF, UInt8(truncatingIfNeeded: random.next())] {
                    var changed = call
                    changed[at] = value
                    var (engine, session) = (engine, StubSession())
                    session.receive(changed.rawSpan, nowNanos: 0, engine: &engine)
                    session.peerEnded()
                }
                var (engine, session) = (engine, StubSession())
                session.receive(call.rawSpan.extracting(0..<at), nowNanos: 0, engine: &engine)
                #expect(session.output.isEmpty)
            }
        }
    }
}
