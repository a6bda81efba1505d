import Bytes
import CScan
import Schema
import TestSupport
import Testing
import Thrift

@testable import Privacy

/// What is found in a struct of which nobody has a schema, by one pass over it, against what the walker finds that goes
/// through it value by value.
@Suite struct ThriftTextsTests {
    private static let texts: [[UInt8]] =
        ([
            "", "a", "EUR", "gateway", "tag-742", "M-60651-164", "ACC-1914939546", "505049", "13800138000",
            "123e4567-e89b-42d3-a456-426614174000", "203.0.113.77", "10.0.0.1:80", "2001:db8::8a2e:370:7334",
            "Maria da Silva", "maria@example.com", "李伟", "90afa2276f155fe5ca8b9db8051f4d70", "12ABC34501DE35",
            "00:1b:44:11:3a:b7", #"{"phone":"13800138000"}"#, "[1, 13800138000]", "{", "phone", "sessionId", "note",
            "Rua das Flores 12", "Bearer abcdefghijklmnop", "4111 1111 1111 1111", "111.444.777-35", "12:30:15",
            "ABCDE", "APPROVE", "of HEGG560427MVZRRL04 and", "Ávila Torres",
        ] + [
            String(repeating: "a", count: 63), String(repeating: "a", count: 64), String(repeating: "a", count: 65),
            String(repeating: "x", count: 90) + " 13800138000", "Maria " + String(repeating: "b", count: 70),
        ]).map { Array($0.utf8) }

    /// Digits in all lengths with all kinds of neighbours: what tells a number from an identifier.
    private static func digits(_ random: inout SplitMix) -> [UInt8] {
        let between = [
            "", "-", ".", " ", "a", "f", "x", "X", "A", "_", "+", "(", ")", "/", "%2B", "%", ":", "@", "&", "-x", ".e",
        ]
        let values = [
            "13800138000", "4111111111111111", "11144477735", "529982247", "11222333000181", "+5511987654321", "3456",
            "12.ABC.345/01DE-35", "111.444.777-35", "203.0.113.77", "11 98765-4321", "(55) 1234-5678",
            "032180000118359719",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            text += between.randomElement(using: &random) ?? ""
            if Int.random(in: 0..<5, using: &random) == 0 {
                text += values.randomElement(using: &random) ?? ""
            } else {
                for _ in 0..<Int.random(in: 1...21, using: &random) {
                    text += String(Int.random(in: 0...9, using: &random))
                }
            }
        }
        text += between.randomElement(using: &random) ?? ""
        return Array(text.utf8)
    }

    private static func append(_ text: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(bigEndian: UInt32(text.count))
        bytes += text
    }

    private static let types: [UInt8] = [2, 3, 4, 6, 8, 10, 11, 11, 11, 12, 13, 14, 15, 16]

    private static func append(_ type: UInt8, to bytes: inout [UInt8], depth: Int, _ random: inout SplitMix) {
        func count() -> Int { Int.random(in: 0...4, using: &random) }
        func element() -> UInt8 { (depth < 6 ? types : Array(types[..<9])).randomElement(using: &random) ?? 2 }
        switch type {
        case 11: append(texts.randomElement(using: &random) ?? [], to: &bytes)
        case 12:
            for id in 0..<count() {
                let field = element()
                bytes.append(field)
                bytes.append(bigEndian: UInt16(id))
                append(field, to: &bytes, depth: depth + 1, &random)
            }
            bytes.append(0)
        case 13:
            let (key, value) = Bool.random(using: &random) ? (11, 11) : (element(), element())
            let pairs = count()
            bytes += [key, value]
            bytes.append(bigEndian: UInt32(pairs))
            for _ in 0..<pairs {
                append(key, to: &bytes, depth: depth + 1, &random)
                append(value, to: &bytes, depth: depth + 1, &random)
            }
        case 14, 15:
            let (item, items) = (element(), count())
            bytes.append(item)
            bytes.append(bigEndian: UInt32(items))
            for _ in 0..<items { append(item, to: &bytes, depth: depth + 1, &random) }
        default:
            let size = [2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8, 16: 16][Int(type)] ?? 0
            for _ in 0..<size { bytes.append(UInt8.random(in: 0...255, using: &random)) }
        }
    }

    private static func structure(_ random: inout SplitMix) -> [UInt8] {
        var bytes: [UInt8] = []
        append(12, to: &bytes, depth: 0, &random)
        return bytes
    }

    /// Both readers' findings, and the one's of C by what this machine has against what every one has; says whether the
    /// struct was suited at all.
    private func compare(_ bytes: [UInt8], _ classes: ThriftClasses, at start: Int = 0) -> Bool {
        var slow = ThriftWalker.Findings()
        var walker = ThriftWalker(bytes.rawSpan, at: start, .binary, classes)
        let isWhole = walker.structure(ThriftClasses.unknown, depth: 0, &slow)
        var fast = ThriftWalker.Findings()
        let outcome = fast.addTexts(bytes.rawSpan, at: start, classes.names)
        if let outcome {
            #expect(outcome == isWhole)
            #expect(fast.finder.found == slow.finder.found, "\(bytes)")
            #expect(slow.numbers.isEmpty)
        } else {
            #expect(fast.finder.found.isEmpty && fast.numbers.isEmpty)
        }
        let runs = [false, true].map { isPlain in Self.run(bytes, start, isPlain: isPlain) }
        #expect(runs[0] == runs[1], "\(bytes)")
        return outcome != nil
    }

    private static func run(_ bytes: [UInt8], _ start: Int, isPlain: Bool) -> [UInt64] {
        var texts = Array(repeating: tinct_struct_text(), count: 100)
        var out: [UInt64] = []
        unsafe texts.withUnsafeMutableBufferPointer { texts in
            var found = unsafe tinct_struct_texts(texts: texts.baseAddress, capacity: 100, count: 0, limit: 64)
            let outcome = unsafe bytes.withUnsafeBufferPointer { bytes in
                guard let first = bytes.baseAddress else { return TINCT_WALK_BROKEN }
                return unsafe isPlain
                    ? tinct_texts_of_plain(first, bytes.count, start, &found)
                    : tinct_texts_of(first, bytes.count, start, &found)
            }
            out.append(UInt64(outcome.rawValue))
            for index in 0..<(unsafe found.count) {
                let text = unsafe texts[index]
                out += [
                    UInt64(text.start), UInt64(text.count), UInt64(text.kind), UInt64(text.may_be_json),
                    UInt64(text.is_uuid),
                    UInt64(text.may_be_whole), UInt64(text.is_short), text.text.digits, text.text.events.all,
                ]
            }
        }
        return out
    }

    private static let classes = ThriftClasses(SchemaSet(), MaskingPolicy.builtIn.fields)

    @Test func findsWhatTheWalkerFinds() {
        var random = SplitMix(seed: 3)
        var suited = 0
        for _ in 0..<4000 where compare(Self.structure(&random), Self.classes) { suited += 1 }
        #expect(suited > 2000)
    }

    @Test func tellsNumbersFromIdentifiersAsTheWalkerDoes() {
        var random = SplitMix(seed: 5)
        for _ in 0..<2000 {
            var bytes: [UInt8] = [15, 0, 1, 11]
            bytes.append(bigEndian: UInt32(50))
            for _ in 0..<50 { Self.append(Self.digits(&random), to: &bytes) }
            #expect(compare(bytes + [0], Self.classes))
        }
    }

    @Test func brokenStructsAreBrokenAtTheSamePlace() {
        var random = SplitMix(seed: 4)
        for _ in 0..<60 {
            let bytes = Self.structure(&random)
            for count in 0..<min(bytes.count, 400) { _ = compare(Array(bytes[..<count]), Self.classes) }
            for _ in 0..<40 where !bytes.isEmpty {
                var spoiled = bytes
                spoiled[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                _ = compare(spoiled, Self.classes)
            }
        }
    }

    /// One level below the limit, at it, and above it; lists and structs count, and so do maps.
    @Test(
        arguments: [
            [12, 0, 1], [15, 0, 1, 15, 0, 0, 0, 1], [13, 0, 1, 8, 12, 0, 0, 0, 1, 0, 0, 0, 5],
        ] as [[UInt8]])
    func depthIsLimitedAlike(level: [UInt8]) {
        for depth in 60...70 {
            var bytes = Array(repeatElement(level, count: depth).joined())
            // Lists of lists: each level after the first is an element, without type and id.
            if level[0] == 15 {
                bytes = [15, 0, 1]
                for _ in 0..<depth { bytes += [15, 0, 0, 0, 1] }
                bytes += [11, 0, 0, 0, 0]
            }
            bytes += Array(repeating: 0, count: depth + 1)
            #expect(compare(bytes, Self.classes))
        }
    }

    @Test func moreTextsThanFitAreLeftToTheWalker() {
        var bytes: [UInt8] = [15, 0, 1, 11]
        bytes.append(bigEndian: UInt32(300))
        for _ in 0..<300 { Self.append(Array("13800138000".utf8), to: &bytes) }
        #expect(!compare(bytes + [0], Self.classes))
        #expect(compare([1, 2, 3] + [12, 0, 1, 0, 0], Self.classes, at: 3))
    }
}
