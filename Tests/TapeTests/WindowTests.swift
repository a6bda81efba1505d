import Foundation
import Testing

@testable import Tape

/// An exchange of `bytes` bytes whose request begins at `nanos`.
private func timed(_ id: UInt64, _ nanos: UInt64, bytes: Int = 4000) -> Exchange {
    var exchange = sampleExchange(6)
    exchange.id = id
    var state = id
    let wire = (0..<bytes).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
    }
    exchange.request = Message(wire: wire, startNanos: nanos, endNanos: nanos + 5)
    exchange.response = nil
    return exchange
}

@Suite struct WindowTests {
    /// 200 exchanges, a second apart, in chunks of ten.
    private func tape() throws -> String {
        let path = temporaryTape()
        var options = TapeWriter.Options()
        options.chunkBytes = 40_000
        let writer = try TapeWriter(path: path, options: options)
        for id in 0..<200 as Range<UInt64> { try writer.append(timed(id, 1_000_000_000 * (100 + id))) }
        try writer.finish()
        return path
    }

    @Test func aWindowReadsItsOwnChunksAndNothingElseOfTheFile() throws {
        let path = try tape()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let whole = try TapeReader(path: path)
        let opening = whole.bytesRead
        while try whole.next() != nil {}
        #expect(whole.chunksRead == UInt64(whole.chunkCount) && whole.chunkCount >= 20)

        let reader = try TapeReader(path: path)
        #expect(reader.startNanos == 100_000_000_000)
        reader.window = 150_000_000_000..<155_000_000_000
        var ids: [UInt64] = []
        while let exchange = try reader.next() { ids.append(exchange.id) }
        #expect(ids == [50, 51, 52, 53, 54])
        #expect(reader.chunksRead <= 2)
        let chunkBytes = (whole.bytesRead - opening) / UInt64(whole.chunkCount)
        #expect(reader.bytesRead - opening <= 2 * chunkBytes + chunkBytes / 2)
    }

    @Test func aCutTapeHasItsWindowsToo() throws {
        let path = try tape()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try bytes.prefix(bytes.count - 5000).write(to: URL(fileURLWithPath: path))
        let reader = try TapeReader(path: path)
        #expect(!reader.isComplete && reader.startNanos == 100_000_000_000)
        reader.window = 100_000_000_000..<101_000_000_000
        #expect(try reader.next()?.id == 0)
        #expect(try reader.next() == nil)
        #expect(reader.chunksRead == 1)
    }

    @Test(arguments: [1, 20_000, 1 << 30]) func sortsStablyWithinAnyBudget(budget: Int) throws {
        let scratch = temporaryTape()
        let sorter = ExchangeSorter(scratchPath: scratch, budgetBytes: budget)
        var wanted: [(UInt64, UInt64)] = []
        var state: UInt64 = 7
        for id in 0..<60 as Range<UInt64> {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            wanted.append((state >> 60, id))
            try sorter.add(timed(id, state >> 60, bytes: 100))
        }
        wanted.sort { $0 < $1 }
        var got: [(UInt64, UInt64)] = []
        try sorter.drain { got.append(($0.startNanos, $0.id)) }
        #expect(got.elementsEqual(wanted, by: ==))
        #expect((sorter.runCount > 1) == (budget < 1 << 20))
    }

    @Test func scratchFilesGoAwayAndAreNobodyElses() throws {
        let folder = NSTemporaryDirectory() + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var sorter: ExchangeSorter? = ExchangeSorter(scratchPath: folder + "/x", budgetBytes: 1)
        try sorter?.add(timed(0, 5))
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(files.count == 1)
        let mode = try FileManager.default.attributesOfItem(atPath: folder + "/" + files[0])[.posixPermissions] as? Int
        #expect(mode == 0o600)
        sorter = nil
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test func aSetTurnsBySizeTimeAndCountAndNoTapeIsEmpty() throws {
        for (rotation, least) in [
            (TapeSet.Rotation.count(7), 29), (.nanos(10_000_000_000), 20), (.bytes(100_000), 5),
        ] {
            let folder = NSTemporaryDirectory() + UUID().uuidString
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            var plan = TapeSet.Plan(path: folder + "/a.mcap", rotation: rotation, options: .init())
            plan.attachments = [.init(name: "n", mediaType: "text/plain", bytes: [1, 2])]
            let set = try TapeSet(plan)
            for id in 0..<200 as Range<UInt64> {
                var exchange = timed(id + 9, 1_000_000_000 * (id + 1))
                try set.rotateIfDue(recordedNanos: exchange.startNanos)
                try set.append(&exchange)
            }
            try set.finish()
            #expect(set.tapes.count >= least, "\(rotation)")
            #expect(set.tapes[0].path == folder + "/a-000001.mcap")
            var count = 0
            for tape in set.tapes {
                let reader = try TapeReader(path: tape.path)
                #expect(reader.isComplete && reader.attachments.map(\.name) == ["n"])
                var id: UInt64 = 0
                while let exchange = try reader.next() {
                    #expect(exchange.id == id)
                    id += 1
                }
                #expect(id == tape.exchanges && id > 0)
                count += Int(id)
            }
            #expect(count == 200)
        }
    }
}
