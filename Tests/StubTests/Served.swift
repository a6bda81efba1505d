import Bytes
import EventLoop
import Foundation

@testable import Stub

/// A stub that runs on a thread of its own while a peer talks to it.
final class Served: Sendable {
    private let state = Lock<(port: UInt16, counts: StubCounts?, failure: String)>((0, nil, ""))
    private let thread = Lock<LoopThread?>(nil)

    var port: UInt16 { state.withLock { $0.port } }

    /// Ends after `requests` requests, or after `seconds`.
    init(_ engine: StubEngine, requests: UInt64? = nil, seconds: UInt64 = 20) throws {
        let ready = DispatchSemaphore(value: 0)
        let running = try LoopThread { [self] in
            do throws(SystemError) {
                let address = try SocketAddress(resolving: "127.0.0.1", port: 0)
                var server = try StubServer(listeningOn: address, engine: engine)
                state.withLock { $0.port = server.address.port }
                ready.signal()
                try server.run(.init(requests: requests, durationNanos: seconds * 1_000_000_000))
                state.withLock { $0.counts = server.engine.counts }
            } catch {
                state.withLock { $0.failure = error.description }
                ready.signal()
            }
        }
        thread.withLock { $0 = running }
        ready.wait()
    }

    /// What the server counted, once it has ended.
    func counts() throws -> StubCounts {
        thread.withLock { $0 }?.join()
        let result = state.withLock { ($0.counts, $0.failure) }
        guard let counts = result.0 else { throw PeerFailure(text: result.1) }
        return counts
    }
}

struct PeerFailure: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}

/// Somebody else's program.
enum Peer {
    /// Where `name` stands on the path, or nil.
    static func find(_ name: String) -> String? {
        if name.hasPrefix("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static var python: String? { find(ProcessInfo.processInfo.environment["TINCT_PYTHON"] ?? "/usr/bin/python3") }

    /// Standard output of the program; throws with its standard error when it fails.
    static func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        if process.terminationStatus != 0 {
            let words = String(decoding: complaint, as: UTF8.self)
            throw PeerFailure(text: "\(program) ended with \(process.terminationStatus): \(words)")
        }
        return text
    }

    /// The root of the checkout.
    static var root: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    static func temporaryFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tinct-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }
}
