import Foundation

/// What a program left behind.
package struct ProgramOutput: Sendable {
    package var status: Int32
    package var output: [UInt8]
    package var errors: [UInt8]

    package var text: String { String(decoding: output, as: UTF8.self) }
    package var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Runs a program to its end with `input` on stdin. Files stand for its streams, so that no pipe can fill up.
package func runProgram(_ path: String, _ arguments: [String], input: [UInt8] = []) throws -> ProgramOutput {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tinct-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = ["in", "out", "err"].map { folder.appendingPathComponent($0) }
    try Data(input).write(to: names[0])
    for name in names.dropFirst() { try Data().write(to: name) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: names[0])
    process.standardOutput = try FileHandle(forWritingTo: names[1])
    process.standardError = try FileHandle(forWritingTo: names[2])
    try process.run()
    process.waitUntilExit()
    return ProgramOutput(
        status: process.terminationStatus, output: Array(try Data(contentsOf: names[1])),
        errors: Array(try Data(contentsOf: names[2])))
}
