import TestSupport
import Testing

struct HelpTests {
    @Test("The version goes to stdout with status 0")
    func version() throws {
        let result = try tinct("--version")
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("tinct "))
        #expect(result.stderr.isEmpty)
    }

    @Test("Help of every listed command has an example that names the command")
    func helpOfEveryCommand() throws {
        let help = try tinct("--help")
        #expect(help.status == 0)
        for command in commandNames(in: help.output) {
            let result = try tinct(command, "--help")
            #expect(result.status == 0, "\(command)")
            #expect(result.output.contains("tinct \(command)"), "\(command)")
        }
    }

    @Test("Help of help is the overview", arguments: [["help"], ["help", "help"], ["help", "--help"], ["-h"]])
    func helpOfHelp(line: [String]) throws {
        let result = try run(Repository.binary, line)
        #expect(result.status == 0)
        #expect(result.stdout == (try tinct("--help").stdout))
    }

    @Test("What cannot be understood is refused with status 2, a reason on stderr and nothing on stdout")
    func usageErrors() throws {
        let lines: [[String]] = [["--no-such-flag"], ["no-such-command"], ["no-such-command", "--help"]]
        for line in lines {
            let result = try run(Repository.binary, line)
            #expect(result.status == 2, "\(line)")
            #expect(result.stdout.isEmpty, "\(line)")
            #expect(!result.stderr.isEmpty, "\(line)")
        }
    }

    /// The first words of the indented lines below `Commands:`.
    private func commandNames(in help: String) -> [String] {
        help.split(separator: "\n", omittingEmptySubsequences: false)
            .drop { !$0.lowercased().hasPrefix("commands") }.dropFirst()
            .prefix { $0.hasPrefix(" ") || $0.isEmpty }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
    }
}
