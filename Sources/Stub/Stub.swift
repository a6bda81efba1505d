/// # Stub
///
/// Our stand-in for a target: a server that answers HTTP/1.1 and Thrift on one port from a tape or by rules.
///
/// - ``AnswerBook`` holds every answer ready to be sent, found by operation and by matching request.
/// - ``StubRules`` say what is answered otherwise, what is slow and what fails; ``RuleRunner`` applies them.
/// - ``StubEngine`` decides: from the bytes of one request to one answer, and counts what it saw and which of it carried
///   the tag.
/// - ``StubSession`` is one connection without its socket: bytes in, bytes out, in order, each answer after its delay.
/// - ``StubServer`` is the thread that moves bytes between sockets and sessions.
///
/// ```swift
/// var builder = AnswerBook.Builder()
/// for exchange in exchanges { builder.add(exchange) }
/// var engine = StubEngine(book: builder.finish())
/// var session = StubSession()
/// session.receive(bytes, nowNanos: 0, engine: &engine)
/// // session.output holds what is to be sent
/// ```
///
/// A recorded response is replayed as it was, chunked or compressed, with two exceptions: a Thrift reply gets the seqid
/// of its call and the framing and encoding of its connection, and a response to HEAD that was recorded for GET loses
/// its body. Everything but ``StubServer`` is free of clocks and sockets.
package enum StubModule {}
