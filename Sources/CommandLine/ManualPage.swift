/// The manual page `tinct(1)`, made from the command table (roff with the man macros, see `man 7 groff_man`).
package enum ManualPage {
    package static func render(_ commands: [CommandSpec]) -> String {
        var lines = [
            ".TH TINCT 1 \"\" \"tinct \(tinctVersion)\" \"User Commands\"",
            ".SH NAME", "tinct \\- replay and synthesize risk\\-control traffic that carries the stress\\-test tag",
            ".SH SYNOPSIS", ".B tinct", ".I COMMAND", "[\\fIARGUMENTS\\fR] [\\fIFLAGS\\fR]", ".SH COMMANDS",
        ]
        for command in commands {
            lines += [".SS \(escaped(Help.usage(command)))", escaped(command.summary) + "."]
            for paragraph in command.discussion.split(separator: "\n\n") {
                lines += [".PP", escaped(paragraph.split(separator: "\n").joined(separator: " "))]
            }
            for flag in command.flags {
                let again = flag.isRepeatable ? " May be given again." : ""
                let help = flag.help + again + (flag.defaultText.map { " Default: \($0)." } ?? "")
                lines += [".TP", ".B \(escaped(Help.head(flag)))", escaped(help)]
            }
            for example in command.examples {
                lines += [".PP", escaped(example.explanation), ".PP", ".EX", escaped(example.command), ".EE"]
            }
        }
        lines += [".SH EXIT STATUS"]
        for (status, meaning) in Help.exitMeanings { lines += [".TP", ".B \(status)", escaped(meaning)] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Keeps text from being taken for roff: backslashes, dashes, and lines that begin with a dot or a quote.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            default: result.append(character)
            }
        }
        return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
    }
}
