import Foundation
package import Testing

/// A place that tests take from the environment.
package enum TestEnvironment: String, Sendable {
    case python = "TINCT_PYTHON"
    case native = "TINCT_NATIVE"
    case captures = "TINCT_CAPTURES"
    case peers = "TINCT_PEERS"
    case idl = "TINCT_IDL"

    package var isSet: Bool { !(ProcessInfo.processInfo.environment[rawValue] ?? "").isEmpty }

    /// Where it leads.
    ///
    /// - Throws: ``TestSupportError`` when it is not set or leads nowhere: a setting that is wrong must not look like one
    ///   that is absent.
    package func path() throws -> String {
        guard let path = ProcessInfo.processInfo.environment[rawValue], !path.isEmpty else {
            throw TestSupportError("\(rawValue) is not set; ask for it with the trait .requires(.\(self))")
        }
        guard FileManager.default.fileExists(atPath: path) else {
            throw TestSupportError("\(rawValue) is set to \(path), and there is nothing")
        }
        return path
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips a test, with the reason, where a place it needs is not set.
    package static func requires(_ place: TestEnvironment) -> Self {
        .enabled(if: place.isSet, "\(place.rawValue) is not set")
    }

    /// Skips a test that sanitizers make too slow, or whose limits on memory and files break their own work.
    package static var withoutSanitizer: Self {
        .enabled(
            if: ProcessInfo.processInfo.environment["TINCT_SANITIZER"] == nil,
            "measures or limits what a sanitizer needs more of")
    }
}

package struct TestSupportError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// The checkout that the tests were compiled from.
package enum Repository {
    /// Absolute, without a slash at its end.
    package static let root: String = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The absolute path of something in it, as in `fixtures/thrift-binary.pcap`.
    package static func path(_ relative: String) -> String { root + "/" + relative }

    package static func bytes(_ relative: String) throws -> [UInt8] { try fileBytes(path(relative)) }

    package static func text(_ relative: String) throws -> String {
        String(decoding: try bytes(relative), as: UTF8.self)
    }

    /// The command under test: what was built beside the tests, or `TINCT_BINARY`.
    package static let binary: String = {
        if let path = ProcessInfo.processInfo.environment["TINCT_BINARY"], !path.isEmpty { return path }
        let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: executable).deletingLastPathComponent().appendingPathComponent("tinct").path
    }()
}

package func fileBytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

/// A folder that goes away with the value's last reference.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init(_ name: String = "tinct") throws {
        path = FileManager.default.temporaryDirectory.path + "/\(name)-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    package func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file into it and returns its path.
    @discardableResult
    package func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    @discardableResult
    package func write(_ name: String, text: String) throws -> String { try write(name, Array(text.utf8)) }
}
