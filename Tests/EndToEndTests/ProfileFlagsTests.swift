import Foundation
import JSON
import TestSupport
import Testing

/// What `profile` says of flags that cannot be what was meant, and of tapes that it can do little with.
struct ProfileFlagsTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("profile-flags") }

    private func record(_ bodies: [String]) throws -> String {
        let file = try folder.write("a.gor", text: goReplayFile(bodies, nanosBetween: 1_000_000_000))
        let recorded = try tinct("record", file, "-o", folder.file("a.mcap"))
        try #require(recorded.status == 0, "\(recorded.errors)")
        return folder.file("a.mcap")
    }

    private func usual() throws -> String {
        try record(
            (0..<600).map {
                let scene = ["login", "transfer", "logout"][$0 % 3]
                return """
                    {"userId":"u\(10_000_000 + $0 / 3 % 50)","scene":"\(scene)","n":\($0 % 4),"phone":"+55119\(80_000_000 + $0 % 50)",
                     "sentMillis":\(1_780_000_000_000 + $0 * 1000),"in":{"heldMillis":\($0)}}
                    """
            })
    }

    private func profile(_ tape: String, _ flags: [String], to output: String = "p.yaml") throws -> ProcessResult {
        let path = output.hasPrefix("/") || output == "." ? output : folder.file(output)
        return try run(Repository.binary, ["profile", tape, "-o", path] + flags)
    }

    @Test("Flags that name no field, or one that cannot be meant, are refused with what to write instead")
    func names() throws {
        let tape = try usual()
        for (flags, expected) in [
            (["--entity", "userid"], "Did you mean 'userId'?"), (["--entity", ""], "no such field"),
            (["--entity", "in"], "no single value"), (["--ignore", "scen"], "Did you mean 'scene'?"),
            (["--ignore", "**Millis"], "Write **.*Millis"), (["--state", "scen"], "Did you mean 'scene'?"),
            (["--state", ""], "no such field"), (["--state", "**"], "no such field"), (["--state", "n"], "is no text"),
            (["--state", "phone"], "look personal"), (["--state", "userId"], "look personal"),
            (["--state", "scene", "--ignore", "scene"], "is ignored, too"),
            (["--state", "scene", "--session", "0s"], "30m"),
            (["--least", "99999999"], "from 2 to 1000000"), (["--least", "1"], "from 2 to 1000000"),
        ] {
            let result = try profile(tape, flags)
            #expect(result.status == 2 && result.errors.contains(expected), "\(flags) \(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder.file("p.yaml")))
        }
        let meant = try profile(tape, ["--ignore", "**.*Millis", "--state", "scene", "--entity", "userId"])
        #expect(meant.status == 0, "\(meant.errors)")
        #expect(!String(decoding: try fileBytes(folder.file("p.yaml")), as: UTF8.self).contains("Millis"))
    }

    @Test("An output that cannot be written is refused before the tape is read")
    func outputs() throws {
        let tape = try usual()
        for output in ["/nonexistent/p.yaml", ".", "p.txt", folder.path + "/"] {
            let result = try profile(tape, [], to: output)
            #expect(result.status == 2 && result.errors.contains("\n  "), "\(output) \(result.errors)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left.allSatisfy { $0.hasPrefix("a.") }, "\(left)")
    }

    @Test("Requests that cannot be read are said to be so, and a thousand fields take a few lines")
    func messages() throws {
        let deep = String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000)
        let unread = try profile(try record([String](repeating: "{\"a\":\(deep)}", count: 200)), [])
        #expect(unread.status == 2 && unread.errors.contains("none of the 200 requests"), "\(unread.errors)")
        let wide = (0..<200).map { row in
            "{\"scene\":\"pay\",\((0..<10).map { "\"f\(row)x\($0)\":1" }.joined(separator: ","))}"
        }
        let many = try profile(try record(wide), [])
        #expect(many.status == 0 && many.errors.contains("fields are left out: fewer than 20 requests have each"))
        #expect(many.errors.split(separator: "\n").count < 12, "\(many.errors)")
    }

    @Test("Help shows that a flag is given again, not that it takes several values")
    func help() throws {
        let page = try tinct("profile", "--help").output
        #expect(page.contains("--ignore PATH ") && !page.contains("PATH..."))
        #expect(page.contains("May be given again."))
    }
}
