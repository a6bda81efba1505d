/// # Files
///
/// Plain blocking file access over the C library: ``FileInput`` reads a file or standard input, ``FileOutput`` writes
/// through a buffer, ``MappedFile`` lends a file's bytes without copying them, ``readFile(_:limit:)`` and
/// ``writeFile(_:bytes:mode:)`` do whole small files.
///
/// ```swift
/// let text = try readFile("schemas/risk_decision.thrift", limit: 1 << 20)
/// let output = try FileOutput(path: "copy.thrift")
/// try output.write(text)
/// try output.close()
/// ```
///
/// Everything throws ``FileError``, which names the path, what was tried and what the system said.
package enum FilesModule {}
