import TestSupport

@testable import Thrift

extension ThriftMessage {
    static func random(_ random: inout SplitMix) -> ThriftMessage {
        let type = MessageType.allCases.randomElement(using: &random) ?? .call
        let seqid = [0, 1, -1, .max, .min, Int32.random(in: .min ... .max, using: &random)].randomElement(
            using: &random)
        return ThriftMessage(
            name: String(repeating: "m", count: .random(in: 1...20, using: &random)), type: type, seqid: seqid ?? 0,
            body: ThriftValue.randomFields(&random, depth: 0))
    }
}

extension ThriftValue {
    static let types: [ThriftType] = [
        .bool, .i8, .i16, .i32, .i64, .double, .binary, .structure, .list, .set, .map,
    ]

    /// Ids in and out of order, near and far, negative ones included.
    static func randomFields(_ random: inout SplitMix, depth: Int) -> [ThriftField] {
        var id: Int16 = 0
        return (0..<Int.random(in: 0...5, using: &random)).map { _ in
            switch Int.random(in: 0...9, using: &random) {
            case 0: id = .random(in: .min ... .max, using: &random)
            case 1: id &+= 16
            default: id &+= .random(in: 1...15, using: &random)
            }
            let type = types.randomElement(using: &random) ?? .bool
            return ThriftField(id, randomValue(type, &random, depth: depth + 1))
        }
    }

    static func randomValue(_ type: ThriftType, _ random: inout SplitMix, depth: Int) -> ThriftValue {
        /// Small values and the edges of the width are what encoders get wrong.
        func integer<T: FixedWidthInteger>() -> T {
            switch Int.random(in: 0...3, using: &random) {
            case 0: [T.min, .max, 0, 1, T.max >> 1, T.min &+ 1].randomElement(using: &random) ?? 0
            case 1: T(truncatingIfNeeded: Int.random(in: -70...70, using: &random))
            default: .random(in: .min ... .max, using: &random)
            }
        }
        let count = depth > 3 ? 0 : [0, 1, 2, 14, 15, 16].randomElement(using: &random) ?? 0
        let element = { (random: inout SplitMix) in
            (depth > 2 ? types.prefix(7) : types[...]).randomElement(using: &random) ?? .i32
        }
        switch type {
        case .bool: return .bool(.random(using: &random))
        case .i8: return .i8(integer())
        case .i16: return .i16(integer())
        case .i32: return .i32(integer())
        case .i64: return .i64(integer())
        case .double: return .double(.random(in: -1e9...1e9, using: &random))
        case .structure: return .structure(depth > 3 ? [] : randomFields(&random, depth: depth))
        case .list, .set:
            let inner = element(&random)
            let values = (0..<count).map { _ in randomValue(inner, &random, depth: depth + 1) }
            return type == .list ? .list(inner, values) : .set(inner, values)
        case .map:
            let key = [ThriftType.i8, .i16, .i32, .i64, .binary].randomElement(using: &random) ?? .i32
            let value = element(&random)
            return .map(
                key, value,
                (0..<min(count, 3)).map { _ in
                    ThriftPair(
                        randomValue(key, &random, depth: depth + 1), randomValue(value, &random, depth: depth + 1))
                })
        default:
            let length = (depth > 1 ? [0, 1, 5] : [0, 1, 5, 127, 128, 300]).randomElement(using: &random) ?? 0
            return .binary((0..<length).map { _ in .random(in: 0...255, using: &random) })
        }
    }
}

extension ThriftMessage {
    /// The same with texts where there were bytes: JSON has no other way to hold them.
    var withTexts: ThriftMessage {
        var result = self
        result.body = body.map { ThriftField($0.id, $0.value.withTexts) }
        return result
    }
}

extension ThriftValue {
    var withTexts: ThriftValue {
        switch self {
        case .binary(let bytes):
            let letters: [Character] = ["a", "Z", "\"", "\\", "/", "\n", "\t", "\u{8}", "é", "压", "😀", " "]
            return .binary(Array(String(bytes.map { letters[Int($0) % letters.count] }).utf8))
        case .structure(let fields): return .structure(fields.map { ThriftField($0.id, $0.value.withTexts) })
        case .list(let type, let values): return .list(type, values.map(\.withTexts))
        case .set(let type, let values): return .set(type, values.map(\.withTexts))
        case .map(let key, let value, let pairs):
            return .map(key, value, pairs.map { ThriftPair($0.key.withTexts, $0.value.withTexts) })
        default: return self
        }
    }
}
