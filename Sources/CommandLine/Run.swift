import Bytes
import Glibc

/// The version that `--version`, tapes and results state.
package let tinctVersion = "0.1.0"

/// Runs `tinct` with the given arguments (without the program's name) and returns the process's exit status.
package func runTinct(_ arguments: [String]) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    fillStandardStreams()
    do {
        return try dispatch(arguments).rawValue
    } catch let error as CommandError {
        Output.note("tinct: \(error)")
        return error.exit.rawValue
    } catch {
        Output.note("tinct: \(error)")
        return ExitCode.usage.rawValue
    }
}

/// Takes the places of standard streams that were closed, so that no tape gets the number of one and what is printed
/// ends up in it. They are opened the wrong way round: using them fails, as it would have.
private func fillStandardStreams() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 {
        // The lowest free number is taken, which is this one.
        _ = unsafe open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
    }
}

private func dispatch(_ arguments: [String]) throws -> ExitCode {
    guard let first = arguments.first else {
        Output.note(Help.overview(allCommands))
        return .usage
    }
    switch first {
    case "--version", "version":
        Output.line("tinct \(tinctVersion)")
        return .ok
    case "--help", "-h":
        Output.line(Help.overview(allCommands))
        return .ok
    case "help":
        guard arguments.count > 1 else {
            Output.line(Help.overview(allCommands))
            return .ok
        }
        if arguments[1] == "--man" {
            Output.write(ManualPage.render(allCommands))
        } else if ["help", "--help", "-h"].contains(arguments[1]) {
            Output.line(Help.overview(allCommands))
        } else {
            Output.line(Help.page(try command(named: arguments[1])))
        }
        return .ok
    default:
        let chosen = try command(named: first)
        let rest = Array(arguments.dropFirst())
        if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
            Output.line(Help.page(chosen))
            return .ok
        }
        return try chosen.run(try parse(rest, for: chosen))
    }
}

private func command(named name: String) throws(CommandError) -> CommandSpec {
    if let found = allCommands.first(where: { $0.name == name }) { return found }
    let near = nearestName(name, in: allCommands.map(\.name) + ["help"]).map { "Did you mean 'tinct \($0)'? " } ?? ""
    throw CommandError("there is no command '\(name)'", remedy: near + "Run 'tinct help' for the list.")
}
