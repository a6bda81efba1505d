import CLinux
import EventLoop
import Glibc

/// A program that says whether a canary was recognised: its exit status 0 means yes.
enum Probe {
    /// Runs the program by its path, without a shell; what it prints goes to standard error. Nil when it ended with 0, else
    /// what happened instead.
    static func run(_ words: [String], timeoutNanos: UInt64) -> String? {
        // The pointers live until the program has been started, and are freed here.
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
        let process = unsafe tinct_spawn(&arguments)
        if process < 0 { return "cannot be started (\(SystemError("spawn", -process)))" }
        let deadline = Clock.monotonicNanos() &+ timeoutNanos
        var ended: Int32 = 0
        while true {
            let waited = unsafe waitpid(process, &ended, WNOHANG)
            if waited == process { break }
            if waited < 0 && errno != EINTR { return "cannot be waited for" }
            if Clock.monotonicNanos() >= deadline {
                kill(process, SIGKILL)
                _ = unsafe waitpid(process, &ended, 0)
                return "did not end in time"
            }
            Clock.sleep(nanos: 5_000_000)
        }
        // The low seven bits hold a signal, the next byte the exit status.
        if ended & 0x7F != 0 { return "was ended by signal \(ended & 0x7F)" }
        let code = ended >> 8 & 0xFF
        return code == 0 ? nil : "ended with status \(code)"
    }
}
