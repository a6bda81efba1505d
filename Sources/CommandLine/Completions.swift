/// Shell completion scripts made from the command table.
package enum Completions {
    /// For bash 4 and later; works without the bash-completion package.
    package static func bash(_ commands: [CommandSpec]) -> String {
        var lines = [
            "# bash completion for tinct; load it with: source <(tinct completions bash)",
            "_tinct() {",
            "    local cur prev command flags",
            "    COMPREPLY=()",
            "    cur=\"${COMP_WORDS[COMP_CWORD]}\"",
            "    prev=\"${COMP_WORDS[COMP_CWORD-1]}\"",
            "    command=\"${COMP_WORDS[1]}\"",
            "    if [[ $COMP_CWORD -eq 1 ]]; then",
            "        COMPREPLY=($(compgen -W \"\(commandWords(commands)) --help --version\" -- \"$cur\"))",
            "        return",
            "    fi",
            "    case \"$command\" in",
            "    help) COMPREPLY=($(compgen -W \"\(commands.map(\.name).joined(separator: " "))\" -- \"$cur\")); return ;;",
        ]
        for command in commands {
            lines.append("    \(command.name))")
            lines.append("        flags=\"\(command.flags.map { "--" + $0.long }.joined(separator: " ")) --help\"")
            let valued = command.flags.filter { $0.value != nil }
            if !valued.isEmpty {
                lines.append("        case \"$prev\" in")
                for flag in valued {
                    let pattern = ([flag.short.map { "-\($0)" }, "--" + flag.long].compactMap { $0 }).joined(
                        separator: "|")
                    lines.append("        \(pattern)) \(bashReply(flag.completion)) return ;;")
                }
                lines.append("        esac")
            }
            lines.append("        if [[ \"$cur\" == -* ]]; then")
            lines.append("            COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))")
            lines.append("        else")
            lines.append("            \(bashReply(command.argumentCompletion)) return")
            lines.append("        fi ;;")
        }
        lines += ["    esac", "}", "complete -o filenames -F _tinct tinct"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// For zsh 5 and later.
    package static func zsh(_ commands: [CommandSpec]) -> String {
        var lines = [
            "#compdef tinct",
            "# zsh completion for tinct; load it with: source <(tinct completions zsh)",
            "_tinct() {",
            "    local -a commands",
            "    commands=(",
        ]
        for command in commands {
            lines.append("        '\(command.name):\(zshText(command.summary, also: ":"))'")
        }
        lines += [
            "        'help:Show the page of a command'",
            "    )",
            "    if (( CURRENT == 2 )); then",
            "        _describe 'command' commands",
            "        return",
            "    fi",
            "    case \"$words[2]\" in",
            "    help) _describe 'command' commands ;;",
        ]
        for command in commands {
            lines.append("    \(command.name))")
            var words: [String] = []
            for flag in command.flags {
                let help = zshText(flag.help, also: "[]")
                let many = flag.isRepeatable ? "*" : ""
                let action = flag.value.map { ":\($0):\(zshAction(flag.completion))" } ?? ""
                let equals = flag.value == nil ? "" : "="
                words.append("'\(many)--\(flag.long)\(equals)[\(help)]\(action)'")
                if let short = flag.short {
                    let plus = flag.value == nil ? "" : "+"
                    words.append("'\(many)-\(short)\(plus)[\(help)]\(action)'")
                }
            }
            words.append("'--help[show this command]'")
            if command.argumentCount.upperBound > 0 {
                words.append("'*:\(zshText(command.arguments, also: ":")):\(zshAction(command.argumentCompletion))'")
            }
            lines.append("        shift words; (( CURRENT-- ))")
            lines.append("        _arguments -s \\")
            lines.append(words.map { "            " + $0 }.joined(separator: " \\\n") + " ;;")
        }
        lines += [
            "    esac", "}", "if [[ \"$funcstack[1]\" == _tinct ]]; then _tinct \"$@\"; else compdef _tinct tinct; fi",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func commandWords(_ commands: [CommandSpec]) -> String {
        (commands.map(\.name) + ["help"]).joined(separator: " ")
    }

    private static func bashReply(_ completion: Flag.Completion) -> String {
        switch completion {
        case .none: "COMPREPLY=();"
        case .file: "COMPREPLY=($(compgen -f -- \"$cur\"));"
        case .choices(let words): "COMPREPLY=($(compgen -W \"\(words.joined(separator: " "))\" -- \"$cur\"));"
        }
    }

    private static func zshAction(_ completion: Flag.Completion) -> String {
        switch completion {
        case .none: " "
        case .file: "_files"
        case .choices(let words): "(\(words.joined(separator: " ")))"
        }
    }

    /// Escapes what would end a single-quoted specification, and the characters in `also`.
    private static func zshText(_ text: String, also special: String) -> String {
        var result = ""
        for character in text {
            if character == "'" {
                result += "'\\''"
            } else {
                if special.contains(character) { result += "\\" }
                result.append(character)
            }
        }
        return result
    }
}
