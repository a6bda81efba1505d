import Bytes
import Compression
import HTTP1
import Thrift

/// The codecs, each on bytes as a peer might send them: read whole and in two pieces, which must agree, then taken apart
/// and, where that can be, put together again.
let wireTargets =
    [
        FuzzTarget(name: "http", maximumLength: 4096) { bytes in
            guard bytes.byteCount > 1 else { return }
            // The first byte says which side speaks, and to what it answers.
            let choice = bytes[byte: 0]
            let rest = bytes.extracting(1..<bytes.byteCount)
            let methods: [HTTPMethod] = [.get, .head, .connect, .post]
            let kind: HTTPKind = choice & 1 == 0 ? .request : .response
            var whole = HTTPScanner(kind, responseTo: methods[Int(choice >> 1 & 3)])
            let outcome = try? whole.advance(rest)
            var pieces = HTTPScanner(kind, responseTo: methods[Int(choice >> 1 & 3)])
            let cut = Int(choice) % rest.byteCount
            var inPieces = try? pieces.advance(rest.extracting(0..<cut))
            if inPieces == .needMore { inPieces = try? pieces.advance(rest) }
            precondition(outcome == inPieces, "the pieces matter")
            if case .complete(let length)? = outcome {
                precondition(length <= rest.byteCount)
                _ = whole.head.notes.oddities
                var fields = HTTPFieldIterator(whole.head)
                while let field = fields.next(rest) { _ = HTTPHead.string(rest, field.value) }
                _ = try? HTTPScanner.contentArray(rest, head: whole.head, framing: whole.framing)
            }
        },
        FuzzTarget(name: "codings", maximumLength: 4096) { bytes in
            guard bytes.byteCount > 0 else { return }
            let codings = ContentCoding.allCases
            let coding = codings[Int(bytes[byte: 0]) % codings.count]
            let decoded = try? coding.decode(bytes.extracting(1..<bytes.byteCount), limit: 1 << 20)
            precondition(decoded?.count ?? 0 <= 1 << 20)
        },
    ]
    + [
        ("thriftBinary", ThriftProtocol.binary), ("thriftOldBinary", .oldBinary), ("thriftCompact", .compact),
        ("thriftJSON", .json),
    ].flatMap { name, form in
        [ThriftTransport.framed, .unframed].map { transport in
            thriftTarget(name + (transport == .framed ? "Framed" : ""), ThriftFormat(transport, form))
        }
    }
    + [
        thriftTarget("theader", ThriftFormat(.theader, .binary)),
        thriftTarget("ttheader", ThriftFormat(.ttheader, .binary)),
        thriftTarget("finagle", ThriftFormat(.finagle, .binary)),
    ]

private func thriftTarget(_ name: String, _ format: ThriftFormat) -> FuzzTarget {
    FuzzTarget(name: name, maximumLength: 2048) { bytes in
        guard bytes.byteCount > 0 else { return }
        _ = ThriftDetector.detect(bytes)
        var scanner = ThriftScanner(format)
        let outcome = scanner.scan(bytes)
        var pieces = ThriftScanner(format)
        let cut = Int(bytes[byte: bytes.byteCount - 1]) % bytes.byteCount
        var inPieces = pieces.scan(bytes.extracting(0..<cut))
        if case .needMore(let total) = inPieces {
            precondition(total > cut, "nothing was asked for")
            inPieces = pieces.scan(bytes)
        }
        switch (outcome, inPieces) {
        case (.invalid, .invalid): return
        case (.needMore, .needMore): return
        default: precondition(outcome == inPieces, "the pieces matter")
        }
        guard case .message(let found) = outcome else { return }
        precondition(found.length <= bytes.byteCount)
        guard let frame = try? ThriftFrame(decoding: bytes.extracting(0..<found.length), format) else { return }
        // What was written can be read again, and is the same then.
        let again = frame.encoded()
        let decoded = try? ThriftFrame(decoding: again.rawSpan, format)
        precondition(decoded?.encoded() == again, "what was written reads differently")
    }
}
