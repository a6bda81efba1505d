/// # Metrics
///
/// What a run counts: outcomes, latency histograms in HDR layout, and the result that is made of them.
///
/// ```swift
/// let latency = Histogram()
/// latency.record(micros: 1250)
/// latency.valueMicros(atPercentile: 99)   // 1250
/// ```
package enum MetricsModule {}
