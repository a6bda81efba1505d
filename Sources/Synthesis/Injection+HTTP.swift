import Bytes
import Tape

/// L0: what is done to the head and the coding of an HTTP request.
extension WireInjectors {
    @Sendable static func misstateBody(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let body = Int64(draft.bytes.count - draft.start)
        let most = max(1, min(parameters.number("delta") ?? 64, body))
        let size = 1 + Int64(draw.below(UInt64(clamping: most)))
        let delta = draw.bits(1) & 1 == 0 || size > body ? size : -size
        draft.bytes.replaceSubrange(draft.lengthDigits, with: Array("\(body + delta)".utf8))
        return [.init("offset", "\(draft.lengthDigits.lowerBound)"), .init("delta", "\(delta)")]
    }

    private static func chunked(_ body: [UInt8]) -> [UInt8] {
        Array((String(body.count, radix: 16) + "\r\n").utf8) + body + Array("\r\n0\r\n\r\n".utf8)
    }

    @Sendable static func smuggle(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let asked = parameters.text("shape")
        let shape = asked == "any" ? ["CL.TE", "TE.CL", "TE.TE"][Int(draw.below(3))] : asked
        let body = chunked(draft.body)
        switch shape {
        case "CL.TE":
            // Who goes by the length takes it all; who goes by chunks leaves what follows the last one.
            draft.setBody(body + Array("G".utf8))
            draft.addHeader("Transfer-Encoding: chunked")
        case "TE.CL":
            draft.bytes.replaceSubrange(draft.start..., with: body)
            draft.bytes.replaceSubrange(draft.lengthDigits, with: Array("4".utf8))
            draft.addHeader("Transfer-Encoding: chunked")
        default:
            draft.setBody(body)
            draft.addHeader("Transfer-Encoding: chunked")
            draft.addHeader("Transfer-Encoding: identity")
        }
        return [.init("class", shape)]
    }

    @Sendable static func breakChunks(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let body = draft.body
        let size = String(body.count, radix: 16)
        let kind = ["size", "tooLong", "noEnd"][Int(draw.below(3))]
        let text: [UInt8]
        switch kind {
        case "size": text = Array("x\(size)\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8)
        case "tooLong":
            text = Array((String(body.count + 16, radix: 16) + "\r\n").utf8) + body + Array("\r\n0\r\n\r\n".utf8)
        default: text = Array("\(size)\r\n".utf8) + body + Array("\r\n".utf8)
        }
        let at = draft.lengthDigits.lowerBound
        draft.replaceLength(by: "Transfer-Encoding: chunked", body: text)
        return [.init("offset", "\(at)"), .init("class", kind)]
    }

    @Sendable static func repeatHeader(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let name = ["Content-Length", "Host", "Content-Type"][Int(draw.below(3))]
        let length = draft.bytes.count - draft.start
        let value =
            switch name {
            case "Content-Length": "\(length + 1 + Int(draw.below(64, 1)))"
            case "Host": "other.example.com"
            default: "text/plain"
            }
        draft.addHeader("\(name): \(value)")
        return [.init("class", name)]
    }

    @Sendable static func claimEncoding(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let coding = ["gzip", "br", "deflate", "zstd"][Int(draw.below(4))]
        draft.addHeader("Content-Encoding: \(coding)")
        return [.init("coding", coding)]
    }

    @Sendable static func expand(
        _ draft: inout WireDraft, _ draw: Draw, _ parameters: AnomalyParameters
    ) throws(Inapplicable) -> [Label.Parameter] {
        let size = Int(clamping: max(1 << 16, min(1 << 30, parameters.number("size") ?? 1 << 23)))
        draft.setBody(GzipBomb.make(blanks: size, tail: draft.body))
        draft.addHeader("Content-Encoding: gzip")
        return [.init("expanded", "\(size)")]
    }
}

/// A gzip member (RFC 1952) of many blanks and then a text, made by hand so that no version of a library changes it.
enum GzipBomb {
    static func make(blanks: Int, tail: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        var bits = BitWriter()
        // RFC 1951 §3.2.6: a block with fixed codes; a literal blank, then copies of 258 from one before.
        bits.put(0, 1)
        bits.put(1, 2)
        bits.putCode(0x30 + 0x20, 8)
        let copies = max(0, blanks - 1) / 258
        for _ in 0..<copies {
            bits.putCode(0b1100_0101, 8)
            bits.putCode(0, 5)
        }
        bits.putCode(0, 7)
        let made = 1 + copies * 258
        // What is left stands as it is, in stored blocks.
        var rest = [UInt8](repeating: 0x20, count: max(0, blanks - made)) + tail
        var crc = CRC32()
        let page = [UInt8](repeating: 0x20, count: 65_536)
        for _ in 0..<made / page.count { crc.update(page.rawSpan) }
        crc.update([UInt8](repeating: 0x20, count: made % page.count).rawSpan)
        crc.update(rest.rawSpan)
        let total = made + rest.count
        while true {
            let part = rest.prefix(65_535)
            rest.removeFirst(part.count)
            bits.put(rest.isEmpty ? 1 : 0, 1)
            bits.put(0, 2)
            bits.align()
            let length = UInt16(part.count)
            bits.bytes += [UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8)]
            bits.bytes += part
            if rest.isEmpty { break }
        }
        out += bits.bytes
        for value in [crc.value, UInt32(truncatingIfNeeded: total)] {
            for shift in [0, 8, 16, 24] as [UInt32] { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        return out
    }

    private struct BitWriter {
        var bytes: [UInt8] = []
        private var held: UInt32 = 0
        private var count: UInt32 = 0

        mutating func put(_ value: UInt32, _ width: UInt32) {
            held |= value << count
            count += width
            while count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: held))
                held >>= 8
                count -= 8
            }
        }

        /// A Huffman code: its first bit goes out first.
        mutating func putCode(_ code: UInt32, _ width: UInt32) {
            var turned: UInt32 = 0
            for i in 0..<width { turned |= (code >> i & 1) << (width - 1 - i) }
            put(turned, width)
        }

        mutating func align() {
            if count > 0 { put(0, 8 - count) }
        }
    }
}
