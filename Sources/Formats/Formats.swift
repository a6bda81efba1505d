/// # Formats
///
/// Exchanges in the formats that other tools read and write: JSON Lines, CSV, HAR 1.2, GoReplay's `.gor`, vegeta's JSON
/// targets, curl commands and pcap out, `.gor` and HAR 1.2 in.
///
/// ```swift
/// var exporter = ExportFormat.har.exporter(columns: [], view: view, creator: ("tinct", "1.0"))
/// var out: [UInt8] = []
/// exporter.begin(&out)
/// let reason = exporter.append(exchange, to: &out)   // nil, or why the format cannot say it
/// exporter.finish(&out)
/// ```
///
/// What was masked on the tape is masked in every format: they are made from the tape's bytes and from nothing else.
package enum FormatsModule {}
