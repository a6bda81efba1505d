import Bytes
import HTTP1
import Signing
import Tagging
import Tape

/// AWS Signature Version 4 in the Authorization header, as the General Reference's "Create a signed AWS API request"
/// describes it. Signed are Host, Content-Type and every `x-amz-` header.
enum AWSSignature {
    /// Writes the fields, with room for what changes at each send. Everything else that is signed must be there already.
    static func prepare(_ signature: Rules.Signature, in request: inout [UInt8]) throws(TagError) {
        try HeaderEditing.remove("authorization", from: &request)
        try HeaderEditing.set("x-amz-date", to: ValueForms.placeholder(.basic), in: &request)
        let names = try signedNames(request).joined(separator: ";")
        try HeaderEditing.set(
            "authorization",
            to: start(signature) + ValueForms.placeholder(.basic).prefix(8) + scope(signature)
                + ", SignedHeaders=\(names), Signature=" + String(repeating: "0", count: 64), in: &request)
    }

    private static func start(_ signature: Rules.Signature) -> String {
        "AWS4-HMAC-SHA256 Credential=\(signature.keyID)/"
    }

    private static func scope(_ signature: Rules.Signature) -> String {
        "/\(signature.region)/\(signature.service)/aws4_request"
    }

    /// Adds the slots of the two dates and the steps of the signature.
    static func add(_ signature: Rules.Signature, key: Int, to draft: inout TemplateBlock.Draft) throws(TagError) {
        let head = try HeaderEditing.head(of: draft.bytes)
        guard let written = HeaderEditing.fields("authorization", in: draft.bytes, head).first?.value.range,
            let date = HeaderEditing.fields("x-amz-date", in: draft.bytes, head).first?.value.range
        else { throw TagError(.conflict, "another rule takes out what aws-sigv4 has written") }
        let dayStart = written.lowerBound + start(signature).utf8.count
        let day = dayStart..<dayStart + 8
        for range in [date, day] {
            guard var slot = EventTime.slot(FieldSpan(range, .text), in: draft.bytes, unit: "") else { continue }
            slot.kind = .now
            slot.state = 0
            draft.slots.append(slot)
        }
        let moving = draft.movingRanges
        var steps: [DraftStep] = [
            .literal(Array("AWS4-HMAC-SHA256\n".utf8)), .copy(date), .literal([10]), .copy(day),
            .literal(Array("\(scope(signature))\n".utf8)), DraftStep(FinishingStep(.mark)),
        ]
        steps += try canonicalRequest(draft, head, try signedNames(draft.bytes), moving, service: signature.service)
        steps.append(DraftStep(FinishingStep(.fold)))
        var last = FinishingStep(.sign)
        last.index = UInt16(clamping: key)
        last.form = TextEncoding.hex.rawValue
        last.count = 32
        last.writes(written.upperBound - 64..<written.upperBound)
        draft.steps += DraftStep.joined(steps, draft.bytes, moving) + [DraftStep(last)]
    }

    private static func signedNames(_ request: [UInt8]) throws(TagError) -> [String] {
        let head = try HeaderEditing.head(of: request)
        let bytes = request.rawSpan
        var names: Set<String> = []
        var fields = HTTPFieldIterator(head)
        while let field = fields.next(bytes) {
            let name = HTTPHead.string(bytes, field.name).lowercased()
            if name == "host" || name == "content-type" || name.hasPrefix("x-amz-") { names.insert(name) }
        }
        return names.sorted()
    }

    private static func canonicalRequest(
        _ draft: TemplateBlock.Draft, _ head: HTTPHead, _ names: [String], _ moving: [Range<Int>], service: String
    ) throws(TagError) -> [DraftStep] {
        let request = draft.bytes
        var steps: [DraftStep] = [.copy(head.methodRange.range), .literal([10])]
        let path = SignatureCompiler.path(request, head)
        // Every service but S3 encodes the path once more.
        if service == "s3" || moving.contains(where: { $0.overlaps(path) }) {
            steps.append(.copy(path))
        } else {
            let segments = request[path].split(separator: 0x2F, omittingEmptySubsequences: false)
            steps.append(.literal(Array(segments.map { PercentEncoding.encoded($0) }.joined(separator: [0x2F]))))
        }
        steps.append(.literal([10]))
        for (index, pair) in SignatureCompiler.sortedQuery(request, head).enumerated() {
            if index > 0 { steps.append(.literal([0x26])) }
            steps.append(.copy(pair))
            if !request[pair].contains(0x3D) { steps.append(.literal([0x3D])) }
        }
        steps.append(.literal([10]))
        for name in names {
            steps.append(.literal(Array("\(name):".utf8)))
            for (index, field) in HeaderEditing.fields(name, in: request, head).enumerated() {
                if index > 0 { steps.append(.literal([0x2C])) }
                let value = field.value.range
                if moving.contains(where: { $0.overlaps(value) }) {
                    steps.append(.copy(value))
                } else {
                    steps.append(.literal(singleSpaced(request[value])))
                }
            }
            steps.append(.literal([10]))
        }
        steps.append(.literal(Array("\n\(names.joined(separator: ";"))\n".utf8)))
        if let stated = HeaderEditing.fields("x-amz-content-sha256", in: request, head).first {
            steps.append(.copy(stated.value.range))
            return steps
        }
        let body = head.length..<request.count
        if moving.contains(where: { $0.overlaps(body) }) {
            steps.append(DraftStep(FinishingStep(.digest, reading: body)))
        } else {
            steps.append(.literal(Array(SHA256.hex(Array(request[body])).utf8)))
        }
        return steps
    }

    private static func singleSpaced(_ value: ArraySlice<UInt8>) -> [UInt8] {
        Array(value.split(separator: 0x20).joined(separator: [0x20]))
    }
}
