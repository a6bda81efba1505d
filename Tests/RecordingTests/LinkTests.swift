import Capture
import Foundation
import Recording
import Tape
import Testing

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("fixtures/links")
private let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []

/// The same two connections in every link layer and tunnel (`fixtures/programs/links.py`, made by scapy, judged by
/// tshark) give the same exchanges.
@Suite struct LinkTests {
    private func record(_ name: String) throws -> Recorded {
        try Recorded([UInt8](try Data(contentsOf: folder.appendingPathComponent(name))))
    }

    private func essence(_ recorded: Recorded) -> [[String]] {
        recorded.exchanges.sorted { ($0.flow, $0.ordinal) < ($1.flow, $1.ordinal) }.map { exchange in
            [exchange.operation, exchange.client, exchange.server, "\(exchange.losses.count)"]
                + [exchange.request, exchange.response].map { "\($0?.wire ?? [])" }
        }
    }

    @Test func theFolderIsThere() { #expect(names.count > 30) }

    @Test(arguments: names)
    func everyLinkGivesTheSameExchanges(name: String) throws {
        let plain = try record("plain.pcap")
        #expect(plain.exchanges.count == 2)
        let recorded = try record(name)
        #expect(recorded.balance.closes)
        #expect(essence(recorded) == essence(plain))
        // Duplicates of pieces, and what came of a packet again after it was whole, are refused; nothing else is.
        let left = Refusal.allCases.filter { recorded.balance.refusals[Int($0.rawValue)] > 0 }
        #expect(left.allSatisfy { $0 == .fragmentDuplicate || $0 == .fragment })
        #expect(left.isEmpty || name == "fragments-shuffled.pcap")
    }
}
