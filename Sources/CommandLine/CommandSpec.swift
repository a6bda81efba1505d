/// One command of `tinct`: the single source of its parser, help, completions and manual page.
package struct CommandSpec: Sendable {
    package var name: String
    /// One line, no full stop.
    package var summary: String
    /// What the positional arguments are called, as in `FILE...`; empty when there are none.
    package var arguments: String
    /// How many positional arguments are accepted.
    package var argumentCount: ClosedRange<Int>
    package var argumentCompletion: Flag.Completion
    /// Paragraphs below the usage line.
    package var discussion: String
    /// Complete command lines with what they do.
    package var examples: [(command: String, explanation: String)]
    package var flags: [Flag]
    /// Runs the command. Throws ``CommandError`` for what the user can mend.
    package var run: @Sendable (Invocation) throws -> ExitCode

    package init(
        name: String, summary: String, arguments: String = "", argumentCount: ClosedRange<Int> = 0...0,
        argumentCompletion: Flag.Completion = .file, discussion: String = "",
        examples: [(command: String, explanation: String)], flags: [Flag],
        run: @escaping @Sendable (Invocation) throws -> ExitCode
    ) {
        self.name = name
        self.summary = summary
        self.arguments = arguments
        self.argumentCount = argumentCount
        self.argumentCompletion = argumentCompletion
        self.discussion = discussion
        self.examples = examples
        self.flags = flags
        self.run = run
    }
}

/// One option of a command.
package struct Flag: Sendable {
    package enum Completion: Sendable, Equatable {
        case none
        case file
        case choices([String])
    }

    /// Without dashes.
    package var long: String
    package var short: Character?
    /// Nil for a switch; else what its value is called, as in `FILE`.
    package var value: String?
    package var isRepeatable: Bool
    package var isRequired: Bool
    package var help: String
    /// Shown in help as `(default: …)`; the command applies it.
    package var defaultText: String?
    package var completion: Completion

    package init(
        _ long: String, short: Character? = nil, value: String? = nil, repeatable: Bool = false, required: Bool = false,
        help: String, default defaultText: String? = nil, completion: Completion = .none
    ) {
        self.long = long
        self.short = short
        self.value = value
        isRepeatable = repeatable
        isRequired = required
        self.help = help
        self.defaultText = defaultText
        self.completion = completion
    }

    /// Accepted by every command that prints a result.
    package static let json = Flag("json", help: "Print the result as JSON, in the documented schema.")
}

/// A parsed command line.
package struct Invocation: Sendable {
    package let command: String
    package let arguments: [String]
    let values: [String: [String]]

    /// The last value given for a flag, or nil.
    package subscript(_ flag: String) -> String? { values[flag]?.last }
    package func all(_ flag: String) -> [String] { values[flag] ?? [] }
    package func has(_ flag: String) -> Bool { values[flag] != nil }
    package var wantsJSON: Bool { has("json") }
}

/// What the process ends with (the table stands in the README).
package enum ExitCode: Int32, Sendable {
    /// Done, every stated expectation held.
    case ok = 0
    /// Done, an expectation failed.
    case expectationFailed = 1
    /// Usage or input error; nothing was sent.
    case usage = 2
    /// Stopped by the guard or a signal; the report is complete up to there.
    case stopped = 3
    /// Inconclusive: generator-bound, too few samples.
    case inconclusive = 4
    /// Failed after work began; the output is usable up to the stated point.
    case failed = 5
}

/// An error that ends a command: what happened, where, and what to do about it. Never holds payload bytes.
package struct CommandError: Error, Equatable, Sendable, CustomStringConvertible {
    package var exit: ExitCode
    package var message: String
    package var remedy: String

    package init(_ message: String, remedy: String = "", exit: ExitCode = .usage) {
        self.exit = exit
        self.message = message
        self.remedy = remedy
    }

    package var description: String { remedy.isEmpty ? message : "\(message)\n  \(remedy)" }
}
