/// # Thrift
///
/// Thrift messages in every protocol (strict and old Binary, Compact, JSON) and transport (framed, unframed, THeader and
/// TTHeader with zlib, Finagle's), without input or output.
///
/// - ``ThriftDetector`` says from the first bytes of a stream what is spoken on it.
/// - ``MessageScanner`` finds where each message ends, whatever the pieces in which the bytes arrive, and allocates nothing.
/// - ``ThriftScanner`` does the same for every transport and protocol, ``ThriftFrame`` decodes and encodes all that stands
///   around a message, ``HeaderTransport`` the header of THeader and TTHeader.
/// - ``ThriftMessage`` and ``ThriftValue`` are trees that decode and encode as Apache's own library does.
/// - ``ThriftWriter`` appends messages straight to bytes.
/// - ``ThriftEditor`` finds, sets and inserts a field of an encoded message by its ``FieldPath``.
///
/// ```swift
/// var scanner = MessageScanner(.framed, .binary)
/// switch scanner.scan(received.rawSpan) {
/// case .message(let message): print(message.header.name(in: received.rawSpan), message.length)
/// case .needMore(let total): break      // call again once there are that many bytes
/// case .invalid(let error): throw error
/// }
/// ```
///
/// Sources: the Apache Thrift project's `doc/specs` (thrift-binary-protocol, thrift-compact-protocol, thrift-rpc, HeaderFormat) and
/// CloudWeGo's description of TTHeader.
package enum ThriftModule {}
