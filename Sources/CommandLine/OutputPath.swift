import Files
import Glibc
import Tape

/// Checks on where a command is to write, before anything is opened for it.
enum OutputPath {
    /// Refuses an output that is one of the inputs under any name: opening it would empty what is still to be read.
    ///
    /// - Parameter inputs: paths; `-` is standard input.
    static func check(_ output: String, _ flag: String, against inputs: [String]) throws(CommandError) {
        guard let identity = output == "-" ? FileIdentity(descriptor: 1) : FileIdentity(path: output) else { return }
        for input in inputs {
            let read = input == "-" ? FileIdentity(descriptor: 0) : FileIdentity(path: input)
            if read == identity {
                throw CommandError(
                    "--\(flag) \(output) would overwrite \(input == "-" ? "standard input" : input), which is read",
                    remedy: "Give --\(flag) another name.")
            }
        }
    }

    /// Refuses a folder in which no file can be made: what is written hours later must not fail for that.
    static func checkFolder(_ output: String, _ flag: String) throws(CommandError) {
        let folder = TapeSet.folder(output)
        if unsafe access(folder, W_OK | X_OK) == 0 { return }
        throw CommandError(
            "--\(flag) \(output) cannot be written: \(FileError.text(of: errno))",
            remedy: "Name a folder that you may write to.")
    }

    /// Refuses standard output, under any name, for what must not mix with the result that is printed there.
    static func checkIsNotStandardOutput(_ output: String, _ flag: String) throws(CommandError) {
        if output == "-" || FileIdentity(path: output).map({ $0 == FileIdentity(descriptor: 1) }) ?? false {
            throw CommandError(
                "--\(flag) \(output) is standard output, where the result is printed",
                remedy: "Give --\(flag) a file of its own.")
        }
    }
}
