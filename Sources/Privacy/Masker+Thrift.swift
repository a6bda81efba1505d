import Bytes
import Compression
package import Thrift

extension Masker {
    /// Masks a message with all that stands around it.
    ///
    /// - Parameters:
    ///   - header: of the message, in `wire`, or in its decompressed payload.
    ///   - payload: what the transforms of a THeader or TTHeader frame hide; nil when there are none.
    ///   - hasHeader: the message stands in a THeader or TTHeader frame, whose header may hold values, too.
    ///   - defers: the caller sees to ``deferred``.
    package mutating func maskThrift(
        _ wire: inout [UInt8], _ form: ThriftProtocol, _ header: MessageHeader, payload: [UInt8]?, payloadOffset: Int,
        hasHeader: Bool, defers: Bool = false
    ) {
        begin()
        self.defers = defers && payload == nil
        defer { self.defers = false }
        let frame = hasHeader ? try? HeaderTransport(decoding: wire.rawSpan) : nil
        if let frame { maskInfos(&wire, frame) }
        guard let payload else {
            maskThriftBody(&wire, form, header)
            return
        }
        let mark = spans.count
        var content = payload
        maskThriftBody(&content, form, header)
        guard spans.count > mark else { return }
        if plan.mode != .scan, let frame {
            for _ in frame.transforms { content = Deflate.compress(content.rawSpan, as: .zlib, level: 1) }
            wire.replaceSubrange(min(payloadOffset, wire.count)..., with: content)
            var length: [UInt8] = []
            length.append(bigEndian: UInt32(truncatingIfNeeded: wire.count - 4))
            wire.replaceSubrange(0..<4, with: length)
            outcome.reencoded = "zlib"
        }
        for index in mark..<spans.count { spans[index].range = min(payloadOffset, wire.count)..<wire.count }
    }

    /// The body of an HTTP message; false when it is no Thrift message.
    mutating func maskThriftMessage(_ bytes: inout [UInt8], _ range: Range<Int>) -> Bool {
        var copy = Array(bytes[range])
        guard let form = ThriftProtocol(beginning: copy.rawSpan),
            let found = try? MessageHeader.parse(copy.rawSpan, protocol: form)
        else { return false }
        let mark = spans.count
        maskThriftBody(&copy, form, found)
        if spans.count > mark {
            bytes.replaceSubrange(range, with: copy)
            for index in mark..<spans.count {
                let inner = spans[index].range
                spans[index].range = inner.lowerBound + range.lowerBound..<inner.upperBound + range.lowerBound
            }
        }
        return true
    }

    private mutating func maskInfos(_ wire: inout [UInt8], _ frame: HeaderTransport) {
        for range in frame.credentials where range.upperBound <= wire.count {
            _ = change(&wire, range, .authorization)
        }
        for place in frame.places where place.value.upperBound <= wire.count && !place.value.isEmpty {
            if frame.credentials.contains(place.value) { continue }
            if place.key.isEmpty {
                maskValue(&wire, place.value)
            } else {
                maskField(&wire, place.key, place.value)
            }
        }
    }

    private mutating func maskThriftBody(_ bytes: inout [UInt8], _ form: ThriftProtocol, _ header: MessageHeader) {
        guard let encoding = form.encoding else {
            maskFound(&bytes, 0..<bytes.count, isJSON: true)
            return
        }
        findings.finder.found.empty()
        findings.numbers.empty()
        let isWhole = Self.walk(bytes.rawSpan, header, encoding, plan.classes, &findings)
        // What is found within what is found goes through another finder's list.
        for index in findings.finder.found.indices {
            let finding = findings.finder.found[index]
            guard let personal = finding.meaning.personal else { continue }
            switch finding.kind {
            case .value: changeFound(&bytes, finding.range, personal)
            case .named: maskNamed(&bytes, finding.range, finding.meaning)
            case .escaped: maskBinary(&bytes, finding.range, personal)
            }
        }
        for index in findings.numbers.indices { maskNumber(&bytes, findings.numbers[index]) }
        // What could not be walked is looked at as it is.
        if !isWhole { maskFound(&bytes, min(header.bodyOffset, bytes.count)..<bytes.count) }
    }

    /// False when the body is no struct to its end.
    private static func walk(
        _ bytes: RawSpan, _ header: MessageHeader, _ encoding: ThriftEncoding, _ classes: ThriftClasses,
        _ found: inout ThriftWalker.Findings
    ) -> Bool {
        let start = min(header.bodyOffset, bytes.byteCount)
        let structure = classes.structure(bytes, method: header.nameRange, isRequest: header.type.isRequest)
        if structure == ThriftClasses.unknown && encoding == .binary,
            let isWhole = found.addTexts(bytes, at: start, classes.names)
        {
            return isWhole
        }
        var walker = ThriftWalker(bytes, at: start, encoding, classes)
        return walker.structure(structure, depth: 0, &found)
    }

    /// Bytes that are no text: other bytes, the same ones for the same.
    private mutating func maskBinary(_ bytes: inout [UInt8], _ range: Range<Int>, _ personal: PersonalClass) {
        if personal.isSecret || plan.policy.action(for: personal) != .pseudonym || plan.mode != .mask {
            _ = change(&bytes, range, personal)
            return
        }
        let isText = range.allSatisfy { bytes[$0] >= 0x20 && bytes[$0] < 0x7F }
        if isText, change(&bytes, range, personal) { return }
        pseudonyms.text.assign(bytes.rawSpan, range)
        pseudonyms.replaceBytes()
        bytes.write(pseudonyms.text.rawSpan, at: range.lowerBound)
        spans.append(MaskedSpan(range: range, personal: personal))
    }

    /// A number of a class: its decimal digits are masked, in as many bytes as it has.
    private mutating func maskNumber(_ bytes: inout [UInt8], _ number: ThriftWalker.Number) {
        guard let personal = number.meaning.personal else { return }
        let action = plan.policy.action(for: personal)
        if action == .keep { return }
        // No other class has fractions, and nobody is told by a figure.
        guard number.isDouble ? personal == .coordinate : number.integer(bytes) > 9 else { return }
        if plan.mode != .mask {
            spans.append(MaskedSpan(range: number.range, personal: personal))
            return
        }
        if number.isDouble {
            guard let masked = pseudonyms.degrees(number.double(bytes)) else { return }
            number.put(masked.bitPattern, &bytes)
        } else {
            let value = number.integer(bytes)
            var masked = value
            var turns = 0
            repeat {
                if action == .drop {
                    masked = Int64(String(repeating: "1", count: String(value).count)) ?? 1
                } else {
                    guard let next = pseudonyms.number(masked, personal) else { return }
                    masked = next
                }
                turns += 1
            } while !number.fits(masked) && turns < 256
            number.put(masked, &bytes)
        }
        spans.append(MaskedSpan(range: number.range, personal: personal))
    }
}
