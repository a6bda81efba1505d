import Bytes
package import Expression
import HTTP1
import JSON
package import Signing
import Tagging
package import Tape

/// What the rules of a run need besides the file: keys, tokens, and a way to look into recorded exchanges.
package struct RuleContext: Sendable {
    /// One for each change that signs, in the order of the file.
    package var keys: [SigningKey] = []
    /// One for each token of the file.
    package var tokens: [TokenSource] = []
    /// How long tokens that are fetched may become, by token; 0 for others.
    package var tokenWidths: [Int] = []
    /// Whether a condition holds for an exchange.
    package var holds: @Sendable (Expression, Exchange) -> Bool = { _, _ in true }

    package init() {}
}

/// Applies the changes of a rules file to the requests of a tape.
struct ChangeCompiler: Sendable {
    private let rules: Rules
    private let context: RuleContext
    let locator: FieldLocator
    /// Index of each change's key.
    private let keyOfChange: [Int]
    private var matching: [String: [Int]] = [:]
    private var numbers = ValueNumbers()
    private var isUsed = false

    /// The first change of a file of which none was for any request: what it names the tape does not have.
    var idle: Rules.Change? { isUsed ? nil : rules.changes.first }

    init(_ rules: Rules, _ context: RuleContext, _ locator: FieldLocator) {
        self.rules = rules
        self.context = context
        self.locator = locator
        var next = 0
        keyOfChange = rules.changes.map { change in
            defer { if change.signature != nil { next += 1 } }
            return next
        }
    }

    /// The changes that hold for an exchange.
    mutating func changes(for exchange: Exchange) -> [Int] {
        let candidates: [Int]
        if let known = matching[exchange.operation] {
            candidates = known
        } else {
            candidates = rules.changes.indices.filter { locator.names(rules.changes[$0].operation, exchange.operation) }
            if matching.count < 65_536 { matching[exchange.operation] = candidates }
        }
        let holding = candidates.filter { index in
            rules.changes[index].condition.map { context.holds($0, exchange) } ?? true
        }
        if !holding.isEmpty { isUsed = true }
        return holding
    }

    // MARK: Before the tag

    /// Writes everything that is constant, and makes room for what is not.
    mutating func edit(_ request: [UInt8], _ exchange: Exchange, _ changes: [Int]) throws(TagError) -> [UInt8] {
        var editor = RequestEditor(
            locator: locator, format: exchange.format, operation: exchange.operation, bytes: request)
        for index in changes {
            let change = rules.changes[index]
            for edit in change.edits {
                switch edit {
                case .set(let field, let value): try editor.set(field, to: value)
                case .remove(let field): try editor.remove(field)
                case .rename(let field, let name): try editor.rename(field, to: name)
                case .map(let field, let table, let otherwise):
                    try editor.map(field, table, otherwise: otherwise)
                }
            }
            for (field, form) in change.fresh { try prepare(field, form, exchange, &editor) }
            for (field, form) in change.nonces { try prepare(field, form, exchange, &editor) }
            for field in change.now where editor.text(of: field) == nil {
                try editor.set(field, to: .string(ValueForms.placeholder(.rfc3339)))
            }
            for (field, prefix, token) in change.tokens {
                let width = try tokenWidth(token, exchange, editor)
                try editor.set(field, to: .string(prefix + String(repeating: "-", count: width)))
            }
        }
        for index in changes {
            guard let signature = rules.changes[index].signature else { continue }
            try prepare(signature, keyOfChange[index], &editor)
        }
        return editor.bytes
    }

    /// A value of the form that is wanted, which depends on the recorded one alone.
    private mutating func prepare(
        _ field: RequestField, _ form: Rules.Change.Form, _ exchange: Exchange, _ editor: inout RequestEditor
    ) throws(TagError) {
        let recorded = editor.text(of: field)
        if form == .like {
            if recorded != nil { return }
            throw TagError(
                .nothingCanCarry, "\(field) is not there, so that nothing can be like it",
                remedy: "Give uuid or a pattern for fields that are to be made.")
        }
        // What was not recorded is of its own exchange.
        let digest = Compiler.digest(Array((recorded ?? "exchange \(exchange.id)").utf8))
        switch form {
        case .like: break
        case .uuid: try editor.set(field, to: .string(ValueForms.uuid(digest)))
        case .pattern(let pattern):
            try editor.set(field, to: .string(ValueForms.filled(pattern, numbers.number(of: digest), digest)))
        }
    }

    private func prepare(
        _ signature: Rules.Signature, _ key: Int, _ editor: inout RequestEditor
    ) throws(TagError) {
        if signature.scheme == .awsSignature4 {
            guard editor.format.protocol == .http1 else {
                throw TagError(.unsupported, "aws-sigv4 signs HTTP requests alone")
            }
            return try AWSSignature.prepare(signature, in: &editor.bytes)
        }
        let width = signature.encoding.length(of: context.keys[key].signatureLength)
        try editor.set(signature.signature, to: .string(String(repeating: "0", count: width)))
        if let field = signature.timestamp {
            try editor.set(field, to: .string(ValueForms.placeholder(signature.clock)))
        }
        if let field = signature.nonce {
            try editor.set(field, to: .string(String(repeating: "a", count: signature.nonceLength)))
        }
        if let field = signature.keyIDField { try editor.set(field, to: .string(signature.keyID)) }
    }

    // MARK: After the tag

    /// The slots and steps of the changes, for the tagged request.
    mutating func finish(
        _ draft: inout TemplateBlock.Draft, _ exchange: Exchange, _ changes: [Int], seed: UInt64
    ) throws(TagError) {
        for index in changes {
            let change = rules.changes[index]
            for (field, form) in change.fresh {
                for span in try spans(field, form, draft.bytes, exchange) {
                    guard var slot = FreshValues.slot(span, in: draft.bytes, seed: seed) else { continue }
                    slot.isEveryRound = true
                    add(slot, &draft)
                }
            }
            for (field, form) in change.nonces {
                for span in try spans(field, form, draft.bytes, exchange) {
                    add(Slot(range: span.range, kind: .nonce), &draft)
                }
            }
            for field in change.now { try addNow(field, "", &draft, exchange) }
            for (field, prefix, token) in change.tokens {
                try addToken(field, prefix.utf8.count, token, &draft, exchange)
            }
        }
        // Signed is what everything else has been written into.
        for index in changes {
            guard let signature = rules.changes[index].signature else { continue }
            if let field = signature.nonce {
                add(Slot(range: try span(field, draft.bytes, exchange).range, kind: .nonce), &draft)
            }
            if signature.scheme != .awsSignature4, let field = signature.timestamp {
                let unit = signature.clock == .seconds ? "s" : signature.clock == .millis ? "ms" : ""
                try addNow(field, unit, &draft, exchange)
            }
        }
    }

    /// Compiles the signatures, the last of all.
    func sign(_ draft: inout TemplateBlock.Draft, _ exchange: Exchange) throws(TagError) {
        for index in draft.changes {
            guard let signature = rules.changes[index].signature else { continue }
            if signature.scheme == .awsSignature4 {
                try AWSSignature.add(signature, key: keyOfChange[index], to: &draft)
                continue
            }
            var compiler = SignatureCompiler(
                signature, key: keyOfChange[index], signatureLength: context.keys[keyOfChange[index]].signatureLength,
                locator: locator, exchange: exchange)
            draft.steps += try compiler.steps(draft)
        }
    }

    private func add(_ slot: Slot, _ draft: inout TemplateBlock.Draft) {
        let range = Int(slot.offset)..<Int(slot.offset) + Int(slot.length)
        if !draft.slots.contains(where: { $0.overlaps(range) }) { draft.slots.append(slot) }
    }

    private func span(
        _ field: RequestField, _ request: [UInt8], _ exchange: Exchange
    ) throws(TagError) -> FieldSpan {
        guard let span = locator.find(field, in: request, exchange.format, operation: exchange.operation) else {
            throw TagError(.nothingCanCarry, "\(field) is not in the request, or cannot be reached in it")
        }
        return span
    }

    /// What of a field varies: all of it, or the runs of its pattern.
    private func spans(
        _ field: RequestField, _ form: Rules.Change.Form, _ request: [UInt8], _ exchange: Exchange
    ) throws(TagError) -> [FieldSpan] {
        let whole = try span(field, request, exchange)
        guard case .pattern(let pattern) = form, whole.range.count == pattern.utf8.count else {
            // The same value at other places of the request stays the same.
            return DeclaredIdentities.withEchoes([whole], in: request)
        }
        return ValueForms.variableRuns(pattern).map { run in
            FieldSpan(whole.range.lowerBound + run.lowerBound..<whole.range.lowerBound + run.upperBound, whole.encoding)
        }
    }

    private func addNow(
        _ field: RequestField, _ unit: String, _ draft: inout TemplateBlock.Draft, _ exchange: Exchange
    ) throws(TagError) {
        let span = try span(field, draft.bytes, exchange)
        guard var slot = EventTime.slot(span, in: draft.bytes, unit: unit) else {
            throw TagError(
                .unsupported, "\(field) holds no time whose form is known",
                remedy: "Set it to a time of the form that is wanted, in the same rule.")
        }
        slot.kind = .now
        slot.state = 0
        add(slot, &draft)
    }

    private func tokenWidth(
        _ token: Int, _ exchange: Exchange, _ editor: RequestEditor
    ) throws(TagError) -> Int {
        switch context.tokens[token] {
        case .shared: return context.tokenWidths[token]
        case .jwt(let jwt): return jwt.length(claims: try claims(token, editor).count)
        }
    }

    private func addToken(
        _ field: RequestField, _ prefix: Int, _ token: Int, _ draft: inout TemplateBlock.Draft, _ exchange: Exchange
    ) throws(TagError) {
        var range = try span(field, draft.bytes, exchange).range
        range = range.lowerBound + prefix..<range.upperBound
        var step = DraftStep(FinishingStep(.token))
        step.step.index = UInt16(clamping: token)
        step.step.writes(range)
        step.step.form = FinishingStep.constantToken
        if case .shared = context.tokens[token] { step.step.form = FinishingStep.sharedToken }
        if case .jwt(let jwt) = context.tokens[token] {
            let editor = RequestEditor(
                locator: locator, format: exchange.format, operation: exchange.operation, bytes: draft.bytes)
            let claims = try claims(token, editor)
            // The tag or a rule may have changed what the claims were made of; then the room would not fit.
            guard jwt.length(claims: claims.count) == range.count else {
                throw TagError(.conflict, "a claim of the token depends on a value that is changed")
            }
            if isPersonal(token) { step.bytes = claims }
        }
        draft.steps.append(step)
    }

    /// Whether the claims of a token depend on the request.
    private func isPersonal(_ token: Int) -> Bool {
        guard case .jwt(let jwt) = rules.tokens[token].kind else { return false }
        return !jwt.claims.isEmpty
    }

    /// The claims as JSON, up to where the times follow.
    private func claims(_ token: Int, _ editor: RequestEditor) throws(TagError) -> [UInt8] {
        guard case .jwt(let jwt) = rules.tokens[token].kind else { return [] }
        var text: [UInt8] = [0x7B]
        for claim in jwt.claims {
            text.append(jsonQuoted: claim.name)
            text.append(0x3A)
            text += try ClaimText.json(claim.value) { field throws(TagError) in
                guard let value = editor.text(of: field) else {
                    throw TagError(.nothingCanCarry, "the request has no \(field) for the claim \(claim.name)")
                }
                return value
            }
            text.append(0x2C)
        }
        return text
    }
}
