/// # Signing
///
/// Secrets, and what is made with them in the last moment before a request is sent: digests, signatures, tokens.
///
/// ```
///  request, slots filled ──▶ FinishingStep … ──▶ Finisher ──▶ the same bytes, signed
/// ```
///
/// What is signed is compiled once for each request into ``FinishingStep``s: pieces of the request, literals, digests of
/// spans, and where the signature goes. A ``Finisher`` runs them at each send; it belongs to one thread, keeps its
/// contexts, and allocates nothing once its buffer is large enough.
///
/// ```swift
/// let key = SigningKey(.hmac(.sha256), secret)
/// let finisher = Finisher(keys: [key])
/// finisher.run(steps, count: 3, in: bytes, nowNanos: now, draw: 1)
/// ```
package enum SigningModule {}
