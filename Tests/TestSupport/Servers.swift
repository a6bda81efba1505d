import Foundation
import Glibc

/// A TCP port of the loopback that nobody listened on a moment ago.
package func freePort() throws -> Int { try RefusingPort().number }

/// A TCP port of the loopback on which every connection is refused, and which nobody else can take, as long as this value
/// lives.
package final class RefusingPort {
    package let number: Int
    private let descriptor: Int32

    package init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TestSupportError("no socket: errno \(errno)") }
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failed = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe bind(descriptor, generic, length) != 0 || getsockname(descriptor, generic, &length) != 0
            }
        }
        guard !failed else {
            close(descriptor)
            throw TestSupportError("no free port: errno \(errno)")
        }
        self.descriptor = descriptor
        number = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }
}

/// Waits until something accepts connections on a port of the loopback.
package func waitForListener(port: Int, of process: ChildProcess? = nil, timeoutSeconds: Double = 10) throws {
    let deadline = Date(timeIntervalSinceNow: timeoutSeconds)
    while Date() < deadline {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: port)
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        close(descriptor)
        if connected { return }
        if let process, !process.isRunning {
            throw TestSupportError("the server ended: \(String(decoding: process.errorsSoFar, as: UTF8.self))")
        }
        usleep(5_000)
    }
    throw TestSupportError("nothing listens on port \(port) after \(timeoutSeconds) s")
}

private func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}

/// nginx as an HTTP risk endpoint that logs the tag of each request it got (Tests/EndToEndTests/Native/nginx.conf.in).
package final class NginxServer: Sendable {
    package let port: Int
    package let process: ChildProcess
    private let directory: TemporaryDirectory

    /// Nil when nginx is not installed.
    package static var program: String? {
        ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].first(
            where: FileManager.default.isExecutableFile)
    }

    package init() throws {
        guard let program = Self.program else { throw TestSupportError("nginx is not installed (make deps-test)") }
        port = try freePort()
        directory = try TemporaryDirectory("tinct-nginx")
        let configuration = try Repository.text("Tests/EndToEndTests/Native/nginx.conf.in")
            .replacingOccurrences(of: "@DIR@", with: directory.path)
            .replacingOccurrences(of: "@PORT@", with: "\(port)")
            .replacingOccurrences(of: "@USER@", with: getuid() == 0 ? "user root;" : "")
        let path = try directory.write("nginx.conf", text: configuration)
        process = try ChildProcess(program, ["-p", directory.path, "-e", directory.file("error.log"), "-c", path])
        try waitForListener(port: port, of: process)
    }

    /// One request that it served, as its log has it.
    package struct Entry: Decodable, Sendable {
        package var method: String
        package var uri: String
        package var status: Int
        package var length: String
        /// `x-stress-test`.
        package var tag: String
        package var baggage: String
        /// `didi-header-hint-code`.
        package var hintCode: String
        package var connection: Int
        package var ordinal: Int
    }

    /// Stops it and returns its log.
    package func finish() throws -> [Entry] {
        _ = process.stop(SIGQUIT)
        let text = String(decoding: try fileBytes(directory.file("access.log")), as: UTF8.self)
        let decoder = JSONDecoder()
        return try text.split(separator: "\n").map { try decoder.decode(Entry.self, from: Data($0.utf8)) }
    }
}

/// Apache Thrift's own C++ `TNonblockingServer` for schemas/risk_decision.thrift (Tests/EndToEndTests/Native).
/// Tests that use it carry `.requires(.native)`.
package final class NativeThriftServer: Sendable {
    package enum Encoding: String, Sendable { case binary, compact }

    package let port: Int
    package let process: ChildProcess

    package init(_ encoding: Encoding = .binary, countsIDs: Bool = false) throws {
        port = try freePort()
        process = try ChildProcess(
            try TestEnvironment.native.path() + "/risk_server",
            ["\(port)", encoding.rawValue] + (countsIDs ? ["--count-ids"] : []))
        try waitForListener(port: port, of: process)
    }

    /// What it decoded.
    package struct Counts: Decodable, Sendable {
        /// One of them is the test's own, which waited for the server.
        package var connections: Int
        package var calls: Int
        package var evaluate: Int
        package var report: Int
        package var unknownMethods: Int
        /// Messages that the library refused: broken bytes, required fields missing.
        package var decodeFailures: Int
        /// Bytes that stood behind a message within its frame.
        package var trailingBytes: Int
        package var withTrace: Int
        /// `hintCode & 1`.
        package var tagged: Int
        package var declaredExceptions: Int
        package var approve: Int
        package var decline: Int
        package var review: Int
        package var stepUp: Int
        package var distinctIds: Int?
        package var repeatedIds: Int
    }

    /// Stops it and returns its counts.
    package func finish() throws -> Counts {
        let result = process.stop()
        guard result.status == 0 else {
            throw TestSupportError("risk_server ended with \(result.status): \(result.errors)")
        }
        return try JSONDecoder().decode(Counts.self, from: Data(result.stdout))
    }
}
