import Foundation
import TestSupport
import Testing

struct BadInputTests {
    @Test("What cannot be read is refused with status 2, a reason, and no trap")
    func unreadableInputs() throws {
        let directory = try TemporaryDirectory()
        let nonsense = try directory.write("nonsense", Array(repeating: 0x5A, count: 4096))
        let empty = try directory.write("empty", [])
        let tape = directory.file("out.mcap")
        let lines = [
            ["record", "-o", tape],
            ["record", directory.file("absent.pcap"), "-o", tape],
            ["record", directory.path, "-o", tape],
            ["record", empty, "-o", tape],
            ["record", nonsense, "-o", tape],
            ["record", Fixture.thriftBinary.path, "-o", "/proc/nowhere/out.mcap"],
            ["record", Fixture.thriftBinary.path, "-o", tape, "--idl", nonsense],
            ["record", Fixture.thriftBinary.path, "-o", tape, "--idl", directory.file("absent.thrift")],
            ["record", Fixture.thriftBinary.path, "-o", tape, "--expect", "lost<"],
            ["record", Fixture.thriftBinary.path, "-o", tape, "--no-such-flag"],
            ["record", Fixture.thriftBinary.path, "-o", tape, "--decode-as", "9090=thrift/compact"],
            ["info", directory.file("absent.mcap")],
            ["info", nonsense],
            ["info", empty],
            ["info", Fixture.thriftBinary.path],
            ["show", nonsense],
            ["show", nonsense, "--limit", "minus-one"],
            ["diff", nonsense, empty],
        ]
        for line in lines {
            let result = try run(Repository.binary, line)
            #expect(result.status == 2, "\(line): \(result.status) \(result.errors)")
            #expect(result.stdout.isEmpty, "\(line)")
            #expect(result.errors.hasPrefix("tinct"), "\(line): \(result.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: tape))
    }

    @Test("A capture that is cut anywhere is read up to there, and never ends in a signal", arguments: Fixture.all)
    func cutCaptures(_ fixture: Fixture) throws {
        let directory = try TemporaryDirectory()
        let bytes = try fileBytes(fixture.path)
        var seed: UInt64 = 0x5EED
        for _ in 0..<12 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let length = Int(seed >> 33) % bytes.count
            let capture = try directory.write("cut", Array(bytes[..<length]))
            let result = try tinct("record", capture, "-o", directory.file("cut.mcap"))
            #expect([0, 1, 2].contains(result.status), "cut at \(length): \(result.status) \(result.errors)")
        }
    }

    @Test("A capture with flipped bits never ends in a signal, and its balance closes", arguments: Fixture.all)
    func damagedCaptures(_ fixture: Fixture) throws {
        let directory = try TemporaryDirectory()
        let bytes = try fileBytes(fixture.path)
        var seed: UInt64 = 0xBAD5EED
        for round in 0..<12 {
            var damaged = bytes
            for _ in 0..<(1 + round * 8) {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                damaged[Int(seed >> 33) % bytes.count] ^= UInt8(1 << (seed >> 40 & 7))
            }
            let capture = try directory.write("damaged", damaged)
            let result = try tinct("record", capture, "--dry-run", "--json")
            #expect([0, 1, 2].contains(result.status), "round \(round): \(result.status) \(result.errors)")
            guard result.status < 2 else { continue }
            let balance = try foundationJSON(result.stdout) as? [String: Any]
            #expect(balance?["closes"] as? Bool == true, "round \(round)")
        }
    }

    @Test("A reader that goes away ends the command quietly")
    func brokenPipe() throws {
        let directory = try TemporaryDirectory()
        let tape = try Fixture.thriftBinary.record(into: directory)
        let result = try run(
            "sh",
            [
                "-c", "{ \"$0\" show \"$1\" --json --payload; echo $? >\"$2\"; } | head -c 1 >/dev/null",
                Repository.binary,
                tape, directory.file("status"),
            ])
        #expect(result.stderr.isEmpty, "\(result.errors)")
        let status = try fileBytes(directory.file("status"))
        #expect(String(decoding: status, as: UTF8.self) == "0\n")
    }

    @Test("A tape that is cut opens up to its last whole chunk")
    func cutTapes() throws {
        let directory = try TemporaryDirectory()
        let tape = try fileBytes(try Fixture.http.record(into: directory))
        for tenth in 1..<10 {
            let cut = try directory.write("cut.mcap", Array(tape[..<(tape.count * tenth / 10)]))
            let result = try tinct("show", cut, "--json")
            #expect([0, 2].contains(result.status), "\(tenth): \(result.errors)")
            #expect(try foundationJSONLines(result.stdout).count <= 57)
        }
    }
}
