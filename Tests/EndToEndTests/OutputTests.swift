import Foundation
import TestSupport
import Testing

/// What commands do with the places they write to.
struct OutputTests {
    private let folder: TemporaryDirectory
    private let capture: String
    private let bytes: [UInt8]

    init() throws {
        folder = try TemporaryDirectory()
        bytes = try Repository.bytes("fixtures/http-nginx.pcap")
        capture = try folder.write("capture.pcap", bytes)
    }

    @Test("A tape never takes the place of a file that is read, under any name")
    func inputsStayWhole() throws {
        let (linked, other) = (folder.file("linked.pcap"), folder.file("other.pcap"))
        try FileManager.default.createSymbolicLink(atPath: linked, withDestinationPath: "capture.pcap")
        try FileManager.default.linkItem(atPath: capture, toPath: other)
        let idl = try folder.write("risk.thrift", try Repository.bytes("schemas/risk_decision.thrift"))
        for output in [capture, linked, other, folder.path + "/./capture.pcap", idl] {
            let result = try tinct("record", capture, "--idl", idl, "-o", output)
            #expect(result.status == 2, "\(output)")
            #expect(result.errors.contains("would overwrite"), "\(output)")
            #expect(result.stdout.isEmpty, "\(output)")
        }
        #expect(try fileBytes(capture) == bytes)
        #expect(try fileBytes(idl) == Repository.bytes("schemas/risk_decision.thrift"))
    }

    @Test("A tape does not mix with the balance on standard output", arguments: ["-", "/dev/stdout"])
    func tapeOnStandardOutput(output: String) throws {
        let result = try tinct("record", capture, "-o", output)
        #expect(result.status == 2)
        #expect(result.stdout.isEmpty)
        #expect(result.errors.contains("standard output"))
    }

    @Test("With standard output closed nothing is printed into the tape, and the command says that it failed")
    func closedStandardOutput() throws {
        let (tape, reference) = (folder.file("closed.mcap"), folder.file("reference.mcap"))
        #expect(try tinct("record", capture, "-o", reference).status == 0)
        let command = #"exec "$0" record "$1" -o "$2" >&-"#
        let result = try run("sh", ["-c", command, Repository.binary, capture, tape])
        #expect(result.status == 5)
        #expect(result.errors.contains("cannot write standard output"))
        #expect(try fileBytes(tape).count == fileBytes(reference).count)
        #expect(try tinct("info", tape).status == 0)
    }

    @Test("A full disk under standard output is an error, a reader that has gone is none")
    func standardOutputThatFails() throws {
        let tape = folder.file("tape.mcap")
        #expect(try tinct("record", capture, "-o", tape).status == 0)
        let full = try run("sh", ["-c", #"exec "$0" show "$1" >/dev/full"#, Repository.binary, tape])
        #expect(full.status == 5)
        #expect(full.errors.contains("No space left on device"))
        let script = #"{ "$0" show --json "$1"; echo $? >"$2"; } | head -n 1"#
        let gone = try run("sh", ["-c", script, Repository.binary, tape, folder.file("status")])
        #expect(gone.lines.count == 1)
        #expect(gone.errors.isEmpty)
        #expect(try fileBytes(folder.file("status")) == Array("0\n".utf8))
    }

    @Test("Standard input is read once only")
    func standardInputTwice() throws {
        let result = try tinct("record", "--dry-run", "-", "-", input: bytes)
        #expect(result.status == 2)
        #expect(result.errors.contains("twice"))
        #expect(try tinct("record", "--dry-run", "-", input: bytes).status == 0)
    }

    @Test("What a damaged compressed capture holds before the damage is recorded, and the command says that it failed")
    func damagedOnTheWay() throws {
        let plain = folder.file("plain.mcap")
        #expect(try tinct("record", capture, "-o", plain).status == 0)
        let packed = try run("gzip", ["-c", capture]).stdout
        let tape = folder.file("damaged.mcap")
        let damaged = try folder.write("damaged.pcap.gz", packed + Array("no gzip".utf8))
        let result = try tinct("record", damaged, "-o", tape)
        #expect(result.status == 5)
        #expect(result.errors.contains("reading stopped after 504 packets"))
        #expect(result.output.contains("balance     closes"))
        #expect(try tinct("show", "--json", tape).stdout == tinct("show", "--json", plain).stdout)
    }

    @Test(
        "A capture that is damaged before its first packet is not one that was read", arguments: [0, 1, 53] as [UInt8])
    func damagedAtTheBeginning(length: UInt8) throws {
        let header = try Repository.bytes("fixtures/thrift-compact.pcapng").prefix(108)
        #expect(header.starts(with: [0x0A, 0x0D, 0x0D, 0x0A]))
        let file = try folder.write(
            "d.pcapng", header + [6, 0, 0, 0, length, 0, 0, 0] + [UInt8](repeating: 1, count: 64))
        let result = try tinct("record", "--dry-run", file)
        #expect(result.status == 1)
        #expect(result.output.contains("makes no sense from byte"))
    }
}
