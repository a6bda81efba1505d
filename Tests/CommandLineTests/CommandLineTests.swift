import CommandLine
import Testing

private let sample = CommandSpec(
    name: "sample", summary: "A command for these tests", arguments: "FILE...", argumentCount: 1...2,
    examples: [("tinct sample x", "Does it.")],
    flags: [
        Flag("count", short: "n", value: "N", help: "How many."),
        Flag("idl", value: "FILE", repeatable: true, help: "An IDL."),
        Flag("loud", short: "l", help: "A switch."),
        Flag("raw", short: "r", help: "Another switch."),
    ]
) { _ in .ok }

@Suite struct ParserTests {
    @Test(arguments: [
        ["-n", "5", "file"], ["-n5", "file"], ["-n=5", "file"], ["--count", "5", "file"], ["--count=5", "file"],
        ["file", "--count", "5"], ["--count=5", "--", "file"],
    ])
    func acceptsEveryWayToGiveAValue(words: [String]) throws {
        let invocation = try parse(words, for: sample)
        #expect(invocation["count"] == "5")
        #expect(invocation.arguments == ["file"])
    }

    @Test func repeatsBundlesAndNegativeNumbers() throws {
        let invocation = try parse(["--idl", "a", "--idl=b", "-lr", "-n", "-3", "--", "--idl"], for: sample)
        #expect(invocation.all("idl") == ["a", "b"])
        #expect(invocation.has("loud") && invocation.has("raw"))
        #expect(invocation["count"] == "-3")
        #expect(invocation.arguments == ["--idl"])
    }

    @Test(arguments: [
        (["--cuont", "5", "x"], "Did you mean --count?"), (["x", "--count"], "needs a value"),
        (["x", "--loud=yes"], "takes no value"), (["-z", "x"], "no flag -z"), ([], "needs FILE..."),
        (["a", "b", "c"], "takes only FILE..."), (["x", "--count", "--loud"], "needs a value"),
        (["x", "-n", "1", "-n", "2"], "twice"),
    ])
    func namesWhatIsWrong(words: [String], expected: String) {
        var text = ""
        do { _ = try parse(words, for: sample) } catch {
            text = error.description
            #expect(error.exit == .usage)
        }
        #expect(text.contains(expected))
    }
}

@Suite struct FlagValueTests {
    @Test(arguments: [("250", 250), ("10k", 10_000), ("1.5M", 1_500_000), ("2G", 2_000_000_000)] as [(String, UInt64)])
    func counts(text: String, value: UInt64) throws { #expect(try FlagValue.count(text, flag: "n") == value) }

    @Test(arguments: ["", "k", "-1", "1.5", "1e3", "99999999999999999999", "1.23456k", "10 k"])
    func refusesWhatIsNoCount(text: String) {
        #expect(throws: CommandError.self) { try FlagValue.count(text, flag: "n") }
    }

    @Test(
        arguments: [
            ("250us", 250_000), ("1.5ms", 1_500_000), ("5s", 5_000_000_000), ("2m", 120_000_000_000), ("7ns", 7),
        ] as [(String, UInt64)])
    func durations(text: String, value: UInt64) throws {
        #expect(try FlagValue.durationNanos(text, flag: "d") == value)
    }

    @Test(
        arguments: [
            ("65536", 65536), ("64KiB", 65536), ("3GiB", 3_221_225_472), ("500MB", 500_000_000), ("2kB", 2000),
            ("7B", 7),
        ] as [(String, UInt64)])
    func sizes(text: String, value: UInt64) throws {
        #expect(try FlagValue.bytes(text, flag: "d") == value)
    }

    @Test(arguments: ["", "B", "10m", "-1KiB", "0.3B", "99999999TiB", "1 MiB"])
    func refusesWhatIsNoSize(text: String) {
        #expect(throws: CommandError.self) { try FlagValue.bytes(text, flag: "d") }
    }

    @Test(arguments: ["5", "s", "-1s", "1.5ns", "99999999999d"])
    func refusesWhatIsNoDuration(text: String) {
        #expect(throws: CommandError.self) { try FlagValue.durationNanos(text, flag: "d") }
    }

    @Test(
        arguments: [("2%", 20_000_000), ("0.5%", 5_000_000), ("0.02", 20_000_000), ("100%", 1_000_000_000)]
            as [(String, UInt64)])
    func shares(text: String, value: UInt64) throws {
        #expect(try FlagValue.shareBillionths(text, flag: "a") == value)
    }

    @Test func hostsAndPorts() throws {
        #expect(try FlagValue.hostPort("127.0.0.1:80", flag: "to") == ("127.0.0.1", 80))
        #expect(try FlagValue.hostPort("[::1]:65535", flag: "to") == ("::1", 65535))
        for text in ["::1:80", "host", "host:", ":80", "host:65536", "host:0"] {
            #expect(throws: CommandError.self) { try FlagValue.hostPort(text, flag: "to") }
        }
        #expect(try FlagValue.hostPort("localhost:0", flag: "listen", anyPort: true).port == 0)
    }
}

@Suite struct HelpTests {
    /// Every command says what it does, shows an example that the parser accepts, and documents each flag.
    @Test(arguments: allCommands.map(\.name))
    func everyCommandIsDocumented(name: String) throws {
        let command = try #require(allCommands.first { $0.name == name })
        #expect(!command.summary.isEmpty && !command.summary.hasSuffix("."))
        #expect(!command.examples.isEmpty)
        #expect(command.flags.allSatisfy { $0.help.hasSuffix(".") })
        #expect(Set(command.flags.map(\.long)).count == command.flags.count)
        let shorts = command.flags.compactMap(\.short)
        #expect(Set(shorts).count == shorts.count)
        let page = Help.page(command)
        for line in page.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
    }

    @Test func examplesParse() throws {
        for command in allCommands {
            for example in command.examples where example.command.hasPrefix("tinct \(command.name) ") {
                guard !example.command.contains(where: { "|<>$'".contains($0) }) else { continue }
                let words = example.command.split(separator: " ").dropFirst(2).map(String.init)
                #expect(throws: Never.self) { try parse(words, for: command) }
            }
        }
    }
}
