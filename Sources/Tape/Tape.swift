/// # Tape
///
/// The one file that everything writes and reads: an MCAP container (https://mcap.dev/spec) with one protobuf message
/// `tinct.Exchange` for each request and its response, so that stock MCAP and protobuf tools open it too.
///
/// ```swift
/// let writer = try TapeWriter(path: "traffic.mcap", options: .init(source: "eth0.pcap"))
/// try writer.attach(name: "risk.thrift", mediaType: TapeMediaType.thrift, bytes: idl)
/// try writer.append(exchange)
/// try writer.finish()
///
/// let reader = try TapeReader(path: "traffic.mcap")
/// while let exchange = try reader.next() { print(exchange.operation) }
/// ```
///
/// - ``Exchange`` is the model; ``ExchangeSchema`` is its protobuf schema; ``ExchangeDecoder`` and
///   ``RecordBuffer/append(_:)`` are its codec.
/// - ``TapeWriter`` closes chunks by size and, when its caller says the time, by age; what it wrote before it was killed
///   can be read.
/// - ``TapeReader`` uses the summary when there is a sound one, else it scans; a tape that is cut anywhere opens up to its
///   last whole chunk.
package enum TapeModule {}

/// What the attachments of a tape are.
package enum TapeMediaType {
    package static let thrift = "text/x-thrift"
    package static let openAPI = "application/vnd.oai.openapi"
    package static let scenario = "application/vnd.tinct.scenario+yaml"
    package static let maskingPolicy = "application/vnd.tinct.masking+yaml"
    package static let manifest = "application/vnd.tinct.manifest+json"
}
