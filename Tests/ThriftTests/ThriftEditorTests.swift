import Bytes
import TestSupport
import Testing

@testable import Thrift

@Suite struct ThriftEditorTests {
    static func path(_ text: String) throws -> FieldPath { try #require(FieldPath(text)) }

    static func call(_ trace: [ThriftField]?, others: [ThriftField] = []) -> ThriftMessage {
        var request = [ThriftField(1, ThriftValue("r-1")), ThriftField(19, .map(.binary, .i64, []))]
        if let trace { request.append(ThriftField(20, .structure(trace))) }
        return ThriftMessage(
            name: "evaluate", type: .call, seqid: 7, body: [ThriftField(1, .structure(request + others))])
    }

    static let required = [ThriftField(1, ThriftValue("log")), ThriftField(2, ThriftValue("tinct"))]

    /// The golden bytes of the `didi` preset: Binary `0A 0005 0000000000000001`; Compact `36 02` after field 2 and
    /// `16 02` after field 4.
    @Test(arguments: [
        (ThriftEncoding.binary, [Int16]([1, 2]), "0a00050000000000000001"),
        (.binary, [1, 2, 4], "0a00050000000000000001"),
        (.compact, [1, 2], "3602"), (.compact, [1, 2, 4], "1602"),
    ])
    func theTagHasItsGoldenBytes(encoding: ThriftEncoding, present: [Int16], golden: String) throws {
        let trace = present.map { ThriftField($0, ThriftValue("x")) }
        let original = Self.call(trace).encoded(.framed, encoding)
        var message = original
        var journal = EditJournal()
        let editor = ThriftEditor(.framed, encoding)
        let hintCode = try Self.path("1.20.5")
        #expect(try editor.setBits(hintCode, 1, creating: .field, in: &message, journal: &journal) == .inserted)
        let inserted = try #require(journal.edits.first)
        #expect(Hex.encode(inserted.inserted) == golden)
        #expect(message.count == original.count + golden.utf8.count / 2)
        #expect(try editor.value(at: hintCode, in: message.rawSpan) == .i64(1))
        #expect(message == Self.call(trace + [ThriftField(5, .i64(1))]).encoded(.framed, encoding))
        try journal.undo(in: &message)
        #expect(message == original)
    }

    @Test(arguments: ThriftEncoding.allCases) func theBitIsAddedAndOthersStay(encoding: ThriftEncoding) throws {
        let original = Self.call(Self.required + [ThriftField(5, .i64(0x10)), ThriftField(6, ThriftValue("c"))])
            .encoded(.unframed, encoding)
        var message = original
        var journal = EditJournal()
        let editor = ThriftEditor(.unframed, encoding)
        let hintCode = try Self.path("1.20.5")
        #expect(try editor.setBits(hintCode, 1, in: &message, journal: &journal) == .replaced)
        #expect(try editor.value(at: hintCode, in: message.rawSpan) == .i64(0x11))
        #expect(try editor.setBits(hintCode, 1, in: &message, journal: &journal) == .unchanged)
        #expect(journal.edits.count == 1)
        // All other bytes are the same: in Binary and here in Compact the value keeps its width.
        #expect(zip(original, message).filter { $0 != $1 }.count == 1 && original.count == message.count)
        try journal.undo(in: &message)
        #expect(message == original)
    }

    @Test(arguments: ThriftEncoding.allCases) func aMissingStructIsCreatedWithItsRequiredFields(
        encoding: ThriftEncoding
    ) throws {
        for framing in ThriftFraming.allCases {
            // A field behind the struct, whose Compact header must follow.
            let others = [ThriftField(30, .bool(true)), ThriftField(31, .i32(4))]
            let original = Self.call(nil, others: others).encoded(framing, encoding)
            var message = original
            var journal = EditJournal()
            let editor = ThriftEditor(framing, encoding)
            let hintCode = try Self.path("1.20.5")
            #expect(try editor.setBits(hintCode, 1, in: &message, journal: &journal) == .missing)
            #expect(try editor.setBits(hintCode, 1, creating: .field, in: &message, journal: &journal) == .missing)
            #expect(message == original && journal.isEmpty)
            let siblings = [Self.required[1], Self.required[0], ThriftField(5, .i64(9))]
            let outcome = try editor.setBits(
                hintCode, 1, creating: .structs(siblings: siblings), in: &message, journal: &journal)
            #expect(outcome == .inserted)
            let expected = Self.call(Self.required + [ThriftField(5, .i64(1))], others: others)
            #expect(message == expected.encoded(framing, encoding))
            try journal.undo(in: &message)
            #expect(message == original)
        }
    }

    @Test(arguments: ThriftEncoding.allCases) func everyStructOnTheWayIsCreated(encoding: ThriftEncoding) throws {
        let original = ThriftMessage(name: "m", type: .call, seqid: 0).encoded(.framed, encoding)
        var message = original
        var journal = EditJournal()
        let outcome = try ThriftEditor(.framed, encoding).set(
            try Self.path("1.50.2.5"), to: ThriftValue("run"),
            creating: .structs(siblings: [ThriftField(1, .bool(false))]), in: &message, journal: &journal)
        #expect(outcome == .inserted)
        let decoded = try ThriftMessage(decoding: message.rawSpan, .framed, encoding)
        let inner = ThriftValue.structure([ThriftField(1, .bool(false)), ThriftField(5, ThriftValue("run"))])
        #expect(
            decoded.body == [
                ThriftField(1, .structure([ThriftField(50, .structure([ThriftField(2, inner)]))]))
            ])
        try journal.undo(in: &message)
        #expect(message == original)
    }

    @Test(arguments: ThriftEncoding.allCases) func anotherTypeIsNotOverwritten(encoding: ThriftEncoding) throws {
        let original = Self.call([ThriftField(5, ThriftValue("text")), ThriftField(6, .i8(1))]).encoded(
            .framed, encoding)
        var message = original
        var journal = EditJournal()
        let editor = ThriftEditor(.framed, encoding)
        for (path, bits) in [("1.20.5", Int64(1)), ("1.20.6", 0x100), ("1.1.2", 1)] {
            let error = #expect(throws: ParsingError.self) {
                try editor.setBits(try Self.path(path), bits, in: &message, journal: &journal)
            }
            #expect(error?.status == .unsupported)
        }
        let error = #expect(throws: ParsingError.self) {
            try editor.set(try Self.path("1.20.6"), to: .i16(1), in: &message, journal: &journal)
        }
        #expect(error?.status == .unsupported)
        #expect(message == original && journal.isEmpty)
    }

    /// An edit in place gives what editing the tree gives.
    @Test(arguments: ThriftEncoding.allCases) func editsEqualThoseOfTheTree(encoding: ThriftEncoding) throws {
        var random = SplitMix(seed: encoding == .binary ? 21 : 22)
        var outcomes: [ThriftEditor.Outcome: Int] = [:]
        for _ in 0..<200 {
            var tree = ThriftMessage.random(&random)
            tree.body = tree.body.sortedByID()
            let original = tree.encoded(.framed, encoding)
            var message = original
            var journal = EditJournal()
            let editor = ThriftEditor(.framed, encoding)
            for _ in 0..<4 {
                let path = try #require(FieldPath(ids: tree.body.randomPath(&random)))
                if Bool.random(using: &random) {
                    let outcome = try editor.remove(path, in: &message, journal: &journal)
                    outcomes[outcome, default: 0] += 1
                    tree.body.remove(path.ids[...])
                } else {
                    let present = try editor.value(at: path, in: message.rawSpan)
                    let type = present?.type ?? ThriftValue.types.randomElement(using: &random) ?? .i64
                    let value = ThriftValue.randomValue(type, &random, depth: 3)
                    let outcome = try editor.set(
                        path, to: value, creating: .structs(siblings: []), in: &message, journal: &journal)
                    outcomes[outcome, default: 0] += 1
                    tree.body.set(path.ids[...], value)
                }
                // Where the field before a long id comes nearer, Compact's long form stays: that is a byte of another field.
                let decoded = try ThriftMessage(decoding: message.rawSpan, .framed, encoding)
                let isSame = decoded.encoded(.framed, encoding) == tree.encoded(.framed, encoding)
                #expect(isSame, "\(path)")
                if encoding == .binary { #expect(message.count == tree.encoded(.framed, encoding).count) }
            }
            try journal.undo(in: &message)
            let isOriginal = message == original
            #expect(isOriginal)
        }
        #expect(outcomes[.replaced, default: 0] > 100 && outcomes[.inserted, default: 0] > 100)
    }

    @Test(arguments: ThriftEncoding.allCases) func brokenMessagesAreRefusedAndLeftAsTheyWere(
        encoding: ThriftEncoding
    ) throws {
        let whole = Self.call(Self.required, others: [ThriftField(30, .list(.i32, [.i32(1)]))]).encoded(
            .framed, encoding)
        let editor = ThriftEditor(.framed, encoding)
        let hintCode = try Self.path("1.20.5")
        for count in 0..<whole.count {
            var cut = Array(whole[0..<count])
            var journal = EditJournal()
            let before = cut
            if (try? editor.setBits(hintCode, 1, creating: .field, in: &cut, journal: &journal)) == nil {
                #expect(cut == before && journal.isEmpty)
            }
        }
        for at in whole.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = whole
                changed[at] = byte
                let before = changed
                var journal = EditJournal()
                _ = try? editor.setBits(hintCode, 1, creating: .structs(siblings: []), in: &changed, journal: &journal)
                try journal.undo(in: &changed)
                #expect(changed == before)
            }
        }
    }
}

extension [ThriftField] {
    /// In ascending order without duplicates, all the way down.
    func sortedByID() -> [ThriftField] {
        var seen: Set<Int16> = []
        return filter { seen.insert($0.id).inserted }.sorted { $0.id < $1.id }.map { field in
            guard case .structure(let fields) = field.value else { return field }
            return ThriftField(field.id, .structure(fields.sortedByID()))
        }
    }

    /// To a field that is there, or next to one.
    func randomPath(_ random: inout SplitMix) -> [Int16] {
        guard let field = randomElement(using: &random) else { return [.random(in: 1...40, using: &random)] }
        if case .structure(let fields) = field.value, Int.random(in: 0..<3, using: &random) > 0 {
            return [field.id] + fields.randomPath(&random)
        }
        return [Bool.random(using: &random) ? field.id : .random(in: 1...60, using: &random)]
    }

    mutating func remove(_ ids: ArraySlice<Int16>) {
        guard let id = ids.first, let at = firstIndex(where: { $0.id == id }) else { return }
        if ids.count == 1 {
            remove(at: at)
        } else if case .structure(var fields) = self[at].value {
            fields.remove(ids.dropFirst())
            self[at].value = .structure(fields)
        }
    }

    mutating func set(_ ids: ArraySlice<Int16>, _ value: ThriftValue) {
        guard let id = ids.first else { return }
        var inner: [ThriftField] = []
        if case .structure(let fields)? = first(where: { $0.id == id })?.value { inner = fields }
        if ids.count > 1 { inner.set(ids.dropFirst(), value) }
        removeAll { $0.id == id }
        append(ThriftField(id, ids.count == 1 ? value : .structure(inner)))
        sort { $0.id < $1.id }
    }
}
