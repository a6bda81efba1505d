/// # Report
///
/// What a replay did, for people: ``TextReport`` for a terminal, ``HTMLReport`` as one file that needs nothing else
/// (inline SVG, a small script for hovering, light and dark). Both are made from the `RunResult` alone, which is also
/// what `--json` and `--result` print.
///
/// ```swift
/// let page = HTMLReport.render(result)       // bytes of a UTF-8 HTML document
/// print(TextReport.render(result))
/// ```
///
/// Every text that comes from a tape, a target or a flag is escaped. Pure: no clock, socket, file or Foundation.
package enum ReportModule {}
