import Capture
import Foundation
import Recording
import Tape
import Testing

private let captureFolder = ProcessInfo.processInfo.environment["TINCT_CAPTURES"]

/// Every capture of the folder that TINCT_CAPTURES names, against its oracle. Unset: skipped.
@Suite struct CaptureFolderTests {
    /// Grade C, where the sources disagree: how many requests and responses we say there are, and the reason that must
    /// stand with what is not whole.
    private let policies: [String: (requests: Int, responses: Int, reason: String)] = [
        "arkime-tcp_handshake_synthetic.pcap": (1, 0, ""),
        "sv-http-evader-010.pcap": (1, 1, "malformed"),
        "sv-http-evader-146.pcap": (1, 1, ""),
        "sv-tcp-urgent1.pcap": (1, 1, ""),
        "zeek-261-chunk_2pow64_overflow.pcap": (1, 0, "malformed"),
        "zeek-communityid-tcp-snap96.pcap": (0, 1, "cut"),
        "zeek-http-lower-case.pcap": (1, 1, ""),
        "zeek-ipv6-http-atomic-frag.pcap": (0, 0, ""),
        // Fragments that overlap are refused, so nothing of what they carry is read: `whatASnapLengthOrAGapCutsIsReported`.
        "zeek-ipv4-fragmented-4.pcap": (0, 0, ""),
    ]

    @Test(.enabled(if: captureFolder != nil, "TINCT_CAPTURES names no folder with captures"))
    func everyCaptureAgreesWithItsOracle() throws {
        let folder = URL(fileURLWithPath: try #require(captureFolder))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".oracle.json") }.map { String($0.dropLast(12)) }.sorted()
        #expect(!names.isEmpty, "the folder holds no captures")
        print("capture | grade | flows | requests | responses | thrift | result")
        for name in names {
            let oracle = try Oracle(folder: folder, name: name)
            let recorded = try Recorded([UInt8](try Data(contentsOf: folder.appendingPathComponent(name))))
            let result = judge(recorded, oracle)
            let balance = recorded.balance
            print(
                name, oracle.grade, balance.flows, recorded.httpRequests, recorded.httpResponses,
                recorded.thriftMessages, result, separator: " | ")
            #expect(balance.closes, "\(name): the balance does not close")
        }
    }

    private func judge(_ recorded: Recorded, _ oracle: Oracle) -> String {
        let name = oracle.name
        if oracle.grade == "C" {
            guard let policy = policies[name] else { return "read, not judged: \(oracle.verdict)" }
            #expect(recorded.httpRequests == policy.requests, "\(name): requests")
            #expect(recorded.httpResponses == policy.responses, "\(name): responses")
            let balance = recorded.balance
            let reasons = [
                balance.requests.lost, balance.requests.partialReasons, balance.responses.lost,
                balance.responses.partialReasons,
            ].flatMap(\.keys)
            if !policy.reason.isEmpty { #expect(reasons.contains(policy.reason), "\(name): \(reasons)") }
            return "as the policy says"
        }
        let differences = oracle.differences(recorded)
        #expect(differences.isEmpty, "\(name): \(differences.joined(separator: "; "))")
        return differences.isEmpty ? "exact" : "DIFFERS"
    }

    @Test(.enabled(if: captureFolder != nil, "TINCT_CAPTURES names no folder with captures"))
    func whatASnapLengthOrAGapCutsIsReported() throws {
        let folder = URL(fileURLWithPath: try #require(captureFolder))
        func record(_ name: String) throws -> Recorded {
            try Recorded([UInt8](try Data(contentsOf: folder.appendingPathComponent(name))))
        }
        let cut = try record("derived-snap96-thrift_tutorial.pcap")
        #expect(cut.thriftMessages == 25)
        #expect(cut.balance.requests.lost["cut", default: 0] + cut.balance.responses.lost["cut", default: 0] == 7)
        let gap = try record("derived-thrift-framed-gap.pcap")
        let lost = gap.exchanges.filter { $0.losses.contains { $0.reason == "gap" && $0.side == "response" } }
        #expect(lost.map(\.operation) == ["add64"])
        let conflict = try record("sv-tcp-overlap-exact.pcap")
        #expect(conflict.balance.streams.0.conflicting + conflict.balance.streams.1.conflicting > 0)
        let fragments = try record("zeek-ipv4-fragmented-4.pcap")
        #expect(fragments.balance.refusals[Int(Refusal.fragmentOverlap.rawValue)] == 4)
        let oneSided = try record("sv-bug-2491-onesided.pcap")
        #expect(oneSided.balance.oneDirectionFlows == 1)
    }
}
