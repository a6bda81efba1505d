/// # Replay
///
/// Sends the requests of a tape again: tagged, on time, within what the guard allows, and with every due request in
/// exactly one outcome.
///
/// ```
///              Feeder (one thread)                       Loop (one thread for each core)
///  tape ──▶ Compiler: exchange → template ──▶ queue ──▶ Cursor → connections → outcomes, histograms ──▶ RunSummary
///             Guard · Tagger · identities     blocks      Pacer says when                                → RunResult
/// ```
///
/// A template is compiled once; sending it fills its slots in place and hands the bytes to the kernel. Loops share
/// nothing; what they counted is added up when they have ended.
///
/// ```swift
/// let gatekeeper = try Guard(request, policy: nil, secondsOfDay: 0) { try $0.resolved() }
/// let run = Run(options: options, gatekeeper: gatekeeper, source: tape, identities: DeclaredIdentities())
/// let result = try run.run(signals: nil) { _ in }
/// result[.ok]
/// ```
