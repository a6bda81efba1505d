import Bytes
import Foundation
import Testing

@testable import Files

private func temporaryPath() -> String { NSTemporaryDirectory() + "tinct-\(UUID().uuidString)" }

@Suite struct FilesTests {
    @Test func whatIsWrittenInPiecesIsReadBack() throws {
        let path = temporaryPath()
        defer { unsafe unlink(path) }
        let output = try FileOutput(path: path, bufferBytes: 16)
        var expected: [UInt8] = []
        for size in [1, 7, 8, 15, 16, 17, 100, 0, 3] {
            let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 + size) }
            try output.write(piece)
            expected += piece
        }
        #expect(output.position == UInt64(expected.count))
        try output.sync()
        try output.close()
        try output.close()
        #expect(try readFile(path) == expected)

        let input = try FileInput(path: path)
        #expect(input.size == UInt64(expected.count) && input.isSeekable)
        var buffer = [UInt8](repeating: 0, count: 10)
        #expect(try input.read(into: &buffer, count: 10, at: UInt64(expected.count - 4)) == 4)
        #expect(Array(buffer[..<4]) == expected.suffix(4))
        #expect(try input.read(into: &buffer, count: 10, at: .max) == 0)
        #expect(try input.read(into: &buffer, from: 6) == 4)
        #expect(Array(buffer[6...]) == Array(expected[..<4]))

        let mapped = try MappedFile(path: path)
        #expect([UInt8](copying: mapped.bytes) == expected)
    }

    @Test func anEmptyFileMapsToNothing() throws {
        let path = temporaryPath()
        defer { unsafe unlink(path) }
        try writeFile(path, bytes: [])
        let mapped = try MappedFile(path: path)
        let count = mapped.bytes.byteCount
        #expect(count == 0)
        #expect(try readFile(path) == [])
    }

    @Test func aPrivateModeAlsoHoldsForAFileThatWasThere() throws {
        let path = temporaryPath()
        defer { unsafe unlink(path) }
        try writeFile(path, bytes: [1])
        try writeFile(path, bytes: [2], mode: 0o600)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func moreThanTheLimitIsRefused() throws {
        let path = temporaryPath()
        defer { unsafe unlink(path) }
        try writeFile(path, bytes: [UInt8](repeating: 1, count: 100))
        #expect(try readFile(path, limit: 100).count == 100)
        #expect(throws: FileError(path: path, operation: .read, code: EFBIG)) { try readFile(path, limit: 99) }
    }

    @Test func errorsNameThePathAndTheReason() throws {
        #expect(throws: FileError(path: "/nowhere/x", operation: .open, code: ENOENT)) { try readFile("/nowhere/x") }
        #expect(throws: FileError(path: "/", operation: .read, code: EISDIR)) { try readFile("/") }
        let error = FileError(path: "/nowhere/x", operation: .open, code: ENOENT)
        #expect(error.description == "cannot open /nowhere/x: No such file or directory")
        #expect(FileError(path: "-", operation: .write, code: ENOSPC).description.contains("standard output"))
        let full = try FileOutput(path: "/dev/full", bufferBytes: 4)
        #expect(throws: FileError(path: "/dev/full", operation: .write, code: ENOSPC)) {
            try full.write([1, 2, 3, 4, 5])
        }
    }

    @Test func linksLeadToTheSameFileAndCopiesDoNot() throws {
        let paths = (0..<4).map { _ in temporaryPath() }
        defer { for path in paths { unsafe unlink(path) } }
        try writeFile(paths[0], bytes: [1])
        try writeFile(paths[1], bytes: [1])
        unsafe #expect(symlink(paths[0], paths[2]) == 0 && link(paths[0], paths[3]) == 0)
        let identities = paths.map { FileIdentity(path: $0) }
        #expect(identities[0] != nil)
        #expect(identities[2] == identities[0] && identities[3] == identities[0])
        #expect(identities[1] != identities[0])
        #expect(FileIdentity(path: temporaryPath()) == nil)
        #expect(FileIdentity(path: "/dev/null") == nil)
        #expect(FileIdentity(descriptor: -1) == nil)
    }
}
