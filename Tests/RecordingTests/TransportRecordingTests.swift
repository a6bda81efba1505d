import Bytes
import Capture
import Compression
import Privacy
import Recording
import Tape
import TestSupport
import Testing
import Thrift

/// Every transport and protocol of Thrift as a whole conversation, in segments of every size.
@Suite struct TransportRecordingTests {
    private let build = PacketBuilder()

    struct Form: Sendable, CustomTestStringConvertible {
        var transport: ThriftTransport
        var form: ThriftProtocol
        var transforms: [UInt64] = []
        var isFramedInside = false
        var testDescription: String { "\(form) \(transport) \(transforms) \(isFramedInside ? "framed inside" : "")" }

        func wire(_ message: ThriftMessage) -> [UInt8] {
            var frame = ThriftFrame(message, ThriftFormat(transport, form))
            frame.header?.transforms = transforms
            if frame.header != nil, message.type == .call {
                frame.header?.infos = [
                    transport == .theader
                        ? .pairs([.init("x-stress-test", "t1")]) : .numbered([.init(21, "t1"), .init(12, "500")])
                ]
            }
            frame.isFramedInside = isFramedInside
            if transport == .finagle, message.type == .call {
                frame.finagleHeader = [ThriftField(1, .i64(7)), ThriftField(2, .i64(8))]
            }
            return frame.encoded()
        }
    }

    static let forms: [Form] = [
        Form(transport: .framed, form: .binary), Form(transport: .unframed, form: .binary),
        Form(transport: .framed, form: .compact), Form(transport: .unframed, form: .compact),
        Form(transport: .framed, form: .oldBinary), Form(transport: .framed, form: .json),
        Form(transport: .unframed, form: .json), Form(transport: .theader, form: .binary),
        Form(transport: .theader, form: .compact), Form(transport: .theader, form: .binary, transforms: [1]),
        Form(transport: .theader, form: .compact, transforms: [1]), Form(transport: .ttheader, form: .binary),
        Form(transport: .ttheader, form: .compact), Form(transport: .ttheader, form: .binary, isFramedInside: true),
        Form(transport: .ttheader, form: .compact, isFramedInside: true),
    ]

    private func message(_ name: String, _ type: MessageType, _ seqid: Int32, _ text: String) -> ThriftMessage {
        ThriftMessage(
            name: name, type: type, seqid: seqid,
            body: [
                ThriftField(1, ThriftValue(text)), ThriftField(2, .double(1.5)),
                ThriftField(20, .list(.i32, [.i32(1), .i32(-1)])),
            ])
    }

    private var conversation: [(isCall: Bool, ThriftMessage)] {
        [
            (true, message("ping", .call, 0, "a")), (false, message("ping", .reply, 0, "b")),
            (true, message("Risk:check", .call, 7, "c")), (true, message("Risk:check", .call, 8, "d")),
            (true, message("note", .oneway, 9, "e")), (true, message("Pay:refund", .call, 10, "f")),
            (false, message("check", .reply, 8, "g")),
            (false, .applicationException(6, "broken", name: "check", seqid: 7)),
            (false, message("refund", .reply, 10, String(repeating: "h", count: 300))),
        ]
    }

    private func record(
        _ messages: [(Bool, [UInt8])], mss: Int = 1400, isRaw: Bool = true, decodeAs: [String] = []
    ) throws -> Recorded {
        let frames = build.conversation(messages.map { (fromClient: $0.0, payload: $0.1) }, mss: mss)
        let recorded = try Recorded(
            PacketBuilder.pcap(frames), isRaw: isRaw, decodeAs: decodeAs.compactMap { DecodeAs($0) })
        #expect(recorded.balance.closes)
        return recorded
    }

    private func check(_ recorded: Recorded, _ format: WireFormat, sourceLocation: SourceLocation = #_sourceLocation) {
        let exchanges = recorded.exchanges.sorted { $0.ordinal < $1.ordinal }
        #expect(
            exchanges.map(\.operation) == ["ping", "Risk.check", "Risk.check", "note", "Pay.refund"],
            sourceLocation: sourceLocation)
        #expect(exchanges.allSatisfy { $0.format == format && $0.losses.isEmpty }, sourceLocation: sourceLocation)
        let replies = exchanges.map { exchange -> String in
            guard let reply = exchange.response, let format = exchange.format.thrift,
                let message = try? ThriftFrame(decoding: reply.wire.rawSpan, format).message
            else { return "none" }
            return "\(message.type) \(message.seqid)"
        }
        #expect(
            replies == ["reply 0", "exception 7", "reply 8", "none", "reply 10"], sourceLocation: sourceLocation)
        #expect(recorded.balance.messagesSeen == 9 && recorded.balance.messagesLost == 0)
    }

    @Test(arguments: forms) func aConversationIsReadInSegmentsOfAnySize(_ form: Form) throws {
        let wire = conversation.map { ($0.isCall, form.wire($0.1)) }
        let format = WireFormat(ThriftFormat(form.transport, form.form))
        for mss in [1, 2, 3, 5, 7, 8, 13, 1400] {
            let recorded = try record(wire, mss: mss)
            check(recorded, format)
            #expect(recorded.exchanges.first { $0.ordinal == 0 }?.request?.wire == wire[0].1)
            if form.transport == .theader {
                #expect(recorded.exchanges.first?.tags.map(\.carrier) == ["theader:x-stress-test"])
            } else if form.transport == .ttheader {
                #expect(recorded.exchanges.first?.tags.map(\.carrier) == ["ttheader-int:21"])
            }
        }
        // Joined: several messages in one segment.
        let calls = wire.filter(\.0).flatMap(\.1)
        let replies = wire.filter { !$0.0 }.flatMap(\.1)
        check(try record([(true, calls), (false, replies)]), format)
    }

    @Test(arguments: forms) func theFirstBytesMaySplitAnywhere(_ form: Form) throws {
        let wire = conversation.map { ($0.isCall, form.wire($0.1)) }
        let format = WireFormat(ThriftFormat(form.transport, form.form))
        for split in 1...12 {
            var pieces = wire
            let first = pieces.removeFirst()
            pieces.insert((true, Array(first.1[split...])), at: 0)
            pieces.insert((true, Array(first.1[..<split])), at: 0)
            check(try record(pieces), format)
        }
    }

    @Test(arguments: forms) func whatAskedForIsReadFromTheMiddleToo(_ form: Form) throws {
        let name = WireFormat.Encoding(form.form)
        let wire = conversation.map { ($0.isCall, form.wire($0.1)) }
        let recorded = try record(wire, mss: 9, decodeAs: ["8080=thrift/\(name)/\(form.transport)"])
        check(recorded, WireFormat(ThriftFormat(form.transport, form.form)))
    }

    /// The segment that carries one message is lost: that message, and no other.
    @Test(arguments: forms) func aHoleCostsTheMessageItCuts(_ form: Form) throws {
        let wire = conversation.map { ($0.isCall, form.wire($0.1)) }
        let frames = build.conversation(wire.map { (fromClient: $0.0, payload: $0.1) }, mss: 1400)
        // Two frames of the handshake stand before the messages.
        for lost in 1..<8 {
            var kept = frames
            kept.remove(at: 2 + lost)
            let recorded = try Recorded(PacketBuilder.pcap(kept))
            #expect(recorded.balance.closes)
            let messages = recorded.exchanges.flatMap { [$0.request, $0.response].compactMap { $0?.wire } }
            #expect(messages.count == 8, "message \(lost)")
            let sent = wire.map(\.1)
            #expect(messages.allSatisfy { sent.contains($0) })
        }
        // The middle of the long reply is lost: it cannot be whole, and everything before it is.
        let small = build.conversation(wire.map { (fromClient: $0.0, payload: $0.1) }, mss: 50)
        var kept = small
        kept.remove(at: small.count - 5)
        let recorded = try Recorded(PacketBuilder.pcap(kept))
        #expect(recorded.balance.closes)
        if form.transforms.isEmpty {
            #expect(recorded.exchanges.count { $0.response != nil } == 3)
            #expect(recorded.balance.responses.lost["gap"] == 1)
        }
    }

    /// No handshake, and the tail of a message first: everything behind it is read.
    @Test(arguments: forms) func aConnectionIsPickedUpInTheMiddle(_ form: Form) throws {
        for cut in [1, 4, 5, 9, 13] {
            var wire = conversation.map { (fromClient: $0.isCall, payload: form.wire($0.1)) }
            wire[0].payload.removeFirst(cut)
            var frames = build.conversation(wire)
            frames.removeFirst(2)
            let recorded = try Recorded(PacketBuilder.pcap(frames))
            #expect(recorded.balance.closes)
            // Without its length a frame is an unframed message, and nobody can tell.
            let isWhole = cut == 4 && form.transport == .framed && form.form != .oldBinary
            var exchanges = recorded.exchanges
            if isWhole { exchanges.removeAll { $0.operation == "ping" && $0.format.transport == .unframed } }
            let requests = exchanges.filter { $0.request != nil }.map(\.operation).sorted()
            #expect(requests == ["Pay.refund", "Risk.check", "Risk.check", "note"], "cut \(cut)")
            #expect(exchanges.count { $0.response != nil } == (isWhole ? 3 : 4), "cut \(cut)")
            let formats = Set(exchanges.map(\.format))
            #expect(formats == [WireFormat(ThriftFormat(form.transport, form.form))])
        }
    }

    /// Whatever segments are lost: nothing is invented, pairs belong together, and what no loss touched is there.
    @Test(arguments: forms + [Form(transport: .finagle, form: .binary), Form(transport: .unframed, form: .oldBinary)])
    func lostSegmentsCostOnlyWhatTheyTouch(_ form: Form) throws {
        for seed in 0..<25 {
            var random = SplitMix(seed: UInt64(seed) &* 7919)
            var wire: [(fromClient: Bool, payload: [UInt8])] = []
            var partner: [[UInt8]: [UInt8]] = [:]
            for number in 1...40 {
                // Text that looks like the beginning of a message of each kind.
                let bait = ["\u{0}\u{0}\u{0}\u{10}[1,\"a\",1,1,", "[1,\"x\",1,0,{}]", "HTTP/1.1 200 OK", "plain"]
                let text = String(repeating: bait[number % 4], count: .random(in: 0...30, using: &random))
                let call = form.wire(message("Risk:check", .call, Int32(number), text))
                let reply = form.wire(message("check", .reply, Int32(number), text + "!"))
                partner[call] = reply
                wire += [(true, call), (false, reply)]
            }
            var frames = build.conversation(wire, mss: .random(in: 20...400, using: &random))
            // Handshake and FINs stay.
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                frames.remove(at: .random(in: 2..<frames.count - 2, using: &random))
            }
            let isKnown = Self.forms.contains { $0.transport == form.transport && $0.form == form.form }
            let asked = "8080=thrift/\(WireFormat.Encoding(form.form))/\(form.transport)"
            let recorded = try Recorded(
                PacketBuilder.pcap(frames), decodeAs: isKnown ? [] : [try #require(DecodeAs(asked))])
            #expect(recorded.balance.closes, "seed \(seed)")
            var whole = 0
            for exchange in recorded.exchanges {
                if let request = exchange.request {
                    #expect(partner[request.wire] != nil, "seed \(seed)")
                    whole += 1
                    if let response = exchange.response {
                        #expect(partner[request.wire] == response.wire, "seed \(seed)")
                    }
                }
                if exchange.response != nil { whole += 1 }
            }
            // Each lost segment touches few messages; the least is what a search may need to find its place again.
            #expect(whole >= 60, "seed \(seed): \(whole) of 80")
        }
    }

    @Test(arguments: [1, 4, 1400]) func finaglesUpgradeIsFollowed(mss: Int) throws {
        let plain = Form(transport: .framed, form: .binary)
        let form = Form(transport: .finagle, form: .binary)
        let upgrade = ThriftMessage(name: "__can__finagle__trace__v3__", type: .call, seqid: 0)
        let agreed = ThriftMessage(name: "__can__finagle__trace__v3__", type: .reply, seqid: 0)
        let wire =
            [(true, plain.wire(upgrade)), (false, plain.wire(agreed))]
            + conversation.map { ($0.isCall, form.wire($0.1)) }
        var recorded = try record(wire, mss: mss)
        #expect(recorded.exchanges.first?.operation == "__can__finagle__trace__v3__")
        #expect(recorded.exchanges.count == 6)
        recorded.exchanges.removeAll { $0.ordinal == 0 }
        let formats = Set(recorded.exchanges.map(\.format))
        #expect(formats == [WireFormat(.thrift, .finagle, .binary)])
        #expect(recorded.exchanges.allSatisfy { $0.losses.isEmpty })

        // Refused: everything stays as it was.
        let refused = ThriftMessage.applicationException(1, "no", name: upgrade.name, seqid: 0)
        let without = try record(
            [(true, plain.wire(upgrade)), (false, plain.wire(refused))]
                + conversation.map { ($0.isCall, plain.wire($0.1)) }, mss: mss)
        #expect(Set(without.exchanges.map(\.format)) == [WireFormat(.thrift, .framed, .binary)])
        #expect(without.exchanges.count == 6 && without.balance.messagesLost == 0)
    }

    @Test func framesWithoutAMessageAreCountedAsBlank() throws {
        let form = Form(transport: .ttheader, form: .binary)
        let empty: [UInt8] = [
            0, 0, 0, 0x16, 0x10, 0, 0, 0, 0, 0, 0, 1, 0, 3, 0, 0, 0x10, 0, 1, 0, 0x15, 0, 2, 0x74, 0x31, 0,
        ]
        let recorded = try record([(true, empty)] + conversation.map { ($0.isCall, form.wire($0.1)) })
        check(recorded, WireFormat(.thrift, .ttheader, .binary))
        #expect(recorded.balance.bytes.0.blank == 26)
    }

    @Test func whatAHeaderCarriesThatIsNotReadIsNamed() throws {
        let snappy: [UInt8] = [0, 0, 0, 0x11, 0x0F, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 3, 0, 1, 2, 3]
        let first = try record([(true, snappy)])
        #expect(first.balance.otherFlows == ["theader": 1] && !first.balance.undecodedReasons.isEmpty)
        // Behind messages that were read it costs only itself.
        let form = Form(transport: .theader, form: .binary)
        var wire = conversation.map { ($0.isCall, form.wire($0.1)) }
        wire.insert((true, snappy), at: 2)
        let later = try record(wire, mss: 6)
        #expect(later.exchanges.count == 5 && later.balance.requests.lost == ["unsupported": 1])
    }

    @Test func cardNumbersInCompressedPayloadsNeverReachTheTape() throws {
        let form = Form(transport: .theader, form: .binary, transforms: [1])
        let call = message("pay", .call, 1, "card 4111 1111 1111 1111 of somebody")
        let wire = form.wire(call)
        let recorded = try record([(true, wire), (false, form.wire(message("pay", .reply, 1, "ok")))], isRaw: false)
        let request = try #require(recorded.exchanges.first?.request)
        #expect(request.isWhole && request.omitted.isEmpty)
        let frame = try HeaderTransport(decoding: request.wire.rawSpan)
        let payload = String(decoding: try frame.payload(of: request.wire.rawSpan), as: UTF8.self)
        #expect(payload.contains("card 4111 11") && payload.contains(" of somebody"))
        #expect(!payload.contains("4111 1111 1111 1111"))
        #expect(recorded.balance.reencoded == ["zlib": 1])
        let span = try #require(request.redactions.first)
        #expect(Int(span.offset) == frame.payloadOffset && Int(span.offset + span.length) == request.wire.count)
        #expect(recorded.exchanges.first?.operation == "pay" && recorded.exchanges.first?.response?.isWhole == true)
        #expect(recorded.balance.redactions.byName["card"] == 1)
    }

    @Test func credentialsInHeadersNeverReachTheTape() throws {
        let call = message("pay", .call, 1, "x")
        for transport in [ThriftTransport.theader, .ttheader] {
            var frame = ThriftFrame(call, ThriftFormat(transport, .binary))
            frame.header?.infos = [
                .pairs([
                    .init("caller", "shop"), .init("RPC_PERSIST_Authorization", "Bearer s3cret"),
                    .init("gdpr-token", "s3cret"),
                ])
            ]
            if transport == .ttheader { frame.header?.infos.append(.token(Array("s3cret".utf8))) }
            let wire = frame.encoded()
            let recorded = try record([(true, wire)], isRaw: false)
            let masked = try #require(recorded.exchanges.first?.request)
            #expect(masked.isWhole && masked.wire.count == wire.count)
            #expect(masked.redactions.map(\.kind).count == (transport == .ttheader ? 3 : 2))
            let infos = try ThriftFrame(decoding: masked.wire.rawSpan, ThriftFormat(transport, .binary)).header?.infos
            #expect(
                infos?.first
                    == .pairs([
                        .init("caller", "shop"), .init("RPC_PERSIST_Authorization", "xxxxxxxxxxxxx"),
                        .init("gdpr-token", "xxxxxx"),
                    ]))
            #expect(!String(decoding: masked.wire, as: UTF8.self).contains("s3cret"))
            let raw = try record([(true, wire)])
            #expect(raw.exchanges.first?.request?.wire == wire)
        }
    }

    @Test(arguments: [ThriftProtocol.binary, .compact, .json]) func thriftInHTTPBodiesIsNamed(form: ThriftProtocol)
        throws
    {
        func post(_ body: [UInt8], _ type: String) -> [UInt8] {
            Array("POST /api HTTP/1.1\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
        }
        func answer(_ body: [UInt8]) -> [UInt8] {
            Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
                + Array("\(String(body.count, radix: 16))\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8)
        }
        let call = message("Risk:check", .call, 5, "x").encoded(protocol: form)
        let reply = message("check", .reply, 5, "y").encoded(protocol: form)
        for type in ["application/x-thrift", "Application/vnd.apache.Thrift.binary; charset=x"] {
            let recorded = try record([(true, post(call, type)), (false, answer(reply))], mss: 11)
            let exchange = try #require(recorded.exchanges.first)
            #expect(exchange.operation == "Risk.check")
            #expect(exchange.format == WireFormat(.http1, .http, WireFormat.Encoding(form)))
            #expect(exchange.format.thrift == ThriftFormat(.unframed, form))
        }
        // Compressed, and what only says that it is.
        let packed = post(
            Deflate.compress(call.rawSpan, as: .gzip), "application/x-thrift\r\nContent-Encoding: GZIP")
        let exchange = try #require(try record([(true, packed), (false, answer(reply))], mss: 11).exchanges.first)
        #expect(exchange.operation == "Risk.check" && exchange.request?.wire == packed)
        #expect(exchange.format == WireFormat(.http1, .http, WireFormat.Encoding(form)))
        let claimed = post(call, "application/x-thrift\r\nContent-Encoding: gzip")
        #expect(try record([(true, claimed), (false, answer(reply))]).exchanges.first?.format == .http1)
        // The type alone does not make it Thrift.
        let other = try record([(true, post([1, 2, 3], "application/x-thrift")), (false, answer([1]))])
        #expect(other.exchanges.first?.format == .http1 && other.exchanges.first?.operation == "POST /api")
    }

    @Test func portsAreReadAsAsked() throws {
        let old = Form(transport: .unframed, form: .oldBinary)
        let wire = conversation.map { ($0.isCall, old.wire($0.1)) }
        let unasked = try record(wire)
        #expect(unasked.balance.otherFlows == ["thriftOldBinary": 1] && unasked.exchanges.isEmpty)
        check(
            try record(wire, mss: 3, decodeAs: ["8080=thrift/binaryOld/unframed"]),
            WireFormat(.thrift, .unframed, .binaryOld))
        let hidden = try record(wire, decodeAs: ["8080=opaque"])
        #expect(hidden.exchanges.isEmpty && hidden.balance.otherFlows == ["asked": 1])
        for text in [
            "", "8080", "=http", "0=http", "70000=http", "80=thrift", "80=thrift/compact", "80=thrift/x/framed",
        ] {
            #expect(DecodeAs(text) == nil, "\(text)")
        }
    }
}
