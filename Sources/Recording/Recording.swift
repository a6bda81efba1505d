/// # Recording
///
/// From packets to exchanges, with an account of everything that did not become one.
///
/// ```swift
/// var recorder = Recorder(RecordingOptions())
/// while let packet = try reader.next() {
///     reader.withBytes(of: packet) { recorder.add(packet, $0) }
///     for exchange in recorder.takeFinished() { … }
/// }
/// recorder.finish()
/// print(recorder.balance.closes)
/// ```
///
/// The protocol is recognised from content. A hole costs the messages that it cuts: content of known length is jumped
/// over, and otherwise reading goes on at the next place that is a whole, valid beginning of a message.
