/// # HTTP1
///
/// HTTP/1.x messages without any input or output of their own (RFC 9112), for both directions: the head as ranges into
/// the caller's bytes, the framing decision of section 6.3, and a body cursor that takes bytes as they arrive. Nothing
/// here allocates, except where a name says `string` or `array`.
///
/// ```swift
/// var scanner = HTTPScanner(.response)
/// // `received` holds the reply from its first byte; call again when it has grown.
/// switch try scanner.advance(received.rawSpan, endOfStream: false) {
/// case .needMore: break
/// case .complete(let length): print(scanner.head.status, length)
/// }
/// ```
///
/// Tolerated, as real peers do: bare LF line ends, blank lines before a start line, several Transfer-Encoding headers
/// with `chunked` anywhere among them, leading zeros and extensions in chunk sizes, `http/1.1` in lower case. Anything
/// else that is malformed throws rather than being guessed at.
