import Foundation
import Glibc

/// What a program left behind.
package struct ProcessResult: Sendable {
    /// Exit status; 128 + the signal when one ended it.
    package var status: Int32
    package var stdout: [UInt8]
    package var stderr: [UInt8]
    /// True when it was killed because its time was over.
    package var timedOut: Bool
    /// Processor time of user and system.
    package var cpuSeconds: Double
    package var peakMemoryBytes: Int

    package var output: String { String(decoding: stdout, as: UTF8.self) }
    package var errors: String { String(decoding: stderr, as: UTF8.self) }
    /// The lines of stdout, without the empty one at the end.
    package var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: true).map(String.init) }
}

/// A program that runs beside the test, in a process group of its own. Its output goes to files, so that it never waits
/// for a reader. It is killed with its value's last reference.
package final class ChildProcess: @unchecked Sendable {
    package let pid: Int32
    private let directory: TemporaryDirectory
    private let lock = NSLock()
    private var finished: ProcessResult?

    /// Starts a program, found on the PATH when its name has no slash.
    ///
    /// - Parameters:
    ///   - environment: what is added to, or taken from (nil), the test's own environment.
    ///   - input: bytes on its standard input; `/dev/null` when nil.
    package init(
        _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:], input: [UInt8]? = nil,
        workingDirectory: String? = nil
    ) throws {
        // A test that writes to a program which has ended must not end with it.
        Glibc.signal(SIGPIPE, SIG_IGN)
        directory = try TemporaryDirectory("tinct-child")
        var inputPath = "/dev/null"
        if let input { inputPath = try directory.write("stdin", input) }

        var variables = ProcessInfo.processInfo.environment
        // Two recordings of one capture are the same only under the same masking key.
        variables["TINCT_MASK_KEY"] = variables["TINCT_MASK_KEY"] ?? "a masking key that tests share"
        for (name, value) in environment { variables[name] = value }

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
        let create = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        unsafe posix_spawn_file_actions_addopen(&actions, 1, directory.file("stdout"), create, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, directory.file("stderr"), create, 0o600)

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        // A program that is tested for SIGPIPE must have the system's default, not the test's.
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        // env changes the folder and then becomes the program, under the same process id.
        let words = (workingDirectory.map { ["env", "-C", $0] } ?? []) + [program] + arguments
        let argumentPointers = CStrings(words)
        let environmentPointers = CStrings(variables.map { "\($0.key)=\($0.value)" })
        var child: Int32 = 0
        let code = unsafe posix_spawnp(
            &child, words[0], &actions, &attributes, argumentPointers.pointers, environmentPointers.pointers)
        guard code == 0 else {
            throw TestSupportError("\(program) could not be started: \(unsafe String(cString: strerror(code)))")
        }
        pid = child
    }

    deinit {
        if finished == nil {
            kill(-pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
    }

    package func signal(_ number: Int32) { kill(pid, number) }

    /// What it has printed so far.
    package var outputSoFar: [UInt8] { (try? fileBytes(directory.file("stdout"))) ?? [] }
    package var errorsSoFar: [UInt8] { (try? fileBytes(directory.file("stderr"))) ?? [] }

    /// True until it has ended.
    package var isRunning: Bool { poll() == nil }

    /// Waits for the end; kills the whole group when the time is over.
    package func wait(timeoutSeconds: Double = 60) -> ProcessResult {
        let deadline = Date(timeIntervalSinceNow: timeoutSeconds)
        var pauseMicros: UInt32 = 500
        while Date() < deadline {
            if let result = poll() { return result }
            usleep(pauseMicros)
            pauseMicros = min(pauseMicros * 2, 20_000)
        }
        kill(-pid, SIGKILL)
        while true {
            if var result = poll() {
                result.timedOut = true
                return result
            }
            usleep(1_000)
        }
    }

    /// Asks it to end and waits for it.
    package func stop(_ number: Int32 = SIGTERM, timeoutSeconds: Double = 10) -> ProcessResult {
        signal(number)
        return wait(timeoutSeconds: timeoutSeconds)
    }

    private func poll() -> ProcessResult? {
        lock.withLock {
            if let finished { return finished }
            var status: Int32 = 0
            var usage = rusage()
            guard unsafe wait4(pid, &status, WNOHANG, &usage) == pid else { return nil }
            let signal = status & 0x7F
            let cpu =
                Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
                + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
            let result = ProcessResult(
                status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, stdout: outputSoFar, stderr: errorsSoFar,
                timedOut: false, cpuSeconds: cpu, peakMemoryBytes: usage.ru_maxrss * 1024)
            finished = result
            return result
        }
    }
}

/// A null-terminated vector of C strings.
@safe
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        unsafe pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { unsafe pointers[index] = strdup(string) }
        unsafe pointers[count] = nil
    }

    deinit {
        for index in 0..<count { unsafe free(pointers[index]) }
        unsafe pointers.deallocate()
    }
}

/// Runs a program to its end.
package func run(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:], input: [UInt8]? = nil,
    workingDirectory: String? = nil, timeoutSeconds: Double = 60
) throws -> ProcessResult {
    try ChildProcess(
        program, arguments, environment: environment, input: input, workingDirectory: workingDirectory
    ).wait(timeoutSeconds: timeoutSeconds)
}

/// Runs the command under test.
package func tinct(
    _ arguments: String..., environment: [String: String?] = [:], input: [UInt8]? = nil,
    workingDirectory: String? = nil, timeoutSeconds: Double = 60
) throws -> ProcessResult {
    try run(
        Repository.binary, arguments, environment: environment, input: input, workingDirectory: workingDirectory,
        timeoutSeconds: timeoutSeconds)
}

/// Runs a Python program with the libraries of Tests/requirements.txt and the code generated from schemas/*.thrift.
/// Tests that use it carry `.requires(.python)`.
package func python(
    _ source: String, _ arguments: [String] = [], input: [UInt8]? = nil, timeoutSeconds: Double = 60
) throws -> ProcessResult {
    var path: String?
    if TestEnvironment.native.isSet { path = try TestEnvironment.native.path() + "/gen-py" }
    return try run(
        try TestEnvironment.python.path(), ["-c", source] + arguments, environment: ["PYTHONPATH": path], input: input,
        timeoutSeconds: timeoutSeconds)
}
