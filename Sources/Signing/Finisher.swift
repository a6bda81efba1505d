internal import COpenSSL
internal import Glibc

/// Runs the ``FinishingStep``s of requests. Belongs to one thread.
@safe
package final class Finisher {
    private let signers: [Signer]
    private var tokens: [TokenState]
    private let sha256: DigestContext
    private var others: [DigestKind: DigestContext] = [:]
    private var buffer: UnsafeMutablePointer<UInt8>
    private var capacity = 4096
    private var used = 0
    private var marked = 0
    /// A digest or a signature on its way.
    private let scratch: UnsafeMutablePointer<UInt8>
    /// Steps that could not be done: a token that had grown, a key that refused.
    package private(set) var failures: UInt64 = 0

    private static let scratchLength = 2048

    /// Tokens of which each thread keeps its own copy.
    private struct TokenState {
        var source: TokenSource
        var signer: Signer?
        /// The token that is the same for all requests, and when it was made, in seconds.
        var text: [UInt8] = []
        var issued: UInt64 = 0
        var version: UInt64 = 0

        mutating func renew(_ token: SharedToken) { token.update(&text, known: &version) }
    }

    package init(keys: [SigningKey], tokens: [TokenSource]) {
        signers = keys.map { Signer($0) }
        self.tokens = tokens.map { source in
            var state = TokenState(source: source)
            if case .jwt(let token) = source { state.signer = Signer(token.key) }
            return state
        }
        guard let sha256 = DigestContext(.sha256) else { preconditionFailure("libcrypto has no SHA-256") }
        self.sha256 = sha256
        unsafe buffer = .allocate(capacity: capacity)
        unsafe scratch = .allocate(capacity: Finisher.scratchLength)
    }

    deinit {
        unsafe wipe(buffer, capacity)
        unsafe wipe(scratch, Finisher.scratchLength)
        unsafe buffer.deallocate()
        unsafe scratch.deallocate()
    }

    /// Finishes a request in place.
    ///
    /// - Parameters:
    ///   - bytes: the request, long enough for every span of the steps.
    ///   - nowNanos: ns since 1970, for the times in tokens.
    ///   - draw: unique in the run, for the ids of tokens.
    package func run(
        _ steps: UnsafePointer<FinishingStep>, count: Int, in bytes: UnsafeMutablePointer<UInt8>, nowNanos: UInt64,
        draw: UInt64
    ) {
        used = 0
        marked = 0
        for index in 0..<count {
            let step = unsafe steps[index]
            let source = unsafe bytes + Int(step.from)
            let length = Int(step.count)
            switch step.op {
            case .literal: if let literal = unsafe step.bytes { unsafe append(literal, length) }
            case .copy: unsafe append(source, length)
            case .integer:
                var value = unsafe length > 0 && source[0] >= 0x80 ? Int64(-1) : 0
                for at in 0..<length { value = unsafe value << 8 | Int64(source[at]) }
                append(decimal: value)
            case .zigzag:
                var value: UInt64 = 0
                for at in 0..<min(length, 10) { value |= UInt64(unsafe source[at] & 0x7F) << UInt64(7 * at) }
                append(decimal: Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1))
            case .digest:
                unsafe sha256.digest(source, length, into: scratch)
                appendHex(32)
            case .mark: marked = used
            case .fold:
                unsafe sha256.digest(buffer + marked, used - marked, into: scratch)
                used = marked
                appendHex(32)
            case .sign: unsafe sign(step, bytes)
            case .put: unsafe put(step, source, length, bytes)
            case .token: unsafe writeToken(step, bytes, nowNanos, draw)
            }
        }
    }

    /// Whether every shared token is still good at `nowNanos`.
    package func holdsTokens(at nowNanos: UInt64) -> Bool {
        tokens.allSatisfy { state in
            guard case .shared(let token) = state.source else { return true }
            return token.current.expiresNanos > nowNanos
        }
    }

    // MARK: Steps

    private func sign(_ step: FinishingStep, _ bytes: UnsafeMutablePointer<UInt8>) {
        defer { used = 0 }
        guard signers.indices.contains(Int(step.index)), let encoding = TextEncoding(rawValue: step.form),
            unsafe signers[Int(step.index)].sign(buffer, used, into: scratch)
        else {
            failures += 1
            return
        }
        unsafe encoding.write(scratch, Int(step.count), to: bytes + Int(step.to))
    }

    private func put(
        _ step: FinishingStep, _ source: UnsafePointer<UInt8>, _ length: Int, _ bytes: UnsafeMutablePointer<UInt8>
    ) {
        guard let kind = DigestKind(rawValue: step.form), let digest = context(kind) else {
            failures += 1
            return
        }
        unsafe digest.digest(source, length, into: scratch)
        unsafe TextEncoding.base64.write(scratch, kind.length, to: bytes + Int(step.to))
    }

    private func context(_ kind: DigestKind) -> DigestContext? {
        if kind == .sha256 { return sha256 }
        if let known = others[kind] { return known }
        let made = DigestContext(kind)
        others[kind] = made
        return made
    }

    // MARK: Tokens

    private func writeToken(
        _ step: FinishingStep, _ bytes: UnsafeMutablePointer<UInt8>, _ nowNanos: UInt64, _ draw: UInt64
    ) {
        let index = Int(step.index)
        guard tokens.indices.contains(index) else { return }
        let target = unsafe bytes + Int(step.to)
        switch tokens[index].source {
        case .shared(let token):
            tokens[index].renew(token)
            unsafe copy(tokens[index].text, to: target, Int(step.width))
        case .jwt(let token):
            let seconds = nowNanos / 1_000_000_000
            // The same for all requests, and used more than once: made when half of its life is over.
            let isShared = unsafe !token.hasID && step.bytes == nil
            if isShared && seconds < tokens[index].issued + max(1, token.lifetime / 2) {
                unsafe copy(tokens[index].text, to: target, Int(step.width))
                return
            }
            unsafe make(token, tokens[index].signer, step, target, seconds, draw)
            if isShared {
                tokens[index].issued = seconds
                tokens[index].text = unsafe Array(UnsafeBufferPointer(start: target, count: Int(step.width)))
            }
        }
    }

    /// Behind a shorter token come blanks, which are no part of a field's value (RFC 9110 section 5.5).
    private func copy(_ text: [UInt8], to target: UnsafeMutablePointer<UInt8>, _ width: Int) {
        if text.count > width || text.isEmpty {
            failures += 1
            return
        }
        for index in 0..<text.count { unsafe target[index] = text[index] }
        for index in text.count..<width { unsafe target[index] = 0x20 }
    }

    private func make(
        _ token: JSONWebToken, _ signer: Signer?, _ step: FinishingStep, _ target: UnsafeMutablePointer<UInt8>,
        _ seconds: UInt64, _ draw: UInt64
    ) {
        let start = used
        if let claims = unsafe step.bytes {
            unsafe append(claims, Int(step.count))
        } else {
            append("{")
        }
        append("\"iat\":")
        append(decimal: Int64(clamping: seconds))
        append(",\"exp\":")
        append(decimal: Int64(clamping: seconds &+ token.lifetime))
        if token.hasID {
            append(",\"jti\":\"")
            appendHex(draw)
            appendHex(draw &* 0x9E37_79B9_7F4A_7C15 ^ 0xD1B5_4A32_D192_ED03)
            append("\"")
        }
        append("}")
        var at = 0
        for byte in token.header {
            unsafe target[at] = byte
            at += 1
        }
        let encoding = TextEncoding.base64url
        unsafe encoding.write(buffer + start, used - start, to: target + at)
        at += encoding.length(of: used - start)
        used = start
        let length = token.key.signatureLength
        guard let signer, unsafe signer.sign(target, at, into: scratch) else {
            failures += 1
            return
        }
        unsafe target[at] = 0x2E
        unsafe encoding.write(scratch, length, to: target + at + 1)
    }

    // MARK: The buffer

    @inline(__always)
    private func append(_ source: UnsafePointer<UInt8>, _ count: Int) {
        if used + count > capacity { grow(to: used + count) }
        unsafe (buffer + used).update(from: source, count: count)
        used += count
    }

    private func append(_ text: StaticString) { unsafe append(text.utf8Start, text.utf8CodeUnitCount) }

    private func append(decimal value: Int64) {
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var rest = value.magnitude
        var at = 20
        repeat {
            at -= 1
            digits[at] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if used + 21 > capacity { grow(to: used + 21) }
        if value < 0 {
            unsafe buffer[used] = 0x2D
            used += 1
        }
        for index in at..<20 {
            unsafe buffer[used] = digits[index]
            used += 1
        }
    }

    private func appendHex(_ count: Int) {
        if used + 2 * count > capacity { grow(to: used + 2 * count) }
        unsafe TextEncoding.hex.write(scratch, count, to: buffer + used)
        used += 2 * count
    }

    /// Sixteen digits.
    private func appendHex(_ word: UInt64) {
        for place in 0..<8 { unsafe scratch[place] = UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * place)) }
        appendHex(8)
    }

    private func grow(to needed: Int) {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: max(needed, capacity * 2))
        unsafe larger.update(from: buffer, count: used)
        unsafe wipe(buffer, capacity)
        unsafe buffer.deallocate()
        unsafe buffer = larger
        capacity = max(needed, capacity * 2)
    }
}
