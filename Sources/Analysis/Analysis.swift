/// # Analysis
///
/// Says what is on a tape and how two tapes differ: exchanges as JSON or as one line, the summary of a tape, and the
/// comparison of recorded and replayed responses.
package enum AnalysisModule {}
