import Bytes

/// Parses `arguments` (without the command's name) against the command's flag table.
///
/// Understood are `--flag value`, `--flag=value`, `-f value`, `-fvalue`, bundled switches, and `--`, after which
/// everything is positional. Values that begin with a dash need the `=` form, except numbers.
package func parse(_ arguments: [String], for command: CommandSpec) throws(CommandError) -> Invocation {
    var positional: [String] = []
    var values: [String: [String]] = [:]
    var rest = arguments[...]

    func usageHint() -> String { "Run 'tinct help \(command.name)' for its flags." }

    func store(_ flag: Flag, _ value: String) throws(CommandError) {
        if values[flag.long] != nil && flag.value != nil && !flag.isRepeatable {
            throw CommandError("--\(flag.long) was given twice", remedy: "Give it once.")
        }
        values[flag.long, default: []].append(value)
    }

    func next(for flag: Flag, named name: String) throws(CommandError) -> String {
        guard let value = rest.first, !value.hasPrefix("-") || value == "-" || isNumber(value) else {
            throw CommandError("\(name) needs a value, \(flag.value ?? "")", remedy: usageHint())
        }
        rest = rest.dropFirst()
        return value
    }

    while let word = rest.popFirst() {
        if word == "--" {
            positional += rest
            break
        } else if word.hasPrefix("--") {
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts.first ?? "")
            guard let flag = command.flags.first(where: { $0.long == name }) else {
                let known = command.flags.map(\.long) + ["help"]
                let near = nearestName(name, in: known).map { "Did you mean --\($0)? " } ?? ""
                throw CommandError("tinct \(command.name) has no flag --\(name)", remedy: near + usageHint())
            }
            if flag.value == nil {
                if parts.count > 1 { throw CommandError("--\(name) takes no value", remedy: usageHint()) }
                try store(flag, "")
            } else if parts.count > 1 {
                try store(flag, String(parts[1]))
            } else {
                try store(flag, try next(for: flag, named: "--\(name)"))
            }
        } else if word.hasPrefix("-") && word != "-" && !isNumber(word) {
            var letters = word.dropFirst()
            while let letter = letters.popFirst() {
                guard let flag = command.flags.first(where: { $0.short == letter }) else {
                    throw CommandError("tinct \(command.name) has no flag -\(letter)", remedy: usageHint())
                }
                if flag.value == nil {
                    try store(flag, "")
                } else if letters.isEmpty {
                    try store(flag, try next(for: flag, named: "-\(letter)"))
                } else {
                    try store(flag, String(letters.first == "=" ? letters.dropFirst() : letters))
                    letters = ""
                }
            }
        } else {
            positional.append(word)
        }
    }

    if !command.argumentCount.contains(positional.count) {
        let problem = positional.count < command.argumentCount.lowerBound ? "needs" : "takes only"
        let what = command.arguments.isEmpty ? "no arguments" : command.arguments
        throw CommandError("tinct \(command.name) \(problem) \(what)", remedy: usageHint())
    }
    for flag in command.flags where flag.isRequired && values[flag.long] == nil {
        throw CommandError("tinct \(command.name) needs --\(flag.long) \(flag.value ?? "")", remedy: usageHint())
    }
    return Invocation(command: command.name, arguments: positional, values: values)
}

private func isNumber(_ word: String) -> Bool {
    let digits = word.dropFirst()
    return word.first == "-" && digits.first.map { $0.isNumber || $0 == "." } == true
}
