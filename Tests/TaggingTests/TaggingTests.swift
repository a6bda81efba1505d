import Bytes
import Tagging
import TestSupport
import Testing

@Suite struct TaggingTests {
    let tagger = Tagger(carriers: Carrier.defaults, run: "t1")

    private func tagged(_ text: String, _ tagger: Tagger) throws -> String {
        String(decoding: try tagger.tag([UInt8](text.utf8), .http1).bytes, as: UTF8.self)
    }

    @Test func anHTTPRequestCarriesTheTagInItsHeaderAndInBaggage() throws {
        let text = "POST /v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
        #expect(
            try tagged(text, tagger)
                == "POST /v1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nx-stress-test: t1\r\n"
                + "baggage: stress-test=t1\r\n\r\n{}")
    }

    @Test func aTagThatBaggageMustEncodeAgreesWithItselfInAHeader() throws {
        let tagger = Tagger(
            carriers: [Carrier(.httpHeader("x-stress-test")), Carrier(.baggage("stress-test"))], run: "run 'x', 1;%")
        let once = try tagger.tag(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8), .http1)
        #expect(try tagger.tag(once.bytes, .http1).bytes == once.bytes)
    }

    @Test func baggageThatIsThereKeepsItsMembersBehindOurs() throws {
        let text = "GET / HTTP/1.1\r\nBaggage: userId=7;p=1, stress-test=old ,x=%20\r\n\r\n"
        #expect(
            try tagged(text, Tagger(carriers: [Carrier(.baggage("stress-test"))], run: "a b,c"))
                == "GET / HTTP/1.1\r\nBaggage: stress-test=a%20b%2Cc,userId=7;p=1,x=%20\r\n\r\n")
    }

    @Test func anEarlierTagIsReplaced() throws {
        let text = "GET / HTTP/1.1\r\nX-Stress-Test: t0\r\nbaggage: stress-test=t0\r\n\r\n"
        #expect(
            try tagged(text, tagger) == "GET / HTTP/1.1\r\nX-Stress-Test: t1\r\nbaggage: stress-test=t1\r\n\r\n")
    }

    @Test func tagsThatDisagreeAreAConflict() {
        let text = "GET / HTTP/1.1\r\nx-stress-test: t0\r\nbaggage: stress-test=t9\r\n\r\n"
        #expect(throws: TagError(.conflict, "")) { try tagged(text, tagger) }
    }

    @Test func aHintCodeKeepsItsOtherBits() throws {
        let didi = Tagger(carriers: try Carrier.parse("didi"), run: "t1")
        #expect(
            try tagged("GET / HTTP/1.1\r\ndidi-header-hint-code: 16\r\n\r\n", didi)
                == "GET / HTTP/1.1\r\ndidi-header-hint-code: 17\r\n\r\n")
        #expect(try tagged("GET / HTTP/1.1\n\n", didi) == "GET / HTTP/1.1\ndidi-header-hint-code: 1\r\n\n")
        #expect(throws: TagError(.conflict, "")) {
            try tagged("GET / HTTP/1.1\r\ndidi-header-hint-code: zz\r\n\r\n", didi)
        }
    }

    @Test func headerFramesMatchTheGoldenBytes() throws {
        let theader = try #require(Hex.decode("0000000E 0FFF0000 00000001 0001 00 00 00 00"))
        let tag = Tagger(carriers: try Carrier.parse("theader:x-stress"), run: "t1")
        #expect(
            Hex.encode(try tag.tag(theader, .theader).bytes)
                == "0000001a0fff000000000001000400000101" + "08782d737472657373027431")
        let ttheader = try #require(Hex.decode("0000000E 10000000 00000001 0001 00 00 00 00"))
        let number = Tagger(carriers: try Carrier.parse("ttheader-int:21"), run: "t1")
        let golden = try number.tag(ttheader, .ttheader)
        #expect(Hex.encode(golden.bytes) == "00000016100000000000000100030000100001001500027431" + "00")
        #expect(try golden.stripped() == ttheader)
        let again = try Tagger(carriers: try Carrier.parse("ttheader-int:21"), run: "longer").tag(
            golden.bytes, .ttheader)
        #expect(
            unsafe TagReader().sightings(again.bytes.span.bytes, .ttheader)
                == [Sighting(carrier: "ttheader-int:21", value: "longer")])
        #expect(try again.stripped() == golden.bytes)
    }

    @Test func everythingBehindAHeaderFrameStaysAsItIs() throws {
        var random = SeededRandom(state: 7)
        for _ in 0..<500 {
            let isTTHeader = random.next() % 2 == 0
            let frame = headerFrame(isTTHeader, &random)
            let format: TagFormat = isTTHeader ? .ttheader : .theader
            let result = try tagger.tag(frame.bytes, format)
            #expect(result.bytes.suffix(frame.payload.count).elementsEqual(frame.payload))
            #expect(try result.stripped() == frame.bytes)
            var reader = unsafe ByteReader(result.bytes.span.bytes)
            #expect(Int(try reader.bigEndianUInt32()) == result.bytes.count - 4)
            let names = unsafe TagReader().sightings(result.bytes.span.bytes, format).map(\.carrier)
            #expect(names == result.written)
        }
    }

    private func headerFrame(_ isTTHeader: Bool, _ random: inout SeededRandom) -> (bytes: [UInt8], payload: [UInt8]) {
        var header: [UInt8] = [0, 0]
        for _ in 0..<random.next() % 3 {
            let pairs = random.next() % 4
            header += isTTHeader ? [1, 0, UInt8(pairs)] : [1, UInt8(pairs)]
            for _ in 0..<pairs * 2 {
                let length = random.next() % 9
                header += isTTHeader ? [0, UInt8(length)] : [UInt8(length)]
                header += (0..<length).map { _ in UInt8(97 + random.next() % 26) }
            }
        }
        while header.count % 4 != 0 { header.append(0) }
        let payload = (0..<random.next() % 40).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var bytes: [UInt8] = []
        bytes.append(bigEndian: UInt32(10 + header.count + payload.count))
        bytes += isTTHeader ? [0x10, 0x00, 0, 0, 0, 0, 0, 9] : [0x0F, 0xFF, 0, 0, 0, 0, 0, 9]
        bytes.append(bigEndian: UInt16(header.count / 4))
        return (bytes + header + payload, payload)
    }

    @Test func strippingGivesBackEveryByteOfSeededRequests() throws {
        var random = SeededRandom(state: 42)
        for index in 0..<2000 {
            var text = "POST /p\(index) HTTP/1.1\r\n"
            for field in 0..<random.next() % 6 {
                switch random.next() % 5 {
                case 0: text += "baggage: a\(field)=1 , stress-test=old\r\n"
                case 1: text += "X-Stress-Test:old\r\n"
                case 2: text += "Didi-Header-Hint-Code:  \(random.next() % 100)\r\n"
                default: text += "f\(field): \(random.next())\r\n"
                }
            }
            text += "\r\nbody \(random.next())"
            let every = Tagger(
                carriers: try Carrier.defaults + Carrier.parse("didi") + Carrier.parse("takin"), run: "r")
            let result = try every.tag([UInt8](text.utf8), .http1)
            #expect(try result.stripped() == [UInt8](text.utf8), "seed 42, request \(index)")
            #expect(result.written.count == 4)
        }
    }

    @Test func hostileFramesAreRefusedAndNeverTrap() {
        var random = SeededRandom(state: 3)
        for _ in 0..<300 {
            let isTTHeader = random.next() % 2 == 0
            let frame = headerFrame(isTTHeader, &random).bytes
            for end in 0..<frame.count {
                _ = try? tagger.tag(Array(frame[..<end]), isTTHeader ? .ttheader : .theader)
            }
            var flipped = frame
            flipped[random.next() % flipped.count] ^= UInt8(1 << (random.next() % 8))
            _ = try? tagger.tag(flipped, isTTHeader ? .ttheader : .theader)
        }
    }

    @Test func whatCannotCarryATagIsRefusedWithTheRemedy() {
        let error = #expect(throws: TagError.self) {
            try tagger.tag([0, 0, 0, 0], .thrift(isFramed: true, isCompact: false))
        }
        #expect(error?.code == .nothingCanCarry)
        #expect(error?.description.contains("--carrier didi:path=") == true)
    }

    @Test func readsEveryPresetAndPlace() throws {
        #expect(
            try Carrier.parse("didi:path=1.20").map(\.description) == ["http:didi-header-hint-code", "thrift:1.20.5"])
        #expect(try Carrier.parse("default").count == 5)
        #expect(try Carrier.parse("http:X-Mine=on") == [Carrier(.httpHeader("x-mine"), .fixed("on"))])
        #expect(try Carrier.parse("uber:pay").map { $0.text(run: "r") } == ["pay/test/stress"])
        #expect(try Carrier.parse("bytedance:FLAG").first?.description == "http:rpc-persist-flag")
        let field = try Carrier.parse("thrift:1.2.3,or=0x10,missing=refuse,with=1:a;2:b")
        #expect(field.first?.value == .mask(16))
        for text in [
            "", "http:", "http:a b", "http:host", "http:a=b\r\nc: d", "didi:path=x", "didi:1.20", "thrift:1",
            "thrift:1.2,or=",
            "ttheader-int:70000", "nope", "ddmq",
        ] {
            #expect(throws: TagError.self, "\(text)") { try Carrier.parse(text) }
        }
    }

    @Test func readsTagsOfEveryHTTPPreset() {
        func seen(_ field: String) -> [String] {
            let text = "GET / HTTP/1.1\r\n\(field)\r\n\r\n"
            return unsafe TagReader().sightings([UInt8](text.utf8).span.bytes, .http1).map {
                "\($0.carrier)=\($0.value)"
            }
        }
        #expect(seen("X-STRESS-TEST: a") == ["http:x-stress-test=a"])
        #expect(seen("baggage: k=v, stress-test=r1;ttl=1") == ["baggage:stress-test=r1"])
        #expect(seen("didi-header-hint-code: 3") == ["http:didi-header-hint-code=3"])
        #expect(seen("didi-header-hint-code: 2").isEmpty)
        #expect(seen("p-pradar-cluster-test: true") == ["http:p-pradar-cluster-test=true"])
        #expect(seen("request-tenancy: pay/test/x") == ["http:request-tenancy=pay/test/x"])
        #expect(seen("request-tenancy: pay/production/x").isEmpty)
        #expect(seen("rpc-persist-stress-tag: 1") == ["http:rpc-persist-stress-tag=1"])
        #expect(seen("x-stress-test:").isEmpty)
    }
}

/// A small seeded generator (SplitMix64).
struct SeededRandom {
    var state: UInt64

    mutating func next() -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) >> 1)
    }
}
