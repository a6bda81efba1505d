import Bytes
import TestSupport
import Testing

@testable import Capture

/// Capture files as Wireshark's own programs write and read them: editcap and mergecap make them, tshark says what is in
/// them.
@Suite(.needsProgram("/usr/bin/tshark")) struct ContainerTests {
    private let source = Repository.path("fixtures/http-nginx.pcap")

    private func make(_ program: String, _ arguments: [String]) throws {
        let result = try ChildProcess("/usr/bin/\(program)", arguments).wait()
        try #require(result.status == 0, "\(program): \(result.errors)")
    }

    /// Time in ns, captured and original length of each packet, as tshark sees them.
    private func told(_ path: String) throws -> [String] {
        let fields = ["frame.time_epoch", "frame.cap_len", "frame.len"].flatMap { ["-e", $0] }
        let result = try ChildProcess("/usr/bin/tshark", ["-n", "-r", path, "-T", "fields"] + fields).wait()
        return result.lines.map { line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            let time = parts[0].split(separator: ".")
            guard parts.count == 3, time.count == 2 else { return line }
            let nanos = (UInt64(time[0]) ?? 0) * 1_000_000_000 + (UInt64(time[1]) ?? 0)
            return "\(nanos) \(parts[1]) \(parts[2])"
        }
    }

    private func read(_ paths: [String]) throws -> [String] {
        var merge = CaptureMerge(try paths.map { try PacketReader(try FileCaptureInput(path: $0)) })
        var found: [String] = []
        while let (packet, _) = try merge.next() {
            found.append("\(packet.timeNanos) \(packet.count) \(packet.wireLength)")
        }
        return found
    }

    @Test(arguments: ["pcap", "nsecpcap", "modpcap", "pcapng"])
    func everyFormatIsReadAsTsharkReadsIt(format: String) throws {
        let folder = try TemporaryDirectory("containers")
        for (name, options) in [("whole", []), ("cut", ["-s", "60"])] {
            let path = folder.file(name)
            try make("editcap", ["-F", format] + options + [source, path])
            #expect(try read([path]) == told(path), "\(format), \(name)")
        }
    }

    @Test func severalInterfacesAndSectionsAreReadAsTsharkReadsThem() throws {
        let folder = try TemporaryDirectory("containers")
        let merged = folder.file("merged")
        let links = ["plain", "ppp", "nflog-little", "wifi"].map { Repository.path("fixtures/links/\($0).pcap") }
        try make("mergecap", ["-F", "pcapng", "-w", merged] + links)
        #expect(try read([merged]) == told(merged))
        // Sections one after the other are a capture too.
        let second = Repository.path("fixtures/thrift-compact.pcapng")
        let both = folder.file("both")
        let joined = try fileBytes(merged) + fileBytes(second)
        try #require(try folder.write("both", joined) == both)
        #expect(try read([both]) == told(merged) + told(second))
    }

    @Test func filesAreMergedByTimeAsMergecapMergesThem() throws {
        let folder = try TemporaryDirectory("containers")
        // Every third packet in a file of its own, then all three together again.
        let count = try told(source).count
        let parts = try (0..<3).map { part in
            let path = folder.file("part\(part)")
            let chosen = stride(from: part + 1, through: count, by: 3).map { "\($0)" }
            try make("editcap", ["-r", "-F", part == 1 ? "pcapng" : "nsecpcap", source, path] + chosen)
            return path
        }
        let merged = folder.file("merged")
        try make("mergecap", ["-F", "nsecpcap", "-w", merged] + parts)
        #expect(try read(parts) == told(merged))
        #expect(try read(parts) == told(source))
    }

    /// A pcapng block in either byte order.
    private func block(_ type: UInt32, _ body: [UInt8], isBig: Bool) -> [UInt8] {
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        return word(type, isBig) + word(UInt32(padded.count + 12), isBig) + padded
            + word(UInt32(padded.count + 12), isBig)
    }

    private func word(_ value: UInt32, _ isBig: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        if isBig { bytes.append(bigEndian: value) } else { bytes.append(littleEndian: value) }
        return bytes
    }

    @Test func resolutionsAndOffsetsInSectionsOfBothByteOrdersAreReadAsTsharkReadsThem() throws {
        let frame = PacketBuilder().frame(sequence: 1, payload: [1, 2, 3, 4])
        var sections: [[UInt8]] = []
        for isBig in [true, false] {
            var file = block(
                0x0A0D_0D0A,
                [0x1A2B_3C4D, isBig ? 0x0001_0000 : 1, UInt32.max, UInt32.max].flatMap { word($0, isBig) },
                isBig: isBig)
            for (resolution, offset) in [(9, 0), (3, 1000), (0x94, 0), (6, 1_600_000_000)] as [(UInt8, UInt32)] {
                func option(_ code: UInt16, _ content: [UInt8]) -> [UInt8] {
                    var head: [UInt8] = []
                    for value in [code, UInt16(content.count)] {
                        if isBig { head.append(bigEndian: value) } else { head.append(littleEndian: value) }
                    }
                    return head + content + [UInt8](repeating: 0, count: (4 - content.count % 4) % 4)
                }
                let seconds = isBig ? word(0, true) + word(offset, true) : word(offset, false) + word(0, false)
                let link: [UInt8] = isBig ? [0, 1, 0, 0] : [1, 0, 0, 0]
                file += block(
                    1, link + word(0, isBig) + option(9, [resolution]) + option(14, seconds) + option(0, []),
                    isBig: isBig)
            }
            for interface in 0..<4 as Range<UInt32> {
                let head = [interface, interface == 0 ? 0x10_0000 : 0, 1_234_567_891, UInt32(frame.count), 70]
                file += block(6, head.flatMap { word($0, isBig) } + frame, isBig: isBig)
            }
            file += block(0x0000_0BAD, [1, 2, 3], isBig: isBig)
            sections.append(file + block(0x4000_0BAD, [1, 2, 3, 4], isBig: isBig))
        }
        let folder = try TemporaryDirectory("containers")
        let path = try folder.write("sections.pcapng", sections[0] + sections[1])
        // tshark shows unknown blocks too, without a time.
        let expected = try told(path).filter { !$0.hasPrefix("\t") }
        #expect(expected.count == 8)
        #expect(try read([path]) == expected)
    }
}
