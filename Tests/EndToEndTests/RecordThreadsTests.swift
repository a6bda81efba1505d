import Foundation
import TestSupport
import Testing

/// `record --threads`: however many work on a tape, it is the same.
struct RecordThreadsTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// A capture that holds a fixture so many times, each time from other addresses and a minute later: more exchanges than
    /// one thread hands to another at a time.
    private func capture(_ copies: Int) throws -> String {
        let source = try Repository.bytes("fixtures/thrift-binary.pcap")
        func number(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(source[at + $1]) << (8 * $1) } }
        var capture = source[..<24]
        for copy in 0..<copies {
            var at = 24
            while at < source.count {
                let end = at + 16 + number(at + 8)
                var packet = Array(source[at..<end])
                let seconds = number(at) + 60 * copy
                for i in 0..<4 { packet[i] = UInt8(truncatingIfNeeded: seconds >> (8 * i)) }
                // The second number of both IPv4 addresses, behind the packet's header and Ethernet's.
                for place in [16 + 14 + 13, 16 + 14 + 17] { packet[place] = UInt8(copy) }
                capture += packet
                at = end
            }
        }
        let path = folder.file("many.pcap")
        try Data(capture).write(to: URL(filePath: path))
        return path
    }

    /// The bytes of each tape that recording gives, by name, and the balance.
    private func record(_ capture: String, threads: Int, _ flags: [String]) throws -> [String: Data] {
        let inner = try TemporaryDirectory()
        let result = try run(
            Repository.binary,
            ["record", capture, "-o", inner.file("t.mcap"), "--json"]
                + ["--threads", "\(threads)"] + flags, timeoutSeconds: 300)
        try #require(result.status == 0, "\(result.errors)")
        var found: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: inner.path) {
            found[name] = try Data(contentsOf: URL(filePath: inner.file(name)))
        }
        found["balance"] = Data(result.output.replacing(inner.path, with: "").utf8)
        return found
    }

    @Test("Tapes and balance are the same for one thread, two and three")
    func sameBytes() throws {
        let capture = try capture(40)
        for (flags, isSet) in [
            ([], false), (["--rotate", "64KiB"], true), (["--rotate", "700"], true), (["--rotate", "10m"], true),
            (["--count", "1234"], false),
        ] {
            let one = try record(capture, threads: 1, flags)
            #expect(isSet ? one.count > 2 : one.count == 2, "\(flags) \(one.keys)")
            for threads in 2...3 {
                let others = try record(capture, threads: threads, flags)
                #expect(others.keys.sorted() == one.keys.sorted(), "\(flags)")
                for (name, bytes) in one {
                    #expect(others[name] == bytes, "\(name) with \(threads) threads, \(flags)")
                }
            }
        }
    }

    @Test("A compressed capture, whole or cut, gives the same tape when it is read ahead")
    func compressed() throws {
        let plain = try capture(40)
        try #require(try run("gzip", ["-1", "-k", plain]).status == 0)
        let whole = try Data(contentsOf: URL(filePath: plain + ".gz"))
        let cut = folder.file("cut.pcap.gz")
        try whole.prefix(whole.count * 2 / 3).write(to: URL(filePath: cut))
        for capture in [plain + ".gz", cut] {
            let one = try record(capture, threads: 1, [])
            let two = try record(capture, threads: 2, [])
            #expect(one["t.mcap"] == two["t.mcap"] && one["balance"] == two["balance"], "\(capture)")
        }
        let first = try record(plain, threads: 1, [])
        #expect(try record(plain + ".gz", threads: 2, [])["balance"] == first["balance"])
    }

    @Test("Numbers of threads that make no sense are refused")
    func refused() throws {
        for text in ["0", "257", "many"] {
            let result = try run(
                Repository.binary,
                ["record", Repository.path("fixtures/http-nginx.pcap"), "--dry-run", "--threads", text])
            #expect(result.status == 2, "\(text)")
            #expect(result.errors.contains("threads"), "\(result.errors)")
        }
    }
}
