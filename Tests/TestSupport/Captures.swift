import Foundation
package import Testing

/// The folder of third-party captures that `TINCT_CAPTURES` names. Unset, tests that need it are skipped by name; set to
/// a folder that is not there, they fail.
package enum Captures {
    package static let directory = ProcessInfo.processInfo.environment["TINCT_CAPTURES"]

    package static var isConfigured: Bool { directory != nil }

    package static func path(_ name: String) throws -> String {
        let path = try #require(directory) + "/" + name
        try #require(FileManager.default.fileExists(atPath: path), "TINCT_CAPTURES has no \(name)")
        return path
    }

    package static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: try path(name))))
    }
}

extension Trait where Self == ConditionTrait {
    package static var needsCaptures: Self {
        .enabled(if: Captures.isConfigured, "TINCT_CAPTURES is not set")
    }

    /// For oracles: skipped where the program is not installed.
    package static func needsProgram(_ path: String) -> Self {
        .enabled(if: FileManager.default.isExecutableFile(atPath: path), "\(path) is not installed")
    }
}
