import Tape

/// L0: told from the bytes and from how far they could be read.
extension OracleCheck {
    private static func wire(_ isBroken: @escaping @Sendable (OracleRule, borrowing OracleView) -> Bool) -> OracleCheck
    {
        OracleCheck(isStrict: false, isBroken)
    }

    private static func bigEndian(_ bytes: TableSlice, _ at: Int) -> Int {
        at + 4 <= bytes.count ? bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } : 0
    }

    static let envelopes: [String: OracleCheck] = [
        "frameLengthWrong": wire { _, view in view.readings.state == .wrongLength },
        "frameOverLimit": wire { rule, view in
            view.readings.state == .wrongLength
                && view.stated ?? 0 > Int(clamping: rule.spec.parameters.number("limit") ?? 16_384_000)
        },
        "truncate": wire { _, view in
            // A cut behind a container's head leaves a count that is more than what follows, as a bomb's is, but the frame
            // then states more than there is.
            let isShort = (view.stated ?? 0) > view.frame.count - view.countedFrom
            return view.readings.state == .cut && (view.fault == .none || (view.fault == .count && isShort))
        },
        "mergeMessages": wire { _, view in
            let half = view.frame.count / 2
            return view.frame.count % 2 == 0 && half > 0 && view.frame[..<half].elementsEqual(view.frame[half...])
        },
        "splitFrame": wire { _, view in
            let first = 4 + bigEndian(view.frame, 0)
            return first > 4 && first + 4 < view.frame.count
                && bigEndian(view.frame, first) == view.frame.count - first - 4
        },
        "badVersion": wire { _, view in
            guard view.bytes.count > view.bodyStart + 2 else { return false }
            let head = view.bytes[view.bodyStart...]
            switch view.format.encoding {
            case .compact: return head.first != 0x82
            case .json: return !head.prefix(3).elementsEqual("[1,".utf8)
            default: return !head.prefix(2).elementsEqual([0x80, 0x01])
            }
        },
        "unknownMethod": wire { _, view in
            view.readings.state == .whole && !view.bytes[view.message.name].elementsEqual(view.method)
        },
        "wrongMessageType": wire { _, view in
            view.readings.state == .whole && view.message.type != 1 && view.message.type != 4
        },
        "seqidWrong": wire { _, view in
            view.readings.state == .whole && view.message.seqid != Int64((view.index + 1) & 0x7FFF_FFFF)
        },
    ]

    static let values: [String: OracleCheck] = [
        "unknownWireType": wire { _, view in view.fault == .type },
        "negativeSize": wire { _, view in view.fault == .size },
        "containerBomb": wire { _, view in view.fault == .count },
        "deepStructure": wire { rule, view in
            view.readings.state == .whole && view.deepest == Int(rule.spec.parameters.text("depth"))
        },
        "badVarint": wire { _, view in view.fault == .varint },
    ]

    // MARK: HTTP

    private static func headers(_ view: borrowing OracleView) -> [(name: String, value: String)] {
        guard let end = find([13, 10, 13, 10], Array(view.bytes)) else { return [] }
        return String(decoding: view.bytes[..<end], as: UTF8.self).split(separator: "\r\n").dropFirst().map { line in
            let colon = line.firstIndex(of: ":") ?? line.endIndex
            return (line[..<colon].lowercased(), line[colon...].dropFirst().drop { $0 == " " }.description)
        }
    }

    private static func body(_ view: borrowing OracleView) -> [UInt8] {
        guard let end = find([13, 10, 13, 10], Array(view.bytes)) else { return [] }
        return Array(view.bytes[(end + 4)...])
    }

    private static func find(_ wanted: [UInt8], _ bytes: [UInt8]) -> Int? {
        guard bytes.count >= wanted.count else { return nil }
        return (0...bytes.count - wanted.count).first {
            bytes[$0] == wanted[0] && bytes[$0..<$0 + wanted.count].elementsEqual(wanted)
        }
    }

    static let heads: [String: OracleCheck] = [
        "contentLengthMismatch": wire { _, view in view.readings.state == .wrongLength },
        "lengthAndChunked": wire { _, view in
            let names = headers(view).map(\.name)
            return names.contains("content-length") && names.contains("transfer-encoding")
        },
        "chunkError": wire { _, view in
            let names = headers(view).map(\.name)
            return names.contains("transfer-encoding") && !names.contains("content-length")
                && !isChunked(body(view))
        },
        "duplicateHeader": wire { _, view in
            let all = headers(view)
            return all.contains { one in all.contains { $0.name == one.name && $0.value != one.value } }
        },
        "encodingWrong": wire { _, view in
            headers(view).contains { $0.name == "content-encoding" } && body(view).first == 0x7B
        },
        "gzipBomb": wire { rule, view in
            let body = body(view)
            guard headers(view).contains(where: { $0.name == "content-encoding" && $0.value == "gzip" }),
                body.count > 18, body[0] == 0x1F, body[1] == 0x8B
            else { return false }
            let size = body.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            return size >= Int(clamping: rule.spec.parameters.number("size") ?? 0) && size > body.count * 20
        },
    ]

    /// Chunks by RFC 9112 §7.1, without extensions, to the end.
    private static func isChunked(_ body: [UInt8]) -> Bool {
        var at = 0
        while let line = find([13, 10], Array(body[at...])) {
            guard let size = Int(String(decoding: body[at..<at + line], as: UTF8.self), radix: 16) else { return false }
            at += line + 2 + size
            guard at + 2 <= body.count, body[at] == 13, body[at + 1] == 10 else { return false }
            at += 2
            if size == 0 { return at == body.count }
        }
        return false
    }

    // MARK: JSON

    private static func contains(_ word: String, _ view: borrowing OracleView) -> Bool {
        find(Array(word.utf8), body(view)) != nil
    }

    /// How deep brackets stand, outside of texts.
    private static func depth(_ body: [UInt8]) -> Int {
        var (depth, most, inText, isEscaped) = (0, 0, false, false)
        for byte in body {
            if inText {
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5C {
                    isEscaped = true
                } else if byte == 0x22 {
                    inText = false
                }
            } else if byte == 0x22 {
                inText = true
            } else if byte == 0x5B || byte == 0x7B {
                depth += 1
                most = max(most, depth)
            } else if byte == 0x5D || byte == 0x7D {
                depth -= 1
            }
        }
        return most
    }

    /// The first member's name comes again at the top.
    private static func repeatsFirst(_ body: [UInt8]) -> Bool {
        guard body.count > 3, let end = body.dropFirst(2).firstIndex(of: 0x22) else { return false }
        let key = Array(body[1...end]) + [0x3A]
        guard let again = find(key, Array(body[(end + 1)...])) else { return false }
        return depth(Array(body[..<(end + 1 + again)])) >= 1
    }

    /// `\ud83d` without its other half, or that half alone.
    private static func hasLoneSurrogate(_ body: [UInt8]) -> Bool {
        let text = String(decoding: body, as: UTF8.self)
        var rest = text[...]
        while let at = rest.firstRange(of: "\\ud") {
            let high = rest[at.upperBound...].first.map { "89abAB".contains($0) } ?? false
            let after = rest[at.upperBound...].dropFirst(3)
            if !high || !after.hasPrefix("\\ud") { return true }
            rest = after.dropFirst(6)
        }
        return false
    }

    static let documents: [String: OracleCheck] = [
        "byteOrderMark": wire { _, view in body(view).prefix(3).elementsEqual([0xEF, 0xBB, 0xBF]) },
        "badUTF8": wire { _, view in
            String(validating: body(view), as: UTF8.self) == nil && view.readings.state == .whole
        },
        "loneSurrogate": wire { _, view in hasLoneSurrogate(body(view)) },
        "duplicateKey": wire { _, view in repeatsFirst(body(view)) && view.readings.state == .whole },
        "notANumber": wire { _, view in
            [":NaN", ":Infinity", ":-Infinity"].contains { contains($0, view) }
        },
        "hugeExponent": wire { _, view in contains(":1e400", view) },
        "bigInteger": wire { _, view in contains(":9007199254740993", view) },
        "deepNesting": wire { rule, view in
            depth(body(view)) >= Int(clamping: rule.spec.parameters.number("depth") ?? 1000)
        },
        "trailingBytes": wire { _, view in
            view.readings.state == .cut && view.stated == view.bytes.count - view.bodyStart && view.bytes.last != 0x7D
                || contains("}{}", view)
        },
    ]
}
