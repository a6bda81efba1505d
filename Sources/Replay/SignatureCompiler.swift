import Bytes
import HTTP1
import Signing
import Tagging
import Tape

/// A step on its way into a block, with the bytes that it will point to.
struct DraftStep: Sendable {
    var step: FinishingStep
    var bytes: [UInt8] = []

    init(_ step: FinishingStep, bytes: [UInt8] = []) {
        self.step = step
        self.bytes = bytes
    }

    static func literal(_ bytes: [UInt8]) -> DraftStep {
        var step = FinishingStep(.literal)
        step.count = Int32(clamping: bytes.count)
        return DraftStep(step, bytes: bytes)
    }

    static func copy(_ range: Range<Int>) -> DraftStep { DraftStep(FinishingStep(.copy, reading: range)) }
}

/// Turns a signature's template into steps for one request. What no slot changes becomes a literal.
struct SignatureCompiler {
    private let signature: Rules.Signature
    private let key: Int
    private let signatureLength: Int
    private let locator: FieldLocator
    private let exchange: Exchange

    init(
        _ signature: Rules.Signature, key: Int, signatureLength: Int, locator: FieldLocator, exchange: Exchange
    ) {
        self.signature = signature
        self.key = key
        self.signatureLength = signatureLength
        self.locator = locator
        self.exchange = exchange
    }

    mutating func steps(_ draft: TemplateBlock.Draft) throws(TagError) -> [DraftStep] {
        let target = try range(signature.signature, draft)
        let moving = draft.movingRanges
        var steps: [DraftStep] = []
        for piece in signature.over {
            switch piece {
            case .literal(let text): steps.append(.literal(Array(text.utf8)))
            case .keyID: steps.append(.literal(Array(signature.keyID.utf8)))
            case .operation: steps.append(.literal(Array(exchange.operation.utf8)))
            case .timestamp: if let field = signature.timestamp { steps.append(try value(field, draft)) }
            case .nonce: if let field = signature.nonce { steps.append(try value(field, draft)) }
            case .field(let field): steps.append(try value(field, draft))
            case .method, .path, .query: steps += try head(piece, draft)
            case .body, .bodyDigest:
                let body = try bodyRange(draft)
                if body.overlaps(target) {
                    throw TagError(
                        .unsupported, "the signature would stand in the body that it signs",
                        remedy: "Say with 'over' which fields are signed, or put it into a header.")
                }
                if piece == .body {
                    steps.append(.copy(body))
                } else if moving.contains(where: { $0.overlaps(body) }) {
                    steps.append(DraftStep(FinishingStep(.digest, reading: body)))
                } else {
                    steps.append(.literal(Array(SHA256.hex(Array(draft.bytes[body])).utf8)))
                }
            }
        }
        var last = FinishingStep(.sign)
        last.index = UInt16(clamping: key)
        last.form = signature.encoding.rawValue
        last.count = Int32(clamping: signatureLength)
        last.writes(target)
        return DraftStep.joined(steps, draft.bytes, moving) + [DraftStep(last)]
    }

    private func range(_ field: RequestField, _ draft: TemplateBlock.Draft) throws(TagError) -> Range<Int> {
        try span(field, draft).range
    }

    private func span(_ field: RequestField, _ draft: TemplateBlock.Draft) throws(TagError) -> FieldSpan {
        guard
            let span = locator.find(field, in: draft.bytes, exchange.format, operation: exchange.operation)
        else { throw TagError(.nothingCanCarry, "\(field) is not in the request that is to be signed") }
        return span
    }

    /// A field's value as text: as it stands there, numbers of Thrift in decimal.
    private func value(_ field: RequestField, _ draft: TemplateBlock.Draft) throws(TagError) -> DraftStep {
        let span = try span(field, draft)
        switch span.encoding {
        case .integer: return DraftStep(FinishingStep(.integer, reading: span.range))
        case .zigzag: return DraftStep(FinishingStep(.zigzag, reading: span.range))
        case .double, .doubleLittleEndian:
            throw TagError(.unsupported, "\(field) is a double, which has no one text to sign")
        default: return .copy(span.range)
        }
    }

    private func head(_ piece: Rules.Signature.Piece, _ draft: TemplateBlock.Draft) throws(TagError) -> [DraftStep] {
        guard exchange.format.protocol == .http1 else {
            throw TagError(
                .unsupported, "a Thrift call has no method, path or query to sign",
                remedy: "Say with 'over' what is signed, as in \"${operation}\\n${request.1.2}\\n${timestamp}\".")
        }
        let head = try HeaderEditing.head(of: draft.bytes)
        switch piece {
        case .method: return [.copy(head.methodRange.range)]
        case .path: return [.copy(SignatureCompiler.path(draft.bytes, head))]
        default:
            let pairs = SignatureCompiler.sortedQuery(draft.bytes, head)
            return pairs.enumerated().flatMap { index, pair in
                index == 0 ? [DraftStep.copy(pair)] : [.literal([0x26]), .copy(pair)]
            }
        }
    }

    /// Without the query; `/` where there is nothing.
    static func path(_ request: [UInt8], _ head: HTTPHead) -> Range<Int> {
        let uri = head.uri.range
        let end = request[uri].firstIndex { $0 == 0x3F || $0 == 0x23 } ?? uri.upperBound
        return uri.lowerBound..<end
    }

    /// The pairs of the query as they stand there, by name and then by value, bytewise.
    static func sortedQuery(_ request: [UInt8], _ head: HTTPHead) -> [Range<Int>] {
        request[FieldLocator.query(request, head)].split(separator: 0x26).sorted { a, b in
            let (left, right) = (a.split(separator: 0x3D, maxSplits: 1), b.split(separator: 0x3D, maxSplits: 1))
            let (name, other) = (left.first ?? a, right.first ?? b)
            if !name.elementsEqual(other) { return name.lexicographicallyPrecedes(other) }
            return a.lexicographicallyPrecedes(b)
        }.map { $0.startIndex..<$0.endIndex }
    }

    private func bodyRange(_ draft: TemplateBlock.Draft) throws(TagError) -> Range<Int> {
        guard exchange.format.protocol == .http1 else { return 0..<draft.bytes.count }
        let head = try HeaderEditing.head(of: draft.bytes)
        if head.hasTransferEncoding {
            throw TagError(.unsupported, "the body is chunked, so that no one span of it is signed")
        }
        return head.length..<draft.bytes.count
    }
}

extension DraftStep {
    /// Neighbouring literals, and copies of what never changes, as one literal.
    static func joined(_ steps: [DraftStep], _ request: [UInt8], _ moving: [Range<Int>]) -> [DraftStep] {
        var result: [DraftStep] = []
        for step in steps {
            var constant: [UInt8]?
            if step.step.op == .literal { constant = step.bytes }
            if step.step.op == .copy {
                let range = Int(step.step.from)..<Int(step.step.from) + Int(step.step.count)
                if !moving.contains(where: { $0.overlaps(range) }) { constant = Array(request[range]) }
            }
            guard let constant else {
                result.append(step)
                continue
            }
            if let last = result.last, last.step.op == .literal {
                result[result.count - 1] = .literal(last.bytes + constant)
            } else {
                result.append(.literal(constant))
            }
        }
        return result
    }
}

extension TemplateBlock.Draft {
    /// What is another thing at each send.
    var movingRanges: [Range<Int>] {
        slots.map { Int($0.offset)..<Int($0.offset) + Int($0.length) } + steps.map(\.step.target).filter { !$0.isEmpty }
            + (bound?.targets.map(\.span.range) ?? [])
    }
}
