import Foundation
import Glibc
import JSON
import Tape
import TestSupport
import Testing

private enum Rights {
    /// CAP_NET_RAW is the 14th capability.
    static var mayCapture: Bool {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return UInt64(line?.split(separator: "\t").last ?? "", radix: 16).map { $0 & 1 << 13 != 0 } ?? false
    }

    static var mayCaptureAsRoot: Bool { mayCapture && getuid() == 0 && NginxServer.program != nil }
}

/// `record --interface` on the loopback, with nginx as the witness of what was asked and curl asking.
@Suite(.enabled(if: Rights.mayCapture, "the process lacks CAP_NET_RAW"))
struct LiveTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// Starts a recording of one port of the loopback and waits until it runs.
    private func record(_ interface: String = "lo", port: Int, _ flags: String...) throws -> ChildProcess {
        let process = try ChildProcess(
            Repository.binary,
            ["record", "-i", interface, "--filter", "tcp port \(port)", "-o", folder.file("live.mcap"), "--json"]
                + flags)
        let deadline = Date(timeIntervalSinceNow: 20)
        while !String(decoding: process.errorsSoFar, as: UTF8.self).contains("recording \(interface)") {
            guard process.isRunning, Date() < deadline else {
                throw TestSupportError("no recording: \(String(decoding: process.errorsSoFar, as: UTF8.self))")
            }
            usleep(10_000)
        }
        return process
    }

    /// Asks for decisions by number, one after the other over one connection.
    private func ask(_ server: NginxServer, _ numbers: ClosedRange<Int>) throws -> ChildProcess {
        let url = "http://127.0.0.1:\(server.port)/v1/risk/decisions/[\(numbers.lowerBound)-\(numbers.upperBound)]"
        return try ChildProcess("curl", ["-s", "-o", "/dev/null", "-A", "test", url])
    }

    private func number(of exchange: Exchange) -> Int? {
        guard let wire = exchange.request?.wire else { return nil }
        let line = String(decoding: wire.prefix { $0 != 13 }, as: UTF8.self)
        return line.split(separator: " ").dropFirst().first?.split(separator: "/").last.flatMap { Int($0) }
    }

    private func exchanges(_ path: String) throws -> [Exchange] {
        let reader = try TapeReader(path: path)
        var all: [Exchange] = []
        while let exchange = try reader.next() { all.append(exchange) }
        return all
    }

    @Test(
        "Each request that a server logged is on the tape once",
        .enabled(if: NginxServer.program != nil, "no nginx"), arguments: ["lo", "any"])
    func countsAgree(interface: String) throws {
        let server = try NginxServer()
        let recording = try record(interface, port: server.port)
        let clients = try [ask(server, 10000...11999), ask(server, 20000...21999)]
        for client in clients { #expect(client.wait().status == 0) }
        let result = recording.stop(SIGINT)
        let logged = try server.finish()
        try #require(result.status == 0, "\(result.errors)")
        let balance = try JSONValue(parsing: result.output)
        #expect(balance["closes"] == .bool(true))
        #expect(balance["kernel"]?["dropped"]?.text == "0")
        // The loopback shows each packet twice; only one is taken, by the kernel or, for all interfaces, by libpcap.
        #expect(balance["kernel"]?["leftOut"]?.text == (interface == "lo" ? "0" : balance["kernel"]?["read"]?.text))
        #expect(balance["bytes"]?["clientToServer"]?["duplicate"]?.text == "0")
        #expect(logged.count == 4000)
        let recorded = try exchanges(folder.file("live.mcap"))
        #expect(recorded.count == logged.count)
        #expect(recorded.compactMap(number).sorted() == Array(10000...11999) + Array(20000...21999))
        #expect(recorded.allSatisfy { $0.response != nil && $0.losses.isEmpty })
    }

    @Test(
        "What a full ring drops is counted: every missing exchange lies at a gap",
        .enabled(if: NginxServer.program != nil, "no nginx"))
    func dropsAreGaps() throws {
        let server = try NginxServer()
        let recording = try record(port: server.port, "--ring", "1MiB")
        let numbers = 10000...49999
        let client = try ask(server, numbers)
        usleep(200_000)
        recording.signal(SIGSTOP)
        usleep(800_000)
        recording.signal(SIGCONT)
        #expect(client.wait(timeoutSeconds: 120).status == 0)
        let result = recording.stop(SIGINT)
        let logged = try server.finish()
        try #require(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("the kernel dropped"))
        let balance = try JSONValue(parsing: result.output)
        #expect(balance["closes"] == .bool(true))
        let dropped = try #require(Int(balance["kernel"]?["dropped"]?.text ?? ""))
        #expect(dropped > 0)

        // All requests have the same length, so their bytes count them.
        let recorded = try exchanges(folder.file("live.mcap"))
        let length = try #require(recorded.first?.request?.wire.count)
        func bytes(_ name: String) -> Int { Int(balance["bytes"]?["clientToServer"]?[name]?.text ?? "") ?? -1 }
        let accounted = bytes("captured") - bytes("duplicate") + bytes("missing")
        #expect(logged.count == numbers.count)
        // The connection's end has a sequence number too: dropped behind other bytes it counts as one of them.
        #expect(accounted <= length * logged.count + 1 && accounted % length <= 1)

        // Between two whole exchanges that are not neighbours there is a span of time in which the kernel dropped.
        let windows = try #require(balance["kernel"]?["drops"]?.array).map {
            (since: UInt64($0["sinceNanos"]?.text ?? "") ?? 0, until: UInt64($0["untilNanos"]?.text ?? "") ?? 0)
        }
        let whole = recorded.filter { $0.losses.isEmpty && $0.response != nil }
        #expect(whole.count < numbers.count)
        for (before, after) in zip(whole, whole.dropFirst()) {
            guard let first = number(of: before), let second = number(of: after), second != first + 1 else { continue }
            #expect(
                windows.contains { before.startNanos <= $0.until && after.startNanos >= $0.since },
                "\(first) to \(second)")
        }
        // What was dropped at the very end has nothing behind it that shows the gap; the span of time is known.
        if accounted < length * logged.count, let last = whole.last {
            #expect(windows.last.map { last.startNanos <= $0.until } ?? false)
        }
        // The tape itself says so too.
        let metadata = try TapeReader(path: folder.file("live.mcap")).metadata.first { $0.name == "capture" }
        #expect(metadata?.entries.first { $0.key == "kernelDropped" }?.value == "\(dropped)")
        let info = try JSONValue(parsing: tinct("info", folder.file("live.mcap"), "--json").output)
        #expect(info["capture"]?["kernelDropped"]?.text == "\(dropped)")
    }

    @Test(
        "What came an instant ago can be read while nothing happens, and SIGTERM closes the tape",
        .enabled(if: NginxServer.program != nil, "no nginx"))
    func quietRecording() throws {
        let server = try NginxServer()
        let recording = try record(port: server.port)
        #expect(try ask(server, 1...1).wait().status == 0)
        let deadline = Date(timeIntervalSinceNow: 15)
        var seen = 0
        while seen == 0 && Date() < deadline {
            usleep(100_000)
            seen = (try? exchanges(folder.file("live.mcap")).count) ?? 0
        }
        #expect(seen == 1)
        #expect(recording.isRunning)
        let result = recording.stop(SIGTERM)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try TapeReader(path: folder.file("live.mcap")).isComplete)
    }

    @Test("--duration and --count end a recording", .enabled(if: NginxServer.program != nil, "no nginx"))
    func ends() throws {
        let server = try NginxServer()
        let timed = try record(port: server.port, "--duration", "300ms").wait(timeoutSeconds: 10)
        #expect(timed.status == 0 && !timed.timedOut)
        let counted = try record(port: server.port, "--count", "100")
        #expect(try ask(server, 1...150).wait().status == 0)
        let result = counted.wait(timeoutSeconds: 10)
        #expect(result.status == 0 && !result.timedOut)
        #expect(try exchanges(folder.file("live.mcap")).count == 100)
    }

    @Test(
        "Rights are given up once the interface is open", .enabled(if: Rights.mayCaptureAsRoot, "needs root and nginx"))
    func dropsPrivileges() throws {
        let server = try NginxServer()
        func status(_ process: ChildProcess, _ name: String) throws -> [Substring] {
            let text = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
            return text.split(separator: "\n").first { $0.hasPrefix(name + ":") }?.split(separator: "\t") ?? []
        }
        let recording = try record(port: server.port)
        #expect(try status(recording, "Uid").dropFirst() == ["65534", "65534", "65534", "65534"])
        #expect(try status(recording, "Groups").dropFirst().allSatisfy { $0.allSatisfy { $0 == " " } })
        for set in ["CapEff", "CapPrm"] { #expect(try status(recording, set).last == "0000000000000000") }
        #expect(try ask(server, 1...10).wait().status == 0)
        #expect(recording.stop(SIGINT).status == 0)
        #expect(try exchanges(folder.file("live.mcap")).count == 10)

        // The next tapes of a set are created without root's rights, so the folder must allow it from the start.
        let flags = ["record", "-i", "lo", "-o", folder.file("set.mcap"), "--rotate", "1m", "--duration", "100ms"]
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
        let refused = try run(Repository.binary, flags)
        #expect(refused.status == 2)
        #expect(refused.errors.contains("--user") && refused.errors.contains("--keep-privileges"))
        #expect(try run(Repository.binary, flags + ["--keep-privileges"]).status == 0)
    }

    @Test("Without the capability it says which one is missing, and how to grant it")
    func namesTheCapability() throws {
        let program = ["--bounding-set", "-net_raw", "--inh-caps", "-net_raw", Repository.binary]
        let result = try run("setpriv", program + ["record", "-i", "lo", "-o", folder.file("a.mcap")])
        #expect(result.status == 2)
        #expect(result.errors.contains("CAP_NET_RAW") && result.errors.contains("setcap cap_net_raw+ep /"))
        #expect(!FileManager.default.fileExists(atPath: folder.file("a.mcap")))
    }

    @Test("A wrong interface or filter is a usage error, and nothing is written")
    func usageErrors() throws {
        let tape = folder.file("a.mcap")
        let name = try tinct("record", "-i", "nothere0", "-o", tape)
        #expect(name.status == 2)
        #expect(name.errors.contains("nothere0") && name.errors.contains("lo"))
        let filter = try tinct("record", "-i", "lo", "--filter", "tcp prt 80", "-o", tape)
        #expect(filter.status == 2)
        #expect(filter.errors.contains("tcp prt 80") && filter.errors.contains("syntax error"))
        #expect(!FileManager.default.fileExists(atPath: tape))
    }
}
