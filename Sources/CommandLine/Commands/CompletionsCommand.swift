package let completionsCommand = CommandSpec(
    name: "completions",
    summary: "Print a completion script for bash or zsh",
    arguments: "bash|zsh",
    argumentCount: 1...1,
    argumentCompletion: .choices(["bash", "zsh"]),
    examples: [("source <(tinct completions bash)", "Completes commands, flags and file names in this shell.")],
    flags: []
) { invocation in
    switch invocation.arguments[0] {
    case "bash": Output.write(Completions.bash(allCommands))
    case "zsh": Output.write(Completions.zsh(allCommands))
    case let shell: throw CommandError("there are no completions for '\(shell)'", remedy: "Say bash or zsh.")
    }
    return .ok
}
