/// Texts made from the command table.
package enum Help {
    static let width = 100

    static let exitMeanings: [(Int32, String)] = [
        (0, "Done, every stated expectation held."),
        (1, "Done, an expectation failed."),
        (2, "Usage or input error; nothing was sent."),
        (3, "Stopped by the guard or a signal; the report is complete up to there."),
        (4, "Inconclusive: generator-bound, or too few samples."),
        (5, "Failed after work began; the output is usable up to the stated point."),
    ]

    /// What `tinct help` prints.
    package static func overview(_ commands: [CommandSpec]) -> String {
        let longest = commands.map(\.name.count).max() ?? 0
        var lines = [
            "tinct \(tinctVersion): replays and synthesizes risk-control traffic that carries the stress-test tag",
            "",
            "Usage: tinct COMMAND [ARGUMENTS] [FLAGS]",
            "",
            "Commands:",
        ]
        for command in commands {
            lines.append("  " + pad(command.name, longest) + "  " + command.summary)
        }
        lines += [
            "", "'tinct help COMMAND' or 'tinct COMMAND --help' tells more, 'tinct help --man' prints the manual page,",
            "'tinct --version' the version.",
            "", "Exit status:",
        ]
        lines += exitMeanings.map { "  \($0.0)  \($0.1)" }
        return lines.joined(separator: "\n")
    }

    /// What `tinct COMMAND --help` prints.
    package static func page(_ command: CommandSpec) -> String {
        var lines = [
            "tinct \(command.name): \(command.summary)", "",
            wrap("Usage: \(usage(command))", indent: 8 + command.name.count),
        ]
        if !command.discussion.isEmpty { lines += ["", paragraphs(command.discussion)] }
        if !command.flags.isEmpty {
            lines += ["", "Flags:"]
            let heads = command.flags.map(head)
            let column = min(34, (heads.map(\.count).max() ?? 0) + 4)
            for (flag, head) in zip(command.flags, heads) {
                let help = wrap(text(flag), indent: column)
                if head.count + 4 > column {
                    lines.append("  " + head)
                    lines.append(String(repeating: " ", count: column) + help)
                } else {
                    lines.append("  " + pad(head, column - 2) + help)
                }
            }
        }
        lines += ["", command.examples.count == 1 ? "Example:" : "Examples:"]
        for example in command.examples {
            lines.append("  " + example.command)
            lines.append("      " + example.explanation)
        }
        return lines.joined(separator: "\n")
    }

    static func usage(_ command: CommandSpec) -> String {
        let flags = command.flags.filter(\.isRequired).map { "--\($0.long) \($0.value ?? "")" }
        let words = ["tinct", command.name, command.arguments] + flags
        return words.filter { !$0.isEmpty }.joined(separator: " ") + (command.flags.isEmpty ? "" : " [FLAGS]")
    }

    static func head(_ flag: Flag) -> String {
        let short = flag.short.map { "-\($0), " } ?? ""
        let value = flag.value.map { " " + $0 } ?? ""
        return "\(short)--\(flag.long)\(value)"
    }

    /// What a flag is for, whether it may be given more than once, and what holds without it.
    static func text(_ flag: Flag) -> String {
        flag.help + (flag.isRepeatable ? " May be given again." : "")
            + (flag.defaultText.map { " (default: \($0))" } ?? "")
    }

    /// Fills each paragraph to ``width``; one with an indented line is laid out by its author and stays as it is.
    private static func paragraphs(_ text: String) -> String {
        let filled = text.split(separator: "\n\n").map { paragraph in
            paragraph.split(separator: "\n").contains { $0.hasPrefix(" ") }
                ? String(paragraph)
                : wrap(
                    String(paragraph.map { $0 == "\n" ? " " : $0 }), indent: 0)
        }
        return filled.joined(separator: "\n\n")
    }

    /// Breaks at spaces so that no line passes ``width``; continuation lines start at column `indent`.
    static func wrap(_ text: String, indent: Int) -> String {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let limit = width - indent
            if !line.isEmpty && line.count + 1 + word.count > limit {
                lines.append(line)
                line = String(word)
            } else {
                line += (line.isEmpty ? "" : " ") + word
            }
        }
        lines.append(line)
        return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
