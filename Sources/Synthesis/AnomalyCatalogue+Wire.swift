/// L0: the bytes are wrong, or come at the wrong time.
extension AnomalyType {
    private static func wire(
        _ name: String, _ summary: String, on carrier: Carrier, more: [Parameter] = [],
        expected: String = "reject", difficulty: Difficulty = .easy, example: String? = nil,
        _ inject: @escaping ByteInjector
    ) -> AnomalyType {
        AnomalyType(
            name, .wire, summary, more, at: .wire, expected: expected, difficulty, on: carrier,
            example: example ?? "\(name): {weight: 2}", .bytes(inject))
    }

    static let wire: [AnomalyType] = framing + thriftValues + http + json

    private static let framing: [AnomalyType] = [
        wire(
            "frameLengthWrong", "The frame's length differs from what follows it.", on: .framed,
            more: [.optional("delta", .number, "By how much at most.", .number(64))],
            example: "frameLengthWrong: {weight: 4, delta: 8}", WireInjectors.misstateFrame),
        wire(
            "frameOverLimit", "The frame claims more than servers accept.", on: .framed,
            more: [
                .optional(
                    "limit", .number, "What they accept: 16,384,000 by default in Apache Thrift.", .number(16_384_000))
            ],
            example: "frameOverLimit: {limit: 104857600}", WireInjectors.exceedFrame),
        wire(
            "truncate", "The last bytes of the request are not there.", on: .any, WireInjectors.truncate),
        wire(
            "mergeMessages", "Another copy of the request follows at once, where one is expected.", on: .any,
            expected: "reject", difficulty: .medium, WireInjectors.merge),
        wire(
            "splitFrame", "One message in two frames.", on: .framed, difficulty: .medium, WireInjectors.split),
        wire(
            "badVersion", "The message begins with a protocol version that is not.", on: .versioned,
            WireInjectors.breakVersion),
        wire(
            "unknownMethod", "The message calls a method that the service does not have.", on: .thrift,
            WireInjectors.renameMethod),
        wire(
            "wrongMessageType", "The message says that it is a reply, or nothing known.", on: .thrift,
            WireInjectors.retype),
        wire(
            "seqidWrong", "The sequence number is one that was used, or skips many.", on: .thrift, expected: "pass",
            difficulty: .hard, WireInjectors.renumber),
    ]

    private static let thriftValues: [AnomalyType] = [
        wire(
            "unknownWireType", "A field of a wire type that Thrift does not have.", on: .thrift,
            WireInjectors.addUnknownType),
        wire(
            "negativeSize", "A text with a length below 0.", on: .binaryOrCompact, difficulty: .medium,
            WireInjectors.addNegativeSize),
        wire(
            "containerBomb", "A list that claims two thousand million elements.", on: .thrift, difficulty: .medium,
            WireInjectors.addBomb),
        wire(
            "deepStructure", "Structs within structs, at the limit of 64 or one deeper.", on: .thrift,
            more: [.word("depth", ["65", "64"], "How deep.")], difficulty: .medium,
            example: "deepStructure: {depth: 64, expected: pass}",
            WireInjectors.addDepth),
        wire(
            "badVarint", "A number of more bytes than a number has.", on: .compact, difficulty: .medium,
            WireInjectors.addVarint),
    ]

    private static let http: [AnomalyType] = [
        wire(
            "contentLengthMismatch", "The Content-Length differs from the body.", on: .http,
            more: [.optional("delta", .number, "By how much at most.", .number(64))], WireInjectors.misstateBody),
        wire(
            "lengthAndChunked", "Content-Length and Transfer-Encoding both, as request smuggling uses them.", on: .http,
            more: [.word("shape", ["any", "CL.TE", "TE.CL", "TE.TE"], "Which disagreement.")], difficulty: .medium,
            example: "lengthAndChunked: {shape: CL.TE}", WireInjectors.smuggle),
        wire(
            "chunkError", "A chunked body with a size that is none, too great, or without an end.", on: .http,
            WireInjectors.breakChunks),
        wire(
            "duplicateHeader", "A header that may come once comes twice, with two values.", on: .http,
            difficulty: .medium,
            WireInjectors.repeatHeader),
        wire(
            "encodingWrong", "A Content-Encoding that the body does not have.", on: .http,
            WireInjectors.claimEncoding),
        wire(
            "gzipBomb", "A small gzip body that expands to megabytes.", on: .http,
            more: [.optional("size", .number, "Expanded, in bytes.", .number(8_388_608))], difficulty: .medium,
            example: "gzipBomb: {size: 33554432}", WireInjectors.expand),
    ]

    private static let json: [AnomalyType] = [
        wire(
            "byteOrderMark", "A byte order mark before the JSON.", on: .http, difficulty: .medium,
            WireInjectors.markOrder),
        wire("badUTF8", "Bytes within a text that are no UTF-8.", on: .http, WireInjectors.breakUTF8),
        wire(
            "loneSurrogate", "Half of a surrogate pair in a text.", on: .http, difficulty: .medium,
            WireInjectors.halveSurrogate),
        wire(
            "duplicateKey", "A member comes twice: readers differ over which one counts.", on: .http, difficulty: .hard,
            WireInjectors.repeatKey),
        wire("notANumber", "NaN or Infinity where a number belongs.", on: .http, WireInjectors.writeNaN),
        wire(
            "hugeExponent", "1e400: more than a double holds.", on: .http, difficulty: .medium, WireInjectors.writeHuge),
        wire(
            "bigInteger", "2^53 + 1: a whole number that doubles lose.", on: .http, difficulty: .hard,
            WireInjectors.writeBig),
        wire(
            "deepNesting", "Arrays within arrays.", on: .http,
            more: [.optional("depth", .number, "How deep.", .number(1000))], example: "deepNesting: {depth: 100000}",
            WireInjectors.nest),
        wire("trailingBytes", "Something follows the JSON.", on: .http, difficulty: .medium, WireInjectors.trail),
    ]

    // MARK: Delivery

    private static func delivered(
        _ name: String, _ summary: String, window: UInt64, _ more: [Parameter] = [], expected: String,
        _ difficulty: Difficulty, example: String, _ pattern: CampaignPattern
    ) -> AnomalyType {
        AnomalyType(
            name, .wire, summary, more + CampaignPattern.common(window: window), at: .window, minHistory: 1,
            expected: expected, difficulty, example: example, .campaign(pattern))
    }

    /// What goes wrong between sender and receiver, with every request as it should be.
    static let delivery: [AnomalyType] = [
        delivered(
            "duplicateDelivery", "The same request arrives twice.", window: 30, expected: "reject", .easy,
            example: "duplicateDelivery: {members: 2, window: 30s}",
            CampaignPattern({ p in
                [.init("delivery", role: "copy", p.range("members", or: 2...2), who: [:], isCopy: true)]
            })),
        delivered(
            "retryStorm", "A client that gets no answer sends the same again and again.", window: 20,
            expected: "reject", .easy, example: "retryStorm: {members: [5, 20], window: 20s}",
            CampaignPattern({ p in
                [.init("retry", role: "copy", p.range("members", or: 5...20), who: [:], isCopy: true)]
            })),
        delivered(
            "reorderedDelivery", "Requests of one user arrive in another order than they happened.", window: 60,
            [.required("field", .field, "The time of the event, in milliseconds.")], expected: "pass", .medium,
            example: "reorderedDelivery: {field: eventTimeMillis, members: [2, 4], window: 60s}",
            CampaignPattern(
                { p in
                    [.init("delivery", role: "late", p.range("members", or: 2...4), who: ["actor": .same("actor")])]
                }, member: CampaignInjectors.reorder)),
        delivered(
            "droppedDelivery", "One request of a series never arrives.", window: 300, expected: "pass", .hard,
            example: "droppedDelivery: {members: [4, 8], window: 5m}",
            CampaignPattern(
                { p in
                    [
                        .init(
                            "delivery", role: "survivor", p.range("members", or: 4...8),
                            who: ["actor": .same("actor"), "device": .same("own")])
                    ]
                }, loses: true)),
        AnomalyType(
            "lateDelivery", .wire, "A request arrives long after its event.",
            [
                .required("field", .field, "The time of the event, in milliseconds."),
                .optional("lag", .range, "Seconds.", .range(60...86_400)),
            ], at: .record, expected: "pass", .medium,
            example: "lateDelivery: {field: eventTimeMillis, lag: [300, 7200]}",
            .cells(CampaignInjectors.delay)),
    ]
}
